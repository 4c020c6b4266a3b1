"""Good scenario files: what comes out of them, and what is filled in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from posemu.faults.catalogue import load_catalogue
from posemu.faults.triggers import (
    Always,
    AtRate,
    AtTimes,
    FaultSpec,
    OnJournal,
    OnMessage,
    OnState,
)
from posemu.scenario.load import load_scenario, load_text
from posemu.scenario.problems import ScenarioError
from posemu.scenario.spec import Cardholders, Day, DnsSpec, HostSpec, LineSpec, TillSpec
from posemu.sim.distributions import Constant, Exponential, Lognormal, Uniform, Weibull

GOOD = Path(__file__).parent / "good"
_HEAD = "posemu: 1\ntills: {till-1: {}}\ncardholders: {each: 12}\n"


def one_fault(text: str) -> FaultSpec:
    (fault,) = load_text(f"{_HEAD}faults:\n  - {text}\n", "x.yaml").faults
    return fault


def test_the_smallest_scenario_has_all_defaults() -> None:
    """Three keys are enough; everything else is filled in with the documented defaults."""
    s = load_scenario(GOOD / "smallest.yaml")
    assert (s.name, s.title, s.about, s.seed, s.replications) == ("smallest", None, None, 1, 1)
    assert s.day == Day(date(2026, 3, 2), 9 * 3_600_000_000, 10 * 3_600_000_000)
    assert (s.profile, s.lang, len(s.people)) == ("posemu-default", "en", 16)
    assert s.tills == (TillSpec("till-1", -55.0),)
    assert s.cardholders == Cardholders(
        each=12,
        gap=Constant(20_000_000),
        basket=Lognormal(3_800, 0.6),
        patience_us=180_000_000,
        key_us=250_000,
        swipe_us=900_000,
        look_us=700_000,
        p_code=0.0,
        scan_us=1_500_000,
        insert_us=2_000_000,
        p_cash=0.8,
        queue=None,
        order=None,
    )
    assert s.customers is None
    assert s.line == LineSpec(18_000, 8_000, 0.001)
    assert s.dns == DnsSpec(40_000, 300_000_000)
    assert s.host == HostSpec(4, Lognormal(180_000, 0.5), 500_000, 3)
    assert (s.faults, s.drain_us) == ((), 1_800_000_000)


def test_writing_out_the_defaults_changes_nothing() -> None:
    """A scenario that writes every key with its default is the smallest scenario."""
    full = load_scenario(GOOD / "every-key.yaml")
    small = load_scenario(GOOD / "smallest.yaml")
    for part in ("profile", "lang", "people", "cardholders", "line", "dns", "host", "drain_us"):
        assert getattr(full, part) == getattr(small, part)
    assert full.title is not None
    assert (full.title.en, full.title.zh, full.seed) == ("First sale", "第一笔交易", 7)


def test_a_scenario_of_the_users_own() -> None:
    """Own people, seconds in times, other distributions and empty sections come out as written."""
    s = load_scenario(GOOD / "own-people.yaml")
    assert (s.day.from_us, s.day.to_us) == (32_370_000_000, 34_200_000_000)
    assert [(till.name, till.rssi_dbm) for till in s.tills] == [
        ("till-1", -55),
        ("counter-2", -71.5),
    ]
    assert (s.cardholders.gap, s.cardholders.basket) == (Exponential(45_000_000), Constant(990))
    assert [(p.name, p.balance_minor) for p in s.people] == [
        ("Ann Example", 1250),
        ("Bob O'Neill", None),
    ]
    assert [fault.span for fault in s.faults] == [
        load_catalogue()["host-fault"].span,
        load_catalogue()["host-no-response"].span,
        Uniform(1_000_000, 60_000_000),
        None,
        Weibull(10_000_000, 2.0),
        None,
    ]


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("wifi-weak: {}", Always()),
        ("wifi-weak:", Always()),
        ("comms-outage: {for: 90s}", AtTimes(((0, None),))),
        ('printer-jam: {at: "09:42"}', AtTimes(((42 * 60_000_000, None),))),
        ('printer-jam: {at: "09:00"}', AtTimes(((0, None),))),
        ("comms-outage: {rate: 6/min}", AtRate(1e-7)),
        ('comms-outage: {on: {message: "0210"}}', OnMessage("0210", "host", 1, 0)),
        ('comms-outage: {on: {message: "0401"}}', OnMessage("0401", "terminal", 1, 0)),
        (
            'comms-outage: {on: {message: "0210", end: terminal, nth: 3, after: 300ms}}',
            OnMessage("0210", "terminal", 3, 300_000),
        ),
        ("comms-outage: {on: {state: sale-waiting, nth: 2}}", OnState("sale-waiting", 2, 0)),
        ("comms-outage: {on: {journal: flush, after: 1us}}", OnJournal("flush", 1, 1)),
    ],
)
def test_triggers(text: str, trigger: object) -> None:
    """Each way to say when a fault strikes becomes its trigger, counted from the day's start."""
    assert one_fault(text).trigger == trigger


def test_the_span_of_a_fault() -> None:
    """A spell lasts as the catalogue says when triggered; from the start it lasts all day."""
    usual = load_catalogue()["printer-jam"].span
    assert one_fault("printer-jam:").span is None
    assert one_fault('printer-jam: {at: "09:42"}').span == usual
    assert one_fault('printer-jam: {at: "09:42", for: 3s}').span == Constant(3_000_000)
    assert one_fault('wifi-weak: {at: "09:42"}').span is None


def test_parameters_are_typed_and_filled_in() -> None:
    """A fault has all parameters of its failure mode, typed, and the scenario's own values."""
    fault = one_fault("comms-unstable: {bad: 45s, loss_bad: 70 %}")
    assert fault.params == {
        "good": 600_000_000,
        "bad": 45_000_000,
        "loss_good": 0.001,
        "loss_bad": 0.7,
        "delay_bad": 400_000,
    }
    assert one_fault("power-unstable: {router: yes}").params == {"router": True}
    assert one_fault('host-fault: {code: "91"}').params == {"code": "91"}


@pytest.mark.parametrize("mode_id", load_catalogue())
def test_every_failure_mode_can_be_written(mode_id: str) -> None:
    """An entry without keys is valid for every failure mode and has the catalogue's defaults."""
    mode = load_catalogue()[mode_id]
    defaults = {name: param.default for name, param in mode.params.items()}
    assert one_fault(f"{mode_id}: {{}}") == FaultSpec(mode_id, None, defaults, Always(), None)


def test_values_stay_immutable() -> None:
    """A loaded scenario cannot be changed by accident."""
    scenario = load_scenario(GOOD / "smallest.yaml")
    with pytest.raises(AttributeError):
        scenario.seed = 3  # type: ignore[misc]


def test_the_text_of_plain_words_is_plain() -> None:
    """What a scenario hands on are ordinary strings, not those that remember their quotes."""
    scenario = load_text(
        f"{_HEAD}name: shop\nfaults:\n  - wifi-weak: {{target: till-1}}\n", "x.yaml"
    )
    assert {type(scenario.name), type(scenario.lang), type(scenario.profile)} == {str}
    assert type(scenario.faults[0].target) is str
    assert type(scenario.tills[0].name) is str


def test_a_scenario_may_be_json() -> None:
    """JSON is YAML: a scenario that a program wrote as JSON loads."""
    text = '{"posemu": 1, "tills": {"till-1": {"rssi": "-55 dBm"}}, "cardholders": {"each": 2}}'
    assert load_text(text, "x.json").cardholders.each == 2


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """A scenario that an editor on Windows saved loads."""
    file = tmp_path / "shop.yaml"
    file.write_text(_HEAD.replace("\n", "\r\n"), "utf-8-sig")
    assert load_scenario(file).name == "shop"


def test_a_scenario_never_shows_a_card_number() -> None:
    """The text of a scenario masks card numbers and leaves PINs out."""
    scenario = load_scenario(GOOD / "smallest.yaml")
    for person in scenario.people:
        assert person.pan not in repr(scenario)
        assert person.pin not in repr(scenario)


def test_paths_of_people_begin_at_the_scenario(tmp_path: Path) -> None:
    """A relative path of people is looked for beside the scenario, wherever the command runs."""
    text = f"{_HEAD}people: {GOOD / 'people' / 'two.yaml'}\n"
    assert len(load_text(text, str(tmp_path / "x.yaml")).people) == 2
    with pytest.raises(ScenarioError, match="No such file"):
        load_text(f"{_HEAD}people: people/two.yaml\n", str(tmp_path / "x.yaml"))


def test_people_in_another_encoding_are_a_problem(tmp_path: Path) -> None:
    """A file of people saved as GBK is refused; the scenario does not load without people."""
    (tmp_path / "gbk.yaml").write_bytes("- {name: 李娜}\n".encode("gbk"))
    with pytest.raises(ScenarioError, match=r"x\.yaml:4:9: people is gbk\.yaml; .* in UTF-8"):
        load_text(f"{_HEAD}people: gbk.yaml\n", str(tmp_path / "x.yaml"))


def test_a_build_is_one_that_is_installed() -> None:
    """A scenario may name an installed build, and has none otherwise; another name is refused with
    the nearest one."""
    assert load_text(f"{_HEAD}build: zoo/hangs\n", "x.yaml").build == "zoo/hangs"
    assert load_text(_HEAD, "x.yaml").build is None
    with pytest.raises(ScenarioError, match=r"build is zoo/hang; .*did you mean 'zoo/hangs'\?"):
        load_text(f"{_HEAD}build: zoo/hang\n", "x.yaml")
