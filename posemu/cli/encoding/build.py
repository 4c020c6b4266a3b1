"""Builds what stands alone: TLV, commands and answers of cards, QR codes, tracks.

Each builder takes its part of the file and gives bytes, or text where the thing is text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from posemu.cli.encoding.yaml_file import Part
from posemu.wire import (
    Command,
    Element,
    EncodeError,
    Response,
    Tlv,
    encode_command,
    encode_cpm,
    encode_mpm,
    encode_response,
    encode_tlv,
    encode_track1,
    encode_track2,
    encode_track3,
    tag_info,
    template,
    track1_lrc,
    track2_lrc,
)
from posemu.wire.errors import DecodeError

_ENCODERS = {"track1": encode_track1, "track2": encode_track2, "track3": encode_track3}


def tlv_bytes(part: Part) -> bytes:
    """Objects: a map of tags, or a list of such maps where a tag stands twice."""
    try:
        return encode_tlv(_objects(part))
    except EncodeError as error:
        part.blame(error)


def _objects(part: Part) -> list[Tlv]:
    return [_object(tag, value) for tag, value in _entries(part)]


def _entries(part: Part) -> Iterator[tuple[str, Part]]:
    if isinstance(part.data, list):
        for each in part.parts():
            yield from each.items()
    else:
        yield from part.items()


def _object(tag: str, part: Part) -> Tlv:
    tag = tag.upper()
    try:
        constructed = tag_info(tag).constructed
        if constructed:
            return template(tag, _objects(part))
    except EncodeError as error:
        part.refuse(f"{tag}: {error}", at_key=True)
    return Tlv(tag, part.octets())


def _tlv(part: Part) -> bytes:
    return tlv_bytes(part)


def _cpm(part: Part) -> str:
    try:
        return encode_cpm(tlv_bytes(part))
    except DecodeError as error:
        part.refuse(str(error))


def _command(part: Part) -> bytes:
    """A command: header (CLA INS P1 P2), data, le."""
    part.only(("header", "data", "le", "extended"))
    header = part.need("header", '"00A40400"').octets()
    if len(header) != 4:
        part.need("header", "").refuse('must be CLA INS P1 P2, as in "00A40400"')
    data, le, extended = part.get("data"), part.get("le"), part.get("extended")
    try:
        return encode_command(
            Command(
                header[0],
                header[1],
                header[2],
                header[3],
                b"" if data is None else _plain_or_tlv(data),
                None if le is None else le.number(),
                extended is not None and extended.flag(),
            )
        )
    except EncodeError as error:
        part.blame(error)


def _response(part: Part) -> bytes:
    part.only(("data", "sw"))
    data, sw = part.get("data"), part.need("sw", '"9000"')
    if len(sw.octets()) != 2:
        sw.refuse('must be two bytes, as in "9000"')
    try:
        body = b"" if data is None else _plain_or_tlv(data)
        return encode_response(Response(body, int.from_bytes(sw.octets(), "big")))
    except EncodeError as error:
        sw.blame(error)


def _plain_or_tlv(part: Part) -> bytes:
    return tlv_bytes(part) if isinstance(part.data, dict | list) else part.octets()


def _qr(part: Part) -> str:
    """A merchant's QR code; the CRC is made."""
    try:
        return encode_mpm(_elements(part, top=True))
    except EncodeError as error:
        part.blame(error)


def _elements(part: Part, *, top: bool = False) -> list[Element]:
    found = []
    for id_, value in part.items():
        if top and id_ == "63":
            value.refuse("the CRC is made; leave 63 out", at_key=True)
        if isinstance(value.data, dict):
            found.append(Element(id_, "", tuple(_elements(value))))
        else:
            found.append(Element(id_, value.text()))
    return found


def _track(kind: str) -> Callable[[Part], str]:
    def build(part: Part) -> str:
        chars = part.get("chars")
        if chars is not None:
            part.only(("chars",))
            return chars.text()
        return _written(kind, part)

    return build


def _written(kind: str, part: Part) -> str:
    """The characters of track 1 or 2, from sentinel to sentinel, and the LRC if it is wanted."""
    keys = ("pan", "name", "expiry", "service_code", "discretionary", "separator", "sentinels",
            "lrc")  # fmt: skip
    part.only(keys)

    def text(key: str, otherwise: str) -> str:
        found = part.get(key)
        return otherwise if found is None else found.text()

    pan = part.need("pan", '"9999000000000004"').text()
    separator = "^" if kind == "track1" else text("separator", "=")
    name = part.need("name", '"HOLDER/CARD"').text() + "^" if kind == "track1" else ""
    tail = (text("expiry", "") or separator) + (text("service_code", "") or separator)
    letter = "B" if kind == "track1" else ""
    body = f"{letter}{pan}{separator}{name}{tail}{text('discretionary', '')}"
    sentinels, lrc = part.get("sentinels"), part.get("lrc")
    if sentinels is not None and not sentinels.flag():
        return body
    whole = f"{'%' if kind == 'track1' else ';'}{body}?"
    if lrc is None or not lrc.flag():
        return whole
    try:
        return whole + (track1_lrc if kind == "track1" else track2_lrc)(whole).char
    except EncodeError as error:
        part.blame(error)


def track_bits(kind: str, text: str, part: Part) -> str:
    """The bits of a swipe, LRC and all, as 0 and 1."""
    whole = text[: text.index("?") + 1] if "?" in text else text
    try:
        return "".join(map(str, _ENCODERS[kind](whole)))
    except EncodeError as error:
        part.blame(error)


BUILDERS: dict[str, Callable[[Part], bytes | str]] = {
    "tlv": _tlv,
    "cpm": _cpm,
    "command": _command,
    "response": _response,
    "qr": _qr,
    "track1": _track("track1"),
    "track2": _track("track2"),
    "track3": _track("track3"),
    "track2_equivalent": lambda part: part.octets(),
}
"""Top-level key of the file -> what builds it."""
TRACKS = tuple(_ENCODERS)
