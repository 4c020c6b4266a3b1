"""What went over the wire in a session with a card: each command with its answer, by name (EMV 4.4
Book 1, 11; Book 3, 6.5), and what the application said of itself.

    SELECT, READ RECORD, GET DATA, GET CHALLENGE, GET PROCESSING OPTIONS, INTERNAL AUTHENTICATE,
    VERIFY, GENERATE AC, EXTERNAL AUTHENTICATE ...

For whoever looks at a log of a reader; a kernel has its own, stricter steps. A log of T=0 is folded
with `t0_fold` first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from posemu.wire.emv.apdu import (
    Command,
    Response,
    parse_command,
    parse_gpo_response,
    parse_response,
    response_objects,
)
from posemu.wire.emv.tlv import Tlv, decode_tlv, find_tlv
from posemu.wire.errors import DecodeError

CRYPTOGRAMS: Mapping[int, str] = {0x00: "AAC", 0x40: "TC", 0x80: "ARQC"}
"""The upper two bits of P1 of GENERATE AC and of the cryptogram information data (EMV Book 3,
6.5.5)."""

_KIND, _CDA = 0xC0, 0x10
_SELECT, _GPO = "SELECT", "GET PROCESSING OPTIONS"
_FORMAT_1 = (("9F27", 0, 1), ("9F36", 1, 3), ("9F26", 3, 11), ("9F10", 11, None))
_OK = 0x9000


class SessionStep(NamedTuple):
    """A command with its answer, and the answer's objects. EMV Book 3 6.3."""

    command: Command
    response: Response
    objects: tuple[Tlv, ...]

    @property
    def name(self) -> str:
        """What the command is called, "" if it is not known."""
        return self.command.name

    @property
    def body(self) -> bytes:
        """The values inside the command template (83) of GET PROCESSING OPTIONS, the data of any
        other command. Raises `DecodeError`. EMV Book 3 6.5.8."""
        if self.name != _GPO:
            return self.command.data
        return b"".join(find_tlv(decode_tlv(self.command.data), "83"))


class GeneratedAc(NamedTuple):
    """One GENERATE AC: the cryptogram that was asked for and the one that came ("AAC", "TC",
    "ARQC", "" for a reserved code), whether a CDA signature was asked for, the format of the answer
    (1: tag 80, 2: tag 77) and its objects: 9F27, 9F36, 9F26, 9F10, 9F4B, those that are there.
    EMV Book 3 6.5.5."""

    requested: str
    cda_requested: bool
    returned: str
    format: int
    objects: Mapping[str, bytes]


def read_session(exchanges: Iterable[tuple[bytes, bytes]]) -> tuple[SessionStep, ...]:
    """The exchanges (command, answer) of a log, taken apart. Raises `DecodeError`. EMV Book 3
    6.3."""
    steps = []
    for capdu, rapdu in exchanges:
        command, response = parse_command(capdu), parse_response(rapdu)
        steps.append(SessionStep(command, response, response_objects(response, command.name)))
    return tuple(steps)


def selected_name(step: SessionStep) -> bytes:
    """The DF name (84) that SELECT was answered with, b"" if none. EMV Book 1 11.3.4."""
    return next(iter(find_tlv(step.objects, "84")), b"")


def signature(step: SessionStep) -> bytes:
    """What INTERNAL AUTHENTICATE was answered with, of either format, b"" if nothing.
    EMV Book 3 6.5.9.4."""
    found = find_tlv(step.objects, "80") or find_tlv(step.objects, "9F4B")
    return next(iter(found), b"")


def generated_ac(step: SessionStep) -> GeneratedAc:
    """GENERATE AC taken apart. Raises `DecodeError`. EMV Book 3 6.5.5."""
    tag = step.objects[0].tag if len(step.objects) == 1 else ""
    if tag == "80":
        whole = step.objects[0].value
        objects = {tag: whole[start:end] for tag, start, end in _FORMAT_1 if whole[start:end]}
    elif tag == "77":
        objects = {item.tag: item.value for item in step.objects[0].children or ()}
    else:
        raise DecodeError("GENERATE AC", 0, "the answer must be one object, tag 80 or 77")
    cid = objects.get("9F27", b"")
    if len(cid) != 1:
        raise DecodeError("GENERATE AC", 0, "the answer must hold one byte of CID (9F27)")
    p1 = step.command.p1
    return GeneratedAc(
        requested=CRYPTOGRAMS.get(p1 & _KIND, ""),
        cda_requested=bool(p1 & _CDA),
        returned=CRYPTOGRAMS.get(cid[0] & _KIND, ""),
        format=1 if tag == "80" else 2,
        objects=objects,
    )


def application_objects(steps: Iterable[SessionStep]) -> dict[str, bytes]:
    """What the application said of itself from its selection (the last one) on: tag -> value, the
    first of each, with AIP (82) and AFL (94) out of either format. Raises `DecodeError`.
    EMV Book 3 6.5.8.4, 10.2."""
    found: dict[str, bytes] = {}
    for step in steps:
        if step.name == _SELECT and step.response.sw == _OK:
            found = {}
        if step.name == _GPO and step.response.sw == _OK:
            options = parse_gpo_response(step.response.data)
            found |= {"82": options.aip, "94": options.afl}
        for tag, value in _primitives(step.objects):
            found.setdefault(tag, value)
    return found


def _primitives(objects: Iterable[Tlv]) -> Iterable[tuple[str, bytes]]:
    for item in objects:
        if item.children is None:
            yield item.tag, item.value
        else:
            yield from _primitives(item.children)
