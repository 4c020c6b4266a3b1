"""The floor of a card sale with PIN: bare SimPy events, one for each real occurrence, and every
cryptographic primitive called bare, once per required use. No posemu code runs here."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from typing import Any

import simpy

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
    from cryptography.hazmat.primitives.cmac import CMAC

OCCURRENCES: tuple[tuple[str, int], ...] = (
    ("the customer steps up", 1),
    ("the cashier looks at the ready screen and presses SALE", 1),
    ("the cashier looks at the amount screen", 1),
    ("a key of the amount is pressed (4 digits, ENTER)", 5),
    ("the customer reads the amount and confirms", 1),
    ("the card is swiped", 1),
    ("the cardholder looks at the PIN screen", 1),
    ("a key of the PIN is pressed (12 digits, ENTER)", 13),
    ("the SYN reaches the gateway", 1),
    ("the SYN-ACK reaches the terminal", 1),
    ("the flash has the record 'sending'", 1),
    ("the request reaches the host", 1),
    ("the host has served the request", 1),
    ("the answer reaches the terminal", 1),
    ("the flash has the record 'approved'", 1),
    ("the merchant's slip is out", 1),
    ("the customer's slip is out", 1),
    ("the screen is ready again", 1),
)
EVENTS = sum(count for _, count in OCCURRENCES)
assert EVENTS <= 40

_KEY, _BLOCK, _ZERO = bytes(16), bytes(16), CBC(bytes(16))
REQUEST_BYTES, ANSWER_BYTES = 150, 100
"""Of the messages that are authenticated."""


def primitives(request_bytes: int = REQUEST_BYTES, answer_bytes: int = ANSWER_BYTES) -> list[str]:
    """What `run_crypto` does for each sale, by name."""
    return [
        "2 x AES-ECB context, 6 blocks: transaction key to working keys (terminal, host)",
        "2 x AES-ECB context, 2 blocks: PIN block format 4 (terminal, host)",
        "2 x AES-CBC context, 3 blocks: track data (terminal, host)",
        f"2 x CMAC over the request, {request_bytes} bytes (terminal, host)",
        f"2 x CMAC over the answer, {answer_bytes} bytes (host, terminal)",
    ]


def _events(env: simpy.Environment, count: int) -> Generator[Any, Any, None]:
    timeout = env.timeout
    for _ in range(count):
        yield timeout(1)


def run_events(sales: int, each: int = EVENTS) -> None:
    """So many sales of `each` events."""
    env = simpy.Environment()
    env.process(_events(env, sales * each))
    env.run()


def run_crypto(
    sales: int, request_bytes: int = REQUEST_BYTES, answer_bytes: int = ANSWER_BYTES
) -> None:
    """What terminal and host do with AES, sale by sale."""
    blocks, track = bytes(96), bytes(48)
    request, answer = bytes(request_bytes), bytes(answer_bytes)
    for _ in range(2 * sales):
        Cipher(AES(_KEY), ECB()).encryptor().update(blocks)
        pin = Cipher(AES(_KEY), ECB()).encryptor()
        pin.update(pin.update(_BLOCK))
        Cipher(AES(_KEY), _ZERO).encryptor().update(track)
        for text in (request, answer):
            mac = CMAC(AES(_KEY))
            mac.update(text)
            mac.finalize()
