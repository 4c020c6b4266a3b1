"""Issuer scripts: which commands reach the card, and what is told about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.flags import TSI, TVR
from posemu.terminal.kernel.issuer_scripts import AFTER, BEFORE, SCRIPTS_MAX, run_scripts
from posemu.terminal.kernel.outcome import Outcome
from posemu.terminal.kernel.requests import Mute, Removed, TransportFailed

from .scripted import Line, ScriptedCard, play, tlv
from .test_offline_data_authentication import names

BLOCK, UNBLOCK, PUT = "841E00000411223344", "8418000004AABBCCDD", "04DA9F14051122334455"
ID = tlv("9F18", "CAFE0001")
BIT = {BEFORE: "script-failed-before", AFTER: "script-failed-after"}
Answers = Line | Sequence[Line]


def script(template: str, *commands: str, identifier: str = ID) -> bytes:
    return bytes.fromhex(tlv(template, identifier, *(tlv("86", command) for command in commands)))


def run(
    scripts: Sequence[bytes], template: str, answers: Answers = "9000"
) -> tuple[Data, list[str], Any]:
    card = ScriptedCard({"": answers})
    data = Data({})
    result, _ = play(run_scripts(data, tuple(scripts), template), card)
    return data, card.sent, result


@pytest.mark.parametrize("template", [BEFORE, AFTER])
@pytest.mark.parametrize(
    ("answers", "sent", "result"),
    [
        ("9000", 3, "20"),
        ("6283", 3, "20"),  # warnings let it go on: only the first byte counts (10.10)
        ("63C1", 3, "20"),
        (["9000", "6300", "6281"], 3, "20"),
        ("6400", 1, "11"),
        ("6985", 1, "11"),
        ("61FF", 1, "11"),
        (["9000", "6A80"], 2, "12"),
        (["9000", "9000", "6F00"], 3, "13"),
        (["9000", "9F00"], 2, "12"),
    ],
)
def test_a_script_goes_on_until_the_card_refuses(
    template: str, answers: Answers, sent: int, result: str
) -> None:
    """In order, as they came; the result names the command where it ended (Book 3, 10.10; Book 4,
    annex A5), and the TVR the template."""
    commands = [PUT, BLOCK, UNBLOCK]
    data, seen, _ = run([script(template, *commands)], template, answers)
    assert seen == commands[:sent]
    assert data["9F5B"].hex().upper() == result + "CAFE0001"
    assert names(TVR, data[TVR]) == (set() if result == "20" else {BIT[template]})
    assert names(TSI, data[TSI]) == {"script-performed"}


def test_each_script_has_its_own_end() -> None:
    """One that fails does not keep the next from being run, and each leaves its result (Book 3,
    annex E)."""
    scripts = [script(BEFORE, PUT, BLOCK), script(BEFORE, UNBLOCK, identifier="")]
    data, seen, _ = run(scripts, BEFORE, ["6985", "9000"])
    assert seen == [PUT, UNBLOCK]
    assert data["9F5B"].hex().upper() == "11CAFE0001" + "2000000000"


def test_the_other_template_waits() -> None:
    """71 before the second GENERATE AC, 72 after it; anything else is no script."""
    scripts = [script(AFTER, PUT), bytes.fromhex("8A023030"), b"", script(BEFORE, BLOCK)]
    data, seen, _ = run(scripts, BEFORE)
    assert seen == [BLOCK]
    play(run_scripts(data, tuple(scripts), AFTER), ScriptedCard({"": "6A80"}))
    assert data["9F5B"].hex().upper() == "20CAFE0001" + "11CAFE0001"
    assert names(TVR, data[TVR]) == {"script-failed-after"}
    data, seen, _ = run([bytes.fromhex("8A023030")], BEFORE)
    assert (seen, names(TSI, data[TSI]), data.get("9F5B")) == ([], set(), None)


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        ("71", "0000000000"),
        ("7105860384", "0000000000"),
        ("7102868A", "0000000000"),
        (tlv("71", tlv("9F18", "112233"), tlv("86", BLOCK)), "0000000000"),
        (tlv("71", ID, ID, tlv("86", BLOCK)), "0000000000"),
        (tlv("71", tlv("86", BLOCK)) * 2, "0000000000"),
        (tlv("71", ID, tlv("86", "84")), "11CAFE0001"),
        (tlv("71", ID, tlv("86")), "11CAFE0001"),
        (tlv("71", ID, tlv("86", "841E0000FF11")), "11CAFE0001"),
        (tlv("71", ID, tlv("86", "84DA0000000004AABBCCDD")), "11CAFE0001"),  # extended
        (tlv("71", ID, tlv("86", "FF1E0000")), "11CAFE0001"),
    ],
)
def test_what_is_no_script_is_not_sent(raw: str, result: str) -> None:
    """A template that cannot be taken apart is not performed; a command that is none ends its
    script. Both are failures (Book 3, annex E)."""
    data, seen, _ = run([bytes.fromhex(raw)], BEFORE)
    assert seen == []
    assert data["9F5B"].hex().upper() == result
    assert names(TVR, data[TVR]) == {"script-failed-before"}


def test_a_script_may_be_empty_or_hold_more() -> None:
    """No command: nothing to fail. Objects that are neither identifier nor command are passed
    over."""
    data, seen, _ = run([bytes.fromhex(tlv("71", ID, "8A023030"))], BEFORE)
    assert (seen, data["9F5B"].hex().upper()) == ([], "20CAFE0001")
    assert names(TVR, data[TVR]) == set()


def test_the_sequence_number_stops_at_fifteen() -> None:
    """F is "15 or above" (Book 4, annex A5)."""
    short = "84160000"
    for count, digit in ((14, "1E"), (15, "1F"), (17, "1F")):
        data, seen, _ = run(
            [script(BEFORE, *[short] * 18)], BEFORE, ["9000"] * (count - 1) + ["6985"]
        )
        assert len(seen) == count
        assert data["9F5B"].hex().upper() == digit + "CAFE0001"


def test_scripts_are_taken_up_to_their_length() -> None:
    """All scripts of an answer together, both templates: the one that passes the limit and those
    behind it are not performed, and the TVR says so (Book 3, 10.10)."""
    exact = script(BEFORE, "84DA000034" + "00" * 52, "84DA000035" + "00" * 53)
    assert len(exact) == SCRIPTS_MAX
    data, seen, _ = run([exact], BEFORE)
    assert (len(seen), data["9F5B"][:1]) == (2, b"\x20")
    more = script(BEFORE, BLOCK)
    data, seen, _ = run([exact[: SCRIPTS_MAX // 2], exact, more], BEFORE)
    assert (seen, data["9F5B"]) == ([], bytes(15))
    data, seen, _ = run([exact, script(AFTER, BLOCK)], AFTER)
    assert (seen, data["9F5B"]) == ([], bytes(5))
    assert names(TVR, data[TVR]) == {"script-failed-after"}


@pytest.mark.parametrize("gone", [Removed(), Mute(), TransportFailed("parity")])
@pytest.mark.parametrize("template", [BEFORE, AFTER])
def test_a_card_that_is_gone_leaves_a_result(gone: Any, template: str) -> None:
    """The transaction ends, and what became of the script is kept."""
    scripts = [script(template, PUT, BLOCK, UNBLOCK), script(template, PUT)]
    data, seen, result = run(scripts, template, ["9000", gone])
    assert isinstance(result, Outcome)
    assert len(seen) == 2
    assert data["9F5B"].hex().upper() == "12CAFE0001"
    assert names(TVR, data[TVR]) == {BIT[template]}


@given(st.lists(st.binary(max_size=40).map(lambda body: b"\x71" + body), max_size=4))
def test_any_bytes_of_an_issuer(scripts: list[bytes]) -> None:
    """Whatever an issuer sends: one result a script, a bit if one did not come to its end, and a
    bounded number of commands."""
    data, seen, result = run(scripts, BEFORE)
    assert result is None
    results = data.get("9F5B", b"")
    assert len(results) == 5 * len(scripts)
    assert len(seen) <= SCRIPTS_MAX // 6
    assert ("script-failed-before" in data.tvr) == any(code < 0x20 for code in results[::5])
