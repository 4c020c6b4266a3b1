"""The message catalogue: every text a person sees on the terminal, in every language, from one data
file."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from ruamel.yaml import YAML

LANGUAGES = ("en", "zh")


class Catalogue:
    """Texts by section (`screens`, `slips`, `codes`) and language. A missing text is an error at
    load time."""

    def __init__(self, sections: dict[str, dict[str, dict[str, str]]]) -> None:
        for section, texts in sections.items():
            for key, by_language in texts.items():
                missing = [lang for lang in LANGUAGES if not by_language.get(lang)]
                if missing:
                    raise KeyError(f"messages.yaml: {section}.{key} has no text in {missing}")
        self._sections = sections

    def section(self, section: str, lang: str) -> dict[str, str]:
        return {key: texts[lang] for key, texts in self._sections[section].items()}

    def screens(self, lang: str) -> dict[str, str]:
        return self.section("screens", lang)

    def slips(self, lang: str) -> dict[str, str]:
        return self.section("slips", lang)

    def codes(self, lang: str) -> dict[str, str]:
        """Response code (DE39) to what the cashier reads."""
        return self.section("codes", lang)


@cache
def load_messages() -> Catalogue:
    text = (files("posemu.terminal") / "messages.yaml").read_text(encoding="utf-8")
    return Catalogue(YAML(typ="safe", pure=True).load(text))
