"""The queue of advices: whatever moment the power goes, each approval reaches the host once."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import product
from typing import Any

import pytest

from posemu.crypto import HostDukpt, Key, TerminalDukpt, derive_initial_key
from posemu.profiles import load_dialect
from posemu.sim import Stream
from posemu.terminal import SecureModule
from posemu.terminal.advice_queue import AdviceQueue
from posemu.terminal.flash import Flash
from posemu.terminal.journal import Journal
from posemu.terminal.records import read_records, record_line
from posemu.terminal.requests import ADVICE, ADVICE_REPEAT
from posemu.wire import Codec

DATE, PAN = "0302", "9999075123741247"
FLUSH_US = 1_000


class PowerCut(Exception):  # noqa: N818 (it is no error)
    """The power went."""


class Mains:
    """Counts operations on flash, and cuts the power at those it is told to: before one, after it,
    or, of a flush, when so many thousandths of it have passed."""

    def __init__(self, cuts: dict[int, int]) -> None:
        self.cuts = cuts  # operation -> thousandths passed; 0 before, 1000 after
        self.operations = 0
        self.now_us = 0

    def around(self, flash: Flash, name: str, *args: Any) -> None:
        passed = self.cuts.get(self.operations)
        self.operations += 1
        if name == "end_flush":
            self.now_us += FLUSH_US if passed is None else FLUSH_US * passed // 1_000
            if passed is not None and passed < 1_000:
                raise PowerCut
        elif passed is not None and passed < 500:
            raise PowerCut
        getattr(Flash, name)(flash, *args)
        if passed is not None:
            raise PowerCut


class WatchedFlash(Flash):
    """A flash on these mains."""

    __slots__ = ("mains",)

    def __init__(self, mains: Mains) -> None:
        super().__init__(FLUSH_US)
        self.mains = mains
        self.get_power()

    def write(self, data: bytes) -> None:
        self.mains.around(self, "write", data)

    def begin_flush(self, now_us: int) -> None:
        self.mains.around(self, "begin_flush", now_us)

    def end_flush(self) -> None:
        self.mains.around(self, "end_flush")

    def keep_only(self, content: bytes) -> None:
        self.mains.around(self, "keep_only", content)


class NaiveHost:
    """Books every 0220 it hears, and a 0221 unless it has: what the terminal does not call a repeat
    is a new sale. `losses`: what becomes of each message, then of all others nothing bad."""

    def __init__(self, losses: tuple[str, ...] = ()) -> None:
        self.booked: list[tuple[str, str]] = []
        self._losses = iter(losses)

    def hear(self, mti: str, what: tuple[str, str]) -> bool:
        """True if an answer comes back."""
        loss = next(self._losses, "")
        if loss == "request":
            return False
        if mti == ADVICE or what not in self.booked:
            self.booked.append(what)
        return loss != "answer"


def run(steps: Iterator[int]) -> None:
    for _ in steps:
        pass


def queue_on(flash: Flash) -> AdviceQueue:
    queue = AdviceQueue(flash, lambda kind, data: None, lambda: 0)
    queue.recover()
    return queue


def sealed(stan: str) -> bytes:
    return f"sealed {stan}".encode() * 2


class Day:
    """A terminal that approves three sales offline and uploads them as it can, over power cuts. The
    journal knows a sale before the queue does, and counts it after: told is what was counted."""

    def __init__(self, cuts: dict[int, int], host: NaiveHost) -> None:
        self.mains, self.host = Mains(cuts), host
        self.flashes = (WatchedFlash(self.mains), WatchedFlash(self.mains))
        self.told: list[str] = []
        self.power_cuts = 0

    def live(self) -> None:
        """Until every sale was begun and the queue is empty."""
        while True:
            try:
                self.program()
            except PowerCut:
                self.power_cuts += 1
                for flash in self.flashes:
                    flash.lose_power(self.mains.now_us)
                    flash.get_power()
            else:
                return

    def program(self) -> None:
        journal = Journal(self.flashes[0], lambda kind, data: None, lambda: self.mains.now_us)
        queue = AdviceQueue(self.flashes[1], lambda kind, data: None, lambda: self.mains.now_us)
        journal.recover()
        queue.recover()
        sale = journal.current
        if sale is not None:
            if queue.holds(sale.stan, sale.date):
                self.approve(journal)
            else:
                journal.cancelled()
                run(journal.flush())
        self.tell(journal)
        if not journal.batch:
            run(journal.open_batch("000001"))
        while journal.last_stan < 3:
            sale = journal.prepare(DATE, "090000", 100, "999907******1247")
            run(journal.flush())
            run(queue.put(sale.stan, sale.date, sale.amount_minor, sealed(sale.stan)))
            self.approve(journal)
            self.tell(journal)
            if sale.stan == "000001":
                self.upload(queue)
        while len(queue):
            self.upload(queue)

    def approve(self, journal: Journal) -> None:
        journal.approved("", "")
        run(journal.flush())

    def tell(self, journal: Journal) -> None:
        for sale in journal.unprinted:
            if sale.stan not in self.told:
                self.told.append(sale.stan)

    def upload(self, queue: AdviceQueue) -> None:
        head = queue.head
        assert head is not None
        mti = ADVICE_REPEAT if head.attempts else ADVICE
        run(queue.attempt())
        assert head.sealed == sealed(head.stan)
        if self.host.hear(mti, (head.stan, head.date)):
            run(queue.answered())


def judge(day: Day) -> None:
    """Told is booked, booked is told; once each, and in the order of the sales."""
    assert [stan for stan, _ in day.host.booked] == day.told
    assert day.told == sorted(set(day.told))
    queue = queue_on(day.flashes[1])
    assert len(queue) == 0
    assert queue.next_number == len(day.told) + 1


OPERATIONS = 51  # of a day without cut or loss
TORN = tuple(range(0, 1_001, 125))
LOSSES = ("", "request", "answer")


def test_a_day_has_as_many_operations() -> None:
    """All three are told and booked; what follows goes over every operation there is."""
    day = Day({}, NaiveHost())
    day.live()
    judge(day)
    assert (day.mains.operations, day.told) == (OPERATIONS, ["000001", "000002", "000003"])


@pytest.mark.parametrize("losses", list(product(LOSSES, repeat=2)))
def test_a_cut_at_every_operation(losses: tuple[str, ...]) -> None:
    """Exhaustive: before, after and in the middle of each operation on either flash, and whatever
    becomes of the first two messages."""
    cuts = 0
    for operation, passed in product(range(OPERATIONS), TORN):
        day = Day({operation: passed}, NaiveHost(losses))
        day.live()
        judge(day)
        cuts += day.power_cuts
    assert cuts == OPERATIONS * len(TORN)


@pytest.mark.parametrize("passed", [(501, 501), (1_000, 0)])
def test_two_cuts(passed: tuple[int, int]) -> None:
    """Every pair of operations, those of the recovery from the first cut among them. An answer was
    lost."""
    struck = 0
    for first in range(OPERATIONS):
        for second in range(first + 1, OPERATIONS + 6):
            day = Day({first: passed[0], second: passed[1]}, NaiveHost(("answer",)))
            day.live()
            judge(day)
            struck += day.power_cuts == 2
    assert struck > 1_300


def test_every_prefix_of_the_flash_is_a_queue() -> None:
    """A record counts when it is whole: over every number of bytes that a power cut leaves, the
    queue is that of the records before, and the next record follows them."""
    flash = Flash(0)
    flash.get_power()
    queue, ends = queue_on(flash), []
    steps: list[Generator[int, None, None]] = [
        queue.put("000001", DATE, 100, b"\x01"), queue.put("000002", DATE, 200, b"\x02" * 30),
        queue.attempt(), queue.attempt(), queue.answered(), queue.put("000003", DATE, 300, b"\x03"),
        queue.attempt(),
    ]  # fmt: skip
    views = [[]]
    for step in steps:
        run(step)
        ends.append(len(flash.content()))
        views.append([(a.number, a.stan, a.attempts) for a in queue._waiting])
    content = flash.content()
    assert views[-1] == [(2, "000002", 1), (3, "000003", 0)]
    for length in range(len(content) + 1):
        torn = Flash(0)
        torn.get_power()
        torn.keep_only(content[:length])
        found = queue_on(torn)
        whole = sum(end <= length for end in ends)
        assert [(a.number, a.stan, a.attempts) for a in found._waiting] == views[whole]
        run(found.put("000009", DATE, 900, b"\x09"))
        assert [a.number for a in queue_on(torn)._waiting] == [a.number for a in found._waiting]


def test_a_damaged_record_ends_what_is_believed() -> None:
    """A changed byte anywhere in the second of three records leaves the first alone."""
    lines = [record_line("waiting", str(n), f"{n:06d}", DATE, "100", "AB") for n in (1, 2, 3)]
    start = len(lines[0])
    for at in range(start, start + len(lines[1])):
        content = bytearray(b"".join(lines))
        content[at] ^= 1
        flash = Flash(0)
        flash.get_power()
        flash.keep_only(bytes(content))
        assert read_records(flash) == [["waiting", "1", "000001", DATE, "100", "AB"]]
        assert flash.content() == lines[0]


def test_the_flash_does_not_grow_with_the_years() -> None:
    """When the queue is empty one record is left, and numbers go on from there."""
    flash = Flash(0)
    flash.get_power()
    for number in range(1, 50):
        queue = queue_on(flash)
        assert queue.next_number == number
        run(queue.put(f"{number:06d}", DATE, 100, bytes(200)))
        assert queue.holds(f"{number:06d}", DATE)
        assert not queue.holds(f"{number:06d}", "0303")
        run(queue.attempt())
        run(queue.answered())
        assert queue.head is None
    assert flash.content().count(b"\n") == 1


def test_an_empty_queue_has_nothing_to_send() -> None:
    """Attempt and answer without a head are mistakes of the program."""
    flash = Flash(0)
    flash.get_power()
    for step in (AdviceQueue.attempt, AdviceQueue.answered):
        with pytest.raises(AssertionError, match="empty"):
            run(step(queue_on(flash)))


def test_with_the_secure_module_the_host_gets_the_card_and_the_flash_does_not() -> None:
    """Module and queue together, over a power cut: what waits opens at the host as its own sale,
    and neither flash, trace nor the text of an advice shows the PAN."""
    codec = Codec(load_dialect("posemu-87-aes"))
    bdk, key_id = Key(bytes(range(16))), bytes.fromhex("504F534500000001")
    dukpt = TerminalDukpt.load(derive_initial_key(bdk, key_id), key_id)
    module = SecureModule(dukpt, codec, Stream(1, "module").bytes)
    flash, events = Flash(0), []
    flash.get_power()
    queue = AdviceQueue(flash, lambda kind, data: events.append((kind, data)), lambda: 0)
    for stan in ("000001", "000002"):
        module.accept_chip({"57": bytes.fromhex(f"{PAN}D291220100")})
        fields = {3: "000000", 4: "000000000100", 11: stan, 13: DATE, 55: b"\x9f\x36\x02\x00\x01"}
        run(queue.put(stan, DATE, 100, module.store(queue.next_number, fields)))
    module.lose_power()
    flash.lose_power(0)
    flash.get_power()
    seen = repr(events) + flash.content().decode()
    queue = queue_on(flash)
    for stan in ("000001", "000002"):
        head = queue.head
        assert head is not None
        seen += repr(head)
        data = module.seal_stored(ADVICE, head.number, head.sealed).data
        found: dict[int, Any] = dict(codec.decode(data)[1])
        assert found[11] == stan
        track = HostDukpt(bdk).keys(found[62]).decrypt(found[63]).decode()
        assert track == f"{PAN}=291220100"
        run(queue.answered())
    assert PAN not in seen
    assert PAN.encode().hex().upper() not in seen
