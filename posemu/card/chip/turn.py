"""One command on its way through the card.

A command's function looks at the turn, changes what it carries, and gives the response. Nothing of
that is kept before the card commits it; `Refused` says that nothing changes at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from posemu.card.chip.application import Application, CardImage, Memory, Session, Stored
from posemu.card.chip.status import NOT_NOW, OK
from posemu.crypto import RsaPrivateKey
from posemu.wire import Command, Response

RandomBytes = Callable[[int], bytes]


class Refused(Exception):  # noqa: N818
    """The command ends with this status and changes nothing."""

    def __init__(self, sw: int) -> None:
        super().__init__(sw)
        self.sw = sw


@dataclass(slots=True)
class Turn:
    """`memory` and `session` are what will be kept. `challenge` is that of a GET CHALLENGE just
    before: it is good for this command alone (EMV Book 3 6.5.6)."""

    image: CardImage
    memory: Memory
    session: Session
    command: Command
    random_bytes: RandomBytes
    atc_stuck: bool = False
    cryptogram_spoiled: bool = False
    challenge: bytes = b""
    rsa_bits: int = 0

    @property
    def application(self) -> Application:
        """The selected one; `Refused` if none is."""
        return self.image.applications[self._place()]

    @property
    def stored(self) -> Stored:
        """What the selected application stores, this command's changes included."""
        return self.memory.applications[self._place()]

    def _place(self) -> int:
        if self.session.place is None:
            raise Refused(NOT_NOW)
        return self.session.place

    def store(self, **changes: Any) -> None:
        """Write fields of `Stored` of the selected application."""
        place, applications = self._place(), self.memory.applications
        changed = replace(applications[place], **changes)
        kept = (*applications[:place], changed, *applications[place + 1 :])
        self.memory = replace(self.memory, applications=kept)

    def remember(self, **changes: Any) -> None:
        """Write fields of the `Session`."""
        self.session = replace(self.session, **changes)

    def block_card(self) -> None:
        """Block the whole card, for good."""
        self.memory = replace(self.memory, blocked=True)

    def rsa(self, key: RsaPrivateKey) -> RsaPrivateKey:
        """The key, its use noted as work."""
        self.rsa_bits += 8 * len(key.modulus)
        return key


def done(data: bytes = b"") -> Response:
    """The answer of a command that went well."""
    return Response(data, OK)


def writes_between(before: Memory, after: Memory) -> int:
    """How many fields of non-volatile memory a command changed."""
    if before is after:
        return 0
    changed = int(before.blocked != after.blocked)
    for old, new in zip(before.applications, after.applications, strict=True):
        if old is not new:
            changed += sum(getattr(old, name) != getattr(new, name) for name in _STORED)
    return changed


_STORED = tuple(field.name for field in fields(Stored))
