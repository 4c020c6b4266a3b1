"""Service codes: the defined ones have a meaning, no other has."""

import itertools

import pytest

from posemu.wire.errors import DecodeError
from posemu.wire.stripe.service_code import ServiceCode, parse_service_code


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("101", ("international", False, "normal", "none", "not_required")),
        ("201", ("international", True, "normal", "none", "not_required")),
        ("221", ("international", True, "issuer", "none", "not_required")),
        ("226", ("international", True, "issuer", "none", "prompt_if_pin_pad")),
        ("520", ("national", False, "issuer", "none", "required")),
        ("602", ("national", True, "normal", "goods_and_services", "not_required")),
        ("743", ("private", False, "issuer_unless_agreement", "atm_only", "required")),
        ("904", ("test", False, "normal", "cash_only", "not_required")),
        ("205", ("international", True, "normal", "goods_and_services", "required")),
        ("207", ("international", True, "normal", "goods_and_services", "prompt_if_pin_pad")),
    ],
)
def test_meaning(code, meaning):
    """Each digit of the table of ISO/IEC 7813 says what the table says."""
    assert parse_service_code(code) == ServiceCode(*meaning)


def test_every_code_is_defined_or_refused_at_its_digit():
    """Of all thousand codes 6 x 3 x 8 have a meaning; the others are refused at the first digit
    that has none."""
    defined = ("125679", "024", "01234567")
    found = 0
    for digits in itertools.product("0123456789", repeat=3):
        wrong = [place for place in range(3) if digits[place] not in defined[place]]
        if not wrong:
            found += 1
            assert parse_service_code("".join(digits)).interchange
            continue
        with pytest.raises(DecodeError) as caught:
            parse_service_code("".join(digits))
        assert (caught.value.field, caught.value.offset) == ("service code", wrong[0])
    assert found == 6 * 3 * 8


@pytest.mark.parametrize(
    ("code", "offset"),
    [("", 0), ("20", 2), ("2011", 3), ("12E", 2), ("+22", 0), ("2 1", 1), ("٢٠١", 0)],
)
def test_what_is_no_service_code(code, offset):
    """Other lengths and characters are refused where they start."""
    with pytest.raises(DecodeError) as caught:
        parse_service_code(code)
    assert caught.value.offset == offset
