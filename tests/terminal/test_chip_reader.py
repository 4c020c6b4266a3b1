"""The chip reader's time: that of the characters and of the card's work, by a count made here."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from operator import xor
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.card.chip import MUTE, card_profiles
from posemu.sim import Clock, Story, Task
from posemu.terminal.chip_reader import ChipReader
from posemu.terminal.kernel.outcome import Outcome
from posemu.terminal.kernel.requests import Answered, Mute, TransportFailed
from posemu.wire import Command, check_emv_atr, encode_command, parse_atr

from .chip_sale import FLOOR_MINOR, HOST_US, TIMES, Watched, new_card, new_reader, run, sale

ETU = 372  # cycles: 9600 baud at 3.5712 MHz
SELECT_PSE = bytes.fromhex("00A404000E315041592E5359532E4444463031" + "00")
ATR = bytes.fromhex("3B640000504F5345")


# --- a count of its own --------------------------------------------------------------------------


def speeches(apdu: bytes, answer: bytes) -> str:
    """One exchange as the characters that go over the line, "r" the reader's, "c" the card's, by
    EMV Book 1, annex A."""
    lc = apdu[4] if len(apdu) > 5 else 0
    wants = len(apdu) == 5 or len(apdu) == 5 + lc + 1
    data, warned = answer[:-2], answer[-2] in (0x62, 0x63)
    line = "r" * 5
    if lc:
        line += "c" + "r" * lc + "cc"  # INS, data, and a status: 61xx if there is data to fetch
        if not (wants and (data or warned)):
            return line
        line += "r" * 5  # GET RESPONSE
        if warned:  # the reader did not hear how much there is
            line += "cc" + ("r" * 5 if data else "")
        return line + ("c" * (1 + len(data) + 2) if data else "")
    if data and len(data) != (apdu[4] or 256):
        line += "cc" + "r" * 5  # 6Cxx, and once more
    return line + "c" * (len(data) + 3 if data else 2)


def line_us(speech: str, cycles: int = 0) -> int:
    """12 etu a character, 16 where the direction turns; the card has spoken before."""
    etu = 12 * len(speech) + 4 * sum(a != b for a, b in pairwise("c" + speech))
    return (etu * ETU + cycles) * 1_000_000 // TIMES.clock_hz


def worked_us(work: Any) -> int:
    rsa_us = TIMES.rsa_1024_us * work.rsa_bits * work.rsa_bits // (1024 * 1024)
    return TIMES.command_us + rsa_us + TIMES.write_us * work.writes + work.delay_us


def session_us(said: list[tuple[bytes, bytes]], work: list[Any]) -> int:
    """Power-on, all exchanges and deactivation."""
    speech = "c" * len(ATR) + "".join(speeches(*one) for one in said)
    cycles = TIMES.reset_cycles + TIMES.atr_cycles
    rest_us = TIMES.activation_us + sum(map(worked_us, work)) + TIMES.deactivation_us
    return line_us(speech, cycles) + rest_us


# --- whole dialogues -----------------------------------------------------------------------------


@pytest.mark.parametrize("amount_minor", [100, 2 * FLOOR_MINOR])
@pytest.mark.parametrize("profile", card_profiles())
def test_a_sale_takes_the_time_its_characters_and_the_cards_work_take(
    profile: str, amount_minor: int
) -> None:
    """To the µs, of the whole dialogue of each card: reset, commands with all that T=0 makes of
    them, card work, deactivation, and the host where it was asked."""
    card = Watched(new_card(profile))
    outcome, total_us = run(sale(new_reader(), card, amount_minor))
    assert isinstance(outcome, Outcome)
    assert card.said
    expected_us = session_us(card.said, card.work) + HOST_US * outcome.sent_online
    assert total_us == expected_us


def test_a_sale_on_a_clock_takes_as_long() -> None:
    """Driven by a task in virtual time, to the µs: the waits are the program's time."""
    card = Watched(new_card("debit-dda"))
    clock, reader = Clock(), new_reader()
    ended: list[tuple[int, Outcome]] = []

    def program() -> Story:
        outcome = yield from sale(reader, card, 2 * FLOOR_MINOR)
        ended.append((clock.now_us, outcome))

    Task(clock, program()).start()
    clock.run(until=3_600_000_000)
    [(at_us, outcome)] = ended
    assert at_us == session_us(card.said, card.work) + HOST_US * outcome.sent_online


def test_the_dialogues_have_all_there_is() -> None:
    """The cards above make the reader send all four cases, ask again after 6C and fetch after 61,
    and some of them do RSA and write."""
    said, work = [], []
    for profile in card_profiles():
        card = Watched(new_card(profile))
        run(sale(new_reader(), card, 2 * FLOOR_MINOR))
        said += card.said
        work += card.work
    shapes = {
        (bool(len(apdu) > 5), len(apdu) == 5 or len(apdu) == 6 + apdu[4], len(answer) > 2)
        for apdu, answer in said
    }
    assert shapes >= {(True, False, False), (True, True, True), (False, True, True)}
    assert {bits for bits, _, _ in work} >= {0, 1024, 1152, 1984}
    assert max(writes for _, writes, _ in work) > 1


def test_by_hand() -> None:
    """At 9600 baud: SELECT of 14 bytes, refused. 22 characters and four turns are 280 etu, which is
    29,166.67 µs; the card works 5 ms."""
    assert TIMES.clock_hz == 9600 * ETU
    reader = new_reader()
    reader.insert(new_card("domestic-only"))
    atr, start_us = run(reader.power_on())
    assert atr == Answered(ATR)
    assert start_us == 10_000 + (42_500 + 20_000 + 8 * 12 * 372) * 1_000_000 // 3_571_200
    refused, spent_us = run(reader.transmit(bytes.fromhex("00A404000E" + "31" * 14)))
    assert refused == Answered(bytes.fromhex("6A82"))
    assert spent_us in (29_166 + 5_000, 29_167 + 5_000)


def test_no_microsecond_is_lost_or_won() -> None:
    """A thousand exchanges take the whole µs of all their cycles: roundings do not add up."""
    reader = new_reader()
    reader.insert(new_card())
    run(reader.power_on())
    apdu = bytes.fromhex("0084000000")  # refused, with no application selected
    total_us = sum(run(reader.transmit(apdu))[1] for _ in range(1000))
    exact_us = (5 * 12 + 4 + 2 * 12 + 4) * ETU * 1_000_000_000 // TIMES.clock_hz
    assert total_us - 1000 * TIMES.command_us in (exact_us, exact_us + 1)


# --- any answer ----------------------------------------------------------------------------------


class Says:
    """A card that answers everything with the same bytes (or something that is none)."""

    def __init__(self, answer: object, atr: bytes | None = ATR, delay_us: int = 0) -> None:
        self.atr: list[bytes | None] = [atr]
        self._answer = SimpleNamespace(data=answer)
        self.work = SimpleNamespace(rsa_bits=0, writes=0, delay_us=delay_us)
        self.on = 0

    def power_on(self) -> bytes | None:
        self.on += 1
        return self.atr[0] if len(self.atr) == 1 else self.atr.pop(0)

    reset = power_on

    def power_off(self) -> None:
        self.on = 0

    pull = power_off

    def begin(self, apdu: bytes) -> Any:
        return self

    def commit(self) -> Any:
        return self._answer


def powered(card: Any) -> ChipReader:
    reader = new_reader()
    reader.insert(card)
    assert isinstance(run(reader.power_on())[0], Answered)
    return reader


commands = st.builds(
    Command,
    st.just(0),
    st.sampled_from([0xA4, 0xB2, 0xAE]),
    st.just(0),
    st.just(0),
    st.binary(max_size=255),
    st.none() | st.integers(1, 256),
)
statuses = st.sampled_from(["9000", "6283", "63C2", "6A82", "6985", "9F10"])


@settings(max_examples=120, deadline=None)
@given(commands, st.integers(0, 600).map(bytes), statuses)
def test_an_answer_comes_over_t0_as_the_card_gave_it(
    command: Command, data: bytes, status: str
) -> None:
    """Whatever the size, the case and the status: GET RESPONSE and repeats are not seen. A command
    that takes no answer gets the status alone. Where the count above applies, it is the time."""
    answer = data + bytes.fromhex(status)
    reader = powered(Says(answer))
    apdu = encode_command(command)
    got, spent_us = run(reader.transmit(apdu))
    heard = answer if command.le is not None else answer[-2:]
    assert got == Answered(heard)
    if len(data) < 256:
        exact_us = line_us(speeches(apdu, heard)) + TIMES.command_us
        assert spent_us - exact_us in (0, 1)


@settings(max_examples=120, deadline=None)
@given(commands, st.binary(max_size=300) | st.binary(max_size=2))
def test_any_bytes_of_a_card_are_an_answer_or_an_end(command: Command, answer: bytes) -> None:
    """No status, a status of another world, 61xx or 6Cxx for ever: one of the kernel's answers,
    and a card that is no good is without power."""
    card = Says(answer)
    got, spent_us = run(powered(card).transmit(encode_command(command)))
    assert isinstance(got, Answered | Mute | TransportFailed)
    assert bool(card.on) == isinstance(got, Answered)
    assert spent_us < 5_000_000


@pytest.mark.parametrize(
    ("apdu", "answer", "reason"),
    [
        ("0084000000", "6105", "T=0 at offset 0: the card announces data without end"),
        ("0084000000", "6C05", "T=0 at offset 0: the card announces data without end"),
        ("0084000000", "1234", "T=0 at offset 0: 12 is neither a procedure byte nor a status"),
        ("0084000000", "90", "T=0 at offset 0: a status has 2 bytes, not 1"),
        ("0060000000", "9000", "APDU: T=0 carries short commands, instruction not 6x or 9x"),
        ("0084", "9000", "APDU at offset 2: a command has a header of 4 bytes"),
    ],
)
def test_what_cannot_be_carried_has_a_reason(apdu: str, answer: str, reason: str) -> None:
    """A card that breaks the protocol, and a command that has none."""
    got, _ = run(powered(Says(bytes.fromhex(answer))).transmit(bytes.fromhex(apdu)))
    assert got == TransportFailed(reason)


def test_a_slow_card_says_60_and_is_waited_for() -> None:
    """A card that works for 2.5 s says so twice, 12 etu each; nobody takes it for mute."""
    apdu = bytes.fromhex("0084000000")
    reader = powered(Says(b"\x90\x00", delay_us=2_500_000))
    got, spent_us = run(reader.transmit(apdu))
    assert got == Answered(b"\x90\x00")
    exact_us = line_us("r" * 5 + "c" * 2 + "cc") + TIMES.command_us + 2_500_000
    assert spent_us - exact_us in (0, 1)


@pytest.mark.parametrize("delay_us", [0, 300_000, 2_500_000])
def test_a_mute_card_is_waited_for_and_given_up(delay_us: int) -> None:
    """960 x 10 + 480 etu from the last character on, however long the card is busy in them, then
    deactivation. After that there is silence that takes no time."""
    card = Says(MUTE, delay_us=delay_us)
    reader = powered(card)
    got, spent_us = run(reader.transmit(bytes.fromhex("0084000000")))
    assert type(got) is Mute
    busy_us = TIMES.command_us + delay_us
    waited_us = (960 * 10 + 480) * ETU * 1_000_000 // TIMES.clock_hz
    exact_us = line_us("r" * 5) + max(waited_us, busy_us) + TIMES.deactivation_us
    assert spent_us - exact_us in (0, 1)
    assert not card.on
    got, spent_us = run(reader.transmit(bytes.fromhex("0084000000")))
    assert (type(got), spent_us) == (Mute, 0)


# --- the ATR -------------------------------------------------------------------------------------


def test_a_card_for_another_protocol_is_refused() -> None:
    """A right ATR of a payment card that asks for T=1: this reader has no such protocol, and says
    so."""
    atr = bytes.fromhex("3BE00000813120450" + "0")
    atr = atr[:-1] + bytes((reduce(xor, atr[1:]),))
    check_emv_atr(parse_atr(atr))
    reader = new_reader()
    reader.insert(Says(b"\x90\x00", atr))
    got, _ = run(reader.power_on())
    assert got == TransportFailed(
        "ATR: TD1 at offset 0: asks for T=1, and this reader has T=0 alone"
    )


@pytest.mark.parametrize(
    ("atr", "d"),
    [
        ("3BF096000000", 1),  # a choice, TA1 without TA2: a terminal stays at 372/1
        ("3BF01100001000", 1),
        ("3BF01200001000", 2),
        ("3BF01300001000", 4),
        ("3BE000001000", 1),  # TA2 without TA1
    ],
)
def test_specific_mode_makes_the_etu_shorter(atr: str, d: int) -> None:
    """TA1 with TA2 says D, from the first command on; the ATR itself is at the initial etu."""
    said = bytes.fromhex(atr)
    reader = new_reader()
    reader.insert(Says(b"\x90\x00", said))
    got, start_us = run(reader.power_on())
    assert got == Answered(said)
    cycles = TIMES.reset_cycles + TIMES.atr_cycles
    assert start_us == TIMES.activation_us + line_us("c" * len(said), cycles)
    _, spent_us = run(reader.transmit(bytes.fromhex("0084000000")))
    etu = (12 * 7 + 4 * 2) * ETU // d
    assert spent_us - TIMES.command_us - etu * 1_000_000 // TIMES.clock_hz in (0, 1)


def test_a_wrong_atr_gets_one_warm_reset() -> None:
    """Wrong, then right: the card is taken, and TB1 may then be missing. Wrong twice: refused, and
    without power; three resets are never tried."""
    right = Says(b"\x90\x00")
    right.atr = [bytes.fromhex("3B00"), bytes.fromhex("3B00"), b""]
    reader = new_reader()
    reader.insert(right)
    assert run(reader.power_on())[0] == Answered(bytes.fromhex("3B00"))
    assert right.on == 2
    wrong = Says(b"\x90\x00", bytes.fromhex("3B020000"))
    wrong.atr = [bytes.fromhex("3F"), bytes.fromhex("3B200000"), ATR]
    reader = new_reader()
    reader.insert(wrong)
    got, spent_us = run(reader.power_on())
    assert isinstance(got, TransportFailed)
    assert got.reason.startswith("ATR: ")
    assert not wrong.on
    assert type(run(reader.transmit(SELECT_PSE))[0]) is Mute
    resets = 2 * (TIMES.reset_cycles + TIMES.atr_cycles)
    around_us = TIMES.activation_us + TIMES.deactivation_us
    assert spent_us == around_us + line_us("c" * 5, resets)


def test_no_atr_is_waited_for_and_given_up() -> None:
    """42,000 cycles after the reset, without a warm one."""
    card = Says(b"\x90\x00", None)
    reader = new_reader()
    reader.insert(card)
    got, spent_us = run(reader.power_on())
    assert type(got) is Mute
    silent_us = (TIMES.reset_cycles + 42_000) * 1_000_000 // TIMES.clock_hz
    assert spent_us == TIMES.activation_us + silent_us + TIMES.deactivation_us
