"""Published vectors of AES DUKPT, PIN block format 4, AES-CMAC and key check values: all of them.

Each file under `tests/vectors` names its sources. An operation without a function here is an error,
so that no vector is left out silently.
"""

import json
from collections.abc import Callable
from math import comb
from pathlib import Path
from typing import Any

import pytest

from posemu.crypto import (
    CryptoError,
    HostDukpt,
    Key,
    KeyType,
    KeyUsage,
    Pin,
    TerminalDukpt,
    WorkingKeys,
    cmac,
    decipher_pin,
    derivation_data,
    derive_initial_key,
    derive_transaction_key,
    derive_update_key,
    encipher_pin,
    hmac_sha256,
    kcv_zero_block,
    ksn_advance,
    pan_field,
    pin_field,
    pin_of_field,
)
from posemu.crypto.ksn import COUNTER_BITS, MAX_ONE_BITS
from posemu.crypto.primitives import ecb_decryptor, ecb_encryptor

VECTORS = Path(__file__).parent.parent / "vectors"
USAGES = {
    "PIN": KeyUsage.PIN_ENCRYPTION,
    "MAC_GEN": KeyUsage.MAC_GENERATION,
    "MAC_VER": KeyUsage.MAC_VERIFICATION,
    "DATA_ENC": KeyUsage.DATA_ENCRYPTION,
    "DATA_DEC": KeyUsage.DATA_DECRYPTION,
    "KEK": KeyUsage.KEY_ENCRYPTION,
}
TERMINAL_REACHES = 64  # counters up to here are also derived by a terminal that counts up to them
Answer = dict[str, Any]


def _key(text: str) -> Key:
    return Key(bytes.fromhex(text))


def _hex(data: bytes) -> str:
    return data.hex().upper()


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def _host_keys(i: Answer) -> WorkingKeys:
    return HostDukpt(_key(i["bdk"])).keys(bytes.fromhex(i["ksn"]))


def _both_sides(i: Answer) -> list[WorkingKeys]:
    """The keys of a KSN from the host and, where the counter is near, from a terminal."""
    ksn, bdk = bytes.fromhex(i["ksn"]), _key(i["bdk"])
    sides = [_host_keys(i)]
    if int.from_bytes(ksn[8:]) <= TERMINAL_REACHES:
        terminal = TerminalDukpt.load(derive_initial_key(bdk, ksn[:8]), ksn[:8])
        keys = terminal.next_keys()
        while keys.ksn != ksn:
            keys = terminal.next_keys()
        sides.append(keys)
    return sides


def _same_from_all(answers: list[bytes]) -> bytes:
    assert len(set(answers)) == 1
    return answers[0]


def _derive_working_key(i: Answer) -> Answer:
    usage, key_type = USAGES[i["usage"]], KeyType[i["algorithm"]]
    return {"key": _hex(_host_keys(i).working_key(usage, key_type).expose())}


def _derive_update_key(i: Answer) -> Answer:
    ikid = bytes.fromhex(i["ikid"])
    initial = derive_initial_key(_key(i["bdk"]), ikid)
    return {"key": _hex(derive_update_key(initial, ikid, KeyType[i["algorithm"]]).expose())}


def _dukpt_pin(i: Answer) -> Answer:
    pin, fill = Pin(i["pin"]), bytes.fromhex(i["random"])
    sides = _both_sides(i)
    block = _same_from_all([keys.pin_block(pin, i["pan"], fill) for keys in sides])
    assert all(keys.pin(block, i["pan"]) == pin for keys in sides)
    return {"block": _hex(block)}


def _dukpt_cmac(i: Answer) -> Answer:
    data = bytes.fromhex(i["data"])
    request = i["direction"] == "request"
    macs = [k.mac(data) if request else k.answer_mac(data) for k in _both_sides(i)]
    return {"mac": _hex(_same_from_all(macs))}


def _dukpt_hmac(i: Answer) -> Answer:
    key = _host_keys(i).working_key(USAGES[i["usage"]], KeyType.HMAC)
    assert len(key.expose()) * 8 == i["key_bits"]
    return {"mac": _hex(hmac_sha256(key, bytes.fromhex(i["data"])))}


def _dukpt_data(i: Answer) -> Answer:
    """The vectors are whole blocks; our padding then adds one more block at the end."""
    assert (i["mode"], i["iv"]) == ("CBC", "00" * 16)
    data = bytes.fromhex(i["data"])
    answers = []
    for keys in _both_sides(i):
        if i["direction"] == "request":
            sealed = keys.encrypt(data)
            assert keys.decrypt(sealed) == data
        else:
            sealed = keys.answer_encrypt(data)
            assert keys.answer_decrypt(sealed) == data
        assert len(sealed) == len(data) + 16
        answers.append(sealed[:-16])
    return {"ciphertext": _hex(_same_from_all(answers))}


def _derivation_data(i: Answer) -> Answer:
    data = derivation_data(
        USAGES[i["usage"]],
        KeyType[i["algorithm"]],
        bytes.fromhex(i["ikid"]),
        int(i["counter"], 16),
    )
    return {"derivation_data": _hex(data)}


def _encipher(i: Answer) -> Answer:
    key, pin, fill = _key(i["key"]), Pin(i["pin"]), bytes.fromhex(i["random"])
    first = ecb_encryptor(key.expose())(pin_field(pin, fill))
    return {
        "block": _hex(encipher_pin(key, pin, i["pan"], fill)),
        "intermediate_a": _hex(first),
        "intermediate_b": _hex(_xor(first, pan_field(i["pan"]))),
    }


def _decipher(i: Answer) -> Answer:
    key, block = _key(i["key"]), bytes.fromhex(i["block"])
    pin = decipher_pin(key, block, i["pan"])
    decrypt = ecb_decryptor(key.expose())
    field = decrypt(_xor(decrypt(block), pan_field(i["pan"])))
    return {"pin": pin.expose(), "pin_field": _hex(field)}


def _cmac(i: Answer) -> Answer:
    mac = cmac(_key(i["key"]), bytes.fromhex(i["data"]))
    return {"mac": _hex(mac[: i.get("length", 16)])}


OPERATIONS: dict[tuple[str, str], Callable[[Answer], Answer]] = {
    ("dukpt_aes", "derive_ik"): lambda i: {
        "ik": _hex(derive_initial_key(_key(i["bdk"]), bytes.fromhex(i["ikid"])).expose())
    },
    ("dukpt_aes", "derive_txn_key"): lambda i: {
        "txn_key": _hex(derive_transaction_key(_key(i["bdk"]), bytes.fromhex(i["ksn"])).expose())
    },
    ("dukpt_aes", "derive_working_key"): _derive_working_key,
    ("dukpt_aes", "derive_update_key"): _derive_update_key,
    ("dukpt_aes", "derivation_data"): _derivation_data,
    ("dukpt_aes", "encrypt_pin"): _dukpt_pin,
    ("dukpt_aes", "cmac"): _dukpt_cmac,
    ("dukpt_aes", "hmac_sha256"): _dukpt_hmac,
    ("dukpt_aes", "encrypt_data"): _dukpt_data,
    ("dukpt_aes", "ksn_advance"): lambda i: {"ksn": _hex(ksn_advance(bytes.fromhex(i["ksn"])))},
    ("dukpt_aes", "ksn_count"): lambda i: {
        "count": sum(comb(COUNTER_BITS, ones) for ones in range(1, MAX_ONE_BITS + 1))
    },
    ("pin_block", "encipher"): _encipher,
    ("pin_block", "decipher"): _decipher,
    ("pin_block", "pin_field"): lambda i: {
        "pin_field": _hex(pin_field(Pin(i["pin"]), bytes.fromhex(i["random"])))
    },
    ("pin_block", "pan_field"): lambda i: {"pan_field": _hex(pan_field(i["pan"]))},
    ("pin_block", "decode_pin_field"): lambda i: {
        "pin": pin_of_field(bytes.fromhex(i["pin_field"])).expose()
    },
    ("mac", "cmac"): _cmac,
    ("mac", "kcv"): lambda i: {"kcv": _hex(kcv_zero_block(_key(i["key"])))},
}


def _vectors() -> list[Any]:
    cases = []
    for kind in ("dukpt_aes", "pin_block", "mac"):
        document = json.loads((VECTORS / f"{kind}.json").read_text(encoding="utf-8"))
        for vector in document["vectors"]:
            cases.append(pytest.param(kind, vector, id=f"{kind}-{vector['name']}"))
    return cases


@pytest.mark.parametrize(("kind", "vector"), _vectors())
def test_published_vector(kind: str, vector: Answer) -> None:
    """Every published vector is reproduced, and every one that must be refused is refused."""
    operation = OPERATIONS[kind, vector["op"]]
    expected = vector["expected"]
    if "error" in expected:
        with pytest.raises(CryptoError):
            operation(vector["inputs"])
        return
    got = operation(vector["inputs"])
    assert {name: got[name] for name in expected} == expected


def test_vector_count() -> None:
    """The vectors are all there: a file that was emptied or cut would pass everything else."""
    assert len(_vectors()) == 173
