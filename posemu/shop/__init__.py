"""The shop around the terminal: who comes, who waits, and who stands at the till."""

from posemu.shop.arrivals import Spell, arrivals
from posemu.shop.cashier import Cashier, Pace, TerminalPorts
from posemu.shop.customer import CARD, CASH, CODE, Customer
from posemu.shop.lane import Lane

__all__ = [
    "CARD",
    "CASH",
    "CODE",
    "Cashier",
    "Customer",
    "Lane",
    "Pace",
    "Spell",
    "TerminalPorts",
    "arrivals",
]
