"""Reads what is given as characters: EMV QR codes, the tracks of a stripe, key blocks; and the
track 2 of a chip, which is bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from posemu.cli.decoding.model import Node, Problem, Reading
from posemu.cli.decoding.secret import Secret
from posemu.cli.decoding.tlv import emv_nodes, tlv_document
from posemu.cli.decoding.words import code, say
from posemu.crypto.errors import KeyBlockError
from posemu.crypto.key_block.header import MANDATORY, parse_header
from posemu.wire import (
    DecodeError,
    EncodeError,
    Track1,
    Track2,
    TrackError,
    check_mpm,
    cpm_data,
    luhn_valid,
    parse_service_code,
    parse_track1,
    parse_track2,
    parse_track3,
    qr_crc,
    read_elements,
    track1_lrc,
    track2_from_equivalent,
    track2_lrc,
)

_MPM_BEGINS = "000201"
_CRC_HEAD = "6304"
_TEMPLATES = (*range(26, 52), 62, 64, *range(80, 100))
_KEY_BLOCK = re.compile(r"[A-E]\d{4}[0-9A-Z]{3}[0-9A-Za-z]{4}\d{2}[0-9A-Za-z]{2}")
_SECRET_TRACK = "track"


def read_mpm(text: str, lang: str) -> Iterator[Reading]:
    """A merchant's QR code; its checksum is judged, and then its rules."""
    if not re.match(r"\d{4}", text):
        return
    reading = Reading(say(lang, "mpm"), len(text), checks=10 * text.startswith(_MPM_BEGINS))
    document = _elements(text, 0, reading.nodes, reading, lang, "qr")
    reading.explained = len(text)
    if reading.problems:
        reading.explained = min(reading.problems[0].offset, len(text))
    place = text.rfind(_CRC_HEAD)
    if text[-8:-4] == _CRC_HEAD:
        right = qr_crc(text[:-4])
        good = right == text[-4:]
        reading.checks += 16 if good else 2
        for node in reading.nodes:
            if node.key == "63":
                node.meaning = [say(lang, "right") if good else say(lang, "crc-wrong", crc=right)]
        if not good:
            reason = f"the CRC is wrong; that of the text before it is {right}"
            reading.problems.append(Problem("id 63", len(text) - 4, reason))
    elif place < 0 or not reading.problems:
        reason = "the last element must be the CRC, 6304...."
        reading.problems.append(Problem("id 63", len(text), reason))
    if not reading.problems:
        try:
            check_mpm(text)
        except DecodeError as error:
            reading.problems.append(Problem.of(error))
        reading.document = {"qr": {k: v for k, v in document.items() if k != "63"}}
    yield reading


def _elements(
    text: str, shift: int, nodes: list[Node], reading: Reading, lang: str, names: str
) -> dict[str, object]:
    """The elements of `text` as far as they go, templates opened; what encodes to them again."""
    document: dict[str, object] = {}
    place = 0
    while place < len(text):
        head = text[place : place + 4]
        size = int(head[2:]) if re.fullmatch(r"\d{4}", head) else -1
        end = place + 4 + size
        if size < 0 or end > len(text):
            reason = "is cut short" if re.fullmatch(r"\d{0,4}", head) else "must be two digits"
            reading.problems.append(Problem(f"id {head[:2]}", shift + place, reason))
            return document
        id_, value = head[:2], text[place + 4 : end]
        node = Node(id_, _element_name(id_, names, lang), value, [], shift + place, shift + end)
        nodes.append(node)
        document[id_] = value
        inside = names == "qr" and int(id_) in _TEMPLATES
        if inside or (names == "qr-62" and int(id_) >= 50):
            inner = f"qr-{id_}" if id_ in ("62", "64") else "qr-inside"
            try:
                read_elements(value)
            except DecodeError as error:
                reading.problems.append(Problem.of(error, shift + place + 4))
            else:
                node.value = ""
                document[id_] = _elements(
                    value, shift + place + 4, node.children, reading, lang, inner
                )
        elif names == "qr":
            node.meaning = _element_meaning(id_, value, lang)
        place = end
    return document


def _element_name(id_: str, names: str, lang: str) -> str:
    found = code(lang, names, id_)
    if found or names != "qr":
        return found
    number = int(id_)
    ranges = ((2, 51, "qr-account"), (65, 79, "qr-reserved"), (80, 99, "qr-unreserved"))
    return next((say(lang, key) for low, high, key in ranges if low <= number <= high), "")


def _element_meaning(id_: str, value: str, lang: str) -> list[str]:
    if id_ == "53":
        text = code("en", "currencies", value).partition(" ")[0]
    elif id_ in ("01", "55"):
        text = code(lang, f"qr-{id_}", value)
    else:
        return []
    return [text or say(lang, "unknown")]


def read_cpm(text: str, lang: str) -> Iterator[Reading]:
    """A consumer's QR code: base64 of objects, the format indicator first."""
    try:
        data = cpm_data(text.strip())
    except DecodeError:
        return
    nodes, problem, checks = emv_nodes(data, lang, 0)
    if not data.startswith(b"\x85\x05CPV01"):
        return
    reading = Reading(say(lang, "cpm"), len(data), nodes, checks=checks + 20)
    for node in nodes:
        if node.key == "85":
            node.name, node.meaning = say(lang, "cpm-format"), ['"CPV01"']
    reading.explained = len(data)
    if problem is not None:
        reading.problems.append(problem)
        reading.explained = min(problem.offset, len(data))
    else:
        document = tlv_document(data)
        reading.document = None if document is None else {"cpm": document}
    yield reading


def read_track2_equivalent(data: bytes, lang: str) -> Iterator[Reading]:
    """Track 2 as a chip holds it (tag 57): digits two a byte, the separator D."""
    try:
        chars = track2_from_equivalent(data)
        reading = _track("track2", chars, chars, lang, parse_track2(chars), 0)
    except TrackError:
        return
    reading.title = say(lang, "track2-equivalent")
    reading.size = reading.explained = len(data)
    reading.document = {"track2_equivalent": Secret(data.hex().upper(), _SECRET_TRACK)}
    reading.problems = [each._replace(offset=each.offset // 2) for each in reading.problems]
    for node in reading.walk():
        node.start = node.end = -1
    yield reading


def read_track(text: str, lang: str) -> Iterator[Reading]:
    """The characters of track 1, 2 or 3, with or without sentinels and LRC."""
    found = re.fullmatch(r"(?P<start>[%;]?)(?P<chars>[^?]*)(?P<end>\??)(?P<lrc>.?)", text)
    if found is None or len(text) > 120 or not re.search(r"[=^]", found["chars"]):
        return
    chars, shift = found["chars"], len(found["start"])
    kind = "track1" if "^" in chars else "track2"
    if kind == "track2" and re.match(r"0[12]\d{0,19}=", chars):
        yield from _track3(text, chars, lang)
    try:
        parsed = parse_track1(chars) if kind == "track1" else parse_track2(chars)
    except TrackError as error:
        if not re.match(r"B?\d{8,19}[=^]", chars):
            return
        reading = Reading(say(lang, kind), len(text), checks=6, explained=error.offset)
        reading.problems.append(Problem.of(error, shift))
        yield reading
        return
    reading = _track(kind, text, chars, lang, parsed, shift)
    if found["end"] and found["lrc"]:
        _judge_lrc(reading, kind, f"{'%' if kind == 'track1' else ';'}{chars}?", found["lrc"], lang)
    yield reading


def _track(
    kind: str, text: str, chars: str, lang: str, track: Track1 | Track2, shift: int
) -> Reading:
    """A reading of a track that was parsed."""
    reading = Reading(say(lang, kind), len(text), checks=8, explained=len(text))
    name = track.name_raw if isinstance(track, Track1) else ""
    place = shift + isinstance(track, Track1)
    parts: Sequence[tuple[str, str, str | None]] = (
        ("pan", track.pan, "pan"),
        ("name", name, "name"),
        ("expiry", track.expiry, None),
        ("service", track.service_code, None),
        ("discretionary", track.discretionary, _SECRET_TRACK),
    )
    for key, value, secret in parts:
        place = max(text.find(value, place), place) if value else place
        if value or key == "discretionary":
            node = Node(say(lang, f"key-{key}"), say(lang, f"track-{key}"), value, [], place,
                        place + len(value), secret)  # fmt: skip
            _track_meaning(key, node, reading, lang)
            reading.nodes.append(node)
        place += len(value)
    row: dict[str, object] = {"pan": Secret(track.pan, "pan"), "expiry": track.expiry,
           "service_code": track.service_code,
           "discretionary": Secret(track.discretionary, _SECRET_TRACK)}  # fmt: skip
    if isinstance(track, Track1):
        row["name"] = Secret(track.name_raw, "name")
    elif track.separator != "=":
        row["separator"] = track.separator
    if text[:1] not in "%;":
        row["sentinels"] = False
    reading.document = {kind: row}
    return reading


def _track_meaning(key: str, node: Node, reading: Reading, lang: str) -> None:
    if key == "pan":
        if luhn_valid(node.value):
            reading.checks += 3
            node.meaning = [say(lang, "luhn-right")]
        else:
            reason = "the check digit (Luhn) of the PAN is wrong"
            reading.problems.append(Problem("PAN", node.start, reason))
    elif key == "expiry" and node.value:
        month = node.value[2:]
        node.meaning = [f"20{node.value[:2]}-{month}"]
        if not 1 <= int(month) <= 12:
            reading.problems.append(Problem("expiry", node.start + 2, f"there is no month {month}"))
    elif key == "service" and node.value:
        try:
            words = parse_service_code(node.value)
        except DecodeError as error:
            reading.problems.append(Problem.of(error, node.start))
            return
        node.meaning = [
            code(lang, "service", words.interchange),
            say(lang, "chip" if words.chip else "no-chip"),
            code(lang, "service", f"authorisation-{words.authorisation}"),
            code(lang, "service", f"restriction-{words.restriction}"),
            code(lang, "service", f"pin-{words.pin}"),
        ]


def _judge_lrc(reading: Reading, kind: str, whole: str, char: str, lang: str) -> None:
    try:
        right = (track1_lrc if kind == "track1" else track2_lrc)(whole).char
    except EncodeError:
        return
    good = right == char
    place = reading.size - 1
    reading.nodes.append(
        Node("LRC", say(lang, "track-lrc"), char, [say(lang, "right")] * good, place, place + 1)
    )
    if good:
        reading.checks += 4
        assert reading.document is not None
        reading.document[kind]["lrc"] = True
    else:
        reading.problems.append(Problem("LRC", place, f"is wrong; {right!r} is the right one"))


def _track3(text: str, chars: str, lang: str) -> Iterator[Reading]:
    try:
        track = parse_track3(chars)
    except TrackError:
        return
    reading = Reading(say(lang, "track3"), len(text), checks=14, explained=len(text))
    for key in track.__dataclass_fields__:
        value = getattr(track, key)
        if value:
            secret = {"pan": "pan", "san1": "account", "san2": "account"}.get(key)
            if key in ("pin_control", "security", "additional"):
                secret = _SECRET_TRACK
            reading.nodes.append(Node(key, code(lang, "track3", key), value, secret=secret))
    reading.document = {"track3": {"chars": Secret(text, _SECRET_TRACK)}}
    yield reading


def read_key_block(text: str, lang: str) -> Iterator[Reading]:
    """The header of a key block; the key in it is never looked at."""
    block = re.sub(r"\s", "", text)
    if not _KEY_BLOCK.match(block):
        return
    reading = Reading(say(lang, "key-block"), len(block), checks=12)
    try:
        parsed = parse_header(block)
    except KeyBlockError as error:
        reading.problems.append(Problem("key block", MANDATORY, str(error)))
        yield reading
        return
    header = parsed.header
    rows = (("version", header.version, 0, 1), ("length", f"{parsed.length}", 1, 5),
            ("usage", header.key_usage, 5, 7), ("algorithm", header.algorithm, 7, 8),
            ("mode", header.mode_of_use, 8, 9), ("key-version", header.key_version, 9, 11),
            ("export", header.exportability, 11, 12))  # fmt: skip
    for key, value, start, end in rows:
        table = f"key-{key}"
        meant = code(lang, table, value) if key in ("usage", "algorithm", "mode", "export") else ""
        reading.nodes.append(
            Node("", say(lang, f"block-{key}"), value, [meant] if meant else [], start, end)
        )
    for each in header.optional_blocks:
        reading.nodes.append(
            Node(each.id, code(lang, "optional-blocks", each.id), each.data, free=True)
        )
    reading.nodes.append(
        Node("", say(lang, "block-key"), block[parsed.size :], [], parsed.size, len(block), "key")
    )
    reading.explained = len(block)
    if parsed.length != len(block):
        reason = f"{parsed.length} characters announced, {len(block)} are there"
        reading.problems.append(Problem("length", 1, reason))
    else:
        reading.checks += 10
    yield reading
