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
    """A PIN block, PIN field or PAN field that breaks ISO 9564-1 format 4."""


class BadKsn(CryptoError):  # noqa: N818
    """A KSN or initial key id of a wrong length, or a counter that no device uses."""


class KeyExhausted(CryptoError):  # noqa: N818
    """No transaction key is left (or all were erased): a new initial key has to be loaded."""


class BadCiphertext(CryptoError):  # noqa: N818
    """Enciphered data that is no whole number of blocks, or that does not end in its padding."""
