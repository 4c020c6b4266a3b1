"""Terminals and hosts that put the wrong thing on the wire, or in a log."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from posemu.crypto import TerminalKeys, restore_keys
from posemu.host import Host, Posting, Result
from posemu.sim import Story, Wait
from posemu.terminal import SecureModule, State, Terminal
from posemu.terminal.ports import Connection, Network
from posemu.terminal.secure_module import CardSeen, Sealed
from posemu.testing.zoo.parts import Twisted
from posemu.wire import Codec, Value, answer_mti, decode_track2, frame, parse_track2

AMOUNT, TERMINAL, KSN, TRACK_DATA = 4, 41, 62, 63


class _Remembers:
    """A network that remembers the connection dialled last."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.last: Connection | None = None

    def dial(self) -> Connection:
        self.last = self._network.dial()
        return self.last


class SendsAgain(Twisted):
    """No answer in time: it sends the sale again, the same bytes, and waits once more."""

    _sealed: Sealed | None = None

    def seal(self, mti: str, fields: Mapping[int, Value], with_card: bool = False) -> Sealed:
        self._sealed = super().seal(mti, fields, with_card)
        return self._sealed

    def boot(self) -> Story:
        if not isinstance(self.network, _Remembers):
            self.network = _Remembers(self.network)
        return super().boot()

    def answered(self, effect: object, answer: object) -> Story:
        if answer is None and self.state is State.SALE_WAITING and isinstance(effect, Wait):
            assert isinstance(self.network, _Remembers)
            assert self.network.last is not None
            assert self._sealed is not None
            self.network.last.send(frame(self._sealed.data, self.profile.tpdu))
            answer = yield Wait(effect.kinds, self.profile.response_us)
        return answer


class ReversesAnotherAmount(Terminal):
    """Its reversals name the amount of the sale before."""

    _before = _amount = ""

    def seal(self, mti: str, fields: Mapping[int, Value], with_card: bool = False) -> Sealed:
        if with_card:
            self._before, self._amount = self._amount, str(fields[AMOUNT])
        elif mti in ("0400", "0401") and self._before:
            fields = {**fields, AMOUNT: self._before}
        return super().seal(mti, fields, with_card)


class RepeatsAsNew(Terminal):
    """A reversal that it sends again looks like a new one."""

    def seal(self, mti: str, fields: Mapping[int, Value], with_card: bool = False) -> Sealed:
        return super().seal("0400" if mti == "0401" else mti, fields, with_card)


class ReversesWithCard(Terminal):
    """Its reversals carry the enciphered track of the sale."""

    _track: Value = b""

    def seal(self, mti: str, fields: Mapping[int, Value], with_card: bool = False) -> Sealed:
        if mti in ("0400", "0401"):
            fields = {**fields, TRACK_DATA: self._track}
        sealed = super().seal(mti, fields, with_card)
        if with_card:
            self._track = self.codec.decode(sealed.data)[1][TRACK_DATA]
        return sealed


class ForgetsCounter(SecureModule):
    """Keys and counter are kept in volatile memory: after a power cut they are those of the first
    day."""

    __slots__ = ("_first",)

    def __init__(
        self, keys: TerminalKeys, codec: Codec, random_bytes: Callable[[int], bytes]
    ) -> None:
        super().__init__(keys, codec, random_bytes)
        self._first = keys.snapshot()

    def lose_power(self) -> None:
        super().lose_power()
        self._keys = restore_keys(self._first)


class ShowsPan(SecureModule):
    """It gives the application the whole PAN."""

    __slots__ = ()

    def accept_stripe(self, bits: bytes) -> CardSeen:
        card = super().accept_stripe(bits)
        return card._replace(pan=parse_track2(decode_track2(bits)[1:-1]).pan)


class ShowsMore(SecureModule):
    """It gives the application the first eight digits of the PAN, where six are allowed."""

    __slots__ = ()

    def accept_stripe(self, bits: bytes) -> CardSeen:
        card = super().accept_stripe(bits)
        pan = parse_track2(decode_track2(bits)[1:-1]).pan
        return card._replace(pan=pan[:8] + card.pan[8:])


class KeepsPin(SecureModule):
    """It keeps the digits of the PIN where the application can read them."""

    __slots__ = ("last_pin",)

    def end_pin(self) -> int:
        self.last_pin = self._pin
        return super().end_pin()


class LogsPin(Twisted):
    """It writes them to its log."""

    def before(self, state: State) -> Story:
        if state is State.SALE_PREPARED and isinstance(self.module, KeepsPin):
            self.emit("log", {"text": f"PIN entered: {self.module.last_pin}"})
        yield from ()


class BooksTwice(Host):
    """A message that comes twice is answered with the first answer, and booked again."""

    def handle(self, message: bytes, today: str) -> Result:
        result = super().handle(message, today)
        if result.note != "repeated":
            return result
        return Result(result.answer, _sale_in(self._codec, message), result.note)


class ChecksNoMac(Host):
    """A request with a wrong MAC is served like any other."""

    def handle(self, message: bytes, today: str) -> Result:
        result = super().handle(message, today)
        if result.note != "bad MAC":
            return result
        mti, fields = self._codec.decode(message)
        ksn = fields[KSN]
        assert isinstance(ksn, bytes)
        books, keys = self.books[str(fields[TERMINAL])], self._dukpt.keys(ksn)
        return self._serve(answer_mti(mti), books, fields, keys, message, today)


class BooksDeclined(Host):
    """In trouble it declines every sale, and books it all the same."""

    def handle(self, message: bytes, today: str) -> Result:
        result = super().handle(message, today)
        if result.note != "failing":
            return result
        return Result(result.answer, _sale_in(self._codec, message), result.note)


def _sale_in(codec: Codec, message: bytes) -> tuple[Posting, ...]:
    """The posting that a sale asks for."""
    mti, fields = codec.decode(message)
    if mti != "0200":
        return ()
    return (Posting(str(fields[41]), str(fields[11]), str(fields[13]), int(str(fields[AMOUNT]))),)
