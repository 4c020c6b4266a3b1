"""Acquirer and issuer in one: takes a message and the time, gives the answer and what was posted.
Sans-IO.

The order of checks is the order of trust: can it be read, is the terminal known, is the MAC right,
is the key fresh, and only then what it asks. Nothing is booked before all of that holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from posemu.crypto import BadCiphertext, BadKsn, HostDukpt, PinBlockError, WorkingKeys, same
from posemu.host.accounts import APPROVED, Issuer
from posemu.host.books import (
    BOOKED,
    DECLINED,
    REVERSED,
    REVERSED_FIRST,
    OrderStatus,
    Original,
    Posting,
    Service,
    TerminalBooks,
    trace_in,
)
from posemu.host.key_use import KeyLog, Use
from posemu.host.orders import CLOSE, PAY, QUERY, Orders
from posemu.host.wallets import Wallets
from posemu.wire import Codec, DecodeError, TrackError, Value, answer_mti, parse_track2

Fields = dict[int, Value]
MAC_BYTES = 8

INVALID, WRONG_AMOUNT, SECURITY, TOO_LATE, DUPLICATE = "12", "64", "63", "68", "94"
UNKNOWN_ORIGINAL, OUT_OF_BALANCE, FORMAT, BAD_MAC = "25", "95", "30", "A0"
SIGN_ON_CODE = "001"

_PAY_NEEDS = (3, 4, 11, 12, 13, 41, 42, 59, 62, 63, 64)
_NEEDED = {  # what a request must say to be understood, by MTI class; 0200 is also a code payment
    "02": (4, 11, 12, 13, 41, 42, 52, 62, 63, 64),
    "04": (4, 11, 41, 42, 61, 62, 64),
    "05": (11, 41, 42, 48, 60, 62, 64),
    "06": (3, 4, 11, 41, 42, 59, 62, 64),
    "08": (11, 41, 42, 60, 62, 64),
}
_ECHOED = (3, 4, 11, 12, 13, 41, 42, 49, 59, 60)


class Result(NamedTuple):
    """The answer, or None where there can be none, what was posted, and a word about what was done
    (for the trace)."""

    answer: bytes | None
    postings: tuple[Posting, ...] = ()
    note: str = ""


class Host:
    """`handle(message, today)` is all there is to it. Verbs: `fail(code)`, `recover()`,
    `accept_clear_track()`."""

    desk: type[Orders] = Orders  # who keeps the orders of code payments

    def __init__(self, codec: Codec, dukpt: HostDukpt, issuer: Issuer) -> None:
        self._codec = codec
        self._dukpt = dukpt
        self.issuer = issuer
        self.wallets = Wallets()
        self._orders = self.desk(self.wallets, self._next_references)
        self.books: dict[str, TerminalBooks] = {}
        self._keys: dict[str, KeyLog] = {}
        self._key_ids: dict[str, bytes] = {}
        self._references = 0
        self._failing = ""
        self._clear_track = False
        self._services: dict[str, Callable[[TerminalBooks, Fields, WorkingKeys, str], Service]] = {
            "02": self._sale,
            "04": self._reversal,
            "05": self._reconciliation,
            "06": self._order,
            "08": self._network_management,
        }

    def register(self, terminal_id: str, merchant_id: str, initial_key_id: bytes) -> None:
        """A terminal of a merchant, with the id of the initial key that was loaded into it."""
        self.books[terminal_id] = TerminalBooks(merchant_id)
        self._keys[terminal_id] = KeyLog()
        self._key_ids[terminal_id] = initial_key_id

    # --- verbs ------------------------------------------------------------------------------------

    def fail(self, code: str) -> None:
        """From now on every request is answered with this code, and nothing is booked."""
        self._failing = code

    @property
    def failing(self) -> bool:
        return bool(self._failing)

    def recover(self) -> None:
        self._failing = ""

    def accept_clear_track(self, accept: bool) -> None:
        """A host that does not mind a track in clear (negative control; see the failure mode
        weak-crypto)."""
        self._clear_track = accept

    # --- handling ---------------------------------------------------------------------------------

    def handle(self, message: bytes, today: str) -> Result:
        """`message` from MTI to MAC; `today` is YYMM. Raises nothing for any bytes."""
        try:
            mti, fields = self._codec.decode(message)
            out_mti = answer_mti(mti)
            kind = mti[:2]
            needed = _PAY_NEEDS if _is_pay(kind, fields) else _NEEDED[kind]
            missing = [number for number in needed if number not in fields]
        except (DecodeError, KeyError) as error:
            return Result(None, note=f"unreadable: {type(error).__name__}")
        if missing:
            return Result(None, note=f"incomplete: {missing}")
        terminal, ksn = str(fields[41]), _bytes(fields[62])
        books = self.books.get(terminal)
        if books is None or books.merchant_id != fields[42] or self._key_ids[terminal] != ksn[:8]:
            return Result(None, note="unknown terminal")
        try:
            keys = self._dukpt.keys(ksn)
        except BadKsn:
            return Result(None, note="bad KSN")
        if not same(keys.mac(message[:-MAC_BYTES])[:MAC_BYTES], _bytes(fields[64])):
            return Result(self._seal(out_mti, fields, keys, {39: BAD_MAC}), note="bad MAC")
        return self._serve(out_mti, books, fields, keys, message, today)

    def _serve(
        self, out_mti: str, books: TerminalBooks, fields: Fields, keys: WorkingKeys, message: bytes,
        today: str,
    ) -> Result:  # fmt: skip
        log = self._keys[str(fields[41])]
        counter = int.from_bytes(keys.ksn[8:])
        use = log.use(counter, message)
        if use is Use.REPEATED:
            return Result(log.first_answer(counter), note="repeated")
        if use is Use.LATE and not self._known_late(books, out_mti, fields):
            use = Use.REFUSED
        if use is Use.REFUSED:
            return Result(self._seal(out_mti, fields, keys, {39: SECURITY}), note="KSN refused")
        if self._failing:
            answer = self._seal(out_mti, fields, keys, {39: self._failing})
            log.done(counter, message, answer)
            return Result(answer, note="failing")
        said, postings = self._services[out_mti[:2]](books, fields, keys, today)
        answer = self._seal(out_mti, fields, keys, said)
        log.done(counter, message, answer)
        return Result(answer, postings, str(said[39]))

    def _known_late(self, books: TerminalBooks, out_mti: str, fields: Fields) -> bool:
        """True for a late original whose reversal, or close, has been here before it."""
        if _is_pay(out_mti[:2], fields):
            order = books.orders.get(str(fields[59]))
            return order is not None and order.status is OrderStatus.CLOSED_FIRST
        original = books.originals.get(trace_in(fields))
        return out_mti == "0210" and original is not None and original.status == REVERSED_FIRST

    def _seal(self, out_mti: str, fields: Fields, keys: WorkingKeys, said: Fields) -> bytes:
        answer: Fields = {number: fields[number] for number in _ECHOED if number in fields}
        answer[62] = keys.ksn
        answer.update(said)
        body = self._codec.encode(out_mti, answer, mac_present=True)
        return body + keys.answer_mac(body)[:MAC_BYTES]

    # --- sale -------------------------------------------------------------------------------------

    def _sale(self, books: TerminalBooks, fields: Fields, keys: WorkingKeys, today: str) -> Service:
        if _is_pay("02", fields):
            return self._orders.pay(books, fields, self._code(fields, keys))
        trace = trace_in(fields)
        amount_minor = int(str(fields[4]))
        known = books.originals.get(trace)
        if known is not None and known.status == REVERSED_FIRST:
            return {39: TOO_LATE}, ()
        if (trace[0], trace[2]) in books.by_stan_date:
            return {39: DUPLICATE}, ()
        try:
            pan, expiry = self._card(fields, keys)
            pin = keys.pin(_bytes(fields[52]), pan)
        except (BadCiphertext, TrackError, PinBlockError, UnicodeDecodeError):
            books.remember(trace, Original(DECLINED, amount_minor))
            return {39: FORMAT}, ()
        code = self.issuer.decide(pan, expiry, pin, amount_minor, today)
        if code != APPROVED:
            books.remember(trace, Original(DECLINED, amount_minor))
            return {39: code}, ()
        original = Original(BOOKED, amount_minor, pan, *self._next_references())
        books.book(trace, original)
        posting = Posting(str(fields[41]), trace[0], trace[2], amount_minor)
        return {37: original.rrn, 38: original.authorisation, 39: APPROVED}, (posting,)

    def _card(self, fields: Fields, keys: WorkingKeys) -> tuple[str, str]:
        """PAN and expiry out of the enciphered track."""
        track = parse_track2(self._clear(fields, keys))
        return track.pan, track.expiry

    def _clear(self, fields: Fields, keys: WorkingKeys) -> str:
        """What DE63 holds. Raises `BadCiphertext` and UnicodeDecodeError."""
        data = _bytes(fields[63])
        clear = data if self._clear_track and data[:1].isdigit() else keys.decrypt(data)
        return clear.decode("ascii")

    def _next_references(self) -> tuple[str, str]:
        """RRN and authorisation code of what is booked next."""
        self._references += 1
        return f"{self._references:012d}", f"{self._references % 1_000_000:06d}"

    # --- code payments ----------------------------------------------------------------------------

    def _code(self, fields: Fields, keys: WorkingKeys) -> str | None:
        """The payment code, or None if it cannot be deciphered."""
        try:
            return self._clear(fields, keys)
        except (BadCiphertext, UnicodeDecodeError):
            return None

    def _order(
        self, books: TerminalBooks, fields: Fields, keys: WorkingKeys, today: str
    ) -> Service:
        if fields[3] == QUERY:
            return self._orders.query(books, fields)
        if fields[3] == CLOSE:
            return self._orders.close(books, fields)
        return {39: INVALID}, ()

    # --- reversal ---------------------------------------------------------------------------------

    def _reversal(
        self, books: TerminalBooks, fields: Fields, keys: WorkingKeys, today: str
    ) -> Service:
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
        self.issuer.give_back(original.pan, amount_minor)
        posting = Posting(str(fields[41]), trace[0], trace[2], -amount_minor)
        return {39: APPROVED, 37: original.rrn}, (posting,)

    # --- network management and reconciliation ----------------------------------------------------

    def _network_management(
        self, books: TerminalBooks, fields: Fields, keys: WorkingKeys, today: str
    ) -> Service:
        said = str(fields[60])
        if said[8:11] != SIGN_ON_CODE:
            return {39: INVALID}, ()
        return {39: APPROVED, 60: said[:2] + books.batch_number + SIGN_ON_CODE}, ()

    def _reconciliation(
        self, books: TerminalBooks, fields: Fields, keys: WorkingKeys, today: str
    ) -> Service:
        """The batch closes when both sides have the same totals. Asked again about a closed batch,
        the host says so again."""
        batch, totals = str(fields[60])[2:8], str(fields[48])
        if batch == books.batch_number:
            balanced = totals == books.totals.as_field()
            if balanced:
                books.close_batch()
        else:
            balanced = books.closed.get(batch) == totals
        if balanced:
            return {39: APPROVED, 48: totals + "1"}, ()
        return {39: OUT_OF_BALANCE, 48: books.totals.as_field() + "2"}, ()


def _is_pay(kind: str, fields: Fields) -> bool:
    """True for the pay message of an order: a sale's MTI class, with a processing code of its
    own."""
    return kind == "02" and fields.get(3) == PAY


def _bytes(value: Value) -> bytes:
    return value if isinstance(value, bytes) else b""
