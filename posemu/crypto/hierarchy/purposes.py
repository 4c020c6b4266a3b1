"""One key, one purpose: the rules of every hierarchy, in one table and one class.

A key that serves two purposes lets one be turned against the other: a PIN key that also deciphers
data is an oracle for PIN blocks. What may break is that somebody loads, or calls, the wrong thing.
Promised:

- a key block gives its key only for the purpose its header names (RULES): usage, mode of use,
  algorithm, length, exportability (ANSI X9.143:2021 6.3.1 to 6.3.5);
- no key is protected by one that is weaker (ANSI X9.24-1:2017, NIST SP 800-57 part 1 table 2);
- no value serves two purposes in one set of keys;
- in a terminal, the keys that belong to the host's direction are not used (`TerminalSide`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple, NoReturn

from posemu.crypto.errors import BadKey
from posemu.crypto.key_block.block import BoundKey, unwrap_key_block
from posemu.crypto.key_block.header import KeyBlockHeader
from posemu.crypto.key_block.optional import check_value
from posemu.crypto.key_block.use import key_for
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.mac.cmac import kcv, kcv_zero_block, same
from posemu.crypto.tdes import odd_parity, whole


class Purpose(Enum):
    """What a key is loaded for; the value says it in an error."""

    INITIAL_AES = "the initial key of AES DUKPT"
    INITIAL_TDES = "the initial key of TDES DUKPT"
    UNWRAP_CRYPTOGRAMS = "a terminal master key that working keys come under bare"
    UNWRAP_BLOCKS = "a terminal master key that working keys come under in key blocks"
    WRAP_CRYPTOGRAMS = "a host's copy of a terminal master key"
    PIN = "a PIN key"
    MAC_CBC = "a MAC key for ISO 9797-1 algorithm 1"
    MAC_RETAIL = "a MAC key for ISO 9797-1 algorithm 3"
    MAC_CMAC = "a MAC key for CMAC"
    DATA = "a data key"


class Rule(NamedTuple):
    """What a key block has to say to be taken for a purpose."""

    usage: str
    operations: str
    """What the module will do with the key: its mode of use has to allow all of it."""
    types: tuple[KeyType, ...]
    exportability: str = "N"
    """A terminal gives no key away again, so it takes none that may be given away."""
    id_block: str = ""
    """The optional block that names the key set."""


_AES = (KeyType.AES128, KeyType.AES192, KeyType.AES256)
_TDES = (KeyType.TDES2, KeyType.TDES3)

RULES: Mapping[Purpose, Rule] = {
    Purpose.INITIAL_AES: Rule("B1", "X", _AES, id_block="IK"),
    Purpose.INITIAL_TDES: Rule("B1", "X", (KeyType.TDES2,), id_block="KS"),
    Purpose.UNWRAP_CRYPTOGRAMS: Rule("K0", "D", _TDES),
    Purpose.UNWRAP_BLOCKS: Rule("K1", "D", _TDES + _AES),
    Purpose.WRAP_CRYPTOGRAMS: Rule("K0", "E", _TDES, exportability="ENS"),
    Purpose.PIN: Rule("P0", "E", _TDES),
    Purpose.MAC_CBC: Rule("M1", "GV", _TDES),
    Purpose.MAC_RETAIL: Rule("M3", "GV", (KeyType.TDES2,)),
    Purpose.MAC_CMAC: Rule("M6", "GV", _TDES),
    Purpose.DATA: Rule("D0", "ED", _TDES),
}

# Bits of security (NIST SP 800-57 part 1, table 2; a TDES key of two parts: 80).
_STRENGTH = {
    KeyType.TDES2: 80,
    KeyType.TDES3: 112,
    KeyType.AES128: 128,
    KeyType.AES192: 192,
    KeyType.AES256: 256,
}


class TakenKey(NamedTuple):
    """A key that came in a key block and passed the rule of its purpose."""

    key: Key
    header: KeyBlockHeader


def take(kbpk: Key, text: str, purpose: Purpose) -> TakenKey:
    """The key of a key block, for one purpose and no other.

    Raises KeyBlockError if the block is malformed or its MAC is wrong; BadKey if usage, mode of
    use, algorithm, length, exportability or check value do not fit, or the protection key is weaker
    than the key.
    """
    return admit(kbpk, unwrap_key_block(kbpk, text), purpose)


def admit(kbpk: Key, bound: BoundKey, purpose: Purpose) -> TakenKey:
    """As `take`, of a key block that is unwrapped already."""
    rule, header = RULES[purpose], bound.header
    for operation in rule.operations:
        key = key_for(bound, rule.usage, operation)
    check_type(kbpk, key, purpose)
    if header.algorithm != _algorithm(key.key_type):
        raise BadKey(f"algorithm {header.algorithm} does not make {purpose.value}")
    if header.exportability not in rule.exportability:
        raise BadKey(
            f"a key of exportability {header.exportability} does not serve as {purpose.value}: it "
            f"takes {' or '.join(rule.exportability)}"
        )
    _check_value(header, key)
    return TakenKey(key, header)


def check_type(kbpk: Key, key: Key, purpose: Purpose) -> None:
    """Raises BadKey if a key is of another type than its purpose takes, or stronger than the key
    that protects it."""
    types = RULES[purpose].types
    if key.key_type not in types:
        names = ", ".join(key_type.name for key_type in types)
        raise BadKey(f"{key.key_type.name} does not make {purpose.value}: it takes one of {names}")
    if _STRENGTH[kbpk.key_type] < _STRENGTH[key.key_type]:
        raise BadKey(
            f"a {key.key_type.name} key is not protected by a weaker one: {kbpk.key_type.name}"
        )


def keep_apart(keys: Mapping[str, Key]) -> None:
    """Raises BadKey if two of these keys, named for the error, have one value. Parity bits do not
    tell TDES keys apart, nor does a part that is repeated."""
    seen: dict[bytes, str] = {}
    for name, key in keys.items():
        value = key.expose() if key.key_type.is_aes else whole(odd_parity(key.expose()))
        if value in seen:
            raise BadKey(f"{seen[value]} and {name} have the same value: each needs one of its own")
        seen[value] = name


class TerminalSide:
    """What no terminal does, whatever the hierarchy: stands before the class of the keys."""

    __slots__ = ()

    def pin(self, block: bytes, pan: str) -> NoReturn:
        """Refused: a terminal's PIN key enciphers, and never deciphers."""
        _refuse("a terminal does not decipher PIN blocks")

    def decipher_pin_block(self, block: bytes) -> NoReturn:
        """Refused, as `pin`."""
        _refuse("a terminal does not decipher PIN blocks")

    def decrypt(self, data: bytes) -> NoReturn:
        """Refused: it would open what the terminal has sealed."""
        _refuse("a terminal does not decipher requests")

    def answer_encrypt(self, data: bytes) -> NoReturn:
        """Refused: answers are the host's."""
        _refuse("a terminal does not encipher answers")

    def working_key(self, *args: object, **kwargs: object) -> NoReturn:
        """Refused: no clear key comes out of a terminal."""
        _refuse("no key comes out of a terminal")


def _refuse(what: str) -> NoReturn:
    raise BadKey(f"{what}: ask the host's side")


def _algorithm(key_type: KeyType) -> str:
    return "A" if key_type.is_aes else "T"


def _check_value(header: KeyBlockHeader, key: Key) -> None:
    said = check_value(header, "KC")
    if said is not None:
        made = (kcv if said.cmac else kcv_zero_block)(key, len(said.value))
        if not same(made, said.value):
            raise BadKey("the check value in optional block KC is not that of the key")
