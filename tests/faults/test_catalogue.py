"""The catalogue of failure modes is complete, in both languages, and its figures have sources."""

from __future__ import annotations

import inspect
import re

import pytest
from pydantic import TypeAdapter

from posemu.faults.catalogue import (
    CatalogueError,
    failure_modes,
    load_catalogue,
    load_failure_mode,
    parse_failure_mode,
)
from posemu.faults.mechanisms import MECHANISMS

EXPECTED = {
    "wifi-weak", "comms-unstable", "comms-outage", "dns-fail", "transmission-loss",
    "host-no-response", "host-fault", "mag-head-wear", "mag-card-degraded", "printer-jam",
    "printer-consumable-out", "keypad-misinput", "power-unstable", "weak-crypto",
    "chip-contact-poor", "chip-reader-wear", "chip-misbehaves", "card-pulled", "issuer-proof-wrong",
    "issuer-script", "pin-forgotten", "pin-bypassed",
}  # fmt: skip
ENTRY = """\
id: x
name: {en: a fault, zh: 故障}
seeds: ["002:26"]
component: link
target: till
mechanism: weaken_signal
shape: static
params:
  rssi: {type: signal, default: -82 dBm, en: signal, zh: 信号, source: "assumed: for a test"}
correct: {en: nothing, zh: 无}
"""


def test_all_failure_modes_are_there() -> None:
    """The catalogue has the failure modes planned so far, each under the name of its file."""
    assert set(load_catalogue()) >= EXPECTED
    assert tuple(load_catalogue()) == failure_modes() == tuple(sorted(failure_modes()))
    assert all(mode.id == mode_id for mode_id, mode in load_catalogue().items())


@pytest.mark.parametrize("mode_id", failure_modes())
def test_an_entry_is_complete_in_both_languages(mode_id: str) -> None:
    """Names, parameters and correct behaviour stand in English and in Chinese."""
    mode = load_failure_mode(mode_id)
    texts = [mode.name, mode.correct, *(param.text for param in mode.params.values())]
    for text in texts:
        assert text.en.isascii()
        assert re.search(r"[\u4e00-\u9fff]", text.zh)
        assert (text.of("en"), text.of("zh")) == (text.en, text.zh)
    assert mode.seeds


@pytest.mark.parametrize("mode_id", failure_modes())
def test_every_default_parses_and_has_a_source(mode_id: str) -> None:
    """Each default is valid, and says where it comes from, or that it is assumed and why."""
    mode = load_failure_mode(mode_id)
    for param in mode.params.values():
        assert TypeAdapter(param.annotation).validate_python(param.written) == param.default
        assert not param.source.startswith("assumed") or param.source.startswith("assumed: ")
        assert not param.choices or param.default in param.choices
    assert (mode.shape == "spell") == (mode.span is not None) == bool(mode.span_source)


@pytest.mark.parametrize("mode_id", failure_modes())
def test_the_mechanism_takes_the_parameters(mode_id: str) -> None:
    """The mechanism exists and takes exactly the parameters of the entry."""
    mode = load_failure_mode(mode_id)
    taken = set(inspect.signature(MECHANISMS[mode.mechanism]).parameters) - {"strike"}
    assert taken == set(mode.params)


def test_the_negative_control() -> None:
    """Only weak encryption is marked as a negative control."""
    assert [mode.id for mode in load_catalogue().values() if mode.control] == ["weak-crypto"]


def test_a_good_entry() -> None:
    """The entry that the tests below break is itself good."""
    assert parse_failure_mode(ENTRY, "x.yaml").params["rssi"].default == -82.0


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("id: x", "id: y", "id"),
        ("target: till", "target: shop", "target"),
        ("zh: 故障", "zx: 故障", "name.zh"),
        ('["002:26"]', '["2:26"]', "seeds.0"),
        ("-82 dBm", "-82", "params.rssi.default"),
        ("type: signal", "type: dBm", "params.rssi.type"),
        ('source: "assumed: for a test"', 'source: ""', "params.rssi.source"),
        ("shape: static", "shape: spell", "default_for"),
        (
            "shape: static",
            "shape: static\ndefault_for: {value: 3s, source: assumed for it}",
            "default_for",
        ),
        (
            "shape: static",
            "shape: spell\ndefault_for: {value: 3, source: assumed for it}",
            "default_for.value",
        ),
        ("id: x", "id: [x", "top"),
    ],
)
def test_a_broken_entry_says_where(old: str, new: str, place: str) -> None:
    """A broken entry is refused with its file and the place in it."""
    assert old in ENTRY
    with pytest.raises(CatalogueError) as refused:
        parse_failure_mode(ENTRY.replace(old, new), "x.yaml")
    assert (refused.value.file, refused.value.place) == ("x.yaml", place)
    assert str(CatalogueError(*refused.value.args)) == str(refused.value)


def test_an_unknown_failure_mode() -> None:
    """An id without a file is refused."""
    with pytest.raises(CatalogueError, match="meteorite"):
        load_failure_mode("meteorite")
