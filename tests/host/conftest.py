"""A host with its accounts, and a terminal that can say anything to it under right keys."""

from __future__ import annotations

from typing import Any

import pytest

from posemu.crypto import HostDukpt, Key, Pin, TerminalDukpt, WorkingKeys, derive_initial_key
from posemu.host import ChipIssuer, Host, Issuer, Result
from posemu.profiles import load_dialect
from posemu.profiles.card_keys import load_card_keys
from posemu.wire import Codec, Value, luhn_check_digit

CODEC = Codec(load_dialect("posemu-87-aes"))
BDK = Key(bytes(range(16)))
KEY_ID = bytes.fromhex("504F534500000001")
TERMINAL, MERCHANT = "T0000001", "POSEMU000000001"
TODAY = "2603"
CARDS = {  # PAN: PIN, expiry, balance
    "9999075123741247": ("836194027715", "2912", 100_000),
    "9999080000000018": ("100000000000", "2912", 5_000),
    "9999080000000026": ("123456789012", "2602", 100_000),
    "9999074985333805": ("134900971134", "2910", 100_000),  # the holder of `chip_counter`
}
PAN, CHIP_PAN = "9999075123741247", "9999074985333805"
ACCOUNT, BALANCE = "990000000001", 500_000  # a wallet: what its codes begin with


class Till:
    """Builds requests as a terminal does, with any field changed, and reads the answers."""

    def __init__(
        self, pin_tries: int = 3, terminal: str = TERMINAL, key_id: bytes = KEY_ID
    ) -> None:
        issuer = Issuer(pin_tries)
        for pan, (pin, expiry, balance_minor) in CARDS.items():
            issuer.open_account(pan, Pin(pin), expiry, balance_minor)
        self.host = Host(CODEC, HostDukpt(BDK), issuer, ChipIssuer(load_card_keys().issuer))
        self.host.wallets.open(ACCOUNT, BALANCE)
        self.host.register(terminal, MERCHANT, key_id)
        self.terminal, self.key_id = terminal, key_id
        self.dukpt = TerminalDukpt.load(derive_initial_key(BDK, key_id), key_id)
        self.keys: dict[bytes, WorkingKeys] = {}
        self.issuer = issuer

    @property
    def books(self) -> Any:
        return self.host.books[self.terminal]

    def balance(self, pan: str) -> int:
        return self.issuer._accounts[pan].balance_minor

    def next_keys(self) -> WorkingKeys:
        return self.dukpt.next_keys()

    def seal(self, mti: str, fields: dict[int, Value | None], keys: WorkingKeys) -> bytes:
        """A message under these keys; a field of None is left out."""
        full = {62: keys.ksn, **fields}
        body = CODEC.encode(mti, {n: v for n, v in full.items() if v is not None}, mac_present=True)
        self.keys[keys.ksn] = keys
        return body + keys.mac(body)[:8]

    def sale(
        self, stan: int, amount_minor: int = 3_800, *, pan: str = PAN, pin: str | None = None,
        expiry: str = "2912", keys: WorkingKeys | None = None, mti: str = "0200",
        time: str = "090000", date: str = "0302", track: str = "", **fields: Value | None,
    ) -> bytes:  # fmt: skip
        keys = keys or self.next_keys()
        track = track or f"{pan}={expiry}2010000000000"
        return self.seal(mti, {
            3: "000000", 4: f"{amount_minor:012d}", 11: f"{stan:06d}", 12: time, 13: date,
            41: self.terminal, 42: MERCHANT, 49: "156", 60: "22000001000",
            52: keys.pin_block(Pin(pin or CARDS[pan][0]), pan, bytes(8)),
            63: keys.encrypt(track.encode()),
            **{int(name.removeprefix("de")): value for name, value in fields.items()},
        }, keys)  # fmt: skip

    def chip_sale(
        self, stan: int, field_55: bytes, amount_minor: int = 3_800, *, pan: str = CHIP_PAN,
        pin: str | None = None, **how: Any,
    ) -> bytes:  # fmt: skip
        """Without PIN there is no PIN block."""
        chip: dict[str, Any] = {"de22": "051", "de25": "00", "de55": field_55}
        if pin is None:
            chip["de52"] = None
        return self.sale(stan, amount_minor, pan=pan, pin=pin or "0000", **{**chip, **how})

    def advice(
        self, stan: int, field_55: bytes, amount_minor: int = 3_800, *, mti: str = "0220",
        code: str = "Y1", **how: Any,
    ) -> bytes:  # fmt: skip
        """The upload of an offline approval."""
        return self.chip_sale(stan, field_55, amount_minor, **{"mti": mti, "de39": code, **how})

    def code(self, message: bytes, today: str = TODAY) -> str:
        return str(self.said(self.ask(message, today))[39])

    def pay(
        self, stan: int, amount_minor: int = 3_800, *, shown: str | None = None,
        keys: WorkingKeys | None = None, date: str = "0302", **fields: Value | None,
    ) -> bytes:  # fmt: skip
        """The pay message of an order; `shown` is the payment code, by default one a trace
        number."""
        keys = keys or self.next_keys()
        return self.seal("0200", {
            3: "190000", 4: f"{amount_minor:012d}", 11: f"{stan:06d}", 12: "090000", 13: date,
            22: "030", 41: self.terminal, 42: MERCHANT, 49: "156", 59: self.order(stan, date),
            60: "22000001000", 63: keys.encrypt((shown or payment_code(stan)).encode()),
            **{int(name.removeprefix("de")): value for name, value in fields.items()},
        }, keys)  # fmt: skip

    def query(
        self, stan: int, amount_minor: int = 3_800, *, process: str = "390000",
        mti: str = "0600", keys: WorkingKeys | None = None, **fields: Value | None,
    ) -> bytes:  # fmt: skip
        """About the order of that trace number."""
        return self.seal(mti, {
            3: process, 4: f"{amount_minor:012d}", 11: "000800", 12: "090100", 13: "0302",
            41: self.terminal, 42: MERCHANT, 49: "156", 59: self.order(stan), 60: "22000001000",
            **{int(name.removeprefix("de")): value for name, value in fields.items()},
        }, keys or self.next_keys())  # fmt: skip

    def close(self, stan: int, amount_minor: int = 3_800, **how: Any) -> bytes:
        return self.query(stan, amount_minor, process="990000", **how)

    def order(self, stan: int, date: str = "0302") -> str:
        return f"{self.terminal}{date}{stan:06d}"

    def reversal(
        self, stan: int, amount_minor: int = 3_800, *, keys: WorkingKeys | None = None,
        mti: str = "0400", time: str = "090000", date: str = "0302", **fields: Value | None,
    ) -> bytes:  # fmt: skip
        return self.seal(mti, {
            3: "000000", 4: f"{amount_minor:012d}", 11: f"{stan:06d}", 12: "091500", 13: date,
            39: "98", 41: self.terminal, 42: MERCHANT, 49: "156", 60: "22000001000",
            61: f"{stan:06d}{time}{date}",
            **{int(name.removeprefix("de")): value for name, value in fields.items()},
        }, keys or self.next_keys())  # fmt: skip

    def sign_on(self, code: str = "001", keys: WorkingKeys | None = None) -> bytes:
        return self.seal("0800", {
            11: "000900", 12: "090000", 13: "0302", 41: self.terminal, 42: MERCHANT,
            60: f"00000000{code}",
        }, keys or self.next_keys())  # fmt: skip

    def reconciliation(
        self, totals: str, batch: str = "000001", mti: str = "0500",
        keys: WorkingKeys | None = None,
    ) -> bytes:  # fmt: skip
        return self.seal(mti, {
            11: "000901", 12: "180000", 13: "0302", 41: self.terminal, 42: MERCHANT, 48: totals,
            49: "156", 60: f"00{batch}201",
        }, keys or self.next_keys())  # fmt: skip

    def ask(self, message: bytes, today: str = TODAY) -> Result:
        return self.host.handle(message, today)

    def said(self, result: Result) -> dict[int, Value]:
        """The fields of an answer, whose MAC must be right under its request's keys."""
        assert result.answer is not None
        _, fields = CODEC.decode(result.answer)
        keys = self.keys[bytes(fields[62])]  # type: ignore[arg-type]
        assert keys.answer_mac(result.answer[:-8])[:8] == result.answer[-8:]
        return fields

    def snapshot(self) -> Any:
        """Everything that is money."""
        return (
            self.issuer.total_minor(), self.host.wallets.total_minor(),
            self.books.totals.as_field(), self.books.batch,
            sorted((k, v.status.value, v.amount_minor) for k, v in self.books.orders.items()),
            sorted((k, v.status, v.amount_minor) for k, v in self.books.originals.items()),
        )  # fmt: skip


def payment_code(n: int, account: str = ACCOUNT) -> str:
    body = f"{account}{n:05d}"
    return body + luhn_check_digit(body)


def totals(sales: int, sales_minor: int, reversals: int = 0, reversals_minor: int = 0) -> str:
    """DE48 of a reconciliation, written from the dialect's description."""
    return f"{sales:06d}{sales_minor:012d}{reversals:06d}{reversals_minor:012d}"


@pytest.fixture(scope="session")
def make_till() -> type[Till]:
    return Till


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture(scope="session")
def as_totals() -> Any:
    return totals
