"""Acquirer and issuer: one sans-IO object with books in minor units."""

from posemu.host.accounts import Issuer
from posemu.host.books import Posting
from posemu.host.host import Host, Result
from posemu.host.orders import Orders

__all__ = ["Host", "Issuer", "Orders", "Posting", "Result"]
