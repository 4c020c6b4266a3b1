"""How a story of a rule is told: a function that writes a trace by hand, under the rules that it
keeps or breaks.

    @breaks("single-capture")
    def _booked_twice(c: Any) -> None: ...

A story that keeps a rule keeps every other one too; one that breaks a rule breaks no other than
those that are named with it. `test_rules.py` has all of them judged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Story = Callable[[Any], None]


class Told(NamedTuple):
    """A story, the rule that it is about, and the rules that it breaks, in order of name."""

    rule: str
    story: Story
    broken: list[str]

    @property
    def name(self) -> str:
        return f"{self.rule}: {self.story.__name__.strip('_')}"


TOLD: list[Told] = []


def keeps(rule: str) -> Callable[[Story], Story]:
    """The rule could have been broken here, and is not."""
    return _tell(rule, [])


def breaks(rule: str, *others: str) -> Callable[[Story], Story]:
    """The rule is broken, and with it these others."""
    return _tell(rule, sorted({rule, *others}))


def _tell(rule: str, broken: list[str]) -> Callable[[Story], Story]:
    def add(story: Story) -> Story:
        TOLD.append(Told(rule, story, broken))
        return story

    return add


# --- what many of them begin or end with ----------------------------------------------------------


def sale(c: Any, stan: int = 1, amount: int = 3_800) -> None:
    """A sale up to its approval at the terminal, durable."""
    sending(c, stan, amount)
    c.request(stan, amount)
    c.posting(stan, amount)
    c.answer(stan)
    c.journal("approved", f"{stan:06d}", "1", "2")
    c.flush()


def sending(c: Any, stan: int = 1, amount: int = 3_800) -> None:
    """The record of a sale that is about to leave, durable."""
    c.prepared(stan, amount)
    c.journal("sending", f"{stan:06d}")
    c.flush()


def chip_sending(c: Any, stan: int = 1, amount: int = 3_800) -> None:
    """A chip that asks for the host, and its request, which has left."""
    c.slot()
    c.says("ARQC")
    c.prepared(stan, amount, "card", "inserted")
    c.journal("sending", f"{stan:06d}")
    c.flush()
    c.request(stan, amount, mode="051")


def chip_sale(c: Any, stan: int = 1, last: str = "TC", **how: Any) -> None:
    """A chip sale up to its approval by the host, and the card's last word, as it was heard."""
    chip_sending(c, stan)
    c.posting(stan)
    c.answer(stan)
    c.says(last, **how)
    c.journal("approved", f"{stan:06d}", "1", "2")
    c.flush()


def chip_approves(c: Any, stan: int = 1, amount: int = 3_800) -> None:
    """A chip approves alone, and that is durable."""
    c.slot()
    c.says("TC")
    committed(c, stan, amount)


def committed(c: Any, stan: int = 1, amount: int = 3_800) -> None:
    """The records of an offline approval, in their order, durable."""
    c.prepared(stan, amount, "card", "inserted")
    c.flush()
    c.waiting(stan, amount)
    c.queue_flush()
    c.journal("approved", f"{stan:06d}", "", "")
    c.flush()


def offline_sale(c: Any, stan: int = 1) -> None:
    """A chip approves alone, and people are told and have their slips."""
    chip_approves(c, stan)
    c.approved(stan)
    c.slips(stan)


def booked(c: Any, stan: int = 1, mti: str = "0220", **message: Any) -> None:
    """Its advice goes out, and the host books it."""
    c.advice(stan, mti=mti, **message)
    c.posting(stan)
    c.answer(stan, mti="0230")
    c.queue("answered", str(stan))
    c.queue_flush()


def refused(c: Any, stan: int = 1, **request: Any) -> None:
    """A sale that the host declines, and is told so."""
    c.request(stan, **request)
    c.answer(stan, "51")
    c.declined(stan)


def reversal_ends(c: Any, stan: int = 1, code: str = "25") -> None:
    """The reversal of a sale that is unknown, up to its end."""
    c.unknown(stan)
    c.reversal(stan)
    c.answer(stan, code, "0410")
    c.reversed(stan)


DONE, DIFFER = "END OF DAY DONE. BATCH 000001", "TOTALS DIFFER. BATCH 000001 KEPT. CALL SERVICE"


def settled(c: Any, flag: str = "1", said: str = DONE) -> None:
    """An end of day: what the host says of the totals, and what people are told."""
    c.answer(90, "00", "0510", totals="0" * 36 + flag)
    c.screen(said)


def rest(c: Any, state: str = "idle") -> None:
    """The drain, with its end of day."""
    c.drain()
    c.reconciliation()
    settled(c)
    c.state(state)
