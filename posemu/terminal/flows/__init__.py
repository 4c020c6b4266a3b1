"""The flows of the application, one file each: start-up, sign-on, sale, reversal, end of day, and
the rest between them."""

from posemu.terminal.flows.rest import program

__all__ = ["program"]
