"""EMV QR codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from posemu.wire.emv.qr import (
    Element,
    check_mpm,
    cpm_data,
    decode_cpm,
    decode_cpm_templates,
    decode_mpm,
    encode_cpm,
    qr_crc,
    read_elements,
)

from . import Answers, Inputs, Operation
from .tlv_words import told


def _elements(elements: Iterable[Element]) -> list[dict[str, Any]]:
    return [
        {"id": element.id, "length": len(element.value)}
        | (
            {"value": element.value}
            if element.children is None
            else {"children": _elements(element.children)}
        )
        for element in elements
    ]


def _mpm_decode(inputs: Inputs) -> Answers:
    payload = decode_mpm(inputs["payload"])
    return {"elements": _elements(payload.elements), "crc": payload.crc}


def _mpm_validate(inputs: Inputs) -> Answers:
    check_mpm(inputs["payload"])
    return {}


def _crc(inputs: Inputs) -> Answers:
    return {"crc": qr_crc(inputs["data_utf8"])}


def _tlv_string(inputs: Inputs) -> Answers:
    return {"elements": _elements(read_elements(inputs["data"]))}


def _cpm_decode(inputs: Inputs) -> Answers:
    payload = inputs["payload_base64"]
    return {
        "data": cpm_data(payload).hex().upper(),
        "tlv": told(decode_cpm(payload), lengths=False),
    }


def _cpm_encode(inputs: Inputs) -> Answers:
    return {"payload_base64": encode_cpm(bytes.fromhex(inputs["data"]))}


def _cpm_template(inputs: Inputs) -> Answers:
    return {"tlv": told(decode_cpm_templates(bytes.fromhex(inputs["data"])), lengths=False)}


OPERATIONS: Mapping[str, Operation] = {
    "cpm_decode": _cpm_decode,
    "cpm_encode": _cpm_encode,
    "cpm_template": _cpm_template,
    "crc": _crc,
    "mpm_decode": _mpm_decode,
    "mpm_validate": _mpm_validate,
    "tlv_string": _tlv_string,
}
