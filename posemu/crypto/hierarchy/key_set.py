"""The working keys that a terminal gets at sign-on, as field 62 of the answer carries them.

    field 60.3   bytes   PIN key                    MAC key                      track data key
    001          24      8 + check value            8 + check value
    003          40      16 + check value           8, 8 zeros, check value
    004          60      16 + check value           8, 8 zeros, check value      16 + check value

Each key is enciphered under the terminal master key (TDES-ECB); a check value is the first 4 bytes
of a zero block enciphered under the key. Source: the notes on field 62 in a public parser of
UnionPay terminal messages (agiledata iso8583, SignResponse), and a public worked example of 40
bytes whose clear keys are known. The specification itself (Q/CUP 009) was not read.

Assumed: a MAC key may also fill its 16 bytes; zeros in the last 8 say that it does not. Some hosts
have other lengths (57 bytes have been seen): they are refused, since nothing tells what is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from posemu.crypto.errors import BadCiphertext, BadKey
from posemu.crypto.hierarchy.purposes import keep_apart
from posemu.crypto.keys import Key
from posemu.crypto.mac.cmac import kcv_zero_block
from posemu.crypto.master_key import tdes_key, unwrap_checked_key, wrap_working_key
from posemu.crypto.tdes import TDES_BLOCK, odd_parity

CHECK_BYTES = 4


class KeySet(NamedTuple):
    """The session keys of one terminal; `data` is None where the host gave no track data key."""

    pin: Key
    mac: Key
    data: Key | None = None


class Part(NamedTuple):
    """One key of field 62."""

    name: str
    size: int
    """Bytes of its cryptogram."""
    shorter: bool = False
    """It may be a key of 8 bytes, with zeros behind its cryptogram."""


LAYOUTS: Mapping[str, tuple[Part, ...]] = {
    "001": (Part("the PIN key", 8), Part("the MAC key", 8)),
    "003": (Part("the PIN key", 16), Part("the MAC key", 16, shorter=True)),
    "004": (
        Part("the PIN key", 16),
        Part("the MAC key", 16, shorter=True),
        Part("the track data key", 16),
    ),
}
"""By network management code (field 60.3)."""


def open_key_set(master: Key, code: str, field: bytes) -> KeySet:
    """The keys in field 62 of a sign-on answer with network management code `code`.

    Raises BadCiphertext if the field has another length than the code says, BadKey if there is no
    such code, a check value is wrong, or two keys (the master key included) are the same.
    """
    layout = _layout(code)
    size = sum(part.size + CHECK_BYTES for part in layout)
    if len(field) != size:
        raise BadCiphertext(
            f"field 62 of a sign-on with code {code} has {size} bytes, not {len(field)}"
        )
    keys, at = [], 0
    for part in layout:
        end = at + part.size
        keys.append(_opened(master, part, field[at:end], field[end : end + CHECK_BYTES]))
        at = end + CHECK_BYTES
    return distinct(master, KeySet(*keys))


def seal_key_set(master: Key, code: str, keys: KeySet) -> bytes:
    """Field 62 for these keys, the reverse of `open_key_set`.

    Raises BadKey if there is no such code, or keys are missing, too many, of other lengths than the
    code says, or the same.
    """
    layout = _layout(code)
    given = [key for key in distinct(master, keys) if key is not None]
    if len(given) != len(layout):
        raise BadKey(f"a sign-on with code {code} carries {len(layout)} keys, not {len(given)}")
    return b"".join([_sealed(master, part, key) for part, key in zip(layout, given, strict=True)])


def distinct(master: Key, keys: KeySet) -> KeySet:
    """The same keys; BadKey if two of them, the master key included, have the same value."""
    named = {"the master key": master, "the PIN key": keys.pin, "the MAC key": keys.mac}
    if keys.data is not None:
        named["the track data key"] = keys.data
    keep_apart(named)
    return keys


def key_set_entropy(code: str) -> int:
    """How many random bytes `make_key_set` takes; BadKey if there is no such code."""
    return sum(_new_size(part) for part in _layout(code))


def make_key_set(code: str, random: bytes) -> KeySet:
    """New keys with odd parity, out of `key_set_entropy` bytes drawn at random for them alone.

    Raises BadKey if there is no such code, or for another number of bytes.
    """
    wanted = key_set_entropy(code)
    if len(random) != wanted:
        raise BadKey(f"a key set for code {code} takes {wanted} random bytes, not {len(random)}")
    keys, at = [], 0
    for part in _layout(code):
        end = at + _new_size(part)
        keys.append(tdes_key(odd_parity(random[at:end])))
        at = end
    return KeySet(*keys)


def _layout(code: str) -> tuple[Part, ...]:
    layout = LAYOUTS.get(code)
    if layout is None:
        known = ", ".join(LAYOUTS)
        raise BadKey(f"no network management code asks for keys but one of {known}")
    return layout


def _new_size(part: Part) -> int:
    return TDES_BLOCK if part.shorter else part.size


def _opened(master: Key, part: Part, cryptogram: bytes, check_value: bytes) -> Key:
    if part.shorter and not any(cryptogram[TDES_BLOCK:]):
        cryptogram = cryptogram[:TDES_BLOCK]
    try:
        return unwrap_checked_key(master, cryptogram, check_value)
    except BadKey as error:
        raise BadKey(f"{part.name}: {error}") from None


def _sealed(master: Key, part: Part, key: Key) -> bytes:
    raw = key.expose()
    single = raw[:TDES_BLOCK] * 2 == raw
    if single and (part.shorter or part.size == TDES_BLOCK):
        # A single DES key is held twice (`tdes_key`): ECB makes two equal blocks of it.
        cryptogram = wrap_working_key(master, key)[:TDES_BLOCK].ljust(part.size, b"\0")
    else:
        cryptogram = wrap_working_key(master, key)
    if len(cryptogram) != part.size:
        raise BadKey(f"{part.name} takes {part.size} bytes here, this key {len(cryptogram)}")
    return cryptogram + kcv_zero_block(key, CHECK_BYTES)
