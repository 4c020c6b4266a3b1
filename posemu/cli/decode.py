"""`posemu decode`: what is in these bytes. Sensitive values are masked, whatever comes in."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from posemu.profiles import DialectFileError, load_dialect
from posemu.wire import (
    Codec,
    DecodeError,
    Element,
    EmvTag,
    Tlv,
    decode_cpm,
    decode_mpm,
    decode_tlv,
    emv_tag,
    explain,
    mask_pan,
    parse_track1,
    parse_track2,
    qr_crc,
)

_TPDU_ID = 0x60
_TPDU_END = 5
_HEADS = {"en": ("field", "name", "value"), "zh": ("域", "名称", "值")}
_TRACK_NAMES = {
    "en": ("PAN", "name", "expiry (YYMM)", "service code", "discretionary data"),
    "zh": ("主账号", "姓名", "有效期（年月）", "服务代码", "自由数据"),
}


_KINDS = {
    "iso8583": ("ISO 8583, dialect {dialect}", "ISO 8583 报文，方言 {dialect}"),
    "tlv": ("BER-TLV with EMV tags", "BER-TLV（EMV 标签）"),
    "track": ("magnetic stripe", "磁条数据"),
    "mpm": ("EMV QR, merchant-presented", "EMV 二维码，商户出示"),
    "cpm": ("EMV QR, consumer-presented", "EMV 二维码，顾客出示"),
}
_KNOWN_TAGS = 0.5  # the share of known tags from which bytes are taken for EMV data
_MPM_BEGINS, _CPM_BEGINS = "000201", "hQVDUFYwM"  # payload format indicators of both QR codes


class _Answer(NamedTuple):
    """What it is; rows of field, name and value; what stopped the reading, its offset counted in
    the input."""

    kind: str
    rows: list[tuple[str, str, str]]
    error: DecodeError | None


def command(
    data: Annotated[
        str,
        typer.Argument(
            metavar="HEX|-", help="The bytes in hex, or the characters of a track; - reads them."
        ),
    ],
    lang: Annotated[Literal["en", "zh"], typer.Option(help="Language of the names.")] = "en",
    dialect: Annotated[str, typer.Option(help="Dialect of ISO 8583.")] = "posemu-87-aes",
) -> None:
    """Say what something is and explain it: an ISO 8583 message (with or without length and TPDU),
    EMV data in BER-TLV such as a field 55, the text of a track, an EMV QR code.

    Prefer - and give the data on standard input: what stands on a command line stays in the history
    of the shell and in the list of processes. Sensitive values are masked in the output.
    """
    text = (sys.stdin.read() if data == "-" else data).strip()
    try:
        codec = Codec(load_dialect(dialect))
    except DialectFileError as error:
        typer.echo(f"unknown dialect {dialect!r}; {error.reason}", err=True)
        raise typer.Exit(2) from None
    answer = _read(text, codec, lang)
    if answer.rows:
        typer.echo(_KINDS[answer.kind][lang == "zh"].format(dialect=dialect))
        _show(answer.rows, lang)
    if answer.error is not None:
        typer.echo(str(answer.error), err=True)
        raise typer.Exit(2)


def _read(text: str, codec: Codec, lang: str) -> _Answer:
    try:
        if text.startswith(_MPM_BEGINS) and not _is_hex_message(text):
            elements = decode_mpm(text).elements
            return _Answer("mpm", [row for e in elements for row in _element(e, "")], None)
        if text.startswith(_CPM_BEGINS):
            return _Answer("cpm", _objects(decode_cpm(text), lang, ""), None)
        if "^" in text or "=" in text:
            return _Answer("track", _track(text, lang), None)
        raw = _from_hex(text)
        objects = _emv_data(raw)
        if objects is not None:
            return _Answer("tlv", _objects(objects, lang, ""), None)
        start = _message_start(raw)
    except DecodeError as error:
        return _Answer("", [], error)
    rows = [] if start == 0 else [("TPDU", "TPDU", raw[start - _TPDU_END : start].hex().upper())]
    found = explain(codec, raw[start:], lang)
    for row in found.rows:
        rows.append((f"DE{row.number}" if row.number else "MTI", row.name, row.value))
    stop = found.error
    if stop is not None:
        stop = DecodeError(stop.field, stop.offset + start, stop.reason)
    return _Answer("iso8583", rows, stop)


def _is_hex_message(text: str) -> bool:
    """A payload of digits alone could be hex; its checksum says that it is a payload."""
    return re.fullmatch(r"[0-9A-Fa-f\s]+", text) is not None and qr_crc(text[:-4]) != text[-4:]


def _emv_data(raw: bytes) -> tuple[Tlv, ...] | None:
    """The objects, if these bytes are EMV data and nothing else."""
    try:
        objects = decode_tlv(raw)
    except DecodeError:
        return None
    known = sum(emv_tag(each.tag) is not None for each in objects)
    return objects if objects and known >= _KNOWN_TAGS * len(objects) else None


def _objects(objects: Sequence[Tlv], lang: str, indent: str) -> list[tuple[str, str, str]]:
    """A row for each object, what is inside it indented below it."""
    rows = []
    for each in objects:
        entry = emv_tag(each.tag)
        name = entry.title(lang) if entry is not None else "?"
        value = "" if each.children else _tlv_value(each, entry)
        rows.append((f"{indent}{each.tag}", name, value))
        rows += _objects(each.children or (), lang, indent + "  ")
    return rows


def _tlv_value(each: Tlv, entry: EmvTag | None) -> str:
    if entry is None or entry.sensitive is None:
        return each.value.hex().upper()
    if entry.sensitive == "pan":
        return mask_pan(each.value.hex().rstrip("f"))
    return f"*** {entry.sensitive}, {len(each.value)} bytes"


def _element(element: Element, indent: str) -> list[tuple[str, str, str]]:
    """An element of a merchant's QR code, what is inside it indented below it."""
    children = element.children or ()
    value = "" if children else element.value
    rows = [(f"{indent}{element.id}", "", value)]
    return rows + [row for child in children for row in _element(child, indent + "  ")]


def _from_hex(text: str) -> bytes:
    digits = re.sub(r"[\s:]", "", text).removeprefix("0x")
    wrong = re.search(r"[^0-9A-Fa-f]", digits)
    if wrong is not None:
        raise DecodeError(
            "input", wrong.start(), "is not a hex digit, and this is no track and no QR code either"
        )
    if not digits or len(digits) % 2:
        raise DecodeError("input", len(digits), "must be whole bytes, two hex digits each")
    return bytes.fromhex(digits)


def _message_start(raw: bytes) -> int:
    """Where the MTI stands: behind length and TPDU, behind a TPDU only, or at the beginning."""
    if raw[0] == _TPDU_ID:
        if len(raw) < _TPDU_END:
            raise DecodeError("TPDU", len(raw), f"ends after {len(raw)} of {_TPDU_END} bytes")
        return _TPDU_END
    if len(raw) > 2 and raw[2] == _TPDU_ID:
        length = int.from_bytes(raw[:2], "big")
        if length != len(raw) - 2:
            raise DecodeError("length", 0, f"says {length} bytes, {len(raw) - 2} follow")
        return 2 + _TPDU_END
    return 0


def _track(text: str, lang: str) -> list[tuple[str, str, str]]:
    chars = text.removeprefix(";").removeprefix("%").removesuffix("?")
    track = parse_track1(chars) if "^" in chars else parse_track2(chars)
    values = (
        mask_pan(track.pan),
        "***" if "^" in chars else "",
        track.expiry,
        track.service_code,
        f"*** {len(track.discretionary)}",
    )
    label = "track 1" if "^" in chars else "track 2"
    pairs = zip(_TRACK_NAMES[lang], values, strict=True)
    return [(label, name, value) for name, value in pairs if value]


def _show(rows: list[tuple[str, str, str]], lang: str) -> None:
    table = Table(box=None, pad_edge=False)
    for head in _HEADS[lang]:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)
