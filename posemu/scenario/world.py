"""One world: one seed, one span of virtual time. Wires the parts, runs the day, then asks
everything to come to rest.

people ─ cashier ─ TERMINAL ─ network ─ access ─ router ─ line ─ gateway ─ HOST
                      └───────────── trace ─ judge, metrics, sinks ───────────┘
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

from posemu.card import BankCard, StripeCard, Wallet, account_of
from posemu.card.chip import ChipCard, Holder, load_card_profile, personalise
from posemu.crypto import (
    HostDukpt,
    Key,
    Pin,
    derive_initial_key,
    load_initial_key_block,
    wrap_initial_key,
)
from posemu.faults import FaultSpec, Injector, Site, Till, compile_chance, load_catalogue
from posemu.host import ChipIssuer, Host, Issuer
from posemu.link import AccessMedium, Dns, Gateway, Line, Path, Router, TerminalNetwork
from posemu.oracle import Canaries, Coverage, Judge, Violation
from posemu.profiles import load_dialect, load_profile, load_terminal
from posemu.profiles.card_keys import load_card_keys
from posemu.profiles.chip_times import load_chip_times
from posemu.scenario.availability import Availability
from posemu.scenario.build import Build, find_build
from posemu.scenario.calendar import Calendar
from posemu.scenario.customers import send
from posemu.scenario.host_driver import HostDriver
from posemu.scenario.people import Person
from posemu.scenario.spec import Scenario, TillSpec
from posemu.scenario.terminal_driver import TerminalDriver
from posemu.shop import Cashier, Lane, Pace
from posemu.sim import Clock, Gate, Keyed, Streams, Trace, rare_collection
from posemu.terminal import Ports, State
from posemu.terminal.chip_reader import ChipReader
from posemu.terminal.keypad import Keypad
from posemu.terminal.reader import StripeReader
from posemu.wire import Codec

REST_STEP_US = 1_000_000
_BDK_ID = bytes.fromhex("504F5345")  # "POSE"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one world came to."""

    digest: str
    violations: tuple[Violation, ...]
    coverage: Coverage | None
    schedule: tuple[FaultSpec, ...]
    events: int
    end_us: int


class World:
    """Build it, attach observers to `trace`, then `run()` once."""

    def __init__(
        self,
        scenario: Scenario,
        replication: int = 0,
        *,
        judged: bool = True,
        build: Build | None = None,
    ) -> None:
        self.scenario = scenario
        self.replication = replication
        self._build = build or (find_build(scenario.build) if scenario.build else Build())
        self._seed = world_seed(scenario.seed, replication)
        self.clock = Clock()
        self.trace = Trace(self.clock)
        self.keyed = Keyed(self._seed)
        self.streams = Streams(self._seed)
        self.calendar = Calendar(scenario.day.date, scenario.day.from_us)
        self.profile = load_profile(scenario.profile)
        self.codec = _codec(self.profile.dialect)
        self._people = scenario.people
        self._accounts = [account_of(p.pan, i) for i, p in enumerate(self._people)]
        self._bdk = Key(self.streams["keys/bdk"].bytes(16))
        self._transport = Key(self.streams["keys/transport"].bytes(16))
        self._keys: list[bytes] = [self._bdk.expose(), self._transport.expose()]
        self.host = self._make_host()
        self._make_network()
        self.drivers: dict[str, TerminalDriver] = {}
        self.tills: dict[str, Till] = {}
        self.lanes: dict[str, Lane] = {}
        self._cards = self._make_cards()
        for number, till in enumerate(scenario.tills, start=1):
            self._add_till(till, number)
        site = Site(
            self.clock,
            self.keyed,
            self.tills,
            self.router,
            self.line,
            self.dns,
            self.gateway,
            self.service,
        )
        self.schedule = compile_chance(list(scenario.faults), self.close_us, self.keyed)
        self.injector = Injector(
            site, self.trace, self.schedule, load_catalogue(), scenario.interventions
        )
        Availability(site, self.trace)
        self.judge: Judge | None = None
        if judged:
            self.judge = Judge(self.codec, self._canaries())
            self.judge.attach(self.trace)

    @property
    def close_us(self) -> int:
        """When the shop closes: the end of the span that metrics cover."""
        return self.scenario.day.to_us - self.scenario.day.from_us

    @property
    def _settle_us(self) -> int | None:
        """When the cashiers do an end of day within the day."""
        day = self.scenario.day
        return None if day.settle_us is None else day.settle_us - day.from_us

    @rare_collection()
    def run(self) -> Outcome:
        self.injector.begin()
        for name, driver in self.drivers.items():
            driver.switch_on()
            self.tills[name].cashier.open(self._settle_us)
        send(
            self.scenario.buyers, self.lanes, self.keyed, self._people, self._cards,
            self._make_wallets(),
        )  # fmt: skip
        self.clock.run_until(self.close_us)
        self._drain()
        violations = tuple(self.judge.finish()) if self.judge is not None else ()
        digest = self.trace.digest(self.streams["reserved/final"].random())
        coverage = self.judge.coverage if self.judge is not None else None
        return Outcome(
            digest, violations, coverage, tuple(self.schedule), self.trace.count, self.clock.now_us
        )

    def _drain(self) -> None:
        """Every fault ends; each till does its end of day; then there is a bound for coming to
        rest."""
        self.trace.emit("world", "closed", {})
        self.injector.stop()
        self.trace.emit("world", "drain", {"tills": tuple(self.tills)})
        for lane in self.lanes.values():
            lane.close()
        for till in self.tills.values():
            till.cashier.close()
        bound_us = self.close_us + self.scenario.drain_us
        while self.clock.now_us < bound_us and not all(map(at_rest, self.drivers.values())):
            soon_us = max(self.clock.now_us + REST_STEP_US, int(min(self.clock.peek(), bound_us)))
            self.clock.run_until(min(soon_us, bound_us))

    # --- building ---------------------------------------------------------------------------------

    def _make_host(self) -> Host:
        config = self.scenario.host
        chip = ChipIssuer(load_card_keys().issuer)
        host = self._build.host(self.codec, HostDukpt(self._bdk), Issuer(config.pin_tries), chip)
        for person, account in zip(self._people, self._accounts, strict=True):
            balance_minor = person.balance_minor
            if balance_minor is None:
                balance_minor = config.balance_minor
            host.issuer.open_account(person.pan, Pin(person.pin), person.expiry, balance_minor)
            host.wallets.open(account, balance_minor)
        return host

    def _make_network(self) -> None:
        line, dns, config = self.scenario.line, self.scenario.dns, self.scenario.host
        clock, keyed = self.clock, self.keyed
        self.router = Router()
        self.line = Line(line.delay_us, line.jitter_us, line.p_loss)
        self.dns = Dns(dns.delay_us, dns.ttl_us)
        self.gateway = Gateway(clock, self.trace.voice("gateway"))
        self.service = HostDriver(
            clock, self.host, config.servers, config.service,
            lambda entity: keyed.sequence("host/service", entity), self.trace.voice("host"),
            lambda: self.calendar.year_month(clock.now_us),
        )  # fmt: skip
        self.gateway.to_host = self.service.arrive

    def _make_cards(self) -> list[BankCard]:
        return [self._make_card(i, person) for i, person in enumerate(self._people)]

    def _make_card(self, i: int, person: Person) -> BankCard:
        stripe = StripeCard(
            person.pan, person.expiry, person.service_code, person.name,
            self.keyed.sequence("card/swipe", i),
        )  # fmt: skip
        if not person.chip:
            return BankCard(stripe)
        holder = Holder(person.pan, person.expiry, person.name, person.service_code)
        profile = load_card_profile(person.chip)
        image = personalise(
            profile, holder, Pin(person.pin), name=person.chip, test_pans=self.scenario.test_pans
        )
        chip = ChipCard(
            image, self.streams[f"card/{i}/chip"].bytes, self.keyed.sequence("card/chip", i)
        )
        return BankCard(stripe, chip)

    def _make_wallets(self) -> list[Wallet]:
        """Each person's phone, beside the card."""
        return [
            Wallet(account, self.keyed.sequence("wallet/first", account))
            for account in self._accounts
        ]

    def _add_till(self, till: TillSpec, number: int) -> None:
        name, scenario, clock, keyed = till.name, self.scenario, self.clock, self.keyed
        key_id = _BDK_ID + number.to_bytes(4)
        initial_key = derive_initial_key(self._bdk, key_id)
        self._keys.append(initial_key.expose())
        padding = self.streams["keys/padding"].bytes
        key_block = wrap_initial_key(self._transport, initial_key, key_id, padding)
        terminal_id, merchant_id = f"T{number:07d}", "POSEMU000000001"
        self.host.register(terminal_id, merchant_id, key_id)
        access = AccessMedium(till.rssi_dbm)
        network = TerminalNetwork(
            name, clock, Path(access, self.router, self.line), self.dns, self.gateway, keyed,
            self.trace.voice(name),
        )  # fmt: skip
        gate = Gate("power")
        voice = self.trace.voice(name, gate)
        module = self._build.module(
            load_initial_key_block(self._transport, key_block),
            self.codec,
            self.streams[f"{name}/module"].bytes,
        )
        terminal = self._build.terminal(
            name,
            terminal_id,
            merchant_id,
            self.profile,
            Ports(
                voice,
                clock.read_us,
                lambda: self.calendar.time_and_date(clock.now_us),
                lambda: self.calendar.today(clock.now_us),
                network,
                lambda what, n: keyed(what, name, n),
            ),
            module,
            self.codec,
            Keypad(keyed.sequence("keypad", name)),
            StripeReader(keyed.sequence("reader", name)),
            ChipReader(
                load_chip_times("posemu-default"), keyed.sequence("chip-reader", name), voice
            ),
            load_terminal("posemu-default"),
            scenario.lang,
        )
        driver = TerminalDriver(clock, terminal, network, gate)
        buyers = scenario.buyers
        pace = Pace(
            buyers.key_us, buyers.swipe_us, buyers.look_us, buyers.patience_us,
            scan_us=buyers.scan_us, insert_us=buyers.insert_us,
        )  # fmt: skip
        lane = self.lanes[name] = Lane(clock, self.trace.voice(f"{name}/lane"))
        cashier = Cashier(clock, driver, lane, pace, keyed.sequence("cashier/notices", name))
        terminal.display.watchers.append(cashier.see)
        self.drivers[name] = driver
        self.tills[name] = Till(name, terminal, access, cashier, self._cards)

    def _canaries(self) -> Canaries:
        people = self._people
        codes = self._accounts if self.scenario.buyers.p_code > 0 else ()
        return Canaries([p.pan for p in people], [p.pin for p in people], self._keys, codes)


@cache
def _codec(dialect: str) -> Codec:
    """One codec a dialect for all worlds: it holds compiled field tables and nothing of any
    message."""
    return Codec(load_dialect(dialect))


def world_seed(seed: int, replication: int) -> int:
    """Seeds belong to the replication, not to the variant: two variants see the same customers."""
    return int.from_bytes(
        blake2b(f"{seed}/{replication}".encode(), digest_size=8).digest(), "big", signed=True
    )


def at_rest(driver: TerminalDriver) -> bool:
    """Ready, every sale settled (and the day at least once), nothing pending and nothing left to
    print."""
    terminal = driver.terminal
    journal = terminal.journal
    return (
        terminal.power.on
        and terminal.state is State.IDLE
        and terminal.settlements > 0
        and not journal.settling
        and journal.totals.sales == 0
        and journal.reversal is None
        and journal.order is None
        and terminal.queue.head is None
        and not journal.unprinted
    )
