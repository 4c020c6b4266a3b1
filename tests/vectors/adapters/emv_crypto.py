"""EMV card keys, cryptograms, issuer answers and scripts."""

from __future__ import annotations

from collections.abc import Mapping

from posemu.crypto.emv.cryptogram import (
    application_cryptogram,
    arpc_method_1,
    arpc_method_2,
    card_arpc,
)
from posemu.crypto.emv.keys import (
    ac_session_key,
    common_session_key,
    emv2000_session_key,
    icc_master_key,
    script_session_key,
    visa_script_session_key,
)
from posemu.crypto.emv.pin_change import PIN_CHANGE_BLOCKS, vis_pin_block
from posemu.crypto.emv.script import bound_command, script_encrypt, script_mac
from posemu.crypto.emv.versions import (
    CardKeys,
    CryptogramVersion,
    card_cryptogram,
    card_keys,
    command_mac,
    cryptogram_data,
    cryptogram_version,
    issuer_arpc,
    pin_change_command,
)
from posemu.crypto.keys import Key, KeyType, Pin
from posemu.crypto.mac.cmac import kcv_zero_block

from . import Answers, Inputs, Operation


class KeyHex(str):
    """A TDES key in hex, equal to any other way to set its parity bits: the sources differ in
    that."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and _no_parity(self) == _no_parity(other)


class CheckValueHex(str):
    """A key check value of 8 bytes in hex, equal to its first 2 bytes or more: the sources show
    different lengths, and no input tells which."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and len(other) >= 4 and self.startswith(other)


def _no_parity(key: str) -> bytes:
    return bytes(byte & 0xFE for byte in bytes.fromhex(key))


def _bytes(i: Inputs, name: str) -> bytes:
    return bytes.fromhex(i.get(name) or "")


def _hex(data: bytes) -> str:
    return data.hex().upper()


def _key(i: Inputs, name: str) -> Key:
    return Key(_bytes(i, name), KeyType.TDES2)


def _length(i: Inputs) -> int:
    return int(i.get("length", 8))


def _pin(i: Inputs, name: str) -> Pin | None:
    return None if i.get(name) is None else Pin(i[name])


def _psn(i: Inputs) -> str:
    return i.get("psn") or "00"


def _tags(i: Inputs) -> Mapping[str, bytes]:
    return {tag: bytes.fromhex(value) for tag, value in i["tags"].items()}


def _answer(i: Inputs, arc: str, method: int) -> bytes:
    return _bytes(i, {1: arc, 2: "csu"}.get(method, ""))


def _key_answers(name: str, key: Key) -> Answers:
    return {name: KeyHex(_hex(key.expose())), "kcv": CheckValueHex(_hex(kcv_zero_block(key, 8)))}


def _icc_key(i: Inputs, name: str) -> Key:
    return icc_master_key(_key(i, name), i["pan"], _psn(i), i["option"])


def _icc_master_key(i: Inputs) -> Answers:
    return _key_answers("icc_mk", _icc_key(i, "iss_mk"))


def _session_key_common(i: Inputs) -> Answers:
    return _key_answers("sk", common_session_key(_key(i, "icc_mk"), _bytes(i, "r")))


def _session_key_visa_sm(i: Inputs) -> Answers:
    return _key_answers("sk", visa_script_session_key(_key(i, "icc_mk"), _bytes(i, "atc")))


def _session_key_tree(i: Inputs) -> Answers:
    key = emv2000_session_key(
        _key(i, "icc_mk"), _bytes(i, "atc"), i["height"], i["branch_factor"], _bytes(i, "iv")
    )
    return _key_answers("sk", key)


def _application_cryptogram(i: Inputs) -> Answers:
    ac = application_cryptogram(_key(i, "sk"), _bytes(i, "data"), i["padding"], _length(i))
    return {"ac": _hex(ac)}


def _arpc_method_1(i: Inputs) -> Answers:
    return {"arpc": _hex(arpc_method_1(_key(i, "sk"), _bytes(i, "arqc"), _bytes(i, "arc")))}


def _arpc_method_2(i: Inputs) -> Answers:
    proprietary = _bytes(i, "proprietary_authentication_data")
    arpc = arpc_method_2(_key(i, "sk"), _bytes(i, "arqc"), _bytes(i, "csu"), proprietary)
    return {"arpc": _hex(arpc)}


def _command_mac(i: Inputs) -> Answers:
    return {"mac": _hex(script_mac(_key(i, "sk"), _bytes(i, "data"), _length(i)))}


def _command_encrypt(i: Inputs) -> Answers:
    return {"ciphertext": _hex(script_encrypt(_key(i, "sk"), _bytes(i, "data"), i["style"]))}


def _vis_pin_block(i: Inputs) -> Answers:
    block = vis_pin_block(_key(i, "icc_mk_ac"), Pin(i["pin"]), _pin(i, "current_pin"))
    return {"block": _hex(block)}


def _session(i: Inputs, key: Key, atc: bytes, un: bytes) -> Key:
    return ac_session_key(i["session"], key, atc, un)


def _arqc_from_issuer_key(i: Inputs) -> Answers:
    key = _session(i, _icc_key(i, "iss_mk"), _bytes(i, "atc"), _bytes(i, "un"))
    return {"arqc": _hex(application_cryptogram(key, _bytes(i, "data"), i["padding"]))}


def _arpc_from_issuer_key(i: Inputs) -> Answers:
    arpc = card_arpc(
        _icc_key(i, "iss_mk"),
        method=i["method"],
        session=i["session"],
        atc=_bytes(i, "atc"),
        un=_bytes(i, "un"),
        arqc=_bytes(i, "arqc"),
        answer=_answer(i, "arc", i["method"]),
    )
    return {"arpc": _hex(arpc)}


def _arqc_from_tags(i: Inputs) -> Answers:
    scheme, _, cvn = i["scheme"].partition(" CVN ")
    version, tags = cryptogram_version(scheme, int(cvn)), _tags(i)
    data = cryptogram_data(version, tags)
    key = _session(i, _icc_key(i, "iss_mk_ac"), tags["9F36"], tags["9F37"])
    arqc = application_cryptogram(key, data, version.padding)
    return {"arqc": _hex(arqc), "ac_input": _hex(data), "padding": version.padding}


def _script_key(i: Inputs, name: str) -> Key:
    return script_session_key(i["session"], _icc_key(i, name), _bytes(i, "atc"), _bytes(i, "arqc"))


def _script_mac_from_issuer_key(i: Inputs) -> Answers:
    return {"mac": _hex(script_mac(_script_key(i, "iss_mk_smi"), _bytes(i, "data")))}


def _script_pin_change(i: Inputs) -> Answers:
    make = PIN_CHANGE_BLOCKS[i["pin_block"]]
    block = make(_icc_key(i, "iss_mk_ac"), Pin(i["pin"]), _pin(i, "current_pin"))
    data = script_encrypt(_script_key(i, "iss_mk_smc"), block, i["encryption_style"])
    header, atc, arqc = (_bytes(i, name) for name in ("command_header", "atc", "arqc"))
    mac = script_mac(_script_key(i, "iss_mk_smi"), bound_command(header, atc, arqc, data))
    return {"encrypted_pin_block": _hex(data), "mac": _hex(mac)}


def _card(i: Inputs) -> tuple[CryptogramVersion, CardKeys]:
    version = cryptogram_version(i["scheme"], int(i["cvn"]))
    issuer = CardKeys(*(_key(i, f"iss_mk_{name}") for name in ("ac", "smi", "smc")))
    return version, card_keys(version, issuer, i["pan"], _psn(i))


def _cvn_application_cryptogram(i: Inputs) -> Answers:
    (version, keys), tags = _card(i), _tags(i)
    return {
        "ac": _hex(card_cryptogram(version, keys, tags)),
        "ac_input": _hex(cryptogram_data(version, tags)),
        "icc_mk_ac": KeyHex(_hex(keys.ac.expose())),
    }


def _cvn_arpc(i: Inputs) -> Answers:
    version, keys = _card(i)
    arpc = issuer_arpc(
        version,
        keys,
        arqc=_bytes(i, "9F26"),
        answer=_answer(i, "arpc_rc", version.arpc_method),
        proprietary=_bytes(i, "proprietary_authentication_data"),
        atc=_bytes(i, "9F36"),
        un=_bytes(i, "9F37"),
    )
    return {"arpc": _hex(arpc)}


def _cvn_command_mac(i: Inputs) -> Answers:
    mac = command_mac(
        *_card(i),
        header=_bytes(i, "command_header"),
        data=_bytes(i, "command_data"),
        atc=_bytes(i, "9F36"),
        arqc=_bytes(i, "9F26"),
    )
    return {"mac": _hex(mac)}


def _cvn_pin_change(i: Inputs) -> Answers:
    command = pin_change_command(
        *_card(i),
        pin=Pin(i["pin"]),
        current_pin=_pin(i, "current_pin"),
        atc=_bytes(i, "9F36"),
        arqc=_bytes(i, "9F26"),
    )
    return {"command": _hex(command)}


OPERATIONS: Mapping[str, Operation] = {
    "icc_master_key": _icc_master_key,
    "session_key_common": _session_key_common,
    "session_key_visa_sm": _session_key_visa_sm,
    "session_key_emv2000_tree": _session_key_tree,
    "application_cryptogram": _application_cryptogram,
    "arpc_method_1": _arpc_method_1,
    "arpc_method_2": _arpc_method_2,
    "command_mac": _command_mac,
    "command_encrypt": _command_encrypt,
    "vis_pin_block": _vis_pin_block,
    "cvn_application_cryptogram": _cvn_application_cryptogram,
    "cvn_arpc": _cvn_arpc,
    "cvn_command_mac": _cvn_command_mac,
    "cvn_pin_change": _cvn_pin_change,
    "arqc_from_issuer_key": _arqc_from_issuer_key,
    "arpc_from_issuer_key": _arpc_from_issuer_key,
    "script_mac_from_issuer_key": _script_mac_from_issuer_key,
    "script_pin_change": _script_pin_change,
    "arqc_from_tags": _arqc_from_tags,
}
