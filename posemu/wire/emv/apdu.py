"""Commands to a card and its answers (ISO/IEC 7816-3 12.1, 7816-4 5.1; EMV Book 1, 9.4; Book 3, 6).

    CLA INS P1 P2 | Lc data | Le            case 1: neither, 2: Le, 3: Lc and data, 4: all
    data | SW1 SW2

Short length fields are one byte (Le 00: 256), extended ones are 00 and two bytes (Le 0000: 65,536).
The bytes decide: a command whose length field and length do not agree fits no case and is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from posemu.wire.emv.tlv import Tlv, decode_tlv, find_tlv
from posemu.wire.errors import DecodeError, EncodeError
from posemu.wire.mask import Masked

LE_MAX = 256
LE_MAX_EXTENDED = 65536
SFI_MAX = 30
AFL_MAX = 252
"""Bytes (EMV Book 3 annex A)."""
_HEADER = 4
_GET_CHALLENGE = "GET CHALLENGE"

COMMANDS = {
    (0x00, 0x20): "VERIFY",
    (0x00, 0x82): "EXTERNAL AUTHENTICATE",
    (0x00, 0x84): _GET_CHALLENGE,
    (0x00, 0x88): "INTERNAL AUTHENTICATE",
    (0x00, 0xA4): "SELECT",
    (0x00, 0xB0): "READ BINARY",
    (0x00, 0xB2): "READ RECORD",
    (0x00, 0xC0): "GET RESPONSE",
    (0x00, 0xCA): "GET DATA",
    (0x00, 0xD6): "UPDATE BINARY",
    (0x00, 0xDA): "PUT DATA",
    (0x00, 0xDC): "UPDATE RECORD",
    (0x80, 0x16): "CARD BLOCK",
    (0x80, 0x18): "APPLICATION UNBLOCK",
    (0x80, 0x1E): "APPLICATION BLOCK",
    (0x80, 0x24): "PIN CHANGE/UNBLOCK",
    (0x80, 0x2A): "COMPUTE CRYPTOGRAPHIC CHECKSUM",
    (0x80, 0xA8): "GET PROCESSING OPTIONS",
    (0x80, 0xAE): "GENERATE AC",
    (0x80, 0xCA): "GET DATA",
    (0x80, 0xD0): "RECOVER AC",
    (0x80, 0xDA): "PUT DATA",
    (0x80, 0xE2): "APPEND RECORD",
    (0x80, 0xEA): "EXCHANGE RELAY RESISTANCE DATA",
}
"""(class: 00 interindustry, 80 proprietary; instruction) -> name (EMV Book 3, 6.3.2; C-2, 5)."""


@dataclass(frozen=True, slots=True, repr=False)
class Command(Masked):
    """A command APDU; it shows its header only, because the data may be a PIN block.

    `cla` to `p2` are bytes, `le` is the number of bytes that may come back (1 to 65,536) or None.
    ISO/IEC 7816-3:2006 12.1.3.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None
    extended: bool = False

    @property
    def case(self) -> int:
        """1 to 4 (ISO/IEC 7816-3 12.1.3)."""
        return 1 + (self.le is not None) + 2 * bool(self.data)

    @property
    def name(self) -> str:
        """What the command is called, "" if it is not known. Secure messaging and logical channels
        (the low bits of the class) change no name."""
        return COMMANDS.get((self.cla & 0x80, self.ins), "")

    def masked(self) -> str:
        return f"{bytes((self.cla, self.ins, self.p1, self.p2)).hex().upper()}, {self.name}"


@dataclass(frozen=True, slots=True, repr=False)
class Response(Masked):
    """A response APDU: data and status word (0x9000); it shows the status and the size of the data.
    ISO/IEC 7816-4 5.1."""

    data: bytes
    sw: int

    def masked(self) -> str:
        return f"{self.sw:04X}, {len(self.data)} bytes"


class GpoResponse(NamedTuple):
    """What GET PROCESSING OPTIONS gave: in format 1 (tag 80) or 2 (tag 77), the 2 bytes of the AIP,
    and the AFL, b"" if the card sent none. EMV Book 3 6.5.8.4."""

    format: int
    aip: bytes
    afl: bytes


class AflEntry(NamedTuple):
    """Records `first` to `last` of a file; the first `oda_records` of them are authenticated.
    EMV Book 3 10.2."""

    sfi: int
    first: int
    last: int
    oda_records: int


class IssuerAuthentication(NamedTuple):
    """Issuer authentication data (tag 91): 8 bytes of ARPC, and 0 to 8 that are the issuer's.
    EMV Book 3 6.5.4."""

    arpc: bytes
    issuer_specific: bytes


def parse_command(data: bytes) -> Command:
    """Take a command APDU apart. Raises `DecodeError`. ISO/IEC 7816-3:2006 12.1.3."""
    if len(data) < _HEADER:
        raise DecodeError("APDU", len(data), "a command has a header of 4 bytes")
    cla, ins, p1, p2 = data[:_HEADER]
    if cla == 0xFF:
        raise DecodeError("APDU", 0, "class FF is not allowed")
    extended = len(data) > _HEADER + 1 and data[_HEADER] == 0
    width = 2 if extended else 1
    start = _HEADER + extended
    body = data[start:]
    if not body:
        return Command(cla, ins, p1, p2)
    if len(body) == width:
        return Command(cla, ins, p1, p2, b"", _le(body), extended)
    length = int.from_bytes(body[:width], "big")
    behind = body[width + length :]
    if not length or len(body) < width + length or len(behind) not in (0, width):
        raise DecodeError("Lc", start, f"{length} bytes announced, {len(body) - width} follow")
    le = _le(behind) if behind else None
    return Command(cla, ins, p1, p2, body[width : width + length], le, extended)


def _le(field: bytes) -> int:
    return int.from_bytes(field, "big") or 1 << 8 * len(field)


def encode_command(command: Command) -> bytes:
    """The bytes of a command APDU. Raises `EncodeError`. ISO/IEC 7816-3:2006 12.1.3."""
    try:
        header = bytes((command.cla, command.ins, command.p1, command.p2))
    except ValueError:
        header = b""
    if not header or command.cla == 0xFF:
        raise EncodeError("APDU", "class (not FF), instruction, P1 and P2 are bytes")
    width, most = (2, LE_MAX_EXTENDED) if command.extended else (1, LE_MAX)
    data, le, body = command.data, command.le, b""
    if data:
        if len(data) >= most:
            raise EncodeError("Lc", f"at most {most - 1} bytes of data; above 255 set `extended`")
        body = len(data).to_bytes(width, "big") + data
    if le is not None:
        if not 1 <= le <= most:
            raise EncodeError("Le", f"must be 1 to {most}; above 256 set `extended`")
        body += (le % most).to_bytes(width, "big")
    return header + (b"\x00" if command.extended and body else b"") + body


def parse_response(data: bytes) -> Response:
    """Take a response APDU apart. Raises `DecodeError`. ISO/IEC 7816-4 5.1."""
    if len(data) < 2:
        raise DecodeError("SW1 SW2", 0, "an answer ends in two bytes of status")
    if len(data) > LE_MAX_EXTENDED + 2:
        raise DecodeError("APDU", LE_MAX_EXTENDED, f"at most {LE_MAX_EXTENDED} bytes and a status")
    if not _is_status(data[-2]):
        raise DecodeError("SW1 SW2", len(data) - 2, "a status is 6xxx or 9xxx")
    return Response(data[:-2], int.from_bytes(data[-2:], "big"))


def encode_response(response: Response) -> bytes:
    """The bytes of a response APDU. Raises `EncodeError`. ISO/IEC 7816-4 5.1."""
    if not _is_status(response.sw >> 8):
        raise EncodeError("SW1 SW2", "a status is 6xxx or 9xxx")
    return response.data + response.sw.to_bytes(2, "big")


def _is_status(sw1: int) -> bool:
    return sw1 >> 4 in (0x6, 0x9)


def response_objects(response: Response, command: str) -> tuple[Tlv, ...]:
    """The objects that the card answered to `command` (a name of COMMANDS); none where the answer
    is plain bytes (GET CHALLENGE: EMV Book 3, 6.5.6). Raises `DecodeError`."""
    return () if command == _GET_CHALLENGE else decode_tlv(response.data)


def parse_gpo_response(data: bytes) -> GpoResponse:
    """AIP and AFL out of either format (EMV Book 3, 6.5.8.4). Raises `DecodeError`."""
    objects = decode_tlv(data)
    if len(objects) != 1 or objects[0].tag not in ("80", "77"):
        raise DecodeError("GPO", 0, "the answer must be one object, tag 80 or 77")
    answer = objects[0]
    if answer.tag == "80":
        form, aips, afls = 1, [answer.value[:2]], [answer.value[2:]]
    else:
        form, aips, afls = 2, find_tlv(objects, "82"), find_tlv(objects, "94")
    if len(aips) != 1 or len(aips[0]) != 2 or len(afls) > 1:
        raise DecodeError("GPO", 0, "must hold one AIP of 2 bytes and at most one AFL")
    return GpoResponse(form, aips[0], b"".join(afls))


def parse_afl(afl: bytes) -> tuple[AflEntry, ...]:
    """The entries of an application file locator (EMV Book 3, 10.2). Raises `DecodeError`."""
    if not afl or len(afl) % 4:
        raise DecodeError("AFL", len(afl), "must be entries of 4 bytes, at least one")
    if len(afl) > AFL_MAX:
        raise DecodeError("AFL", AFL_MAX, f"longer than {AFL_MAX} bytes")
    entries = []
    for offset in range(0, len(afl), 4):
        sfi, first, last, count = afl[offset : offset + 4]
        if sfi & 0x07 or not 1 <= sfi >> 3 <= SFI_MAX:
            raise DecodeError("AFL", offset, "an SFI is 1 to 30, in the upper five bits")
        if not 1 <= first <= last:
            raise DecodeError("AFL", offset + 1, "records run from 1 or higher upwards")
        if count > last - first + 1:
            raise DecodeError("AFL", offset + 3, "more records to authenticate than there are")
        entries.append(AflEntry(sfi >> 3, first, last, count))
    return tuple(entries)


def parse_issuer_authentication(data: bytes) -> IssuerAuthentication:
    """Take the data of EXTERNAL AUTHENTICATE apart (EMV Book 3, 6.5.4). Raises `DecodeError`."""
    if not 8 <= len(data) <= 16:
        raise DecodeError("tag 91", len(data), "issuer authentication data has 8 to 16 bytes")
    return IssuerAuthentication(data[:8], data[8:])
