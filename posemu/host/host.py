"""Acquirer and issuer in one: takes a message and the time, gives the answer and what was posted.
Sans-IO.

The order of checks is the order of trust: can it be read, is the terminal known, is the MAC right,
is the key fresh, and only then what it asks. Nothing is booked before all of that holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from posemu.crypto import BadCiphertext, BadKsn, HostDukpt, WorkingKeys, same
from posemu.host.accounts import APPROVED, Issuer
from posemu.host.books import (
    REVERSED_FIRST,
    OrderStatus,
    Posting,
    Service,
    TerminalBooks,
    trace_in,
)
from posemu.host.cards import Cards
from posemu.host.chip import ChipIssuer
from posemu.host.key_use import KeyLog, Use
from posemu.host.orders import CLOSE, PAY, QUERY, Orders
from posemu.host.wallets import Wallets
from posemu.wire import Codec, DecodeError, Value, answer_mti

Fields = dict[int, Value]
MAC_BYTES = 8

INVALID, SECURITY, OUT_OF_BALANCE, BAD_MAC = "12", "63", "95", "A0"
SIGN_ON_CODE = "001"

_NEEDED = {  # what a message must say to be understood, by what it asks for
    "stripe-sale": (4, 11, 12, 13, 41, 42, 52, 62, 63, 64),
    "chip-sale": (4, 11, 12, 13, 41, 42, 55, 62, 63, 64),
    "pay": (3, 4, 11, 12, 13, 41, 42, 59, 62, 63, 64),
    "advice": (3, 4, 11, 12, 13, 39, 41, 42, 55, 62, 63, 64),
    "reversal": (4, 11, 41, 42, 61, 62, 64),
    "reconciliation": (11, 41, 42, 48, 60, 62, 64),
    "order": (3, 4, 11, 41, 42, 59, 62, 64),
    "network-management": (11, 41, 42, 60, 62, 64),
}
_CLASSES = {"04": "reversal", "05": "reconciliation", "06": "order", "08": "network-management"}
_ADVICE_ANSWER = "3"  # the function digit of 0230
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

    def __init__(self, codec: Codec, dukpt: HostDukpt, issuer: Issuer, chip: ChipIssuer) -> None:
        """`issuer` keeps the accounts, `chip` the keys and counters of the chips."""
        self._codec = codec
        self._dukpt = dukpt
        self.issuer = issuer
        self.chip = chip
        self.wallets = Wallets()
        self._cards = Cards(issuer, chip, self._next_references)
        self._orders = self.desk(self.wallets, self._next_references)
        self.books: dict[str, TerminalBooks] = {}
        self._keys: dict[str, KeyLog] = {}
        self._key_ids: dict[str, bytes] = {}
        self._references = 0
        self._failing = ""
        self._clear_track = False
        self._services: dict[str, Callable[[TerminalBooks, Fields, WorkingKeys, str], Service]] = {
            "stripe-sale": self._sale,
            "chip-sale": self._sale,
            "pay": self._pay,
            "advice": self._advice,
            "reversal": self._reversal,
            "reconciliation": self._reconciliation,
            "order": self._order,
            "network-management": self._network_management,
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
            needed = _NEEDED[_asked(out_mti, fields)]
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
        log, asked = self._keys[str(fields[41])], _asked(out_mti, fields)
        counter = int.from_bytes(keys.ksn[8:])
        use = log.use(counter, message)
        if use is Use.REPEATED:
            return Result(log.first_answer(counter), note="repeated")
        if use is Use.LATE and not _known_late(books, asked, fields):
            use = Use.REFUSED
        if use is Use.REFUSED:
            return Result(self._seal(out_mti, fields, keys, {39: SECURITY}), note="KSN refused")
        if self._failing:
            answer = self._seal(out_mti, fields, keys, {39: self._failing})
            log.done(counter, message, answer)
            return Result(answer, note="failing")
        said, postings = self._services[asked](books, fields, keys, today)
        answer = self._seal(out_mti, fields, keys, said)
        log.done(counter, message, answer)
        note = str(said[39])
        if asked == "advice" and note == APPROVED:
            note += f", issuer {books.originals[trace_in(fields)].opinion}"
        return Result(answer, postings, note)

    def _seal(self, out_mti: str, fields: Fields, keys: WorkingKeys, said: Fields) -> bytes:
        answer: Fields = {number: fields[number] for number in _ECHOED if number in fields}
        answer[62] = keys.ksn
        answer.update(said)
        body = self._codec.encode(out_mti, answer, mac_present=True)
        return body + keys.answer_mac(body)[:MAC_BYTES]

    # --- cards ------------------------------------------------------------------------------------

    def _sale(self, books: TerminalBooks, fields: Fields, keys: WorkingKeys, today: str) -> Service:
        return self._cards.sale(books, fields, keys, self._clear(fields, keys), today)

    def _advice(
        self, books: TerminalBooks, fields: Fields, keys: WorkingKeys, today: str
    ) -> Service:
        return self._cards.advice(books, fields, self._clear(fields, keys), today)

    def _reversal(
        self, books: TerminalBooks, fields: Fields, keys: WorkingKeys, today: str
    ) -> Service:
        return self._cards.reversal(books, fields)

    def _clear(self, fields: Fields, keys: WorkingKeys) -> str | None:
        """What DE63 holds, track or payment code; None if it cannot be deciphered."""
        data = _bytes(fields[63])
        try:
            clear = data if self._clear_track and data[:1].isdigit() else keys.decrypt(data)
            return clear.decode("ascii")
        except (BadCiphertext, UnicodeDecodeError):
            return None

    def _next_references(self) -> tuple[str, str]:
        """RRN and authorisation code of what is booked next."""
        self._references += 1
        return f"{self._references:012d}", f"{self._references % 1_000_000:06d}"

    # --- code payments ----------------------------------------------------------------------------

    def _pay(self, books: TerminalBooks, fields: Fields, keys: WorkingKeys, today: str) -> Service:
        return self._orders.pay(books, fields, self._clear(fields, keys))

    def _order(
        self, books: TerminalBooks, fields: Fields, keys: WorkingKeys, today: str
    ) -> Service:
        if fields[3] == QUERY:
            return self._orders.query(books, fields)
        if fields[3] == CLOSE:
            return self._orders.close(books, fields)
        return {39: INVALID}, ()

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


def _asked(out_mti: str, fields: Fields) -> str:
    """What a message asks for, by the MTI of its answer. Raises KeyError for what is not served."""
    if out_mti[:2] != "02":
        return _CLASSES[out_mti[:2]]
    if out_mti[2] == _ADVICE_ANSWER:
        return "advice"
    if fields.get(3) == PAY:
        return "pay"
    return "chip-sale" if 55 in fields else "stripe-sale"


def _known_late(books: TerminalBooks, asked: str, fields: Fields) -> bool:
    """True for a late original whose reversal, or close, has been here before it."""
    if asked == "pay":
        order = books.orders.get(str(fields[59]))
        return order is not None and order.status is OrderStatus.CLOSED_FIRST
    if asked not in ("stripe-sale", "chip-sale"):
        return False
    original = books.originals.get(trace_in(fields))
    return original is not None and original.status == REVERSED_FIRST


def _bytes(value: Value) -> bytes:
    return value if isinstance(value, bytes) else b""
