"""AES DUKPT."""

from __future__ import annotations

from collections.abc import Mapping

from posemu.crypto.data_encipherment import encipher_blocks
from posemu.crypto.dukpt.aes import HostDukpt
from posemu.crypto.dukpt.aes_ksn import ksn_advance, ksn_count
from posemu.crypto.dukpt.aes_tree import (
    KeyUsage,
    derivation_data,
    derive_initial_key,
    derive_transaction_key,
    derive_update_key,
)
from posemu.crypto.keys import Key, KeyType, Pin
from posemu.crypto.mac.cmac import cmac, hmac_sha256, tdes_cmac
from posemu.crypto.pin.block_128 import encipher_pin

from . import Answers, Inputs, Operation

USAGES = {
    "KEK": KeyUsage.KEY_ENCRYPTION,
    "PIN": KeyUsage.PIN_ENCRYPTION,
    "MAC_GEN": KeyUsage.MAC_GENERATION,
    "MAC_VER": KeyUsage.MAC_VERIFICATION,
    "MAC_BOTH": KeyUsage.MAC_BOTH_WAYS,
    "DATA_ENC": KeyUsage.DATA_ENCRYPTION,
    "DATA_DEC": KeyUsage.DATA_DECRYPTION,
    "DATA_BOTH": KeyUsage.DATA_BOTH_WAYS,
    "DERIVE": KeyUsage.KEY_DERIVATION,
    "DERIVE_IK": KeyUsage.KEY_DERIVATION_INITIAL,
}
# What a direction means where no usage is named, seen from the device.
MACS = {"request": "MAC_GEN", "response": "MAC_VER"}
DATA = {"request": "DATA_ENC", "response": "DATA_DEC"}
CMACS = {KeyType.TDES2: tdes_cmac, KeyType.TDES3: tdes_cmac}
ENCIPHER = {"CBC": encipher_blocks}


def _bytes(i: Inputs, name: str) -> bytes:
    return bytes.fromhex(i[name])


def _hex(data: bytes) -> str:
    return data.hex().upper()


def _bdk(i: Inputs) -> Key:
    return Key(_bytes(i, "bdk"))


def _key(i: Inputs, usage: str) -> Key:
    keys = HostDukpt(_bdk(i)).keys(_bytes(i, "ksn"))
    return keys.working_key(USAGES[usage], KeyType[i["algorithm"]], i.get("key_bits"))


def _derive_ik(i: Inputs) -> Answers:
    return {"ik": _hex(derive_initial_key(_bdk(i), _bytes(i, "ikid")).expose())}


def _derive_txn_key(i: Inputs) -> Answers:
    return {"txn_key": _hex(derive_transaction_key(_bdk(i), _bytes(i, "ksn")).expose())}


def _derive_working_key(i: Inputs) -> Answers:
    return {"key": _hex(_key(i, i["usage"]).expose())}


def _derive_update_key(i: Inputs) -> Answers:
    initial = derive_initial_key(_bdk(i), _bytes(i, "ikid"))
    key = derive_update_key(initial, _bytes(i, "ikid"), KeyType[i["algorithm"]])
    return {"key": _hex(key.expose())}


def _derivation_data(i: Inputs) -> Answers:
    data = derivation_data(
        USAGES[i["usage"]],
        KeyType[i["algorithm"]],
        _bytes(i, "ikid"),
        int(i["counter"], 16),
        i.get("key_bits", 128),
    )
    return {"derivation_data": _hex(data)}


def _encrypt_pin(i: Inputs) -> Answers:
    block = encipher_pin(_key(i, "PIN"), Pin(i["pin"]), i["pan"], _bytes(i, "random"))
    return {"block": _hex(block)}


def _cmac(i: Inputs) -> Answers:
    key = _key(i, i.get("usage") or MACS[i["direction"]])
    return {"mac": _hex(CMACS.get(key.key_type, cmac)(key, _bytes(i, "data")))}


def _hmac_sha256(i: Inputs) -> Answers:
    key = _key(i, i.get("usage") or MACS[i["direction"]])
    return {"mac": _hex(hmac_sha256(key, _bytes(i, "data")))}


def _encrypt_data(i: Inputs) -> Answers:
    key = _key(i, i.get("usage") or DATA[i["direction"]])
    encipher = ENCIPHER[i.get("mode", "CBC")]
    iv = _bytes(i, "iv") if "iv" in i else None
    return {"ciphertext": _hex(encipher(key, _bytes(i, "data"), iv))}


def _ksn_count(i: Inputs) -> Answers:
    return {"count": ksn_count(i["counter_bits"], i["max_bits_set"])}


OPERATIONS: Mapping[str, Operation] = {
    "derive_ik": _derive_ik,
    "derive_txn_key": _derive_txn_key,
    "derive_working_key": _derive_working_key,
    "derive_update_key": _derive_update_key,
    "derivation_data": _derivation_data,
    "encrypt_pin": _encrypt_pin,
    "cmac": _cmac,
    "hmac_sha256": _hmac_sha256,
    "encrypt_data": _encrypt_data,
    "ksn_advance": lambda i: {"ksn": _hex(ksn_advance(_bytes(i, "ksn")))},
    "ksn_count": _ksn_count,
}
