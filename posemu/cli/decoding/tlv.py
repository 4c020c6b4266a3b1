"""Reads BER-TLV with EMV tags (field 55, FCI, records, answers to GET PROCESSING OPTIONS) and data
object lists, as far as they go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from posemu.cli.decoding.emv_values import money, tag_meaning
from posemu.cli.decoding.model import Node, Problem, Reading
from posemu.cli.decoding.secret import Secret
from posemu.cli.decoding.words import say
from posemu.wire import (
    DecodeError,
    EmvTag,
    EncodeError,
    Tlv,
    decode_length,
    decode_tlv,
    emv_tag,
    encode_tlv,
    parse_dol,
    read_tag,
    tag_info,
)
from posemu.wire.emv.tlv import DEPTH_MAX

_KNOWN = 4
_UNFIT = 2  # a tag of the dictionary with a value of another size
_WHOLE = 3
_AMOUNTS = ("9F02", "9F03")
_DOLS = ("8C", "8D", "97", "9F38", "9F49", "9F4F")


def read_tlv(data: bytes, lang: str) -> Iterator[Reading]:
    """The objects of `data`."""
    nodes, problem, checks = emv_nodes(data, lang, 0)
    reading = Reading(say(lang, "tlv"), len(data), nodes, checks=checks)
    if problem is None:
        reading.explained, reading.checks = len(data), checks + _WHOLE
        document = tlv_document(data)
        reading.document = None if document is None else {"tlv": document}
    else:
        reading.problems.append(problem)
        reading.explained = min(problem.offset, len(data))
    yield reading


def read_dol(data: bytes, lang: str) -> Iterator[Reading]:
    """`data` as a list of tags and lengths without values."""
    reading = Reading(say(lang, "dol"), len(data))
    try:
        entries = parse_dol(data)
    except DecodeError as error:
        reading.problems.append(Problem.of(error))
        return
    place = 0
    for tag, length in entries:
        entry = emv_tag(tag)
        end = place + len(tag) // 2 + 1
        fits = entry is not None and entry.shortest <= length <= entry.longest
        reading.checks += _KNOWN if fits else -_KNOWN
        reading.nodes.append(
            Node(tag, _title(entry, lang), f"{length:02X}", [say(lang, "bytes", count=length)],
                 place, end)
        )  # fmt: skip
        place = end
    reading.explained = len(data)
    yield reading


def emv_nodes(data: bytes, lang: str, shift: int) -> tuple[list[Node], Problem | None, int]:
    """A node for each object, what stopped the reading, and the evidence; offsets are moved by
    `shift`."""
    nodes: list[Node] = []
    checks, problem = _walk(data, 0, len(data), nodes, lang, shift, DEPTH_MAX)
    _price(nodes, lang)
    return nodes, problem, checks


def _price(nodes: list[Node], lang: str) -> None:
    """Amounts say their currency where that stands beside them."""
    currency = next((node.value for node in nodes if node.key == "5F2A"), "")
    for node in nodes:
        if node.key in _AMOUNTS and node.value.isdigit():
            node.meaning = [money(node.value, currency, lang)]


def _walk(
    data: bytes, place: int, end: int, nodes: list[Node], lang: str, shift: int, levels: int
) -> tuple[int, Problem | None]:
    checks = 0
    try:
        while place < end:
            if data[place] == 0:
                place += 1
                continue
            tag = read_tag(data[:end], place)
            after = place + len(tag) // 2
            entry = emv_tag(tag)
            node = Node(tag, _title(entry, lang), start=shift + place, end=shift + end)
            length, width = decode_length(data[:end], after)
            start = after + width
            behind = start + length
            constructed = tag_info(tag).constructed
            short = behind > end
            if constructed:
                if not levels:
                    raise DecodeError(f"tag {tag}", start, f"is deeper than {DEPTH_MAX} templates")
                nodes.append(node)
                inner, problem = _walk(
                    data, start, min(behind, end), node.children, lang, shift, levels - 1
                )
                checks += inner + _KNOWN * (entry is not None and not short)
                if problem is not None:
                    return checks, problem
            if short:
                reason = f"{length} bytes announced, {end - start} left"
                raise DecodeError(f"tag {tag}", start, reason)
            node.end = shift + behind
            if not constructed:
                nodes.append(node)
                checks += _value(node, tag, entry, data[start:behind], lang, shift + start)
            place = behind
    except DecodeError as error:
        return checks, Problem.of(error, shift)
    return checks, None


def _value(node: Node, tag: str, entry: EmvTag | None, value: bytes, lang: str, start: int) -> int:
    """Fill in the value of an object; how much evidence it is."""
    node.value = value.hex().upper()
    node.secret = None if entry is None else entry.sensitive
    node.free, node.binary = entry is None, True
    if entry is None:
        return 0
    node.meaning = [] if node.secret else tag_meaning(tag, entry, value, lang)
    if tag in _DOLS:
        node.children = [
            Node(each.key, each.name, each.value, each.meaning)
            for reading in read_dol(value, lang)
            for each in reading.nodes
        ]
    fits = entry.shortest <= len(value) <= entry.longest
    if not fits:
        right = f"{entry.shortest}-{entry.longest}".removesuffix(f"-{entry.shortest}")
        node.meaning.append(say(lang, "wrong-size", right=right))
    return _KNOWN if fits else _UNFIT


def _title(entry: EmvTag | None, lang: str) -> str:
    return say(lang, "unknown-tag") if entry is None else entry.title(lang)


def tlv_document(data: bytes) -> Any:
    """What `posemu encode` makes `data` of: a mapping of tags, a list where a tag stands twice;
    None where it would write other bytes (filling, lengths longer than needed)."""
    try:
        objects = decode_tlv(data)
        if encode_tlv(objects) != data:
            return None
    except (DecodeError, EncodeError):
        return None
    return _objects(objects)


def _objects(objects: tuple[Tlv, ...]) -> Any:
    pairs = [(each.tag, _document_value(each)) for each in objects]
    if len(dict(pairs)) == len(pairs):
        return dict(pairs)
    return [{tag: value} for tag, value in pairs]


def _document_value(each: Tlv) -> Any:
    if each.children is not None:
        return _objects(each.children)
    text = each.value.hex().upper()
    entry = emv_tag(each.tag)
    return Secret(text, entry.sensitive) if entry and entry.sensitive else text
