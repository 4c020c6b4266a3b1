"""MACs and key check values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from posemu.crypto.keys import Key, KeyType
from posemu.crypto.mac.cmac import cmac, kcv, kcv_zero_block, tdes_cmac
from posemu.crypto.mac.iso9797 import cbc_mac, pad, retail_mac, two_key_mac
from posemu.crypto.mac.unionpay import unionpay_mac_steps, xor_fold
from posemu.crypto.master_key import tdes_key, unwrap_working_key
from posemu.crypto.tdes import tdes_encryptor

from . import Answers, Inputs, Operation

KEYS: Mapping[str, Callable[[bytes], Key]] = {"AES": Key, "TDES": tdes_key, "DES": tdes_key}
CMACS = {"AES": cmac, "TDES": tdes_cmac, "DES": tdes_cmac}
CHECK_VALUES = {"zero_block": kcv_zero_block, "cmac": kcv}


def _bytes(i: Inputs, name: str) -> bytes:
    return bytes.fromhex(i[name])


def _hex(data: bytes) -> str:
    return data.hex().upper()


def _key(i: Inputs) -> Key:
    return KEYS[i.get("cipher", "TDES")](_bytes(i, "key"))


def _cmac(i: Inputs) -> Answers:
    mac = CMACS[i["cipher"]](_key(i), _bytes(i, "data"))
    return {"mac": _hex(mac[: i.get("length")])}


def _alg1(i: Inputs) -> Answers:
    mac = cbc_mac(_key(i), _bytes(i, "data"), i["padding"])
    return {"mac": _hex(mac[: i.get("length")])}


def _alg3(i: Inputs) -> Answers:
    data, padding = _bytes(i, "data"), i["padding"]
    if "key2" in i:
        mac = two_key_mac(_key(i), tdes_key(_bytes(i, "key2")), data, padding)
    else:
        mac = retail_mac(Key(_bytes(i, "key"), KeyType.TDES2), data, padding)
    return {"mac": _hex(mac[: i.get("length")])}


def _pad(i: Inputs) -> Answers:
    return {"padded": _hex(pad(i["method"], _bytes(i, "data"), i["block"]))}


def _cup_ecb(i: Inputs) -> Answers:
    steps = unionpay_mac_steps(_key(i), _bytes(i, "data"))
    return {
        "xor": _hex(steps.fold),
        "encrypt1": _hex(steps.first),
        "xor2": _hex(steps.mixed),
        "encrypt2": _hex(steps.last),
        "mac_ascii": steps.mac.decode(),
    }


def _xor_fold(i: Inputs) -> Answers:
    return {"xor": _hex(xor_fold(_bytes(i, "data")))}


def _tdes_ecb_encrypt(i: Inputs) -> Answers:
    return {"ciphertext": _hex(tdes_encryptor(_bytes(i, "key"))(_bytes(i, "data")))}


def _unwrap_working_key(i: Inputs) -> Answers:
    key = unwrap_working_key(tdes_key(_bytes(i, "tmk")), _bytes(i, "encrypted_key"))
    # A DES key travels as a TDES key of two equal parts; the vector writes one.
    return {"key": _hex(key.expose())[: len(i["encrypted_key"])]}


def _kcv(i: Inputs) -> Answers:
    value = CHECK_VALUES[i["method"]](_key(i), i.get("length", 3))
    return {"kcv": _hex(value)}


OPERATIONS: Mapping[str, Operation] = {
    "cmac": _cmac,
    "iso9797_alg3": _alg3,
    "iso9797_alg1": _alg1,
    "pad": _pad,
    "cup_ecb": _cup_ecb,
    "xor_fold": _xor_fold,
    "tdes_ecb_encrypt": _tdes_ecb_encrypt,
    "unwrap_working_key": _unwrap_working_key,
    "kcv": _kcv,
}
