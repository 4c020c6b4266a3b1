"""Key blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from posemu.crypto.errors import BadKey
from posemu.crypto.key_block.block import BoundKey, unwrap_key_block, wrap_key_block
from posemu.crypto.key_block.header import KeyBlockHeader, parse_header
from posemu.crypto.key_block.optional import (
    check_value,
    check_value_of,
    hash_algorithm,
    initial_key_id,
    initial_ksn,
)
from posemu.crypto.key_block.protection import derive_block_keys
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.master_key import tdes_key

from . import Answers, Inputs, Operation

TDES_TYPES = {16: KeyType.TDES2, 24: KeyType.TDES3}


def _whole_tdes_key(value: bytes) -> Key:
    return Key(value, TDES_TYPES.get(len(value), KeyType.TDES2))


# Version -> protection key; a single DES key is one for the variants of versions A and C alone.
PROTECTION_KEYS: Mapping[str, Callable[[bytes], Key]] = {
    "A": tdes_key,
    "B": _whole_tdes_key,
    "C": tdes_key,
    "D": Key,
    "E": Key,
}


class CheckValueText(str):
    """A check value is as long as its source prints it, from 3 bytes on."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and len(other) >= 6 and self.startswith(other)

    __hash__ = str.__hash__


class OptionalBlocks(list[list[str]]):
    """Some sources leave the pad block out of their list."""

    def __eq__(self, other: object) -> bool:
        return other in ([*self], [block for block in self if block[0] != "PB"])


def _hex(data: bytes) -> str:
    return data.hex().upper()


def _kbpk(i: Inputs, version: str) -> Key:
    return PROTECTION_KEYS.get(version, tdes_key)(bytes.fromhex(i["kbpk"]))


def _header_answers(header: KeyBlockHeader, length: int, text: str) -> dict[str, object]:
    answers: dict[str, object] = {
        "version": header.version,
        "length": length,
        "key_usage": header.key_usage,
        "algorithm": header.algorithm,
        "mode_of_use": header.mode_of_use,
        "key_version": header.key_version,
        "exportability": header.exportability,
        "optional_blocks": OptionalBlocks([b.id, b.data] for b in header.optional_blocks),
        "reserved": header.reserved,
        "header": text,
    }
    ksn, ikid = initial_ksn(header), initial_key_id(header)
    if ksn is not None:
        answers["ksn"] = _hex(ksn)
    if ikid is not None:
        answers["ikid"] = _hex(ikid)
    if header.optional("HM") is not None:
        answers["hash_algorithm"] = hash_algorithm(header)
    for block_id, name in (("KC", "kcv"), ("KP", "kbpk_kcv")):
        value = check_value(header, block_id)
        if value is not None:
            answers[name] = CheckValueText(_hex(value.value))
            answers[f"{name}_algorithm"] = "cmac" if value.cmac else "legacy"
    return answers


def _canonical(header: KeyBlockHeader) -> str:
    canonical = header.canonical()
    return canonical.text(len(canonical.text(0)))


def _parse_header(i: Inputs) -> Answers:
    header, length, size = parse_header(i["block"])
    answers = _header_answers(header, length, i["block"][:size])
    return {**answers, "canonical_header": _canonical(header)}


def _unwrap(i: Inputs) -> Answers:
    block = i["block"]
    bound = unwrap_key_block(_kbpk(i, block[:1]), block)
    header, length, size = parse_header(block)
    answers = _header_answers(header, length, block[:size])
    return {**answers, "key": _hex(bound.expose()), **_check_value(bound)}


def _check_value(bound: BoundKey) -> Answers:
    try:
        return {"kcv": CheckValueText(_hex(check_value_of(bound.key()).value))}
    except BadKey:  # what is no key of its algorithm has no check value; vectors do not ask for one
        return {}


def _derive_keys(i: Inputs) -> Answers:
    keys = derive_block_keys(i["version"], _kbpk(i, i["version"]))
    return {"kbek": _hex(keys.enciphering.expose()), "kbak": _hex(keys.mac.expose())}


def _wrap(i: Inputs) -> Answers:
    header = parse_header(i["header"]).header
    bound = BoundKey(header, bytes.fromhex(i["key"]))
    padding = bytes.fromhex(i["padding"])
    return {"block": wrap_key_block(_kbpk(i, header.version), bound, padding)}


OPERATIONS: Mapping[str, Operation] = {
    "unwrap": _unwrap,
    "derive_keys": _derive_keys,
    "wrap": _wrap,
    "parse_header": _parse_header,
}
