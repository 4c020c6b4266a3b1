"""Card numbers that belong to nobody: what a file of test cardholders may hold.

Two kinds, and they are not the same:

- a *range* in which no card can be issued, because the standards leave it to nobody. ISO/IEC 7812-1
  gives numbers that begin with 9 to national standards bodies: 9, then the country's number in ISO
  3166-1. The numbers 900 to 999 of ISO 3166-1 are for users and never become a country's, so 9999
  names none. It is not a scheme's test range: no acquirer routes it;
- *single numbers* that processors publish for tests. Their ranges belong to real issuers, hence
  only the very numbers are taken. They are of use against a processor's own test host.
"""

from __future__ import annotations

from posemu.wire import luhn_valid, mask_pan

NOBODYS_PREFIX = "9999"
"""ISO/IEC 7812-1, MII 9, with country 999, which ISO 3166-1 leaves to users."""

PUBLISHED = {
    # number: where it is published as a test number
    "4242424242424242": "Stripe, Testing: Visa",
    "4000056655665556": "Stripe, Testing: Visa debit",
    "5555555555554444": "Stripe, Testing: Mastercard",
    "2223003122003222": "Stripe, Testing: Mastercard 2-series",
    "5200828282828210": "Stripe, Testing: Mastercard debit",
    "5105105105105100": "Stripe, Testing: Mastercard prepaid",
    "378282246310005": "Stripe, Testing: American Express",
    "371449635398431": "Stripe, Testing: American Express",
    "6011111111111117": "Stripe, Testing: Discover",
    "6011000990139424": "Stripe, Testing: Discover",
    "6011981111111113": "Stripe, Testing: Discover debit",
}
_LENGTHS = (12, 19)


def check_test_pan(pan: str) -> None:
    """Raises ValueError, which shows the number masked only, unless `pan` is a test number."""
    if not (pan.isascii() and pan.isdigit() and _LENGTHS[0] <= len(pan) <= _LENGTHS[1]):
        raise ValueError(f"a PAN has {_LENGTHS[0]} to {_LENGTHS[1]} digits, in quotes")
    if not pan.startswith(NOBODYS_PREFIX) and pan not in PUBLISHED:
        raise ValueError(
            f"{mask_pan(pan)} may be somebody's card; write a number that begins with "
            f"{NOBODYS_PREFIX}, which no issuer has, or a published test number"
        )
    if not luhn_valid(pan):
        raise ValueError(f"{mask_pan(pan)} has a wrong check digit (Luhn)")
