"""The bases of the exhaustive tests: one till, up to four cardholders, and a story.

A *base* is a world in which something happens: a sale that is approved, one that is reversed, a
restart in the middle of one, a code payment whose order is closed. Its own faults make the story.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from posemu.crypto import KeyExhausted
from posemu.faults import Always, FaultSpec, OnJournal, OnMessage, OnState, Trigger
from posemu.host import Host, Orders
from posemu.profiles import load_profile
from posemu.scenario import Build, Scenario, load_text
from posemu.scenario.people import Person, load_built_in
from posemu.sim import Constant
from posemu.terminal import SecureModule

SECOND = 1_000_000
TILL = "till-1"

# ttl: names are looked up for every connection, so that a name service that fails is felt at once.
_SCENARIO = load_text(
    """
    posemu: 1
    seed: 1
    day: {from: "09:00", to: "09:10"}
    tills: {till-1: {rssi: -50 dBm}}
    cardholders: {each: 1, gap: 3s, basket: {uniform: {low: 10.00 CNY, high: 90.00 CNY}}}
    network: {dns: {ttl: 1s}}
    drain: {within: 30 min}
    """,
    "acceptance.yaml",
)
FLUSH_US = load_profile(_SCENARIO.profile).flush_us

_PEOPLE = load_built_in("sixteen")
GOOD = _PEOPLE[0]
ALSO_GOOD = _PEOPLE[3]
POOR = replace(_PEOPLE[1], balance_minor=1)  # declined, 51
CHIP = next(p for p in _PEOPLE if p.chip)  # a credit card with CDA, whose chip checks the PIN
BASIC = replace(CHIP, chip="basic-sda")  # a card that is quick to compute, likewise
BLOCKED = replace(CHIP, chip="blocked-card")  # not accepted: cancelled
CHOICE = replace(CHIP, chip="two-applications")


class _FewKeys(SecureModule):
    """A secure module near the end of its keys: two messages, then none."""

    left = 2

    def seal(self, *args: Any, **kwargs: Any) -> Any:
        if self.left == 0:
            raise KeyExhausted
        self.left -= 1
        return super().seal(*args, **kwargs)


class _Password(Orders):
    """Every customer types a password on the phone."""

    password_from_minor = 0


class _NobodyFinishes(_Password):
    """They begin, and never finish."""

    password_queries = 1_000_000


class _PasswordHost(Host):
    desk = _Password


class _PatientHost(Host):
    desk = _NobodyFinishes


@dataclass(frozen=True)
class Base:
    """What happens without the fault under test; `shows` says what it is here for."""

    name: str
    shows: str
    people: tuple[Person, ...] = (GOOD,)
    seed: int = 1  # with several people: one with which they come in this order
    faults: tuple[FaultSpec, ...] = ()
    build: Build = field(default_factory=Build)
    p_code: float = 0.0  # the share of customers who pay by code
    each: int | None = None  # how many customers, where it is not once each person

    @property
    def by_chip(self) -> bool:
        """A chip does what the base is here for."""
        return all(person.chip for person in self.people)

    @property
    def scenario(self) -> Scenario:
        return replace(
            _SCENARIO,
            name=self.name,
            seed=self.seed,
            people=self.people,
            cardholders=replace(
                _SCENARIO.cardholders, each=self.each or len(self.people), p_code=self.p_code
            ),
            faults=self.faults,
        )


def fault(mode_id: str, trigger: Trigger, for_us: int | None = None, /, **params: Any) -> FaultSpec:
    span = None if for_us is None else Constant(float(for_us))
    return FaultSpec(mode_id, None, params, trigger, span)


def cut(trigger: Trigger, for_us: int = 3 * SECOND) -> FaultSpec:
    return fault("power-unstable", trigger, for_us, router=False)


def lose(trigger: Trigger, direction: str, count: int = 1) -> FaultSpec:
    return fault(
        "transmission-loss", trigger,
        direction=direction, effect="drop", delay=0, count=count, p=1.0,
    )  # fmt: skip


TWO_IN_ORDER, FOUR_IN_ORDER = 1, 38  # seeds with which so many people come in their order
SELECTED, SELECTED_LATE = 4, 6  # with which a chip is selected for the host: the first, the second
CARD_THEN_CODE = 19  # and with which, of two, the first has a card and the second a phone
_ANSWER_LOST = lose(OnMessage("0210", "host"), "answer")
_REQUEST_LOST = lose(OnMessage("0200", "terminal"), "request")
_BY_CODE = 1.0
ALWAYS = Always()

BASES: dict[str, Base] = {
    base.name: base
    for base in (
        Base("plain", "sign-on, one sale approved, end of day"),
        Base(
            "sale", "a sale approved, one declined, one cancelled, one more approved",
            (GOOD, POOR, BLOCKED, ALSO_GOOD), FOUR_IN_ORDER,
        ),
        Base("two-sales", "two sales, both approved", (GOOD, ALSO_GOOD), TWO_IN_ORDER),
        Base(
            "two-sales-one-reversed", "two sales, the first one is reversed",
            (GOOD, ALSO_GOOD), TWO_IN_ORDER, (_ANSWER_LOST,),
        ),
        Base("reversal", "the answer is lost; reversed at once", faults=(_ANSWER_LOST,)),
        Base(
            "reversal-repeats", "the reversal's answers are lost too, a customer waits for it",
            (GOOD, ALSO_GOOD), TWO_IN_ORDER,
            (_ANSWER_LOST, lose(OnMessage("0400", "terminal"), "answer", count=2)),
        ),
        Base(
            "reversal-offline", "the line fails behind the request; no connection to reverse it",
            faults=(fault("comms-outage", OnState("sale-waiting", 1, 5_000), 75 * SECOND),),
        ),
        Base(
            "sign-on-fails", "no connection for the first sign-on, no answer to the second",
            faults=(
                fault("comms-outage", OnState("sign-on-connecting"), 8 * SECOND),
                lose(OnState("sign-on-connecting", 2), "answer"),
            ),
        ),
        Base(
            "end-of-day-fails", "no connection for the first end of day, no answer to the second",
            faults=(
                fault("comms-outage", OnState("settle-connecting"), 20 * SECOND),
                lose(OnState("settle-connecting", 2), "answer"),
            ),
        ),
        Base(
            "end-of-day-reverses-first", "the end of day finds a reversal pending",
            faults=(_ANSWER_LOST, lose(OnMessage("0400", "terminal"), "both")),
        ),
        Base(
            "cut-prepared", "power cut while the record of a sale is flushed",
            faults=(cut(OnJournal("write", 3, FLUSH_US - 1_000)),),
        ),
        Base(
            "cut-waiting", "power cut while a sale waits for its answer",
            faults=(cut(OnState("sale-waiting")),),
        ),
        Base(
            "cut-approved", "power cut between commit and receipt",
            faults=(cut(OnState("sale-approved")),),
        ),
        Base(
            "cut-reversing", "power cut while a reversal waits for its answer",
            faults=(_ANSWER_LOST, cut(OnState("reversal-waiting"))),
        ),
        Base(
            "cut-settling", "power cut while the end of day waits for its answer",
            faults=(cut(OnState("settle-waiting")),),
        ),
        Base(
            "late-receipt", "the paper ends in the middle; the receipt is printed later",
            faults=(fault("printer-consumable-out", OnState("sale-printing"), 5 * SECOND),),
        ),
        Base(
            "code", "two sales by code: one approved, one declined",
            (GOOD, POOR), TWO_IN_ORDER, p_code=_BY_CODE,
        ),
        Base(
            "code-password", "the customer types a password on the phone",
            build=Build(host=_PasswordHost), p_code=_BY_CODE,
        ),
        Base(
            "code-queried", "the answer is lost; a query finds the order paid",
            faults=(_ANSWER_LOST,), p_code=_BY_CODE,
        ),
        Base(
            "code-lost", "the request is lost; closed at the deadline",
            faults=(_REQUEST_LOST,), p_code=_BY_CODE,
        ),
        Base(
            "code-closed-late", "nobody finishes on the phone; two closes are not answered, and a "
            "customer waits for it",
            (GOOD, ALSO_GOOD), TWO_IN_ORDER,
            (lose(OnState("order-closing"), "answer", count=2),),
            Build(host=_PatientHost), _BY_CODE,
        ),
        Base(
            "code-paid-at-close", "answer and query are lost; the close finds the order paid",
            faults=(_ANSWER_LOST, lose(OnMessage("0610", "host"), "answer")), p_code=_BY_CODE,
        ),
        Base(
            "end-of-day-closes-first", "the end of day finds an order open",
            faults=(_REQUEST_LOST, lose(OnState("order-closing"), "both")), p_code=_BY_CODE,
        ),
        Base(
            "code-while-reversing", "a code sale while the reversal of a card sale is pending",
            (GOOD, ALSO_GOOD), CARD_THEN_CODE,
            (_ANSWER_LOST, lose(OnMessage("0400", "terminal"), "answer")), p_code=0.5,
        ),
        Base(
            "cut-code-waiting", "power cut while a pay waits for its answer",
            faults=(cut(OnState("code-waiting")),), p_code=_BY_CODE,
        ),
        Base(
            "cut-querying", "power cut while a query waits for its answer",
            faults=(_ANSWER_LOST, cut(OnState("order-querying"))), p_code=_BY_CODE,
        ),
        Base(
            "chip", "the card approves alone; the host approves; the host declines; an upload",
            (replace(BASIC, balance_minor=12_000),), each=3,
        ),
        Base(
            "chip-unanswered", "the card approves alone, and once more because no answer came",
            (BASIC,), SELECTED_LATE, (_ANSWER_LOST,), each=2,
        ),
        Base(
            "chip-lost", "the answer is lost, and the card declines", (BASIC,), SELECTED,
            (_ANSWER_LOST,),
        ),
        Base(
            "chip-no-line", "no connection, and the card declines", (BASIC,), SELECTED,
            (fault("comms-outage", OnState("sale-connecting"), 20 * SECOND),),
        ),
        Base(
            "chip-refused", "the host approves, its proof is wrong, and the card declines", (CHIP,),
            faults=(fault("issuer-proof-wrong", ALWAYS),),
        ),
        Base(
            "chip-fallback", "three inserts fail, then the stripe", (BASIC,),
            faults=(fault("chip-contact-poor", ALWAYS, p_bad_card=1.0, p_no_atr=1.0, p_mute=0.0),),
        ),
        Base("chip-choice", "the cardholder chooses one of two applications", (CHOICE,)),
        Base(
            "advice-repeats", "the answers to an upload are lost, twice", (BASIC,),
            faults=(lose(OnMessage("0230", "host"), "answer", count=2),),
        ),
        Base(
            "cut-storing", "power cut while an offline approval is queued", (BASIC,),
            faults=(cut(OnState("sale-storing", 1, FLUSH_US // 2)),),
        ),
        Base(
            "cut-stored", "power cut when it is queued, and its approval not yet in the journal",
            (BASIC,), faults=(cut(OnState("sale-committing", 1, FLUSH_US // 2)),),
        ),
        Base(
            "cut-finishing", "power cut while the card has its last word", (BASIC,), SELECTED,
            (cut(OnState("sale-finishing", 1, 5_000)),),
        ),
        Base("keys-run-out", "the last key is used up", build=Build(module=_FewKeys)),
    )
}  # fmt: skip
