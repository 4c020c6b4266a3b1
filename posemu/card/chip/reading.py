"""GET PROCESSING OPTIONS, READ RECORD and GET DATA: how a transaction begins, and what a terminal
may read (EMV Book 3 6.5.7, 6.5.8, 6.5.11, 10.1 and 10.2).

GET PROCESSING OPTIONS counts the ATC before anything else of the transaction happens: whatever goes
wrong later, no two transactions have the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from posemu.card.chip.application import ATC_MAX, Phase
from posemu.card.chip.limits import value_of_limit
from posemu.card.chip.status import (
    NO_SUCH_DATA,
    NO_SUCH_FILE,
    NO_SUCH_RECORD,
    NOT_NOW,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1_P2,
)
from posemu.card.chip.turn import Refused, Turn, done
from posemu.wire import (
    DecodeError,
    Response,
    Tlv,
    dol_length,
    encode_tlv,
    split_dol,
    template,
    tlv_pairs,
)

LOG_SFI = 11  # EMV Book 3 annex D: an SFI of 11 to 30
_COMMAND_TEMPLATE = "83"
_P2_FORM = 0x04  # P2 of READ RECORD: the SFI, then 100: P1 is a record number


def get_processing_options(turn: Turn) -> Response:
    """Take the PDOL's values, count the ATC, give AIP and AFL."""
    application, command = turn.application, turn.command
    if command.p1 or command.p2:
        raise Refused(WRONG_P1_P2)
    said = _template_83(command.data)
    if len(said) != dol_length(application.pdol):
        raise Refused(WRONG_LENGTH)
    values = dict(split_dol(application.pdol, said))
    usable = all(values.get(tag) in allowed for tag, allowed in application.usage.items())
    atc = turn.stored.atc
    if not usable or atc >= ATC_MAX:
        raise Refused(NOT_NOW)
    if not turn.atc_stuck:
        turn.store(atc=atc + 1)
    turn.remember(phase=Phase.INITIATED, values=values, said=said)
    if application.gpo_format == 1:
        return done(encode_tlv([Tlv("80", application.aip + application.afl)]))
    parts = [Tlv("82", application.aip), Tlv("94", application.afl)]
    return done(encode_tlv([template("77", parts)]))


def _template_83(data: bytes) -> bytes:
    """The value of the one object 83 that the command's data is."""
    try:
        objects = tlv_pairs(data)
    except DecodeError:
        raise Refused(WRONG_DATA) from None
    if len(objects) != 1 or objects[0][0] != _COMMAND_TEMPLATE:
        raise Refused(WRONG_DATA)
    return objects[0][1]


def read_record(turn: Turn) -> Response:
    """One record of the directory or of the selected application."""
    number, sfi = turn.command.p1, turn.command.p2 >> 3
    if turn.command.p2 & 0x07 != _P2_FORM or not number:
        raise Refused(WRONG_P1_P2)
    record = _records(turn).get(sfi, {}).get(number)
    if record is None:
        raise Refused(NO_SUCH_RECORD if sfi in _records(turn) else NO_SUCH_FILE)
    return done(record)


def _records(turn: Turn) -> Mapping[int, Mapping[int, bytes]]:
    """SFI -> record number -> record; the newest transaction is record 1 of the log."""
    if turn.session.directory:
        return {1: dict(enumerate(turn.image.directory, 1))}
    files: dict[int, dict[int, bytes]] = {}
    for (sfi, number), record in turn.application.records.items():
        files.setdefault(sfi, {})[number] = record
    if turn.application.log_records:
        files[LOG_SFI] = dict(enumerate(turn.stored.log, 1))
    return files


def get_data(turn: Turn) -> Response:
    """One object that is in no record: counters, tries, log format, limits."""
    tag = f"{turn.command.p1:02X}{turn.command.p2:02X}"
    find = _DATA.get(tag)
    value = value_of_limit(turn, tag) if find is None else find(turn)
    if value is None:
        raise Refused(NO_SUCH_DATA)
    return done(encode_tlv([Tlv(tag.removeprefix("00"), value)]))


def _tries(turn: Turn) -> bytes | None:
    return bytes([turn.stored.tries_left]) if turn.stored.pin is not None else None


def _log_format(turn: Turn) -> bytes | None:
    entries = turn.application.log_format
    return b"".join(bytes.fromhex(tag) + bytes([length]) for tag, length in entries) or None


_DATA: Mapping[str, Callable[[Turn], bytes | None]] = {
    "9F36": lambda turn: turn.stored.atc.to_bytes(2),
    "9F13": lambda turn: turn.stored.last_online_atc.to_bytes(2),
    "9F17": _tries,
    "9F4F": _log_format,
}
"""Tag -> its value, None if this application has none (EMV Book 3 6.5.7 table 15)."""
