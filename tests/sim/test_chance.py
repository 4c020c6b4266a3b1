"""Chance that can be repeated: streams by name, draws by key."""

from __future__ import annotations

import random
from hashlib import blake2b
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from posemu.sim import Keyed, Stream, Streams

SEEDS = st.integers(-(2**63), 2**63 - 1)


def plain_keyed(seed: int, name: str, entity: str | int, ordinal: int) -> float:
    """A keyed draw written down from its definition, with nothing kept or shared."""
    h = blake2b(digest_size=8, key=seed.to_bytes(16, "big", signed=True))
    h.update("\x1f".join((name, str(entity), str(ordinal))).encode())
    return (int.from_bytes(h.digest(), "big") >> 11) / 2**53


@given(SEEDS, st.text(max_size=12), st.text(max_size=12) | st.integers(0, 9), st.integers(0, 10**9))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_a_keyed_draw_is_what_it_is_defined_as(
    seed: int, name: str, entity: str | int, ordinal: int
) -> None:
    """A keyed draw is 53 bits of a BLAKE2b of its key, and `sequence` gives the same number."""
    keyed = Keyed(seed)
    expected = plain_keyed(seed, name, entity, ordinal)
    assert keyed(name, entity, ordinal) == expected
    assert keyed.sequence(name, entity)(ordinal) == expected
    assert 0.0 <= expected < 1.0


def test_keyed_draws_know_no_order() -> None:
    """Adding, leaving out or reordering draws changes no other draw."""
    keys = [(name, entity, n) for name in "ab" for entity in ("x", 7) for n in range(50)]
    keyed = Keyed(11)
    straight = {key: keyed(*key) for key in keys}
    shuffled = random.Random(0).sample(keys, 120)
    other = Keyed(11)
    draw = other.sequence("a", "x")
    for key in shuffled:
        draw(key[2] + 1)
        assert other(*key) == straight[key]
    assert len(set(straight.values())) == len(keys)


def test_parts_of_a_key_do_not_run_together() -> None:
    """("a", "bc") and ("ab", "c") are two keys, and so are ordinals 1, 11 and entity 1, 1."""
    keyed = Keyed(0)
    drawn = [keyed("a", "bc", 1), keyed("ab", "c", 1), keyed("a", "b", 11), keyed("a", "b1", 1)]
    assert len(set(drawn)) == 4


def test_golden_draws() -> None:
    """These numbers hold on every platform and in every version; a stored run depends on them."""
    keyed, streams = Keyed(7), Streams(7)
    assert [keyed("fault", "x", n).hex() for n in range(3)] == GOLDEN_KEYED
    assert [Keyed(-1)("", 0, 0).hex()] == GOLDEN_NEGATIVE
    stream = streams["till-1/secure-module"]
    assert [stream.random().hex() for _ in range(3)] == GOLDEN_STREAM
    assert streams["bytes"].bytes(16).hex().upper() == GOLDEN_BYTES


GOLDEN_KEYED = ["0x1.17af0309be77ap-2", "0x1.a8ed8fc143350p-5", "0x1.bf0480883e5f6p-2"]
GOLDEN_NEGATIVE = ["0x1.b5e4f95fbbda8p-1"]
GOLDEN_STREAM = ["0x1.f0e2cf9409d44p-1", "0x1.2fdaa00ca032cp-1", "0x1.adbf3e99337f8p-3"]
GOLDEN_BYTES = "32765C017339616FB8AB867AFAAD8A07"


def test_streams_do_not_disturb_each_other() -> None:
    """What one stream draws does not depend on what the others draw, nor on when it was opened."""
    alone = [Stream(3, "b").random() for _ in range(1)] + [Streams(3)["b"].random()]
    streams = Streams(3)
    for _ in range(100):
        streams["a"].random()
    mixed = []
    for _ in range(20):
        streams["c"].random()
        mixed.append(streams["b"].random())
    stream = Stream(3, "b")
    assert mixed == [stream.random() for _ in range(20)]
    assert alone == [mixed[0]] * 2


def test_a_stream_goes_on_where_it_was() -> None:
    """The same name gives the same stream again, not a new one from its beginning."""
    streams = Streams(3)
    drawn = [streams["a"].random() for _ in range(5)]
    assert len(set(drawn)) == 5


def test_streams_differ_by_name_and_by_seed() -> None:
    """Another name or another seed is another stream."""
    first = {Stream(seed, name).random() for seed in range(20) for name in ("a", "b", "a/b")}
    assert len(first) == 60


@pytest.mark.parametrize("n", [0, 1, 5, 6, 7, 16, 1000])
def test_stream_bytes_have_their_length(n: int) -> None:
    """`bytes(n)` gives n bytes, taken six at a time from the stream's draws."""
    drawn = Stream(1, "k")
    expected = b"".join(int(drawn.random() * 2**48).to_bytes(6, "big") for _ in range(n // 6 + 1))
    assert Stream(1, "k").bytes(n) == expected[:n]


@pytest.mark.parametrize("kind", ["keyed", "sequence", "stream"])
def test_draws_are_uniform(kind: str) -> None:
    """A chi-square test over 100 cells and one over pairs of draws find nothing (fixed seed)."""
    keyed, stream = Keyed(20_260_302), Stream(20_260_302, "uniform")
    draw = keyed.sequence("uniform", "s")
    u = {
        "keyed": lambda n: keyed("uniform", "k", n),
        "sequence": draw,
        "stream": lambda n: stream.random(),
    }[kind]
    drawn = [u(n) for n in range(40_000)]
    cells = [0] * 100
    pairs = [0] * 100
    for a, b in pairwise(drawn):
        cells[int(a * 100)] += 1
        pairs[int(a * 10) * 10 + int(b * 10)] += 1
    assert 0.001 < stats.chisquare(cells).pvalue < 0.999
    assert 0.001 < stats.chisquare(pairs).pvalue < 0.999
    assert stats.kstest(drawn, "uniform").pvalue > 0.001
