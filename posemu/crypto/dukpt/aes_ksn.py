"""The key serial number of AES DUKPT: 8 bytes of initial key id, 4 bytes of transaction counter.

A counter with more than 16 one bits is never used: the host derives a key in as many steps as the
counter has one bits, and this bounds its work (ANSI X9.24-3:2017 6.1).
"""

from math import comb

from posemu.crypto.errors import BadKsn, KeyExhausted

COUNTER_BITS = 32
MAX_COUNTER = (1 << COUNTER_BITS) - 1
MAX_ONE_BITS = 16


def split_ksn(ksn: bytes) -> tuple[bytes, int]:
    """Initial key id and counter of a KSN a device may use.

    Raises BadKsn unless it has 12 bytes and its counter has 1 to 16 one bits.
    """
    if len(ksn) != 12:
        raise BadKsn(f"a KSN has 12 bytes, not {len(ksn)}")
    counter = int.from_bytes(ksn[8:])
    if not 1 <= counter.bit_count() <= MAX_ONE_BITS:
        raise BadKsn(f"no device uses counter {counter:08X}: it needs 1 to {MAX_ONE_BITS} one bits")
    return ksn[:8], counter


def next_counter(counter: int, max_one_bits: int = MAX_ONE_BITS) -> int:
    """The counter after this one; beyond the largest (MAX_COUNTER for AES) when there is none."""
    if counter.bit_count() < max_one_bits:
        return counter + 1
    return counter + (counter & -counter)


def ksn_count(counter_bits: int, max_one_bits: int) -> int:
    """How many transactions one initial key gives: the counters of so many bits that have 1 to
    `max_one_bits` one bits.

    AES has 32 and 16 (ANSI X9.24-3:2017 6.1), TDES 21 and 10 (ANSI X9.24-1:2009 A.3).
    """
    return sum(comb(counter_bits, ones) for ones in range(1, max_one_bits + 1))


def ksn_advance(ksn: bytes) -> bytes:
    """The next KSN a device may use; the counter may start from 0.

    Raises BadKsn as `split_ksn` does, KeyExhausted after the last one. ANSI X9.24-3:2017 6.1.
    """
    if ksn[8:] != bytes(4):
        split_ksn(ksn)
    elif len(ksn) != 12:
        raise BadKsn(f"a KSN has 12 bytes, not {len(ksn)}")
    counter = next_counter(int.from_bytes(ksn[8:]))
    if counter > MAX_COUNTER:
        raise KeyExhausted("this was the last KSN: load a new initial key")
    return ksn[:8] + counter.to_bytes(4)
