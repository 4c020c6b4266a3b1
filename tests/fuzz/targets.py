"""The decoders of the rooms `wire` and `crypto`, the chip card and the kernel, by name: the one
table that the corpus test and `make fuzz` read."""

from __future__ import annotations

from tests.fuzz import card_targets, crypto_targets, emv_targets, iso8583_targets
from tests.fuzz.contract import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for room in (iso8583_targets, card_targets, crypto_targets, emv_targets)
    for target in room.TARGETS
}
