"""GENERATE AC: what is sent, which answers are taken, and what a signed cryptogram proves."""

from __future__ import annotations

from hashlib import sha1
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.crypto.emv.signatures import combined_data, sign_dynamic
from posemu.profiles.card_keys import load_card_keys
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.flags import TSI, TVR
from posemu.terminal.kernel.generate_ac import (
    CDOL1,
    CDOL2,
    Given,
    Signer,
    first_generate_ac,
    generate_ac,
)
from posemu.terminal.kernel.outcome import Outcome, Result
from posemu.terminal.kernel.requests import Answered, Removed
from posemu.terminal.kernel.terminal_action_analysis import Cryptogram
from posemu.wire.emv.dol import build_dol, parse_dol

from .chip import AC, ICC, KINDS, NUMBER, Chip, chip_terminal, started
from .scripted import play, tlv
from .test_offline_data_authentication import names

AAC, TC, ARQC = Cryptogram.AAC, Cryptogram.TC, Cryptogram.ARQC
RULES = chip_terminal()
APPLICATION = RULES.applications[0]
MAY_GIVE = {TC: {"TC", "ARQC", "AAC"}, ARQC: {"ARQC", "AAC"}, AAC: {"AAC"}}  # Book 3, 9.3


def signer() -> Signer:
    return Signer(load_card_keys().rsa[ICC].public, b"")


def ask(
    chip: Chip, asked: Cryptogram = ARQC, by: Signer | None = None, data: Data | None = None
) -> tuple[Data, Any]:
    data = started(chip, RULES) if data is None else data
    result, _ = play(first_generate_ac(data, APPLICATION, asked, by), chip)  # type: ignore[arg-type]
    return data, result


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("asked", list(Cryptogram))
@pytest.mark.parametrize("form", [1, 2])
@pytest.mark.parametrize("signed", [False, True])
def test_a_card_may_give_less_and_not_more(
    asked: Cryptogram, kind: str, form: int, signed: bool
) -> None:
    """TC may become ARQC or AAC, ARQC may become AAC; all else ends the transaction (Book 3, 9.3),
    in either format, signed or not. P1 says what was asked for (Book 3, 6.5.5.2)."""
    chip = Chip(gives=(kind,), form=form)
    data, result = ask(chip, asked, signer() if signed else None)
    wants_signature = signed and asked is not AAC
    assert chip.sent[0][:8] == f"80AE{asked.value | 0x10 * wants_signature:02X}00"
    assert "cda-failed" not in data.tvr
    if kind in MAY_GIVE[asked]:
        assert result == Given(Cryptogram[kind], True, False)
        assert data.card["9F26"] == AC
        assert (data.card["9F27"], data.card["9F36"]) == (bytes((KINDS[kind],)), b"\x00\x07")
        assert data.card["9F10"] == bytes.fromhex("06010A03")
        proven = {"oda-performed"} if wants_signature and kind != "AAC" else set()
        assert names(TSI, data[TSI]) == {"card-risk-performed"} | proven
    else:
        assert result == Outcome(Result.TERMINATED, "bad-cryptogram-type")


def test_the_values_of_the_list_are_sent() -> None:
    """What the CDOL asks for, in its order and lengths; what nobody has is zeros (Book 3, 5.4)."""
    chip = Chip(cdol1="9F02069F37049505DF0102", gives=("AAC",))
    data = started(chip, RULES)
    data.tvr.set("expired")
    ask(chip, AAC, data=data)
    assert chip.sent == ["80AE000011" + "000000000100" + "01234567" + "0040000000" + "0000" + "00"]


def test_an_empty_list_sends_nothing() -> None:
    """A list that asks for nothing makes a command without data."""
    chip = Chip(cdol1="", gives=("AAC",))
    ask(chip, AAC)
    assert chip.sent == ["80AE000000"]


@pytest.mark.parametrize(
    ("card", "default", "hashed", "bit"),
    [
        ("9F02069F3704", "", "00000000010001234567", False),
        (None, "9A03", "261122", True),
        (None, "", "", True),  # an empty default list is assumed
        ("", "9A03", "", False),
    ],
)
def test_the_tc_hash(card: str | None, default: str, hashed: str, bit: bool) -> None:
    """The hash over the TDOL's values; the default list is used where the card has none, and the
    TVR, which goes in the same command, says so (Book 3, 9.2.2)."""
    put = {} if card is None else {"97": bytes.fromhex(card)}
    chip = Chip(cdol1="98149505", put=put, gives=("AAC",))
    rules = chip_terminal(default_tdol=bytes.fromhex(default))
    data = started(chip, rules)
    play(first_generate_ac(data, rules.applications[0], AAC, None), chip)  # type: ignore[arg-type]
    tvr = "0000000080" if bit else "0000000000"
    digest = sha1(bytes.fromhex(hashed)).hexdigest().upper()
    assert chip.sent == [f"80AE000019{digest}{tvr}00"]
    assert ("default-tdol" in data.tvr) is bit


def test_no_hash_no_default_list() -> None:
    """Without tag 98 in the CDOL the TDOL does not matter."""
    data, _ = ask(Chip(gives=("AAC",)), AAC)
    assert "default-tdol" not in data.tvr
    assert "98" not in data.terminal


CID, ATC, CRYPTOGRAM = "9F270180", "9F36020007", "9F26081122334455667788"
NO_ANSWERS: list[tuple[Any, str]] = [
    ("6985", "bad-status"),
    ("6283", "bad-status"),
    (Removed(), "removed"),
    ("9000", "bad-format"),
    (tlv("77", CID, ATC, CRYPTOGRAM) + "00" * 2 + tlv("80", "00") + "9000", "bad-format"),
    (tlv("70", CID, ATC, CRYPTOGRAM) + "9000", "bad-format"),
    (tlv("77", CID, ATC, CRYPTOGRAM)[:-2] + "9000", "bad-format"),
    (tlv("80") + "9000", "bad-format"),
    (tlv("80", "80000711223344556677") + "9000", "bad-format"),  # a byte short
    (tlv("80", "8000071122334455667788", "00" * 33) + "9000", "bad-format"),  # 32 are the issuer's
    (tlv("77") + "9000", "missing-data"),
    (tlv("77", ATC, CRYPTOGRAM) + "9000", "missing-data"),
    (tlv("77", CID, CRYPTOGRAM) + "9000", "missing-data"),
    (tlv("77", CID, ATC) + "9000", "missing-data"),
    (tlv("77", CID, ATC, CRYPTOGRAM, CID) + "9000", "redundant-data"),
    (tlv("77", "9F27028000", ATC, CRYPTOGRAM) + "9000", "bad-format"),
    (tlv("77", CID, "9F360107", CRYPTOGRAM) + "9000", "bad-format"),
    (tlv("77", CID, ATC, "9F260711223344556677") + "9000", "bad-format"),
    (tlv("77", CID, ATC, CRYPTOGRAM, tlv("9F10", "00" * 33)) + "9000", "bad-format"),
]


@pytest.mark.parametrize(("answer", "reason"), NO_ANSWERS)
def test_an_answer_of_another_form_ends_it(answer: Any, reason: str) -> None:
    """Statuses, formats, lengths and missing objects (Book 3, 6.3.5, 6.5.5.4 and 7.5)."""
    data, outcome = ask(Chip(instead={"80AE": answer}))
    assert outcome == Outcome(Result.TERMINATED, reason)
    assert "card-risk-performed" not in data.tsi


@pytest.mark.parametrize(
    ("cdol1", "reason"),
    [("9F", "bad-format"), ("9F02", "bad-format"), ("9F02FF9F0301", "bad-format")],
)
def test_a_list_that_cannot_be_served_ends_it(cdol1: str, reason: str) -> None:
    """A CDOL that is none, or asks for more than a command holds: nothing is sent."""
    chip = Chip(cdol1=cdol1)
    assert ask(chip)[1] == Outcome(Result.TERMINATED, reason)
    assert chip.sent == []
    data = started(chip, RULES)
    del data.card["8C"]
    assert ask(chip, data=data)[1] == Outcome(Result.TERMINATED, "missing-data")


@pytest.mark.parametrize(("cid", "kind", "said"), [(1, "AAC", True), (2, "AAC", False)])
def test_a_service_that_is_not_allowed(cid: int, kind: str, said: bool) -> None:
    """The reason code of an AAC tells (Book 3, 6.5.5.4)."""
    assert ask(Chip(gives=(kind,), cid=cid), AAC)[1] == Given(AAC, True, said)
    assert ask(Chip(gives=("ARQC",), cid=cid))[1] == Given(ARQC, True, False)


def test_other_objects_of_an_answer_are_not_kept() -> None:
    """An object that stands for the issuer's word is not taken from a card's answer."""
    answer = tlv("77", CID, ATC, CRYPTOGRAM, "8A023030", "91083132333435363738")
    data, result = ask(Chip(instead={"80AE": answer + "9000"}))
    assert result == Given(ARQC, True, False)
    assert not {"8A", "91"} & set(data.card)


# --- CDA (Book 2, 6.6) ----------------------------------------------------------------------------


def test_both_cryptograms_are_signed_over_all_that_was_said() -> None:
    """The second signature covers PDOL, CDOL1 and CDOL2 too; cryptogram and number come out of
    it."""
    chip = Chip(gives=("ARQC", "TC"), cdol2="9F4C089F2608")
    data, by = started(chip, RULES), signer()
    chip.said = by.sent = bytes.fromhex("C0FFEE")  # what the PDOL asked for
    first, _ = play(generate_ac(data, APPLICATION, TC, CDOL1, by), chip)  # type: ignore[arg-type]
    assert data.card["9F4C"] == NUMBER
    second, _ = play(generate_ac(data, APPLICATION, TC, CDOL2, by), chip)  # type: ignore[arg-type]
    assert (first, second) == (Given(ARQC, True, False), Given(TC, True, False))
    assert chip.sent[1] == "80AE500010" + NUMBER.hex().upper() + AC.hex().upper() + "00"
    assert names(TVR, data[TVR]) == set()


def signed_answer() -> bytes:
    """A good answer to a first GENERATE AC with CDA."""
    chip = Chip(gives=("TC",))
    play(generate_ac(started(chip, RULES), APPLICATION, TC, CDOL1, signer()), chip)  # type: ignore[arg-type]
    chip.asked, chip.said = 0, b""
    answer = chip.answer(bytes.fromhex(chip.sent[0]))
    assert isinstance(answer, Answered)
    return answer.apdu[:-2]


def judge(data: Data, answer: bytes, by: Signer | None = None) -> Any:
    chip = Chip(instead={"80AE": (answer + b"\x90\x00").hex()})
    return ask(chip, TC, by or signer(), data)[1]


ANSWER_TC = signed_answer()


@settings(max_examples=60)
@given(place=st.integers(0, 8 * len(ANSWER_TC) - 1))
def test_any_flipped_bit_is_noticed(place: int) -> None:
    """Nothing of a signed answer can be changed: the signature fails, the format is wrong, or it is
    an AAC, which approves nothing."""
    changed = bytearray(ANSWER_TC)
    changed[place // 8] ^= 1 << place % 8
    data = started(Chip(), RULES)
    result = judge(data, bytes(changed))
    if isinstance(result, Given):
        assert not (result.authentic and result.cryptogram is TC)
        if not result.authentic:
            assert "cda-failed" in data.tvr
            assert "oda-performed" in data.tsi
            assert "9F4C" not in data.card
    else:
        assert result.result is Result.TERMINATED


def test_a_signed_answer_is_bound_to_this_transaction() -> None:
    """Another number of ours, another PDOL, another key: the signature fails (Book 2, 6.6.2)."""
    assert judge(started(Chip(), RULES), ANSWER_TC) == Given(TC, True, False)
    data = started(Chip(), RULES)
    data.terminal["9F37"] = bytes(4)
    assert judge(data, ANSWER_TC) == Given(TC, False, False)
    data = started(Chip(), RULES)
    assert judge(data, ANSWER_TC, Signer(signer().key, b"\x00")) == Given(TC, False, False)
    assert data.card.get("9F26") is None
    other = Signer(load_card_keys().rsa["icc-1152"].public, b"")
    assert judge(started(Chip(), RULES), ANSWER_TC, other) == Given(TC, False, False)


def test_padding_and_long_lengths_are_the_cards_own() -> None:
    """The hash covers the objects as they came: a longer length than needed changes it, filling
    between objects does not count."""
    inside = ANSWER_TC[3:]
    filled = b"\x00\x00" + inside + b"\x00"
    assert judge(started(Chip(), RULES), b"\x77\x81" + bytes((len(filled),)) + filled) == Given(
        TC, True, False
    )
    longer = inside.replace(bytes.fromhex("9F360200"), bytes.fromhex("9F36810200"))
    assert judge(started(Chip(), RULES), b"\x77\x81" + bytes((len(longer),)) + longer) == Given(
        TC, False, False
    )


@pytest.mark.parametrize("kind", ["TC", "ARQC"])
def test_an_unsigned_answer_proves_nothing(kind: str) -> None:
    """A cryptogram without the signature that was asked for is CDA failed, in either format."""
    cid = f"{KINDS[kind]:02X}"
    for answer in (
        tlv("80", cid, "00071122334455667788"),
        tlv("77", f"9F2701{cid}", ATC, CRYPTOGRAM),
        tlv("77", f"9F2701{cid}", ATC),
    ):
        data, result = ask(Chip(instead={"80AE": answer + "9000"}), TC, signer())
        assert result == Given(Cryptogram[kind], False, False)
        assert names(TVR, data[TVR]) == {"cda-failed"}
        assert names(TSI, data[TSI]) == {"oda-performed", "card-risk-performed"}


def test_the_signed_kind_is_the_one_that_was_given() -> None:
    """A card that signs an ARQC and says TC proves nothing (Book 2, 6.6.2)."""
    for signed, authentic in ((0x40, True), (0x80, False)):
        chip, plain = Chip(), "9F270140" + ATC
        data = started(chip, RULES)
        covered = build_dol(parse_dol(data.card["8C"]), data) + bytes.fromhex(plain)
        proof = combined_data(NUMBER, signed, AC, covered)
        key = load_card_keys().rsa[ICC].private
        signature = sign_dynamic(key, proof, data["9F37"]).signature
        answer = bytes.fromhex(tlv("77", plain, tlv("9F4B", signature.hex())))
        assert judge(data, answer) == Given(TC, authentic, False)
