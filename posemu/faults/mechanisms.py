"""How things break: the few mechanisms behind the failure modes of the catalogue. Each calls verbs
and returns the call that heals.

A mechanism gets the site, the till that is struck (None for a fault of the whole site), its
parameters by name, and `draw(ordinal)`, the keyed draws of this one fault. It may return None when
there is nothing to heal. A component never learns which fault it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from posemu.card import BankCard
from posemu.card.chip import ChipCard
from posemu.card.chip.wear import Flaw
from posemu.faults.site import Site, Till
from posemu.host.chip import StandingOrder
from posemu.link import ANSWER, REQUEST, Bursts, LineQuality
from posemu.terminal.chip_reader import Moment
from posemu.terminal.reader import Wear

_INS = {
    "select": 0xA4, "gpo": 0xA8, "read-record": 0xB2, "get-data": 0xCA, "verify": 0x20,
    "internal-authenticate": 0x88, "external-authenticate": 0x82, "generate-ac": 0xAE,
}  # fmt: skip
"""The instructions of EMV Book 3, 6.3.2, by the names that a scenario has for them."""
_WRONG_STATUS = 0x6F00  # no precise diagnosis (ISO/IEC 7816-4): the chip's software gave up

Heal = Callable[[], None]


class Strike(NamedTuple):
    """One occurrence of a fault: where it acts, and its chance. `anchored` if it struck at a
    message or a state."""

    site: Site
    till: Till | None
    draw: Callable[[int], float]
    momentary: bool

    @property
    def at(self) -> Till:
        """The till it strikes; only for faults of a till."""
        assert self.till is not None, "this fault needs a till"
        return self.till


Mechanism = Callable[..., Heal | None]


# --- link -----------------------------------------------------------------------------------------


def weaken_signal(strike: Strike, rssi: float) -> Heal:
    access = strike.at.access
    access.set_signal(rssi)
    return access.restore_signal


def make_line_bursty(
    strike: Strike, good: int, bad: int, loss_good: float, loss_bad: float, delay_bad: int
) -> Heal:
    line = strike.site.line
    bursts = Bursts(good, bad, strike.draw, strike.site.clock.now_us)
    line.make_bursty(bursts, LineQuality(loss_good), LineQuality(loss_bad, delay_bad))
    return line.make_steady


def cut_line(strike: Strike) -> Heal:
    strike.site.line.cut()
    return strike.site.line.mend


def fail_dns(strike: Strike) -> Heal:
    strike.site.dns.fail()
    return strike.site.dns.heal


def lose_message(
    strike: Strike, direction: str, effect: str, delay: int, count: int, p: float
) -> Heal:
    """Messages of a terminal are dropped, damaged, held up or doubled at the gateway: the next
    `count` of them, each with probability p; all day without a count, if nothing anchors the fault.
    """
    gateway, terminal = strike.site.gateway, strike.at.name
    directions = (REQUEST, ANSWER) if direction == "both" else (direction,)
    left = count if strike.momentary else None

    def mischief(ordinal: int, whose: str, way: str) -> tuple[str, int, float] | None:
        nonlocal left
        if whose != terminal or way not in directions or left == 0:
            return None
        u = strike.draw(ordinal)
        if u >= p:
            return None
        if left is not None:
            left -= 1
        return effect, delay, u / p

    gateway.spoil(mischief)
    return lambda: gateway.leave_alone(mischief)


# --- host -----------------------------------------------------------------------------------------


def mute_host(strike: Strike, mode: str, p_booked: float) -> Heal:
    service = strike.site.service
    if mode == "freeze":
        service.freeze()
        return service.thaw
    service.mute(p_booked)
    return service.unmute


def fail_host(strike: Strike, code: str) -> Heal:
    host = strike.site.service.host
    host.fail(code)
    return host.recover


def spoil_issuer_proofs(strike: Strike) -> Heal:
    issuer = strike.site.service.host.chip
    issuer.spoil_proofs()
    return issuer.mend_proofs


def order_script(strike: Strike, script: str, before: bool, spoiled: bool) -> Heal:
    issuer, order = strike.site.service.host.chip, StandingOrder(script, before, spoiled)
    issuer.order_for_all(order)
    return lambda: issuer.withdraw(order)


# --- cards and their holders ----------------------------------------------------------------------


def _bad_cards(strike: Strike, part: str, p_bad_card: float) -> list[BankCard]:
    """The share of cards whose stripe or chip is bad: the same ones at every till, for there is one
    of each."""
    draw = strike.site.keyed.sequence("card/bad", part)
    return [card for i, card in enumerate(strike.at.cards) if draw(i) < p_bad_card]


def degrade_cards(strike: Strike, p_bad_card: float, p_fail_given_bad: float) -> Heal:
    bad = [card.stripe for card in _bad_cards(strike, "stripe", p_bad_card)]
    for card in bad:
        card.degrade(p_fail_given_bad)

    def heal() -> None:
        for card in bad:
            card.restore()

    return heal


def wear_chip_contacts(strike: Strike, p_bad_card: float, p_no_atr: float, p_mute: float) -> Heal:
    return _flaw_chips(strike, p_bad_card, lambda chip: chip.wear.wear_contacts(p_no_atr, p_mute))


def disturb_chips(strike: Strike, effect: str, command: str, p_bad_card: float, delay: int) -> Heal:
    """`command` counts for the effects on the answer to one command, `delay` for a slow chip."""
    ins = _INS[command]
    verbs: dict[str, Callable[[ChipCard], Flaw]] = {
        "wrong-status": lambda chip: chip.wear.answer_wrongly(ins, _WRONG_STATUS),
        "truncated": lambda chip: chip.wear.truncate(ins),
        "garbled": lambda chip: chip.wear.garble(ins),
        "slow": lambda chip: chip.wear.slow_down(delay),
        "wrong-cryptogram": lambda chip: chip.wear.spoil_cryptogram(),
        "atc-stuck": lambda chip: chip.wear.stick_atc(),
    }
    return _flaw_chips(strike, p_bad_card, verbs[effect])


def _flaw_chips(strike: Strike, p_bad_card: float, verb: Callable[[ChipCard], Flaw]) -> Heal:
    """A share of the chips gets a flaw; healing takes away those flaws and no others."""
    flaws = [
        (card.chip, verb(card.chip)) for card in _bad_cards(strike, "chip", p_bad_card)
        if card.chip is not None
    ]  # fmt: skip

    def heal() -> None:
        for chip, flaw in flaws:
            chip.wear.mend(flaw)

    return heal


def pull_card(strike: Strike, exchange: int, moment: str) -> Heal:
    reader = strike.at.terminal.chip
    reader.pull_at(exchange, Moment(moment))
    return reader.leave_in


def forget_pin(strike: Strike, times: int) -> Heal:
    cashier = strike.at.cashier
    cashier.forget_pin(times)
    return cashier.remember_pin


def bypass_pin(strike: Strike) -> Heal:
    cashier = strike.at.cashier
    cashier.bypass_pin()
    return cashier.give_pin


# --- terminal -------------------------------------------------------------------------------------


def wear_head(strike: Strike, eta: float, k: float, p0: float, p_max: float, swipes: int) -> Heal:
    reader = strike.at.terminal.reader
    reader.wear(Wear(eta, k, p0, p_max), swipes)
    return reader.replace_head


def wear_chip_reader(
    strike: Strike, eta: float, k: float, p0: float, p_max: float, insertions: int
) -> Heal:
    reader = strike.at.terminal.chip
    reader.wear(Wear(eta, k, p0, p_max), insertions)
    return reader.replace_contacts


def jam_printer(strike: Strike) -> Heal:
    terminal = strike.at.terminal
    terminal.printer.jam()

    def heal() -> None:
        terminal.printer.clear_jam()
        terminal.paper_ready()

    return heal


def run_out_of_paper(strike: Strike) -> Heal:
    terminal = strike.at.terminal
    terminal.printer.run_out_of_paper()

    def heal() -> None:
        terminal.printer.load_paper()
        terminal.paper_ready()

    return heal


def bounce_keys(strike: Strike, p_key: float, p_noticed: float) -> Heal:
    till = strike.at
    till.terminal.keypad.misread(p_key)
    till.cashier.set_attention(p_noticed)

    def heal() -> None:
        till.terminal.keypad.mend()
        till.cashier.set_attention(1.0)

    return heal


def cut_power(strike: Strike, router: bool) -> Heal:
    """The terminal loses its supply; with `router`, the shop's router as well, which comes back
    with it."""
    terminal, shop_router = strike.at.terminal, strike.site.router
    if router:
        shop_router.go_down()
    terminal.power.cut()

    def heal() -> None:
        if router:
            shop_router.come_up()
        terminal.power.restore()

    return heal


def restart_terminal(strike: Strike) -> Heal:
    """The terminal hangs, and somebody switches it off and on again."""
    power = strike.at.terminal.power
    power.cut()
    return power.restore


def weaken_crypto(strike: Strike) -> Heal:
    """Negative control of the leak scanner: the track leaves the terminal in clear, and the host
    does not mind."""
    module, host = strike.at.terminal.module, strike.site.service.host
    module.weaken()
    host.accept_clear_track(True)

    def heal() -> None:
        module.strengthen()
        host.accept_clear_track(False)

    return heal


MECHANISMS: dict[str, Mechanism] = {
    mechanism.__name__: mechanism
    for mechanism in (
        weaken_signal,
        make_line_bursty,
        cut_line,
        fail_dns,
        lose_message,
        mute_host,
        fail_host,
        spoil_issuer_proofs,
        order_script,
        degrade_cards,
        wear_chip_contacts,
        disturb_chips,
        pull_card,
        forget_pin,
        bypass_pin,
        wear_head,
        wear_chip_reader,
        jam_printer,
        run_out_of_paper,
        bounce_keys,
        cut_power,
        restart_terminal,
        weaken_crypto,
    )
}


def strike_with(name: str, strike: Strike, params: dict[str, Any]) -> Heal | None:
    """Applies the mechanism of that name."""
    return MECHANISMS[name](strike, **params)
