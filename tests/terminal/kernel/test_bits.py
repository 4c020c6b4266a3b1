"""Every bit of TVR and TSI in scope, with the whole kernel: one transaction sets it, and its
nearest neighbour leaves it clear. `docs/reference/emv-bits.md` lists these tests."""

from __future__ import annotations

from itertools import chain

import pytest

from posemu.terminal.kernel.flags import TSI, TVR
from posemu.wire.emv.meanings import bit_places, reserved_set

from .bits import IN_SCOPE, NOT_IN_SCOPE, Bit, Case, run
from .test_offline_data_authentication import names

LENGTHS = {TVR: 5, TSI: 2}
ROWS = [pytest.param(tag, bit, id=bit.name) for tag, bits in IN_SCOPE.items() for bit in bits]


def results(case: Case) -> dict[str, bytes]:
    data = run(case).data
    return {tag: data[tag] for tag in LENGTHS}


def bits_of(said: dict[str, bytes]) -> set[str]:
    """All bits that are set; no name is in both TVR and TSI."""
    return set().union(*(names(tag, value) for tag, value in said.items()))


@pytest.mark.parametrize(("tag", "bit"), ROWS)
def test_a_bit_is_set(tag: str, bit: Bit) -> None:
    """The transaction sets it, at its place, and reserved bits stay clear."""
    said = results(bit.set)
    index, mask = bit_places(tag)[bit.name]
    assert said[tag][index] & mask
    assert {tag: reserved_set(tag, value) for tag, value in said.items()} == {TVR: (), TSI: ()}


@pytest.mark.parametrize(("tag", "bit"), ROWS)
def test_a_bit_is_left_clear(tag: str, bit: Bit) -> None:
    """Its neighbour does not set it, and is a neighbour: nothing else differs."""
    said = results(bit.clear)
    index, mask = bit_places(tag)[bit.name]
    assert not said[tag][index] & mask
    assert bits_of(said) ^ bits_of(results(bit.set)) == {bit.name, *bit.also}


@pytest.mark.parametrize("tag", IN_SCOPE)
def test_every_bit_is_in_scope_or_out_of_it(tag: str) -> None:
    """No bit of the object is forgotten, or listed twice."""
    inside = [f"{byte + 1}.{mask.bit_length()}" for byte, mask in (
        bit_places(tag)[bit.name] for bit in IN_SCOPE[tag])]  # fmt: skip
    outside = chain.from_iterable(row.places for row in NOT_IN_SCOPE[tag])
    every = [f"{byte}.{bit}" for byte in range(1, LENGTHS[tag] + 1) for bit in range(1, 9)]
    assert sorted([*inside, *outside]) == every


@pytest.mark.parametrize("tag", IN_SCOPE)
def test_what_is_out_of_scope_is_never_set(tag: str) -> None:
    """No transaction of the table sets such a bit."""
    both = [said[tag] for bit in chain(*IN_SCOPE.values())
            for said in (results(bit.set), results(bit.clear))]  # fmt: skip
    for place in chain.from_iterable(row.places for row in NOT_IN_SCOPE[tag]):
        byte, bit = map(int, place.split("."))
        assert not any(value[byte - 1] >> bit - 1 & 1 for value in both), place
