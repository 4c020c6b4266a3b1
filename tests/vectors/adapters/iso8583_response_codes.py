"""Response codes: a look-up."""

from __future__ import annotations

from posemu.wire.iso8583.response_codes import response_code

from . import Answers, Inputs, Operation


def _in(table: str) -> Operation:
    def look_up(inputs: Inputs) -> Answers:
        found = response_code(table, inputs["code"])
        return {"category": found.category, "meaning": found.meaning}

    return look_up


OPERATIONS: dict[str, Operation] = {
    "code_1987": _in("1987"),
    "code_1993": _in("1993"),
    "code_cup_pos": _in("unionpay"),
}
