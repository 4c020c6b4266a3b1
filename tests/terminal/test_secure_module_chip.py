"""The secure module and chips: PIN handles, VERIFY, what a chip's message carries and what it does
not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.card.chip import ChipCard, Holder, load_card_profile, personalise
from posemu.crypto import (
    CryptoError,
    HostDukpt,
    Key,
    Pin,
    TerminalDukpt,
    derive_initial_key,
)
from posemu.profiles import load_dialect
from posemu.profiles.card_keys import load_card_keys
from posemu.sim import Keyed, Stream
from posemu.terminal import SecureModule
from posemu.terminal.chip_secrets import SecureModuleError
from posemu.wire import Codec, TrackError, encode_command, encode_track2, luhn_check_digit

CODEC = Codec(load_dialect("posemu-87-aes"))
BDK, KEY_ID = Key(bytes(range(16))), bytes.fromhex("504F534500000001")
HOST = HostDukpt(BDK)
PAN, PIN = "9999075123741247", "836194027715"
TRACK = f"{PAN}=29122010000000000"
OBJECTS = {
    "57": bytes.fromhex(TRACK.replace("=", "D")),
    "5A": bytes.fromhex(PAN),
    "5F24": bytes.fromhex("291231"),
    "5F34": b"\x01",
}
ICC = bytes.fromhex("9F2608" + "11" * 8 + "9F360200015F340101")
FIELDS: dict[int, Any] = {
    3: "000000", 4: "000000003800", 11: "000001", 12: "090000", 13: "0302", 22: "051",
    41: "T0000001", 55: ICC,
}  # fmt: skip
PIN_KEY = load_card_keys().rsa["pin-1024"].public
CHALLENGE = bytes(range(8))


def new_module() -> SecureModule:
    dukpt = TerminalDukpt.load(derive_initial_key(BDK, KEY_ID), KEY_ID)
    return SecureModule(dukpt, CODEC, Stream(1, "module").bytes)


@pytest.fixture
def module() -> SecureModule:
    return new_module()


def enter(module: SecureModule, pin: str = PIN) -> int:
    """The handle of a PIN typed in."""
    module.begin_pin()
    for digit in pin:
        module.pin_key(digit)
    module.end_pin()
    return module.pin_handle()


def opened(data: bytes) -> tuple[dict[int, Any], str]:
    """Fields and track of a sealed message, as its host finds them; the MAC is right."""
    fields: dict[int, Any] = dict(CODEC.decode(data)[1])
    keys = HOST.keys(fields[62])
    assert keys.mac(data[:-8])[:8] == data[-8:]
    return fields, keys.decrypt(fields[63]).decode()


# --- the card's data ------------------------------------------------------------------------------


def test_a_chip_sale_opens_at_the_host(module: SecureModule) -> None:
    """Track data of tag 57, PIN and field 55 arrive as card and cardholder gave them; then the
    module holds neither card nor PIN."""
    handle = enter(module)
    seen = module.accept_chip(OBJECTS)
    assert tuple(seen) == ("999907******1247", "201", "2912")
    data = module.seal_chip("0200", FIELDS, handle).data
    fields, track = opened(data)
    assert track == TRACK
    assert HOST.keys(fields[62]).pin(fields[52], PAN).expose() == PIN
    assert {n: fields[n] for n in FIELDS} == FIELDS
    assert not module.holds_card
    for secret in (PAN, PIN):
        assert secret not in data.hex()
        assert secret.encode() not in data


def test_an_offline_pin_never_goes_to_the_host(module: SecureModule) -> None:
    """Without a handle there is no PIN block, though a PIN was entered; and it is erased."""
    handle = enter(module)
    module.accept_chip(OBJECTS)
    assert 52 not in opened(module.seal_chip("0200", FIELDS).data)[0]
    with pytest.raises(SecureModuleError):
        module.verify_command(handle, b"", None)


def test_a_wrong_handle_makes_no_message(module: SecureModule) -> None:
    """Refused before a key is used; the card stays for the next try."""
    module.accept_chip(OBJECTS)
    counter = module.next_counter
    with pytest.raises(SecureModuleError, match="handle 7"):
        module.seal_chip("0200", FIELDS, 7)
    assert module.next_counter == counter
    assert module.holds_card


@pytest.mark.parametrize(
    ("objects", "track"),
    [
        (OBJECTS, TRACK),
        ({"57": OBJECTS["57"]}, TRACK),
        ({"5A": OBJECTS["5A"], "5F24": OBJECTS["5F24"]}, f"{PAN}=2912="),
        ({"5A": OBJECTS["5A"]}, f"{PAN}==="),
        ({"5A": OBJECTS["5A"] + b"\xff\xff", "57": OBJECTS["57"]}, TRACK),
    ],
    ids=["all", "track alone", "no track", "PAN alone", "filled PAN"],
)
def test_what_the_host_gets_of_a_card(
    module: SecureModule, objects: dict[str, bytes], track: str
) -> None:
    """Tag 57 where the card has it, else PAN and expiry as a track without service code."""
    seen = module.accept_chip(objects)
    assert (seen.pan, seen.expiry) == ("999907******1247", "" if track.endswith("===") else "2912")
    assert opened(module.seal_chip("0200", FIELDS).data)[1] == track


@pytest.mark.parametrize("length", range(13, 20))
def test_pans_of_every_length_agree_with_their_track(module: SecureModule, length: int) -> None:
    """5A filled with F and 57 are one card, whatever the PAN's length; and it is masked."""
    body = ("9999075123741246801" * 2)[: length - 1]
    pan = body + luhn_check_digit(body)
    filled = bytes.fromhex(pan + "F" * (20 - length))
    track = f"{pan}D2912201"
    seen = module.accept_chip({"5A": filled, "57": bytes.fromhex(track + "F" * (len(track) % 2))})
    assert seen.pan == pan[:6] + "*" * (length - 10) + pan[-4:]


OTHER = "9999075123741254"


@pytest.mark.parametrize(
    ("objects", "place"),
    [
        ({}, "tag 5A"),
        ({"5F24": OBJECTS["5F24"]}, "tag 5A"),
        ({"5A": bytes.fromhex(PAN[:-2] + "4A")}, "tag 5A"),
        ({"5A": bytes.fromhex(PAN[:-1] + "8")}, "track 2"),
        ({"5A": b""}, "tag 5A"),
        ({"57": b""}, "track 2"),
        ({"57": bytes.fromhex(PAN + "2912201F")}, "track 2"),
        ({"57": bytes.fromhex(PAN + "A2912201")}, "tag 57"),
        ({"57": OBJECTS["57"] + bytes(8)}, "tag 57"),
        ({**OBJECTS, "5A": bytes.fromhex(OTHER)}, "tag 5A"),
        ({"5A": OBJECTS["5A"], "5F24": b"\x29\x12"}, "tag 5F24"),
        ({"5A": OBJECTS["5A"], "5F24": b"\x2a\x12\x31"}, "tag 5F24"),
    ],
)
def test_a_card_that_cannot_be_is_refused_without_a_word_of_it(
    module: SecureModule, objects: dict[str, bytes], place: str
) -> None:
    """`TrackError` as for a stripe, which names the object and no digit; the module holds no
    card."""
    with pytest.raises(TrackError) as caught:
        module.accept_chip(objects)
    assert caught.value.field == place
    text = str(caught.value) + repr(caught.value.args)
    assert not any(secret[:6] in text for secret in (PAN, OTHER))
    assert not module.holds_card


def test_the_negative_control_works_for_chips(module: SecureModule) -> None:
    """Weakened, a chip's track is readable in message and upload; strengthened again, it is not."""
    found = []
    for change in (lambda: None, module.weaken, module.strengthen):
        change()
        module.accept_chip(OBJECTS)
        sale = module.seal_chip("0200", FIELDS).data
        module.accept_chip(OBJECTS)
        advice = module.seal_stored("0220", 1, module.store(1, FIELDS)).data
        found.append((TRACK.encode() in sale, TRACK.encode() in advice))
    assert found == [(False, False), (True, True), (False, False)]


# --- handles and VERIFY ---------------------------------------------------------------------------


@pytest.fixture
def card() -> ChipCard:
    image = personalise(
        load_card_profile("debit-dda"), Holder(PAN, "2912", "Ada Lovelace"), Pin(PIN), name="card"
    )
    card = ChipCard(image, Stream(2, "card").bytes, Keyed(1).sequence("card/contact", 0))
    card.power_on()
    aid = image.applications[0].aid
    assert sent(card, b"\x00\xa4\x04\x00" + bytes([len(aid)]) + aid + b"\0")[-2:] == b"\x90\x00"
    return card


def sent(card: ChipCard, apdu: bytes) -> bytes:
    data = card.transmit(apdu).data
    assert isinstance(data, bytes)
    return data


@pytest.mark.parametrize("enciphered", [False, True])
@pytest.mark.parametrize(("pin", "status"), [(PIN, "9000"), ("1234", "63C2")])
def test_a_real_card_judges_the_pin(
    module: SecureModule, card: ChipCard, pin: str, status: str, enciphered: bool
) -> None:
    """Plain or enciphered with the card's own challenge, the card takes the right PIN, and a wrong
    one costs a try."""
    assert sent(card, bytes.fromhex("80A80000028300"))[-2:] == b"\x90\x00"
    challenge = sent(card, bytes.fromhex("0084000000"))[:-2] if enciphered else b""
    command = module.verify_command(enter(module, pin), challenge, PIN_KEY if enciphered else None)
    assert sent(card, encode_command(command)).hex().upper() == status


def test_the_plain_block_is_that_of_the_book(module: SecureModule) -> None:
    """VERIFY, P2 80, and control nibble 2, length, digits, F (EMV Book 3, table 25)."""
    command = module.verify_command(enter(module, "12345"), b"", None)
    assert encode_command(command).hex().upper() == "0020008008" + "2512345FFFFFFFFF"


def test_equal_pins_are_enciphered_differently(module: SecureModule) -> None:
    """The padding is the module's own and random: nobody who heard challenge and cryptogram can
    try PINs."""
    commands = [module.verify_command(enter(module), CHALLENGE, PIN_KEY) for _ in range(10)]
    assert all(c.p2 == 0x88 and len(c.data) == len(PIN_KEY.modulus) for c in commands)
    assert len({c.data for c in commands}) == 10


@pytest.mark.parametrize("size", [0, 7, 9])
def test_a_challenge_of_another_size_is_refused(module: SecureModule, size: int) -> None:
    """An error of the crypto room without the PIN; and the PIN is gone."""
    handle = enter(module)
    with pytest.raises(CryptoError) as caught:
        module.verify_command(handle, bytes(size), PIN_KEY)
    assert PIN not in str(caught.value) + repr(caught.value.args)
    assert not module.holds_card


ENDS: dict[str, Callable[[SecureModule], object]] = {
    "forget": lambda m: m.forget(),
    "power": lambda m: m.lose_power(),
    "tamper": lambda m: m.tamper(),
    "another PIN": lambda m: enter(m, "4321"),
    "CLEAR": lambda m: m.begin_pin(),
    "a message": lambda m: (m.accept_chip(OBJECTS), m.seal_chip("0200", FIELDS)),
    "a stored message": lambda m: (m.accept_chip(OBJECTS), m.store(1, FIELDS)),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_handle_dies_with_its_pin(module: SecureModule, end: str) -> None:
    """Whatever erases the PIN makes an end of the handle, and another PIN has another handle."""
    handle = enter(module)
    assert module.pin_handle() == handle
    ENDS[end](module)
    with pytest.raises(SecureModuleError, match=f"handle {handle}:"):
        module.verify_command(handle, b"", None)


@pytest.mark.parametrize("count", range(6))
def test_no_handle_without_a_pin(module: SecureModule, count: int) -> None:
    """Before ENTER, and after fewer than four digits, there is no handle, nor does a guessed one
    get at the digits."""

    def refused() -> None:
        with pytest.raises(SecureModuleError, match="no PIN"):
            module.pin_handle()
        with pytest.raises(SecureModuleError, match="no PIN"):
            module.verify_command(1, b"", None)

    refused()
    module.begin_pin()
    for digit in "83619"[:count]:
        module.pin_key(digit)
    refused()
    module.end_pin()
    if count < 4:
        refused()
    else:
        assert module.pin_handle() == 1


STEPS = st.lists(
    st.sampled_from(["enter", "begin", "forget", "power", "message"]) | st.integers(0, 6),
    max_size=15,
)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_only_the_living_handle_is_good_and_only_once(steps: list[str | int]) -> None:
    """Against a naive model: of all handles there ever were, and those that never were, only that
    of a PIN that nothing has erased works, and only for its own digits."""
    module = new_module()
    living: dict[int, str] = {}
    entered = 0
    for step in steps:
        if isinstance(step, int):
            digits = living.pop(step, None)
            try:
                block = module.verify_command(step, b"", None).data
            except SecureModuleError:
                block = b""
            expected = "" if digits is None else f"24{digits}".ljust(16, "F")
            assert block.hex().upper() == expected
        elif step == "enter":
            entered += 1
            handle = enter(module, f"{entered:04d}")
            assert handle not in living
            living = {handle: f"{entered:04d}"}
        else:
            living = {}
            if step == "begin":
                module.begin_pin()
            elif step == "forget":
                module.forget()
            elif step == "power":
                module.lose_power()
            else:
                module.accept_chip(OBJECTS)
                module.seal_chip("0200", FIELDS)


# --- leaks ----------------------------------------------------------------------------------------


def forms(secret: str) -> list[str]:
    return [secret, secret.encode().hex(), secret[::-1]]


def test_nothing_that_can_be_reached_shows_pan_or_pin(module: SecureModule) -> None:
    """Neither repr, str nor format of the module, of its public parts, of what it returns or of the
    errors it raises, at any moment of a chip sale, holds PAN, PIN or track."""
    shown: list[object] = []

    def look(*things: object) -> None:
        shown.extend((module, *things))
        for name in dir(module):
            if not name.startswith("_"):
                shown.append(getattr(module, name))

    def refused(call: Callable[[], object]) -> None:
        with pytest.raises((SecureModuleError, CryptoError, TrackError)) as caught:
            call()
        look(caught.value, caught.value.args, caught.value.__context__)

    look(enter(module))
    refused(lambda: module.verify_command(99, b"", None))
    look(module.verify_command(enter(module), b"", None))
    look(module.verify_command(enter(module), CHALLENGE, PIN_KEY))
    look(encode_command(module.verify_command(enter(module), CHALLENGE, PIN_KEY)).hex())
    look(module.accept_chip(OBJECTS))
    handle = enter(module)
    refused(lambda: module.seal_chip("0200", {**FIELDS, 55: b"\x5a\x08" + OBJECTS["5A"]}, handle))
    refused(lambda: module.seal_chip("0200", FIELDS, handle + 1))
    sealed = module.seal_chip("0200", FIELDS, handle)
    look(sealed, sealed.keys, sealed.data, sealed.data.hex())
    module.accept_chip(OBJECTS)
    look(stored := module.store(1, FIELDS), stored.hex())
    refused(lambda: module.seal_stored("0220", 2, stored))
    upload = module.seal_stored("0220", 1, stored)
    look(upload, upload.data, upload.data.hex())
    text = "\n".join(form(thing) for thing in shown for form in (repr, str, format)).lower()
    assert "999907******1247" in text
    for secret in (PAN, PIN, PAN[6:12], TRACK, TRACK.replace("=", "D")):
        for form in forms(secret):
            assert form.lower() not in text


def test_a_stripe_is_sealed_as_before(module: SecureModule) -> None:
    """A chip's PIN and card leave nothing behind in the stripe sale after it."""
    module.accept_chip(OBJECTS)
    module.seal_chip("0200", FIELDS, enter(module, "4321"))
    module.accept_stripe(bytes(22) + encode_track2(f";{TRACK}?") + bytes(22))
    enter(module)
    fields, track = opened(module.seal("0200", FIELDS, with_card=True).data)
    assert track == TRACK
    assert HOST.keys(fields[62]).pin(fields[52], PAN).expose() == PIN
