"""Terminal data from files: what posemu ships, and errors that say where and what."""

from __future__ import annotations

from importlib.resources import files

import pytest

from posemu.profiles.card_keys import load_card_keys
from posemu.profiles.data_files import DataFileError
from posemu.profiles.emv import (
    CaKey,
    Terminal,
    load_terminal,
    parse_terminal,
    terminal_names,
)
from posemu.wire.emv.dol import parse_dol
from posemu.wire.emv.meanings import bits_set
from posemu.wire.emv.tags import emv_tag

NAME = "posemu-default"
FILE = f"{NAME}.yaml"
TEXT = (files("posemu.profiles") / "emv" / FILE).read_text("utf-8")


@pytest.mark.parametrize("name", terminal_names())
def test_every_configuration_that_ships_can_be_used(name: str) -> None:
    """It loads, once; its keys are those of the test cards, under every RID it takes."""
    terminal = load_terminal(name)
    assert isinstance(terminal, Terminal)
    assert load_terminal(name) is terminal
    assert {key.rid for key in terminal.ca_keys} == {a.aid[:10] for a in terminal.applications}
    keys = load_card_keys("test")
    for index, named in keys.authorities.items():
        found = terminal.ca_key("A000000333", index)
        assert found == CaKey("A000000333", index, keys.rsa[named].public)
    assert terminal.ca_key("A000000333", "00") is None


def test_the_default_says_what_its_file_says() -> None:
    """Names of bits become bits, amounts minor units, tags their bytes."""
    terminal = load_terminal(NAME)
    assert terminal.data["9F33"].hex().upper() == "60F8C8"
    assert terminal.data["9F40"].hex().upper() == "6000A0F001"
    assert terminal.data["9F1A"].hex() == "0156"
    assert (terminal.use_pse, terminal.offers_choice) == (True, True)
    assert terminal.revoked == frozenset()
    assert terminal.field_55[:3] == ("9F26", "9F27", "9F10")
    debit = terminal.applications[0]
    assert (debit.aid, debit.partial) == ("A000000333010101", True)
    assert debit.data == {"9F09": bytes.fromhex("0030"), "9F1B": (10000).to_bytes(4)}
    assert debit.floor_limit_minor == 10000
    assert debit.selection_threshold_minor == 5000
    assert (debit.selection_target_percent, debit.selection_maximum_percent) == (20, 50)
    assert [b.name for b, _ in bits_set("95", debit.tac_denial)] == ["service-not-allowed"]
    assert "online-pin" in {b.name for b, _ in bits_set("95", debit.tac_default)}
    assert [entry.tag for entry in parse_dol(debit.default_ddol)] == ["9F37"]


def test_what_field_55_carries_is_known() -> None:
    """The host needs these to verify the cryptogram (Book 4, 12.1.1)."""
    for name in terminal_names():
        carried = set(load_terminal(name).field_55)
        assert {"9F26", "9F27", "9F10", "9F36", "9F37", "95", "9A", "9C", "9F02", "5F2A", "82",
                "9F1A", "9F03", "5F34"} <= carried  # fmt: skip
        assert all(tag == "84" or emv_tag(tag).sensitive is None for tag in carried)


def test_own_keys_and_revoked_certificates() -> None:
    """A laboratory's own authority stands beside the test ones, with its end; a certificate that
    was taken back is known by RID, index and serial number."""
    key = '{rid: A0000000FF, index: "0A", modulus: "C0FFEE", exponent: "03", expires: "2912"}'
    gone = '{rid: A0000000FF, index: "0A", serial: "00A1B2"}'
    text = TEXT.replace("ca_keys: []", f"ca_keys: [{key}]").replace(
        "revocations: []", f"revocations: [{gone}]"
    )
    terminal = parse_terminal(text, FILE)
    found = terminal.ca_key("A0000000FF", "0A")
    assert found is not None
    assert (found.key.modulus.hex(), found.key.exponent, found.expires) == (
        "c0ffee",
        b"\x03",
        "2912",
    )
    assert terminal.revoked == {("A0000000FF", "0A", "00A1B2")}
    alone = parse_terminal(text.replace("test_ca_keys: test", "test_ca_keys: null"), FILE)
    assert alone.ca_keys == (found,)


CA_KEY = '{rid: A0000000FF, index: "0A", modulus: "C0FFEE", exponent: "03"}'


@pytest.mark.parametrize(
    ("old", "new", "place", "reason"),
    [
        ("name: posemu-default", "name: other", "name (line", "must be that of the file"),
        ('"9F35": "22"', '"9F35": "2200"', "data (line", "9F35, Terminal Type, has a length of 1,"),
        ('"9F35": "22"', '"9F35": "2A"', "data (line", "9F35, Terminal Type, is digits"),
        ('"9F35": "22"', '"9F35": "2"', "data.9F35 (line", "must be hex in quotes"),
        ('"9F35": "22"', '"9F35": 22', "data.9F35 (line", "must be hex in quotes"),
        ('"9F35": "22"', '"9FFF": "22"', "data.9FFF (line", "'9FFF' is no tag of EMV"),
        ('"9F35": "22"', '"9F35": "22"\n  "9F33": "60F8C8"', "top", "write capabilities"),
        ('  "9F1A": "0156"', "", "top", "data needs 9F1A, the terminal country code"),
        ("- stripe", "- strip", "capabilities (line", "did you mean 'stripe'?"),
        ("- goods", "- xyz", "additional_capabilities (line", "write one of cash, goods"),
        ("use_pse: true", "use_pse: 1", "use_pse (line", "boolean"),
        ("use_pse: true", "", "use_pse", "required"),
        ("use_pse: true", "use_pse: true\nuse_pse_: true", "use_pse_ (line", "not permitted"),
        ("aid: A0000000031010", "aid: A000", "applications.2.aid (line", "match pattern"),
        ("aid: A0000000031010", "aid: A0000000041010", "top", "AID A0000000041010 stands there"),
        ('"00A0"', '"8C"', "applications.2.data (line", "9F09, Application Version Number"),
        ('{"9F09": "00A0"}', "{}", "applications.2 (line", "data needs 9F09"),
        ("denial: [service-not-allowed]", "denial: [service]",
         "applications.0.action_codes.denial (line", "there is no bit 'service'"),
        ("denial: [service-not-allowed]", "denial: 0010000000",
         "applications.0.action_codes.denial (line", "must be a list of names"),
        ('default_ddol: "9F3704"', 'default_ddol: "9F0206"', "applications.0", "must ask for 9F37"),
        ('default_ddol: "9F3704"', 'default_ddol: "9F37"', "applications.0.default_ddol (line",
         "is no list of tags and lengths"),
        ("&floor 100 CNY", "&floor 50 CNY", "applications.0", "selection.threshold is below"),
        ("&floor 100 CNY", "&floor 50000000 CNY", "applications.0", "does not fit into 9F1B"),
        ("&floor 100 CNY", "&floor 100 EUR", "top", "limits in EUR do not go with 5F2A and 5F36"),
        ("&floor 100 CNY", "&floor 100", "applications.0.floor_limit (line", "CNY"),
        ("target: 20", "target: 51", "applications.0.selection (line", "not above maximum"),
        ("maximum: 50", "maximum: 100", "applications.0.selection.maximum (line", "99"),
        ('"5F34"]', '"5F34", "9F26"]', "top", "the tag of field_55 9F26 stands there twice"),
        ('"5F34"]', '"5F3"]', "field_55.20 (line", "is no tag of EMV"),
        ("ca_keys: []", f"ca_keys: [{CA_KEY}, {CA_KEY}]", "top", "CA key"),
        ("ca_keys: []", f"ca_keys: [{CA_KEY.replace('C0FFEE', '00FFEE')}]", "ca_keys.0 (line",
         "modulus"),
        ("ca_keys: []", f"ca_keys: [{CA_KEY.replace('0A', 'A')}]", "ca_keys.0.index (line",
         "match pattern"),
        ("test_ca_keys: test", "test_ca_keys: tset", "test_ca_keys (line", "there are only: test"),
        ("name: posemu-default", "name: [", "line ", "expected"),
        ("name: posemu-default", "name: !!int x", "top", "has no such value"),
    ],
)  # fmt: skip
def test_an_error_says_where_and_what(old: str, new: str, place: str, reason: str) -> None:
    """File, place with its line, and what to write instead."""
    assert TEXT.count(old) >= 1
    with pytest.raises(DataFileError) as caught:
        parse_terminal(TEXT.replace(old, new, 1), FILE)
    assert caught.value.file == FILE
    assert caught.value.place.startswith(place)
    assert reason in caught.value.reason


def test_an_error_counts_the_lines_as_an_editor_does() -> None:
    """The line named is the one where the wrong thing stands."""
    text = TEXT.replace("- online-pin\n        - floor", "- online-pim\n        - floor", 1)
    wrong = text.splitlines().index("      online:") + 1
    with pytest.raises(DataFileError, match=rf"online \(line {wrong}\)"):
        parse_terminal(text, FILE)


def test_a_name_without_a_file() -> None:
    """The error says which there are."""
    with pytest.raises(DataFileError, match="there are only: posemu-default"):
        load_terminal("posemu")


def test_what_is_no_mapping_is_refused() -> None:
    """An empty file and a list are no configuration; nesting without end is told apart."""
    for text in ("", "[]", "- a", "[" * 600):
        with pytest.raises(DataFileError):
            parse_terminal(text, FILE)
