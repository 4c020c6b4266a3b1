"""Payment cryptography: keys and PINs that do not show themselves, AES DUKPT, PIN block format 4,
CMAC.

Bytes in, bytes out. The room knows no time and draws no random numbers: what has to be random is a
parameter.
"""

from .dukpt_aes import DukptSnapshot, HostDukpt, TerminalDukpt
from .dukpt_aes_tree import (
    KeyUsage,
    derivation_data,
    derive_initial_key,
    derive_transaction_key,
    derive_update_key,
)
from .errors import (
    BadCiphertext,
    BadKey,
    BadKsn,
    BadPin,
    CryptoError,
    KeyExhausted,
    PinBlockError,
)
from .keys import Key, KeyType, Pin, Secret
from .ksn import ksn_advance
from .mac import cmac, hmac_sha256, kcv, kcv_zero_block, same
from .pin_block import decipher_pin, encipher_pin, pan_field, pin_field, pin_of_field
from .working_keys import WorkingKeys

__all__ = [
    "BadCiphertext",
    "BadKey",
    "BadKsn",
    "BadPin",
    "CryptoError",
    "DukptSnapshot",
    "HostDukpt",
    "Key",
    "KeyExhausted",
    "KeyType",
    "KeyUsage",
    "Pin",
    "PinBlockError",
    "Secret",
    "TerminalDukpt",
    "WorkingKeys",
    "cmac",
    "decipher_pin",
    "derivation_data",
    "derive_initial_key",
    "derive_transaction_key",
    "derive_update_key",
    "encipher_pin",
    "hmac_sha256",
    "kcv",
    "kcv_zero_block",
    "ksn_advance",
    "pan_field",
    "pin_field",
    "pin_of_field",
    "same",
]
