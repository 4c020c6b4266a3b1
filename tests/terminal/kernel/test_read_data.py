"""The records: which are read, what is kept, what ends the transaction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.outcome import REASONS, Outcome, Result
from posemu.terminal.kernel.read_data import RECORDS_MAX, read_data

from .scripted import ScriptedCard, play, tlv

PAN = tlv("5A", "6200000000000005")
EXPIRY = tlv("5F24", "301231")
CDOL_1, CDOL_2 = tlv("8C", "9F02069F3704"), tlv("8D", "8A029F3704")
MANDATORY = (PAN, EXPIRY, CDOL_1, CDOL_2)
ALL = "".join(MANDATORY)
ONE = "08010100"  # SFI 1, record 1, none signed


def record(*inside: str) -> str:
    return tlv("70", *inside) + "9000"


def read(afl: str | None, *records: str, **scripts: str):
    """The outcome (None: read), the data, the commands; `records` are those of SFI 1."""
    data = Data({})
    if afl is not None:
        data.card["94"] = bytes.fromhex(afl)
    lines = {f"00B2{n:02X}0C": answer for n, answer in enumerate(records, 1)}
    card = ScriptedCard(lines | {name.removeprefix("_"): a for name, a in scripts.items()}, "6A83")
    found, asked = play(read_data(data), card)
    assert asked == []
    return found, data, card.sent


def ended(reason: str) -> Outcome:
    return Outcome(Result.TERMINATED, reason)


def test_every_record_of_the_afl_is_read_in_order() -> None:
    """Entry by entry, record by record, by READ RECORD with the SFI (Book 3, 10.2; 6.5.11)."""
    found, data, sent = read(
        "0801020010030300", record(PAN, EXPIRY), record(CDOL_1), _00B20314=record(CDOL_2)
    )
    assert found is None
    assert sent == ["00B2010C00", "00B2020C00", "00B2031400"]
    assert data.card["8D"].hex().upper() == "8A029F3704"
    assert data.static == []
    assert not data.static_spoiled


@pytest.mark.parametrize(
    ("clause", "afl", "reason"),
    [
        ("6.5.8.4: none", None, "missing-data"),
        ("6.5.8.4: empty", "", "missing-data"),
        ("10.2: not fours", "080101", "bad-afl"),
        ("10.2: SFI 0", "00010100", "bad-afl"),
        ("10.2: SFI 31", "F8010100", "bad-afl"),
        ("10.2: low bits", "09010100", "bad-afl"),
        ("10.2: record 0", "08000100", "bad-afl"),
        ("10.2: last before first", "08020100", "bad-afl"),
        ("10.2: more signed than there are", "08010102", "bad-afl"),
        ("10.2: a good one and a bad one", "0801010008000000", "bad-afl"),
        ("too many to be meant", "0801FF00", "bad-afl"),
        ("longer than an AFL", ONE * 64, "bad-afl"),
    ],
)
def test_an_afl_that_points_nowhere(clause: str, afl: str | None, reason: str) -> None:
    """It ends the transaction before anything is read."""
    found, _, sent = read(afl, record(ALL))
    assert (found, sent) == (ended(reason), []), clause


@pytest.mark.parametrize(
    ("clause", "answer", "reason"),
    [
        ("10.2: any other status", "6A83", "bad-status"),
        ("10.2: any other status", record(ALL)[:-4] + "6283", "bad-status"),
        ("6.5.11.4: no template", tlv("77", ALL) + "9000", "bad-format"),
        ("6.5.11.4: nothing", "9000", "bad-format"),
        ("6.5.11.4: a tag alone", "709000", "bad-format"),
        ("6.5.11.4: something behind it", record(ALL)[:-4] + "00" + "9000", "bad-format"),
        ("6.5.11.4: two templates", record(ALL)[:-4] + record(), "bad-format"),
        ("6.5.11.4: cut short", record(ALL)[:-8] + "9000", "bad-format"),
        ("7.5: objects cut short", record(ALL, "5F3402") , "bad-format"),
        ("10.2: an object twice", record(ALL, EXPIRY), "redundant-data"),
        ("10.2: twice in a template", record(ALL, tlv("73", PAN)), "redundant-data"),
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_used(clause: str, answer: str, reason: str) -> None:
    """Unreadable, no template 70, no objects, or an object twice."""
    assert read(ONE, answer)[0] == ended(reason), clause


def test_an_object_twice_in_two_records() -> None:
    """Also one that selection had said."""
    assert read("08010200", record(ALL), record(PAN))[0] == ended("redundant-data")
    data = Data({})
    data.take("94", bytes.fromhex(ONE))
    data.take("5A", b"\x62")
    found, _ = play(read_data(data), ScriptedCard({"00B2": record(ALL)}))
    assert found == ended("redundant-data")


@pytest.mark.parametrize("missing", MANDATORY)
def test_mandatory_objects(missing: str) -> None:
    """Each of the four must be there (Book 3, 7.2), and together they do."""
    assert read(ONE, record(ALL.replace(missing, "")))[0] == ended("missing-data")
    assert read(ONE, record(ALL))[0] is None


@pytest.mark.parametrize(
    ("tag", "right", "wrong"),
    [
        ("5A", "620000000000000F", "6200F00000000005"),
        ("5A", "62000000000000000009", "62" * 11),
        ("5A", "620000000000000FFF", "FF"),
        ("5F24", "300228", "301331"),
        ("5F24", "301201", "301200"),
        ("5F24", "301231", "3012"),
        ("5F25", "200101", "20010A"),
        ("5F28", "0156", "156F"),
        ("5F34", "01", "0001"),
        ("8C", "9F02FA", "9F02FF9F0201"),
        ("8C", "", "9F02"),
        ("8D", "8A02", "8A"),
        ("97", "9F0206", "9F"),
        ("9F07", "FF00", "FF"),
        ("9F08", "0030", "003000"),
        ("9F0D", "0000000000", "00"),
        ("9F0E", "0000000000", "000000000000"),
        ("9F0F", "0000000000", ""),
        ("9F14", "01", "0001"),
        ("9F23", "02", ""),
        ("9F42", "0156", "0A56"),
        ("9F44", "02", "0002"),
    ],
)
def test_lengths_and_formats(tag: str, right: str, wrong: str) -> None:
    """What the kernel decides by has its length and format (Book 3, 7.5 and annex A)."""
    others = "".join(item for item in MANDATORY if not item.startswith(tag))
    assert read(ONE, record(others, tlv(tag, right)))[0] is None
    assert read(ONE, record(others, tlv(tag, wrong)))[0] == ended("bad-format")


@pytest.mark.parametrize("tag", ["8E", "8F", "90", "92", "93", "9F32", "9F46", "9F47", "9F4A"])
def test_what_fails_elsewhere_does_not_end_it_here(tag: str) -> None:
    """Keys, certificates and the CVM list of a wrong length are left to the steps that use them."""
    assert read(ONE, record(ALL, tlv(tag, "00" * 3)))[0] is None


def test_what_nobody_knows_is_not_kept() -> None:
    """Unknown tags are skipped (Book 3, 10.2), also twice; known ones in templates are found."""
    unknown = tlv("DF01", "01")
    found, data, _ = read(ONE, record(ALL, unknown, unknown, tlv("73", tlv("9F08", "0030"))))
    assert found is None
    assert set(data.card) == {"94", "5A", "5F24", "8C", "8D", "9F08"}


def test_the_signed_records_are_kept_for_authentication() -> None:
    """The first of each entry, in order; of SFI 1 to 10 without tag and length, of 11 to 30 with
    them (Book 3, 10.3)."""
    own = record(tlv("9F05", "01"))
    found, data, _ = read(
        "0801020158010101", record(PAN, EXPIRY), record(CDOL_1, CDOL_2), _00B2015C=own
    )
    assert found is None
    assert [item.hex().upper() for item in data.static] == [PAN + EXPIRY, own[:-4]]


@pytest.mark.parametrize(
    ("answer", "signed", "spoiled"),
    [
        ("FF9000", 1, True),
        ("9000", 1, True),
        ("70030101FF009000", 1, True),
        ("70030101FF9000", 1, False),
        ("7003FFFFFF9000", 1, False),
        ("FF9000", 0, False),
    ],
)
def test_a_record_of_the_issuers_own(answer: str, signed: int, spoiled: bool) -> None:
    """In SFI 11 to 30 only a signed record must be a template, and if it is none authentication
    fails while reading goes on (Book 3, 10.3); what is inside is the issuer's."""
    found, data, _ = read(f"580101{signed:02X}" + ONE, record(ALL), _00B2015C=answer)
    assert (found, data.static_spoiled) == (None, spoiled)
    assert len(data.static) == (signed and not spoiled)


def test_as_many_records_as_can_be_meant() -> None:
    """The bound itself is allowed."""
    afl = f"0801{RECORDS_MAX:02X}00"
    found, _, sent = read(afl, record(ALL), *[record()] * (RECORDS_MAX - 1))
    assert found is None
    assert len(sent) == RECORDS_MAX


@given(
    st.binary(max_size=24), st.lists(st.binary(max_size=40).map(bytes.hex), min_size=1, max_size=4)
)
def test_any_card_is_read_or_ended(afl: bytes, contents: list[str]) -> None:
    """Arbitrary locators and records: a bounded number of commands, an end by a known name."""
    answers = [tlv("70", item) + "9000" for item in contents]
    data = Data({})
    data.card["94"] = afl
    card = ScriptedCard({"00B2": answers})
    found, _ = play(read_data(data), card)
    assert found.reason in REASONS
    assert len(card.sent) <= RECORDS_MAX


@given(st.lists(st.sampled_from([*MANDATORY, tlv("5F34", "01"), tlv("DF01", "00")]), max_size=8))
def test_read_means_complete_and_once(items: list[str]) -> None:
    """It reads if and only if every mandatory object is there, and no known one twice."""
    known = [item for item in items if not item.startswith("DF01")]
    found, _, _ = read(ONE, record(*items))
    complete = set(MANDATORY) <= set(items) and len(set(known)) == len(known)
    assert (found is None) == complete
