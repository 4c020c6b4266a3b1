"""Sale with magnetic stripe and online PIN, from the SALE key to the receipt.

    amount ─ confirm ─ card ─ PIN ─ prepared ─ connect ─ sending ─ wait ─┬─ commit ─ approved
       └────────┴───────┴──────┴───────────────────┘                     ├─ declined
                cancelled, nothing was sent                              └─ unknown ─ reversal

A sale that failed is not tried again by itself, and a declined one leads to no other entry mode. It
waits for an open order of a code payment to end, as for a pending reversal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posemu.sim import Story, Wait
from posemu.terminal.flows.amount import confirmed_amount
from posemu.terminal.flows.order import resolve
from posemu.terminal.flows.receipt import print_receipt
from posemu.terminal.flows.reversal import reverse
from posemu.terminal.line import BAD_MAC, GARBLED, NONE, VALID, answer, connect, send
from posemu.terminal.ports import CARD, KEY, Connection
from posemu.terminal.requests import SALE, sale_request
from posemu.terminal.secure_module import PIN_MIN, CardSeen
from posemu.terminal.states import State
from posemu.wire import TrackError

if TYPE_CHECKING:
    from posemu.terminal.journal import SaleRecord
    from posemu.terminal.terminal import Terminal

_KEYS = frozenset({KEY})
_CARD_OR_KEY = frozenset({CARD, KEY})
CHIP = ("2", "6")  # first digit of the service code of a card that has a chip (ISO/IEC 7813)
REASON = {NONE: "98", BAD_MAC: "A0", GARBLED: "06"}  # DE39 of the reversal
WRONG_ANSWER = "06"


def sale(t: Terminal) -> Story:
    t.emit("sale-started", {"method": "card"})
    if t.journal.order is not None:
        t.display.show("asking-first")
        if not (yield from resolve(t)):
            return (yield from _cancel(t, "order-pending", "order-pending"))
    if t.journal.reversal is not None:
        t.display.show("reversing-first")
        if not (yield from reverse(t)):
            return (yield from _cancel(t, "reversal-pending", "reversal-pending"))
    amount_minor = yield from confirmed_amount(t, State.SALE_AMOUNT, State.SALE_CONFIRM)
    if amount_minor is None:
        return (yield from _cancel(t, "cancelled", "amount"))
    card = yield from _read_card(t)
    if isinstance(card, str):
        return (yield from _cancel(t, card, card))
    if not (yield from _enter_pin(t)):
        return (yield from _cancel(t, "cancelled", "pin"))
    return (yield from _authorise(t, amount_minor, card))


def _read_card(t: Terminal) -> Story:
    """A `CardSeen`, or the screen that says why there is none."""
    yield State.SALE_CARD
    t.display.show("swipe-card")
    for _ in range(t.profile.swipes_max):
        got = yield Wait(_CARD_OR_KEY, t.profile.entry_us)
        if got is None or got == (KEY, "CANCEL"):
            return "cancelled"
        if got[0] != CARD:
            continue
        try:
            card: CardSeen = t.module.accept_stripe(got[1])
        except TrackError as error:
            t.emit("read", {"good": False, "reason": error.reason})
            t.display.show("swipe-again")
            continue
        t.emit("read", {"good": True})
        return "insert-chip" if card.service_code[0] in CHIP else card
    return "card-unreadable"


def _enter_pin(t: Terminal) -> Story:
    """True when the secure module has a PIN. The application hears the keys that are no digits."""
    yield State.SALE_PIN
    t.display.show("enter-pin")
    t.module.begin_pin()
    wait = Wait(_KEYS, t.profile.entry_us)
    while True:
        got = yield wait
        if got is None or got[1] == "CANCEL":
            return False
        if got[1] == "CLEAR":
            t.module.begin_pin()
        elif got[1] == "ENTER":
            count = t.module.end_pin()
            t.emit("keys", {"what": "pin", "count": count})
            if count >= PIN_MIN:
                return True
            t.module.begin_pin()


def _authorise(t: Terminal, amount_minor: int, card: CardSeen) -> Story:
    time, date = t.calendar()
    record = t.journal.prepare(date, time, amount_minor, card.pan)
    t.display.show("please-wait")
    yield State.SALE_PREPARED
    connection = yield from connect(t, State.SALE_CONNECTING)
    if connection is None:
        t.journal.cancelled()
        return (yield from _cancel(t, "no-connection", "no-connection"))
    t.journal.sending()
    yield from t.journal.flush()
    yield State.SALE_SENDING
    sealed = t.seal(SALE, sale_request(t, record), with_card=True)
    send(t, connection, sealed)
    yield State.SALE_WAITING
    got = yield from answer(t, connection, sealed, "0210", record.stan)
    if got.how != VALID:
        return (yield from _reverse(t, record, REASON[got.how], connection))
    if got.code == REASON[BAD_MAC]:
        # The host could not check what came; another copy of the request may still reach it whole.
        return (yield from _reverse(t, record, got.code, connection))
    if got.code != "00":
        connection.close()
        return (yield from _declined(t, record, got.code))
    if got.fields.get(4) != f"{amount_minor:012d}":
        return (yield from _reverse(t, record, WRONG_ANSWER, connection))
    connection.close()
    return (
        yield from _approved(t, record, str(got.fields.get(37, "")), str(got.fields.get(38, "")))
    )


def _approved(t: Terminal, record: SaleRecord, rrn: str, authorisation: str) -> Story:
    t.journal.approved(rrn, authorisation)
    yield State.SALE_COMMITTING
    yield from t.journal.flush()
    yield State.SALE_APPROVED
    yield from print_receipt(t, record)
    t.emit("sale-ended", {"method": "card", "result": "approved", "stan": record.stan})


def _declined(t: Terminal, record: SaleRecord, code: str) -> Story:
    meaning = t.codes.get(code, t.codes["other"])
    t.display.show("declined", code=code, meaning=meaning, stan=record.stan)
    t.journal.declined(code)
    yield State.SALE_DECLINED
    t.emit("sale-ended", {
        "method": "card", "result": "declined", "stan": record.stan, "code": code,
    })  # fmt: skip


def _reverse(t: Terminal, record: SaleRecord, reason: str, connection: Connection) -> Story:
    """Nobody knows what the host did: the outcome is unknown, until the sale has been reversed."""
    t.journal.reversing(reason)
    yield from t.journal.flush()
    t.display.show("unknown", stan=record.stan, reason=t.words["being-reversed"])
    yield State.SALE_UNKNOWN
    done = yield from reverse(t, connection)
    t.emit("sale-ended", {
        "method": "card", "result": "reversed" if done else "unknown", "stan": record.stan,
        "reason": reason,
    })  # fmt: skip


def _cancel(t: Terminal, prompt: str, why: str) -> Story:
    """Nothing was sent: nothing to reverse, nothing to keep."""
    t.module.forget()
    t.display.show(prompt)
    yield State.SALE_CANCELLED
    t.emit("sale-ended", {"method": "card", "result": "cancelled", "why": why})
