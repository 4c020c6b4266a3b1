"""`posemu decode` shows no card data, wherever it stands and whatever it is taken for."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer import Typer
from typer.testing import CliRunner

from posemu.cli.decode import command
from posemu.cli.decoding.formats import FORMATS, candidates
from posemu.cli.decoding.show import as_data
from posemu.cli.decoding.source import Source
from posemu.cli.decoding.veil import Veil
from posemu.profiles import dialect_names, load_dialect
from posemu.wire import Codec, frame

PAN = "9999075123741247"
DISCRETIONARY = "0000000077"
PIN_BLOCK = bytes(range(0xA0, 0xA8))
FOLDER = Path(__file__).with_name("samples")
SAMPLES = sorted(path for path in FOLDER.iterdir() if path.is_file())
MESSAGE = bytes.fromhex("".join((FOLDER / "unionpay-0200.hex").read_text().split()))
DIALECTS = [load_dialect(name) for name in dialect_names()]
APP = Typer()
APP.command()(command)


def leaks(text: str) -> list[str]:
    """Which of the canaries a text shows: as digits (which is BCD too), as hex of ASCII."""
    forms = {
        "pan": PAN, "pan in hex": PAN.encode().hex(), "pin block": PIN_BLOCK.hex(),
        "track": "31122010000000077",
    }  # fmt: skip
    joined = "".join(text.split()).lower()
    return [name for name, form in forms.items() if form in joined]


def run(data: bytes, *options: str) -> str:
    done = CliRunner().invoke(APP, ["-", *options], input=data, env={"COLUMNS": "80"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.stdout + done.stderr


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_no_sample_shows_its_card_in_any_output(sample: Path) -> None:
    """Table, JSON and YAML of a sample hold no canary; with --unsafe the same look finds it."""
    data = sample.read_bytes()
    for options in ((), ("--json",), ("--yaml",), ("--lang", "zh")):
        assert not leaks(run(data, *options)), options
    if sample.stem in ("unionpay-0200", "field-55", "track-2"):
        assert leaks(run(data, "--unsafe"))


@pytest.mark.parametrize("form", [each.id for each in FORMATS])
def test_the_wrong_format_shows_no_card_either(form: str) -> None:
    """A message with a card that is taken by force for something else hides the card all the
    same."""
    for sample in SAMPLES:
        assert not leaks(run(sample.read_bytes(), "--as", form)), sample


@pytest.mark.parametrize("name", dialect_names())
def test_the_wrong_dialect_shows_no_card_either(name: str) -> None:
    """A message that is read under another dialect than its own hides the card all the same."""
    assert not leaks(run(MESSAGE, "--dialect", name))
    assert not leaks(run(MESSAGE[18:], "--dialect", name))


def test_unsafe_says_so() -> None:
    """With --unsafe everything is shown, and standard error says it."""
    done = CliRunner().invoke(APP, ["-", "--unsafe"], input=MESSAGE)
    assert PAN in done.stdout
    assert "--unsafe" in done.stderr


def all_readings(data: bytes) -> str:
    """What any reading of `data`, the best or not, would show."""
    shown = []
    for each in candidates([Source("bytes", data)], DIALECTS, "en"):
        shown.append(json.dumps(as_data(each, [], Veil(each.reading, "en"), "en")))
    return " ".join(shown)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32))
def test_a_damaged_message_shows_no_card(seed: int) -> None:
    """With bytes flipped, cut out or put in, no reading under any format or dialect shows the
    card. (An enciphered PIN block among bytes that fit nothing is noise to anybody.)"""
    chance = random.Random(seed)
    data = bytearray(MESSAGE)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(30)
        data[place : place + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 2))
    assert not {"pan", "pan in hex", "track"} & set(leaks(all_readings(bytes(data))))


def test_a_pan_in_a_private_field_is_hidden() -> None:
    """A PAN where nobody expects it (a private field of text) is masked."""
    dialect = load_dialect("generic-87-bcd")
    message = Codec(dialect).encode("0200", {3: "000000", 63: f"card {PAN} of J. DOE"})
    out = run(frame(message, b"\x60\x00\x01\x00\x00"))
    assert "999907******1247 of J. DOE" in " ".join(out.split())
    assert not leaks(out)


def test_a_pan_in_an_unknown_tag_is_hidden() -> None:
    """A PAN in a tag of somebody's own is masked, in BCD and in ASCII."""
    own = f"9F2701809F3704DEADBEEFDF0108{PAN}DF0210{PAN.encode().hex()}9F36020001"
    assert not leaks(run(own.encode()))
