"""What a terminal decides by rules and tables: part of the kind `emv_terminal_logic`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from posemu.terminal.kernel.cvm_list import CvmResult, parse_cvm_list, parse_cvm_results
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.processing_restrictions import restrict
from posemu.terminal.kernel.requests import Answer, Answered, Transmit
from posemu.terminal.kernel.terminal_data import TerminalApplication, Transaction
from posemu.terminal.kernel.terminal_risk_management import manage_risk
from posemu.wire.emv.issuer_data import parse_issuer_application_data
from posemu.wire.emv.meanings import reserved_set

from . import Answers, Inputs, Operation


def _word(named: Any) -> str | None:
    return None if named is None else named.name.lower()


def _cvm_list(inputs: Inputs) -> Answers:
    listed = parse_cvm_list(bytes.fromhex(inputs["cvm_list"]))
    return {
        "amount_x": listed.amount_x,
        "amount_y": listed.amount_y,
        "rules": [
            {
                "code": f"{rule.code:02X}",
                "condition_code": f"{rule.condition_code:02X}",
                "method": _word(rule.method),
                "condition": _word(rule.condition),
                "apply_next_if_unsuccessful": rule.apply_next,
            }
            for rule in listed.rules
        ],
    }


_SUCCESSFUL = {CvmResult.UNKNOWN: None, CvmResult.FAILED: False, CvmResult.SUCCESSFUL: True}


def _cvm_results(inputs: Inputs) -> Answers:
    results = parse_cvm_results(bytes.fromhex(inputs["cvm_results"]))
    return {
        "method_code": f"{results.code:02X}",
        "method": _word(results.method),
        "condition_code": f"{results.condition_code:02X}",
        "result": f"{results.result:02X}",
        "successful": _SUCCESSFUL[results.result],
    }


def _data(inputs: Inputs) -> Data:
    data = Data(_values(inputs["terminal_data"]) | _values(inputs["transaction_data"]))
    data.card.update(_values(inputs["card_data"]))
    return data


def _values(objects: Mapping[str, str]) -> dict[str, bytes]:
    return {tag: bytes.fromhex(value) for tag, value in objects.items()}


def _processing_restrictions(inputs: Inputs) -> Answers:
    data = _data(inputs)
    restrict(data)
    return {"tvr": bytes(data.tvr).hex().upper()}


def _terminal_risk_management(inputs: Inputs) -> Answers:
    data = _data(inputs)
    log = [(entry["pan"], entry["amount"]) for entry in inputs.get("transaction_log", ())]
    transaction = Transaction(
        amount_minor=int(inputs["transaction_data"]["81"], 16),
        date="250704",
        time="000000",
        unpredictable_number=bytes(4),
        sequence_counter=1,
        earlier_amount=lambda pan, sequence: ([0] + [a for p, a in log if p == pan])[-1],
    )
    floor_limit_minor = int(inputs["terminal_data"]["9F1B"], 16)
    application = TerminalApplication("", True, {}, floor_limit_minor=floor_limit_minor)
    card = iter(inputs.get("exchanges", ()))
    steps = manage_risk(data, application, transaction)
    answer: Answer = None
    while True:
        try:
            request = steps.send(answer)
        except StopIteration:
            break
        exchange = next(card)
        assert request == Transmit(bytes.fromhex(exchange["capdu"]))
        answer = Answered(bytes.fromhex(exchange["rapdu"]))
    assert next(card, None) is None, "the kernel asked the card for less than the vector"
    return {"tvr": bytes(data.tvr).hex().upper(), "tsi": bytes(data.tsi).hex().upper()}


_NO_TABLE = ""
"""No bit has a name there, so all that are set are told."""


def _bits_set(inputs: Inputs) -> Answers:
    return {"set": [list(bit) for bit in reserved_set(_NO_TABLE, bytes.fromhex(inputs["value"]))]}


def _issuer_application_data(inputs: Inputs) -> Answers:
    parts = parse_issuer_application_data(bytes.fromhex(inputs["iad"]))
    return {
        "scheme": parts.scheme,
        "derivation_key_index": f"{parts.derivation_key_index:02X}",
        "cvn": f"{parts.cvn:02X}",
        "cvr": parts.cvr.hex().upper(),
        "issuer_discretionary_data": parts.discretionary.hex().upper(),
        "dac_or_icc_dynamic_number": parts.dac_or_icc_dynamic_number.hex().upper(),
        "counters": parts.counters.hex().upper(),
    }


OPERATIONS: Mapping[str, Operation] = {
    "bits_set": _bits_set,
    "cvm_list": _cvm_list,
    "cvm_results": _cvm_results,
    "issuer_application_data": _issuer_application_data,
    "processing_restrictions": _processing_restrictions,
    "terminal_risk_management": _terminal_risk_management,
}
