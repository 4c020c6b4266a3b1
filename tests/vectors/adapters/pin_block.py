"""PIN blocks of formats 0 to 4."""

from __future__ import annotations

from collections.abc import Mapping

from posemu.crypto.keys import Key, Pin
from posemu.crypto.master_key import tdes_key
from posemu.crypto.pin.block_64 import (
    PinFormat,
    decipher_pin_64,
    decode_pin_block,
    encipher_pin_64,
    encode_pin_block,
    pan_field_64,
    pin_field_64,
    pin_of_field_64,
)
from posemu.crypto.pin.block_128 import (
    decipher_pin,
    encipher_pin,
    pan_field,
    pin_field,
    pin_of_field,
)
from posemu.crypto.primitives import ecb_decryptor, ecb_encryptor

from . import Answers, Inputs, Operation


def _bytes(i: Inputs, name: str) -> bytes:
    return bytes.fromhex(i[name])


def _hex(data: bytes) -> str:
    return data.hex().upper()


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def _form(i: Inputs) -> PinFormat:
    return PinFormat(i["format"])


def _fill(i: Inputs) -> str:
    return i.get("fill") or ""


def _encode(i: Inputs) -> Answers:
    return {"block": _hex(encode_pin_block(_form(i), Pin(i["pin"]), i.get("pan"), _fill(i)))}


def _decode(i: Inputs) -> Answers:
    return {"pin": decode_pin_block(_form(i), _bytes(i, "block"), i.get("pan")).expose()}


def _pin_field(i: Inputs) -> Answers:
    pin = Pin(i["pin"])
    if _form(i) is PinFormat.ISO_4:
        return {"pin_field": _hex(pin_field(pin, _bytes(i, "random")))}
    return {"pin_field": _hex(pin_field_64(_form(i), pin, _fill(i)))}


def _pan_field(i: Inputs) -> Answers:
    if _form(i) is PinFormat.ISO_4:
        return {"pan_field": _hex(pan_field(i["pan"]))}
    return {"pan_field": _hex(pan_field_64(i["pan"]))}


def _encipher(i: Inputs) -> Answers:
    key, pin, random = Key(_bytes(i, "key")), Pin(i["pin"]), _bytes(i, "random")
    block = encipher_pin(key, pin, i["pan"], random)
    return {
        "block": _hex(block),
        "intermediate_a": _hex(ecb_encryptor(key.expose())(pin_field(pin, random))),
        "intermediate_b": _hex(ecb_decryptor(key.expose())(block)),
    }


def _decipher(i: Inputs) -> Answers:
    key, block = Key(_bytes(i, "key")), _bytes(i, "block")
    pin = decipher_pin(key, block, i["pan"])
    decrypt = ecb_decryptor(key.expose())
    field = decrypt(_xor(decrypt(block), pan_field(i["pan"])))
    return {"pin": pin.expose(), "pin_field": _hex(field)}


def _decode_pin_field(i: Inputs) -> Answers:
    field = _bytes(i, "pin_field")
    if _form(i) is PinFormat.ISO_4:
        return {"pin": pin_of_field(field).expose()}
    return {"pin": pin_of_field_64(_form(i), field).expose()}


def _encrypt(i: Inputs) -> Answers:
    key, pin = tdes_key(_bytes(i, "key")), Pin(i["pin"])
    return {"block": _hex(encipher_pin_64(key, _form(i), pin, i.get("pan"), _fill(i)))}


def _decrypt(i: Inputs) -> Answers:
    key = tdes_key(_bytes(i, "key"))
    return {"pin": decipher_pin_64(key, _form(i), _bytes(i, "block"), i.get("pan")).expose()}


OPERATIONS: Mapping[str, Operation] = {
    "encode": _encode,
    "decode": _decode,
    "pin_field": _pin_field,
    "pan_field": _pan_field,
    "encipher": _encipher,
    "decipher": _decipher,
    "decode_pin_field": _decode_pin_field,
    "encrypt": _encrypt,
    "decrypt": _decrypt,
}
