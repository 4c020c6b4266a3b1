"""Acquirer and issuer: one sans-IO object with books in minor units."""

from posemu.host.accounts import Issuer
from posemu.host.books import Posting
from posemu.host.chip import ChipIssuer, Judged
from posemu.host.host import Host, Result
from posemu.host.orders import Orders

__all__ = ["ChipIssuer", "Host", "Issuer", "Judged", "Orders", "Posting", "Result"]
