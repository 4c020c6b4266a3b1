"""What the card proves can be checked by whoever has the CA's public key, and by nobody's trick."""

from __future__ import annotations

import pytest

from posemu.card.chip import ChipCard
from posemu.crypto import (
    NotAuthentic,
    RsaPublicKey,
    recover_icc_certificate,
    recover_issuer_certificate,
    static_data,
    verify_combined,
    verify_dynamic,
    verify_static,
)
from posemu.profiles.card_keys import load_card_keys
from posemu.wire import build_dol, decode_tlv, encode_tlv, find_tlv, parse_afl, parse_gpo_response

from .dialogue import (
    HOLDER,
    application,
    command,
    generate,
    initiate,
    new_card,
    objects,
    select,
    send,
    set_stored,
    sw,
    values,
)

DATE = "261122"


def read(card: ChipCard) -> tuple[dict[str, bytes], bytes]:
    """What a terminal reads: objects by tag, and the static data to authenticate."""
    select(card)
    _, aip, afl = parse_gpo_response(initiate(card, values())[:-2])
    records = {
        (sfi, number): send(card, f"00B2{number:02X}{sfi << 3 | 4:02X}00")[:-2]
        for sfi, first, last, _ in parse_afl(afl)
        for number in range(first, last + 1)
    }
    found = {t.tag: t.value for r in records.values() for t in decode_tlv(r)[0].children or ()}
    return found, static_data(afl, records, found["9F4A"], aip)


def issuer_key(found: dict[str, bytes]) -> RsaPublicKey:
    keys = load_card_keys()
    ca = keys.rsa[keys.authorities[found["8F"].hex().upper()]].public
    return recover_issuer_certificate(
        ca, found["90"], remainder=found.get("92", b""), exponent=found["9F32"],
        pan=HOLDER.pan, date=DATE,
    ).key  # fmt: skip


def card_key(found: dict[str, bytes], covered: bytes, tags: tuple[str, str, str]) -> RsaPublicKey:
    certificate, exponent, remainder = tags
    return recover_icc_certificate(
        issuer_key(found), found[certificate], remainder=found.get(remainder, b""),
        exponent=found[exponent], pan=HOLDER.pan, static_data=covered, date=DATE,
    ).key  # fmt: skip


ICC, PIN_KEY = ("9F46", "9F47", "9F48"), ("9F2D", "9F2E", "9F2F")


def test_sda_verifies() -> None:
    """The static signature covers the records and the AIP (EMV Book 2 5.4)."""
    found, covered = read(new_card("basic-sda"))
    key = issuer_key(found)
    assert verify_static(key, found["93"], covered).data_authentication_code.hex() == "dac1"
    with pytest.raises(NotAuthentic):
        verify_static(key, found["93"], covered[:-1] + bytes([covered[-1] ^ 1]))


@pytest.mark.parametrize("profile", ["debit-dda", "credit-cda", "two-applications"])
def test_dda_verifies(profile: str) -> None:
    """The ICC certificate covers the records; the signature covers the terminal's number and a
    number of the card's that is another each time (EMV Book 2 6.4, 6.5)."""
    card = new_card(profile)
    found, covered = read(card)
    key = card_key(found, covered, ICC)
    un = bytes.fromhex("A1B2C3D4")
    numbers = []
    for _ in range(2):
        answer = card.transmit(command("00880000", un, "00"))
        assert isinstance(answer.data, bytes)
        (outer,) = decode_tlv(answer.data[:-2])
        signature = outer.value if outer.tag == "80" else find_tlv([outer], "9F4B")[0]
        numbers.append(verify_dynamic(key, signature, un).dynamic_number)
        with pytest.raises(NotAuthentic):
            verify_dynamic(key, signature, un[::-1])
        assert answer.work.rsa_bits == key.bits
    assert numbers[0] != numbers[1]
    assert sw(send(card, command("00880000", un + b"\0", "00"))) == "6700"


def test_the_key_for_pins_is_certified() -> None:
    """The PIN encipherment key's certificate covers no static data (EMV Book 2 7.1)."""
    card = new_card("debit-dda")
    found, _ = read(card)
    assert card_key(found, b"", PIN_KEY) == load_card_keys().rsa["pin-1024"].public


@pytest.mark.parametrize(("p1", "given"), [("90", 0x80), ("50", 0x80), ("10", 0x00)])
def test_cda_verifies_where_it_is_not_an_aac(p1: str, given: int) -> None:
    """The combined signature covers PDOL, CDOL1 and the answer; an AAC comes bare (EMV Book 2
    6.6.1)."""
    card = new_card("credit-cda")
    found, covered = read(card)
    data, app = values(), application(card)
    answer = generate(card, p1, data)
    got = objects(answer)
    assert got["9F27"] == bytes([given])
    if not given:
        assert "9F4B" not in got
        return
    assert "9F26" not in got
    said = build_dol(app.pdol, data) + build_dol(app.cdol1, data)
    shown = decode_tlv(answer[:-2])[0].children or ()
    said += encode_tlv([item for item in shown if item.tag != "9F4B"])
    key = card_key(found, covered, ICC)
    signed = verify_combined(key, got["9F4B"], data["9F37"], said)
    assert (signed.cid, len(signed.application_cryptogram)) == (given, 8)
    with pytest.raises(NotAuthentic):
        verify_combined(key, got["9F4B"], data["9F37"], said + b"\0")


def test_cda_of_the_second_cryptogram_covers_all_lists() -> None:
    """PDOL, CDOL1 and CDOL2 stand before the answer (EMV Book 2 6.6.1)."""
    card = new_card("credit-cda")
    found, covered = read(card)
    data, app = values(), application(card)
    generate(card, "90", data)
    data["8A"] = b"Y3"
    set_stored(card, last_online_atc=1)
    answer = generate(card, "50", data, second=True)
    got = objects(answer)
    said = b"".join(build_dol(dol, data) for dol in (app.pdol, app.cdol1, app.cdol2))
    shown = decode_tlv(answer[:-2])[0].children or ()
    said += encode_tlv([item for item in shown if item.tag != "9F4B"])
    key = card_key(found, covered, ICC)
    assert verify_combined(key, got["9F4B"], data["9F37"], said).cid == 0x40


def test_cards_without_a_key_do_not_sign() -> None:
    """INTERNAL AUTHENTICATE and CDA are refused by a card of SDA, CDA by one of DDA."""
    sda, dda = new_card("basic-sda"), new_card("debit-dda")
    read(sda)
    read(dda)
    assert sw(send(sda, command("00880000", bytes(4), "00"))) == "6985"
    assert sw(generate(sda, "90", values())) == "6A86"
    assert sw(generate(dda, "50", values())) == "6A86"
