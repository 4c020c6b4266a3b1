"""The key serial number of TDES DUKPT: 10 bytes, of which the last 21 bits are the transaction
counter and the 59 bits before them name the key set and the device (ANSI X9.24-1:2009 A.1).

A counter with more than 10 one bits is never used: the host derives a key in as many steps as the
counter has one bits, and this bounds its work (A.3).
"""

from posemu.crypto.dukpt.aes_ksn import next_counter
from posemu.crypto.errors import BadKsn, KeyExhausted

TDES_KSN_BYTES = 10
TDES_COUNTER_BITS = 21
TDES_MAX_COUNTER = (1 << TDES_COUNTER_BITS) - 1
TDES_MAX_ONE_BITS = 10

_SHORT_KSN_BYTES = 8


def parse_tdes_ksn(ksn: bytes) -> tuple[int, int]:
    """Device part (the KSN as a number of 80 bits, its counter zero) and counter of any KSN.

    A KSN of 8 bytes is one whose first two bytes, FFFF, were left out on the wire.
    Raises BadKsn if it has neither 10 nor 8 bytes.
    """
    if len(ksn) == _SHORT_KSN_BYTES:
        ksn = b"\xff\xff" + ksn
    elif len(ksn) != TDES_KSN_BYTES:
        raise BadKsn(f"a TDES KSN has 10 bytes (or 8, without FFFF in front), not {len(ksn)}")
    number = int.from_bytes(ksn)
    counter = number & TDES_MAX_COUNTER
    return number ^ counter, counter


def split_tdes_ksn(ksn: bytes) -> tuple[int, int]:
    """As `parse_tdes_ksn`, of a KSN a device may use.

    Raises BadKsn also unless the counter has 1 to 10 one bits.
    """
    device, counter = parse_tdes_ksn(ksn)
    if not 1 <= counter.bit_count() <= TDES_MAX_ONE_BITS:
        raise BadKsn(
            f"no device uses counter {counter:06X}: it needs 1 to {TDES_MAX_ONE_BITS} one bits"
        )
    return device, counter


def join_tdes_ksn(device: int, counter: int) -> bytes:
    """The 10 byte KSN of a device part and a counter."""
    return (device | counter).to_bytes(TDES_KSN_BYTES)


def tdes_ksn_advance(ksn: bytes) -> bytes:
    """The next KSN a device may use, 10 bytes; the counter may start from 0.

    Raises BadKsn as `split_tdes_ksn` does, KeyExhausted after the last one. ANSI X9.24-1:2009 A.3.
    """
    device, counter = parse_tdes_ksn(ksn)
    if counter:
        split_tdes_ksn(ksn)
    counter = next_counter(counter, TDES_MAX_ONE_BITS)
    if counter > TDES_MAX_COUNTER:
        raise KeyExhausted("this was the last KSN: load a new initial key")
    return join_tdes_ksn(device, counter)
