"""The words of `posemu decode` and `posemu encode`, in English and Chinese, from `words.yaml`.

`say` gives a sentence, `code` what a code of a table means, `reason` the translation of what an
error of the wire says: those are written in English where they are raised, and found here again by
their pattern. A test holds the patterns against every error that the code can raise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from ruamel.yaml import YAML

Lang = Literal["en", "zh"]


def say(lang: str, key: str, **values: object) -> str:
    """The sentence `key`, its {places} filled in. KeyError if there is none."""
    if key == "bytes" and values.get("count") == 1:
        key = "byte"
    return str(tables()["say"][key][lang == "zh"]).format(**values)


def code(lang: str, table: str, key: str) -> str:
    """What `key` means in a table of codes, "" if it is not in it."""
    pair = tables()["codes"][table].get(key)
    return "" if pair is None else str(pair[lang == "zh"])


def reason(lang: str, text: str) -> str:
    """The reason of an error, which is English, in `lang`; as it is where no pattern fits."""
    if lang != "zh":
        return text
    for pattern, chinese in _patterns():
        found = pattern.fullmatch(text)
        if found:
            return chinese.format(*(_word(part) for part in found.groups()))
    return text


def place(lang: str, text: str) -> str:
    """What an error calls its place ("bitmap", "tag 9F02") in `lang`."""
    if lang != "zh":
        return text
    head, _, rest = text.partition(" ")
    known = tables()["places"]
    chinese = known.get(text) or known.get(head)
    return text if chinese is None else f"{chinese}{rest if text not in known else ''}"


def _word(text: str) -> str:
    return str(tables()["places"].get(text, text))


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    rows = tables()["reasons"].items()
    ordered = sorted(rows, key=lambda row: row[0].count("{}"))
    return tuple(
        (re.compile("(.*?)".join(map(re.escape, english.split("{}"))), re.DOTALL), str(chinese))
        for english, chinese in ordered
    )


@cache
def tables() -> Mapping[str, Any]:
    """The whole file."""
    path = files("posemu.cli.decoding") / "words.yaml"
    found: Mapping[str, Any] = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    return found
