"""Personalisation: test numbers only, profiles that make sense, the same card each time."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from posemu.card.chip import (
    CardProfileError,
    ChipCard,
    Holder,
    card_profiles,
    load_card_profile,
    parse_card_profile,
    personalise,
    read_card_profile,
)
from posemu.profiles.card_keys import CardKeysError, load_card_keys, parse_card_keys, read_card_keys
from posemu.profiles.data_files import DataFileError
from posemu.profiles.pans import TestPansError, load_test_pans, read_test_pans
from posemu.wire import decode_tlv, find_tlv, parse_track2, track2_from_equivalent

from .dialogue import HOLDER, PIN, new_card

FOLDER = files("posemu.profiles") / "cards"
REAL_LOOKING = "4000001234567899"


def objects_of(card: ChipCard) -> dict[str, bytes]:
    records = card._image.applications[0].records.values()
    return {t.tag: t.value for r in records for t in decode_tlv(r)[0].children or ()}


@pytest.mark.parametrize("profile", card_profiles())
def test_a_card_is_the_same_each_time(profile: str) -> None:
    """Certificates and all: nothing in it is drawn."""
    one, two = (
        personalise(load_card_profile(profile), HOLDER, PIN, name=profile, keys=keys)
        for keys in (load_card_keys(), parse_card_keys(_key_text(), "again"))
    )
    assert [a.records for a in one.applications] == [a.records for a in two.applications]
    assert [a.fci for a in one.applications] == [a.fci for a in two.applications]


def _key_text() -> str:
    return (files("posemu.profiles") / "card_keys" / "test.yaml").read_text("utf-8")


def test_a_card_is_made_once() -> None:
    """The second card of a holder takes its certificates from the first."""
    first, second = (new_card()._image.applications[0] for _ in range(2))
    assert first is second


@pytest.mark.parametrize(
    ("profile", "expiry", "effective"),
    [("credit-cda", "291031", "200101"), ("expired", "240131", "200101"),
     ("not-yet-effective", "291031", "490101")],
)  # fmt: skip
def test_dates_of_the_card(profile: str, expiry: str, effective: str) -> None:
    """A card is good until the last day of its month; profiles may say otherwise."""
    found = objects_of(new_card(profile))
    assert (found["5F24"].hex(), found["5F25"].hex()) == (expiry, effective)
    track = parse_track2(track2_from_equivalent(found["57"]))
    assert (track.pan, track.service_code) == (HOLDER.pan, "201")


@pytest.mark.parametrize(("expiry", "day"), [("2802", "29"), ("2902", "28"), ("2904", "30")])
def test_the_last_day_of_a_month(expiry: str, day: str) -> None:
    """February, leap years and short months."""
    holder = Holder(HOLDER.pan, expiry, "A Name")
    image = personalise(load_card_profile("basic-sda"), holder, PIN)
    record = image.applications[0].records[2, 1]
    assert find_tlv(decode_tlv(record), "5F24")[0].hex() == expiry + day


def test_only_test_numbers_are_taken() -> None:
    """A number that may be somebody's is refused, masked; its source is kept."""
    with pytest.raises(ValueError, match=r"may be somebody's") as caught:
        personalise(load_card_profile("basic-sda"), Holder(REAL_LOOKING, "2910", "A Name"), PIN)
    assert REAL_LOOKING not in str(caught.value)
    with pytest.raises(ValueError, match="check digit"):
        personalise(load_card_profile("basic-sda"), Holder("9999074985333806", "2910", "A"), PIN)
    assert new_card()._image.pan_source.file == "test_pans.yaml"
    for number in load_test_pans().numbers:
        assert load_test_pans().check(number).file == "test_pans.yaml"
    published = Holder("4242424242424242", "2910", "A Name")
    source = personalise(load_card_profile("basic-sda"), published, PIN).pan_source
    assert source.source == "Stripe, Testing: Visa"


def test_a_laboratory_adds_a_file(tmp_path: Path) -> None:
    """Its numbers are taken, and carry its file's name."""
    path = tmp_path / "lab.yaml"
    path.write_text('ranges: [{prefix: "400000123456", source: our test range}]\n', "utf-8")
    pans = read_test_pans(path)
    digits = next(f"400000123456789{n}" for n in range(10) if _luhn(f"400000123456789{n}"))
    assert pans.check(digits).file == str(path)
    assert pans.check(HOLDER.pan).file == "test_pans.yaml"
    assert pans.prefixes == ("9999", "400000123456")
    assert pans.numbers == load_test_pans().numbers
    assert pans.files == ("test_pans.yaml", str(path))
    with pytest.raises(ValueError, match="may be somebody's"):
        load_test_pans().check(digits)


def _luhn(digits: str) -> bool:
    values = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return sum(v - 9 * (v > 9) for v in values) % 10 == 0


@pytest.mark.parametrize("text", ["numbers: {1234: x}", "ranges: [{prefix: '99'}]", "x: [", "a: 1"])
def test_a_bad_file_of_numbers_is_refused(tmp_path: Path, text: str) -> None:
    """What to write instead; nothing that stood there."""
    path = tmp_path / "lab.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(TestPansError) as caught:
        read_test_pans(path)
    assert "1234" not in str(caught.value).replace(str(path), "")


def changed(**changes: Any) -> str:
    lines = ["like: credit-cda", "each:"]
    return "\n".join(lines + [f"  {key}: {value}" for key, value in changes.items()]) + "\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (changed(cvn=12), r"each|applications\.0\.cvn"),
        (changed(atr="x"), "atr"),
        (changed(cdol1="[9F02]"), "a DOL is a list of tags and lengths"),
        (changed(actions="{online: [new-moon]}"), "new-moon is no result of card risk management"),
        (changed(version='"A0"'), "version"),
        ("like: nothing\n", "no profile 'nothing'"),
        ("like: expired\n", "expired is like another one itself"),
        ("about: [", "."),
        ("- 1\n", "must be keys"),
        ('like: credit-cda\natr: "3B00"\n', "is no ATR that a terminal accepts"),
    ],
)
def test_a_bad_profile_is_refused(text: str, message: str) -> None:
    """The error names the file, the place, and what is wrong."""
    with pytest.raises(DataFileError, match=message) as caught:
        parse_card_profile(text, "mine.yaml")
    assert str(caught.value).startswith("mine.yaml, ")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cvn": 16}, r"applications\.0\.cvn"),
        ({"keys": "{ca: ca-1024, issuer: issuer-1408, icc: icc-1152}"}, "longer than the one that"),
        ({"keys": "{ca: ca-9, issuer: issuer-1408, icc: icc-1152}"}, "no key 'ca-9'"),
        ({"keys": "{ca: icc-1984, issuer: issuer-1984, icc: icc-1152}"}, "no authority's key"),
        ({"keys": "{ca: ca-1984, issuer: issuer-1984, icc: icc-1984}"}, "at most 1552 bits"),
        ({"pdol": "[]", "usage": '{9F1A: ["0156"]}'}, r"pdol: must ask for 9F1A 2"),
        ({"cdol1": "[9F02 6, 9F37 4]"}, r"cdol1: must ask for 9F03"),
        ({"cdol1": "[9F02 5, 9F37 4]"}, r"cdol1: must ask for 9F02 6"),
        ({"cdol2": "[9F37 4]"}, r"cdol2: must ask for 8A 2"),
    ],
)
def test_a_profile_that_makes_no_card_is_refused(changes: dict[str, Any], message: str) -> None:
    """Keys that do not fit, and a card that would not learn what its cryptogram covers."""
    profile = parse_card_profile(changed(**changes), "mine.yaml")
    with pytest.raises(CardProfileError, match=message):
        personalise(profile, HOLDER, PIN, name="mine.yaml")


def test_a_profile_of_the_users(tmp_path: Path) -> None:
    """A file beside a scenario, like one of posemu's."""
    path = tmp_path / "mine.yaml"
    path.write_text(changed(label="MINE"), "utf-8")
    assert read_card_profile(path).applications[0].label == "MINE"


def test_every_profile_says_what_it_is_in_both_languages() -> None:
    """English and Chinese, and no two alike."""
    about = [load_card_profile(name).about for name in card_profiles()]
    assert len({text.en for text in about}) == len({text.zh for text in about}) == len(about)


@pytest.mark.parametrize(
    ("find", "put", "place"),
    [("exponent: 3", "exponent: 4", "rsa.ca-1024"), ("key: ca-1024", "key: ca-9", "authorities.E1"),
     ("rsa:", "rsa: 1\nx:", ""), ('ac: "', 'ac: "00', "issuer_master_keys.ac"), ("rids:", "[", "")],
)  # fmt: skip
def test_bad_keys_are_refused_and_not_shown(find: str, put: str, place: str) -> None:
    """The place, and no digit of a key."""
    with pytest.raises(CardKeysError) as caught:
        parse_card_keys(_key_text().replace(find, put, 1), "keys.yaml")
    assert place in str(caught.value)
    assert not any(len(word) > 40 for word in str(caught.value).split())


def test_the_committed_keys_have_the_lengths_of_their_names() -> None:
    """1024 to 1984 bits; each private key undoes its public one."""
    keys = load_card_keys()
    for name, pair in keys.rsa.items():
        assert f"-{pair.public.bits}" in name
        block = b"\x01" * len(pair.public.modulus)
        assert pair.public.apply(pair.private.apply(block)) == block
    assert keys.index_of("ca-1408") == "E3"
    with pytest.raises(KeyError):
        keys.index_of("icc-1024")


def test_new_keys_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`posemu card-keys` writes a file that personalisation takes, with other keys each time."""
    from posemu.cli import card_keys

    names = ("ca-1024", "issuer-1024", "icc-1024")
    monkeypatch.setattr(card_keys, "KEYS", dict.fromkeys(names, (1024, 65537)))
    monkeypatch.setattr(card_keys, "AUTHORITIES", {"E1": "ca-1024"})
    path = tmp_path / "keys.yaml"
    card_keys.command(path)
    keys = read_card_keys(path)
    assert keys.rsa["ca-1024"].public != load_card_keys().rsa["ca-1024"].public
    image = personalise(load_card_profile("basic-sda"), HOLDER, PIN, keys=keys)
    assert image.applications[0].afl


def test_nothing_of_a_card_shows_itself() -> None:
    """Number, PIN and keys stand in no repr."""
    card = new_card()
    shown = repr([card._image, card._image.applications[0], HOLDER, card.memory, card._session])
    assert HOLDER.pan not in shown
    assert PIN.expose() not in shown
