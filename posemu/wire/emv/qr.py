"""EMV QR codes (EMV QRCPS Merchant-Presented Mode 1.1 and Consumer-Presented Mode 1.1).

The merchant's code is text: an id of two digits, a length of two digits, a value, and in some ids
the same again. Lengths count characters, so 北京 has length 2; the CRC at the end counts bytes of
UTF-8. The consumer's code is BER-TLV in base64.

    000201 010212 2930{0012D15600000000 ...} 5204 4111 ... 6304A13A
    base64( 85 05 CPV01 | 61 .. [4F .. 57 ..] | 62 .. [64 ..] )

Reading and judging are two things: many codes on the wall break a rule of the specification and can
be read all the same, so `decode_mpm` reads and `check_mpm` judges. The consumer's code holds a PAN:
its objects mask themselves.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from posemu.wire.emv.tlv import Tlv, decode_tlv
from posemu.wire.errors import DecodeError, EncodeError

CODE_MAX = 7089
"""Characters that a QR code can hold (ISO/IEC 18004: version 40-L, digits)."""
MPM_MAX = 512
"""Characters of a merchant's code (QRCPS-MPM)."""

_FORMAT_ID, _FORMAT = "00", "01"
_CRC_ID = "63"
_CRC_HEAD = "6304"
_CRC_START = 0xFFFF
_TEMPLATES = frozenset(f"{n:02d}" for n in (*range(26, 52), 62, 64, *range(80, 100)))
"""Merchant accounts, additional data, language, unreserved (QRCPS-MPM)."""
_ADDITIONAL_DATA = "62"
_ADDITIONAL_TEMPLATES = frozenset(f"{n:02d}" for n in range(50, 100))
"""In additional data: templates of a payment system."""
_ACCOUNTS = frozenset(f"{n:02d}" for n in range(2, 52))
_MANDATORY = (_FORMAT_ID, "52", "53", "58", "59", "60", _CRC_ID)
"""Format, category, currency, country, name, city of the merchant (QRCPS-MPM)."""

_CPM_FORMAT = Tlv("85", b"CPV01")
_CPM_REPEATED = "61"
"""The only object that may stand more than once: one per application (QRCPS-CPM)."""


@dataclass(frozen=True, slots=True)
class Element:
    """One data object of a merchant's code; `children` is None where the value is no template.
    EMV QRCPS-MPM."""

    id: str
    value: str
    children: tuple[Element, ...] | None = None


@dataclass(frozen=True, slots=True)
class MpmPayload:
    """A merchant's code: its elements in order, the last of them the CRC (4 hex digits).
    EMV QRCPS-MPM."""

    elements: tuple[Element, ...]
    crc: str


def qr_crc(text: str) -> str:
    """The CRC of a code up to and with "6304" (ISO/IEC 13239, polynomial 1021, start FFFF, over
    UTF-8): four upper-case hex digits. Raises `EncodeError`."""
    try:
        return f"{binascii.crc_hqx(text.encode(), _CRC_START):04X}"
    except UnicodeEncodeError:
        raise EncodeError("CRC", "the text holds half a character (a lone surrogate)") from None


def read_elements(text: str) -> tuple[Element, ...]:
    """Ids, lengths and values, one behind the other, none opened. Raises `DecodeError`, whose
    offset counts characters. EMV QRCPS-MPM."""
    return tuple(Element(id_, value) for id_, value, _ in _walk(text, 0))


def decode_mpm(payload: str) -> MpmPayload:
    """Read a merchant's code and check its CRC; templates are opened. Raises `DecodeError`.
    EMV QRCPS-MPM."""
    elements = tuple(
        Element(id_, value, _children(id_, value, start)) for id_, value, start in _walk(payload, 0)
    )
    crc = elements[-1].value if elements and elements[-1].id == _CRC_ID else ""
    offset = len(payload) - len(crc)
    if len(crc) != 4 or payload[offset - 4 : offset] != _CRC_HEAD:
        raise DecodeError("id 63", len(payload), "the last element must be the CRC, 6304....")
    try:
        right = qr_crc(payload[:offset]) == crc
    except EncodeError as error:
        raise DecodeError("QR code", 0, error.reason) from None
    if not right:
        raise DecodeError("id 63", offset, "the CRC is not that of the text before it")
    return MpmPayload(elements, crc)


def check_mpm(payload: str) -> None:
    """Judge a merchant's code by the rules of order and presence (QRCPS-MPM): the format
    first and known, the CRC last and right, no id twice, what is mandatory there, 512 characters at
    most. Raises `DecodeError`."""
    if len(payload) > MPM_MAX:
        raise DecodeError("QR code", MPM_MAX, f"longer than {MPM_MAX} characters")
    ids: list[str] = []
    for id_, value, start in _walk(payload, 0):
        if not ids and (id_, value) != (_FORMAT_ID, _FORMAT):
            raise DecodeError("id 00", 0, "the code must begin with 000201")
        if id_ in ids:
            raise DecodeError(f"id {id_}", start - 4, "stands there twice")
        ids.append(id_)
    missing = [id_ for id_ in _MANDATORY if id_ not in ids]
    if missing:
        raise DecodeError(f"id {missing[0]}", len(payload), "is mandatory and missing")
    if _ACCOUNTS.isdisjoint(ids):
        raise DecodeError("id 02", len(payload), "no merchant account (one of 02 to 51) is there")
    decode_mpm(payload)


def encode_mpm(elements: Iterable[Element]) -> str:
    """The text of a merchant's code: `elements` in order (an element with children holds them, and
    its value is not looked at), the CRC appended. Raises `EncodeError`. EMV QRCPS-MPM."""
    text = "".join(map(_written, elements)) + _CRC_HEAD
    return text + qr_crc(text)


def decode_cpm(payload: str) -> tuple[Tlv, ...]:
    """Read a consumer's code: base64, the format indicator CPV01 first. Raises `DecodeError`.
    EMV QRCPS-CPM."""
    data = cpm_data(payload)
    objects = decode_cpm_templates(data)
    if objects[:1] != (_CPM_FORMAT,):
        raise DecodeError("tag 85", 0, "the code must begin with the format indicator CPV01")
    return objects


def cpm_data(payload: str) -> bytes:
    """The bytes behind the base64 of a consumer's code. Raises `DecodeError`. EMV QRCPS-CPM."""
    _check_size(payload)
    try:
        return base64.b64decode(payload, validate=True)
    except ValueError:
        raise DecodeError("QR code", 0, "is not base64 (with its = at the end)") from None


def _check_size(text: str) -> None:
    if len(text) > CODE_MAX:
        raise DecodeError("QR code", CODE_MAX, f"longer than {CODE_MAX} characters: no QR code is")


def decode_cpm_templates(data: bytes) -> tuple[Tlv, ...]:
    """The objects of a consumer's code, templates 61 to 64 opened; none but 61 may stand twice
    (QRCPS-CPM). Raises `DecodeError`."""
    objects = decode_tlv(data)
    _refuse_twins(objects, _CPM_REPEATED)
    return objects


def encode_cpm(data: bytes) -> str:
    """The base64 of a consumer's code whose objects are `data`. Raises `DecodeError` if they could
    not be read back. EMV QRCPS-CPM."""
    payload = base64.b64encode(data).decode()
    decode_cpm(payload)
    return payload


def _walk(text: str, offset: int) -> Iterator[tuple[str, str, int]]:
    """Id, value, and where the value starts; `offset` is where `text` starts in the payload."""
    _check_size(text)
    place = 0
    while place < len(text):
        head = text[place : place + 4]
        id_, length = head[:2], head[2:]
        for name, field in (("id", id_), ("length", length)):
            if not (field.isascii() and field.isdigit()) and field:
                raise DecodeError(name, offset + place, "must be two digits")
        start = place + 4
        place = start + int(length or 0)
        if len(head) < 4 or place > len(text):
            raise DecodeError(f"id {id_}", offset + start - 4, "is cut short")
        yield id_, text[start:place], offset + start


def _children(id_: str, value: str, start: int) -> tuple[Element, ...] | None:
    if id_ not in _TEMPLATES:
        return None
    return tuple(
        Element(
            inner,
            text,
            tuple(Element(i, v) for i, v, _ in _walk(text, place))
            if id_ == _ADDITIONAL_DATA and inner in _ADDITIONAL_TEMPLATES
            else None,
        )
        for inner, text, place in _walk(value, start)
    )


def _written(element: Element) -> str:
    value = element.value
    if element.children is not None:
        value = "".join(map(_written, element.children))
    if not (len(element.id) == 2 and element.id.isascii() and element.id.isdigit()):
        raise EncodeError("id", "must be two digits")
    if len(value) > 99:
        raise EncodeError(f"id {element.id}", "holds at most 99 characters")
    return f"{element.id}{len(value):02d}{value}"


def _refuse_twins(objects: tuple[Tlv, ...], repeated: str) -> None:
    seen = set()
    for item in objects:
        if item.tag in seen and item.tag != repeated:
            raise DecodeError(f"tag {item.tag}", 0, "stands there twice")
        seen.add(item.tag)
        _refuse_twins(item.children or (), "")
