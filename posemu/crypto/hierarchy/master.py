"""The terminal master key: loaded once, by people or in a key block; working keys come under it.

People load it in components: two or three keepers each type one, with its check value, and none of
them knows the key (ANSI X9.24-1:2017, split knowledge and dual control). What may break is a typing
error, caught by the check values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from posemu.crypto.errors import BadKey
from posemu.crypto.hierarchy.purposes import Purpose, take
from posemu.crypto.keys import Key, KeyType, Secret
from posemu.crypto.mac.cmac import kcv_zero_block, same

_PURPOSES = (Purpose.UNWRAP_CRYPTOGRAMS, Purpose.UNWRAP_BLOCKS, Purpose.WRAP_CRYPTOGRAMS)
_BARE = (Purpose.UNWRAP_CRYPTOGRAMS, Purpose.WRAP_CRYPTOGRAMS)


class Component(NamedTuple):
    """One keeper's part: a TDES key of the length of the whole, and its zero block check value of
    3 to 8 bytes."""

    part: Key
    check_value: bytes


class MasterKey(Secret):
    """A terminal master key bound to what it is for. Made by the functions of this file."""

    __slots__ = ("_key", "purpose")

    def __init__(self, key: Key, purpose: Purpose) -> None:
        self._key = key
        self.purpose = purpose

    def key_for(self, purpose: Purpose) -> Key:
        """The key, for what it was loaded for; BadKey for anything else. For this folder alone."""
        if purpose is not self.purpose:
            raise BadKey(f"{self.purpose.value} does not serve as {purpose.value}")
        return self._key


def load_master_key_block(kbpk: Key, text: str, purpose: Purpose) -> MasterKey:
    """The master key of a key block: usage K0 for bare working keys (UNWRAP_CRYPTOGRAMS in a
    terminal, WRAP_CRYPTOGRAMS in its host), K1 for working keys in key blocks (UNWRAP_BLOCKS).

    Raises BadKey for another purpose, and as `purposes.take`.
    """
    if purpose not in _PURPOSES:
        raise BadKey(f"a master key does not serve as {purpose.value}")
    return MasterKey(take(kbpk, text, purpose).key, purpose)


def load_master_key_components(
    components: Sequence[Component], check_value: bytes, purpose: Purpose
) -> MasterKey:
    """The XOR of two or three components; `check_value` (3 to 8 bytes) is that of the whole.

    A key loaded so is for bare working keys (UNWRAP_CRYPTOGRAMS, WRAP_CRYPTOGRAMS): what protects
    key blocks comes in one. Raises BadKey for another purpose, another number of components,
    components that are no TDES keys of one length or are the same, or a wrong check value.
    """
    if purpose not in _BARE:
        raise BadKey(f"a key loaded in components does not serve as {purpose.value}")
    if len(components) not in (2, 3):
        raise BadKey(f"a master key has 2 or 3 components, not {len(components)}")
    key_type = components[0].part.key_type
    if key_type not in (KeyType.TDES2, KeyType.TDES3):
        raise BadKey(f"components of a master key are TDES keys, not {key_type.name}")
    if any(component.part.key_type is not key_type for component in components):
        raise BadKey("the components of one key have one length")
    whole = 0
    for number, (part, said) in enumerate(components, start=1):
        _check(part, said, f"component {number}")
        if any(part == other.part for other in components[: number - 1]):
            raise BadKey(f"component {number} is the same as one before it: they cancel out")
        whole ^= int.from_bytes(part.expose())
    key = Key(whole.to_bytes(len(components[0].part.expose())), key_type)
    _check(key, check_value, "the whole key")
    return MasterKey(key, purpose)


def _check(key: Key, said: bytes, what: str) -> None:
    if not 3 <= len(said) <= 8:
        raise BadKey(f"the check value of {what} has 3 to 8 bytes, not {len(said)}")
    if not same(kcv_zero_block(key, len(said)), said):
        raise BadKey(f"the check value of {what} is wrong: type it again")
