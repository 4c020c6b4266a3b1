"""Selection, GET PROCESSING OPTIONS, records and single objects of the card."""

from __future__ import annotations

import pytest

from posemu.card.chip import ChipCard, card_profiles
from posemu.wire import (
    check_emv_atr,
    decode_tlv,
    find_tlv,
    parse_afl,
    parse_atr,
    parse_gpo_response,
)

from .dialogue import (
    GPO,
    application,
    begin,
    command,
    generate,
    initiate,
    kind,
    new_card,
    select,
    send,
    set_stored,
    sw,
    values,
)

PSE = command("00A40400", b"1PAY.SYS.DDF01", "00")


def by_name(card: ChipCard, name: str, p2: str = "00") -> bytes:
    return send(card, command(f"00A404{p2}", bytes.fromhex(name), "00"))


@pytest.mark.parametrize("profile", card_profiles())
def test_the_atr_is_one_a_terminal_takes(profile: str) -> None:
    """Cold and warm, the ATR passes EMV Book 1 8.3.3."""
    card = new_card(profile)
    for atr in (card.power_on(), card.reset()):
        assert atr is not None
        check_emv_atr(parse_atr(atr))


def test_the_directory_lists_both_applications() -> None:
    """PSE, its file 1, an application a record, then 6A83 (EMV Book 1 12.2.3)."""
    card = new_card("two-applications")
    fci = decode_tlv(send(card, PSE)[:-2])
    assert find_tlv(fci, "88") == [b"\x01"]
    entries = [send(card, f"00B20{n}0C00") for n in (1, 2)]
    found = [
        find_tlv(decode_tlv(entry[:-2]), tag)[0].hex() for entry in entries for tag in ("4F", "87")
    ]
    assert found == ["a000000003101001", "01", "a000000003101002", "82"]
    assert sw(send(card, "00B2030C00")) == "6A83"


def test_a_card_without_directory_says_not_found() -> None:
    """SELECT of the PSE is 6A82 where there is none."""
    assert sw(send(new_card("basic-sda"), PSE)) == "6A82"


def test_a_beginning_of_a_name_finds_one_after_the_other() -> None:
    """A partial name and P2=02 go through all applications, then 6A82 (EMV Book 1 12.3.3)."""
    card = new_card("two-applications")
    first, second = (by_name(card, "A000000003", p2) for p2 in ("00", "02"))
    names = [find_tlv(decode_tlv(fci[:-2]), "84")[0].hex() for fci in (first, second)]
    assert names == ["a000000003101001", "a000000003101002"]
    assert sw(by_name(card, "A000000003", "02")) == "6A82"
    assert sw(by_name(card, "A000000004", "02")) == "6A82"
    assert sw(by_name(card, "A000000003")) == "9000"


@pytest.mark.parametrize(
    ("profile", "apdu", "status"),
    [
        ("credit-cda", "00A4040007A000000004101000", "6A82"),
        ("credit-cda", "00A4040004A000000300", "6700"),
        ("credit-cda", "00A4000007A000000003101000", "6A86"),
        ("blocked-card", "00A4040007A000000003101000", "6A81"),
        ("blocked-card", PSE.hex(), "6A81"),
        ("blocked-application", "00A4040007A000000003101000", "6283"),
        ("credit-cda", "80A8000002830000", "6985"),
        ("credit-cda", "00B2011400", "6985"),
        ("credit-cda", "80CA9F3600", "6985"),
        ("credit-cda", "00FF0000", "6D00"),
        ("credit-cda", "20A4040000", "6E00"),
        ("credit-cda", "00A404", "6700"),
        ("credit-cda", "", "6700"),
        ("credit-cda", "00A40400000007A0000000031010", "6700"),
    ],
)
def test_a_fresh_card_refuses(profile: str, apdu: str, status: str) -> None:
    """Statuses before anything is selected."""
    assert sw(send(new_card(profile), apdu)) == status


def test_a_failed_select_leaves_what_was_selected() -> None:
    """An application stays selected when another one is not found (ISO/IEC 7816-4 7.1.1)."""
    card = new_card()
    select(card)
    assert sw(by_name(card, "A0000000041010")) == "6A82"
    assert sw(initiate(card, values())) == "9000"


@pytest.mark.parametrize("profile", ["basic-sda", "credit-cda", "debit-dda", "two-applications"])
def test_every_record_of_the_afl_can_be_read(profile: str) -> None:
    """AIP and AFL come in either format; every record is one template 70, and no other is there."""
    card = new_card(profile)
    select(card)
    form, aip, afl = parse_gpo_response(initiate(card, values())[:-2])
    assert (form, aip) == (application(card).gpo_format, application(card).aip)
    read = 0
    for sfi, first, last, _ in parse_afl(afl):
        for number in range(first, last + 1):
            answer = send(card, f"00B2{number:02X}{sfi << 3 | 4:02X}00")
            (template,) = decode_tlv(answer[:-2])
            assert (template.tag, sw(answer)) == ("70", "9000")
            assert len(answer) <= 258
            read += 1
        assert sw(send(card, f"00B2{last + 1:02X}{sfi << 3 | 4:02X}00")) == "6A83"
    assert read == len(application(card).records)
    assert sw(send(card, "00B2013C00")) == "6A82"
    assert sw(send(card, "00B2010D00")) == "6A86"
    assert sw(send(card, "00B2000C00")) == "6A86"


@pytest.mark.parametrize(
    ("profile", "country", "status"),
    [
        ("domestic-only", "0156", "9000"),
        ("domestic-only", "0840", "6985"),
        ("credit-cda", "0840", "9000"),
    ],
)
def test_conditions_of_use(profile: str, country: str, status: str) -> None:
    """A card may refuse GET PROCESSING OPTIONS by what the PDOL tells it (EMV Book 3 10.1)."""
    card = new_card(profile)
    select(card)
    assert sw(initiate(card, values(t9F1A=country))) == status
    assert card.memory.applications[0].atc == (status == "9000")


@pytest.mark.parametrize(
    ("data", "status"),
    [("83020156", "6700"), ("8302015622", "6A80"), ("83030156", "6A80"), ("8202015622", "6A80"),
     ("830201568300", "6A80"), ("", "6A80"), ("8303015622", "9000")],
)  # fmt: skip
def test_the_data_of_gpo_is_one_object_of_the_right_length(data: str, status: str) -> None:
    """Anything but 83 with as many bytes as the PDOL asks is refused, and the ATC stays."""
    card = new_card()
    select(card)
    assert sw(send(card, command(GPO, bytes.fromhex(data), "00"))) == status
    assert card.memory.applications[0].atc == (status == "9000")


def test_gpo_comes_once_and_counts() -> None:
    """A second GET PROCESSING OPTIONS needs a new SELECT; each one that is done counts the ATC."""
    card = new_card()
    begin(card)
    assert sw(initiate(card, values())) == "6985"
    begin(card)
    assert card.memory.applications[0].atc == 2
    card.power_on()
    begin(card)
    assert send(card, "80CA9F3600")[:-2].hex() == "9f36020003"


def test_an_atc_that_is_used_up_ends_the_card() -> None:
    """After FFFF transactions GET PROCESSING OPTIONS is refused for good."""
    card = new_card()
    set_stored(card, atc=0xFFFF)
    select(card)
    assert sw(initiate(card, values())) == "6985"


@pytest.mark.parametrize(
    ("profile", "tag", "answer"),
    [
        ("credit-cda", "9F36", "9F36020000"),
        ("credit-cda", "9F13", "9F13020000"),
        ("credit-cda", "9F17", "9F170103"),
        ("credit-cda", "9F4F", "9F4F119A039F21039F02065F2A029F1A029F3602"),
        ("credit-cda", "9F58", "9F580103"),
        ("credit-cda", "9F5C", "9F5C06000000100000"),
        ("debit-dda", "00CB", "CB06000000040000"),
        ("debit-dda", "9F4F", ""),
        ("credit-cda", "5A00", ""),
        ("credit-cda", "0057", ""),
    ],
)
def test_get_data(profile: str, tag: str, answer: str) -> None:
    """Counters, tries, log format and limits are given; nothing that is a record's."""
    card = new_card(profile)
    select(card)
    expected = answer.lower() + "9000" if answer else "6a88"
    assert send(card, f"80CA{tag}00").hex() == expected


def test_the_log_keeps_the_newest_transactions() -> None:
    """An approved transaction stands in front of the log; ten are kept (EMV Book 3 annex D)."""
    card = new_card("credit-cda")
    for n in range(1, 13):
        data = begin(card, t9F02=f"{n:012d}", t9F35="23")
        answer = generate(card, "40", data)
        assert kind(answer) == "AAC"  # a new card: the default action code declines
    assert sw(send(card, "00B2015C00")) == "6A83"
    set_stored(card, last_online_atc=1)
    for n in range(1, 6):
        assert kind(generate(card, "40", begin(card, t9F02=f"{n:012d}", t9F35="23"))) == "TC"
    records = [send(card, f"00B20{n}5C00") for n in range(1, 7)]
    amounts = [int(r[6:12].hex()) for r in records if sw(r) == "9000"]
    assert amounts == [5, 4, 3, 2, 1]
    assert records[0][:-2].hex() == "261122093000" + "000000000005" + "0156" + "0156" + "0011"
    assert sw(records[5]) == "6A83"
