"""What a chip terminal is set up with: its own data, the applications it takes with the acquirer's
rules for each, and the keys of certification authorities (EMV 4.4 Book 1, 12.2.1; Book 2, 11.2;
Book 4, 10 and annex A). Data in `emv/`, checked here.

In a file, objects stand by tag, in hex; what is a row of bits stands as the names of its bits (of
`posemu/wire/emv/meanings.yaml`). What may break: a name, a length or a tag that EMV has not.
Promised: an error names the file, the place in it and what to write.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from operator import attrgetter
from typing import Annotated, Any, NamedTuple, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    StringConstraints,
    ValidationError,
    model_validator,
)

from posemu.crypto import BadKey, RsaPublicKey
from posemu.profiles.card_keys import load_card_keys
from posemu.profiles.data_files import SUFFIX, DataFileError, names_in
from posemu.profiles.quantities import CURRENCIES, parse_amount
from posemu.profiles.yaml_places import check_name, place_in, read_yaml
from posemu.wire.emv.dol import parse_dol
from posemu.wire.emv.meanings import bit_names
from posemu.wire.emv.tags import emv_tag
from posemu.wire.errors import DecodeError

_FOLDER = files("posemu.profiles") / "emv"
_CARD_KEYS = files("posemu.profiles") / "card_keys"
_TVR, _CAPABILITIES, _ADDITIONAL = "95", "9F33", "9F40"
_NEEDED = {
    "9F35": "the terminal type",
    "9F1A": "the terminal country code",
    "5F2A": "the transaction currency code",
    "5F36": "the transaction currency exponent",
}
_UNPREDICTABLE_NUMBER = "9F37"
_FLOOR_LIMIT_MAX = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class TerminalApplication:
    """An application the terminal takes, and its rules (Book 1, 12.2.1; Book 3, 10.4 to 10.7).

    `aid` is upper-case hex; `partial`: cards whose AID only begins with it are taken too. `data`
    are objects for transactions with it, tag -> value: version (9F09), floor limit (9F1B, 4 bytes
    binary) and what else differs between applications. Amounts are minor units. The action codes
    have 5 bytes. `default_ddol` and `default_tdol` may be b"": none.
    """

    aid: str
    partial: bool
    data: Mapping[str, bytes]
    tac_denial: bytes = bytes(5)
    tac_online: bytes = bytes(5)
    tac_default: bytes = bytes(5)
    default_ddol: bytes = b""
    default_tdol: bytes = b""
    floor_limit_minor: int = 0
    selection_threshold_minor: int = 0
    selection_target_percent: int = 0
    selection_maximum_percent: int = 0


@dataclass(frozen=True, slots=True)
class CaKey:
    """A certification authority's key (Book 2, 5.2 table 4): RID and index are upper-case hex."""

    rid: str
    index: str
    key: RsaPublicKey
    expires: str = ""  # YYMM; "" if it does not


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal's configuration: `data` are its own objects (9F33, 9F40, 9F35, 9F1A ...),
    `field_55` the tags that go online in their order, `revoked` the certificates taken back, as
    (RID, CA index, serial number), each upper-case hex (Book 2, 5.1.2). `offers_choice`: it can
    let the cardholder choose or confirm an application (Book 1, 12.4)."""

    data: Mapping[str, bytes]
    applications: tuple[TerminalApplication, ...]
    ca_keys: tuple[CaKey, ...] = ()
    revoked: frozenset[tuple[str, str, str]] = frozenset()
    field_55: tuple[str, ...] = ()
    use_pse: bool = True
    offers_choice: bool = True

    def ca_key(self, rid: str, index: str) -> CaKey | None:
        """The key of a RID and index."""
        for key in self.ca_keys:
            if (key.rid, key.index) == (rid, index):
                return key
        return None


# --- the file -------------------------------------------------------------------------------------


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        try:
            return bytes.fromhex(value)
        except ValueError:
            pass
    raise ValueError('must be hex in quotes, two digits a byte: "0156"')


def _tag(value: Any) -> str:
    if not isinstance(value, str) or emv_tag(value) is None:
        raise ValueError(f"{value!r} is no tag of EMV; write one like 9F1A, in quotes")
    return value


def _dol(value: Any) -> bytes:
    dol = _bytes(value)
    try:
        parse_dol(dol)
    except DecodeError as error:
        raise ValueError(f"is no list of tags and lengths: {error}") from None
    return dol


def _bits(tag: str, length: int, value: Any) -> bytes:
    """The object `tag` with the bits set whose names are in the list `value`."""
    if not isinstance(value, list):
        raise ValueError("must be a list of names of bits")
    places = {b.name: (b.byte - 1, 1 << b.low - 1) for b in bit_names(tag) if b.high == b.low}
    bits = bytearray(length)
    for name in value:
        if name not in places:
            near = difflib.get_close_matches(str(name), places, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"write one of {', '.join(places)}"
            raise ValueError(f"there is no bit {name!r}; {hint}")
        index, mask = places[name]
        bits[index] |= mask
    return bytes(bits)


_Hex = Annotated[bytes, BeforeValidator(_bytes)]
_Tag = Annotated[str, BeforeValidator(_tag)]
_Dol = Annotated[bytes, BeforeValidator(_dol)]
_Percent = Annotated[int, Field(ge=0, le=99)]
_Rid = Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{10}$")]
_Index = Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{2}$")]
_ActionCode = Annotated[bytes, BeforeValidator(lambda value: _bits(_TVR, 5, value))]


def _check_lengths(objects: Mapping[str, bytes]) -> Mapping[str, bytes]:
    for tag, value in objects.items():
        known = emv_tag(tag)
        assert known is not None
        if not known.shortest <= len(value) <= known.longest:
            sizes = " to ".join(map(str, dict.fromkeys((known.shortest, known.longest))))
            raise ValueError(f"{tag}, {known.name_en}, has a length of {sizes}, not {len(value)}")
        if known.format == "n" and not value.hex().isdecimal():
            raise ValueError(f"{tag}, {known.name_en}, is digits")
    return objects


def _card_keys(value: Any) -> str:
    names = names_in(_CARD_KEYS)
    if value not in names:
        raise ValueError(f"there are only: {', '.join(names)}")
    return str(value)


_Objects = Annotated[dict[_Tag, _Hex], AfterValidator(_check_lengths)]


class _Money(NamedTuple):
    minor: int
    currency: str


def _money(value: Any) -> _Money:
    return _Money(parse_amount(value), str(value).strip()[-3:])


_Limit = Annotated[InstanceOf[_Money], BeforeValidator(_money)]


class _ActionCodes(_Model):
    denial: _ActionCode
    online: _ActionCode
    default: _ActionCode


class _Selection(_Model):
    threshold: _Limit
    target: _Percent
    maximum: _Percent

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.target > self.maximum:
            raise ValueError("target is not above maximum (Book 3, 10.6.2)")
        return self


class _Application(_Model):
    aid: Annotated[str, StringConstraints(pattern=r"^([0-9A-F]{2}){5,16}$")]
    partial: bool
    data: _Objects
    action_codes: _ActionCodes
    default_ddol: _Dol = b""
    default_tdol: _Dol = b""
    floor_limit: _Limit
    selection: _Selection

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if "9F09" not in self.data:
            raise ValueError("data needs 9F09, the application version (Book 3, 10.4.1)")
        if self.default_ddol and _UNPREDICTABLE_NUMBER not in _tags_of(self.default_ddol):
            raise ValueError("default_ddol must ask for 9F37 (Book 2, 6.5.1)")
        if self.floor_limit.minor > _FLOOR_LIMIT_MAX:
            raise ValueError("floor_limit does not fit into 9F1B, which has 4 bytes")
        if self.floor_limit.minor and self.selection.threshold.minor >= self.floor_limit.minor:
            raise ValueError("selection.threshold is below floor_limit (Book 3, 10.6.2)")
        return self

    def build(self) -> TerminalApplication:
        codes, selection = self.action_codes, self.selection
        return TerminalApplication(
            aid=self.aid,
            partial=self.partial,
            data={**self.data, "9F1B": self.floor_limit.minor.to_bytes(4, "big")},
            tac_denial=codes.denial,
            tac_online=codes.online,
            tac_default=codes.default,
            default_ddol=self.default_ddol,
            default_tdol=self.default_tdol,
            floor_limit_minor=self.floor_limit.minor,
            selection_threshold_minor=selection.threshold.minor,
            selection_target_percent=selection.target,
            selection_maximum_percent=selection.maximum,
        )


def _tags_of(dol: bytes) -> Iterable[str]:
    return [entry.tag for entry in parse_dol(dol)]


class _CaKey(_Model):
    rid: _Rid
    index: _Index
    modulus: _Hex
    exponent: _Hex
    expires: Annotated[str, StringConstraints(pattern=r"^([0-9]{2}(0[1-9]|1[0-2]))?$")] = ""

    @model_validator(mode="after")
    def _is_a_key(self) -> Self:
        try:
            RsaPublicKey(self.modulus, self.exponent)
        except BadKey as error:
            raise ValueError(str(error)) from None
        return self

    def build(self) -> CaKey:
        return CaKey(self.rid, self.index, RsaPublicKey(self.modulus, self.exponent), self.expires)


class _Revoked(_Model):
    rid: _Rid
    index: _Index
    serial: Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{6}$")]


class _Terminal(_Model):
    name: str
    data: _Objects
    capabilities: Annotated[bytes, BeforeValidator(lambda value: _bits(_CAPABILITIES, 3, value))]
    additional_capabilities: Annotated[
        bytes, BeforeValidator(lambda value: _bits(_ADDITIONAL, 5, value))
    ]
    use_pse: bool
    offers_choice: bool
    applications: Annotated[list[_Application], Field(min_length=1)]
    test_ca_keys: Annotated[str, BeforeValidator(_card_keys)] | None
    ca_keys: list[_CaKey]
    revocations: list[_Revoked]
    field_55: list[_Tag]

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        for tag, what in _NEEDED.items():
            if tag not in self.data:
                raise ValueError(f"data needs {tag}, {what}")
        for tag, name in (
            (_CAPABILITIES, "capabilities"),
            (_ADDITIONAL, "additional_capabilities"),
        ):
            if tag in self.data:
                raise ValueError(f"{tag} does not stand in data; write {name}")
        for application in self.applications:
            for limit in (application.floor_limit, application.selection.threshold):
                number, decimals = CURRENCIES[limit.currency]
                if self.data["5F2A"].hex() != f"0{number}" or self.data["5F36"][0] != decimals:
                    raise ValueError(f"limits in {limit.currency} do not go with 5F2A and 5F36")
        _once("AID", (a.aid for a in self.applications))
        _once("CA key", ((key.rid, key.index) for key in self.ca_keys))
        _once("tag of field_55", self.field_55)
        return self

    def build(self) -> Terminal:
        return Terminal(
            data={
                **self.data,
                _CAPABILITIES: self.capabilities,
                _ADDITIONAL: self.additional_capabilities,
            },
            applications=tuple(application.build() for application in self.applications),
            ca_keys=(*_test_ca_keys(self.test_ca_keys), *(key.build() for key in self.ca_keys)),
            revoked=frozenset(map(attrgetter("rid", "index", "serial"), self.revocations)),
            field_55=tuple(self.field_55),
            use_pse=self.use_pse,
            offers_choice=self.offers_choice,
        )


def _test_ca_keys(name: str | None) -> Iterable[CaKey]:
    """The authorities' public keys in a file of `card_keys/`, under each of its RIDs."""
    if name is None:
        return ()
    keys = load_card_keys(name)
    return [
        CaKey(rid, index, keys.rsa[key].public)
        for rid in keys.rids
        for index, key in keys.authorities.items()
    ]


def _once(what: str, items: Iterable[object]) -> None:
    seen: set[object] = set()
    for item in items:
        if item in seen:
            raise ValueError(f"the {what} {item} stands there twice")
        seen.add(item)


def terminal_names() -> tuple[str, ...]:
    """The terminals' configurations that come with posemu, in order."""
    return names_in(_FOLDER)


@cache
def load_terminal(name: str) -> Terminal:
    """The configuration of that name; read once. Raises `DataFileError`, also for a name there is
    no file of."""
    file = f"{name}{SUFFIX}"
    if name not in terminal_names():
        raise DataFileError(file, "name", f"there are only: {', '.join(terminal_names())}")
    return parse_terminal((_FOLDER / file).read_text("utf-8"), file)


def parse_terminal(text: str, file: str) -> Terminal:
    """The configuration written in `text`, which errors call `file`. Raises `DataFileError`."""
    try:
        model = _Terminal.model_validate(read_yaml(text, file))
    except ValidationError as error:
        deepest = max(error.errors(), key=lambda found: len(found["loc"]))
        place = place_in(text, [key for key in deepest["loc"] if key != "[key]"])
        raise DataFileError(file, place, deepest["msg"].removeprefix("Value error, ")) from None
    check_name(model.name, text, file)
    return model.build()
