"""Keypad, reader, printer, display, power: how each of them breaks and heals."""

from __future__ import annotations

import math
from typing import Any

import pytest
from scipy import stats

from posemu.sim import Keyed
from posemu.terminal.display import Display
from posemu.terminal.keypad import Keypad
from posemu.terminal.messages import load_messages
from posemu.terminal.power import Power
from posemu.terminal.printer import JAM, LOW_LINES, NO_PAPER, OK, Printer
from posemu.terminal.reader import StripeReader, Wear

Events = list[tuple[str, dict[str, Any]]]


def emitting(events: Events) -> Any:
    return lambda kind, data: events.append((kind, data))


# --- keypad --------------------------------------------------------------------------------------


def heard(p: float, presses: int, key: str = "5") -> list[list[str]]:
    keypad = Keypad(Keyed(2).sequence("keypad", "till-1"))
    got: list[str] = []
    keypad.hear = got.append
    keypad.misread(p)
    found = []
    for _ in range(presses):
        got.clear()
        keypad.press(key)
        found.append(list(got))
    return found


def test_a_good_keypad_hears_what_is_pressed() -> None:
    """Without a fault every key is heard once, as it was pressed."""
    keys = [*"0123456789", "ENTER", "CLEAR", "CANCEL", "SALE"]
    keypad = Keypad(lambda n: 0.0)
    got: list[str] = []
    keypad.hear = got.append
    for key in keys:
        keypad.press(key)
    assert got == keys


def test_misreads_come_at_their_rate_half_doubled_half_beside() -> None:
    """Of 20,000 presses a share p is misheard: half doubled, half as the key beside it (99.9 %)."""
    n, p = 20_000, 0.1
    found = heard(p, n)
    doubled = sum(keys == ["5", "5"] for keys in found)
    beside = sum(keys == ["6"] for keys in found)
    assert doubled + beside + sum(keys == ["5"] for keys in found) == n
    for count in (doubled, beside):
        assert stats.binomtest(count, n, p / 2).pvalue > 0.001


@pytest.mark.parametrize("key", ["ENTER", "CLEAR", "CANCEL", "SALE", "SETTLE"])
def test_function_keys_do_not_bounce(key: str) -> None:
    """Only digits are misheard, even at p = 1."""
    assert heard(1.0, 50, key) == [[key]] * 50


@pytest.mark.parametrize("key", list("0123456789"))
def test_the_key_beside_is_a_neighbour(key: str) -> None:
    """A digit misheard as another is one that stands next to it on the keypad."""
    at = {digit: divmod("123456789*0#".index(digit), 3) for digit in "1234567890"}
    others = {keys[0] for keys in heard(1.0, 100, key)} - {key}
    assert len(others) == 1
    (row, column), (other_row, other_column) = at[key], at[others.pop()]
    assert abs(row - other_row) + abs(column - other_column) == 1


def test_a_mended_keypad_is_good_again() -> None:
    """After `mend` nothing is misheard, and the draws in between were not disturbed."""
    keypad = Keypad(Keyed(2).sequence("keypad", "till-1"))
    got: list[str] = []
    keypad.hear = got.append
    keypad.misread(1.0)
    keypad.mend()
    for _ in range(100):
        keypad.press("5")
    assert got == ["5"] * 100


# --- reader --------------------------------------------------------------------------------------

BITS = bytes([0, 1] * 60)


def test_wear_is_a_weibull_curve() -> None:
    """The chance of a bad swipe after n swipes is p0 + (p_max - p0) F(n), F of SciPy's Weibull."""
    wear = Wear(eta=100_000.0, k=2.5, p0=0.01, p_max=0.6)
    for n in (0, 1, 1_000, 50_000, 100_000, 300_000, 10**7):
        expected = 0.01 + 0.59 * stats.weibull_min(2.5, scale=100_000.0).cdf(n)
        assert wear.p_bad(n) == pytest.approx(expected, rel=1e-9)


def test_wear_only_grows() -> None:
    """More swipes never make a head better, and p_max is never passed."""
    wear = Wear(eta=500.0, k=3.0, p0=0.0, p_max=0.9)
    curve = [wear.p_bad(n) for n in range(0, 3_000, 7)]
    assert curve == sorted(curve)
    assert curve[0] == 0.0
    assert curve[-1] == pytest.approx(0.9)


def test_a_worn_head_spoils_at_its_rate() -> None:
    """A head with a constant chance spoils that share of swipes (99.9 %), and counts them all."""
    reader, got = StripeReader(Keyed(5).sequence("reader", "till-1")), []
    reader.read = got.append
    reader.wear(Wear(eta=1.0, k=1.0, p0=0.3, p_max=0.3), 77)
    for _ in range(5_000):
        reader.swipe(BITS)
    bad = sum(bits != BITS for bits in got)
    assert stats.binomtest(bad, 5_000, 0.3).pvalue > 0.001
    assert reader.swipes == 77 + 5_000


def test_a_new_head_reads_what_is_on_the_stripe() -> None:
    """Without wear, and after the head was replaced, the bits come as they are."""
    reader, got = StripeReader(lambda n: 0.0), []
    reader.read = got.append
    reader.swipe(BITS)
    reader.wear(Wear(1.0, 1.0, 1.0, 1.0), 10)
    reader.swipe(BITS)
    reader.replace_head()
    assert reader.swipes == 0
    reader.swipe(BITS)
    assert [bits == BITS for bits in got] == [True, False, True]


def test_a_head_that_has_just_begun_to_wear_is_nearly_good() -> None:
    """Far below eta the curve is as small as it should be: what underflows is zero, no error."""
    wear = Wear(eta=1e6, k=60.0, p0=0.0, p_max=1.0)
    assert wear.p_bad(1) == pytest.approx(0.0, abs=1e-300)
    assert math.isclose(wear.p_bad(10**7), 1.0)


# --- printer -------------------------------------------------------------------------------------


def test_the_printer_says_what_is_wrong() -> None:
    """Paper for a slip or not enough of it, a jam before everything else."""
    printer = Printer(emitting([]), 60_000, 20)
    assert printer.condition(20) == OK
    assert printer.condition(21) == NO_PAPER
    printer.jam()
    assert printer.condition(1) == JAM
    printer.run_out_of_paper()
    assert printer.condition(1) == JAM
    printer.clear_jam()
    assert printer.condition(1) == NO_PAPER
    assert printer.condition(0) == OK
    printer.load_paper()
    assert printer.condition(20) == OK


def test_a_slip_takes_its_lines_from_the_roll_and_is_told() -> None:
    """Each line is taken from the roll, and the slip is one event with all its lines."""
    events: Events = []
    printer = Printer(emitting(events), 60_000, 20)
    printer.feed("merchant-copy", "000001", ("a", "b", "c"))
    assert printer.lines_left == 17
    assert events == [
        ("receipt", {"slip": "merchant-copy", "stan": "000001", "lines": ("a", "b", "c")})
    ]


def test_the_stripe_shows_near_the_end_of_the_roll() -> None:
    """Paper is low below half a metre, and not when there is none."""
    printer = Printer(emitting([]), 60_000, LOW_LINES + 1)
    lows = []
    for _ in range(LOW_LINES + 1):
        lows.append(printer.low)
        printer.feed("x", "", ("line",))
    assert lows == [False, False] + [True] * (LOW_LINES - 1)
    assert not printer.low


# --- display and power ---------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_display_shows_a_text_and_those_in_front_see_it(lang: str) -> None:
    """A prompt is shown in the terminal's language with its values, told as an event, and seen."""
    events: Events = []
    seen: list[str] = []
    display = Display(emitting(events), load_messages(), lang)
    display.watchers.append(seen.append)
    display.show("approved", amount="38.00 CNY", stan="000042")
    expected = {"en": "APPROVED 38.00 CNY TRACE 000042", "zh": "交易成功 38.00 CNY 流水号 000042"}
    assert (display.prompt, display.text) == ("approved", expected[lang])
    assert events == [("screen", {"prompt": "approved", "text": expected[lang]})]
    display.go_dark()
    assert (display.prompt, display.text) == ("", "")
    assert seen == ["approved", ""]
    assert len(events) == 1


def test_an_unknown_screen_is_an_error() -> None:
    """A prompt that the catalogue does not have cannot be shown."""
    with pytest.raises(KeyError):
        Display(emitting([]), load_messages(), "en").show("no-such-screen")


def test_power_is_cut_and_restored_once() -> None:
    """Cutting what is off and restoring what is on does nothing; each change is told once."""
    events: Events = []
    power, calls = Power(emitting(events)), []
    power.on_cut.append(lambda: calls.append("cut"))
    power.on_restore.append(lambda: calls.append("restore"))
    power.cut()
    power.restore()
    power.restore()
    power.cut()
    power.cut()
    assert calls == ["restore", "cut"]
    assert events == [("power", {"on": True}), ("power", {"on": False})]
