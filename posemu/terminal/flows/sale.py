"""Sale by card, from the SALE key to the receipt; the stripe's part of it.

    amount ─ confirm ─ card ─ chip: see `chip_sale`
       │        │       └──── stripe: PIN ─ prepared ─ connect ─ sending ─ wait ─┬─ approved
       └────────┴───────┴──────────────┴────────────────┘                        ├─ declined
                cancelled, nothing was sent                                      └─ unknown

A card with a chip must use it: its stripe is refused (service code 2 or 6, ISO/IEC 7813) until its
chip has failed, three times in a row or because it has nothing that this terminal takes; then the
stripe is taken and the message says so (DE22). Never after a blocked card, and never after a
decline: those end the sale.

A sale that failed is not tried again by itself, and a declined one leads to no other entry mode. It
waits for an open order of a code payment to end, as for a pending reversal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posemu.sim import Story, Wait
from posemu.terminal.diagnosis import STRIPE
from posemu.terminal.flows.amount import confirmed_amount
from posemu.terminal.flows.chip_sale import chip_sale
from posemu.terminal.flows.order import resolve
from posemu.terminal.flows.reversal import reverse
from posemu.terminal.flows.sale_end import (
    REASON,
    WRONG_ANSWER,
    approved,
    cancelled,
    declined,
    unknown,
)
from posemu.terminal.journal import FALLBACK, SWIPED
from posemu.terminal.kernel.outcome import Fallback
from posemu.terminal.line import BAD_MAC, VALID, answer, connect, send
from posemu.terminal.ports import CARD, CHIP, KEY
from posemu.terminal.requests import SALE, sale_request
from posemu.terminal.secure_module import PIN_MIN, CardSeen
from posemu.terminal.states import State
from posemu.wire import TrackError

if TYPE_CHECKING:
    from posemu.terminal.terminal import Terminal

_KEYS = frozenset({KEY})
_ANY_CARD_OR_KEY = frozenset({CARD, CHIP, KEY})
_STRIPE_OR_KEY = frozenset({CARD, KEY})
HAS_CHIP = ("2", "6")  # first digit of the service code (ISO/IEC 7813)


def sale(t: Terminal) -> Story:
    t.emit("sale-started", {"method": "card"})
    if t.journal.order is not None:
        t.display.show("asking-first")
        if not (yield from resolve(t)):
            return (yield from cancelled(t, "order-pending", "order-pending"))
    if t.journal.reversal is not None:
        t.display.show("reversing-first")
        if not (yield from reverse(t)):
            return (yield from cancelled(t, "reversal-pending", "reversal-pending"))
    amount_minor = yield from confirmed_amount(t, State.SALE_AMOUNT, State.SALE_CONFIRM)
    if amount_minor is None:
        return (yield from cancelled(t, "cancelled", "amount"))
    t.diagnosis.begin(amount_minor)
    yield from _by_card(t, amount_minor)
    for alarm in t.diagnosis.end():
        t.emit("alarm", {"reader": alarm.reader, "cause": alarm.cause})
    return None


def _by_card(t: Terminal, amount_minor: int) -> Story:
    """Any card, until one was used up to the end; after the chip has failed, a stripe."""
    yield State.SALE_CARD
    t.display.show("present-card")
    seen = -1 if t.chip.holds_card else t.chip.visit  # it may be in before anybody asked for it
    inserts = 0
    while True:
        card = yield from _present(t, seen)
        if isinstance(card, str):
            return (yield from cancelled(t, card, card))
        if card is not None:
            return (yield from _stripe_sale(t, amount_minor, card, SWIPED))
        seen, inserts = t.chip.visit, inserts + 1
        cause = yield from chip_sale(t, amount_minor)
        if cause is None:
            return None
        if cause is Fallback.EMPTY_LIST or inserts >= t.profile.inserts_max:
            return (yield from _fall_back(t, amount_minor, cause))
        yield State.SALE_CARD
        t.display.show("insert-again")


def _present(t: Terminal, seen: int) -> Story:
    """None when a chip has been inserted, a `CardSeen` when a stripe was read; else the screen that
    says why there is neither. A card that came with the visit `seen` has been tried."""
    swipes = 0
    while not t.chip.holds_card or t.chip.visit == seen:
        got = yield Wait(_ANY_CARD_OR_KEY, t.profile.entry_us)
        if got is None or got == (KEY, "CANCEL"):
            return "cancelled"
        if got[0] != CARD:
            continue
        card = _read_stripe(t, got[1])
        if card is not None and card.service_code[:1] not in HAS_CHIP:
            return card
        t.module.forget()
        if card is not None:
            t.display.show("insert-chip")
            continue
        swipes += 1
        if swipes == t.profile.swipes_max:
            return "card-unreadable"
        t.display.show("swipe-again")
    return None


def _fall_back(t: Terminal, amount_minor: int, cause: Fallback) -> Story:
    """The stripe of a card whose chip cannot be used, if the rule book lets it."""
    if cause.value not in t.profile.fallbacks:
        prompt = "not-accepted" if cause is Fallback.EMPTY_LIST else "card-error"
        return (yield from cancelled(t, prompt, prompt))
    t.emit("fallback", {"cause": cause.value})
    yield State.SALE_CARD
    t.display.show("swipe-instead")
    for _ in range(t.profile.swipes_max):
        got = None
        while got is None or got[0] != CARD:
            got = yield Wait(_STRIPE_OR_KEY, t.profile.entry_us)
            if got is None or got == (KEY, "CANCEL"):
                return (yield from cancelled(t, "cancelled", "cancelled"))
        card = _read_stripe(t, got[1])
        if card is not None:
            entry = FALLBACK if card.service_code[:1] in HAS_CHIP else SWIPED
            return (yield from _stripe_sale(t, amount_minor, card, entry))
        t.display.show("swipe-again")
    return (yield from cancelled(t, "card-unreadable", "card-unreadable"))


def _read_stripe(t: Terminal, bits: bytes) -> CardSeen | None:
    """The card, or None if the bits cannot be read."""
    try:
        card = t.module.accept_stripe(bits)
    except TrackError as error:
        t.emit("read", {"good": False, "reason": error.reason})
        t.diagnosis.read(STRIPE, good=False)
        return None
    t.emit("read", {"good": True})
    t.diagnosis.read(STRIPE, good=True)
    t.diagnosis.seen(t.module.card_token)
    return card


def _stripe_sale(t: Terminal, amount_minor: int, card: CardSeen, entry: str) -> Story:
    if not (yield from _enter_pin(t)):
        return (yield from cancelled(t, "cancelled", "pin"))
    return (yield from _authorise(t, amount_minor, card, entry))


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


def _authorise(t: Terminal, amount_minor: int, card: CardSeen, entry: str) -> Story:
    time, date = t.calendar()
    record = t.journal.prepare(date, time, amount_minor, card.pan, entry)
    t.display.show("please-wait")
    yield State.SALE_PREPARED
    connection = yield from connect(t, State.SALE_CONNECTING)
    if connection is None:
        t.journal.cancelled()
        return (yield from cancelled(t, "no-connection", "no-connection"))
    t.journal.sending()
    yield from t.journal.flush()
    yield State.SALE_SENDING
    sealed = t.seal(SALE, sale_request(t, record), with_card=True)
    send(t, connection, sealed)
    yield State.SALE_WAITING
    got = yield from answer(t, connection, sealed, "0210", record.stan)
    if got.how != VALID:
        return (yield from unknown(t, record, REASON[got.how], connection))
    if got.code == REASON[BAD_MAC]:
        # The host could not check what came; another copy of the request may still reach it whole.
        return (yield from unknown(t, record, got.code, connection))
    if got.code != "00":
        connection.close()
        return (yield from declined(t, record, got.code))
    if got.fields.get(4) != f"{amount_minor:012d}":
        return (yield from unknown(t, record, WRONG_ANSWER, connection))
    connection.close()
    return (
        yield from approved(t, record, str(got.fields.get(37, "")), str(got.fields.get(38, "")))
    )
