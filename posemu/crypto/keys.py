"""Keys and PINs as values that do not show themselves.

A secret leaks by being printed, formatted into a message, logged with an exception, or pickled to
another process. Each of these goes through a method of the object, so each is masked or refused
here. The bytes come out through `expose()` alone: a search for that word finds every place that
handles a clear secret.

Not promised: Python copies and frees memory as it likes, so a dropped secret may linger in the
process's memory.
"""

import enum
import hmac
from typing import NoReturn

from posemu.crypto.errors import BadKey, BadPin
from posemu.crypto.primitives import ZERO_BLOCK, aes_cmac


class Secret:
    """Masks `repr`, `str` and `format`, refuses pickling and copying."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(****)"

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __getstate__(self) -> NoReturn:  # every protocol of pickle and copy asks for the state
        raise TypeError(f"{type(self).__name__} is secret: it is neither pickled nor copied")


class KeyType(enum.IntEnum):
    """Algorithm a key is for; the numbers are those of the derivation data (ANSI X9.24-3:2017
    6.3.2).
    """

    TDES2 = 0
    TDES3 = 1
    AES128 = 2
    AES192 = 3
    AES256 = 4
    HMAC = 5

    @property
    def is_aes(self) -> bool:
        """Whether keys of this type are AES keys."""
        return self in _AES_LENGTHS


_AES_LENGTHS = {KeyType.AES128: 16, KeyType.AES192: 24, KeyType.AES256: 32}
_AES_OF_LENGTH = {length: key_type for key_type, length in _AES_LENGTHS.items()}
_LENGTHS: dict[KeyType, tuple[int, ...]] = {
    KeyType.TDES2: (16,),
    KeyType.TDES3: (24,),
    KeyType.HMAC: (16, 24, 32),
    **{key_type: (length,) for key_type, length in _AES_LENGTHS.items()},
}


class Key(Secret):
    """A secret key.

    `value` is the raw key; without `key_type` it is an AES key of 16, 24 or 32 bytes. `==` takes
    constant time. An AES key shows its key check value, which is public. Raises BadKey if the
    length does not fit the type.
    """

    __slots__ = ("_key_type", "_value")

    def __init__(self, value: bytes, key_type: KeyType | None = None) -> None:
        if key_type is None:
            key_type = _AES_OF_LENGTH.get(len(value))
            if key_type is None:
                raise BadKey(f"an AES key has 16, 24 or 32 bytes, not {len(value)}")
        elif len(value) not in _LENGTHS[key_type]:
            raise BadKey(f"{len(value)} bytes do not make a {key_type.name} key")
        self._value = bytes(value)
        self._key_type = key_type

    @property
    def key_type(self) -> KeyType:
        """The algorithm this key is for."""
        return self._key_type

    def expose(self) -> bytes:
        """The raw key bytes: the one way out. Never put them into a message, a log or a trace."""
        return self._value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Key):
            return NotImplemented
        same_value = hmac.compare_digest(self._value, other._value)
        return same_value and self._key_type is other._key_type

    def __repr__(self) -> str:
        name = self._key_type.name.lower()
        if not self._key_type.is_aes:
            return f"Key({name})"
        return f"Key({name}, kcv={aes_cmac(self._value, ZERO_BLOCK)[:3].hex().upper()})"


class Pin(Secret):
    """A cardholder's PIN: 4 to 12 decimal digits (ISO 9564-1 8.1); raises BadPin otherwise.

    The mask does not tell its length. `==` takes constant time for PINs of one length.
    """

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        if not (4 <= len(digits) <= 12 and digits.isascii() and digits.isdigit()):
            raise BadPin("a PIN has 4 to 12 decimal digits")
        self._digits = digits

    def expose(self) -> str:
        """The digits: the one way out. Never put them into a message, a log or a trace."""
        return self._digits

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pin):
            return NotImplemented
        return hmac.compare_digest(self._digits, other._digits)
