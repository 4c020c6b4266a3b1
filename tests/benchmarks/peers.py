"""Payment cryptography and TLV beside their peers: same inputs, interleaved rounds, one run."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the peers' own use of ciphers that are deprecated
    import psec
    import pyemv
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import ECB
    from cryptography.hazmat.primitives.cmac import CMAC

from posemu.crypto import (
    HostDukpt,
    Key,
    KeyType,
    Pin,
    PinFormat,
    TdesHostDukpt,
    cmac,
    encipher_pin_64,
    ksn_advance,
    retail_mac,
    retail_mac_under,
    tdes_ksn_advance,
)
from posemu.crypto.emv.cryptogram import application_cryptogram
from posemu.crypto.emv.keys import common_session_key, icc_master_key
from posemu.crypto.pin.block_64 import seal_64
from posemu.crypto.tdes import tdes_encryptor
from posemu.wire import tlv_pairs

PAN, PIN_DIGITS = "9999000000000017", "1234"
RAW = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
KEY, PIN, TDES_KEY = Key(RAW), Pin(PIN_DIGITS), Key(RAW, KeyType.TDES2)
DATA = bytes(range(200))
_OBJECTS = (
    ("9F26", 8), ("9F27", 1), ("9F10", 18), ("9F37", 4), ("9F36", 2), ("95", 5), ("9A", 3),
    ("9C", 1), ("9F02", 6), ("5F2A", 2), ("82", 2), ("9F1A", 2), ("9F03", 6), ("9F33", 3),
    ("9F34", 3), ("9F35", 1), ("9F1E", 8), ("84", 7), ("9F09", 2), ("9F41", 4), ("5F34", 1), 
    ("9F6E", 20), ("DF01", 60), ("DF02", 50),
)  # fmt: skip
FIELD_55 = b"".join(bytes.fromhex(tag) + bytes([n]) + bytes(n) for tag, n in _OBJECTS)
Work = Callable[[], object]


def _seconds(work: Work, count: int) -> float:
    start = process_time()
    for _ in range(count):
        work()
    return (process_time() - start) / count


def _beside(ours: Work, theirs: Work, count: int, rounds: int, aim: str) -> dict[str, Any]:
    """Medians of both, and of the ratios of the rounds (above 1: ours is faster)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = [(_seconds(ours, count), _seconds(theirs, count)) for _ in range(rounds)]
    return {
        "us": round(median(row[0] for row in rows) * 1e6, 2),
        "peer_us": round(median(row[1] for row in rows) * 1e6, 2),
        "times_faster": round(median(row[1] / row[0] for row in rows), 2),
        "aim": aim,
    }


def bench_peers(count: int, rounds: int) -> dict[str, Any]:
    """Each operation beside the peer that the name after / says."""

    def beside(ours: Work, theirs: Work, aim: str) -> dict[str, Any]:
        return _beside(ours, theirs, count, rounds, aim)

    encrypt, mac = tdes_encryptor(RAW), retail_mac_under(TDES_KEY)
    return {
        "pin_block_kept_key/psec": beside(
            lambda: seal_64(encrypt, PinFormat.ISO_0, PIN, PAN, ""), _psec_pin_block,
            ">= 3 times faster",
        ),
        "pin_block_fresh_key/psec": beside(
            lambda: encipher_pin_64(TDES_KEY, PinFormat.ISO_0, PIN, PAN), _psec_pin_block,
            ">= 1.3 times faster",
        ),
        "retail_mac_kept_key/psec": beside(lambda: mac(DATA), _psec_mac, ">= 3 times faster"),
        "retail_mac_fresh_key/psec": beside(
            lambda: retail_mac(TDES_KEY, DATA), _psec_mac, ">= 1.3 times faster"
        ),
        "arqc/pyemv": beside(_arqc, _pyemv_arqc, ">= 2 times faster"),
        "cmac/openssl": beside(lambda: cmac(KEY, DATA), _bare_cmac, ">= 0.67 times (<= 1.5 x)"),
        "field_55/pyemv": beside(
            lambda: tlv_pairs(FIELD_55), lambda: pyemv.tlv.decode(FIELD_55), ">= 2 times faster"
        ),
        "dukpt_aes/openssl": beside(_dukpt_aes(), _bare_dukpt_aes, ">= 0.67 times (<= 1.5 x)"),
        "dukpt_tdes_consecutive": {"us": round(_seconds(_dukpt_tdes(), count) * 1e6, 2)},
    }  # fmt: skip


def _psec_pin_block() -> bytes:
    clear = psec.pinblock.encode_pinblock_iso_0(PIN_DIGITS, PAN)
    return psec.des.encrypt_tdes_ecb(RAW, clear)


def _psec_mac() -> bytes:
    return psec.mac.generate_retail_mac(RAW[:8], RAW[8:], DATA, 1)


def _arqc() -> bytes:
    icc = icc_master_key(TDES_KEY, PAN, "00", "A")
    session = common_session_key(icc, b"\x00\x01" + bytes(6))
    return application_cryptogram(session, DATA[:37], 2, 8)


def _pyemv_arqc() -> bytes:
    icc = pyemv.kd.derive_icc_mk_a(RAW, PAN, "00")
    session = pyemv.kd.derive_common_sk(icc, b"\x00\x01" + bytes(6))
    return pyemv.ac.generate_ac(session, DATA[:37], pyemv.ac.PaddingType.EMV)


def _bare_cmac() -> bytes:
    work = CMAC(AES(RAW))
    work.update(DATA)
    return work.finalize()


def _dukpt_aes() -> Work:
    """The keys of one KSN after the other, at the host."""
    host = HostDukpt(KEY)
    ksn = bytes(8) + (1).to_bytes(4)

    def work() -> object:
        nonlocal ksn
        ksn = ksn_advance(ksn)
        return host.keys(ksn)

    return work


def _bare_dukpt_aes() -> bytes:
    """One context for the next key of the tree, one for the working keys below it."""
    Cipher(AES(RAW), ECB()).encryptor().update(bytes(16))
    return Cipher(AES(RAW), ECB()).encryptor().update(bytes(16 * 5))


def _dukpt_tdes() -> Work:
    host = TdesHostDukpt(TDES_KEY)
    ksn = bytes.fromhex("FFFF9876543210E00001")

    def work() -> object:
        nonlocal ksn
        ksn = tdes_ksn_advance(ksn)
        return host.keys(ksn)

    return work
