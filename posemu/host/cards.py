"""The acquirer's side of card payments: sales by stripe and chip, what chips approved offline, and
reversals of them.

    0200 ──┬─ booked ──── 0400 ── reversed      0400 of a sale that nobody knows: reversed first;
           └─ declined                               the sale, should it still come, is declined
    0220 ──── booked ──── 0400 ── reversed

A trace number serves one sale a day. An offline approval is booked once, however often it is sent,
and whatever issuer and chip think of it: the goods have left the shop and the cardholder was told.
A wrong cryptogram, an overdrawn account, even a card that no account is there for is a matter
between acquirer, issuer and merchant afterwards, not of the terminal: it would send the same again
until it is told 00, and never get to its end of day (assumed: no rule book that we have read says
what to answer). What stays unbooked is a message that does not say whose money it is, or that
contradicts what is in the books.
"""

from __future__ import annotations

from collections.abc import Callable

from posemu.crypto import PinBlockError, WorkingKeys
from posemu.host.accounts import APPROVED, Issuer
from posemu.host.books import (
    BOOKED,
    DECLINED,
    REVERSED,
    REVERSED_FIRST,
    Original,
    Posting,
    Service,
    TerminalBooks,
    Trace,
    trace_in,
)
from posemu.host.chip import ChipIssuer
from posemu.wire import Track2, TrackError, Value, parse_track2

Fields = dict[int, Value]

INVALID, UNKNOWN_ORIGINAL, FORMAT, WRONG_AMOUNT = "12", "25", "30", "64"
TOO_LATE, DUPLICATE = "68", "94"
APPROVED_OFFLINE = ("Y1", "Y3")
"""DE39 of an advice: approved by the chip, without asking the host or because it could not be
reached (EMV 4.4 Book 4, annex A6, tag 8A)."""


class Cards:
    """`sale`, `advice` and `reversal` give the answer's fields and what was posted. `track` is what
    DE63 holds, None if it could not be deciphered."""

    def __init__(
        self, issuer: Issuer, chip: ChipIssuer, references: Callable[[], tuple[str, str]]
    ) -> None:
        """`references()` gives the next RRN and authorisation code."""
        self._issuer = issuer
        self._chip = chip
        self._references = references

    # --- sale -------------------------------------------------------------------------------------

    def sale(
        self, books: TerminalBooks, fields: Fields, keys: WorkingKeys, track: str | None, today: str
    ) -> Service:
        trace = trace_in(fields)
        refused = _refused(books, trace)
        if refused:
            return {39: refused}, ()
        card, amount_minor = _card(track), int(str(fields[4]))
        said: Fields = {39: FORMAT} if card is None else self._ask(fields, keys, card, today)
        if card is None or said[39] != APPROVED:
            books.remember(trace, Original(DECLINED, amount_minor))
            return said, ()
        original = Original(BOOKED, amount_minor, card.pan, *self._references())
        books.book(trace, original)
        references: Fields = {37: original.rrn, 38: original.authorisation}
        return said | references, (_posting(fields, trace, amount_minor),)

    def _ask(self, fields: Fields, keys: WorkingKeys, card: Track2, today: str) -> Fields:
        """What the issuer says: DE39, and to a chip also DE55, declined or not."""
        if 55 not in fields:
            return {39: self._decide(fields, keys, card, today)}
        judged = self._chip.judge(_bytes(fields[55]), card.pan, _authorised(fields))
        code = judged.response_code or self._decide(fields, keys, card, today)
        told = self._chip.answer(judged, code)
        return {39: code, 55: told} if told else {39: code}

    def _decide(self, fields: Fields, keys: WorkingKeys, card: Track2, today: str) -> str:
        """What PIN, if there is one, and account say."""
        try:
            pin = keys.pin(_bytes(fields[52]), card.pan) if 52 in fields else None
        except PinBlockError:
            return FORMAT
        return self._issuer.decide(card.pan, card.expiry, pin, int(str(fields[4])), today)

    # --- advice -----------------------------------------------------------------------------------

    def advice(
        self, books: TerminalBooks, fields: Fields, track: str | None, today: str
    ) -> Service:
        """00: booked, now or when it came first. What cannot be booked yet is not remembered: the
        terminal sends it again, and it may be better then."""
        trace, amount_minor, card = trace_in(fields), int(str(fields[4])), _card(track)
        if fields[39] not in APPROVED_OFFLINE:
            return {39: INVALID}, ()
        if card is None:
            return {39: FORMAT}, ()
        known = books.originals.get(trace)
        if known is not None and known.opinion:
            same = (known.pan, known.amount_minor) == (card.pan, amount_minor)
            return ({37: known.rrn, 39: APPROVED} if same else {39: DUPLICATE}), ()
        refused = _refused(books, trace)
        if refused:
            return {39: refused}, ()
        field_55, authorised = _bytes(fields[55]), _authorised(fields)
        judged = self._chip.judge(field_55, card.pan, authorised, online=False)
        code = self._issuer.debit(card.pan, card.expiry, amount_minor, today)
        rrn, _ = self._references()
        opinion = judged.response_code or code
        books.book(trace, Original(BOOKED, amount_minor, card.pan, rrn, opinion=opinion))
        return {37: rrn, 39: APPROVED}, (_posting(fields, trace, amount_minor),)

    # --- reversal ---------------------------------------------------------------------------------

    def reversal(self, books: TerminalBooks, fields: Fields) -> Service:
        """00: booked, and taken back (also when that had been done before). 12: known, never
        booked. 25: not known; should it come later, it will be declined."""
        said = str(fields[61])
        trace = (said[:6], said[6:12], said[12:16])
        amount_minor = int(str(fields[4]))
        original = books.originals.get(trace)
        if original is None:
            books.remember(trace, Original(REVERSED_FIRST, amount_minor))
            return {39: UNKNOWN_ORIGINAL}, ()
        if original.amount_minor != amount_minor:
            return {39: WRONG_AMOUNT}, ()
        if original.status == REVERSED_FIRST:
            return {39: UNKNOWN_ORIGINAL}, ()
        if original.status == DECLINED:
            return {39: INVALID}, ()
        if original.status == REVERSED:
            return {39: APPROVED, 37: original.rrn}, ()
        books.reverse(original)
        self._issuer.give_back(original.pan, amount_minor)
        return {39: APPROVED, 37: original.rrn}, (_posting(fields, trace, -amount_minor),)


def _refused(books: TerminalBooks, trace: Trace) -> str:
    """The response code for a trace number that is used already, "" if it is free."""
    known = books.originals.get(trace)
    if known is not None and known.status == REVERSED_FIRST:
        return TOO_LATE
    return DUPLICATE if (trace[0], trace[2]) in books.by_stan_date else ""


def _card(track: str | None) -> Track2 | None:
    """None for what is no track."""
    try:
        return None if track is None else parse_track2(track)
    except TrackError:
        return None


def _authorised(fields: Fields) -> dict[str, bytes]:
    """What the message says that the chip says too: the amount (9F02, BCD as DE4)."""
    return {"9F02": bytes.fromhex(str(fields[4]))}


def _posting(fields: Fields, trace: Trace, amount_minor: int) -> Posting:
    return Posting(str(fields[41]), trace[0], trace[2], amount_minor)


def _bytes(value: Value) -> bytes:
    return value if isinstance(value, bytes) else b""
