"""Card and PIN verification values, check digits, service codes."""

from __future__ import annotations

from collections.abc import Mapping

from posemu.crypto.card_verification import cavv, cvc3, cvv, dcvv, iv_cvc3
from posemu.crypto.emv.keys import icc_master_key
from posemu.crypto.keys import Key, KeyType, Pin
from posemu.crypto.master_key import tdes_key
from posemu.crypto.pin.verification import (
    ibm3624_natural_pin,
    ibm3624_offset,
    ibm3624_pin,
    ibm3624_validation_data,
    visa_pvv,
)
from posemu.wire.luhn import luhn_check_digit, luhn_valid
from posemu.wire.stripe.service_code import parse_service_code

from . import Answers, Inputs, Operation


def _bytes(i: Inputs, name: str) -> bytes:
    return bytes.fromhex(i[name])


def _pair(i: Inputs, name: str) -> Key:
    return Key(_bytes(i, name), KeyType.TDES2)


def _icc_key(i: Inputs) -> Key:
    return icc_master_key(_pair(i, "iss_mk"), i["pan"], i["psn"], i["option"])


def _cvc3(i: Inputs) -> Answers:
    key = _pair(i, "icc_cvc3_key")
    iv = iv_cvc3(key, _bytes(i, "track"))
    return {"cvc3": cvc3(key, iv, _bytes(i, "atc"), _bytes(i, "un"))}


def _cvc3_from_issuer_key(i: Inputs) -> Answers:
    key, digits = _icc_key(i), i.get("digits", 5)
    iv = _bytes(i, "iv_cvc3") if i.get("iv_cvc3") else iv_cvc3(key, _bytes(i, "track"))
    return {"cvc3": cvc3(key, iv, _bytes(i, "atc"), _bytes(i, "un"))[-digits:], "digits": digits}


def _cvv(i: Inputs) -> Answers:
    return {"cvv": cvv(_pair(i, "cvk"), i["pan"], i["expiry"], i["service_code"])}


def _cavv(i: Inputs) -> Answers:
    codes = i["auth_result_code"], i["second_factor_result_code"]
    return {"cavv": cavv(_pair(i, "key"), i["pan"], i["unpredictable_number"], *codes)}


def _dcvv(i: Inputs) -> Answers:
    answer = dcvv(_icc_key(i), i["pan"], i["expiry"], i["service_code"], _bytes(i, "atc"))
    return {"dcvv": answer}


def _pvv(i: Inputs) -> Answers:
    return {"pvv": visa_pvv(_pair(i, "pvk"), i["pvki"], Pin(i["pin"]), i["pan"])}


def _validation_data(i: Inputs) -> bytes:
    if i.get("pan") is None:
        return _bytes(i, "validation_data")
    window = i["pan_verify_offset"], i["pan_verify_length"]
    return ibm3624_validation_data(i["pan"], *window, i["pan_pad"])


def _ibm3624_pin(i: Inputs) -> Answers:
    of_card = tdes_key(_bytes(i, "pvk")), i["decimalisation_table"], _validation_data(i)
    return {
        "pin": ibm3624_pin(*of_card, i["offset"]).expose(),
        "natural_pin": ibm3624_natural_pin(*of_card, len(i["offset"])).expose(),
    }


def _ibm3624_offset(i: Inputs) -> Answers:
    of_card = tdes_key(_bytes(i, "pvk")), i["decimalisation_table"], _validation_data(i)
    return {"offset": ibm3624_offset(*of_card, Pin(i["pin"]))}


def _service_code(i: Inputs) -> Answers:
    meaning = parse_service_code(i["service_code"])
    return {**meaning._asdict(), "allowed_services": meaning.restriction}


OPERATIONS: Mapping[str, Operation] = {
    "cvc3": _cvc3,
    "cvc3_from_issuer_key": _cvc3_from_issuer_key,
    "cvv": _cvv,
    "cavv": _cavv,
    "dcvv": _dcvv,
    "pvv": _pvv,
    "ibm3624_pin": _ibm3624_pin,
    "ibm3624_offset": _ibm3624_offset,
    "luhn": lambda i: {"valid": luhn_valid(i["digits"])},
    "luhn_check_digit": lambda i: {"check_digit": luhn_check_digit(i["digits"])},
    "service_code": _service_code,
}

ASKED: Mapping[str, tuple[str, ...]] = {"cvc3_from_issuer_key": ("digits",)}
"""`digits` of the expected answers says how many of the last digits of a CVC3 to compare."""
