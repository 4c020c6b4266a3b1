"""The service code of a card: three digits that say where, how and for what it may be used
(ISO/IEC 7813 table of service codes).

The codes that go into CVV2 (000) and iCVV (999) are no service codes and are refused here.
"""

from collections.abc import Container
from typing import NamedTuple

from posemu.wire.errors import DecodeError

_INTERCHANGE = {
    "1": ("international", False),
    "2": ("international", True),
    "5": ("national", False),
    "6": ("national", True),
    "7": ("private", False),
    "9": ("test", False),
}
_AUTHORISATION = {"0": "normal", "2": "issuer", "4": "issuer_unless_agreement"}
_SERVICES = {
    "0": ("none", "required"),
    "1": ("none", "not_required"),
    "2": ("goods_and_services", "not_required"),
    "3": ("atm_only", "required"),
    "4": ("cash_only", "not_required"),
    "5": ("goods_and_services", "required"),
    "6": ("none", "prompt_if_pin_pad"),
    "7": ("goods_and_services", "prompt_if_pin_pad"),
}


_DIGITS: tuple[Container[str], ...] = (_INTERCHANGE, _AUTHORISATION, _SERVICES)


class ServiceCode(NamedTuple):
    """A service code in words.

    interchange     "international", "national" (beyond it by agreement), "private", "test" chip
    the card has a chip, which is to be used where it can be authorisation   "normal", "issuer"
    (online), "issuer_unless_agreement" restriction     "none", "goods_and_services", "atm_only",
    "cash_only" pin             "required", "not_required", "prompt_if_pin_pad"
    ISO/IEC 7813, table of service codes.
    """

    interchange: str
    chip: bool
    authorisation: str
    restriction: str
    pin: str


def parse_service_code(code: str) -> ServiceCode:
    """The meaning of the three digits. Raises `DecodeError` for anything the standard does not
    define. ISO/IEC 7813, table of service codes.
    """
    if len(code) != 3:
        raise DecodeError("service code", min(len(code), 3), "must be 3 digits")
    for offset, (digit, defined) in enumerate(zip(code, _DIGITS, strict=True)):
        if digit not in defined:
            raise DecodeError("service code", offset, "no meaning is defined for this digit")
    interchange, chip = _INTERCHANGE[code[0]]
    restriction, pin = _SERVICES[code[2]]
    return ServiceCode(interchange, chip, _AUTHORISATION[code[1]], restriction, pin)
