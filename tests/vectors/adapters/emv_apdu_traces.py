"""What a reader logged: commands, answers, lists."""

from __future__ import annotations

from collections.abc import Mapping

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


OPERATIONS: Mapping[str, Operation] = {
    "afl": _afl,
    "capdu": _capdu,
    "dol_build": dol.build,
    "dol_split": dol.split,
    "gpo_response": _gpo_response,
    "rapdu": _rapdu,
    "trace_cryptogram": _trace_cryptogram,
}
