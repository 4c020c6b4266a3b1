"""Key blocks: a key, what it is for, and a MAC that binds the two (ANSI X9.143:2021, TR-31:2018
versions A to D, ISO 20038:2017 version E).

    header | enciphered: length of the key in bits, key, padding | MAC        all in ASCII, hex

The padding hides how long the key is; it is random in life, and a parameter here.
"""

from __future__ import annotations

import hmac
import re

from posemu.crypto.errors import BadKey, KeyBlockError
from posemu.crypto.key_block.header import KeyBlockHeader, layout_of, malformed, parse_header
from posemu.crypto.key_block.protection import seal, unseal
from posemu.crypto.keys import Key, KeyType, Secret
from posemu.crypto.master_key import tdes_key

_HEX = re.compile("(?:[0-9A-F]{2})*")
_LENGTH_BYTES = 2
_LONGEST = {"T": 24, "D": 24, "A": 32}
_MAX_KEY = 0xFFFF // 8
_KEY_TYPES = {
    ("T", 16): KeyType.TDES2,
    ("T", 24): KeyType.TDES3,
    ("A", 16): KeyType.AES128,
    ("A", 24): KeyType.AES192,
    ("A", 32): KeyType.AES256,
    ("H", 16): KeyType.HMAC,
    ("H", 24): KeyType.HMAC,
    ("H", 32): KeyType.HMAC,
}


class BoundKey(Secret):
    """A clear key bound to its header: what goes into a key block, and what comes out.

    To use the key, take it out for a purpose with `use.key_for`. ANSI X9.143:2021 6.
    """

    __slots__ = ("_value", "header")

    def __init__(self, header: KeyBlockHeader, value: bytes) -> None:
        """Bind 1 to 8,191 bytes; BadKey for other lengths."""
        if not 1 <= len(value) <= _MAX_KEY:
            raise BadKey(f"a key block holds a key of 1 to {_MAX_KEY} bytes, not {len(value)}")
        self.header = header
        self._value = bytes(value)

    def expose(self) -> bytes:
        """The raw key bytes: never put them into a message, a log or a trace."""
        return self._value

    def key(self) -> Key:
        """The key, as its algorithm and length tell; nothing is asked about its use.

        Raises BadKey if they fit no symmetric key (also for HMAC keys of other lengths than 16, 24
        and 32 bytes).
        """
        algorithm, size = self.header.algorithm, len(self._value)
        if (algorithm, size) == ("D", 8):
            return tdes_key(self._value)
        key_type = _KEY_TYPES.get((algorithm, size))
        if key_type is None:
            raise BadKey(f"{size} bytes make no symmetric key of algorithm {algorithm}")
        return Key(self._value, key_type)

    def __repr__(self) -> str:
        header = self.header
        return f"BoundKey({header.key_usage}, {header.algorithm}, {header.mode_of_use}, ****)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BoundKey):
            return NotImplemented
        return hmac.compare_digest(self._value, other._value) and self.header == other.header


def padding_length(header: KeyBlockHeader, size: int) -> int:
    """How many random bytes of padding a key of `size` bytes takes so that its length is hidden:
    as for the longest key of its algorithm, then to whole blocks (TR-31:2018 A.3).

    Raises KeyBlockError if the header's version does not exist.
    """
    block = layout_of(header.version).payload_block
    whole = _LENGTH_BYTES + max(size, _LONGEST.get(header.algorithm, size))
    return whole + -whole % block - _LENGTH_BYTES - size


def wrap_key_block(kbpk: Key, bound: BoundKey, padding: bytes) -> str:
    """The key block under a key block protection key; `padding` is drawn at random for it,
    `padding_length` bytes or another number that makes whole blocks.

    A pad block is added to the header if its optional blocks ask for one. Raises BadKey if `kbpk`
    is not of the version's cipher, KeyBlockError if the header or the padding's length is wrong or
    the block gets longer than 9,999 characters. ANSI X9.143:2021 7.2; ISO 20038:2017.
    """
    header = bound.header
    layout = layout_of(header.version)
    if len(header.text(0)) % layout.header_block:
        header = header.canonical()
    value = bound.expose()
    clear = (len(value) * 8).to_bytes(_LENGTH_BYTES) + value + padding
    if len(clear) % layout.payload_block:
        raise KeyBlockError(
            f"{len(padding)} bytes of padding do not fill the key up to blocks of "
            f"{layout.payload_block}: use padding_length()"
        )
    text = header.text(len(header.text(0)) + 2 * (len(clear) + layout.mac))
    cryptogram, mac = seal(header.version, kbpk, text.encode(), clear)
    return text + (cryptogram + mac).hex().upper()


def unwrap_key_block(kbpk: Key, text: str) -> BoundKey:
    """The key and header of a key block. The MAC is checked before anything in it is believed.

    Raises KeyBlockError, which names the character where the block is malformed, if the MAC is
    wrong or what is inside is no key; BadKey if `kbpk` is not of the version's cipher.
    ANSI X9.143:2021 7.2; ISO 20038:2017.
    """
    header, length, size = parse_header(text)
    if length != len(text):
        raise malformed(1, "length", f"it says {length} characters, the block has {len(text)}")
    layout = layout_of(header.version)
    mac_at = len(text) - 2 * layout.mac
    if mac_at <= size:
        raise malformed(size, "enciphered key", "the block ends before key and MAC are complete")
    for at, part, field in (
        (size, text[size:mac_at], "enciphered key"),
        (mac_at, text[mac_at:], "MAC"),
    ):
        if not _HEX.fullmatch(part):
            raise malformed(at, field, "it has to be hex digits, upper case, in pairs")
    cryptogram = bytes.fromhex(text[size:mac_at])
    if len(cryptogram) % layout.payload_block:
        reason = f"{len(cryptogram)} bytes are no whole blocks of {layout.payload_block}"
        raise malformed(size, "enciphered key", reason)
    mac = bytes.fromhex(text[mac_at:])
    clear = unseal(header.version, kbpk, text[:size].encode(), cryptogram, mac)
    return BoundKey(header, _key_inside(clear, size))


def _key_inside(clear: bytes, at: int) -> bytes:
    bits = int.from_bytes(clear[:_LENGTH_BYTES])
    size = bits // 8
    if bits % 8 or not 1 <= size <= len(clear) - _LENGTH_BYTES:
        reason = "the length before the key is no whole number of bytes, 0, or more than there are"
        raise malformed(at, "enciphered key", reason)
    return clear[_LENGTH_BYTES : _LENGTH_BYTES + size]
