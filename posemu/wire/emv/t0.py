"""T=0, the byte protocol under the commands of a contact chip (ISO/IEC 7816-3 10.3 and 12.2; EMV
Book 1, 9.2.2 and annex A).

T=0 can send data one way in a command only. So a command that sends and receives is split: header,
data when the card asks for it, and GET RESPONSE to fetch the answer. The card steers with procedure
bytes: 60 wait, INS all data, the complement of INS one byte, 61xx fetch xx bytes, 6Cxx ask again
for xx bytes. A warning (62xx, 63xx) to a command with an answer means fetch it, and is kept.

    reader  00A404000E              315041592E...     00C0000026
    card                A4                      6126              C0 6F24... 9000

What may break: a card that is pulled, that sends bytes which are no procedure byte, or that asks to
be asked again for ever. Promised: each is refused, and nothing is sent twice but what the card
asked for.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable

from posemu.wire.emv.apdu import (
    LE_MAX_EXTENDED,
    Command,
    Response,
    encode_command,
    encode_response,
    parse_command,
    parse_response,
)
from posemu.wire.errors import DecodeError, EncodeError

Exchange = Generator[bytes, bytes, Response]
"""Yields what to send (b"": nothing, only wait), is sent what came back, returns the answer."""

_GET_RESPONSE = b"\x00\xc0\x00\x00"
_WAIT = b"\x60"
_MORE, _AGAIN = 0x61, 0x6C
_WARNINGS = (0x62, 0x63)
_OK = 0x9000
_TPDU_MAX = 1 + 256 + 2
"""Procedure byte, data, status."""
_IDLE_MAX = 8
"""Answers in a row that announce data and bring none; a right card needs three."""


def t0_exchange(command: Command) -> Exchange:
    """Carry one command over T=0.

    Send in what the card said to each piece, up to where it waits for the reader; only behind 60
    and behind a procedure byte may an answer be cut. How many bytes came is taken from the answer,
    whose last two are the status: cards give fewer than asked, and some announce less than they
    give. Raises `EncodeError` for a command that T=0 cannot carry, `DecodeError` for a card that
    breaks the protocol. ISO/IEC 7816-3:2006 10.3, 12.2; EMV Book 1 9.2.2.
    """
    if command.extended or command.ins >> 4 in (0x6, 0x9):
        raise EncodeError("APDU", "T=0 carries short commands, instruction not 6x or 9x")
    header = bytes((command.cla, command.ins, command.p1, command.p2))
    warning = 0
    if command.data:
        status, answer = yield from _tpdu(header, command.data, 0)
        if status >> 8 == _AGAIN or command.le is None:
            return Response(answer, status)
        if status >> 8 in _WARNINGS:  # how much there is to fetch the card tells when asked
            warning, status = status, _MORE << 8
    else:
        status, answer = yield from _tpdu(header, b"", command.le or 0)
    idle = 0
    while command.le is not None and status >> 8 in (_MORE, _AGAIN):
        if status >> 8 == _MORE:
            header = _GET_RESPONSE
        status, more = yield from _tpdu(header, b"", status & 0xFF or 256)
        answer += more
        idle = 0 if more else idle + 1
        if idle > _IDLE_MAX or len(answer) > LE_MAX_EXTENDED:
            raise DecodeError("T=0", 0, "the card announces data without end")
    return Response(answer, warning if warning and status == _OK else status)


def _tpdu(header: bytes, sent: bytes, wanted: int) -> Generator[bytes, bytes, tuple[int, bytes]]:
    """One header and what follows it: bytes to send, or `wanted` bytes to receive (0: none).
    Returns the status and the bytes received."""
    ins = header[1]
    received = b""
    got = yield header + bytes((len(sent) or wanted & 0xFF,))
    while True:
        got = got.lstrip(_WAIT)
        if not got:
            got = yield b""
        elif got[0] not in (ins, ins ^ 0xFF):
            return _status(got), received
        elif sent:
            if len(got) > 1:
                raise DecodeError("T=0", 1, "the card goes on where it should wait for data")
            cut = len(sent) if got[0] == ins else 1
            piece, sent = sent[:cut], sent[cut:]
            got = yield piece
        elif not wanted or len(received) + len(got) > _TPDU_MAX:
            raise DecodeError("T=0", 0, "the card gives or wants bytes that the command has not")
        else:
            single = got[0] != ins
            got = got[1:] or (yield b"")
            cut = 1 if single else max(0, len(got) - 2)
            received += got[:cut]
            got = got[cut:]


def _status(got: bytes) -> int:
    if got[0] >> 4 not in (0x6, 0x9):
        raise DecodeError("T=0", 0, f"{got[0]:02X} is neither a procedure byte nor a status")
    if len(got) != 2:
        raise DecodeError("T=0", 0, f"a status has 2 bytes, not {len(got)}")
    return int.from_bytes(got, "big")


def t0_fold(exchanges: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Commands and answers as a reader logged them, GET RESPONSE and repeated commands folded in.

    An answer that was fetched stands behind the command that earned it, a command that was asked
    again with the right Le replaces its first attempt. Raises `DecodeError`.
    ISO/IEC 7816-3:2006 12.2; EMV Book 1 annex A.
    """
    folded: list[tuple[Command, Response]] = []
    asked, status, warning, fetching = b"", 0, 0, False
    for capdu, rapdu in exchanges:
        answer = parse_response(rapdu)
        again = status >> 8 == _AGAIN and capdu == asked[:4] + bytes((status & 0xFF,))
        offered = status >> 8 in (_MORE, *_WARNINGS)
        fetching = capdu[:4] == _GET_RESPONSE and (offered or (again and fetching))
        if fetching:
            command, before = folded.pop()
            if status >> 8 in _WARNINGS:
                warning = status
            final = warning if warning and answer.sw == _OK else answer.sw
            folded.append((command, Response(before.data + answer.data, final)))
        else:
            if again:
                folded.pop()
            warning = 0
            folded.append((parse_command(capdu), answer))
        asked, status = capdu, answer.sw
    return [(encode_command(c), encode_response(r)) for c, r in folded]
