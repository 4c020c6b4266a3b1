"""The leak scanner: finds a canary in every writing it lists, and nothing where there is none."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from typing import Any

import pytest

from posemu.oracle import Canaries
from posemu.oracle.secrecy import Secrecy
from posemu.sim import Event

PAN, LONG, SHORT = "9999075123741247", "9999080000000000018", "9999071000008"
PIN = "836194027715"
KEY = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
DIGITS = [PAN, LONG, SHORT, PIN]


def nibbles(text: str) -> bytes:
    return bytes.fromhex(text + "F" * (len(text) % 2))


def swapped(data: bytes) -> bytes:
    return bytes((b & 15) << 4 | b >> 4 for b in data)


WRITINGS: dict[str, Callable[[str], bytes]] = {
    "ascii": lambda d: d.encode(),
    "ascii with spaces": lambda d: " ".join(d[i : i + 4] for i in range(0, len(d), 4)).encode(),
    "ascii with dashes": lambda d: "-".join(d[i : i + 4] for i in range(0, len(d), 4)).encode(),
    "bcd": nibbles,
    "bcd at the other nibble": lambda d: nibbles("F" + d),
    "bcd with nibbles reversed": lambda d: swapped(nibbles(d)),
    "hex of bcd, upper": lambda d: nibbles(d).hex().upper().encode(),
    "hex of bcd, lower": lambda d: nibbles(d).hex().encode(),
    "hex of ascii": lambda d: d.encode().hex().encode(),
    "base64 of ascii": lambda d: base64.b64encode(d.encode()),
    "base64 of bcd": lambda d: base64.b64encode(nibbles(d)),
}
KEY_WRITINGS: dict[str, Callable[[bytes], bytes]] = {
    "bytes": bytes,
    "hex, upper": lambda k: k.hex().upper().encode(),
    "hex, lower": lambda k: k.hex().encode(),
    "base64": base64.b64encode,
}


def found(data: bytes, is_text: bool = False) -> set[str]:
    return {what for _, what in Canaries([PAN, LONG, SHORT], [PIN], [KEY]).find(data, is_text)}


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("digits", DIGITS)
def test_a_canary_is_found_in_every_writing_at_every_place(writing: str, digits: str) -> None:
    """PANs and PINs are found as ASCII, grouped, BCD, reversed, hex and base64, at any offset."""
    body = WRITINGS[writing](digits)
    what = {PIN: "PIN"}.get(digits, "PAN")
    for before in range(9):
        for filler in (b"\xfe", b"z", b" ", b"\0"):
            if filler == b"z" and writing.startswith("base64"):
                continue  # letters before base64 belong to it: see the alignments below
            assert what in found(filler * before + body + b"\xfe" * 3), (before, filler)


@pytest.mark.parametrize("digits", DIGITS)
@pytest.mark.parametrize("form", ["ascii", "bcd"])
def test_base64_is_read_at_all_alignments(digits: str, form: str) -> None:
    """Base64 of a longer text with the canary at any place in it, also at its end and with letters
    glued before it."""
    missed = []
    for before in range(9):
        for behind in range(4):
            clear = b"\x8a" * before + WRITINGS[form](digits) + b"\x8b" * behind
            for glued in range(4):
                data = b"\xfe" + b"q" * glued + base64.b64encode(clear) + b"\xfe"
                if not found(data):
                    missed.append((before, behind, glued))
    assert missed == []


@pytest.mark.parametrize("text", ["%B{}^LI NA^2912", "A{}", "12{}", "No 7: {}", ";{}=2912", "{}"])
def test_hex_text_of_a_longer_text_is_read(text: str) -> None:
    """A hex dump of a text in which the canary stands is found, whatever stands before it."""
    missed = []
    for digits in DIGITS:
        clear = text.format(digits).encode()
        if not found(clear.hex().encode()) or not found(clear.hex().upper().encode(), True):
            missed.append(digits)
    assert missed == []


@pytest.mark.parametrize("writing", KEY_WRITINGS)
@pytest.mark.parametrize("before", range(4))
def test_a_key_is_found_in_every_writing(writing: str, before: int) -> None:
    """Keys are found as bytes, hex and base64, the latter at all alignments."""
    if writing == "base64":
        body = base64.b64encode(b"\x8a" * before + KEY + b"\x8b" * 5)
    else:
        body = b"\xfe" * before + KEY_WRITINGS[writing](KEY) + b"\xfe"
    assert found(body) == {"key"}
    assert found(b"--" + body + b"--", is_text=True) == {"key"}


@pytest.mark.parametrize("writing", WRITINGS)
def test_a_payment_code_is_found_by_its_wallet(writing: str) -> None:
    """A code whose first twelve digits are a wallet's number is a leak, whatever follows them."""
    canaries = Canaries([PAN], [PIN], codes=["996783860000"])
    found = canaries.find(b"\x00" + WRITINGS[writing]("996783860000300003") + b"\x00")
    assert [what for _, what in found] == ["payment code"]


def test_text_is_not_read_as_bcd() -> None:
    """In text the canary counts as digits, hex and base64, but words are not taken for BCD."""
    assert found(nibbles(PAN), is_text=True) == set()
    assert found(PAN.encode(), is_text=True) == {"PAN"}


@pytest.mark.parametrize(
    "masked",
    ["999907******1247", "************1247", "999907 1247", "9999 07** **** 1247",
     PAN[:11], PAN[5:], PAN[:-1] + "8", "8" + PAN[1:], PAN[::-1]],
)  # fmt: skip
def test_masked_and_other_numbers_are_not_found(masked: str) -> None:
    """First six and last four, a part of a PAN, or another number: no leak."""
    for writing in ("ascii", "hex of ascii", "base64 of ascii"):
        assert found(WRITINGS[writing](masked)) == set()


def test_ciphertext_is_no_leak() -> None:
    """In a megabyte of random bytes, and in their hex and base64, nothing is found (fixed seed)."""
    data = random.Random(1).randbytes(1_000_000)
    assert found(data) == set()
    assert found(data[:100_000].hex().encode()) == set()
    assert found(base64.b64encode(data[:300_000])) == set()


def test_other_digits_are_no_leak() -> None:
    """In a quarter of a million random digits, as text and as BCD, nothing is found."""
    rng = random.Random(2)
    digits = "".join(rng.choices("0123456789", k=250_000))
    assert found(digits.encode()) == set()
    assert found(nibbles(digits)) == set()


def test_several_canaries_in_one_run_are_all_found() -> None:
    """Digits that run together hide nothing: each canary in them is reported."""
    data = f"00{PAN}7{LONG}{PIN}99".encode()
    assert sorted(what for _, what in Canaries([PAN, LONG], [PIN]).find(data)) == [
        "PAN", "PAN", "PIN",
    ]  # fmt: skip


# --- streams of events ---------------------------------------------------------------------------


def leaks(events: list[tuple[int, str, str, dict[str, Any]]]) -> list[tuple[int, str, str]]:
    reported: list[tuple[int, str, str]] = []
    secrecy = Secrecy(Canaries([PAN], [PIN], [KEY]), lambda *leak: reported.append(leak))
    for event in events:
        secrecy.watch(Event(*event))
    secrecy.finish()
    return reported


@pytest.mark.parametrize("writing", ["ascii", "bcd", "bcd at the other nibble", "hex of ascii"])
def test_a_canary_cut_by_a_frame_border_is_found(writing: str) -> None:
    """Wherever the border between two frames of one stream cuts it, the canary is found."""
    body = b"\xfe" + WRITINGS[writing](PAN) + b"\xfe"
    for cut in range(1, len(body)):
        events = [
            (1, "till-1", "frame-sent", {"bytes": body[:cut]}),
            (2, "till-2", "frame-sent", {"bytes": b"in between"}),
            (3, "till-1", "frame-sent", {"bytes": body[cut:]}),
        ]
        found_in = leaks(events)
        assert [(source, text) for _, source, text in found_in] == [
            ("till-1", "a PAN is readable in frame-sent")
        ]
        assert found_in[0][0] in (1, 3)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_a_canary_in_small_pieces_is_found(size: int) -> None:
    """A stream of pieces of a few bytes, some of them alike, is read as one."""
    body = b"\xfe" + PAN.encode() + b"\xfe"
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    events = [(n, "till-1", "frame-sent", {"bytes": piece}) for n, piece in enumerate(pieces)]
    assert len(leaks(events)) == 1


@pytest.mark.parametrize(
    "value",
    [PAN, PAN.encode(), ("SALE", f"CARD: {PAN}", "APPROVED"), f"a longer text with {PAN} in it",
     int(PAN), (1, 2, int(PAN)), ("one", ("two", PAN))],
    ids=["text", "bytes", "lines", "sentence", "number", "numbers", "nested"],
)  # fmt: skip
def test_every_value_of_every_event_is_read(value: Any) -> None:
    """Whatever the plain value an event carries, a canary in it is found."""
    assert len(leaks([(5, "till-1", "note", {"x": value, "n": 1, "none": None})])) == 1


def test_two_texts_are_not_glued_together() -> None:
    """The end of one text and the beginning of the next do not make up a number."""
    events = [(n, "till-1", "screen", {"text": f"{n:012d}{part}" if n == 0 else part + " " * 12})
              for n, part in enumerate((PAN[:8], PAN[8:]))]  # fmt: skip
    assert leaks(events) == []


def test_a_leak_is_reported_at_its_moment() -> None:
    """Of a thousand events the one with the canary is named by its time and source."""
    events: list[Any] = [(n, "till-1", "note", {"text": f"nothing to see, {n:08d}"})
                         for n in range(1_000)]  # fmt: skip
    events[617] = (617, "till-1", "note", {"text": f"{PAN} {PIN}"})
    assert sorted(leaks(events)) == [
        (617, "till-1", "a PAN is readable in note"), (617, "till-1", "a PIN is readable in note"),
    ]  # fmt: skip


def test_a_leak_is_reported_once_also_where_the_scan_is_cut() -> None:
    """A leak near the end of one large piece of the scan is neither missed nor reported again."""
    times = {}
    for place in range(0, 400, 13):
        rng = random.Random(3)
        events: list[Any] = []
        size = 0
        leak_at = (1 << 16) - place
        while size < 70_000:
            block = rng.randbytes(100)
            if size <= leak_at < size + 100:
                block = b"\xfe" + PAN.encode() + b"\xfe" * 83
            events.append((len(events), "till-1", "frame-sent", {"bytes": block}))
            size += len(block)
        times[place] = len(leaks(events))
    assert times == dict.fromkeys(times, 1)
