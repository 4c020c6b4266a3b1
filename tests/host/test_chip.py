"""The issuer's side of a chip. The other party is pyemv, which shares no code with it: it makes the
card's cryptograms, and says what the issuer's proofs and scripts must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyemv import cvn

from posemu.crypto import Pin
from posemu.host.chip import ATC_JUMP, ChipIssuer, Judged
from posemu.host.chip_answer import CardStatus, ChangePin, Order, PutData, Script
from posemu.host.chip_rules import RULES, Rule
from posemu.profiles.card_keys import load_card_keys
from posemu.wire import Tlv, decode_tlv, encode_tlv, find_tlv, tlv_pairs
from posemu.wire.emv.meanings import bit_names

# pyemv takes TripleDES from where cryptography used to have it.
pytestmark = [
    pytest.mark.filterwarnings(
        f"ignore::cryptography.utils.CryptographyDeprecationWarning:{module}"
    )
    for module in ("pyemv.mac", "pyemv.tools")
]

PAN, SEQUENCE = "9999074985333805", "01"
CVR = {"visa": "03A00000", "mastercard": "A00000000000"}
CLASSES: Mapping[tuple[str, int], type] = {
    ("visa", 10): cvn.VisaCVN10,
    ("visa", 18): cvn.VisaCVN18,
    ("visa", 22): cvn.VisaCVN22,
    ("mastercard", 16): cvn.MasterCardCVN16,
    ("mastercard", 17): cvn.MasterCardCVN17,
    ("mastercard", 20): cvn.MasterCardCVN20,
    ("mastercard", 21): cvn.MasterCardCVN21,
}
COVERED = ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "82", "9F36")
VERSIONS = pytest.mark.parametrize("version", CLASSES, ids=str)
VISA = ("visa", 18)


def theirs(version: tuple[str, int]) -> Any:
    keys = load_card_keys().issuer
    raw = [key.expose() for key in (keys.ac, keys.smi, keys.smc)]
    return CLASSES[version](*raw, PAN, SEQUENCE)


def request(version: tuple[str, int] = VISA, atc: int = 7, **changes: str) -> dict[str, bytes]:
    """Field 55 of a request, its cryptogram by pyemv; changes (t95="...") are before it."""
    scheme, number = version
    cvr = changes.pop("cvr", CVR[scheme])
    iad = f"0601{number:02X}{cvr}" if scheme == "visa" else f"01{number:02X}{cvr}DAC1" + "00" * 8
    said = {
        "9F27": "80", "9F10": iad, "9F37": "1A2B3C4D", "9F36": f"{atc:04X}",
        "95": "0000008000", "9A": "261122", "9C": "00", "9F02": "000000020000", "5F2A": "0156",
        "82": "3D00", "9F1A": "0156", "9F03": "000000000000", "5F34": SEQUENCE,
    } | {tag.removeprefix("t"): value for tag, value in changes.items()}  # fmt: skip
    objects = {tag: bytes.fromhex(value) for tag, value in said.items()}
    return {"9F26": cryptogram(version, objects), **objects}


def cryptogram(version: tuple[str, int], objects: dict[str, bytes]) -> bytes:
    tags = {f"tag_{tag.lower()}": objects[tag] for tag in COVERED}
    iad = objects["9F10"]
    if version in (("visa", 18), ("visa", 22)):
        return bytes(theirs(version).generate_ac(**tags, tag_9f10=iad))
    if version[0] == "visa":
        return bytes(theirs(version).generate_ac(**tags, cvr=iad[3:7]))
    counters = {"counters": iad[10:18]} if version[1] in (17, 21) else {}
    return bytes(theirs(version).generate_ac(**tags, cvr=iad[2:8], **counters))


def packed(objects: Mapping[str, bytes]) -> bytes:
    return encode_tlv([Tlv(tag, value) for tag, value in objects.items()])


def issuer(rules: tuple[Rule, ...] = RULES) -> ChipIssuer:
    return ChipIssuer(load_card_keys().issuer, rules)


def judge(objects: Mapping[str, bytes], **how: Any) -> Judged:
    return issuer().judge(packed(objects), PAN, **how)


# --- is it our card -------------------------------------------------------------------------------


@VERSIONS
def test_a_right_cryptogram_proves_the_card(version: tuple[str, int]) -> None:
    """Made by pyemv from the same master keys, of every version that a card here can have."""
    found = judge(request(version))
    assert found.card is not None
    assert (found.kind, found.response_code) == ("ARQC", "")
    assert "tvr.floor-limit-exceeded" in found.findings


@VERSIONS
@given(data=st.data())
@settings(max_examples=6, deadline=None)
def test_a_changed_bit_declines(version: tuple[str, int], data: st.DataObject) -> None:
    """One bit of the cryptogram or of anything it covers: not our card, and nothing is answered."""
    objects = request(version)
    tag = data.draw(st.sampled_from(("9F26", *COVERED, "9F10")))
    value = bytearray(objects[tag])
    start = 4 if tag == "9F10" else 0  # behind what says how to read it: the CVR
    size = 3 if tag == "9F10" else len(value)
    bit = data.draw(st.integers(0, 8 * size - 1))
    value[start + bit // 8] ^= 1 << bit % 8
    ours = issuer()
    found = ours.judge(packed({**objects, tag: bytes(value)}), PAN)
    assert found.card is None
    assert ours.answer(found, "00") == b""
    if found.findings != ("unknown-layout",):
        assert "wrong-cryptogram" in found.findings
        assert found.response_code == "59"


def test_another_number_is_another_card() -> None:
    """Keys are of a PAN and a sequence number: one digit else, and nothing is right."""
    objects = request()
    assert issuer().judge(packed(objects), PAN[:-1] + "6").response_code == "59"
    assert judge({**objects, "5F34": b"\x02"}).response_code == "59"
    for wrong in ("", "4761x", PAN + "0000"):
        assert issuer().judge(packed(objects), wrong).findings == ("unknown-card",)
    assert judge({**objects, "5F34": b"\x0a"}).response_code == "14"


# --- any bytes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["9F26", "9F27", "9F10", "9F36", "9F37", "95", "9F02", "9A", "82"])
def test_what_is_missing_twice_or_short(tag: str) -> None:
    """Each has its name, and is a format error."""
    objects = request()
    one = Tlv(tag, objects[tag])
    without = {kept: value for kept, value in objects.items() if kept != tag}
    short = {**objects, tag: objects[tag][:-1]}
    assert judge(without).findings[-1] == "missing-data"
    assert judge(without).response_code == "30"
    twice = issuer().judge(packed(objects) + encode_tlv([one]), PAN)
    assert (twice.findings, twice.response_code) == (("duplicate-data",), "30")
    found = judge(short).findings
    assert found == (("unknown-layout",) if tag == "9F10" else ("bad-length",))


def test_layouts_versions_and_foreign_tags() -> None:
    """9F10 of nobody, a version that no card of ours has; a tag that EMV has not is passed over."""
    objects = request()
    assert judge({**objects, "9F10": b"\x01"}).findings == ("unknown-layout",)
    assert judge({**objects, "9F10": bytes.fromhex("06016303A00000")}).response_code == "14"
    assert judge({**objects, "DF7F": b"ours"}).response_code == ""


@given(st.binary(max_size=80))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_judged(field_55: bytes) -> None:
    """Nothing is raised; nothing but a cryptogram of ours goes through."""
    ours = issuer()
    for data in (field_55, packed(request()) + field_55[:8], packed(request())[: len(field_55)]):
        found = ours.judge(data, PAN)
        if found.card is None:
            assert found.response_code
            assert ours.answer(found, "00") == b""


# --- the rules ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bits", "code"),
    [
        (("on-exception-file",), "62"), (("expired",), "54"), (("not-yet-effective",), "62"),
        (("service-not-allowed",), "57"), (("pin-tries-exceeded",), "75"),
        (("pin-tries-exceeded", "online-pin"), ""), (("verification-failed",), "55"),
        (("dda-failed",), ""), (("pin-not-entered",), ""), (("expired", "on-exception-file"), "62"),
    ],
)  # fmt: skip
def test_what_the_tvr_declines(bits: tuple[str, ...], code: str) -> None:
    """Bit by bit, and the first rule first; exceptions hold, and what no rule names is noted."""
    tvr = bytearray(5)
    for bit in bit_names("95"):
        if bit.name in bits:
            tvr[bit.byte - 1] |= 1 << bit.low - 1
    found = judge(request(t95=tvr.hex()))
    assert found.response_code == code
    assert {name for name in found.findings if name.startswith("tvr.")} == {
        f"tvr.{name}" for name in bits
    }


@pytest.mark.parametrize(
    ("version", "cvr", "name"),
    [
        (("visa", 18), "03A04000", "pin-tries-exceeded"),
        (("visa", 10), "03A01000", "new-card"),
        (("visa", 18), "03A00008", "script-failed"),
        (("mastercard", 17), "A00000080000", "pin-tries-exceeded"),
        (("mastercard", 17), "A00000000100", "script-failed"),
    ],
)
def test_what_the_card_says_of_itself(version: tuple[str, int], cvr: str, name: str) -> None:
    """A bit of either layout has its name; a rule may look at it."""
    found = judge(request(version, cvr=cvr))
    assert f"cvr.{name}" in found.findings
    strict = issuer((Rule(f"cvr.{name}", "05"),))
    assert strict.judge(packed(request(version, cvr=cvr)), PAN).response_code == "05"
    assert strict.judge(packed(request(version)), PAN).response_code == ""


def test_the_kind_of_cryptogram() -> None:
    """A request brings an ARQC, an upload a TC or an AAC; and the CID, which no cryptogram covers,
    says what the card's own results say."""
    lied = judge(request(t9F27="40"))
    assert lied.response_code == "59"
    assert {"type-differs", "wrong-type"} <= set(lied.findings)
    final = request(cvr="03900000", t9F27="40")
    assert judge(final).response_code == "12"
    assert judge(final, online=False).response_code == ""
    assert judge(request(), online=False).response_code == "12"
    assert issuer().answer(judge(final, online=False), "00") == b""


def test_the_message_and_the_chip_say_the_same() -> None:
    """An amount that is not the one the card saw."""
    amount = {"9F02": bytes.fromhex("000000020000")}
    assert judge(request(), message=amount).response_code == ""
    assert judge(request(), message={"9F02": bytes(6)}).response_code == "30"


# --- the counter ----------------------------------------------------------------------------------


def test_the_transaction_counter() -> None:
    """It goes up, by a right cryptogram only; a jump is noted. A version has its own counter."""
    ours = issuer()

    def findings(atc: int, **changes: str) -> tuple[str, set[str]]:
        found = ours.judge(packed(request(atc=atc, **changes)), PAN)
        return found.response_code, {name for name in found.findings if name.startswith("atc")}

    assert findings(7) == ("", set())
    forged = {**request(atc=9), "9F26": bytes(8)}
    assert ours.judge(packed(forged), PAN).response_code == "59"
    assert findings(8) == ("", set())
    assert findings(8) == ("59", {"atc-repeated"})
    assert findings(7) == ("59", {"atc-lower"})
    assert findings(8 + ATC_JUMP) == ("", set())
    assert findings(9 + 2 * ATC_JUMP) == ("", {"atc-jump"})
    other = ours.judge(packed(request(("visa", 10), atc=1)), PAN)
    assert other.response_code == ""


def test_scripts_are_not_for_whoever_plays_a_request_again() -> None:
    """They wait for the card itself."""
    ours, heard = issuer(), packed(request(atc=7))
    ours.judge(heard, PAN)
    ours.order(PAN, SEQUENCE, Script((Order("block-card"),)))
    assert ours.answer(ours.judge(heard, PAN), "59") == b""
    answer = ours.answer(ours.judge(packed(request(atc=8)), PAN), "00")
    assert [tag for tag, _ in tlv_pairs(answer)] == ["91", "72"]


def test_uploads_come_late_and_once() -> None:
    """A TC of before the last request is fine; the same again is not."""
    ours = issuer()
    ours.judge(packed(request(atc=9)), PAN)
    for atc in (8, 7, 10):
        final = packed(request(atc=atc, cvr="03900000", t9F27="40"))
        assert ours.judge(final, PAN, online=False).response_code == ""
        assert ours.judge(final, PAN, online=False).response_code == "59"
    assert ours.judge(packed(request(atc=10)), PAN).findings[-1] == "atc-repeated"


def test_a_bit_that_comes_after_the_last_cryptogram() -> None:
    """The terminal sets it when a script fails behind the TC: an upload may have it, no request."""
    final = request(cvr="03900000", t9F27="40", t95="0000008000")
    final["95"] = bytes.fromhex("0000008010")
    assert judge(final, online=False).card is not None
    asked = request()
    asked["95"] = bytes.fromhex("0000008010")
    assert judge(asked).card is None


# --- the answer -----------------------------------------------------------------------------------


def proof(version: tuple[str, int], objects: Mapping[str, bytes], code: str, csu: bytes) -> bytes:
    """Tag 91 by pyemv."""
    other, arqc = theirs(version), objects["9F26"]
    if version in (("visa", 18), ("visa", 22)):
        return bytes(other.generate_arpc(arqc, tag_9f36=objects["9F36"], csu=csu)) + csu
    said = code.encode()
    if version[1] in (20, 21):
        return bytes(other.generate_arpc(arqc, tag_9f36=objects["9F36"], arpc_rc=said)) + said
    return bytes(other.generate_arpc(arqc, arpc_rc=said)) + said


@VERSIONS
@pytest.mark.parametrize(("code", "csu"), [("00", "00820000"), ("51", "00000000")])
def test_the_arpc_is_that_of_pyemv(version: tuple[str, int], code: str, csu: str) -> None:
    """Methods 1 and 2, approved and declined: a decline is proved too."""
    ours, objects = issuer(), request(version)
    answer = ours.answer(ours.judge(packed(objects), PAN), code)
    assert tlv_pairs(answer) == [("91", proof(version, objects, code, bytes.fromhex(csu)))]


def test_the_card_status_update() -> None:
    """Every bit and every way with counters that can be asked for (Book 3, annex C10)."""
    for bits, counters, csu in [
        (("approved", "go-online"), "add", "008B0000"),
        (("block-card",), "keep", "00400000"),
        (("block-application",), "to-upper-limits", "00210000"),
    ]:
        ours, objects = issuer(), request()
        judged = ours.judge(packed(objects), PAN)
        answer = ours.answer(judged, "00", CardStatus(bits, counters))
        assert tlv_pairs(answer) == [("91", proof(VISA, objects, "00", bytes.fromhex(csu)))]


NEW_PIN = Pin("246813579")
ORDERS: list[tuple[Order | PutData | ChangePin, str, str]] = [
    (Order("block-card"), "84160000", ""),
    (Order("block-application"), "841E0000", ""),
    (Order("unblock-application"), "84180000", ""),
    (Order("unblock-pin"), "84240000", ""),
    (PutData("9F58", b"\x07"), "04DA9F58", "07"),
    (ChangePin(NEW_PIN), "", ""),
]


@VERSIONS
@pytest.mark.parametrize(("order", "header", "data"), ORDERS, ids=str)
def test_scripts_are_those_of_pyemv(
    version: tuple[str, int], order: Order | PutData | ChangePin, header: str, data: str
) -> None:
    """Command, data and MAC, in template 72 with its identifier; and it is sent once."""
    ours, objects = issuer(), request(version)
    ours.order(PAN, SEQUENCE, Script((order,), identifier=b"\x0a\x0b\x0c\x0d"))
    answer = decode_tlv(ours.answer(ours.judge(packed(objects), PAN), "00"))
    bound = {"tag_9f26": objects["9F26"], "tag_9f36": objects["9F36"]}
    other, body = theirs(version), bytes.fromhex(data)
    if isinstance(order, ChangePin):
        expected = bytes(other.generate_pin_change_command(NEW_PIN.expose(), **bound))
    else:
        head = bytes.fromhex(header) + bytes((len(body) + 8,))
        expected = head + body + other.generate_command_mac(head, command_data=body, **bound)
    assert [item.tag for item in answer] == ["91", "72"]
    assert find_tlv(answer, "9F18") == [b"\x0a\x0b\x0c\x0d"]
    assert find_tlv(answer, "86") == [expected]
    later = ours.judge(packed(request(version, atc=8)), PAN)
    assert [tag for tag, _ in tlv_pairs(ours.answer(later, "00"))] == ["91"]


def test_scripts_wait_until_they_fit() -> None:
    """An answer carries 128 bytes of them, in their order; another card's are not among them."""
    ours = issuer()
    long = Script((Order("unblock-pin"),) * 5, before=True)
    for script in (long, Script((Order("block-card"),) * 4)):
        ours.order(PAN, SEQUENCE, script)
    ours.order(PAN, "02", Script((Order("block-card"),)))
    sent = [
        [tag for tag, _ in tlv_pairs(ours.answer(ours.judge(packed(request(atc=n)), PAN), "00"))]
        for n in (1, 2, 3)
    ]
    assert sent == [["91", "71"], ["91", "72"], ["91"]]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (Script((Order("block-card"),), identifier=b"\x01"), "4 bytes"),
        (Script((Order("block"),)), "block-card"),
        (Script((PutData("9f58", b"\x07"),)), "four hex digits"),
        (Script((Order("block-card"),) * 9), "128 bytes"),
        (Script((ChangePin(NEW_PIN),) * 4), "128 bytes"),
    ],
)
def test_a_script_that_no_answer_can_carry(script: Script, words: str) -> None:
    """Said when it is ordered, and without the PIN in it."""
    with pytest.raises(ValueError, match=words) as caught:
        issuer().order(PAN, SEQUENCE, script)
    assert NEW_PIN.expose() not in str(caught.value) + repr(script)


def test_nothing_secret_is_shown() -> None:
    """Neither PAN nor keys nor cryptogram stand in what is judged."""
    objects = request()
    text = repr(judge(objects))
    assert PAN not in text
    assert objects["9F26"].hex() not in text.lower()
    assert repr(objects["9F26"]) not in text
