"""Events of a trace as moments that a person can follow: who, what, when, in words.

Which events belong to a story, `course` decides. A frame is told when it is sent, and once more
when it arrives; one that never arrives is told as lost. Decoded fields are masked; whoever shows a
moment of somebody else's terminal must still look for secrets in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from posemu.faults import AtTimes, FaultSpec, load_catalogue
from posemu.faults.catalogue import Param
from posemu.faults.triggers import Always
from posemu.profiles import Profile
from posemu.report.frames import Fates
from posemu.report.words import (
    ADVICES,
    CODES,
    MESSAGES,
    METHODS,
    MISCHIEF,
    RECORDS,
    SLIPS,
    STATES,
    STORY_TEXT,
    SYMPTOMS,
    WHY,
    said,
)
from posemu.scenario.calendar import Calendar
from posemu.sim import US_PER_S, Event
from posemu.terminal.messages import load_messages
from posemu.wire import Codec, Explanation, explain, parse_command

PEOPLE, TERMINAL, LINE, HOST = "people", "terminal", "line", "host"
TO_HOST, TO_TERMINAL = "to host", "to terminal"
_MESSAGE_AT = 7  # bytes: length 2, TPDU 5
_PROCESSING, _CODE = 3, 39  # DE3, DE39
_BRIEF = 2  # parameters of a fault that its title names
Row = tuple[str, str, str]
"""Field, its name, its value."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. `t_us` counts from the start of the sale; `clock` is the shop's.

    `actor` is "people", "terminal", "line" or "host"; `kind` is "person", "screen", "message",
    "lost", "journal", "receipt", "fault", "posting", "violation" or "state". `rows` are the decoded
    fields of a message, or how strong a fault is; `lines` the text of a screen or slip; `direction`
    is "to host", "to terminal" or "". `under` names the faults that hold at this moment.
    """

    t_us: int
    clock: str
    actor: str
    kind: str
    title: str
    rows: tuple[Row, ...] = ()
    lines: tuple[str, ...] = ()
    direction: str = ""
    under: tuple[str, ...] = ()


class Teller:
    """Makes the moments of one till's story, in one language."""

    def __init__(
        self, lang: str, start_us: int, calendar: Calendar, codec: Codec, profile: Profile,
        schedule: Sequence[FaultSpec], events: Sequence[Event], fates: Fates,
    ) -> None:  # fmt: skip
        self._lang = lang
        self._start_us = start_us
        self._calendar = calendar
        self._codec = codec
        self._profile = profile
        self._schedule = schedule
        self._events = events
        self._fates = fates

    def tell(self, here: int) -> Moment | None:
        """The moment of the event in this place of the trace; None if it is none."""
        event = self._events[here]
        if event.kind in ("frame-sent", "frame-received"):
            return self._frame(here, event)
        return _TELLERS[event.kind](self, event) if event.kind in _TELLERS else None

    # --- words ------------------------------------------------------------------------------------

    def text(self, key: str, **values: object) -> str:
        return said(STORY_TEXT, key, self._lang, **values)

    def money(self, amount_minor: int) -> str:
        whole, part = divmod(abs(amount_minor), 100)
        currency = self._profile.currency_name
        unit = "元" if self._lang == "zh" and currency == "CNY" else currency
        return f"{whole}.{part:02d} {unit}"

    def clock(self, t_us: int) -> str:
        """The shop's clock to a tenth of a second: 08:12:31.4."""
        time, _ = self._calendar.time_and_date(t_us)
        tenth = t_us // 100_000 % 10  # a shop opens on the full minute
        return f"{time[:2]}:{time[2:4]}:{time[4:]}.{tenth}"

    def moment(
        self, t_us: int, actor: str, kind: str, title: str, rows: tuple[Row, ...] = (),
        lines: tuple[str, ...] = (), direction: str = "",
    ) -> Moment:  # fmt: skip
        past_us = t_us - self._start_us
        return Moment(past_us, self.clock(t_us), actor, kind, title, rows, lines, direction)

    # --- people -----------------------------------------------------------------------------------

    def _person(self, event: Event) -> Moment:
        data, kind, key = event.data, event.kind, event.kind
        values: dict[str, object] = {}
        if kind == "sale-started":
            key = f"presses/{data.get('method', 'card')}"
        elif kind in ("read", "scan"):
            key = f"{kind}/{'good' if data['good'] else 'bad'}"
        elif kind == "slot":
            key = "slot/in" if data["card"] else "slot/out"
        elif kind == "keys":
            key, values = f"keys/{data['what']}", {"count": data["count"]}
        elif kind == "customer-arrives":
            method = said(METHODS, data["method"], self._lang)
            key, values = "arrives", {"amount": self.money(data["amount_minor"]), "method": method}
        elif kind == "customer-called":
            key = "called"
        elif kind == "customer-leaves":
            key = "leaves/paid" if data["paid"] else "leaves/unpaid"
            values = {"method": said(METHODS, data["paid"], self._lang)}
        elif kind == "closed":
            key = "closes"
        return self.moment(event.t_us, PEOPLE, "person", self.text(key, **values))

    # --- terminal ---------------------------------------------------------------------------------

    def _screen(self, event: Event) -> Moment:
        title, lines = self.text("screen"), (event.data["text"],)
        return self.moment(event.t_us, TERMINAL, "screen", title, lines=lines)

    def _state(self, event: Event) -> Moment:
        title = said(STATES, event.data["state"], self._lang)
        return self.moment(event.t_us, TERMINAL, "state", title)

    def _journal(self, event: Event) -> Moment:
        what = said(RECORDS, event.data["record"], self._lang)
        title = self.text("journal", what=what)
        return self.moment(event.t_us, TERMINAL, "journal", title)

    def _advice(self, event: Event) -> Moment:
        title = self.text("advice", what=said(ADVICES, event.data["record"], self._lang))
        return self.moment(event.t_us, TERMINAL, "journal", title)

    def _apdu(self, event: Event) -> Moment:
        data = event.data
        key = "apdu" if data["heard"] else "apdu/mute"
        command = parse_command(data["command"]).name
        title = self.text(key, command=command, status=data["status"])
        return self.moment(event.t_us, TERMINAL, "state", title)

    def _chip_read(self, event: Event) -> Moment | None:
        if event.data["good"]:
            return None  # what it decided is told by what follows
        title = self.text("chip-unused", reason=event.data["reason"])
        return self.moment(event.t_us, TERMINAL, "state", title)

    def _alarm(self, event: Event) -> Moment:
        title = self.text(f"alarm/{event.data['cause']}/{event.data['reader']}")
        return self.moment(event.t_us, TERMINAL, "state", title)

    def _fallback(self, event: Event) -> Moment:
        return self.moment(event.t_us, TERMINAL, "state", self.text("fallback"))

    def _receipt(self, event: Event) -> Moment:
        title = self.text("slip", slip=said(SLIPS, event.data["slip"], self._lang))
        lines = event.data["lines"]
        return self.moment(event.t_us, TERMINAL, "receipt", title, lines=lines)

    def _no_slip(self, event: Event) -> Moment:
        slip = said(SLIPS, event.data["slip"], self._lang)
        title = said(WHY, f"slip/{event.data['why']}", self._lang, slip=slip)
        return self.moment(event.t_us, TERMINAL, "state", title)

    def _ended(self, event: Event) -> Moment:
        result = str(event.data.get("why", event.data["result"]))
        words = STORY_TEXT if f"ended/{result}" in STORY_TEXT else SYMPTOMS
        key = f"ended/{result}" if words is STORY_TEXT else result
        title = self.text("ended", result=said(words, key, self._lang))
        return self.moment(event.t_us, TERMINAL, "state", title)

    def _power(self, event: Event) -> Moment:
        title = self.text("power" if event.data["on"] else "dark")
        return self.moment(event.t_us, TERMINAL, "state", title)

    def _crash(self, event: Event) -> Moment:
        title = self.text("crash", what=event.data["text"])
        return self.moment(event.t_us, TERMINAL, "state", title)

    def _not_believed(self, event: Event) -> Moment:
        key = {"ignored-answer": "ignored", "garbled-answer": "garbled"}.get(event.kind, event.kind)
        return self.moment(event.t_us, TERMINAL, "state", self.text(key))

    def _no_answer(self, event: Event) -> Moment:
        time = self.length(self._profile.response_us)
        title = said(WHY, f"answer/{event.data['why']}", self._lang, time=time)
        return self.moment(event.t_us, TERMINAL, "state", title)

    # --- line and host ----------------------------------------------------------------------------

    def _connection(self, event: Event) -> Moment | None:
        if event.data["what"] != "up":
            return None  # what the terminal makes of it is told: no connection, or no answer
        return self.moment(event.t_us, LINE, "state", self.text("connected"))

    def _no_connection(self, event: Event) -> Moment:
        time = self.length(self._profile.connect_us)
        title = said(WHY, f"connection/{event.data['why']}", self._lang, time=time)
        return self.moment(event.t_us, LINE, "lost", title, direction=TO_HOST)

    def _mischief(self, event: Event) -> Moment:
        key = f"{event.data['effect']}/{event.data['direction']}"
        return self.moment(event.t_us, LINE, "fault", said(MISCHIEF, key, self._lang))

    def _posting(self, event: Event) -> Moment:
        amount_minor = event.data["amount_minor"]
        key = "books" if amount_minor > 0 else "takes-back"
        title = self.text(key, amount=self.money(amount_minor))
        return self.moment(event.t_us, HOST, "posting", title)

    def _refused(self, event: Event) -> Moment:
        return self.moment(event.t_us, HOST, "state", self.text("refused"))

    def _frame(self, here: int, event: Event) -> Moment:
        end = event.data["end"]
        found = explain(self._codec, event.data["bytes"][_MESSAGE_AT:], self._lang)
        if event.kind == "frame-received":
            return self._arrival(here, event, found)
        rows = _rows(found)
        values = {row[0]: row[2] for row in rows}
        mti = values.get("MTI", "")
        processing = values.get(f"DE{_PROCESSING}", "")[:2]
        key = f"{mti}/{processing}" if f"{mti}/{processing}" in MESSAGES else mti
        name = said(MESSAGES, key, self._lang) if mti else self.text("unreadable")
        direction = TO_HOST if end == "terminal" else TO_TERMINAL
        lost = here not in self._fates.arrivals
        code = values.get(f"DE{_CODE}", "")
        if end == "host" and code:
            meaning = self._meaning(code, mti)
            title = self.text("answers", name=name, mti=mti, code=code, meaning=meaning)
        else:
            title = self.text("sent", name=name, mti=mti)
        if lost:
            title = self.text("lost", title=title)
        actor, kind = (TERMINAL if end == "terminal" else HOST), ("lost" if lost else "message")
        return self.moment(event.t_us, actor, kind, title, rows, direction=direction)

    def _arrival(self, here: int, event: Event, found: Explanation) -> Moment:
        end = event.data["end"]
        sent = self._fates.sendings.get(here)
        mti = found.rows[0].value if found.rows else ""
        took_us = 0 if sent is None else event.t_us - self._events[sent].t_us
        damaged = here in self._fates.damaged
        again = sent is not None and self._fates.arrivals[sent] != here
        key = "damaged" if damaged else "again" if again else "arrived"
        title = self.text(key, mti=mti, time=self.length(took_us))
        actor = TERMINAL if end == "terminal" else HOST
        direction = TO_TERMINAL if end == "terminal" else TO_HOST
        rows = _rows(found) if damaged else ()
        return self.moment(event.t_us, actor, "message", title, rows, direction=direction)

    def _meaning(self, code: str, mti: str) -> str:
        for key in (f"{code}/{mti}", code):
            if key in CODES:
                return said(CODES, key, self._lang)
        codes = load_messages().codes(self._lang)
        return codes.get(code, codes["other"])

    # --- faults -----------------------------------------------------------------------------------

    def fault(self, begins: Event, t_us: int) -> Moment:
        """That this fault strikes, or (later than that) holds."""
        mode = load_catalogue()[begins.data["fault"]]
        strength, rows = self._strength(begins)
        name = mode.name.of(self._lang)
        if strength:
            name = self.text("fault-strength", name=name, params=strength)
        key = "fault" if t_us == begins.t_us else "fault-holds"
        title = self.text(key, name=name, clock=self.clock(begins.t_us)[:8])
        return self.moment(t_us, part_of(begins), "fault", title, rows)

    def fault_ends(self, begins: Event, t_us: int) -> Moment:
        title = self.text("fault-ends", name=self.fault_name(begins))
        return self.moment(t_us, part_of(begins), "fault", title)

    def fault_name(self, begins: Event) -> str:
        return load_catalogue()[begins.data["fault"]].name.of(self._lang)

    def _strength(self, begins: Event) -> tuple[str, tuple[Row, ...]]:
        """In short, what differs from the catalogue's defaults first; and all parameters with what
        they mean."""
        spec = _spec(self._schedule, begins)
        params = load_catalogue()[begins.data["fault"]].params
        given = dict(spec.params) if spec is not None else {}
        rows = tuple(
            (name, params[name].text.of(self._lang), self._written(params[name], value))
            for name, value in given.items()
        )
        named = [row for row in rows if given[row[0]] is not False]
        named.sort(key=lambda row: bool(given[row[0]] == params[row[0]].default))
        words = [f"{name} {value}" for name, _, value in named[:_BRIEF]]
        if "span_us" in begins.data:
            words.append(self.length(begins.data["span_us"]))
        return ", ".join(words), rows

    def _written(self, param: Param, value: object) -> str:
        if isinstance(value, bool):
            return self.text("yes" if value else "no")
        if param.kind == "duration" and isinstance(value, int):
            return self.length(value)
        if isinstance(value, (int, float)):
            share = param.kind == "probability"
            unit = {"signal": " dBm", "gain": " dB", "probability": " %"}.get(param.kind, "")
            return f"{value * 100 if share else value:g}{unit}"
        return str(value)

    def length(self, us: int) -> str:
        """A length of time as people read it: 23 ms, 30 s, 10.3 s, 2 min."""
        if us < US_PER_S:
            return self.text("ms", number=f"{us / 1000:.0f}")
        if us < 60 * US_PER_S:
            return self.text("s", number=f"{us / US_PER_S:.1f}".removesuffix(".0"))
        return self.text("min", number=f"{us / 60 / US_PER_S:.1f}".removesuffix(".0"))


_Telling = Callable[[Teller, Event], Moment | None]
_TELLERS: dict[str, _Telling] = {
    **dict.fromkeys(
        ("customer-arrives", "customer-called", "customer-leaves", "sale-started", "keys", "read",
         "slot", "scan", "closed"),
        Teller._person,
    ),
    "screen": Teller._screen, "state": Teller._state, "journal-write": Teller._journal,
    "queue-write": Teller._advice, "apdu": Teller._apdu, "chip-read": Teller._chip_read,
    "alarm": Teller._alarm,
    "fallback": Teller._fallback, "receipt": Teller._receipt, "no-slip": Teller._no_slip,
    "sale-ended": Teller._ended,
    "power": Teller._power, "crash": Teller._crash, "no-answer": Teller._no_answer,
    **dict.fromkeys(("ignored-answer", "bad-mac", "garbled-answer"), Teller._not_believed),
    "connection": Teller._connection, "no-connection": Teller._no_connection,
    "mischief": Teller._mischief, "posting": Teller._posting, "host-refused": Teller._refused,
}  # fmt: skip


def part_of(begins: Event) -> str:
    """The actor whose part a fault strikes."""
    part = load_catalogue()[begins.data["fault"]].component.partition("/")[0]
    return {"link": LINE, "host": HOST, "terminal": TERMINAL}.get(part, PEOPLE)


def _rows(found: Explanation) -> tuple[Row, ...]:
    return tuple(
        (f"DE{row.number}" if row.number else "MTI", row.name, row.value) for row in found.rows
    )


def _spec(schedule: Sequence[FaultSpec], begins: Event) -> FaultSpec | None:
    """The entry of the schedule that struck."""
    till = begins.data.get("terminal")
    same = [
        spec for spec in schedule
        if spec.id == begins.data["fault"] and spec.target in (None, till)
    ]  # fmt: skip
    planned = [
        spec for spec in same
        if isinstance(spec.trigger, AtTimes)
        and any(at_us == begins.t_us for at_us, _ in spec.trigger.strikes)
    ]  # fmt: skip
    others = [
        spec for spec in same
        if not isinstance(spec.trigger, AtTimes)
        and isinstance(spec.trigger, Always) == (begins.t_us == 0)
    ]  # fmt: skip
    return next(iter(planned + others), None)
