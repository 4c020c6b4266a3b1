"""Whose card it is, and the one question that personalisation asks of every number."""

from __future__ import annotations

from dataclasses import dataclass

from posemu.wire import Masked, mask_pan


@dataclass(frozen=True, slots=True, repr=False)
class Holder(Masked):
    """A cardholder: `expiry` YYMM, `name` in Latin letters, `service_code` three digits, the PAN's
    sequence number two."""

    pan: str
    expiry: str
    name: str
    service_code: str = "201"
    sequence: str = "01"

    def masked(self) -> str:
        return mask_pan(self.pan)
