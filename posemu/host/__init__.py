"""Acquirer and issuer: one sans-IO object with books in minor units."""

from posemu.host.accounts import Issuer
from posemu.host.host import Host, Posting, Result

__all__ = ["Host", "Issuer", "Posting", "Result"]
