"""Reads what passes between a terminal and a chip: commands, answers, a transcript of both, the
answer to reset."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from posemu.cli.decoding.model import Node, Problem, Reading
from posemu.cli.decoding.secret import Secret
from posemu.cli.decoding.source import lines_of_hex
from posemu.cli.decoding.tlv import emv_nodes
from posemu.cli.decoding.words import code, say
from posemu.wire import (
    Command,
    DecodeError,
    check_emv_atr,
    parse_atr,
    parse_command,
    parse_response,
)
from posemu.wire.emv.meanings import bits_set, status_text

_SURE = 4
_PIN_COMMANDS = ("VERIFY", "PIN CHANGE/UNBLOCK")
_TLV_COMMANDS = ("GET PROCESSING OPTIONS",)


def read_command(data: bytes, lang: str) -> Iterator[Reading]:
    """`data` as a command APDU."""
    reading = Reading(say(lang, "command"), len(data))
    _command(data, lang, 0, reading, reading.nodes)
    if not reading.problems:
        reading.document = _command_document(parse_command(data))
    yield reading


def read_response(data: bytes, lang: str) -> Iterator[Reading]:
    """`data` as a response APDU."""
    reading = Reading(say(lang, "response"), len(data))
    _response(data, lang, 0, reading, reading.nodes)
    if not reading.problems:
        reading.document = {
            "response": {"data": _secret_data(data[:-2]), "sw": data[-2:].hex().upper()}
        }
    yield reading


def read_transcript(text: str, lang: str) -> Iterator[Reading]:
    """Lines of commands and answers in turn, marked as such or not."""
    lines = lines_of_hex(text)
    if lines is None:
        return
    reading = Reading(say(lang, "transcript"), sum(len(data) for _, data in lines))
    offset, turn = 0, ">"
    marked = any(mark for mark, _ in lines)
    for number, (mark, data) in enumerate(lines, 1):
        turn = mark or turn
        node = Node(f"{number} {turn}", say(lang, "command" if turn == ">" else "response"))
        reading.nodes.append(node)
        read = _command if turn == ">" else _response
        read(data, lang, offset, reading, node.children)
        offset += len(data)
        turn = "<" if turn == ">" else ">"
    reading.checks += 6 * marked
    reading.explained = reading.size
    yield reading


def read_atr(data: bytes, lang: str) -> Iterator[Reading]:
    """`data` as an answer to reset."""
    reading = Reading(say(lang, "atr"), len(data), explained=len(data))
    try:
        atr = parse_atr(data)
    except DecodeError as error:
        if data[:1] not in (b"\x3b", b"\x3f") or len(data) > 33:
            return
        reading.problems.append(Problem.of(error))
        reading.checks, reading.explained = 4, min(error.offset, len(data))
        reading.nodes.append(
            Node("TS", say(lang, "atr-ts"), data[:1].hex().upper(), start=0, end=1)
        )
        yield reading
        return
    reading.checks = 7 + (4 if atr.tck is None else 8)
    convention = say(lang, "atr-direct" if atr.ts == 0x3B else "atr-inverse")
    reading.nodes = [Node("TS", say(lang, "atr-ts"), f"{atr.ts:02X}", [convention], 0, 1),
                     Node("T0", say(lang, "atr-t0"), f"{data[1]:02X}", [], 1, 2)]  # fmt: skip
    for offset, (name, byte) in enumerate(atr.interface.items(), 2):
        reading.nodes.append(
            Node(name, say(lang, "atr-interface"), f"{byte:02X}", [], offset, offset + 1)
        )
    at = 2 + len(atr.interface)
    protocols = say(lang, "comma").join(f"T={number}" for number in atr.protocols)
    reading.nodes += [
        Node("", say(lang, "atr-protocols"), protocols),
        Node("", say(lang, "atr-historical"), atr.historical.hex().upper(), [], at,
             at + len(atr.historical), None, True),
    ]  # fmt: skip
    if atr.tck is not None:
        place = len(data) - 1
        reading.nodes.append(
            Node("TCK", say(lang, "atr-tck"), f"{atr.tck:02X}", [say(lang, "right")], place,
                 place + 1)
        )  # fmt: skip
    try:
        check_emv_atr(atr)
        reading.nodes.append(Node("", "EMV", "", [say(lang, "atr-emv")]))
    except DecodeError as error:
        reading.problems.append(Problem.of(error))
    yield reading


def _command(data: bytes, lang: str, shift: int, reading: Reading, nodes: list[Node]) -> None:
    try:
        command = parse_command(data)
    except DecodeError as error:
        reading.problems.append(Problem.of(error, shift))
        if len(data) < 4:
            return
        command = Command(data[0], data[1], data[2], data[3], data[5:])
        reading.checks -= 3
    else:
        reading.checks += 3 if command.data else 1
        reading.explained = max(reading.explained, shift + len(data))
    reading.checks += 6 if command.name else -3
    name = command.name or say(lang, "unknown")
    nodes += [
        Node(
            "CLA INS", say(lang, "apdu-command"), data[:2].hex().upper(), [name], shift, shift + 2
        ),
        Node("P1", "", f"{command.p1:02X}", _meant(_P1, command, lang), shift + 2, shift + 3),
        Node("P2", "", f"{command.p2:02X}", _meant(_P2, command, lang), shift + 3, shift + 4),
    ]
    if command.data:
        start = shift + len(data) - len(command.data) - (command.le is not None) * (
            2 if command.extended else 1
        )  # fmt: skip
        node = Node("DATA", say(lang, "data"), command.data.hex().upper(),
                    [say(lang, "bytes", count=len(command.data))], start,
                    start + len(command.data), free=True)  # fmt: skip
        node.secret = "pin" if command.name in _PIN_COMMANDS else None
        if command.name in _TLV_COMMANDS:
            _open(node, command.data, lang, start, reading)
        if command.name == "SELECT":
            node.meaning.append(_name_of(command.data, lang))
        nodes.append(node)
    if command.le is not None:
        nodes.append(Node("LE", say(lang, "apdu-le"), str(command.le)))


def _response(data: bytes, lang: str, shift: int, reading: Reading, nodes: list[Node]) -> None:
    try:
        response = parse_response(data)
    except DecodeError as error:
        reading.problems.append(Problem.of(error, shift))
        reading.checks -= 4
        return
    body, at = response.data, shift + len(response.data)
    if body:
        node = Node("DATA", say(lang, "data"), body.hex().upper(),
                    [say(lang, "bytes", count=len(body))], shift, at, free=True)  # fmt: skip
        if not _open(node, body, lang, shift, reading):
            node.children = []
        nodes.append(node)
    text = status_text(response.sw, lang)
    nodes.append(
        Node("SW", say(lang, "apdu-sw"), f"{response.sw:04X}", [text or say(lang, "unknown")], at,
             at + 2)
    )  # fmt: skip
    reading.checks += 6 if text else -2
    if response.sw == 0x9000:
        reading.checks += 3
    reading.explained = max(reading.explained, shift + len(data))


def _open(node: Node, body: bytes, lang: str, start: int, reading: Reading) -> bool:
    """Show the data as objects, if it is objects to the end."""
    children, problem, checks = emv_nodes(body, lang, start)
    if not children or (problem is not None and checks < _SURE):
        return False
    if problem is not None:
        reading.problems.append(problem)
    node.children, node.value, node.meaning = children, "", []
    reading.checks += checks
    return True


def _secret_data(data: bytes) -> str:
    """Data of an answer in YAML; it may hold a PAN, so it is shown whole only with --unsafe."""
    return Secret(data.hex().upper(), "data") if data else ""


def _command_document(command: Command) -> dict[str, object]:
    header = bytes((command.cla, command.ins, command.p1, command.p2)).hex().upper()
    row: dict[str, object] = {"header": header}
    if command.data:
        row["data"] = _secret_data(command.data)
    if command.le is not None:
        row["le"] = command.le
    if command.extended:
        row["extended"] = True
    return {"command": row}


def _name_of(data: bytes, lang: str) -> str:
    if data[:5] in (b"1PAY.", b"2PAY."):
        return f'"{data.decode("latin-1")}"'
    return code(lang, "rids", data[:5].hex().upper()) or say(lang, "unknown-rid")


_Meaning = Callable[[int, str], str]


def _meant(table: dict[str, _Meaning], command: Command, lang: str) -> list[str]:
    says = table.get(command.name)
    byte = command.p1 if table is _P1 else command.p2
    text = says(byte, lang) if says is not None else ""
    return [text] if text else []


def _generate(p1: int, lang: str) -> str:
    asked = bits_set("9F27", bytes([p1 & 0xC0]))
    words = [bits.says(number, lang) for bits, number in asked if bits.name == "cryptogram"]
    return say(lang, "comma").join(words + ["CDA"] * bool(p1 & 0x10))


def _from(table: str) -> _Meaning:
    return lambda byte, lang: code(lang, table, f"{byte:02X}")


_P1: dict[str, _Meaning] = {
    "SELECT": _from("select-p1"),
    "READ RECORD": lambda p1, lang: say(lang, "record", number=p1),
    "GENERATE AC": _generate,
}
_P2: dict[str, _Meaning] = {
    "SELECT": _from("select-p2"),
    "READ RECORD": lambda p2, lang: f"SFI {p2 >> 3}",
    "VERIFY": _from("verify-p2"),
    "PIN CHANGE/UNBLOCK": _from("pin-change-p2"),
}
