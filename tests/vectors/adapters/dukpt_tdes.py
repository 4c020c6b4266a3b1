"""TDES DUKPT."""

from __future__ import annotations

from collections.abc import Mapping

from posemu.crypto.data_encipherment import encipher_blocks
from posemu.crypto.dukpt.aes_ksn import ksn_count
from posemu.crypto.dukpt.tdes import TdesHostDukpt
from posemu.crypto.dukpt.tdes_keys import KeyVariant, TdesWorkingKeys, key_variant
from posemu.crypto.dukpt.tdes_ksn import tdes_ksn_advance
from posemu.crypto.dukpt.tdes_tree import derive_tdes_initial_key, derive_tdes_transaction_key
from posemu.crypto.keys import Key, KeyType, Pin
from posemu.crypto.mac.cmac import tdes_cmac
from posemu.crypto.pin.block_64 import PinFormat, encode_pin_block

from . import Answers, Inputs, Operation

FILLED_WITH_F = (PinFormat.ISO_0, PinFormat.ISO_2)
ENCIPHER = {"CBC": encipher_blocks}
MACS = {"request": KeyVariant.MAC_REQUEST, "response": KeyVariant.MAC_RESPONSE}
DATA = {"request": KeyVariant.DATA_REQUEST, "response": KeyVariant.DATA_RESPONSE}


def _bytes(i: Inputs, name: str) -> bytes:
    return bytes.fromhex(i[name])


def _hex(data: bytes) -> str:
    return data.hex().upper()


def _bdk(i: Inputs) -> Key:
    return Key(_bytes(i, "bdk"), KeyType.TDES2)


def _keys(i: Inputs) -> TdesWorkingKeys:
    form = PinFormat(i.get("format", PinFormat.ISO_0))
    return TdesHostDukpt(_bdk(i), form).keys(_bytes(i, "ksn"))


def _derive_ik(i: Inputs) -> Answers:
    return {"ik": _hex(derive_tdes_initial_key(_bdk(i), _bytes(i, "ksn")).expose())}


def _derive_txn_key(i: Inputs) -> Answers:
    return {"txn_key": _hex(derive_tdes_transaction_key(_bdk(i), _bytes(i, "ksn")).expose())}


def _derive_working_key(i: Inputs) -> Answers:
    key = derive_tdes_transaction_key(_bdk(i), _bytes(i, "ksn"))
    return {"key": _hex(key_variant(key, KeyVariant[i["usage"].upper()]).expose())}


def _encrypt_pin(i: Inputs) -> Answers:
    keys, form = _keys(i), PinFormat(i["format"])
    if "pin" in i and (form in FILLED_WITH_F or "fill" in i):
        clear = encode_pin_block(form, Pin(i["pin"]), i.get("pan"), i.get("fill", ""))
    else:
        clear = _bytes(i, "clear_block")
    return {"block": _hex(keys.encipher_pin_block(clear))}


def _decrypt_pin(i: Inputs) -> Answers:
    pin = _keys(i).pin(_bytes(i, "block"), i.get("pan"))
    return {"pin": pin.expose()}


def _mac(length: int) -> Operation:
    def mac(i: Inputs) -> Answers:
        keys, data = _keys(i), _bytes(i, "data")
        full = {"request": keys.mac, "response": keys.answer_mac}[i["direction"]](data)
        return {"mac": _hex(full[:length])}

    return mac


def _cmac(i: Inputs) -> Answers:
    mac = tdes_cmac(_keys(i).working_key(MACS[i["direction"]]), _bytes(i, "data"))
    return {"cmac": _hex(mac)}


def _encrypt_data(i: Inputs) -> Answers:
    key = _keys(i).working_key(DATA[i["direction"]])
    encipher = ENCIPHER[i.get("mode", "CBC")]
    iv = _bytes(i, "iv") if "iv" in i else None
    return {"ciphertext": _hex(encipher(key, _bytes(i, "data"), iv))}


def _ksn_count(i: Inputs) -> Answers:
    return {"count": ksn_count(i["counter_bits"], i["max_bits_set"])}


OPERATIONS: Mapping[str, Operation] = {
    "derive_ik": _derive_ik,
    "derive_txn_key": _derive_txn_key,
    "derive_working_key": _derive_working_key,
    "encrypt_pin": _encrypt_pin,
    "decrypt_pin": _decrypt_pin,
    "mac": _mac(4),
    "mac8": _mac(8),
    "cmac": _cmac,
    "encrypt_data": _encrypt_data,
    "ksn_advance": lambda i: {"ksn": _hex(tdes_ksn_advance(_bytes(i, "ksn")))},
    "ksn_count": _ksn_count,
}
