"""What can go wrong in the crypto room.

Every class is built from one message, so that an error can be built again from its `args` (SimPy
re-raises a copy). The names without "Error" read as what happened. A message tells what happened
and what to do instead, and never holds a key, a PIN, a PAN or a clear block.
"""


class CryptoError(Exception):
    """Base of every error of this room."""


class BadKey(CryptoError):  # noqa: N818
    """Key bytes of a wrong length, or a key of a type or strength that an operation refuses."""


class BadPin(CryptoError):  # noqa: N818
    """A PIN that is not 4 to 12 decimal digits (ISO 9564-1 8.1)."""


class PinBlockError(CryptoError):
    """A PIN block, PIN field, PAN field or translation that breaks ISO 9564-1."""


class BadCardData(CryptoError):  # noqa: N818
    """A PAN, date, code, counter, cryptogram, record or table that an algorithm cannot take."""


class BadKsn(CryptoError):  # noqa: N818
    """A KSN or initial key id of a wrong length, or a counter that no device uses."""


class KeyExhausted(CryptoError):  # noqa: N818
    """No transaction key is left (or all were erased): a new initial key has to be loaded."""


class BadCiphertext(CryptoError):  # noqa: N818
    """Data, a cryptogram or an IV that is no whole number of blocks or does not end in its padding;
    or a padding method that does not exist."""


class KeyBlockError(CryptoError):
    """A key block that is malformed (the message names the character), or whose MAC is wrong."""


class NotAuthentic(CryptoError):  # noqa: N818
    """A certificate, signature or enciphered PIN that is not what its key should have made."""
