"""BER-TLV."""

from __future__ import annotations

from collections.abc import Mapping

from posemu.wire.emv.tlv import (
    FILE_FILLING,
    decode_length,
    decode_tlv,
    encode_length,
    encode_tlv,
    find_tlv,
    tag_info,
    tlv_pairs,
)

from . import Answers, Inputs, Operation
from .tlv_words import meant, told


def _decode(inputs: Inputs) -> Answers:
    return {"tlv": told(decode_tlv(bytes.fromhex(inputs["data"])))}


def _decode_file_padding(inputs: Inputs) -> Answers:
    return {"tlv": told(decode_tlv(bytes.fromhex(inputs["data"]), FILE_FILLING))}


def _decode_shallow(inputs: Inputs) -> Answers:
    ((tag, value),) = tlv_pairs(bytes.fromhex(inputs["data"]))
    return {"tag": tag, "value": value.hex().upper()}


def _find(inputs: Inputs) -> Answers:
    found = find_tlv(decode_tlv(bytes.fromhex(inputs["data"])), inputs["tag"])
    return {"values_in_order": [value.hex().upper() for value in found]}


def _encode(inputs: Inputs) -> Answers:
    return {"data": encode_tlv(meant(inputs["tlv"])).hex().upper()}


def _tag(inputs: Inputs) -> Answers:
    info = tag_info(inputs["tag"])
    return {"bytes": info.width, "class": info.tag_class, "constructed": info.constructed}


def _length(inputs: Inputs) -> Answers:
    return {"encoded": encode_length(inputs["length"]).hex().upper()}


def _length_decode(inputs: Inputs) -> Answers:
    length, width = decode_length(bytes.fromhex(inputs["encoded"]))
    return {"length": length, "bytes": width}


OPERATIONS: Mapping[str, Operation] = {
    "decode": _decode,
    "decode_file_padding": _decode_file_padding,
    "decode_shallow": _decode_shallow,
    "encode": _encode,
    "find": _find,
    "length": _length,
    "length_decode": _length_decode,
    "tag": _tag,
}
