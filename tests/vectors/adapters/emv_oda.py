"""EMV offline data authentication: certificates, signatures, enciphered offline PIN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from posemu.crypto.emv.certificates import (
    KeyCertificate,
    MadeCertificate,
    ca_key_checksum,
    check_ca_key,
    make_icc_certificate,
    make_issuer_certificate,
    recover_icc_certificate,
    recover_issuer_certificate,
)
from posemu.crypto.emv.offline_pin import encipher_offline_pin, offline_pin, offline_pin_block
from posemu.crypto.emv.rsa import RsaPrivateKey, RsaPublicKey
from posemu.crypto.emv.signatures import (
    DynamicSignature,
    sign_dynamic,
    verify_combined,
    verify_dynamic,
    verify_static,
)
from posemu.crypto.emv.static_data import static_data
from posemu.crypto.keys import Pin
from posemu.crypto.pin.block_64 import PinFormat, decode_pin_block

from . import Answers, Inputs, Operation


def _bytes(i: Inputs, name: str) -> bytes:
    return bytes.fromhex(i.get(name) or "")


def _optional(i: Inputs, name: str) -> bytes | None:
    return None if i.get(name) is None else bytes.fromhex(i[name])


def _hex(data: bytes) -> str:
    return data.hex().upper()


def _byte(number: int) -> str:
    return f"{number:02X}"


def _public(i: Inputs, whose: str) -> RsaPublicKey:
    return RsaPublicKey(_bytes(i, f"{whose}modulus"), _bytes(i, f"{whose}exponent"))


def _private(i: Inputs, whose: str) -> RsaPrivateKey:
    return RsaPrivateKey(_bytes(i, f"{whose}modulus"), _bytes(i, f"{whose}private_exponent"))


def _ca_key_checksum(i: Inputs) -> Answers:
    rid, index, key = _bytes(i, "rid"), int(i["index"], 16), _public(i, "")
    checksum = _optional(i, "checksum")
    if checksum is not None:
        check_ca_key(rid, index, key, checksum)
    found = ca_key_checksum(rid, index, key.modulus, key.exponent)
    return {"checksum": _hex(found), "bits": key.bits}


def _certificate(found: KeyCertificate) -> dict[str, Any]:
    return {
        "expiry_mmyy": found.expiry_mmyy,
        "serial": _hex(found.serial),
        "hash_algorithm": _byte(found.hash_algorithm),
        "pk_algorithm": _byte(found.key_algorithm),
        "pk_length": len(found.key.modulus),
        "pk_exp_length": len(found.key.exponent),
        "modulus": _hex(found.key.modulus),
        "exponent": _hex(found.key.exponent),
        "hash": _hex(found.hash),
        "valid": True,
    }


def _issuer_key(i: Inputs) -> Answers:
    found = recover_issuer_certificate(
        _public(i, "ca_"),
        _bytes(i, "certificate"),
        remainder=_bytes(i, "remainder"),
        exponent=_bytes(i, "exponent"),
        pan=i["pan"],
        date=i.get("transaction_date"),
    )
    return {"issuer_identifier": found.holder, **_certificate(found)}


def _icc_key(i: Inputs) -> Answers:
    found = recover_icc_certificate(
        _public(i, "issuer_"),
        _bytes(i, "certificate"),
        remainder=_bytes(i, "remainder"),
        exponent=_bytes(i, "exponent"),
        pan=i["pan"],
        static_data=_optional(i, "static_data"),
        date=i.get("transaction_date"),
    )
    return {"pan": found.holder, **_certificate(found)}


def _static_signature(i: Inputs) -> Answers:
    signature = _bytes(i, "signed_static_application_data")
    found = verify_static(_public(i, "issuer_"), signature, _optional(i, "static_data"))
    return {
        "hash_algorithm": _byte(found.hash_algorithm),
        "data_authentication_code": _hex(found.data_authentication_code),
        "hash": _hex(found.hash),
    }


def _dynamic(found: DynamicSignature) -> dict[str, Any]:
    return {
        "hash_algorithm": _byte(found.hash_algorithm),
        "icc_dynamic_data_length": len(found.dynamic_data),
        "icc_dynamic_data": _hex(found.dynamic_data),
        "icc_dynamic_number": _hex(found.dynamic_number),
        "hash": _hex(found.hash),
    }


def _dynamic_signature(i: Inputs) -> Answers:
    signature = _bytes(i, "signed_dynamic_application_data")
    return _dynamic(
        verify_dynamic(_public(i, "icc_"), signature, _bytes(i, "terminal_dynamic_data"))
    )


def _combined_signature(i: Inputs) -> Answers:
    parts = [_optional(i, name) for name in ("pdol_data", "cdol1_data", "response_data")]
    given = [part for part in parts if part is not None]
    found = verify_combined(
        _public(i, "icc_"),
        _bytes(i, "signed_dynamic_application_data"),
        _bytes(i, "terminal_dynamic_data"),
        b"".join(given) if given else None,
    )
    return {
        **_dynamic(found.dynamic),
        "cid": _byte(found.cid),
        "application_cryptogram": _hex(found.application_cryptogram),
        "transaction_data_hash": _hex(found.transaction_hash),
    }


def _record_name(name: str) -> tuple[int, int]:
    sfi, number = name.split("/")
    return int(sfi), int(number)


def _static_data(i: Inputs) -> Answers:
    records = {_record_name(name): bytes.fromhex(data) for name, data in i["records"].items()}
    found = static_data(_bytes(i, "afl"), records, _optional(i, "sda_tag_list"), _bytes(i, "aip"))
    return {"static_data": _hex(found)}


def _sign_dynamic_data(i: Inputs) -> Answers:
    made = sign_dynamic(
        _private(i, "icc_"), _bytes(i, "icc_dynamic_data"), _bytes(i, "terminal_dynamic_data")
    )
    return {"recovered_form": _hex(made.block), "signature": _hex(made.signature)}


def _enciphered_pin(i: Inputs) -> Answers:
    key, challenge, padding = (
        _public(i, "icc_"),
        _bytes(i, "icc_challenge"),
        _bytes(i, "random_padding"),
    )
    if "pin" in i:
        pin = Pin(i["pin"])
    else:
        pin = decode_pin_block(PinFormat.ISO_2, _bytes(i, "pin_block"))
    return {
        "plain_block": _hex(offline_pin_block(key, pin, challenge, padding)),
        "enciphered": _hex(encipher_offline_pin(key, pin, challenge, padding)),
    }


def _enciphered_pin_decrypt(i: Inputs) -> Answers:
    block = _private(i, "icc_").apply(_bytes(i, "enciphered"))
    pin = offline_pin(block, _bytes(i, "icc_challenge"))
    return {"pin": pin.expose(), "plain_block": _hex(block)}


def _made(made: MadeCertificate) -> Answers:
    return {
        "certificate": _hex(made.certificate),
        "remainder": _hex(made.remainder),
        "recovered_form": _hex(made.block),
    }


def _sign_issuer_certificate(i: Inputs) -> Answers:
    return _made(
        make_issuer_certificate(
            _private(i, "ca_"),
            _public(i, "issuer_"),
            holder=i["issuer_identifier"],
            expiry_mmyy=i["expiry_mmyy"],
            serial=_bytes(i, "serial"),
        )
    )


def _sign_icc_certificate(i: Inputs) -> Answers:
    return _made(
        make_icc_certificate(
            _private(i, "issuer_"),
            _public(i, "icc_"),
            pan=i["pan"],
            expiry_mmyy=i["expiry_mmyy"],
            serial=_bytes(i, "serial"),
            static_data=_bytes(i, "static_data"),
        )
    )


OPERATIONS: Mapping[str, Operation] = {
    "ca_key_checksum": _ca_key_checksum,
    "issuer_key": _issuer_key,
    "icc_key": _icc_key,
    "static_signature": _static_signature,
    "dynamic_signature": _dynamic_signature,
    "combined_signature": _combined_signature,
    "static_data_to_authenticate": _static_data,
    "sign_dynamic_data": _sign_dynamic_data,
    "enciphered_pin": _enciphered_pin,
    "enciphered_pin_decrypt": _enciphered_pin_decrypt,
    "sign_issuer_certificate": _sign_issuer_certificate,
    "sign_icc_certificate": _sign_icc_certificate,
}
