"""The display: one screen at a time, in the terminal's language, and whoever looks at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from posemu.terminal.messages import Catalogue
from posemu.terminal.ports import Emit


class Display:
    """`show(prompt, ...)` puts up a screen of the message catalogue. `watchers` are the eyes in
    front of it."""

    __slots__ = ("_emit", "_texts", "lit", "prompt", "text", "watchers")

    def __init__(self, emit: Emit, catalogue: Catalogue, lang: str) -> None:
        self._emit = emit
        self._texts = catalogue.screens(lang)
        self.lit = True
        self.prompt = ""
        self.text = ""
        self.watchers: list[Callable[[str], object]] = []

    def show(self, prompt: str, **values: Any) -> None:
        if not self.lit:
            return  # power failed a moment ago, and the program has not noticed yet
        text = self._texts[prompt]
        if values:
            text = text.format_map(values)
        self.prompt = prompt
        self.text = text
        self._emit("screen", {"prompt": prompt, "text": text})
        for look in self.watchers:
            look(prompt)

    def go_dark(self) -> None:
        self.lit = False
        self.prompt = self.text = ""
        for look in self.watchers:
            look("")
