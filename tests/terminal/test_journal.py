"""The journal: whatever prefix of it a power cut leaves, what it says is right for a restart."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

import pytest

from posemu.terminal.flash import Flash
from posemu.terminal.journal import INSERTED, ChipSlip, Journal

Step = Callable[[Journal], Any]
DATE, TIME, PAN = "0302", "090000", "999907******1247"


def powered() -> Flash:
    flash = Flash(8_000)
    flash.get_power()
    return flash


def journal_of(flash: Flash) -> tuple[Journal, list[tuple[str, dict[str, Any]]]]:
    events: list[tuple[str, dict[str, Any]]] = []
    return Journal(flash, lambda kind, data: events.append((kind, data)), lambda: 0), events


def run(steps: Iterator[int]) -> None:
    for _ in steps:
        pass


def a_day(j: Journal) -> None:
    """A day with every kind of record."""
    run(j.open_batch("000001"))
    sale = j.prepare(DATE, TIME, 3_800, PAN)
    j.sending()
    j.approved("000000000001", "000001")
    j.told(sale)
    j.printed(sale)
    j.prepare(DATE, TIME, 100, PAN)
    j.cancelled()
    j.prepare(DATE, TIME, 200, PAN)
    j.sending()
    j.declined("51")
    j.prepare(DATE, TIME, 1_200, PAN)
    j.sending()
    j.reversing("98")
    j.attempt()
    j.attempt()
    j.reversed(booked=True)
    j.prepare(DATE, TIME, 700, PAN)
    j.sending()
    j.reversing("98")
    j.attempt()
    j.reversed(booked=False)
    j.prepare_order(DATE, TIME, 330)
    j.cancelled()
    j.prepare_order(DATE, TIME, 340)
    j.sending()
    j.declined("51")
    j.prepare_order(DATE, TIME, 350)
    j.sending()
    j.open_order()
    j.closing_order()
    j.closing_order()
    j.order_closed()
    asked = j.prepare_order(DATE, TIME, 360)
    j.sending()
    j.open_order()
    j.order_paid("000000000003", "000003")
    j.told(asked)
    j.printed(asked)
    found = j.prepare_order(DATE, TIME, 370)
    j.sending()
    j.open_order()
    j.closing_order()
    j.order_paid("000000000004", "000004")
    j.told(found)
    j.printed(found)
    late = j.prepare(DATE, TIME, 900, PAN)
    j.sending()
    j.approved("000000000002", "000002")
    j.told(late)
    j.settle()
    j.keep_batch()
    j.printed(late)
    j.settle()
    j.close_batch()
    run(j.flush())


def naive(lines: list[list[str]]) -> dict[str, Any]:
    """What the records say, by the last record of each sale: from the rules, not the code."""
    sales: dict[str, dict[str, Any]] = {}
    batch, settling, last_stan = "", False, 0
    totals = [0, 0, 0, 0]
    for kind, *values in lines:
        if kind == "opened":
            batch, last_stan, totals = values[0], int(values[1]), [0, 0, 0, 0]
        elif kind == "closed":
            batch, settling = "", False
        elif kind in ("settling", "kept"):
            settling = kind == "settling"
        else:
            sale = sales.setdefault(values[0], {"attempts": 0, "told": False})
            if kind == "prepared":
                sale["amount"] = int(values[3])
                sale["method"] = values[5] if len(values) > 5 else "card"
                last_stan = int(values[0])
            if kind == "attempt":
                sale["attempts"] += 1
                continue
            sale["told"] |= kind == "told"
            sale["last"] = kind
            sale["attempts"] += kind == "order_closing"
            if kind == "approved" or (kind == "reversed" and values[1] == "booked"):
                totals[0] += 1
                totals[1] += sale["amount"]
            if kind == "reversed" and values[1] == "booked":
                totals[2] += 1
                totals[3] += sale["amount"]

    def those(*last: str) -> list[str]:
        return [stan for stan, sale in sales.items() if sale["last"] in last]

    def methods(*last: str) -> list[str]:
        return [sales[stan]["method"] for stan in those(*last)]

    return {
        "cancel": those("prepared"),
        "sent": list(zip(those("sending"), methods("sending"), strict=True)),
        "order": [(stan, sales[stan]["attempts"]) for stan in those("order_open", "order_closing")],
        "reversing": [(stan, sales[stan]["attempts"]) for stan in those("reversing")],
        "tell": [(stan, sales[stan]["told"]) for stan in those("approved", "told")],
        "batch": batch,
        "settling": settling,
        "last_stan": last_stan,
        "totals": totals,
    }


def seen(j: Journal) -> dict[str, Any]:
    current, reversal, t = j.current, j.reversal, j.totals
    return {
        "cancel": [current.stan] if current is not None and current.status == "prepared" else [],
        "sent": [
            (sale.stan, sale.method)
            for sale in (current,)
            if sale is not None and sale.status == "sending"
        ],
        "order": [(j.order.stan, j.order.attempts)] if j.order is not None else [],
        "reversing": [(reversal.stan, reversal.attempts)] if reversal is not None else [],
        "tell": [(sale.stan, sale.told) for sale in j.unprinted],
        "batch": j.batch,
        "settling": j.settling,
        "last_stan": j.last_stan,
        "totals": [t.sales, t.sales_minor, t.reversals, t.reversals_minor],
    }


def content() -> bytes:
    flash = powered()
    j, _ = journal_of(flash)
    a_day(j)
    return flash.content()


def test_every_prefix_of_the_flash_recovers_by_the_rules() -> None:
    """Torn at every byte: a prepared sale is to cancel; a sending one to reverse, or its order to
    ask for; an approved one to tell and print; a reversing one, or an open order, to go on with; a
    torn last line counts as not written."""
    whole = content()
    assert len(whole) > 1_000
    for size in range(len(whole) + 1):
        flash = powered()
        flash.keep_only(whole[:size])
        j, _ = journal_of(flash)
        j.recover()
        lines = [line[9:].decode().split("|") for line in whole[:size].split(b"\n")[:-1]]
        assert seen(j) == naive(lines), size
        cut = whole[:size].rfind(b"\n") + 1
        assert flash.content() == whole[:cut]


def test_a_restart_changes_nothing_that_was_flushed() -> None:
    """What the journal says after all was flushed, it says again after a restart."""
    rng = random.Random(1)
    for _ in range(200):
        flash = powered()
        j, _ = journal_of(flash)
        run(j.open_batch("000001"))
        for _ in range(rng.randrange(1, 6)):
            amount_minor = rng.randrange(1, 9_999)
            ends = rng.choice((ENDS, ENDS_BY_CODE))
            if ends is ENDS:
                sale = j.prepare(DATE, TIME, amount_minor, PAN)
            else:
                sale = j.prepare_order(DATE, TIME, amount_minor)
            for step in rng.choice(ends)[: rng.randrange(1, 9)]:
                step(j, sale)
            if j.current is not None or j.reversal is not None or j.order is not None:
                break
        run(j.flush())
        again, _ = journal_of(flash)
        again.recover()
        assert seen(again) == seen(j)
        assert again.current == j.current
        assert again.reversal == j.reversal
        assert again.order == j.order
        assert again.unprinted == j.unprinted


ENDS: list[list[Any]] = [
    [lambda j, s: j.cancelled()],
    [lambda j, s: j.sending(), lambda j, s: j.declined("05")],
    [lambda j, s: j.sending(), lambda j, s: j.approved("1", "2"), lambda j, s: j.told(s),
     lambda j, s: j.printed(s)],
    [lambda j, s: j.sending(), lambda j, s: j.reversing("98"), lambda j, s: j.attempt(),
     lambda j, s: j.attempt(), lambda j, s: j.reversed(True)],
]  # fmt: skip
ENDS_BY_CODE: list[list[Any]] = [
    *ENDS[:3],
    [lambda j, s: j.sending(), lambda j, s: j.open_order(), lambda j, s: j.order_paid("1", "2"),
     lambda j, s: j.told(s), lambda j, s: j.printed(s)],
    [lambda j, s: j.sending(), lambda j, s: j.open_order(), lambda j, s: j.closing_order(),
     lambda j, s: j.closing_order(), lambda j, s: j.order_closed()],
]  # fmt: skip


@pytest.mark.parametrize("bit", range(8))
def test_a_damaged_line_and_all_behind_it_count_as_not_written(bit: int) -> None:
    """A line whose CRC does not fit ends the journal: nothing behind it is believed."""
    whole = content()
    for at in range(0, len(whole), 3):
        if at - whole.rfind(b"\n", 0, at) == 9:
            continue  # the blank behind the CRC says nothing
        spoilt = bytearray(whole)
        spoilt[at] ^= 1 << bit
        flash = powered()
        flash.keep_only(bytes(spoilt))
        j, _ = journal_of(flash)
        j.recover()
        start = whole.rfind(b"\n", 0, at) + 1
        lines = [line[9:].decode().split("|") for line in whole[:start].split(b"\n")[:-1]]
        assert seen(j) == naive(lines)


def test_each_record_is_a_line_with_its_crc() -> None:
    """A record is eight hex digits of CRC-32, a blank, the record, a line feed; and is told."""
    flash = powered()
    j, events = journal_of(flash)
    j.prepare(DATE, TIME, 3_800, PAN)
    text = f"prepared|000001|{DATE}|{TIME}|3800|{PAN}|card|swiped"
    line = f"{crc32(text.encode()):08X} {text}\n".encode()
    assert events == [("journal-write", {"record": "prepared", "bytes": line})]
    assert flash.content() == b""
    assert not j.durable
    run(j.flush())
    assert flash.content() == line
    assert j.durable
    assert events[1:] == [("journal-flush", {})]


def test_what_a_chip_receipt_says_survives() -> None:
    """A chip sale's receipt data are read again after a power cut, whatever the card calls
    itself."""
    flash = powered()
    j, _ = journal_of(flash)
    j.prepare(DATE, TIME, 3_800, PAN, INSERTED)
    slip = ChipSlip("A0000000031010", "a|b\n银", "0102030405060708", "0007", "0000000000", "x")
    j.keep_chip(slip)
    j.approved("", "")
    run(j.flush())
    again, _ = journal_of(flash)
    again.recover()
    (sale,) = again.unprinted
    assert (sale.entry, sale.chip) == (INSERTED, slip)


def test_a_flush_takes_the_flashs_time() -> None:
    """Flushing yields the flash's own time before anything is durable."""
    flash = powered()
    j, _ = journal_of(flash)
    j.prepare(DATE, TIME, 1, PAN)
    flushing = j.flush()
    assert next(flushing) == 8_000
    assert not j.durable
    run(flushing)
    assert j.durable


def test_trace_numbers_go_on_after_a_restart_and_around() -> None:
    """After a restart the next sale has the next number; after 999999 comes 1."""
    flash = powered()
    j, _ = journal_of(flash)
    run(j.open_batch("000001"))
    j.last_stan = 999_997
    stans = []
    for _ in range(4):
        stans.append(j.prepare(DATE, TIME, 1, PAN).stan)
        j.cancelled()
        run(j.flush())
        j, _ = journal_of(flash)
        j.recover()
    assert stans == ["999998", "999999", "000001", "000002"]


def test_a_new_batch_erases_the_old_one_unless_a_receipt_waits() -> None:
    """Opening a batch frees the flash, but never throws away a sale whose receipt is still due."""
    flash = powered()
    j, _ = journal_of(flash)
    a_day(j)
    run(j.open_batch("000002"))
    assert flash.content().count(b"\n") == 1
    sale = j.prepare(DATE, TIME, 1, PAN)
    j.sending()
    j.approved("1", "2")
    j.close_batch()
    run(j.flush())
    run(j.open_batch("000003"))
    again, _ = journal_of(flash)
    again.recover()
    assert [s.stan for s in again.unprinted] == [sale.stan]
    assert again.batch == "000003"
    assert again.totals.sales == 0
    assert again.last_stan == j.last_stan
