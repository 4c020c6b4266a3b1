"""The table of formats, and which reading of all is taken.

Every reader looks at the input in every writing it may have; the reading with the highest score
wins (see `Reading.score`). Between equals the order of the table and of the dialects decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from posemu.cli.decoding.chip import read_atr, read_command, read_response, read_transcript
from posemu.cli.decoding.iso8583 import read_iso8583
from posemu.cli.decoding.model import RECOGNISED, Reading
from posemu.cli.decoding.source import Source
from posemu.cli.decoding.texts import (
    read_cpm,
    read_key_block,
    read_mpm,
    read_track,
    read_track2_equivalent,
)
from posemu.cli.decoding.tlv import read_dol, read_tlv
from posemu.wire import Dialect

NEAR = 0.6
"""The share of the best score from which another format is worth naming."""


class Format(NamedTuple):
    """One format: how --as calls it, what it is called in both languages, and its reader: of bytes
    or of text."""

    id: str
    en: str
    zh: str
    of_bytes: Callable[[bytes, str], Iterator[Reading]] | None = None
    of_text: Callable[[str, str], Iterator[Reading]] | None = None


class Candidate(NamedTuple):
    """A reading, the format it is in and the writing it was read from."""

    format: Format
    reading: Reading
    source: Source


_NO_DIALECT = "iso8583"
FORMATS = (
    Format("iso8583", "ISO 8583 messages", "ISO 8583 报文"),
    Format("tlv", "BER-TLV, as field 55", "BER-TLV，如55域", read_tlv),
    Format("command", "command to a card (C-APDU)", "卡片命令（C-APDU）", read_command),
    Format("response", "answer of a card (R-APDU)", "卡片响应（R-APDU）", read_response),
    Format("transcript", "lines of commands and answers", "逐行的命令与响应",
           of_text=read_transcript),
    Format("track2-equivalent", "track 2 of a chip (tag 57)", "磁道2等价数据（标签57）",
           read_track2_equivalent),
    Format("dol", "data object list", "数据对象列表", read_dol),
    Format("atr", "answer to reset of a card", "卡片复位应答", read_atr),
    Format("mpm", "EMV QR code of a merchant", "EMV商户二维码", of_text=read_mpm),
    Format("cpm", "EMV QR code of a consumer", "EMV顾客二维码", of_text=read_cpm),
    Format("track", "characters of track 1, 2 or 3", "磁道1、2、3的字符", of_text=read_track),
    Format("key-block", "header of a key block (TR-31)", "密钥块（TR-31）的头",
           of_text=read_key_block),
)  # fmt: skip
BY_ID = {each.id: each for each in FORMATS}


def candidates(
    given: Sequence[Source], dialects: Sequence[Dialect], lang: str, only: str | None = None
) -> list[Candidate]:
    """Every reading of the input, the best first; with `only` those of one format."""
    found = [
        Candidate(form, reading, source)
        for form in FORMATS
        if only in (None, form.id)
        for source in given
        for reading in _readings(form, source, dialects, lang)
    ]
    return sorted(found, key=lambda each: -round(each.reading.score, 3))


def others(ranked: Sequence[Candidate]) -> list[Candidate]:
    """What else the input could be: the best reading of every other format, and of every other
    dialect, that comes near to the best of all."""
    if not ranked:
        return []
    best = ranked[0]
    seen = {(best.format.id, best.reading.dialect)}
    near = []
    for each in ranked[1:]:
        key = (each.format.id, each.reading.dialect)
        enough = each.reading.score >= max(RECOGNISED, NEAR * best.reading.score)
        if key not in seen and enough and len(each.reading.problems) <= len(best.reading.problems):
            near.append(each)
        seen.add(key)
    return near


def _readings(
    form: Format, source: Source, dialects: Sequence[Dialect], lang: str
) -> Iterator[Reading]:
    data = source.data
    if isinstance(data, str):
        readings = form.of_text(data, lang) if form.of_text is not None else iter(())
    elif form.id == _NO_DIALECT:
        readings = read_iso8583(data, dialects, lang)
    else:
        readings = form.of_bytes(data, lang) if form.of_bytes is not None else iter(())
    for reading in readings:
        reading.problems[:0] = source.problems
        yield reading
