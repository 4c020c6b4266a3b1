"""Traces written by hand: one till's frames, postings, screens and slips, read by the judge."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import pytest

from posemu.oracle import Canaries, Judge
from posemu.profiles import load_dialect
from posemu.sim import Clock, Trace
from posemu.wire import Codec, frame

CODEC = Codec(load_dialect("posemu-87-aes"))
OUT, BACK = bytes.fromhex("6000010000"), bytes.fromhex("6000000001")
KEY_ID = bytes.fromhex("504F534500000001")
DATE, TIME = "0302", "090000"
CHIP, STRIPE, FALLBACK = "051", "021", "801"  # DE22
CID = {"AAC": 0x00, "TC": 0x40, "ARQC": 0x80}


def line_of(*parts: str) -> bytes:
    """A record as it stands in flash."""
    text = "|".join(parts)
    return f"{crc32(text.encode()):08X} {text}\n".encode()


class Case:
    """Each method emits what one step leaves in the trace; a second passes before each."""

    def __init__(self, pans: tuple[str, ...] = (), till: str = "till-1") -> None:
        self.clock = Clock()
        self.trace = Trace(self.clock)
        self.judge = Judge(CODEC, Canaries(pans, ()))
        self.judge.attach(self.trace)
        self.till = till
        self.counter = 0
        self.sent = b""

    def emit(self, source: str, kind: str, **data: Any) -> None:
        self.clock.run_until(self.clock.now_us + 1_000_000)
        self.trace.emit(source, kind, data)

    def message(self, mti: str, fields: dict[int, Any], counter: int | None, mac: bytes) -> bytes:
        if counter is None:
            self.counter = counter = self.counter + 1
        full = {62: KEY_ID + counter.to_bytes(4), 41: "T0000001", **fields}
        return CODEC.encode(mti, full, mac_present=True) + mac

    def out(self, mti: str, fields: dict[int, Any], counter: int | None = None) -> bytes:
        data = frame(self.message(mti, fields, counter, bytes(8)), OUT)
        self.emit(self.till, "frame-sent", end="terminal", connection=1, bytes=data)
        return data

    # --- a sale ----------------------------------------------------------------------------------

    def prepared(self, stan: int = 1, amount: int = 3_800, *entry: str) -> None:
        """`entry`: ("card", how it was read)."""
        self.journal("prepared", f"{stan:06d}", DATE, TIME, str(amount), "999907******1247", *entry)

    def journal(self, *parts: str) -> None:
        self.emit(self.till, "journal-write", record=parts[0], bytes=line_of(*parts))

    def flush(self) -> None:
        self.emit(self.till, "journal-flush")

    def request(self, stan: int = 1, amount: int = 3_800, *, time: str = TIME, date: str = DATE,
                counter: int | None = None, arrives: bool = True, mac: bytes = bytes(8),
                mode: str = STRIPE) -> None:  # fmt: skip
        """It leaves the terminal and, if it `arrives`, it does so with this MAC."""
        fields = {4: f"{amount:012d}", 11: f"{stan:06d}", 12: time, 13: date, 22: mode}
        self.sent = self.out("0200", fields, counter)
        if arrives:
            self.arrival(mac)

    def arrival(self, mac: bytes = bytes(8)) -> None:
        """The last request reaches the host."""
        came = self.sent[:-8] + mac
        self.emit("gateway", "frame-received", end="host", terminal=self.till, bytes=came)

    def posting(self, stan: int = 1, amount: int = 3_800) -> None:
        self.emit("host", "posting", terminal=self.till, stan=f"{stan:06d}", date=DATE,
                  amount_minor=amount)  # fmt: skip

    def answer(self, stan: int = 1, code: str = "00", mti: str = "0210", *,
               amount: int | None = 3_800, arrives: bool = True, sent: bool = True,
               mac: bytes = bytes(8), totals: str = "",
               names: tuple[str, ...] = ()) -> None:  # fmt: skip
        """The host's answer, at the host's end, the terminal's, or both."""
        fields: dict[int, Any] = {11: f"{stan:06d}", 39: code}
        if amount is not None:
            fields[4] = f"{amount:012d}"
        if totals:
            fields[48] = totals
        fields.update(zip((37, 38), names, strict=False))  # reference, authorisation code
        data = frame(self.message(mti, fields, 1, bytes(8)), BACK)
        if sent:
            self.emit("gateway", "frame-sent", end="host", terminal=self.till, bytes=data)
        if arrives:
            came = data[:-8] + mac
            self.emit(self.till, "frame-received", end="terminal", connection=1, bytes=came)

    def approved(self, stan: int = 1, amount: str = "38.00") -> None:
        text = f"APPROVED {amount} CNY TRACE {stan:06d}"
        self.emit(self.till, "screen", prompt="approved", text=text)

    def slip(self, stan: int = 1, said: str = "APPROVED", amount: str = "38.00",
             *others: str) -> None:  # fmt: skip
        """One slip. The tag never says which copy it is: people read what is printed."""
        lines = ("SALE", f"TRACE: {stan:06d}", f"AMOUNT: {amount} CNY", said, *others)
        self.emit(self.till, "receipt", slip="slip", stan=f"{stan:06d}", lines=lines)

    def slips(self, stan: int = 1, *others: str) -> None:
        """Both copies of the slip of an approved sale."""
        for copy in ("MERCHANT COPY", "CUSTOMER COPY"):
            self.slip(stan, "APPROVED", "38.00", copy, *others)

    def screen(self, text: str) -> None:
        self.emit(self.till, "screen", prompt="x", text=text)

    def unknown(self, stan: int = 1) -> None:
        self.screen(f"RESULT UNKNOWN. BEING REVERSED TRACE {stan:06d}")

    def declined(self, stan: int = 1) -> None:
        self.screen(f"DECLINED 51: not enough money. NOT CHARGED TRACE {stan:06d}")

    def reversed(self, stan: int = 1) -> None:
        self.screen(f"REVERSED, NOT CHARGED TRACE {stan:06d}")

    def confirm(self, amount: str = "38.00") -> None:
        self.screen(f"PAY {amount} CNY ?")

    def reversing(self, reason: str = "98", stan: int = 1) -> None:
        """The decision to reverse, durable."""
        self.journal("reversing", f"{stan:06d}", reason)
        self.flush()

    def reversal(self, stan: int = 1, amount: int = 3_800, *, time: str = TIME, date: str = DATE,
                 mti: str = "0400", reason: str = "98",
                 card: dict[int, Any] | None = None) -> None:  # fmt: skip
        fields = {4: f"{amount:012d}", 11: f"{stan:06d}", 12: "091500", 13: DATE, 39: reason,
                  61: f"{stan:06d}{time}{date}", **(card or {})}  # fmt: skip
        self.out(mti, fields)

    # --- a chip -----------------------------------------------------------------------------------

    def slot(self, there: bool = True) -> None:
        self.emit(self.till, "slot", card=there)

    def says(self, kind: str, *, heard: bool = True, status: str = "9000", form: int = 2,
             data: bytes | None = None) -> None:  # fmt: skip
        """The card's answer to GENERATE AC, in one of its two forms."""
        cid, atc = bytes((CID[kind],)), bytes.fromhex("0007")
        two = b"\x9f\x27\x01" + cid + b"\x9f\x36\x02" + atc
        one = cid + atc + bytes(8)
        body = (b"\x80" + bytes((len(one),)) + one) if form == 1 else b"\x77\x09" + two
        self.emit(self.till, "apdu", n=9, command=bytes.fromhex("80AE4000"), status=status,
                  heard=heard, data=body if data is None else data)  # fmt: skip

    def queue(self, *parts: str) -> None:
        self.emit(self.till, "queue-write", record=parts[0], bytes=line_of(*parts))

    def waiting(self, stan: int = 1, amount: int = 3_800) -> None:
        """The record of an advice, not yet durable. Its number in the queue is the trace number."""
        self.queue("waiting", str(stan), f"{stan:06d}", DATE, str(amount), "00FF")

    def queue_flush(self) -> None:
        self.emit(self.till, "queue-flush")

    def advice(self, stan: int = 1, amount: int = 3_800, *, mti: str = "0220", reason: str = "Y1",
               time: str = TIME, date: str = DATE, arrives: bool = True) -> None:  # fmt: skip
        fields = {4: f"{amount:012d}", 11: f"{stan:06d}", 12: time, 13: date, 22: CHIP,
                  39: reason}  # fmt: skip
        self.sent = self.out(mti, fields)
        if arrives:
            self.arrival()

    def reconciliation(self, stan: int = 90) -> None:
        self.out("0500", {11: f"{stan:06d}", 48: "0" * 36})

    def state(self, state: str) -> None:
        self.emit(self.till, "state", state=state)

    def cut(self) -> None:
        """Power fails, and comes back."""
        self.emit(self.till, "power", on=False)
        self.emit(self.till, "power", on=True)

    def drain(self) -> None:
        self.emit("world", "drain", tills=(self.till,))

    def verdict(self) -> list[str]:
        """The broken rules, each once, in order of time."""
        return list(dict.fromkeys(v.invariant for v in self.judge.finish()))


@pytest.fixture
def case() -> Case:
    return Case()


@pytest.fixture
def make_case() -> type[Case]:
    return Case
