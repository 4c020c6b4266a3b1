"""The card's records, those that its file locator names (EMV 4.4 Book 3, 10.2 and 7).

    AFL entry  SFI, first and last record, how many of them the issuer signed
    record     70 [ objects ] in SFI 1 to 10; in 11 to 30 whatever their owner likes

What may break: a locator that points nowhere, records that cannot be read or are no template,
objects twice, of wrong length, or missing. Promised: every object that is known is kept once, and
the signed parts are kept in their order for offline authentication.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Final

from posemu.terminal.kernel.card_dialogue import OK, ask_card
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.fci import known_objects, read_record
from posemu.terminal.kernel.initiate import AFL
from posemu.terminal.kernel.outcome import terminate
from posemu.terminal.kernel.requests import Answer, Request
from posemu.wire.emv.apdu import parse_afl
from posemu.wire.emv.dol import dol_length
from posemu.wire.emv.tags import emv_tag
from posemu.wire.emv.tlv import decode_length, decode_tlv
from posemu.wire.errors import DecodeError

RECORDS_MAX = 200
"""The book sets no bound; a card has some twenty records at most."""
LAST_EMV_SFI: Final = 10
MANDATORY = ("5F24", "5A", "8C", "8D")
"""Expiration date, PAN, CDOL1, CDOL2 (Book 3, 7.2)."""

_TEMPLATE = b"\x70"
_DATES = ("5F24", "5F25")
_DOLS = {"8C": 255, "8D": 255, "97": 0xFFFF}
"""The bytes they may ask for: what a command holds; what TDOL asks for is hashed, not sent."""
_CHECKED = (
    "57", "5A", *_DATES, "5F28", "5F30", "5F34", *_DOLS, "9F07", "9F08", "9F0D", "9F0E",
    "9F0F", "9F14", "9F23", "9F42", "9F44",
)  # fmt: skip
"""What the kernel decides by, and the book gives no other consequence for when it is malformed
(Book 3, 7.5). What is for authentication fails there, a CVM list counts as none."""
_DIGITS = {"n": re.compile("[0-9]*"), "cn": re.compile("[0-9]+f*")}
_DATE = re.compile("[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")


def _form(tag: str) -> tuple[int, int, re.Pattern[str] | None]:
    """Fewest and most bytes of an object, and what its hex digits must be like."""
    known = emv_tag(tag)
    assert known is not None
    digits = _DATE if tag in _DATES else _DIGITS.get(known.format)
    return known.shortest, known.longest, digits


_FORMS = {tag: _form(tag) for tag in _CHECKED}


def read_data(data: Data) -> Generator[Request, Answer, None]:
    """Read all records of the AFL (94) into `data`, the signed ones into `data.static` too: of SFI
    1 to 10 the contents of the template, of 11 to 30 all of it (Book 3, 10.3). A signed record that
    is no template sets `data.static_spoiled`, and nothing else."""
    for sfi, number, signed in _records(data.card.get(AFL, b"")):
        answer = yield from ask_card(read_record(sfi, number))
        if answer.sw != OK:
            raise terminate("bad-status")
        contents = _contents(answer.data)
        if sfi <= LAST_EMV_SFI:
            if contents is None:
                raise terminate("bad-format")
            _keep(data, contents)
        elif contents is None:
            data.static_spoiled |= signed
        if signed and contents is not None:
            data.static.append(contents if sfi <= LAST_EMV_SFI else answer.data)
    _check(data)


def _records(afl: bytes) -> Iterator[tuple[int, int, bool]]:
    """SFI and number of each record, and whether it is signed."""
    if not afl:
        raise terminate("missing-data")
    try:
        entries = parse_afl(afl)
    except DecodeError as error:
        raise terminate("bad-afl") from error
    if sum(entry.last - entry.first + 1 for entry in entries) > RECORDS_MAX:
        raise terminate("bad-afl")
    for entry in entries:
        for number in range(entry.first, entry.last + 1):
            yield entry.sfi, number, number - entry.first < entry.oda_records


def _contents(record: bytes) -> bytes | None:
    """What is in template 70; None if the record is not that template, the whole of it and nothing
    behind it (Book 3, 6.5.11.4)."""
    try:
        length, width = decode_length(record, 1)
    except DecodeError:
        return None
    fits = record[:1] == _TEMPLATE and len(record) == 1 + width + length
    return record[1 + width :] if fits else None


def _keep(data: Data, contents: bytes) -> None:
    try:
        objects = known_objects(decode_tlv(contents))
    except DecodeError as error:
        raise terminate("bad-format") from error
    for tag, value in objects:
        data.take(tag, value)


def _check(data: Data) -> None:
    if any(tag not in data.card for tag in MANDATORY):
        raise terminate("missing-data")
    for tag, (shortest, longest, digits) in _FORMS.items():
        value = data.card.get(tag)
        if value is None:
            continue
        if not shortest <= len(value) <= longest or (digits and not digits.fullmatch(value.hex())):
            raise terminate("bad-format")
    if not all(_can_be_filled(tag, data) for tag in _DOLS if tag in data.card):
        raise terminate("bad-format")


def _can_be_filled(tag: str, data: Data) -> bool:
    try:
        return dol_length(data.entries(tag)) <= _DOLS[tag]
    except DecodeError:
        return False
