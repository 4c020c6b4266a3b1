"""The flows of the application, one file each: start-up, sign-on, sale by card and by
code, reversal, open order, end of day, and the rest between them."""

from posemu.terminal.flows.rest import program

__all__ = ["program"]
