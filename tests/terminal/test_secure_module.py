"""The secure module: what it gives out, what it never gives out, and its keys."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from posemu.crypto import BadPin, HostDukpt, Key, KeyExhausted, TerminalDukpt, derive_initial_key
from posemu.profiles import load_dialect
from posemu.sim import Stream
from posemu.terminal import SecureModule
from posemu.wire import Codec, TrackError, encode_track2, luhn_check_digit

CODEC = Codec(load_dialect("posemu-87-aes"))
BDK, KEY_ID = Key(bytes(range(16))), bytes.fromhex("504F534500000001")
PAN, PIN = "9999075123741247", "836194027715"
TRACK = f"{PAN}=29122010000000000"
FIELDS = {3: "000000", 4: "000000003800", 11: "000001", 12: "090000", 13: "0302", 41: "T0000001"}
HOST = HostDukpt(BDK)


def bits_of(chars: str) -> bytes:
    return bytes(22) + encode_track2(f";{chars}?") + bytes(22)


@pytest.fixture
def module() -> SecureModule:
    dukpt = TerminalDukpt.load(derive_initial_key(BDK, KEY_ID), KEY_ID)
    return SecureModule(dukpt, CODEC, Stream(1, "module").bytes)


def enter(module: SecureModule, pin: str = PIN) -> int:
    module.begin_pin()
    for digit in pin:
        module.pin_key(digit)
    return module.end_pin()


def opened(data: bytes) -> tuple[dict[int, Any], str, str]:
    """What a host finds in a sealed message: fields, track, PIN."""
    _, fields = CODEC.decode(data)
    keys = HOST.keys(bytes(fields[62]))  # type: ignore[arg-type]
    assert keys.mac(data[:-8])[:8] == data[-8:]
    track = keys.decrypt(bytes(fields[63])).decode()  # type: ignore[arg-type]
    pin = keys.pin(bytes(fields[52]), track.split("=")[0])  # type: ignore[arg-type]
    return dict(fields), track, pin.expose()


def test_a_sealed_sale_opens_at_the_host(module: SecureModule) -> None:
    """Track and PIN arrive at the host as they were swiped and typed, under the message's key."""
    module.accept_stripe(bits_of(TRACK))
    assert enter(module) == 12
    fields, track, pin = opened(module.seal("0200", FIELDS, with_card=True).data)
    assert (track, pin) == (TRACK, PIN)
    assert {n: fields[n] for n in FIELDS} == FIELDS


def forms(secret: str) -> list[str]:
    """A secret as digits, as hex text of them and reversed."""
    return [secret, secret.encode().hex(), secret[::-1]]


def test_nothing_that_can_be_reached_shows_pan_or_pin(module: SecureModule) -> None:
    """Neither repr nor str nor format of the module, of what it returns, or of any public part, at
    any moment of a sale, holds the PAN or the PIN."""
    shown: list[object] = []

    def look() -> None:
        shown.append(module)
        for name in dir(module):
            if not name.startswith("_"):
                shown.append(getattr(module, name))

    look()
    shown.append(module.accept_stripe(bits_of(TRACK)))
    look()
    shown.append(enter(module))
    look()
    sealed = module.seal("0200", FIELDS, with_card=True)
    shown += [sealed, sealed.keys, sealed.data.hex(), sealed.data]
    look()
    texts = [form(thing) for thing in shown for form in (repr, str, format)]
    text = "\n".join(texts).lower()
    assert "999907******1247" in text
    for secret in (PAN, PIN, PAN[6:12], TRACK):
        for form in forms(secret):
            assert form.lower() not in text


def test_the_module_cannot_be_pickled() -> None:
    """A secure module does not leave the process: pickling is refused."""
    dukpt = TerminalDukpt.load(derive_initial_key(BDK, KEY_ID), KEY_ID)
    module = SecureModule(dukpt, CODEC, bytes)
    module.accept_stripe(bits_of(TRACK))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(module, protocol)


@pytest.mark.parametrize(
    "chars", [PAN[:-1] + "8" + TRACK[16:], "12345=2912201", TRACK.replace("=", "0"), PAN + "=29"]
)
def test_an_unreadable_card_is_refused_without_a_word_of_it(
    module: SecureModule, chars: str
) -> None:
    """A wrong check digit or a malformed track is a `TrackError` that names no digit of it, and the
    module holds no card."""
    with pytest.raises(TrackError) as caught:
        module.accept_stripe(bits_of(chars))
    assert chars[:6] not in str(caught.value) + repr(caught.value)
    assert not module.holds_card


def test_the_application_sees_a_masked_card(module: SecureModule) -> None:
    """Of a card it learns first six and last four, service code and expiry."""
    assert tuple(module.accept_stripe(bits_of(TRACK))) == ("999907******1247", "201", "2912")


@pytest.mark.parametrize("length", range(13, 20))
def test_pans_of_every_length_are_masked(module: SecureModule, length: int) -> None:
    """First six and last four of 13 to 19 digits, everything between them hidden."""
    body = ("9999075123741246801" * 2)[: length - 1]
    pan = body + luhn_check_digit(body)
    seen = module.accept_stripe(bits_of(f"{pan}=2912201"))
    assert seen.pan == pan[:6] + "*" * (length - 10) + pan[-4:]


def test_the_ksn_rises_with_every_message(module: SecureModule) -> None:
    """Each message has a KSN of its own, higher than all before, with and without a card."""
    counters = []
    for n in range(100):
        with_card = n % 3 == 0
        if with_card:
            module.accept_stripe(bits_of(TRACK))
            enter(module)
        announced = module.next_counter
        sealed = module.seal("0200", FIELDS, with_card)
        _, fields = CODEC.decode(sealed.data)
        ksn = bytes(fields[62])  # type: ignore[arg-type]
        assert ksn[:8] == KEY_ID
        counters.append(int.from_bytes(ksn[8:]))
        assert counters[-1] == announced
        assert module.next_counter > announced
    assert counters == sorted(set(counters))


def test_the_counter_survives_a_power_cut(module: SecureModule) -> None:
    """Keys and counter are battery-backed: after a power cut no key is used again."""
    used = {bytes(CODEC.decode(module.seal("0800", FIELDS).data)[1][62]) for _ in range(5)}  # type: ignore[arg-type]
    module.lose_power()
    used |= {bytes(CODEC.decode(module.seal("0800", FIELDS).data)[1][62]) for _ in range(5)}  # type: ignore[arg-type]
    assert len(used) == 10


def test_an_answer_is_checked_under_the_keys_of_its_request(module: SecureModule) -> None:
    """An answer is authentic under its own request's keys, and under no others; one flipped bit, or
    the MAC of the other direction, is not."""
    first, second = module.seal("0800", FIELDS), module.seal("0800", FIELDS)
    keys = HOST.keys(first.keys.ksn)
    body = CODEC.encode("0810", {11: "000001", 39: "00"}, mac_present=True)
    answer = body + keys.answer_mac(body)[:8]
    assert module.authentic(first.keys, answer)
    assert not module.authentic(second.keys, answer)
    assert not module.authentic(first.keys, body + keys.mac(body)[:8])
    for bit in range(len(answer) * 8):
        spoilt = bytearray(answer)
        spoilt[bit // 8] ^= 1 << bit % 8
        assert not module.authentic(first.keys, bytes(spoilt))


def test_the_same_sale_twice_looks_different(module: SecureModule) -> None:
    """PIN block and track data of equal cards and PINs are equal in no message."""
    seen = set()
    for _ in range(20):
        module.accept_stripe(bits_of(TRACK))
        enter(module)
        fields, _, _ = opened(module.seal("0200", FIELDS, with_card=True).data)
        seen |= {fields[52], fields[63]}
    assert len(seen) == 40


@pytest.mark.parametrize("how", ["forget", "lose_power", "seal"])
def test_card_and_pin_are_erased(module: SecureModule, how: str) -> None:
    """After `forget`, a power cut, or the message they went into, card and PIN are gone."""
    module.accept_stripe(bits_of(TRACK))
    enter(module)
    assert module.holds_card
    if how == "seal":
        module.seal("0200", FIELDS, with_card=True)
    else:
        getattr(module, how)()
    assert not module.holds_card
    assert not module.collecting
    memory = repr([getattr(module, name) for name in SecureModule.__slots__])
    assert PAN not in memory
    assert PIN not in memory
    with pytest.raises(AssertionError, match="without a card"):
        module.seal("0200", FIELDS, with_card=True)


def test_a_message_without_card_leaves_the_card_where_it_is(module: SecureModule) -> None:
    """A sign-on or reversal in between takes nothing with it, and carries no card data."""
    module.accept_stripe(bits_of(TRACK))
    _, fields = CODEC.decode(module.seal("0400", FIELDS).data)
    assert not {52, 63} & fields.keys()
    assert module.holds_card


@pytest.mark.parametrize("count", range(15))
def test_a_pin_has_four_to_twelve_digits(module: SecureModule, count: int) -> None:
    """Digits are counted, beyond the twelfth not taken; fewer than four make no message."""
    digits = "83619402771599"[:count]
    module.accept_stripe(bits_of(TRACK))
    assert enter(module, digits) == min(count, 12)
    if count < 4:
        with pytest.raises(BadPin) as caught:
            module.seal("0200", FIELDS, with_card=True)
        assert not digits or digits not in str(caught.value)
    else:
        assert opened(module.seal("0200", FIELDS, with_card=True).data)[2] == digits[:12]


def test_beginning_again_forgets_the_digits_before(module: SecureModule) -> None:
    """After CLEAR the PIN is what was typed then, not before."""
    module.accept_stripe(bits_of(TRACK))
    enter(module, "999999")
    assert enter(module, "1234") == 4
    assert opened(module.seal("0200", FIELDS, with_card=True).data)[2] == "1234"


def test_the_negative_control_sends_the_track_in_clear(module: SecureModule) -> None:
    """Weakened, the track is readable in the message; strengthened again, it is not."""
    found = []
    for change in (lambda: None, module.weaken, module.strengthen):
        change()
        module.accept_stripe(bits_of(TRACK))
        enter(module)
        found.append(TRACK.encode() in module.seal("0200", FIELDS, with_card=True).data)
    assert found == [False, True, False]


def test_without_keys_nothing_is_sealed() -> None:
    """When no key is left, the module says so instead of using one again."""
    dukpt = TerminalDukpt.load(derive_initial_key(BDK, KEY_ID), KEY_ID)
    module = SecureModule(dukpt, CODEC, Stream(1, "module").bytes)
    dukpt.erase()
    with pytest.raises(KeyExhausted):
        module.seal("0800", FIELDS)


# --- payment codes --------------------------------------------------------------------------------

CODE_BODY = "99678386000030000"
CODE = CODE_BODY + luhn_check_digit(CODE_BODY)


def test_a_sealed_code_opens_at_the_host_and_has_no_pin(module: SecureModule) -> None:
    """The code arrives at the host as it was scanned, under the message's key, and without a PIN
    block; then the module holds it no more."""
    assert module.accept_code(CODE)
    assert module.holds_card
    data = module.seal("0200", FIELDS, with_card=True).data
    _, fields = CODEC.decode(data)
    keys = HOST.keys(bytes(fields[62]))  # type: ignore[arg-type]
    assert keys.decrypt(bytes(fields[63])).decode() == CODE  # type: ignore[arg-type]
    assert 52 not in fields
    assert CODE.encode() not in data
    assert not module.holds_card


@pytest.mark.parametrize(
    "read",
    ["", CODE[:-1], CODE + "0", CODE[:-1] + str((int(CODE[-1]) + 1) % 10), "X" + CODE[1:],
     "https://example.org"],
    ids=["nothing", "17 digits", "19 digits", "check digit", "a letter", "another QR code"],
)  # fmt: skip
def test_what_is_no_payment_code_is_not_taken(module: SecureModule, read: str) -> None:
    """Anything but 18 digits with a right check digit is refused, and nothing of it is kept."""
    assert not module.accept_code(read)
    assert not module.holds_card


@pytest.mark.parametrize("ends", ["forget", "lose_power"])
def test_a_code_dies_with_the_sale_and_with_the_power(module: SecureModule, ends: str) -> None:
    """A code that was not sent is erased when the sale is given up, or power is lost."""
    module.accept_code(CODE)
    getattr(module, ends)()
    assert not module.holds_card


def test_nothing_that_can_be_reached_shows_a_code(module: SecureModule) -> None:
    """Neither repr nor str of the module, nor any public part of it, holds the code; it cannot be
    pickled."""
    module.accept_code(CODE)
    public = [getattr(module, name) for name in dir(module) if not name.startswith("_")]
    assert CODE not in f"{module!r} {module} {public!r}"
    with pytest.raises(TypeError):
        pickle.dumps(module)


def test_a_weak_module_sends_the_code_in_clear(module: SecureModule) -> None:
    """The negative control works for codes too."""
    module.weaken()
    module.accept_code(CODE)
    assert CODE.encode() in module.seal("0200", FIELDS, with_card=True).data
