"""The keys of test cards: RSA keys of certification authorities, issuers and cards, and the three
master keys of their issuer. Data in `card_keys/`, checked and made ready here.

In the real world each of these is made inside a secure module and never leaves it. These are known
to everybody: they may break, and guard nothing. Key generation cannot be seeded, so the keys are
committed; certificates are made from them and are the same in every run. `posemu card-keys` makes
another file.

A CA key is named by an index under every RID here, as terminals load them (EMV Book 2 5.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import lcm
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from posemu.crypto import CardKeys, CryptoError, Key, KeyType, RsaPrivateKey, RsaPublicKey
from posemu.profiles.data_files import SUFFIX, DataFileError
from posemu.profiles.yaml_places import read_yaml

_FOLDER = files("posemu.profiles") / "card_keys"
_Hex = Annotated[str, StringConstraints(strict=True, pattern=r"^([0-9A-F]{2})+$")]
_Index = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-F]{2}$")]
_Rid = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-F]{10}$")]
_Tdes2 = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-F]{32}$")]


class CardKeysError(DataFileError):
    """A file of card keys that cannot be used. It never shows what stood there."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Rsa(_Model):
    exponent: int
    p: _Hex
    q: _Hex


class _Authority(_Model):
    index: _Index
    key: str


class _Masters(_Model):
    ac: _Tdes2
    smi: _Tdes2
    smc: _Tdes2


class _File(_Model):
    rids: tuple[_Rid, ...]
    authorities: tuple[_Authority, ...]
    issuer_master_keys: _Masters
    rsa: dict[str, _Rsa]


@dataclass(frozen=True, slots=True)
class RsaPair:
    """Both halves of an RSA key of 1024 to 1984 bits (EMV Book 2 B2.1)."""

    public: RsaPublicKey
    private: RsaPrivateKey


@dataclass(frozen=True, slots=True, eq=False)
class CardKeySet:
    """The keys of one file, by their names there.

    `authorities` is CA index (two hex digits) -> name in `rsa`; each index holds under each of
    `rids` (ten hex digits). `issuer` are the TDES master keys that the host knows too
    (EMV Book 2 A1.4).
    """

    name: str
    rids: tuple[str, ...]
    authorities: Mapping[str, str]
    issuer: CardKeys
    rsa: Mapping[str, RsaPair]

    def index_of(self, name: str) -> str:
        """The CA index of the key called `name`; KeyError if it is no authority's."""
        for index, key in self.authorities.items():
            if key == name:
                return index
        raise KeyError(name)


@cache
def load_card_keys(name: str = "test") -> CardKeySet:
    """The keys of that name that come with posemu. Raises FileNotFoundError if there are none."""
    return parse_card_keys((_FOLDER / f"{name}{SUFFIX}").read_text("utf-8"), name)


def read_card_keys(path: Path) -> CardKeySet:
    """The keys in a file of the user's. Raises `CardKeysError`, OSError, UnicodeDecodeError."""
    return parse_card_keys(path.read_text("utf-8-sig"), str(path))


def parse_card_keys(text: str, file: str) -> CardKeySet:
    """The keys written in `text`; `file` is what errors call it. Raises `CardKeysError`."""
    try:
        entry = _File.model_validate(read_yaml(text, file, CardKeysError))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise CardKeysError(file, place, first["msg"]) from None
    pairs = {}
    for name, key in entry.rsa.items():
        try:
            pairs[name] = _pair(key)
        except (CryptoError, ValueError):
            reason = "p, q and exponent make no RSA key of EMV; make one with posemu card-keys"
            raise CardKeysError(file, f"rsa.{name}", reason) from None
    for authority in entry.authorities:
        if authority.key not in pairs:
            reason = f"no key {authority.key!r} under rsa; there are {', '.join(pairs)}"
            raise CardKeysError(file, f"authorities.{authority.index}", reason)
    masters = entry.issuer_master_keys
    return CardKeySet(
        name=file,
        rids=entry.rids,
        authorities=MappingProxyType({a.index: a.key for a in entry.authorities}),
        issuer=CardKeys(*(_tdes2(key) for key in (masters.ac, masters.smi, masters.smc))),
        rsa=MappingProxyType(pairs),
    )


def _tdes2(key: str) -> Key:
    return Key(bytes.fromhex(key), KeyType.TDES2)


def _pair(key: _Rsa) -> RsaPair:
    p, q = int(key.p, 16), int(key.q, 16)
    modulus = (p * q).to_bytes((p * q).bit_length() + 7 >> 3)
    private = pow(key.exponent, -1, lcm(p - 1, q - 1)).to_bytes(len(modulus))
    exponent = key.exponent.to_bytes(key.exponent.bit_length() + 7 >> 3)
    return RsaPair(RsaPublicKey(modulus, exponent), RsaPrivateKey(modulus, private, (p, q)))
