"""Reads of worn and of good cards, how many chip sales fell back to the stripe and why, and whether
the terminals' alarms name what is really worn: from the trace's own word about all of it.

A card is worn in the part that is read: its stripe, its chip. An alarm is right if the reader that
it names had a fault just then, or the card at it was worn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from posemu.faults import load_catalogue
from posemu.sim import Event, Trace
from posemu.study.figures import Values, share

WORN, NEW = "worn", "new"
FALLBACKS = ("technical", "empty-list")  # why a chip's stripe is taken
_PART_OF = {"read": "stripe", "chip-read": "chip"}  # by kind of event
_READERS = {"stripe": "terminal/reader", "chip": "terminal/chip-reader"}  # components


@dataclass(slots=True)
class _Count:
    all: int = 0
    good: int = 0

    def add(self, good: bool) -> None:
        self.all += 1
        self.good += good


class ReadsCollector:
    """Attach it before the world runs; `add_to` adds its figures when the shop has closed."""

    def __init__(self, trace: Trace) -> None:
        self._worn: dict[str, tuple[str, ...]] = {}  # till -> parts of the card that is there
        self._faults: dict[int, tuple[str, str | None]] = {}  # component and till, while they last
        self._reads: dict[tuple[str, str], _Count] = {}  # till, WORN or NEW
        self._alarms: dict[str, _Count] = {}
        self._in_chip_sale: set[str] = set()  # tills
        self._chip_sales: Counter[str] = Counter()  # by till
        self._fallbacks: Counter[tuple[str, str]] = Counter()  # by till and cause
        self._open = True
        for kind, reader in {
            "customer-called": self._called, "fault": self._fault, "read": self._read,
            "chip-read": self._read, "alarm": self._alarm, "closed": self._close,
            "sale-started": self._sale, "fallback": self._fallback,
        }.items():  # fmt: skip
            trace.observe(reader, kind)

    def add_to(self, found: dict[str, Values], tills: list[str]) -> None:
        """Adds read success by card ("card:worn", "terminal_card:till-1/new"); fallbacks, in total,
        by terminal and by cause ("fallback:technical"); and the alarms, in total and by
        terminal."""
        self._add_fallbacks(found, tills)
        for name, count in self._by_card():
            found.setdefault(name, {})["read_success"] = share(count.good, count.all)
        total = _Count()
        for till in tills:
            count = self._alarms.get(till, _Count())
            total.all += count.all
            total.good += count.good
            found[f"terminal:{till}"] |= _figures(count)
        found["total"] |= _figures(total)

    def _add_fallbacks(self, found: dict[str, Values], tills: list[str]) -> None:
        all_sales = self._chip_sales.total()
        found["total"]["fallback_rate"] = share(self._fallbacks.total(), all_sales)
        for till in tills:
            fell = sum(n for (where, _), n in self._fallbacks.items() if where == till)
            found[f"terminal:{till}"]["fallback_rate"] = share(fell, self._chip_sales[till])
        if all_sales:
            for cause in FALLBACKS:
                fell = sum(n for (_, why), n in self._fallbacks.items() if why == cause)
                found[f"fallback:{cause}"] = {"fallback_rate": share(fell, all_sales)}

    def _by_card(self) -> Iterator[tuple[str, _Count]]:
        sums: dict[str, _Count] = {}
        for (till, card), count in sorted(self._reads.items()):
            yield f"terminal_card:{till}/{card}", count
            whole = sums.setdefault(card, _Count())
            whole.all += count.all
            whole.good += count.good
        for card, count in sums.items():
            yield f"card:{card}", count

    # --- reading the trace ------------------------------------------------------------------------

    def _called(self, event: Event) -> None:
        self._worn[event.source.removesuffix("/lane")] = tuple(event.data.get("worn", ()))

    def _fault(self, event: Event) -> None:
        data = event.data
        if data["what"] == "begins":
            self._faults[data["number"]] = _component(data["fault"]), data.get("terminal")
        else:
            self._faults.pop(data["number"], None)

    def _read(self, event: Event) -> None:
        if self._open:
            worn = _PART_OF[event.kind] in self._worn.get(event.source, ())
            key = event.source, WORN if worn else NEW
            self._reads.setdefault(key, _Count()).add(event.data["good"])
            if event.kind == "chip-read" and event.source not in self._in_chip_sale:
                self._in_chip_sale.add(event.source)
                self._chip_sales[event.source] += 1

    def _sale(self, event: Event) -> None:
        self._in_chip_sale.discard(event.source)

    def _fallback(self, event: Event) -> None:
        if self._open:
            self._fallbacks[event.source, event.data["cause"]] += 1

    def _alarm(self, event: Event) -> None:
        if not self._open:
            return
        till, reader = event.source, event.data["reader"]
        if event.data["cause"] == "card":
            right = reader in self._worn.get(till, ())
        else:
            places = ((_READERS[reader], till), (_READERS[reader], None))
            right = any(fault in places for fault in self._faults.values())
        self._alarms.setdefault(till, _Count()).add(right)

    def _close(self, event: Event) -> None:
        self._open = False


def _figures(count: _Count) -> Values:
    return {"alarms": float(count.all), "diagnosis_right": share(count.good, count.all)}


@cache
def _component(mode_id: str) -> str:
    return load_catalogue()[mode_id].component
