"""Brings the faults of a scenario into a running world: says which verb, when, how strongly, for
how long, and records it.

Random processes are compiled to moments before the world runs, from keyed draws, so that adding one
fault moves no other. A fault that never strikes leaves no trace. `stop` ends everything, all-day
faults too, before the world is asked to come to rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from posemu.faults.catalogue import FailureMode
from posemu.faults.interventions import InterventionSpec, load_intervention
from posemu.faults.mechanisms import Heal, Strike, strike_with
from posemu.faults.remedies import REMEDIES, Remedy
from posemu.faults.site import Site, Till
from posemu.faults.triggers import (
    Always,
    AtRate,
    AtTimes,
    FaultSpec,
    InSpells,
    OnJournal,
    OnMessage,
    OnState,
)
from posemu.sim import Distribution, Event, Exponential, Trace

_MTI_AT = 7  # bytes: length 2, TPDU 5
# Mechanisms whose strikes do not share a part: each heals by itself.
_APART = ("lose_message", "wear_chip_contacts", "disturb_chips", "order_script")
_Part = tuple[str, str | None, int]  # mechanism, till, and a number where strikes stand apart


@dataclass(slots=True)
class _Fault:
    spec: FaultSpec
    mode: FailureMode
    key: str
    struck: int = 0
    met: int = 0


class Injector:
    """Made before the world starts; `begin` strikes what holds from the start and arms the rest."""

    def __init__(
        self, site: Site, trace: Trace, specs: list[FaultSpec], catalogue: dict[str, FailureMode],
        remedies: Iterable[InterventionSpec] = (),
    ) -> None:  # fmt: skip
        self._site = site
        self._trace = trace
        self._faults: list[_Fault] = []
        self._healing: dict[int, tuple[_Part, Heal]] = {}
        self._waiting: dict[_Part, list[Heal]] = {}
        self._struck: dict[int, tuple[str, str | None]] = {}  # what is healing: mode and till
        self._strikes = 0
        self._stopped = False
        self._remedies = tuple(remedies)
        self._removed: set[tuple[str, str | None]] = set()  # failure mode, till (None: everywhere)
        self._left: dict[tuple[str, str | None], float] = {}  # likewise: what is left of a spell
        same: dict[str, int] = {}
        for spec in specs:
            same[spec.id] = same.get(spec.id, 0) + 1
            key = f"{spec.id}/{same[spec.id]}"
            self._faults.append(_Fault(spec, catalogue[spec.id], key))

    # --- interventions ----------------------------------------------------------------------------

    def remove(self, mode_ids: tuple[str, ...], tills: tuple[str, ...]) -> None:
        """These failure modes end now, and strike no more (at these tills; none: anywhere)."""
        self._removed.update((mode_id, till) for mode_id in mode_ids for till in tills or (None,))
        for number in sorted(self._healing):
            mode_id, till = self._struck[number]
            if self._is_removed(mode_id, till):
                self._heal(number)

    def shorten(self, mode_ids: tuple[str, ...], left: float, tills: tuple[str, ...]) -> None:
        """From now on spells of these failure modes last only this share of their time (at these
        tills; none: anywhere)."""
        for where in [(mode_id, till) for mode_id in mode_ids for till in tills or (None,)]:
            self._left[where] = left * self._left.get(where, 1.0)

    def _share_left(self, mode_id: str, till: str | None) -> float:
        everywhere = self._left.get((mode_id, None), 1.0)
        return everywhere if till is None else everywhere * self._left.get((mode_id, till), 1.0)

    def _is_removed(self, mode_id: str, till: str | None) -> bool:
        return (mode_id, None) in self._removed or (mode_id, till) in self._removed

    def _intervene(self, spec: InterventionSpec) -> None:
        intervention = load_intervention(spec.id)
        data = {"intervention": spec.id, "tills": spec.tills}
        self._trace.emit("injector", "intervention", data)
        remedy = Remedy(self._site, self, intervention.acts_on, spec.tills)
        REMEDIES[intervention.mechanism](remedy, **spec.params)

    def begin(self) -> None:
        for spec in self._remedies:
            if spec.at_us:
                self._site.clock.call_at(spec.at_us, self._intervene, spec)
            else:
                self._intervene(spec)
        planned: list[tuple[int, int, _Fault, int | None]] = []
        for order, fault in enumerate(self._faults):
            trigger = fault.spec.trigger
            match trigger:
                case Always():
                    self._strike_all(fault, None)
                case AtTimes():
                    planned += [(at, order, fault, span) for at, span in trigger.strikes]
                case OnMessage():
                    sender = "terminal" if trigger.mti[2] in "02" else "host"
                    kind = "frame-sent" if trigger.end == sender else "frame-received"
                    self._trace.observe(self._on_message(fault, trigger), kind)
                case OnState():
                    self._trace.observe(self._on_state(fault, trigger), "state")
                case OnJournal():
                    kind = f"journal-{trigger.what}"
                    self._trace.observe(self._on_journal(fault, trigger), kind)
                case AtRate() | InSpells():
                    raise ValueError("chance is compiled to moments first: see `compile_chance`")
        for at_us, _, fault, span_us in sorted(planned, key=lambda plan: plan[:2]):
            self._site.clock.call_at(at_us, self._strike_all, fault, span_us)

    def stop(self) -> None:
        """Every fault ends now and none strikes any more."""
        self._stopped = True
        for number in sorted(self._healing):
            self._heal(number)

    # --- anchors ----------------------------------------------------------------------------------

    def _on_message(self, fault: _Fault, anchor: OnMessage) -> Callable[[Event], None]:
        mti = bytes.fromhex(anchor.mti)

        def look(event: Event) -> None:
            data = event.data
            if data["end"] == anchor.end and data["bytes"][_MTI_AT : _MTI_AT + 2] == mti:
                self._meet(fault, data.get("terminal", event.source), anchor)

        return look

    def _on_state(self, fault: _Fault, anchor: OnState) -> Callable[[Event], None]:
        def look(event: Event) -> None:
            if event.data["state"] == anchor.state:
                self._meet(fault, event.source, anchor)

        return look

    def _on_journal(self, fault: _Fault, anchor: OnJournal) -> Callable[[Event], None]:
        def look(event: Event) -> None:
            self._meet(fault, event.source, anchor)

        return look

    def _meet(self, fault: _Fault, till: str, anchor: OnMessage | OnState | OnJournal) -> None:
        """An anchor was passed: at the n-th time, strike."""
        if fault.spec.target not in (None, till) or self._stopped:
            return
        fault.met += 1
        if fault.met == anchor.nth:
            if anchor.after_us:
                self._site.clock.call_in(anchor.after_us, self._strike, fault, till, None)
            else:
                self._strike(fault, till, None)

    # --- striking and healing ---------------------------------------------------------------------

    def _strike_all(self, fault: _Fault, span_us: int | None) -> None:
        if fault.mode.target != "till":
            self._strike(fault, None, span_us)
        elif fault.spec.target is not None:
            self._strike(fault, fault.spec.target, span_us)
        else:
            for till in self._site.tills:
                self._strike(fault, till, span_us)

    def _strike(self, fault: _Fault, till_name: str | None, span_us: int | None) -> None:
        spec = fault.spec
        if self._stopped or self._is_removed(spec.id, till_name):
            return
        fault.struck += 1
        self._strikes += 1
        number = self._strikes
        entity = f"{fault.key}/{fault.struck}"
        till = self._till(fault, till_name)
        keyed = self._site.keyed
        if span_us is None and spec.span is not None and not isinstance(spec.trigger, Always):
            span_us = spec.span.quantile_us(keyed("fault/span", entity, 0))
        if span_us is not None and self._left:
            span_us = int(span_us * self._share_left(spec.id, till_name))
        data = {"fault": spec.id, "what": "begins", "number": number}
        if till is not None:
            data["terminal"] = till.name
        if span_us is not None:
            data["span_us"] = span_us
        self._trace.emit("injector", "fault", data)
        momentary = not isinstance(spec.trigger, Always)
        strike = Strike(self._site, till, keyed.sequence("fault", entity), momentary)
        mode = fault.mode
        heal = strike_with(mode.mechanism, strike, spec.params)
        if heal is not None:
            part = (mode.mechanism, till_name, number if mode.mechanism in _APART else 0)
            self._healing[number] = (part, heal)
            self._struck[number] = (spec.id, till_name)
            if span_us is not None:
                self._site.clock.call_in(span_us, self._heal, number)

    def _till(self, fault: _Fault, name: str | None) -> Till | None:
        if fault.mode.target != "till" or name is None:
            return None
        return self._site.tills[name]

    def _heal(self, number: int) -> None:
        """One strike ends. A part that other strikes of the same kind still hold stays broken until
        the last of them has ended."""
        if number not in self._healing:
            return
        part, heal = self._healing.pop(number)
        del self._struck[number]
        self._trace.emit("injector", "fault", {"what": "ends", "number": number})
        waiting = self._waiting.setdefault(part, [])
        waiting.append(heal)
        if not any(other == part for other, _ in self._healing.values()):
            del self._waiting[part]
            for mend in waiting:
                mend()


def compile_chance(
    specs: Iterable[FaultSpec], horizon_us: int, draw: Callable[[str, str, int], float]
) -> list[FaultSpec]:
    """The same faults with every random process turned into the moments it gives up to `horizon_us`
    (draw: name, entity, ordinal)."""
    compiled: list[FaultSpec] = []
    same: dict[str, int] = {}
    for spec in specs:
        same[spec.id] = same.get(spec.id, 0) + 1
        entity = f"{spec.id}/{same[spec.id]}"
        if isinstance(spec.trigger, AtRate):
            strikes = _moments(spec.trigger, spec.span, entity, horizon_us, draw)
            spec = replace(spec, trigger=AtTimes(strikes))
        elif isinstance(spec.trigger, InSpells):
            strikes = _spells(spec.trigger, entity, horizon_us, draw)
            spec = replace(spec, trigger=AtTimes(strikes))
        compiled.append(spec)
    return compiled


def _spells(
    spells: InSpells, entity: str, horizon_us: int, draw: Callable[[str, str, int], float]
) -> tuple[tuple[int, int | None], ...]:
    """When the bad spells begin, and how long each lasts."""
    good, bad = Exponential(spells.good_us), Exponential(spells.bad_us)
    strikes: list[tuple[int, int | None]] = []
    at_us, n = 0, 0
    while True:
        n += 1
        at_us += 1 + good.quantile_us(draw("fault/good", entity, n))
        if at_us >= horizon_us:
            return tuple(strikes)
        span_us = 1 + bad.quantile_us(draw("fault/bad", entity, n))
        strikes.append((at_us, span_us))
        at_us += span_us


def _moments(
    rate: AtRate, span: Distribution | None, entity: str, horizon_us: int,
    draw: Callable[[str, str, int], float],
) -> tuple[tuple[int, int | None], ...]:  # fmt: skip
    gap = Exponential(1.0 / rate.per_us)
    strikes: list[tuple[int, int | None]] = []
    at_us, n = 0, 0
    while True:
        n += 1
        at_us += 1 + gap.quantile_us(draw("fault/gap", entity, n))
        if at_us >= horizon_us:
            return tuple(strikes)
        span_us = span.quantile_us(draw("fault/length", entity, n)) if span is not None else None
        strikes.append((at_us, span_us))
