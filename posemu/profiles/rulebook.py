"""An acquirer's rule book: timers, what ends a reversal, how long an order stays open, and the
times of the device. Data in `rulebooks/`, checked here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from posemu.profiles.data_files import SUFFIX, names_in
from posemu.profiles.dialect_file import load_dialect
from posemu.profiles.quantities import CURRENCIES, Duration

_FOLDER = files("posemu.profiles") / "rulebooks"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Timers(_Model):
    connect: Duration
    response: Duration
    service: Duration
    entry: Duration
    linger: Duration
    sign_on_retry: Duration
    reversal_retry: Duration
    settle_retry: Duration


class _Reversal(_Model):
    ended_by: tuple[str, ...]


class _Card(_Model):
    swipes: int
    inserts: int
    fallback: tuple[str, ...]
    pin_bypass: bool


class _Advice(_Model):
    after: Duration
    retry: Duration


class _Order(_Model):
    scans: int
    deadline: Duration
    query_every: Duration
    close_retry: Duration


class _Device(_Model):
    boot: Duration
    self_test: Duration
    flash_flush: Duration
    print_line: Duration
    roll_lines: int


class _RuleBook(_Model):
    name: str
    dialect: str
    currency: str
    timers: _Timers
    reversal: _Reversal
    card: _Card
    advice: _Advice
    order: _Order
    device: _Device


@dataclass(frozen=True, slots=True)
class Profile:
    """A rule book ready for use: times in µs, the currency as its ISO 4217 number and name;
    `fallbacks` are the causes for which a chip card's stripe is taken."""

    name: str
    dialect: str
    tpdu: bytes
    currency: str
    currency_name: str
    connect_us: int
    response_us: int
    service_us: int
    entry_us: int
    linger_us: int
    sign_on_retry_us: int
    reversal_retry_us: int
    settle_retry_us: int
    reversal_ended_by: frozenset[str]
    swipes_max: int
    inserts_max: int
    fallbacks: frozenset[str]
    pin_bypass: bool
    advice_after_us: int
    advice_retry_us: int
    scans_max: int
    order_deadline_us: int
    query_every_us: int
    close_retry_us: int
    boot_us: int
    self_test_us: int
    flush_us: int
    line_us: int
    roll_lines: int


def profile_names() -> tuple[str, ...]:
    """The rule books that come with posemu, in order."""
    return names_in(_FOLDER)


@cache
def load_profile(name: str) -> Profile:
    """The rule book of that name; read once. Raises FileNotFoundError if there is none."""
    book = _RuleBook.model_validate(
        YAML(typ="safe", pure=True).load((_FOLDER / f"{name}{SUFFIX}").read_text("utf-8"))
    )
    timers, device = book.timers, book.device
    return Profile(
        name=book.name,
        dialect=book.dialect,
        tpdu=load_dialect(book.dialect).header.tpdu,
        currency=CURRENCIES[book.currency][0],
        currency_name=book.currency,
        connect_us=timers.connect,
        response_us=timers.response,
        service_us=timers.service,
        entry_us=timers.entry,
        linger_us=timers.linger,
        sign_on_retry_us=timers.sign_on_retry,
        reversal_retry_us=timers.reversal_retry,
        settle_retry_us=timers.settle_retry,
        reversal_ended_by=frozenset(book.reversal.ended_by),
        swipes_max=book.card.swipes,
        inserts_max=book.card.inserts,
        fallbacks=frozenset(book.card.fallback),
        pin_bypass=book.card.pin_bypass,
        advice_after_us=book.advice.after,
        advice_retry_us=book.advice.retry,
        scans_max=book.order.scans,
        order_deadline_us=book.order.deadline,
        query_every_us=book.order.query_every,
        close_retry_us=book.order.close_retry,
        boot_us=device.boot,
        self_test_us=device.self_test,
        flush_us=device.flash_flush,
        line_us=device.print_line,
        roll_lines=device.roll_lines,
    )
