"""T=0 and the answer to reset."""

from __future__ import annotations

from collections.abc import Mapping

from posemu.wire.emv.apdu import parse_command
from posemu.wire.emv.atr import check_emv_atr, parse_atr
from posemu.wire.emv.t0 import t0_exchange, t0_fold

from . import Answers, Inputs, Operation


def _t0_exchange(inputs: Inputs) -> Answers:
    answers = iter([bytes.fromhex(step["r_tpdu"]) for step in inputs["tpdu_exchanges"]])
    exchange = t0_exchange(parse_command(bytes.fromhex(inputs["capdu"])))
    sent = []
    piece = next(exchange)
    while True:
        if piece:
            sent.append(piece.hex().upper())
        try:
            piece = exchange.send(next(answers))
        except StopIteration as end:
            return {
                "data": end.value.data.hex().upper(),
                "sw": f"{end.value.sw:04X}",
                "c_tpdus": sent,
            }


def _t0_fold(inputs: Inputs) -> Answers:
    folded = t0_fold(
        (bytes.fromhex(step["capdu"]), bytes.fromhex(step["rapdu"])) for step in inputs["exchanges"]
    )
    return {
        "exchanges": [
            {"capdu": capdu.hex().upper(), "rapdu": rapdu.hex().upper()} for capdu, rapdu in folded
        ]
    }


def _atr(inputs: Inputs) -> Answers:
    atr = parse_atr(bytes.fromhex(inputs["atr"]))
    check_emv_atr(atr)
    return {
        "ts": f"{atr.ts:02X}",
        "interface_bytes": {name: f"{byte:02X}" for name, byte in atr.interface.items()},
        "historical_bytes": atr.historical.hex().upper(),
        "first_protocol": atr.protocols[0],
        "emv_acceptable": True,
        "tck": None if atr.tck is None else f"{atr.tck:02X}",
    }


OPERATIONS: Mapping[str, Operation] = {
    "atr": _atr,
    "t0_exchange": _t0_exchange,
    "t0_fold": _t0_fold,
}
