"""Issuer scripts: commands that the issuer sends to its card, past the terminal (EMV Book 2,
section 9).

A command is authenticated by a MAC (format 2: the bare MAC at the end), and its data may be
enciphered. Three styles of encipherment are in use:

    style        before enciphering                              mode
    emv          data | 80 00..                                  CBC, zero IV
    mastercard   the same, whole blocks stay as they are         CBC, zero IV
    visa         length byte | data | 80 00..                    ECB
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from posemu.crypto.emv.cryptogram import cut_mac
from posemu.crypto.emv.keys import exact, tdes2
from posemu.crypto.errors import BadCardData
from posemu.crypto.keys import Key
from posemu.crypto.mac.iso9797 import pad, retail_mac
from posemu.crypto.tdes import TDES_BLOCK, tdes_cbc_encrypt, tdes_encryptor


def script_mac(session_key: Key, data: bytes, length: int = 8) -> bytes:
    """The MAC of a script command, 4 to 8 bytes, padding method 2; EMV Book 2 9.2.3.

    `data` is what the scheme authenticates: the command header, often ATC and ARQC behind it, the
    (enciphered) command data. Raises BadKey if `session_key` is not TDES2, BadCardData for other
    lengths.
    """
    return cut_mac(retail_mac(session_key, data, 2), length)


def bound_command(header: bytes, atc: bytes, arqc: bytes, data: bytes) -> bytes:
    """What the MAC of a command covers where it is bound to one transaction: ATC (2 bytes) and ARQC
    (8) stand between the header (5) and the data, and are not sent.

    BadCardData for other lengths. EMV Book 2 9.2.3.
    """
    exact("a command header", header, 5)
    exact("an ATC", atc, 2)
    exact("an ARQC", arqc, 8)
    return header + atc + arqc + data


def _emv(key: bytes, data: bytes) -> bytes:
    return tdes_cbc_encrypt(key, pad(2, data, TDES_BLOCK))


def _mastercard(key: bytes, data: bytes) -> bytes:
    return _emv(key, data) if len(data) % TDES_BLOCK else tdes_cbc_encrypt(key, data)


def _visa(key: bytes, data: bytes) -> bytes:
    if len(data) > 255:
        raise BadCardData(f"{len(data)} bytes do not go into one command: at most 255 do")
    return tdes_encryptor(key)(pad(2, bytes([len(data)]) + data, TDES_BLOCK))


STYLES: Mapping[str, Callable[[bytes, bytes], bytes]] = MappingProxyType(
    {"emv": _emv, "mastercard": _mastercard, "visa": _visa}
)
"""Name -> how command data is enciphered."""


def script_encrypt(session_key: Key, data: bytes, style: str) -> bytes:
    """The enciphered data of a script command, in the style `emv`, `mastercard` or `visa` (above);
    EMV Book 2 9.3.

    Raises BadKey if `session_key` is not TDES2, BadCardData for another style or if `data` is too
    long for a command.
    """
    if style not in STYLES:
        raise BadCardData(f"script data is enciphered in {', '.join(STYLES)}, not {style!r}")
    return STYLES[style](tdes2(session_key), data)
