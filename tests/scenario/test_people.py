"""Test cardholders: nobody's cards, and nobody's secrets in an error."""

from __future__ import annotations

import pickle
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.profiles.pans import load_test_pans
from posemu.scenario.people import built_in_people, load_built_in, parse_people
from posemu.scenario.people_maker import PEOPLE_MAX, make_people
from posemu.scenario.problems import ScenarioError
from posemu.wire import (
    Track1,
    Track2,
    decode_track1,
    decode_track2,
    encode_track1,
    encode_track2,
    luhn_check_digit,
    luhn_valid,
    parse_track1,
    parse_track2,
)

TEST_PANS = load_test_pans()
NOBODYS_PREFIX, PUBLISHED = TEST_PANS.prefixes[0], TEST_PANS.numbers


def test_the_sixteen() -> None:
    """Sixteen people, each with a card: fourteen without a chip, one with, one with at home."""
    people = load_built_in("sixteen")
    assert len(people) == 16 == len({p.pan for p in people}) == len({p.pin for p in people})
    assert Counter(p.service_code[0] for p in people) == {"1": 14, "2": 1, "6": 1}
    assert {len(p.pin) for p in people} == {12}
    assert {"101", "120", "121"} <= {p.service_code for p in people}
    assert all(p.pan.startswith(NOBODYS_PREFIX) and luhn_valid(p.pan) for p in people)


def test_the_built_in_files() -> None:
    """Every file of people that comes with posemu loads."""
    assert "sixteen" in built_in_people()
    for name in built_in_people():
        assert load_built_in(name)


def test_people_fit_on_a_card() -> None:
    """Names, numbers and codes of the built-in people, written on tracks 1 and 2, are read again
    as they are."""
    rest = "0" * 10
    people = [p for name in built_in_people() for p in load_built_in(name)]
    assert len(people) >= 16
    for p in people:
        name, end = p.name.upper(), f"{p.expiry}{p.service_code}{rest}?"
        track1 = decode_track1(encode_track1(f"%B{p.pan}^{name}^{end}"))
        track2 = decode_track2(encode_track2(f";{p.pan}={end}"))
        dates = (p.expiry, p.service_code, rest)
        assert parse_track1(track1[1:-1]) == Track1("B", p.pan, name, *dates)
        assert parse_track2(track2[1:-1]) == Track2(p.pan, *dates)


@pytest.mark.parametrize("pan", PUBLISHED)
def test_published_numbers_are_taken(pan: str) -> None:
    """Each published test number is valid by its check digit, not one of nobody's, and taken."""
    assert luhn_valid(pan)
    assert not pan.startswith(NOBODYS_PREFIX)
    TEST_PANS.check(pan)  # raises if it is refused


@settings(deadline=None)
@given(body=st.from_regex(r"[0-9]{15}", fullmatch=True))
def test_only_numbers_of_nobody_are_taken(body: str) -> None:
    """A valid number outside the table is refused, and the error shows it masked only."""
    pan = body + luhn_check_digit(body)
    if pan.startswith(NOBODYS_PREFIX) or pan in PUBLISHED:
        TEST_PANS.check(pan)
        return
    with pytest.raises(ValueError, match="may be somebody's card") as refused:
        TEST_PANS.check(pan)
    assert pan not in str(refused.value)


@settings(deadline=None)
@given(digits=st.from_regex(r"[0-9]{11}", fullmatch=True), wrong=st.integers(1, 9))
def test_the_check_digit_is_checked(digits: str, wrong: int) -> None:
    """A number of nobody's with a wrong check digit is refused."""
    body = NOBODYS_PREFIX + digits
    check = (int(luhn_check_digit(body)) + wrong) % 10
    with pytest.raises(ValueError, match="Luhn"):
        TEST_PANS.check(f"{body}{check}")


@pytest.mark.parametrize("locale", ["en_US", "zh_CN", "ja_JP", "de_DE", "ar_EG", "ko_KR", "he_IL"])
def test_made_people_load(locale: str) -> None:
    """A file made for any locale loads, with as many people as asked for."""
    assert len(parse_people(make_people(40, locale, 7), "made.yaml")) == 40


def test_making_people_is_repeatable() -> None:
    """The same arguments give the same file; another seed gives other cards."""
    assert make_people(5, "zh_CN", 7) == make_people(5, "zh_CN", 7)
    pans = {p.pan for seed in (1, 2) for p in parse_people(make_people(20, "en_US", seed), "x")}
    assert len(pans) == 40


@pytest.mark.parametrize(
    ("count", "locale", "words"),
    [
        (0, "en_US", "count is 1 to"),
        (PEOPLE_MAX + 1, "en_US", "count is 1 to"),
        (3, "xx_XX", "knows no locale 'xx_XX'"),
    ],
)
def test_making_people_refuses(count: int, locale: str, words: str) -> None:
    """A count out of bounds and an unknown locale are refused in words."""
    with pytest.raises(ValueError, match=words):
        make_people(count, locale, 1)


def test_a_person_shows_no_secret() -> None:
    """Whatever turns a person into text shows the number masked and no PIN; pickling is refused."""
    (person, *_) = load_built_in("sixteen")
    for text in (repr(person), str(person), f"{person}", f"{(person,)}"):
        assert person.pan not in text
        assert person.pin not in text
    with pytest.raises(TypeError, match="sensitive"):
        pickle.dumps(person)


@settings(deadline=None)
@given(
    digits=st.from_regex(r"[1-9][0-9]{12,18}", fullmatch=True),
    key=st.sampled_from(["name", "pan", "expiry", "service_code", "pin", "balance", "other"]),
    quote=st.booleans(),
)
def test_no_error_holds_a_number(digits: str, key: str, quote: bool) -> None:
    """A card number in the wrong place of the file does not come back in the error."""
    entry = {
        "name": "Ann",
        "pan": '"9999075123741247"',
        "expiry": '"3012"',
        "service_code": '"101"',
        "pin": '"482910375521"',
    }
    entry[key] = f'"{digits}"' if quote else digits
    text = "- {" + ", ".join(f"{k}: {v}" for k, v in entry.items()) + "}\n"
    shown = ""
    try:
        parse_people(text, "x")
    except ScenarioError as error:
        shown = str(error)
    assert digits not in shown


@pytest.mark.parametrize("text", ["", "posemu: 1", "[]", "- 3"])
def test_what_is_no_list_of_people_is_refused(text: str) -> None:
    """A file without people is refused."""
    with pytest.raises(ScenarioError, match=r"^x:1:\d: "):
        parse_people(text, "x")
