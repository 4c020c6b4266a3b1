"""The program: start up, then do whatever is due, and rest in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from posemu.crypto import KeyExhausted, NotAuthentic
from posemu.sim import Story, Wait
from posemu.terminal.flows.code_sale import code_sale
from posemu.terminal.flows.end_of_day import end_of_day
from posemu.terminal.flows.order import resolve
from posemu.terminal.flows.receipt import print_late
from posemu.terminal.flows.reversal import reverse
from posemu.terminal.flows.sale import sale
from posemu.terminal.flows.sign_on import sign_on
from posemu.terminal.flows.start_up import start_up
from posemu.terminal.flows.upload import upload
from posemu.terminal.ports import CHIP, KEY, PAPER
from posemu.terminal.printer import OK
from posemu.terminal.slips import SLIP_LINES_MAX
from posemu.terminal.states import State

if TYPE_CHECKING:
    from posemu.terminal.terminal import Terminal

Job = Callable[["Terminal"], Story]
_WAKERS = frozenset({KEY, PAPER, CHIP})


def program(t: Terminal) -> Story:
    """The terminal's program, from power-on to power-off. Without keys, and with an advice in flash
    that this secure module did not seal, somebody must come."""
    try:
        yield from start_up(t)
        job: Job = sign_on
        while True:
            yield from job(t)
            job = yield from _rest(t)
    except (KeyExhausted, NotAuthentic):
        t.display.show("service-required")
        yield State.OUT_OF_SERVICE


def _reverse_alone(t: Terminal) -> Story:
    """The pending reversal, on its own timer: the screen says that keys are not heard meanwhile."""
    t.display.show("reversing-first")
    yield from reverse(t)


def _resolve_alone(t: Terminal) -> Story:
    """The open order, on its own timer."""
    t.display.show("asking-first")
    yield from resolve(t)


def _upload_alone(t: Terminal) -> Story:
    """The advices that wait, on their own timer."""
    t.display.show("sending-advices")
    yield from upload(t)


def _ready(t: Terminal) -> str:
    """What the screen says while nothing is done: a card that was left in must go first."""
    if t.chip.holds_card:
        return "remove-card"
    return "idle" if t.signed_on else "not-signed-on"


def _rest(t: Terminal) -> Story:
    """Waits until something is due, and returns it."""
    yield State.IDLE if t.signed_on else State.NOT_SIGNED_ON
    linger_us: int | None = t.profile.linger_us  # the outcome stays on the screen for a moment
    shown_until_us = t.now_us() + t.profile.linger_us
    while True:
        job, next_due_us = _due(t, shown_until_us)
        if job is not None:
            return job
        timeout_us = next_due_us - t.now_us() if next_due_us is not None else None
        showing = linger_us is not None and (timeout_us is None or linger_us < timeout_us)
        got = yield Wait(_WAKERS, linger_us if showing else timeout_us)
        if got is None and showing:
            linger_us = None
            t.display.show(_ready(t))
        elif got is not None and got[0] == CHIP:
            if linger_us is None:
                t.display.show(_ready(t))
        elif got == (KEY, "SALE") and t.signed_on and not t.journal.settling:
            if not t.chip.holds_card:
                return sale
        elif got == (KEY, "CODE") and t.signed_on and not t.journal.settling:
            return code_sale
        elif got == (KEY, "SETTLE") and t.journal.batch and not t.journal.settling:
            t.journal.settle()
            t.next_settle_us = t.now_us()


def _due(t: Terminal, shown_until_us: int) -> tuple[Job | None, int | None]:
    """The first job whose time has come, else None and the time of the next one (None: nothing is
    planned). Advices wait until the outcome of a sale has been read."""
    now_us, journal = t.now_us(), t.journal
    planned: list[tuple[int, Job]] = []
    if journal.reversal is not None:
        planned.append((t.next_reversal_us, _reverse_alone))
    if journal.order is not None:
        planned.append((t.next_order_us, _resolve_alone))
    if t.queue.head is not None:
        planned.append((max(t.next_advice_us, shown_until_us), _upload_alone))
    if not t.signed_on:
        planned.append((t.next_sign_on_us, sign_on))
    if journal.unprinted and t.printer.condition(SLIP_LINES_MAX) == OK:
        planned.append((0, print_late))
    if journal.settling and t.signed_on:
        planned.append((t.next_settle_us, end_of_day))
    for at_us, job in planned:
        if at_us <= now_us:
            return job, None
    return None, min((at_us for at_us, _ in planned), default=None)
