"""Initial keys of DUKPT travel as key blocks: made by the key-loading facility, opened in the
terminal, under a transport key that both have.

The block names the key set, so that a key cannot be loaded under another one's id: IK (AES, 8
bytes) or KS (TDES, 10 bytes; ANSI X9.143:2021 6.3.6).
"""

from __future__ import annotations

from collections.abc import Callable

from posemu.crypto.dukpt.aes import DukptSnapshot, TerminalDukpt
from posemu.crypto.dukpt.tdes import TdesDukptSnapshot, TdesTerminalDukpt
from posemu.crypto.errors import BadKey, BadKsn, KeyBlockError
from posemu.crypto.hierarchy.interface import TerminalKeys
from posemu.crypto.hierarchy.purposes import RULES, Purpose, admit, check_type
from posemu.crypto.hierarchy.session import SessionSnapshot, TerminalSession
from posemu.crypto.key_block.block import (
    BoundKey,
    padding_length,
    unwrap_key_block,
    wrap_key_block,
)
from posemu.crypto.key_block.header import KeyBlockHeader, OptionalBlock
from posemu.crypto.key_block.optional import initial_key_id, initial_ksn
from posemu.crypto.keys import Key, Secret
from posemu.crypto.pin.block_64 import PinFormat

_INITIAL = {"A": Purpose.INITIAL_AES, "T": Purpose.INITIAL_TDES}
_ID_BYTES = {"A": 8, "T": 10}


def wrap_initial_key(
    kbpk: Key, initial_key: Key, name: bytes, random: Callable[[int], bytes]
) -> str:
    """The key block of an initial key: AES with its 8 byte initial key id, TDES of two parts with
    its 10 byte KSN; version D under an AES transport key, B under a TDES one.

    `random(n)` gives n bytes of padding. Raises BadKsn if `name` has another length, BadKey if the
    key is of another type or `kbpk` is weaker.
    """
    algorithm = "A" if initial_key.key_type.is_aes else "T"
    if len(name) != _ID_BYTES[algorithm]:
        raise BadKsn(f"this initial key is named by {_ID_BYTES[algorithm]} bytes, not {len(name)}")
    check_type(kbpk, initial_key, _INITIAL[algorithm])
    rule = RULES[_INITIAL[algorithm]]
    header = KeyBlockHeader(
        "D" if kbpk.key_type.is_aes else "B",
        rule.usage,
        algorithm,
        rule.operations,
        "00",
        rule.exportability,
        (OptionalBlock(rule.id_block, name.hex().upper()),),
    )
    raw = initial_key.expose()
    return wrap_key_block(kbpk, BoundKey(header, raw), random(padding_length(header, len(raw))))


def load_initial_key_block(
    kbpk: Key, text: str, pin_format: PinFormat = PinFormat.ISO_0
) -> TerminalDukpt | TdesTerminalDukpt:
    """A terminal with the initial key of a key block, by its algorithm AES or TDES DUKPT;
    `pin_format` is that of PIN blocks under TDES (under AES it is format 4).

    Raises KeyBlockError if the block is malformed, not genuine, or without the id of its key set;
    BadKey if its header does not make it an initial key for a terminal, BadKsn if a KSN has a
    counter, PinBlockError for format 4 under TDES.
    """
    bound = unwrap_key_block(kbpk, text)
    purpose = _INITIAL.get(bound.header.algorithm)
    if purpose is None:
        raise BadKey(
            f"an initial key of DUKPT is of algorithm A (AES) or T (TDES), not "
            f"{bound.header.algorithm}"
        )
    key, header = admit(kbpk, bound, purpose)
    if purpose is Purpose.INITIAL_AES:
        return TerminalDukpt.load(key, _named(initial_key_id(header), "IK"))
    return TdesTerminalDukpt.load(key, _named(initial_ksn(header), "KS"), pin_format)


def restore_keys(snapshot: Secret) -> TerminalKeys:
    """The terminal's side as it was at its `snapshot()`, whatever the hierarchy; TypeError for
    anything else."""
    match snapshot:
        case DukptSnapshot():
            return TerminalDukpt.restore(snapshot)
        case TdesDukptSnapshot():
            return TdesTerminalDukpt.restore(snapshot)
        case SessionSnapshot():
            return TerminalSession.restore(snapshot)
    raise TypeError(f"{type(snapshot).__name__} is no snapshot of a terminal's keys")


def _named(name: bytes | None, id_block: str) -> bytes:
    if name is None:
        raise KeyBlockError(
            f"the key block of an initial key names it: optional block {id_block} is missing"
        )
    return name
