"""The message catalogue: a text that is missing in a language is an error at load time."""

from __future__ import annotations

import pytest

from posemu.terminal.messages import LANGUAGES, Catalogue, load_messages

GOOD = {"screens": {"idle": {"en": "READY", "zh": "请开始交易"}}, "slips": {}, "codes": {}}


def test_a_complete_catalogue_gives_its_texts() -> None:
    """Each section gives its texts in the language asked for."""
    catalogue = Catalogue(GOOD)
    assert catalogue.screens("en") == {"idle": "READY"}
    assert catalogue.screens("zh") == {"idle": "请开始交易"}
    assert catalogue.slips("zh") == catalogue.codes("en") == {}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("text", [None, ""])
def test_a_missing_language_is_an_error_that_names_the_text(lang: str, text: str | None) -> None:
    """A text without, or with an empty, translation is refused by section, key and language."""
    texts = {"en": "READY", "zh": "请开始交易", lang: text}
    if text is None:
        del texts[lang]
    with pytest.raises(KeyError, match=rf"screens\.idle.*{lang}"):
        Catalogue({"screens": {"idle": texts}})  # type: ignore[dict-item]


def test_an_unknown_language_is_an_error() -> None:
    """A language that the catalogue does not have is never answered in another one."""
    with pytest.raises(KeyError):
        load_messages().screens("de")
