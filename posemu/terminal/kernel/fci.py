"""What a file of the card says of itself when it is selected: the file control information (EMV 4.4
Book 1, 11.3).

    6F [ 84 DF name | A5 [ 50 label | 87 priority | 9F38 PDOL | ... | BF0C [ issuer's own ] ] ]

What may break: the name or a template is missing, objects stand there twice, the bytes are no
objects. Promised: such an answer is told apart from a good one, and nothing of it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from posemu.wire.emv.apdu import LE_MAX, SFI_MAX, Command
from posemu.wire.emv.tags import EMV_TAGS
from posemu.wire.emv.tlv import Tlv, decode_tlv
from posemu.wire.errors import DecodeError

AID_BYTES = range(5, 17)
_KNOWN = frozenset(entry.tag for entry in EMV_TAGS)
_FCI, _DF_NAME, _PROPRIETARY = "6F", "84", "A5"


class Fci(NamedTuple):
    """The name of the file (upper-case hex), and its objects by tag, the name (84) among them."""

    name: str
    objects: Mapping[str, bytes]


def select(name: bytes, following: bool = False) -> Command:
    """SELECT by name; `following` asks for the next file whose name begins so (Book 1, 11.3.2)."""
    return Command(0x00, 0xA4, 0x04, 0x02 if following else 0x00, name, LE_MAX)


def read_record(sfi: int, number: int) -> Command:
    """READ RECORD of a record by its number, 1 to 254 (Book 1, 11.2.2)."""
    assert 1 <= sfi <= SFI_MAX
    return Command(0x00, 0xB2, number, sfi << 3 | 0x04, b"", LE_MAX)


def read_fci(data: bytes) -> Fci | None:
    """The answer to SELECT taken apart; None if it is not what Book 1, 11.3.4 wants."""
    try:
        whole = decode_tlv(data)
    except DecodeError:
        return None
    if [item.tag for item in whole] != [_FCI]:
        return None
    inside = whole[0].children or ()
    names = [item.value for item in inside if item.tag == _DF_NAME]
    templates = [item for item in inside if item.tag == _PROPRIETARY]
    if len(names) != 1 or len(names[0]) not in AID_BYTES or len(templates) != 1:
        return None
    found = known_objects(inside)
    objects = dict(found)
    return Fci(names[0].hex().upper(), objects) if len(objects) == len(found) else None


def known_objects(objects: Iterable[Tlv]) -> list[tuple[str, bytes]]:
    """The primitive objects at any depth whose tags are in the dictionary, in order. The terminal
    keeps no others (Book 3, 10.2)."""
    found: list[tuple[str, bytes]] = []
    for item in objects:
        if item.children is not None:
            found += known_objects(item.children)
        elif item.tag in _KNOWN:
            found.append((item.tag, item.value))
    return found
