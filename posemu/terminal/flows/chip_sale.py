"""Sale with a chip, from the card in the slot to the receipt.

    card in ─ kernel ─┬─ asks the host: prepared ─ connect ─ sending ─ wait ─ the card's last word
                      │     ├─ as by stripe: approved, declined, unknown
                      │     └─ Y3: approved, because the host was not reached ─┐
                      ├─ Y1: approved by the card alone ───────────────────────┴─ prepared ─ queue
                      ├─ Z1, Z3: declined by the card alone           of advices ─ commit ─ approved
                      └─ cannot be used: another try, then the stripe

The kernel decides, and asks; this file owns what it asks for: PIN pad, journal, line, the advice.
Whatever the kernel's word, the rules of money hold: a request that left, or may have left, and
whose outcome is not what the host said, is reversed. The host's approval that the card then refuses
is such a one. Where the card approves because no answer came (Y3), the lost request is reversed and
the approval is uploaded under a trace number of its own; the reversal waits for its timer, so that
the cardholder sees one outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posemu.crypto import CryptoError
from posemu.sim import Story, Wait
from posemu.terminal.chip_dialogue import converse
from posemu.terminal.chip_secrets import SecureModuleError
from posemu.terminal.diagnosis import CHIP as CHIP_READER
from posemu.terminal.flows.sale_end import (
    CANNOT_FINISH,
    REASON,
    WRONG_ANSWER,
    approved,
    cancelled,
    declined,
    unknown,
)
from posemu.terminal.journal import INSERTED
from posemu.terminal.kernel.kernel import transact
from posemu.terminal.kernel.outcome import Fallback, Outcome, Result
from posemu.terminal.kernel.prompts import PROMPTS
from posemu.terminal.kernel.requests import (
    Answered,
    AskPin,
    ChooseApplication,
    Chosen,
    Declined,
    GoOnline,
    HostAnswer,
    Mute,
    PinBypassed,
    PinCancelled,
    PinEntered,
    PinPadFailed,
    PinTimedOut,
    Removed,
    Request,
    Show,
    TransportFailed,
    UnableToGoOnline,
    VerifyOffline,
)
from posemu.terminal.kernel.terminal_data import Transaction
from posemu.terminal.line import BAD_MAC, VALID, answer, connect, send
from posemu.terminal.ports import CHIP, KEY, Connection
from posemu.terminal.requests import SALE, advice_request, chip_request
from posemu.terminal.secure_module import PIN_MIN, CardSeen
from posemu.terminal.slips import chip_slip
from posemu.terminal.states import State
from posemu.wire import (
    DecodeError,
    Tlv,
    TrackError,
    encode_command,
    encode_length,
    encode_tlv,
    tlv_pairs,
)

if TYPE_CHECKING:
    from posemu.terminal.journal import SaleRecord
    from posemu.terminal.terminal import Terminal

_CHIP_OR_KEY = frozenset({CHIP, KEY})
_SCRIPTS = ("71", "72")  # before and after the last cryptogram (EMV Book 3, 10.10)


@dataclass(slots=True)
class _Asked:
    """What became of asking the host. Holds always: `record` is open in the journal, as prepared
    (nothing left) or as sending; `lost` says why there is no valid answer to what was sent (DE39 of
    the reversal), "" if nothing was sent or the host has answered."""

    amount_minor: int
    record: SaleRecord | None = None
    connection: Connection | None = None
    lost: str = ""
    approved_as: tuple[str, str] | None = None  # RRN and authorisation of the host's approval

    @property
    def sent(self) -> bool:
        return self.record is not None and self.record.status == "sending"


def chip_sale(t: Terminal, amount_minor: int) -> Story:
    """The whole sale with the card in the slot. None when it has come to an end, else why the
    stripe may be used instead: the chip was of no use, and nothing was decided."""
    yield State.SALE_CHIP
    t.display.show("reading-card")
    got = yield from t.chip.power_on()
    if isinstance(got, Removed):
        return (yield from _cancelled(t, None, "removed"))
    if not isinstance(got, Answered):
        t.emit(
            "chip-read", {"good": False, "reason": "mute" if isinstance(got, Mute) else "transport"}
        )
        t.diagnosis.read(CHIP_READER, good=False)
        return Fallback.TECHNICAL
    asked = _Asked(amount_minor)

    def ask(request: Request) -> Story:
        return (yield from _meet(t, asked, request))

    outcome = yield from converse(t.chip, transact(t.emv, _transaction(t, amount_minor)), ask)
    t.module.forget()
    t.emit("chip-read", {"good": outcome.fallback is None, "reason": outcome.reason})
    t.diagnosis.read(CHIP_READER, good=outcome.fallback is not Fallback.TECHNICAL)
    if outcome.fallback is not None:
        return outcome.fallback
    return (yield from _end(t, asked, outcome))


def _transaction(t: Terminal, amount_minor: int) -> Transaction:
    time, _ = t.calendar()
    t.chips += 1
    number = int(t.draw("unpredictable-number", t.chips) * (1 << 32))
    return Transaction(
        amount_minor=amount_minor,
        date=t.today(),
        time=time,
        unpredictable_number=number.to_bytes(4),
        sequence_counter=t.chips,
        draw=t.draw("random-selection", t.chips),
    )


# --- what the kernel asks -------------------------------------------------------------------------


def _meet(t: Terminal, asked: _Asked, request: Request) -> Story:
    match request:
        case GoOnline():
            return (yield from _go_online(t, asked, request))
        case AskPin():
            return (yield from _ask_pin(t, request))
        case VerifyOffline(handle, challenge, key):
            try:
                command = t.module.verify_command(handle, challenge, key)
            except CryptoError as error:  # a key or a challenge of the card that cannot be
                return TransportFailed(str(error))
            return (yield from t.chip.transmit(encode_command(command)))
        case ChooseApplication():
            return (yield from _choose(t, request))
        case Show(prompt):
            t.display.show(prompt)
    return None


def _ask_pin(t: Terminal, request: AskPin) -> Story:
    """A handle of the PIN. ENTER without digits goes on without one, if the rule book lets it."""
    yield State.SALE_PIN
    if request.tries_left == 1:
        t.display.show("last-pin-try")
    else:
        t.display.show("wrong-pin" if request.again else "enter-pin")
    t.module.begin_pin()
    given = None
    while given is None:
        given = yield from _pin_key(t)
    t.display.show("please-wait-card")
    yield State.SALE_CHIP
    return given


def _pin_key(t: Terminal) -> Story:
    """What the next key that is no digit makes of it; None if the PIN is not done yet."""
    got = yield Wait(_CHIP_OR_KEY, t.profile.entry_us)
    if got is None:
        return PinTimedOut()
    if got[0] == CHIP:
        # The kernel finds the slot empty at its next command, whatever it is told here.
        return None if got[1] else PinPadFailed()
    if got[1] == "CANCEL":
        return PinCancelled()
    if got[1] not in ("ENTER", "CLEAR"):
        return None
    count = t.module.end_pin() if got[1] == "ENTER" else 0
    if got[1] == "ENTER":
        t.emit("keys", {"what": "pin", "count": count})
        if count >= PIN_MIN:
            return PinEntered(t.module.pin_handle())
        if count == 0 and t.profile.pin_bypass:
            return PinBypassed()
    t.module.begin_pin()
    return None


def _choose(t: Terminal, request: ChooseApplication) -> Story:
    """Keys 1 to 9 choose, ENTER confirms the only one."""
    yield State.SALE_CHOICE
    choices = request.choices
    if request.confirm:
        t.display.show("confirm-application", name=choices[0].name)
    else:
        lines = (f"{n} {choice.name}" for n, choice in enumerate(choices, 1))
        t.display.show("choose-application", choices=", ".join(lines))
    keys = {"ENTER": 0} if request.confirm else {str(n + 1): n for n in range(len(choices))}
    given: Chosen | Declined | None = None
    while given is None:
        got = yield Wait(_CHIP_OR_KEY, t.profile.entry_us)
        if got is None or got in ((KEY, "CANCEL"), (CHIP, False)):
            given = Declined()
        elif got[1] in keys:
            given = Chosen(keys[got[1]])
    t.display.show("please-wait-card")
    yield State.SALE_CHIP
    return given


def _accepted(t: Terminal, objects: Mapping[str, bytes]) -> tuple[CardSeen, bytes] | None:
    """The card, in the secure module, and field 55; None if its objects name two cards, or would
    show its number in field 55."""
    field_55 = encode_tlv([Tlv(tag, objects[tag]) for tag in t.emv.field_55 if tag in objects])
    try:
        card: CardSeen = t.module.accept_chip(objects)
        t.diagnosis.seen(t.module.card_token)
        t.module.check_clear({55: field_55})
    except (TrackError, SecureModuleError):
        t.module.forget()
        return None
    return card, field_55


def _go_online(t: Terminal, asked: _Asked, request: GoOnline) -> Story:
    """Asks the host, once: from here on as a sale by stripe, up to the answer."""
    accepted = _accepted(t, {**request.data, **request.card})
    if accepted is None:
        return UnableToGoOnline()
    card, field_55 = accepted
    time, date = t.calendar()
    record = t.journal.prepare(date, time, asked.amount_minor, card.pan, INSERTED)
    asked.record = record
    t.display.show("please-wait-card")
    yield State.SALE_PREPARED
    connection = yield from connect(t, State.SALE_CONNECTING)
    if connection is None:
        t.module.forget()
        yield State.SALE_FINISHING
        return UnableToGoOnline()
    t.journal.sending()
    yield from t.journal.flush()
    yield State.SALE_SENDING
    sealed = t.module.seal_chip(SALE, chip_request(t, record, field_55), request.pin)
    send(t, connection, sealed)
    yield State.SALE_WAITING
    got = yield from answer(t, connection, sealed, "0210", record.stan)
    asked.connection = connection
    yield State.SALE_FINISHING
    if got.how != VALID:
        asked.lost = REASON[got.how]
    elif got.code == REASON[BAD_MAC]:
        asked.lost = got.code
    elif got.code == "00" and got.fields.get(4) != f"{asked.amount_minor:012d}":
        asked.lost = WRONG_ANSWER
    if asked.lost:
        return UnableToGoOnline()
    if got.code == "00":
        asked.approved_as = str(got.fields.get(37, "")), str(got.fields.get(38, ""))
    return _host_answer(got.code, got.fields.get(55, b""))


def _host_answer(code: str, field_55: object) -> HostAnswer:
    """What the issuer says to the card; what cannot be read is not said."""
    try:
        pairs = tlv_pairs(field_55) if isinstance(field_55, bytes) else []
    except DecodeError:
        pairs = []
    scripts = tuple(
        bytes.fromhex(tag) + encode_length(len(value)) + value
        for tag, value in pairs
        if tag in _SCRIPTS
    )
    return HostAnswer(code == "00", code, dict(pairs).get("91", b""), scripts)


# --- what becomes of the sale ---------------------------------------------------------------------


def _end(t: Terminal, asked: _Asked, outcome: Outcome) -> Story:
    result, record = outcome.result, asked.record
    if record is not None and asked.sent:
        if result is Result.APPROVED_ONLINE and asked.approved_as is not None:
            _close(asked)
            t.journal.keep_chip(chip_slip(outcome.data))
            return (yield from approved(t, record, *asked.approved_as))
        if result is Result.DECLINED_ONLINE:
            _close(asked)
            return (yield from declined(t, record, outcome.response_code))
        if result is not Result.APPROVED_OFFLINE:
            reason = asked.lost or CANNOT_FINISH
            t.journal.keep_chip(chip_slip(outcome.data))
            return (yield from unknown(t, record, reason, asked.connection))
        _close(asked)
        t.journal.reversing(asked.lost)
        yield from t.journal.flush()
        t.next_reversal_us = t.now_us() + t.profile.reversal_retry_us
        asked.record = None
    if result is Result.APPROVED_OFFLINE:
        return (yield from _approved_offline(t, asked, outcome))
    if result is Result.DECLINED_OFFLINE:
        return (yield from _declined_offline(t, asked, outcome))
    return (yield from _cancelled(t, asked.record, outcome.reason))


def _close(asked: _Asked) -> None:
    assert asked.connection is not None
    asked.connection.close()


def _approved_offline(t: Terminal, asked: _Asked, outcome: Outcome) -> Story:
    """The advice in the queue is the commit (see `advice_queue`)."""
    accepted = _accepted(t, outcome.data)
    if accepted is None:
        return (yield from _cancelled(t, asked.record, "bad-format"))
    card, field_55 = accepted
    record = asked.record or _prepared(t, asked, card.pan)
    t.journal.keep_chip(chip_slip(outcome.data))
    yield from t.journal.flush()
    yield State.SALE_STORING
    message = advice_request(t, record, field_55, outcome.response_code)
    sealed = t.module.store(t.queue.next_number, message)
    yield from t.queue.put(record.stan, record.date, record.amount_minor, sealed)
    t.next_advice_us = t.now_us() + t.profile.advice_after_us
    return (yield from approved(t, record, "", ""))


def _declined_offline(t: Terminal, asked: _Asked, outcome: Outcome) -> Story:
    """A service that the card does not do is no decline (EMV Book 4, 6.3.7)."""
    if PROMPTS[outcome.reason] != "declined":
        return (yield from _cancelled(t, asked.record, outcome.reason))
    accepted = _accepted(t, outcome.data)
    record = asked.record or _prepared(t, asked, accepted[0].pan if accepted is not None else "")
    t.module.forget()
    return (yield from declined(t, record, outcome.response_code))


def _prepared(t: Terminal, asked: _Asked, pan: str) -> SaleRecord:
    time, date = t.calendar()
    return t.journal.prepare(date, time, asked.amount_minor, pan, INSERTED)


def _cancelled(t: Terminal, record: SaleRecord | None, reason: str) -> Story:
    if record is not None:
        t.journal.cancelled()
    return (yield from cancelled(t, PROMPTS[reason], PROMPTS[reason]))
