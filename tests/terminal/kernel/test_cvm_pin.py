"""PINs: entry, the card's counter, the answers to VERIFY, and what ends the transaction (Book 3,
10.5.1, 10.5.2 and figure 11; Book 4, 6.3.4.1 to 6.3.4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posemu.crypto import RsaPublicKey
from posemu.terminal.kernel.cardholder_verification import VERIFY_MAX, verify_cardholder
from posemu.terminal.kernel.outcome import REASONS, Outcome, Result
from posemu.terminal.kernel.requests import (
    Answer,
    Answered,
    AskPin,
    Mute,
    PinBypassed,
    PinCancelled,
    PinEntered,
    PinPadFailed,
    PinTimedOut,
    PinUse,
    Removed,
    Request,
    TransportFailed,
    VerifyOffline,
)

from .scripted import Line, ScriptedCard, play
from .test_cvm_rules import told, transaction

COUNTER, CHALLENGE = "80CA9F1700", "0084000000"
THREE_TRIES = {COUNTER: "9F1701039000"}
KEY = RsaPublicKey(b"\xc5" * 96, b"\x03")
ENTERED, BYPASSED, NO_PAD = PinEntered(7), PinBypassed(), PinPadFailed()

VERIFICATION_FAILED, TRIES_EXCEEDED, PAD_MISSING, NOT_ENTERED, ONLINE = (
    0x80, 0x20, 0x10, 0x08, 0x04,
)  # fmt: skip


def sw(status: str) -> Answered:
    """What the card says to VERIFY."""
    return Answered(bytes.fromhex(status))


def run(
    rules: str,
    people: Iterable[Answer],
    card: Mapping[str, Line | Sequence[Line]] = THREE_TRIES,
    key: RsaPublicKey | None = KEY,
) -> tuple[tuple[str, int, int] | Outcome, list[Request], list[str]]:
    """What is told or how it ended, what was asked for, and the commands the kernel sent."""
    data = transaction(rules)
    scripted = ScriptedCard(card)
    rest = iter(people)
    ended, asked = play(verify_cardholder(data, lambda: key), scripted, rest)
    assert next(rest, None) is None, "less was asked for than the row says"
    return ended if isinstance(ended, Outcome) else told(data), asked, scripted.sent


@pytest.mark.parametrize(
    ("rules", "people", "results", "tvr"),
    [
        pytest.param("0100", [ENTERED, sw("9000")], "010002", 0, id="right"),
        pytest.param("0100", [ENTERED, sw("63C2"), ENTERED, sw("9000")], "010002", 0,
                     id="wrong, then right"),
        pytest.param("0100", [ENTERED, sw("63C1"), ENTERED, sw("63C0")], "010001",
                     VERIFICATION_FAILED | TRIES_EXCEEDED, id="wrong until no try is left"),
        pytest.param("0100", [ENTERED, sw("6983")], "010001",
                     VERIFICATION_FAILED | TRIES_EXCEEDED, id="blocked, 6983"),
        pytest.param("0100", [ENTERED, sw("6984")], "010001",
                     VERIFICATION_FAILED | TRIES_EXCEEDED, id="blocked, 6984"),
        pytest.param("41004200", [ENTERED, sw("63C0"), ENTERED], "420000",
                     TRIES_EXCEEDED | ONLINE, id="no try left, online PIN instead"),
        pytest.param("0100", [BYPASSED], "010001", VERIFICATION_FAILED | NOT_ENTERED,
                     id="bypassed"),
        pytest.param("0100", [ENTERED, sw("63C1"), BYPASSED], "010001",
                     VERIFICATION_FAILED | NOT_ENTERED, id="bypassed after a wrong one"),
        pytest.param("41001F00", [BYPASSED], "1F0002", NOT_ENTERED, id="bypassed, go on"),
        pytest.param("410042001E00", [BYPASSED], "1E0000", NOT_ENTERED,
                     id="bypassed for all PINs (Book 4, 6.3.4.3)"),
        pytest.param("420041001E00", [BYPASSED], "1E0000", NOT_ENTERED,
                     id="bypassed online, then offline"),
        pytest.param("0100", [NO_PAD], "010001", VERIFICATION_FAILED | PAD_MISSING,
                     id="keypad failed"),
        pytest.param("420044001E00", [NO_PAD], "1E0000", PAD_MISSING, id="failed for all PINs"),
        pytest.param("0200", [ENTERED], "020000", ONLINE, id="online"),
        pytest.param("0200", [BYPASSED], "020001", VERIFICATION_FAILED | NOT_ENTERED,
                     id="online, bypassed"),
        pytest.param("0200", [NO_PAD], "020001", VERIFICATION_FAILED | PAD_MISSING,
                     id="online, keypad failed"),
        pytest.param("0300", [ENTERED, sw("9000")], "030000", 0, id="PIN and signature"),
        pytest.param("0300", [ENTERED, sw("63C0")], "030001",
                     VERIFICATION_FAILED | TRIES_EXCEEDED, id="PIN wrong and signature"),
        pytest.param("43001F00", [BYPASSED], "1F0002", NOT_ENTERED, id="combination, go on"),
    ],
)  # fmt: skip
def test_a_plaintext_or_online_pin(
    rules: str, people: list[Answer], results: str, tvr: int
) -> None:
    """CVM results and TVR byte 3 after each course of events."""
    assert run(rules, people)[0] == (results, tvr, 0x40)


def test_wrong_pins_are_asked_for_again() -> None:
    """The request says how many tries are left, and that the last one was wrong."""
    _, asked, sent = run("0100", [ENTERED, sw("63C2"), ENTERED, sw("63C1"), ENTERED, sw("9000")])
    assert sent == [COUNTER]
    assert asked == [
        AskPin(PinUse.OFFLINE, 3, again=False), VerifyOffline(7),
        AskPin(PinUse.OFFLINE, 2, again=True), VerifyOffline(7),
        AskPin(PinUse.OFFLINE, 1, again=True), VerifyOffline(7),
    ]  # fmt: skip


def test_no_try_left_before_the_first() -> None:
    """Nobody is asked, and nothing about PINs is shown (Book 4, 6.3.4.1)."""
    told_after, asked, _ = run("0100", [], {COUNTER: "9F1701009000"})
    assert told_after == ("010001", VERIFICATION_FAILED | TRIES_EXCEEDED, 0x40)
    assert asked == []


@pytest.mark.parametrize("status", ["6A88", "6A81", "6D00", "6985"])
def test_a_counter_that_is_not_given(status: str) -> None:
    """The PIN is asked for all the same (Book 4, 6.3.4.1)."""
    told_after, asked, _ = run("0100", [ENTERED, sw("9000")], {COUNTER: status})
    assert told_after == ("010002", 0, 0x40)
    assert asked[0] == AskPin(PinUse.OFFLINE, None, again=False)


# --- enciphered -----------------------------------------------------------------------------------

FIRST, SECOND = "1122334455667788", "8877665544332211"
CHALLENGING = {**THREE_TRIES, CHALLENGE: [FIRST + "9000", SECOND + "9000"]}


def test_an_enciphered_pin() -> None:
    """Each try has a challenge of its own, and the card's key (Book 2, 7.2)."""
    people = [ENTERED, sw("63C2"), ENTERED, sw("9000")]
    told_after, asked, sent = run("0400", people, CHALLENGING)
    assert told_after == ("040002", 0, 0x40)
    assert [request for request in asked if isinstance(request, VerifyOffline)] == [
        VerifyOffline(7, bytes.fromhex(FIRST), KEY),
        VerifyOffline(7, bytes.fromhex(SECOND), KEY),
    ]
    assert sent == [COUNTER, CHALLENGE, CHALLENGE]


def test_an_enciphered_pin_and_signature() -> None:
    """The combination is unknown, because a signature is (Book 4, table 2)."""
    assert run("0500", [ENTERED, sw("9000")], CHALLENGING)[0] == ("050000", 0, 0x40)


@pytest.mark.parametrize(
    ("challenge", "key"),
    [
        pytest.param(FIRST + "9000", None, id="no key (Book 2, 7.1)"),
        pytest.param("6D00", KEY, id="no challenge"),
        pytest.param("11223344556677" + "9000", KEY, id="a challenge of 7 bytes"),
        pytest.param("112233445566778899" + "9000", KEY, id="a challenge of 9 bytes"),
        pytest.param(FIRST + "6281", KEY, id="a challenge with a warning"),
    ],
)
@pytest.mark.parametrize(("rules", "results", "tvr"), [
    ("0400", "040001", VERIFICATION_FAILED), ("44001F00", "1F0002", 0)])  # fmt: skip
def test_a_pin_that_cannot_be_enciphered(
    rules: str, results: str, tvr: int, challenge: str, key: RsaPublicKey | None
) -> None:
    """The method is unsuccessful, and no VERIFY is sent (Book 3, figure 11)."""
    told_after, asked, _ = run(rules, [ENTERED], {**THREE_TRIES, CHALLENGE: challenge}, key)
    assert told_after == (results, tvr, 0x40)
    assert asked == [AskPin(PinUse.OFFLINE, 3)]


def test_the_key_is_recovered_once() -> None:
    """Wrong PINs cost no further public-key work."""
    recovered = []
    step = verify_cardholder(transaction("0400"), lambda: recovered.append(1) or KEY)
    play(step, ScriptedCard(CHALLENGING), [ENTERED, sw("63C2"), ENTERED, sw("9000")])
    assert recovered == [1]


# --- ends of the transaction ----------------------------------------------------------------------

GONE = [(Removed(), "removed"), (Mute(), "mute"), (TransportFailed("parity"), "transport")]


@pytest.mark.parametrize("rules", ["0100", "0200", "0400"])
@pytest.mark.parametrize(
    ("answer", "reason"), [(PinCancelled(), "pin-cancelled"), (PinTimedOut(), "pin-timed-out")]
)
def test_no_pin_comes(rules: str, answer: Answer, reason: str) -> None:
    """CANCEL, or nobody at the keypad, ends the transaction: no other method is tried."""
    ended = run(f"{rules}1F00", [answer])[0]
    assert isinstance(ended, Outcome)
    assert (ended.result, ended.reason, ended.fallback) == (Result.CANCELLED, reason, None)


@pytest.mark.parametrize("status", ["6300", "63B1", "6400", "6700", "6982", "6985", "6A86", "6D00"])
def test_other_answers_to_verify(status: str) -> None:
    """Figure 11 has none but 9000, 63Cx, 6983 and 6984: the transaction ends."""
    ended = run("41001F00", [ENTERED, sw(status)])[0]
    assert isinstance(ended, Outcome)
    assert (ended.result, ended.reason) == (Result.TERMINATED, "bad-status")


@pytest.mark.parametrize(
    "counter", ["9F179000", "9F170203039000", "9F3601039000", "039000", "9000"]
)
def test_a_counter_that_is_none(counter: str) -> None:
    """GET DATA that was done, and did not give one byte under 9F17 (Book 3, 7.5)."""
    ended = run("41001F00", [], {COUNTER: counter})[0]
    assert isinstance(ended, Outcome)
    assert ended.reason == "bad-format"


@pytest.mark.parametrize(("lost", "reason"), GONE)
def test_the_card_goes_at_every_command(lost: Line, reason: str) -> None:
    """At the counter, the challenge and VERIFY alike."""
    at_counter = run("4400", [], {COUNTER: lost})[0]
    at_challenge = run("4400", [ENTERED], {**THREE_TRIES, CHALLENGE: lost})[0]
    at_verify = run("4400", [ENTERED, lost], CHALLENGING)[0]  # type: ignore[list-item]
    for ended in (at_counter, at_challenge, at_verify):
        assert isinstance(ended, Outcome)
        assert (ended.result, ended.reason) == (Result.TERMINATED, reason)


def test_a_card_that_counts_no_tries() -> None:
    """It ends the transaction after as many VERIFY commands as tries can be counted, over all
    rules; the last try may still be the one that is right."""
    assert VERIFY_MAX == 15
    ended = run("0100", [ENTERED, sw("63C5")] * VERIFY_MAX)[0]
    assert isinstance(ended, Outcome)
    assert ended.reason == "bad-status"
    fifteen = [ENTERED, sw("63CE")] * (VERIFY_MAX - 1)
    assert run("0100", [*fifteen, ENTERED, sw("9000")])[0] == ("010002", 0, 0x40)
    assert run("0100", [*fifteen, ENTERED, sw("63C0")])[0] == ("010001", 0xA0, 0x40)
    later = [ENTERED, sw("63C0")] * (VERIFY_MAX - 1)
    ended = run("4100" * VERIFY_MAX, [*later, ENTERED, sw("63C1")])[0]
    assert isinstance(ended, Outcome)


answers = st.sampled_from([ENTERED, BYPASSED, NO_PAD, PinCancelled(), PinTimedOut()])
lines = st.one_of(
    st.sampled_from(["9000", "63C5", "63C0", "6983", "9F1701039000", FIRST + "9000"]),
    st.binary(max_size=6).map(bytes.hex),
    st.sampled_from([line for line, _ in GONE]),
)


@given(
    rules=st.lists(
        st.tuples(st.sampled_from([1, 2, 3, 4, 5, 0x1E, 6]).map(lambda m: m | 0x40),
                  st.sampled_from([0, 2, 3, 5])) | st.tuples(st.integers(0, 255), st.just(0)),
        min_size=1, max_size=122,
    ),
    counter=lines, challenge=lines, pins=st.lists(answers, min_size=1), verify=lines,
)  # fmt: skip
def test_any_list_and_any_card(
    rules: list[tuple[int, int]],
    counter: Line,
    challenge: Line,
    pins: list[Answer],
    verify: Line,
) -> None:
    """It ends, by results that agree with the TVR or by a named reason, after no more commands than
    a list has rules and a counter has tries."""
    data = transaction("".join(bytes(rule).hex() for rule in rules))
    card = ScriptedCard({COUNTER: counter, CHALLENGE: challenge})
    step = verify_cardholder(data, lambda: KEY)
    verifying = Answered(bytes.fromhex(verify)) if isinstance(verify, str) else verify
    pin = iter(pins)
    asked: list[Request] = []

    def people() -> Iterable[Answer]:
        while True:
            yield (
                verifying if asked and isinstance(asked[-1], VerifyOffline) else next(pin, ENTERED)
            )

    def watched() -> object:
        answer: Answer = None
        while True:
            try:
                request = step.send(answer)
            except StopIteration as end:
                return end.value
            asked.append(request)
            answer = yield request

    ended, _ = play(watched(), card, people())  # type: ignore[arg-type]
    verifies = sum(isinstance(request, VerifyOffline) for request in asked)
    assert verifies <= VERIFY_MAX
    assert len(card.sent) <= 2 * len(rules) + VERIFY_MAX
    if isinstance(ended, Outcome):
        assert ended.reason in REASONS
        return
    results, tvr, tsi = told(data)
    assert tsi == 0x40
    assert (results[4:] == "01") == bool(tvr & VERIFICATION_FAILED)
    assert (ended is not None) == bool(tvr & ONLINE)
