"""Payment cryptography and TLV beside their peers: same inputs, same results, one run.

psec, pyemv and pydukpt are functions of the key's bytes: they keep nothing between calls. Where
ours keeps something, its name says so: `kept_key` the cipher contexts of one key, as a terminal
keeps those of its working keys; the rows of one DUKPT terminal the host's path to the last KSN. In
these pydukpt is given the initial key, so that both start from what a host would keep.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from itertools import cycle
from random import Random
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the peers' own use of ciphers that are deprecated
    import psec
    import pydukpt
    import pyemv
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import ECB
    from cryptography.hazmat.primitives.cmac import CMAC

from measure import Effort, Work, beside, timer

from posemu.crypto import (
    HostDukpt,
    Key,
    KeyType,
    KeyVariant,
    Pin,
    PinFormat,
    TdesHostDukpt,
    cmac,
    derive_tdes_transaction_key,
    encipher_pin_64,
    ksn_advance,
    retail_mac,
    retail_mac_under,
    tdes_ksn_advance,
)
from posemu.crypto.dukpt import aes as dukpt_aes
from posemu.crypto.emv.cryptogram import application_cryptogram
from posemu.crypto.emv.keys import common_session_key, icc_master_key, icc_master_keys_under
from posemu.crypto.pin.block_64 import seal_64
from posemu.crypto.tdes import tdes_encryptor
from posemu.wire import tlv_pairs

PAN, PIN_DIGITS = "9999000000000017", "1234"
RAW = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
KEY, PIN, TDES_KEY = Key(RAW), Pin(PIN_DIGITS), Key(RAW, KeyType.TDES2)
DATA = bytes(range(200))
DEVICE = bytes.fromhex("FFFF9876543210E00000")
_OBJECTS = (
    ("9F26", 8), ("9F27", 1), ("9F10", 18), ("9F37", 4), ("9F36", 2), ("95", 5), ("9A", 3),
    ("9C", 1), ("9F02", 6), ("5F2A", 2), ("82", 2), ("9F1A", 2), ("9F03", 6), ("9F33", 3),
    ("9F34", 3), ("9F35", 1), ("9F1E", 8), ("84", 7), ("9F09", 2), ("9F41", 4), ("5F34", 1),
    ("9F6E", 20), ("DF01", 60), ("DF02", 64),
)  # fmt: skip
FIELD_55 = b"".join(bytes.fromhex(tag) + bytes([n]) + bytes(n) for tag, n in _OBJECTS)
assert len(FIELD_55) == 300

KEPT_FASTER, FRESH_FASTER = ">= 3", ">= 1.3"
AT_MOST_HALF_MORE = ">= 0.67"  # times the speed of the bare calls: at most 1.5 times their time


def bench_pin_block(effort: Effort) -> dict[str, Any]:
    """A clear PIN and a PAN to the enciphered block of format 0, beside psec."""
    encrypt = tdes_encryptor(RAW)

    def kept() -> bytes:
        return seal_64(encrypt, PinFormat.ISO_0, PIN, PAN, "")

    def fresh() -> bytes:
        return encipher_pin_64(TDES_KEY, PinFormat.ISO_0, PIN, PAN)

    def theirs() -> bytes:
        return psec.des.encrypt_tdes_ecb(RAW, psec.pinblock.encode_pinblock_iso_0(PIN_DIGITS, PAN))

    return {
        "kept_key": _row(effort, kept, theirs, KEPT_FASTER),
        "fresh_key": _row(effort, fresh, theirs, FRESH_FASTER),
    }


def bench_retail_mac(effort: Effort) -> dict[str, Any]:
    """The retail MAC of 200 bytes, beside psec."""
    mac = retail_mac_under(TDES_KEY)

    def theirs() -> bytes:
        return psec.mac.generate_retail_mac(RAW[:8], RAW[8:], DATA, 1)

    return {
        "kept_key": _row(effort, lambda: mac(DATA), theirs, KEPT_FASTER),
        "fresh_key": _row(effort, lambda: retail_mac(TDES_KEY, DATA), theirs, FRESH_FASTER),
    }


def bench_arqc(effort: Effort) -> dict[str, Any]:
    """The ARQC of 37 bytes from the issuer's master key, a PAN and an ATC, beside pyemv.

    `fresh_key` keeps nothing. `kept_key` keeps the cipher context of the issuer's key, as an issuer
    does for all its cards; card key and session key are derived each time.
    """
    r, icc_key_of = b"\x00\x01" + bytes(6), icc_master_keys_under(TDES_KEY, "A")

    def fresh() -> bytes:
        session = common_session_key(icc_master_key(TDES_KEY, PAN, "00", "A"), r)
        return application_cryptogram(session, DATA[:37])

    def kept() -> bytes:
        return application_cryptogram(common_session_key(icc_key_of(PAN, "00"), r), DATA[:37])

    def theirs() -> bytes:
        session = pyemv.kd.derive_common_sk(pyemv.kd.derive_icc_mk_a(RAW, PAN, "00"), r)
        return pyemv.ac.generate_ac(session, DATA[:37], pyemv.ac.PaddingType.EMV)

    return {
        "kept_key": _row(effort, kept, theirs, ">= 2"),
        "fresh_key": _row(effort, fresh, theirs, ">= 2"),
    }


def bench_tlv(effort: Effort) -> dict[str, Any]:
    """A field 55 of 300 bytes to (tag, value) pairs in order, beside pyemv's mapping of them."""
    assert {tag: value.hex() for tag, value in tlv_pairs(FIELD_55)} == {
        tag: value.hex() for tag, value in pyemv.tlv.decode(FIELD_55).items()
    }
    return beside(
        effort,
        timer(lambda: tlv_pairs(FIELD_55)),
        timer(lambda: pyemv.tlv.decode(FIELD_55)),
        ">= 2",
    )


def bench_cmac(effort: Effort) -> dict[str, Any]:
    """AES-CMAC over 200 bytes under a fresh key, beside the same OpenSSL calls made bare."""

    def bare() -> bytes:
        work = CMAC(AES(RAW))
        work.update(DATA)
        return work.finalize()

    return _row(effort, lambda: cmac(KEY, DATA), bare, AT_MOST_HALF_MORE)


def bench_dukpt_tdes(effort: Effort) -> dict[str, Any]:
    """The transaction key of a KSN beside pydukpt.

    `random_ksn`: any terminal and counter, from the base key, nothing kept. `random_counter`: any
    counter of one terminal. `consecutive`: of one terminal, 256 counters from each of eight on.
    """
    chance = Random(8)
    counters = [_counter(chance) for _ in range(500)]
    devices = [bytes([0xFF, 0xFF, *chance.randbytes(6), 0, 0]) for _ in counters]
    anywhere = [_ksn(*each) for each in zip(devices, counters, strict=True)]
    runs = [run for counter in counters[:8] for run in _run(_ksn(DEVICE, counter), 256)]
    initial_key = pydukpt.derive_ipek(RAW, DEVICE)

    def host() -> Callable[[bytes], bytes]:
        keys = TdesHostDukpt(TDES_KEY).keys
        assert _pin_key(keys(anywhere[0])) == pydukpt.pin_key(their_key(anywhere[0]))
        return keys

    def their_key(ksn: bytes) -> bytes:
        return pydukpt.derive_key(pydukpt.derive_ipek(RAW, ksn), ksn)

    def kept_key(ksn: bytes) -> bytes:
        return pydukpt.derive_key(initial_key, ksn)

    def fresh(ksn: bytes) -> bytes:
        return derive_tdes_transaction_key(TDES_KEY, ksn).expose()

    assert all(fresh(ksn) == their_key(ksn) for ksn in anywhere)
    one = [_ksn(DEVICE, counter) for counter in counters]
    return {
        "random_ksn": _over(effort, anywhere, fresh, their_key, ">= 1.5"),
        "random_counter": _over(effort, one, host(), kept_key, ">= 1.5"),
        "consecutive": _over(effort, runs, host(), kept_key, ">= 5"),
    }


def bench_dukpt_aes(effort: Effort) -> dict[str, Any]:
    """The working keys of one AES-128 KSN after the other at the host, beside the same OpenSSL
    calls made bare: as many contexts, with as many blocks each, as ours is seen to make."""
    ksns = list(_run(bytes(8) + _counter(Random(8)).to_bytes(4), 256, ksn_advance))
    calls: list[list[int]] = []
    made = dukpt_aes.ecb_encryptor

    def noted(key: bytes) -> Callable[[bytes], bytes]:
        encrypt = made(key)
        return lambda blocks: calls[-1].append(len(blocks)) or encrypt(blocks)

    host = HostDukpt(KEY)
    for ksn in ksns:  # before the second time round the host is where the first left it
        host.keys(ksn)
    dukpt_aes.ecb_encryptor = noted
    try:
        for ksn in ksns:
            calls.append([])
            host.keys(ksn)
    finally:
        dukpt_aes.ecb_encryptor = made
    each, texts = cycle(ksns), cycle([[bytes(size) for size in sizes] for sizes in calls])

    def bare() -> None:
        for blocks in next(texts):
            Cipher(AES(RAW), ECB()).encryptor().update(blocks)

    row = beside(effort, timer(lambda: host.keys(next(each))), timer(bare), AT_MOST_HALF_MORE)
    return row | {"contexts_per_ksn": round(sum(map(len, calls)) / len(calls), 2)}


def _pin_key(keys: Any) -> bytes:
    return keys.working_key(KeyVariant.PIN).expose()


def _row(effort: Effort, ours: Work, theirs: Work, aim: str) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert ours() == theirs()
    return beside(effort, timer(ours), timer(theirs), aim)


def _over(
    effort: Effort,
    inputs: Iterable[bytes],
    ours: Callable[[bytes], object],
    theirs: Callable[[bytes], object],
    aim: str,
) -> dict[str, Any]:
    """One input after the other, round and round; both sides go through all of them."""
    mine, others = cycle(inputs), cycle(inputs)
    return beside(effort, timer(lambda: ours(next(mine))), timer(lambda: theirs(next(others))), aim)


def _counter(chance: Random) -> int:
    """A counter that a device of 21 counter bits may use."""
    while True:
        counter = chance.randrange(1, 1 << 21)
        if counter.bit_count() <= 10:
            return counter


def _ksn(device: bytes, counter: int) -> bytes:
    return (int.from_bytes(device) >> 21 << 21 | counter).to_bytes(10)


def _run(
    ksn: bytes, count: int, advance: Callable[[bytes], bytes] = tdes_ksn_advance
) -> Iterable[bytes]:
    for _ in range(count):
        yield ksn
        ksn = advance(ksn)


PEERS: Mapping[str, Callable[[Effort], dict[str, Any]]] = {
    "tlv": bench_tlv,
    "pin_block": bench_pin_block,
    "retail_mac": bench_retail_mac,
    "arqc": bench_arqc,
    "dukpt_tdes": bench_dukpt_tdes,
    "cmac": bench_cmac,
    "dukpt_aes": bench_dukpt_aes,
}
"""Name -> benchmark."""
