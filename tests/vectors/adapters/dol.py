"""Data object lists."""

from __future__ import annotations

from collections.abc import Mapping

from posemu.wire.emv.dol import build_dol, dol_length, gpo_command, parse_dol, split_dol

from . import Answers, Inputs, Operation


def _values(inputs: Inputs) -> dict[str, bytes]:
    return {tag: bytes.fromhex(value) for tag, value in inputs["values"].items()}


def _parse(inputs: Inputs) -> Answers:
    entries = parse_dol(bytes.fromhex(inputs["dol"]))
    return {
        "entries": [entry._asdict() for entry in entries],
        "data_length": dol_length(entries),
    }


def _data_length(inputs: Inputs) -> Answers:
    return {"length": dol_length(parse_dol(bytes.fromhex(inputs["dol"])))}


def build(inputs: Inputs) -> Answers:
    data = build_dol(parse_dol(bytes.fromhex(inputs["dol"])), _values(inputs))
    return {"data": data.hex().upper()}


def split(inputs: Inputs) -> Answers:
    pairs = split_dol(parse_dol(bytes.fromhex(inputs["dol"])), bytes.fromhex(inputs["data"]))
    return {"values": {tag: value.hex().upper() for tag, value in pairs}}


def _gpo_command(inputs: Inputs) -> Answers:
    pdol = bytes.fromhex(inputs["pdol"] or "")
    return {"capdu": gpo_command(pdol, _values(inputs)).hex().upper()}


OPERATIONS: Mapping[str, Operation] = {
    "build": build,
    "data_length": _data_length,
    "gpo_command": _gpo_command,
    "parse": _parse,
    "split": split,
}
