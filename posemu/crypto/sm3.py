"""SM3, the hash of the Chinese commercial cryptography suite (GB/T 32905-2016, ISO/IEC 10118-3)."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SM3, Hash


def sm3(data: bytes) -> bytes:
    """The 32 byte SM3 hash of `data`. GB/T 32905-2016."""
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize()
