"""The corpus, any bytes and damaged bytes through every decoder, without the fuzzer."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import posemu.crypto
import posemu.wire
from posemu.wire import DecodeError
from tests.fuzz import card_targets, crypto_targets, emv_targets, iso8583_targets
from tests.fuzz.contract import Target, keep, pieced, pieces_of
from tests.fuzz.corpus import FOLDER, seeds, whole
from tests.fuzz.targets import TARGETS

BYTES_MAX = 300_000
FILES_MAX = 400
NAMES = sorted(TARGETS)
QUICK = settings(
    deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
DECODES = re.compile(
    r"(?:decode|parse|recover|unwrap|decipher|verify|read|split|check|t0|track2_from)_\w+"
)
BESIDE = {
    "check_ca_key",  # compares a checksum of ours
    "check_value_of",  # computes one
}


@pytest.mark.parametrize("name", NAMES)
def test_what_was_found_before_stays_right(name: str) -> None:
    """Vectors and kept inputs keep the contract, and some of them are taken."""
    target = TARGETS[name]
    outcomes = [keep(target, data) for data in whole(target)]
    assert None in outcomes or name in ("key-block", "response-code"), "nothing is ever taken"


@pytest.mark.parametrize("name", NAMES)
def test_any_bytes(name: str) -> None:
    """Whatever the bytes: taken, or refused with field, offset and reason."""
    target = TARGETS[name]

    @settings(QUICK, max_examples=5 if target.heavy else QUICK.max_examples)
    @given(st.binary(max_size=80))
    def any_bytes(data: bytes) -> None:
        keep(target, data)

    any_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_damaged_bytes(name: str) -> None:
    """What was right, with up to three places changed: gets further than noise."""
    target = TARGETS[name]
    known = sorted(whole(target), key=len)[:200]

    @settings(QUICK, max_examples=8 if target.heavy else 2 * QUICK.max_examples)
    @given(
        st.sampled_from(known),
        st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), st.binary(max_size=3)), max_size=3),
    )
    def damaged(data: bytes, changes: list[tuple[float, int, bytes]]) -> None:
        for where, cut, put in changes:
            place = int(where * len(data))
            data = data[:place] + put + data[place + cut :]
        keep(target, data)

    damaged()


def test_every_decoder_is_a_target() -> None:
    """No decoder of the two rooms is left out of the table."""
    rooms = (iso8583_targets, card_targets, crypto_targets, emv_targets)
    public = {*posemu.wire.__all__, *posemu.crypto.__all__}
    decoders = {name for name in public if DECODES.fullmatch(name)} - BESIDE
    assert decoders == {name for name in decoders if any(hasattr(room, name) for room in rooms)}
    assert len(TARGETS) == sum(len(room.TARGETS) for room in rooms), "a name is taken twice"


def test_the_corpus_is_small_and_belongs_to_targets() -> None:
    """A clone stays light, and no file is left over from a target that has gone."""
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert {path.stem for path in files} <= set(TARGETS)
    assert len(files) < FILES_MAX
    assert sum(path.stat().st_size for path in files) < BYTES_MAX


def test_no_corpus_holds_anything_but_hex() -> None:
    """Each line is an input in upper-case hex, or - for no bytes; none stands there twice."""
    for path in FOLDER.glob("*.hex"):
        lines = path.read_text("ascii").splitlines()
        assert all(re.fullmatch("-|([0-9A-F]{2})+", line) for line in lines), path.name
        assert len(lines) == len(set(lines)), path.name


def test_published_vectors_are_seeds() -> None:
    """Every vector kind and input that the table names exists."""
    for target in TARGETS.values():
        for kind, name in target.seeds:
            one = Target(target.name, target.read, seeds=((kind, name),))
            assert seeds(one), (target.name, kind, name)


def _index_error(data: bytes) -> None:
    data[3]


def _other_bytes(data: bytes) -> None:
    assert data[:1] == data, "written otherwise"


def _without(field: str, offset: int, reason: str) -> object:
    def read(data: bytes) -> None:
        raise DecodeError(field, offset, reason)

    return read


class _LostError(Exception):
    """An error that cannot be built again."""

    def __init__(self, one: str) -> None:
        super().__init__("two", one)


def _lost(data: bytes) -> None:
    raise _LostError("x")


@pytest.mark.parametrize(
    "read",
    [
        _index_error,
        _other_bytes,
        _without("", 0, "no field"),
        _without("DE2", 3, "offset behind the end"),
        _without("DE2", -1, "offset before the start"),
        _without("DE2", 0, ""),
        _without("DE2", 0, "4000001234560002" * 20),
        _lost,
    ],
)
def test_the_contract_can_be_broken(read: object) -> None:
    """What a decoder must not do is seen: wrong errors, wrong bytes, errors that tell too much."""
    target = Target("broken", read, refusals=(DecodeError, _LostError))  # type: ignore[arg-type]
    with pytest.raises((AssertionError, IndexError, TypeError)):
        keep(target, b"ab")


@given(st.lists(st.binary(max_size=255), max_size=4))
def test_pieces_come_back(pieces: list[bytes]) -> None:
    """Inputs made of several parts hold these parts."""
    assert pieces_of(pieced(*pieces)) == pieces
