"""One failed sale told in full: what is chosen, what is told, and that no secret is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from html import unescape
from pathlib import Path

import pytest
from jinja2 import Environment, PackageLoader, StrictUndefined

import posemu
from posemu.report.story import Chosen, Moment, Story, choose, tell
from posemu.report.words import STORY_TEXT, said
from posemu.scenario import Scenario, World, load_text
from posemu.study import run_study

LANGUAGES = ("en", "zh")
HAN = re.compile("[\u4e00-\u9fff]")
HEAD = """\
posemu: 1
seed: 1
day: {from: "09:00", to: "09:10"}
tills: {till-1: {rssi: -58 dBm}}
cardholders: {each: 5, by_code: BY_CODE}
network: {line: {loss: 0}}
faults:
"""
FAULTS = {
    "lost-answer": '  - transmission-loss: {direction: answer, on: {message: "0210", nth: 2}}',
    "two-lost": '  - transmission-loss: {direction: answer, on: {message: "0210", nth: 2}}\n'
    '  - transmission-loss: {direction: answer, on: {message: "0210", nth: 3}}',
    "lost-request": '  - transmission-loss: {direction: request, on: {message: "0200", nth: 2}}',
    "damaged": "  - transmission-loss: {direction: answer, effect: bitflip, "
    'on: {message: "0210", nth: 2}}',
    "doubled": '  - transmission-loss: {direction: request, effect: duplicate, delay: 100ms, '
    'on: {message: "0200", nth: 2}}\n'
    '  - transmission-loss: {on: {message: "0210", nth: 2}, count: 2}',
    "power-cut": "  - power-unstable: {on: {state: sale-waiting, nth: 2, after: 20ms}, for: 3s}",
    "outage": '  - comms-outage: {at: "09:00:45", for: 40s}',
    "no-host": '  - host-no-response: {on: {message: "0200", nth: 2}, for: 200s}',
    "all-day-reader": "  - mag-head-wear: {swipes: 70000, p_max: 99 %}",
}  # fmt: skip
BY_CODE = ("no-host",)


@cache
def scenario(name: str) -> Scenario:
    head = HEAD.replace("BY_CODE", "100 %" if name in BY_CODE else "0 %")
    return load_text(head + FAULTS[name] + "\n", f"{name}.yaml")


@cache
def story(name: str, lang: str = "en") -> Story:
    chosen = choose(run_study(scenario(name)))
    assert chosen is not None
    return tell(scenario(name), chosen, lang)


def titles(told: Story) -> list[str]:
    return [moment.title for moment in told.moments]


def only(told: Story, kind: str) -> list[Moment]:
    return [moment for moment in told.moments if moment.kind == kind]


def texts(told: Story) -> Iterator[str]:
    """Every piece of text of a story."""
    for field in ("till", "clock", "method", "amount", "symptom", "step", "cause", "violation"):
        yield getattr(told, field)
    for moment in told.moments:
        yield from (moment.title, moment.clock, *moment.lines, *moment.under)
        for row in moment.rows:
            yield from row


# --- what is told ---------------------------------------------------------------------------------


def test_a_lost_answer_from_beginning_to_end() -> None:
    """The customer comes, the answer is lost, nobody knows, the reversal puts it right, and the
    customer leaves: each told once, in order of time."""
    told = story("lost-answer")
    plot = [
        "A customer comes: 46.43 CNY, by card",
        "The cashier presses SALE",
        "The customer swipes the card: it is read",
        "The customer types the PIN: 12 keys",
        "Connected to the host",
        "sale request 0200",
        "The host books 46.43 CNY",
        "answer to the sale 0210, code 00 (approved): never arrives",
        "The answer is dropped on the way",
        "No answer within 30 s: nobody here knows what the host did",
        "reversal 0400",
        "The host takes back 46.43 CNY",
        "answer to the reversal 0410, code 00 (taken back)",
        "Printed: slip of the reversal",
        "The customer leaves without having paid",
    ]
    assert [title for title in titles(told) if title in plot] == plot
    times = [moment.t_us for moment in told.moments]
    assert times == sorted(times)
    assert times[0] < 0 < times[-1]
    assert told.moments[1].t_us == 0
    assert (told.clock, told.moments[1].clock) == ("09:00:52.4", "09:00:52.4")
    assert (told.method, told.amount, told.world) == ("card", "46.43 CNY", "base/0")
    assert told.symptom == "no valid answer: taken back by a reversal"
    assert told.cause == "message lost or damaged on the way"


def test_a_frame_is_told_when_it_is_sent_and_when_it_arrives() -> None:
    """One moment at each end; one that never arrives has no second moment, and is lost."""
    told = story("lost-answer")
    wire = [
        (m.kind, m.actor, m.direction)
        for m in told.moments
        if m.direction and ("0200" in m.title or "0210" in m.title)
    ]
    assert wire == [
        ("message", "terminal", "to host"),
        ("message", "host", "to host"),
        ("lost", "host", "to terminal"),
    ]
    arrival = next(m for m in told.moments if m.title.startswith("0200 arrives"))
    assert re.fullmatch(r"0200 arrives, \d+ ms on the way", arrival.title)
    assert arrival.rows == ()
    request = story("lost-request")
    assert "sale request 0200: never arrives" in titles(request)
    assert not any(title.startswith("0200 arrives") for title in titles(request))


def test_a_message_is_decoded_and_masked() -> None:
    """Field by field with its name; PIN and track as their kind and size only."""
    request = next(m for m in story("lost-answer").moments if m.title == "sale request 0200")
    values = {field: value for field, _, value in request.rows}
    assert values["MTI"] == "0200"
    assert values["DE4"] == "000000004643"
    assert values["DE11"] == "000003"
    assert values["DE52"] == "*** pin, 16 bytes"
    names = {field: name for field, name, _ in story("lost-answer", "zh").moments[17].rows}
    assert all(HAN.search(name) or name == "MTI" for name in names.values())


def test_damage_and_doubles() -> None:
    """What arrives with other bytes is told as damaged, and what arrives twice as twice."""
    told = story("damaged")
    damaged = [m for m in told.moments if "arrives damaged" in m.title]
    assert [m.actor for m in damaged] == ["terminal"]
    assert damaged[0].rows
    assert "A bit of the answer is turned over" in titles(told)
    doubled = [title for title in titles(story("doubled")) if title.startswith("0200 arrives")]
    assert [title.partition(",")[0] for title in doubled] == [
        "0200 arrives",
        "0200 arrives once more",
    ]
    assert "The request is doubled on the way" in titles(story("doubled"))


def test_no_connection_is_told_with_why() -> None:
    """It says for how long nothing came back; nothing was sent, so nothing is reversed."""
    told = story("outage")
    lost = only(told, "lost")
    assert [m.title for m in lost] == ["No connection: nothing came back within 10 s"]
    assert (lost[0].actor, lost[0].direction) == ("line", "to host")
    assert "The customer leaves without having paid" in titles(told)
    assert only(told, "message") == []


def test_a_power_cut_in_mid_sale() -> None:
    """The display goes dark, the journal is read after the start, and the sale is reversed before
    the customer leaves; the start-up's own messages belong to the story."""
    told = story("power-cut")
    plot = [
        "The display goes dark; what was not yet safe in the journal is gone",
        "answer to the sale 0210, code 00 (approved): never arrives",
        "Fault over: power cut",
        "Power is back; the terminal starts",
        "reading the journal after the start",
        "sign-on 0800",
        "reversal 0400",
        "Printed: slip of the reversal",
        "The customer leaves without having paid",
    ]
    assert [title for title in titles(told) if title in plot] == plot
    assert told.symptom == "the terminal lost its power"


def test_an_order_is_told_until_it_is_closed() -> None:
    """The customer leaves long before; who comes in between is summed up, and the close that ends
    it is told, without the sale of the customer whose turn it is by then."""
    told = story("no-host")
    leaves = titles(told).index("The customer leaves without having paid")
    after = titles(told)[leaves + 1 :]
    assert after[0] == (
        "2 more attempts to settle it fail; "
        "2 more customers are refused: the earlier sale is not settled"
    )
    plot = [
        "Fault over: host does not answer in time",
        "The next customer's sale must wait: this one is settled first",
        "close of the order, repeated 0601",
        "answer to the close 0610, code 25 (no such original)",
        "Printed: slip of the closed order",
    ]
    assert [title for title in after if title in plot] == plot
    assert after[-1] == plot[-1]
    assert [m.lines for m in told.moments if any("80.01" in line for line in m.lines)] == []
    assert sum(title.startswith("A customer comes") for title in titles(told)) == 1


def test_states_without_time_between_them_are_one_moment() -> None:
    told = story("lost-answer")
    assert "the sale is prepared → connecting to the host" in titles(told)
    states = [m for m in told.moments if m.kind == "state" and m.actor == "terminal"]
    assert all(m.title for m in states)


def test_a_record_is_told_with_its_flush() -> None:
    """What the journal says, and how much later it is safe from a power cut."""
    journal = [m.title for m in only(story("lost-answer"), "journal")]
    assert journal[:2] == [
        "Journal: sale prepared, nothing sent",
        "Journal: about to send: from now on the host may know (safe from a power cut 8 ms later)",
    ]


def test_screens_and_slips_are_told_as_they_were() -> None:
    told = story("lost-answer")
    assert ("RESULT UNKNOWN. BEING REVERSED TRACE 000003",) in [
        m.lines for m in only(told, "screen")
    ]
    slip = only(told, "receipt")[0]
    assert slip.lines[0] == "REVERSAL"
    assert "CARD: ************1357" in slip.lines


def test_swipes_are_told_each() -> None:
    """A card that is swiped three times in vain is told three times, with the fault behind it."""
    told = story("all-day-reader")
    assert titles(told).count("The customer swipes the card: it cannot be read") >= 2
    assert told.symptom == "the card could not be read"
    first = told.moments[0]
    assert first.kind == "fault"
    assert first.title == (
        "Fault, since 09:00:00: magstripe read-head wear (p_max 99 %, swipes 70000)"
    )
    assert {m.under for m in told.moments} == {("magstripe read-head wear",)}


def test_faults_hold_from_their_beginning_to_their_end() -> None:
    """Each moment names the faults that hold in it; how strong one is stands in its rows."""
    told = story("no-host")
    begins = next(m for m in told.moments if m.title.startswith("Fault: "))
    assert begins.title == "Fault: host does not answer in time (p_booked 50 %, mode mute, 3.3 min)"
    assert [row[0] for row in begins.rows] == ["p_booked", "mode"]
    at = told.moments.index(begins)
    over = titles(told).index("Fault over: host does not answer in time")
    held = [bool(m.under) for m in told.moments]
    assert held == [False] * at + [True] * (over - at) + [False] * (len(held) - over)


# --- secrets, languages, the page -----------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", FAULTS)
def test_no_secret_is_in_a_story(name: str, lang: str) -> None:
    """No card number, PIN, key or wallet account of the world, in any form the judge knows."""
    canaries = World(scenario(name), judged=False)._canaries()
    text = "\n".join(texts(story(name, lang)))
    assert canaries.find(text.encode(), True) == []


def test_a_leaking_terminal_is_told_without_what_it_leaks() -> None:
    """Somebody's terminal prints the whole card number: the story shows its rule broken, and the
    number masked."""
    leaking = replace(scenario("lost-answer"), build="zoo/pan-in-journal")
    chosen = choose(run_study(leaking))
    assert chosen is not None
    assert chosen.violation is not None
    told = tell(leaking, chosen, "en")
    assert told.violation == "no PAN, track, PIN or key is readable anywhere"
    assert told.symptom == "nothing went wrong with this sale itself"
    broken = only(told, "violation")
    assert [m.title for m in broken] == [f"A rule is broken: {told.violation}"]
    where = told.moments.index(broken[0])
    at = [m.t_us for m in told.moments[where - 1 : where + 2]]
    assert at[0] == at[1] < at[2]
    pans = [person.pan for person in leaking.people]
    printed = " ".join(line for m in only(told, "receipt") for line in m.lines)
    assert "CARD: 999920******0926" in printed
    assert not any(pan in text for pan in pans for text in texts(told))


@pytest.mark.parametrize("name", FAULTS)
def test_both_languages_tell_the_same(name: str) -> None:
    """The same moments at the same times; every title in its own language."""
    en, zh = story(name, "en"), story(name, "zh")
    shape = [[(m.t_us, m.actor, m.kind, m.lines) for m in told.moments] for told in (en, zh)]
    assert shape[0] == shape[1]
    assert not [title for title in titles(en) if HAN.search(title)]
    assert not [title for title in titles(zh) if not HAN.search(title)]
    for field in ("symptom", "step", "cause", "method"):
        assert HAN.search(getattr(zh, field))


def test_telling_does_not_change_the_world() -> None:
    """Told twice, a story is the same; and a sale that was not the first to fail can be told."""
    first, last = run_study(scenario("two-lost")).worlds[0].failures
    chosen = Chosen("base", 0, last.till, last.t_us, failure=last)
    told = tell(scenario("two-lost"), chosen, "en")
    assert told == tell(scenario("two-lost"), chosen, "en")
    assert told.clock > story("two-lost").clock
    assert last.t_us > first.t_us


def test_an_unknown_variant_is_refused() -> None:
    with pytest.raises(KeyError):
        tell(scenario("lost-answer"), Chosen("no-such", 0, "till-1", 1), "en")


def page(told: Story, lang: str) -> str:
    environment = Environment(
        loader=PackageLoader("posemu.report", "templates"), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip

    def t(key: str, **values: object) -> str:
        return said({key: STORY_TEXT[key]}, key, lang, **values)

    return environment.get_template("story.html.j2").render(story=told, t=t)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_shows_every_moment(lang: str) -> None:
    """Each moment with its title and lines; arrows, crosses, bands and tables where they belong."""
    told = story("no-host", lang)
    html = unescape(page(told, lang))
    assert html.count("<li class=") - html.count('<li class="band-') == len(told.moments)
    for moment in told.moments:
        assert moment.title in html
        assert all(line in html for line in moment.lines)
    assert html.count('class="story-flight to-host"') == 4
    assert html.count('class="story-flight to-terminal"') == 1
    assert html.count("story-band band-0") == sum(bool(m.under) for m in told.moments)
    assert html.count("<details") == sum(bool(m.rows) for m in told.moments)
    assert page(story("lost-answer", lang), lang).count("to-terminal is-lost") == 1


def test_the_page_needs_nothing_from_outside() -> None:
    """No script, no link, no picture from anywhere; and what a terminal shows is escaped."""
    told = story("lost-answer")
    moment = replace(told.moments[3], lines=("<script>alert(1)</script>",))
    html = page(replace(told, moments=(moment,)), "en")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    style = (Path(posemu.__file__).parent / "report/templates/story.css").read_text("utf-8")
    assert not re.search(r"https?:|url\(|@import", html + style)
