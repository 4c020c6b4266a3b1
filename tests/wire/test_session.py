"""A session with a card, read from the bytes of a log."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posemu.wire.emv.session import (
    SessionStep,
    application_objects,
    generated_ac,
    read_session,
    selected_name,
    signature,
)
from posemu.wire.errors import DecodeError

VISA, MASTERCARD = "A0000000031010", "A0000000041010"


def tlv(tag: str, *inside: str) -> str:
    """A short object in hex, its value given in pieces."""
    value = "".join(inside)
    return f"{tag}{len(value) // 2:02X}{value}"


def fci(name: str, *more: str) -> str:
    return tlv("6F", tlv("84", name), tlv("A5", *more))


SELECT_VISA = (f"00A4040007{VISA}00", fci(VISA, tlv("50", "54455354")))
SELECT_MASTERCARD = (f"00A4040007{MASTERCARD}00", fci(MASTERCARD))
START = ("80A80000048302AABB00", tlv("80", "3900", "08010100"))
RECORD_1 = ("00B2010C00", tlv("70", tlv("5A", "4761739001010010"), tlv("5F24", "301231")))
RECORD_2 = ("00B2020C00", tlv("70", tlv("5F24", "991231")))
SIGN = ("0088000004AABBCCDD00", tlv("80", "1122"))
CRYPTOGRAM = tlv("9F26", "1122334455667788")
FIRST_AC = ("80AE500004AABBCCDD00", tlv("77", "9F270180", "9F36020007", CRYPTOGRAM))
SECOND_AC = ("80AE400000", tlv("80", "40", "0007", "1122334455667788", "0601"))


def read(*exchanges: tuple[str, str]) -> tuple[SessionStep, ...]:
    return read_session((bytes.fromhex(c), bytes.fromhex(a + "9000")) for c, a in exchanges)


def test_every_step_has_its_name() -> None:
    """The commands of EMV by name, and the values inside the command template."""
    steps = read(SELECT_VISA, START, SIGN, FIRST_AC)
    assert [step.name for step in steps] == [
        "SELECT",
        "GET PROCESSING OPTIONS",
        "INTERNAL AUTHENTICATE",
        "GENERATE AC",
    ]
    assert [step.body.hex() for step in steps[1:]] == ["aabb", "aabbccdd", "aabbccdd"]
    assert selected_name(steps[0]).hex() == "a0000000031010"
    assert selected_name(read((SELECT_VISA[0], ""))[0]) == b""


def test_what_the_application_said() -> None:
    """From the last selection on; AIP and AFL out of format 1 too; the first of each object."""
    found = application_objects(read(SELECT_VISA, SELECT_MASTERCARD, START, RECORD_1, RECORD_2))
    assert {tag: value.hex().upper() for tag, value in found.items() if tag != "80"} == {
        "84": MASTERCARD,
        "82": "3900",
        "94": "08010100",
        "5A": "4761739001010010",
        "5F24": "301231",
    }


def test_both_formats_of_a_cryptogram() -> None:
    """What was asked for, and what came."""
    second = generated_ac(read(FIRST_AC)[0])
    assert second[:4] == ("TC", True, "ARQC", 2)
    assert second.objects["9F26"].hex() == "1122334455667788"
    first = generated_ac(read(SECOND_AC)[0])
    assert first[:4] == ("TC", False, "TC", 1)
    assert {tag: value.hex() for tag, value in first.objects.items()} == {
        "9F27": "40",
        "9F36": "0007",
        "9F26": "1122334455667788",
        "9F10": "0601",
    }
    assert generated_ac(read(("80AE800000", tlv("77", "9F2701C0")))[0]).returned == ""


def test_both_formats_of_a_signature() -> None:
    """Tag 80, or 9F4B in a template."""
    for answer in (SIGN[1], tlv("77", tlv("9F4B", "1122"))):
        assert signature(read((SIGN[0], answer))[0]).hex() == "1122"
    assert signature(read((SIGN[0], ""))[0]) == b""


@pytest.mark.parametrize(
    "answer", ["", tlv("70"), tlv("80"), tlv("77"), tlv("77", CRYPTOGRAM), SECOND_AC[1] * 2]
)
def test_no_cryptogram_is_refused(answer: str) -> None:
    """An answer of another form, and one without a CID."""
    step = read(("80AE800000", answer))[0]
    with pytest.raises(DecodeError, match="GENERATE AC"):
        generated_ac(step)


@given(st.binary(max_size=12), st.binary(max_size=24))
def test_any_exchange_is_read_or_refused(command: bytes, answer: bytes) -> None:
    """By the room's own error."""
    with suppress(DecodeError):
        steps = read_session([(command, answer)])
        assert steps[0].response.data + steps[0].response.sw.to_bytes(2) == answer
        application_objects(steps)
        generated_ac(steps[0])
