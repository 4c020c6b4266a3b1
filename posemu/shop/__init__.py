"""The shop around the terminal: who stands at the till."""

from posemu.shop.cashier import Cashier, Pace, TerminalPorts, Visit

__all__ = ["Cashier", "Pace", "TerminalPorts", "Visit"]
