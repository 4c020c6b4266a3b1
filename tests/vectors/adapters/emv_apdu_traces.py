"""What a reader logged: commands, answers, lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from posemu.crypto.emv.cryptogram import application_cryptogram
from posemu.crypto.emv.keys import ac_session_key, icc_master_key
from posemu.crypto.keys import Key, KeyType
from posemu.wire.emv.apdu import (
    parse_afl,
    parse_command,
    parse_gpo_response,
    parse_issuer_authentication,
    parse_response,
    response_objects,
)
from posemu.wire.emv.cvr import cryptogram_type
from posemu.wire.emv.session import (
    SessionStep,
    application_objects,
    generated_ac,
    read_session,
    selected_name,
    signature,
)
from posemu.wire.emv.t0 import t0_fold

from . import Answers, Inputs, Operation, dol
from .tlv_words import told


def _capdu(inputs: Inputs) -> Answers:
    command = parse_command(bytes.fromhex(inputs["capdu"]))
    answers = {
        "command": command.name,
        "cla": f"{command.cla:02X}",
        "ins": f"{command.ins:02X}",
        "p1": f"{command.p1:02X}",
        "p2": f"{command.p2:02X}",
        "case": command.case,
        "lc": len(command.data),
        "data": command.data.hex().upper(),
        "le": command.le,
    }
    if command.name == "EXTERNAL AUTHENTICATE":
        issuer = parse_issuer_authentication(command.data)
        answers |= {
            "arpc": issuer.arpc.hex().upper(),
            "issuer_specific": issuer.issuer_specific.hex().upper(),
        }
    return answers


def _rapdu(inputs: Inputs) -> Answers:
    response = parse_response(bytes.fromhex(inputs["rapdu"]))
    return {
        "sw": f"{response.sw:04X}",
        "data": response.data.hex().upper(),
        "tlv": told(response_objects(response, inputs.get("command", ""))),
    }


def _gpo_response(inputs: Inputs) -> Answers:
    response = parse_gpo_response(bytes.fromhex(inputs["data"]))
    return {
        "format": response.format,
        "aip": response.aip.hex().upper(),
        "afl": response.afl.hex().upper(),
    }


def _afl(inputs: Inputs) -> Answers:
    return {"entries": [entry._asdict() for entry in parse_afl(bytes.fromhex(inputs["afl"]))]}


_CVR_WIDTH = 6
"""M/Chip 4: the card verification results end what the cryptogram covers."""


def _trace_cryptogram(inputs: Inputs) -> Answers:
    issuer_key = Key(bytes.fromhex(inputs["iss_mk_ac"]), KeyType.TDES2)
    icc_key = icc_master_key(issuer_key, inputs["pan"], inputs["psn"], inputs["option"])
    atc, un, data = (bytes.fromhex(inputs[name]) for name in ("atc", "un", "data"))
    session_key = ac_session_key(inputs["session"], icc_key, atc, un)
    return {
        "icc_mk": icc_key.expose().hex().upper(),
        "ac": application_cryptogram(session_key, data, inputs["padding"]).hex().upper(),
        "type": cryptogram_type(data[-_CVR_WIDTH:]),
    }


_CARD = {
    "pan": "5A", "psn": "5F34", "expiry": "5F24", "track2": "57", "aip": "82", "afl": "94",
    "cdol1": "8C", "cdol2": "8D", "pdol": "9F38", "cvm_list": "8E", "auc": "9F07", "aid": "84",
    "iac_default": "9F0D", "iac_denial": "9F0E", "iac_online": "9F0F", "issuer_country": "5F28",
    "ca_index": "8F", "label_bytes": "50", "sda_tag_list": "9F4A", "cardholder_name": "5F20",
    "ddol": "9F49",
}  # fmt: skip
_GENERATED = {
    "cid": "9F27", "atc": "9F36", "ac": "9F26", "iad": "9F10",
    "signed_dynamic_application_data": "9F4B",
}  # fmt: skip


def _named(names: Mapping[str, str], objects: Mapping[str, bytes]) -> dict[str, str]:
    return {name: objects[tag].hex().upper() for name, tag in names.items() if tag in objects}


def _generate_ac_step(step: SessionStep) -> Answers:
    generated = generated_ac(step)
    return {
        "generate_ac": {
            "p1": f"{step.command.p1:02X}",
            "requested": generated.requested,
            "cda_requested": generated.cda_requested,
            "cdol_data": step.body.hex().upper(),
            "format": generated.format,
            "returned": generated.returned,
            **_named(_GENERATED, generated.objects),
        }
    }


def _gpo_step(step: SessionStep) -> Answers:
    answer = _gpo_response({"data": step.response.data.hex()})
    return {**answer, "pdol_data": step.body.hex().upper()}


_STEPS: Mapping[str, Callable[[SessionStep], Answers]] = {
    "SELECT": lambda step: {"selected": selected_name(step).hex().upper()},
    "READ RECORD": lambda step: {"sfi": step.command.p2 >> 3, "record": step.command.p1},
    "GET PROCESSING OPTIONS": _gpo_step,
    "GENERATE AC": _generate_ac_step,
    "INTERNAL AUTHENTICATE": lambda step: {
        "signed_dynamic_application_data": signature(step).hex().upper()
    },
    "GET CHALLENGE": lambda step: {"challenge": step.response.data.hex().upper()},
}


def _transaction(inputs: Inputs) -> Answers:
    exchanges = [
        (bytes.fromhex(e["capdu"]), bytes.fromhex(e["rapdu"])) for e in inputs["exchanges"]
    ]
    session = read_session(t0_fold(exchanges) if inputs["protocol"] == "T=0 TPDU" else exchanges)
    steps = [
        {"command": step.name, "sw": f"{step.response.sw:04X}"}
        | dict(_STEPS.get(step.name, lambda _: {})(step))
        for step in session
    ]
    card = _named(_CARD, application_objects(session))
    if "pan" in card:
        card["pan"] = card["pan"].rstrip("F")
    return {"steps": steps, "card": {**card, "afl_entries": _afl({"afl": card["afl"]})["entries"]}}


OPERATIONS: Mapping[str, Operation] = {
    "afl": _afl,
    "capdu": _capdu,
    "dol_build": dol.build,
    "dol_split": dol.split,
    "gpo_response": _gpo_response,
    "rapdu": _rapdu,
    "trace_cryptogram": _trace_cryptogram,
    "transaction": _transaction,
}
