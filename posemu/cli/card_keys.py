"""`posemu card-keys`: makes a file of new keys for test cards.

Key generation cannot be seeded: every call makes other keys. A run reads the file.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from posemu.crypto.tdes import odd_parity

# name: length in bits, public exponent (EMV Book 2 B2.1: 3 or 65537)
KEYS = {
    "ca-1024": (1024, 3),
    "ca-1152": (1152, 65537),
    "ca-1408": (1408, 3),
    "ca-1984": (1984, 3),
    "issuer-1024": (1024, 3),
    "issuer-1152": (1152, 65537),
    "issuer-1408": (1408, 3),
    "issuer-1984": (1984, 3),
    "icc-1024": (1024, 3),
    "icc-1152": (1152, 65537),
    "icc-1408": (1408, 3),
    "icc-1984": (1984, 3),
    "pin-1024": (1024, 3),
}
RIDS = ("A000000003", "A000000004", "A000000333")
AUTHORITIES = {"E1": "ca-1024", "E2": "ca-1152", "E3": "ca-1408", "E4": "ca-1984"}
_HEAD = """\
# Test keys, made by posemu card-keys: everybody knows them, they guard nothing. Never load them
# into a terminal that takes real cards.
#
# rsa: p and q are the primes, the modulus is their product. ca-..., issuer-... and icc-... sign as
# a certification authority, an issuer and a card; pin-... deciphers PINs. authorities: the index
# under which a terminal finds a CA key; it holds under each of rids (registered application
# providers; EMV Book 2, 5.2). The keys are our own: no scheme's. issuer_master_keys: TDES keys for
# cryptograms (ac), for integrity and for confidentiality of scripts (smi, smc; EMV Book 2, A1.4).

"""


def command(
    out: Annotated[Path | None, typer.Option(help="Write to this file, not to the screen.")] = None,
) -> None:
    """Make new keys for test cards: RSA keys of 1024 to 1984 bits and an issuer's master keys.

    Every call makes other keys: they cannot be seeded.
    """
    try:
        if out is None:
            typer.echo(make_card_keys(), nl=False)
        else:
            out.write_text(make_card_keys(), "utf-8")
    except OSError as error:
        typer.echo(f"{out}: cannot be written: {error.strerror or error}", err=True)
        raise typer.Exit(2) from None


def make_card_keys() -> str:
    """The text of a file of keys, as `posemu.profiles.card_keys` reads it."""
    lines = [f"rids: [{', '.join(RIDS)}]", "authorities:"]
    lines += [f'- {{index: "{index}", key: {name}}}' for index, name in AUTHORITIES.items()]
    lines += ["issuer_master_keys:"]
    lines += [f'  {use}: "{_hex(odd_parity(secrets.token_bytes(16)))}"' for use in _USES]
    lines += ["rsa:"]
    for name, (bits, exponent) in KEYS.items():
        numbers = generate_private_key(exponent, bits).private_numbers()
        lines += [f"  {name}:", f"    exponent: {exponent}"]
        lines += [f'    {prime}: "{_hex(value.to_bytes(bits // 16))}"'
                  for prime, value in (("p", numbers.p), ("q", numbers.q))]  # fmt: skip
    return _HEAD + "\n".join(lines) + "\n"


_USES = ("ac", "smi", "smc")


def _hex(value: bytes) -> str:
    return value.hex().upper()
