"""What a card product is, as its issuer orders it: personalisation profiles, data in
`posemu/profiles/cards/`, checked here.

A profile says everything but the cardholder. `like: NAME` takes another profile and changes it:
keys of the card as they stand, `each:` in every application.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from posemu.card.chip.risk import RESULTS
from posemu.profiles.data_files import SUFFIX, DataFileError, names_in
from posemu.profiles.yaml_places import place_in, read_yaml
from posemu.wire import WireError, check_emv_atr, parse_atr, parse_dol

_FOLDER = files("posemu.profiles") / "cards"


class CardProfileError(DataFileError):
    """A profile that cannot be used: which file, where in it, and what to write instead."""


def _dol(value: Any) -> bytes:
    """Entries like "9F02 6": a tag in hex and a number of bytes."""
    try:
        parts = [str(entry).split() for entry in value]
        dol = b"".join(bytes.fromhex(tag) + bytes([int(length)]) for tag, length in parts)
        parse_dol(dol)
    except (ValueError, TypeError, WireError):
        raise ValueError('a DOL is a list of tags and lengths, like [9F02 6, "95 5"]') from None
    return dol


def _usage(value: Any) -> tuple[tuple[str, tuple[bytes, ...]], ...]:
    """Tag -> list of values in hex, as pairs: a profile can be a key of a cache."""
    try:
        return tuple(
            (str(tag), tuple(bytes.fromhex(one) for one in values)) for tag, values in value.items()
        )
    except (AttributeError, TypeError, ValueError):
        raise ValueError('must be tags and their values in hex, like {9F1A: ["0156"]}') from None


def _atr(value: Any) -> bytes:
    try:
        atr = bytes.fromhex(str(value))
        check_emv_atr(parse_atr(atr))
    except (ValueError, WireError) as error:
        raise ValueError(f"is no ATR that a terminal accepts: {error}") from None
    return atr


def _result(name: str) -> str:
    if name not in RESULTS:
        raise ValueError(f"{name} is no result of card risk management; {', '.join(RESULTS)} are")
    return name


_Dol = Annotated[bytes, BeforeValidator(_dol)]
_Results = tuple[Annotated[str, AfterValidator(_result)], ...]
_Hex2 = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-F]{4}$")]
_Hex5 = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-F]{10}$")]
_Byte = Annotated[int, Field(strict=True, ge=0, le=255)]
_Minor = Annotated[int, Field(strict=True, ge=0, lt=10**12)]
_Date = Annotated[str, StringConstraints(strict=True, pattern=r"^\d{6}$")]
_Month = Annotated[str, StringConstraints(strict=True, pattern=r"^\d\d(0[1-9]|1[0-2])$")]
_Country = Annotated[str, StringConstraints(strict=True, pattern=r"^0\d{3}$")]
_Label = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9 ]{1,16}$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Model):
    """The same words in both languages."""

    en: str
    zh: str


class KeyNames(_Model):
    """Names in the file of keys; `pin` is a key for PINs alone, else the card's own deciphers."""

    ca: str
    issuer: str
    icc: str
    pin: str | None = None


class CvmList(_Model):
    """Amounts X and Y in minor units, and rules of two bytes (EMV Book 3 10.5, annex C3)."""

    x: _Minor = 0
    y: _Minor = 0
    rules: tuple[_Hex2, ...]


class IssuerActionCodes(_Model):
    """What the terminal is to do, bits as in the TVR (EMV Book 3 10.7)."""

    denial: _Hex5
    online: _Hex5
    default: _Hex5


class CardActionCodes(_Model):
    """What the card itself does: `ActionCodes`."""

    denial: _Results = ()
    online: _Results = ()
    default: _Results = ()


class OfflineLimits(_Model):
    """Those of card risk management: `Limits`."""

    lower_count: _Byte
    upper_count: _Byte
    lower_amount: _Minor
    upper_amount: _Minor


class Consecutive(_Model):
    """Limits that the terminal checks (tags 9F14 and 9F23; EMV Book 3 10.6.3)."""

    lower: _Byte
    upper: _Byte


class ApplicationProfile(_Model):
    """One application; the tags of the book in words. `effective` is YYMMDD; `expires` YYMM, None
    for the cardholder's; `usage` tag -> values (hex) with which it lets itself be used."""

    aid: Annotated[str, StringConstraints(strict=True, pattern=r"^([0-9A-F]{2}){5,16}$")]
    label: _Label
    preferred_name: _Label | None = None
    priority: Annotated[int, Field(strict=True, ge=1, le=15)] = 1
    confirm: bool = False
    scheme: Literal["visa", "mastercard"]
    cvn: Literal[10, 16, 17, 18, 20, 21]
    derivation_index: _Byte = 1
    authentication: Literal["none", "sda", "dda", "cda"]
    keys: KeyNames
    issuer_authentication: Literal["mandatory", "optional", "none"]
    pdol: _Dol = b""
    usage: Annotated[tuple[tuple[str, tuple[bytes, ...]], ...], BeforeValidator(_usage)] = ()
    cdol1: _Dol
    cdol2: _Dol
    ddol: _Dol = b""
    gpo_format: Literal[1, 2] = 2
    ac_format: Literal[1, 2] = 2
    cvm: CvmList | None
    pin_tries: Annotated[int, Field(strict=True, ge=0, le=15)] = 0
    issuer_action_codes: IssuerActionCodes | None
    usage_control: _Hex2
    version: _Hex2
    country: _Country
    currency: _Country
    effective: _Date
    expires: _Month | None = None
    consecutive: Consecutive | None = None
    limits: OfflineLimits
    actions: CardActionCodes
    log_format: _Dol = b""
    log_records: Annotated[int, Field(strict=True, ge=0, le=30)] = 0
    blocked: bool = False


class CardProfile(_Model):
    """A card product."""

    about: Text
    atr: Annotated[bytes, BeforeValidator(_atr)]
    pse: bool = True
    blocked: bool = False
    applications: Annotated[tuple[ApplicationProfile, ...], Field(min_length=1, max_length=8)]


def card_profiles() -> tuple[str, ...]:
    """The profiles that come with posemu, in order."""
    return names_in(_FOLDER)


@cache
def load_card_profile(name: str) -> CardProfile:
    """The profile of that name. Raises DataFileError, FileNotFoundError if there is none."""
    file = f"{name}{SUFFIX}"
    return parse_card_profile((_FOLDER / file).read_text("utf-8"), file)


def read_card_profile(path: Path) -> CardProfile:
    """The profile in a file of the user's; `like:` names one of posemu's.

    Raises DataFileError, OSError, UnicodeDecodeError.
    """
    return parse_card_profile(path.read_text("utf-8-sig"), str(path))


def parse_card_profile(text: str, file: str) -> CardProfile:
    """The profile written in `text`; `file` is what errors call it. Raises DataFileError."""
    return _check(_merged(_load(text, file), file), text, file)


def _merged(entry: Mapping[str, Any], file: str) -> Mapping[str, Any]:
    """`entry` on top of the profile it is like; that one may not be like a further one."""
    changes = dict(entry)
    name, each = changes.pop("like", None), changes.pop("each", {})
    if name is None:
        return entry
    if name not in card_profiles():
        raise CardProfileError(file, "like", f"no profile {name!r}: {', '.join(card_profiles())}")
    base = _load((_FOLDER / f"{name}{SUFFIX}").read_text("utf-8"), file)
    if "like" in base:
        raise CardProfileError(file, "like", f"{name} is like another one itself; name that one")
    if not isinstance(each, dict):
        raise CardProfileError(file, "each", "must be keys of an application and their values")
    merged = {**base, **changes}
    return {**merged, "applications": [{**one, **each} for one in merged["applications"]]}


def _load(text: str, file: str) -> Mapping[str, Any]:
    entry = read_yaml(text, file)
    if not isinstance(entry, dict):
        raise CardProfileError(file, "the file", "must be keys and their values")
    return entry


def _check(entry: Mapping[str, Any], text: str, file: str) -> CardProfile:
    try:
        return CardProfile.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = first["msg"].removeprefix("Value error, ")
        raise CardProfileError(file, place_in(text, first["loc"]), message) from None
