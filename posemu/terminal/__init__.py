"""The payment terminal: devices, secure module, journal, and the application with one file per
flow."""

from posemu.terminal.ports import CARD, CHIP, CODE, KEY, LINK, PAPER
from posemu.terminal.secure_module import SecureModule
from posemu.terminal.states import STATES, State, WrongState
from posemu.terminal.terminal import Ports, Terminal

__all__ = [
    "CARD",
    "CHIP",
    "CODE",
    "KEY",
    "LINK",
    "PAPER",
    "STATES",
    "Ports",
    "SecureModule",
    "State",
    "Terminal",
    "WrongState",
]
