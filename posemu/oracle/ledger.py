"""The ledger: what each transaction came to, seen from outside, from frames, postings, screens and
slips. Shares no code with terminal or host.

A transaction is known by (till, trace number, local date). Money is counted from the host's
postings where the trace offers them (the optional probe), else from the answers that the host put
on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from posemu.wire import Codec, DecodeError, Deframer, Value


@dataclass(slots=True)
class Transaction:
    """One card sale. `told` is what the person was last told; amounts are minor units."""

    till: str
    stan: str
    date: str
    time: str
    amount_minor: int
    requests: list[bytes] = field(default_factory=list)
    approvals_sent: list[bytes] = field(default_factory=list)  # 0210 with 00, as the host sent them
    approvals_come: list[bytes] = field(
        default_factory=list
    )  # 0210 with 00, as they reached the terminal
    refused: bool = False  # another genuine 0210 reached the terminal
    debits: int = 0
    posted_minor: int = 0
    wire_minor: int = 0
    reversals_sent: int = 0
    reversal_ended: bool = False
    told: str | None = None

    @property
    def approval_is_genuine(self) -> bool:
        """True if an approval reached the terminal exactly as the host sent it."""
        return any(come in self.approvals_sent for come in self.approvals_come)


@dataclass(slots=True)
class JournalProbe:
    """What a till's journal is known to hold: `flushed` survives a power cut, `written` does not
    yet."""

    written: list[tuple[str, str]] = field(default_factory=list)
    flushed: set[tuple[str, str]] = field(default_factory=set)
    prepared: dict[str, tuple[str, str, int]] = field(
        default_factory=dict
    )  # stan -> date, time, amount


class Message:
    """One decoded ISO 8583 message of the trace."""

    __slots__ = ("fields", "mti", "raw")

    def __init__(self, mti: str, fields: dict[int, Value], raw: bytes) -> None:
        self.mti = mti
        self.fields = fields
        self.raw = raw

    def text(self, number: int) -> str:
        value = self.fields.get(number, "")
        return value if isinstance(value, str) else value.hex().upper()


class FrameReader:
    """Messages out of frame events; segments of one direction of one connection are joined
    first."""

    __slots__ = ("_codec", "_streams")

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._streams: dict[tuple[str, int, str], Deframer] = {}

    def messages(self, source: str, connection: int, way: str, data: bytes) -> list[Message]:
        """The messages that these bytes complete; what cannot be read is left out (nobody can act
        on it)."""
        key = (source, connection, way)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = Deframer()
            self._streams.pop((source, connection - 2, way), None)
        try:
            frames = stream.feed(data)
        except DecodeError:
            return []
        found: list[Message] = []
        for _, payload in frames:
            try:
                mti, fields = self._codec.decode(payload)
            except DecodeError:
                continue
            found.append(Message(mti, fields, payload))
        return found


class Ledger:
    """All transactions, by (till, stan, date), and the newest of each (till, stan)."""

    def __init__(self) -> None:
        self.transactions: dict[tuple[str, str, str], Transaction] = {}
        self._newest: dict[tuple[str, str], Transaction] = {}
        self.open: dict[str, dict[str, Transaction]] = {}  # till -> stan -> not yet told for good
        self.probed = False  # postings are in the trace
        self.journals: dict[str, JournalProbe] = {}

    def find(self, till: str, stan: str, date: str) -> Transaction | None:
        return self.transactions.get((till, stan, date))

    def newest(self, till: str, stan: str) -> Transaction | None:
        return self._newest.get((till, stan))

    def add(self, tx: Transaction) -> None:
        self.transactions[(tx.till, tx.stan, tx.date)] = tx
        self._newest[(tx.till, tx.stan)] = tx
        self.open.setdefault(tx.till, {})[tx.stan] = tx

    def tell(self, tx: Transaction, said: str, final: bool) -> None:
        tx.told = said
        still_open = self.open.setdefault(tx.till, {})
        if final:
            still_open.pop(tx.stan, None)
        else:
            still_open[tx.stan] = tx

    def net_minor(self, tx: Transaction) -> int:
        """What the cardholder has been debited for it, less what was given back."""
        return tx.posted_minor if self.probed else tx.wire_minor
