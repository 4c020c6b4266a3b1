"""The offline PIN: VERIFY, plain and enciphered, GET CHALLENGE, and the change of it (EMV Book 3
6.5.6, 6.5.10, 6.5.12; Book 2 7.2).

What cannot be read as the block of a PIN (another key, another challenge, no digits) counts as a
wrong PIN: whoever guesses pays with a try. The try is spent in the same commit as the answer.
"""

from __future__ import annotations

from posemu.card.chip.application import Application
from posemu.card.chip.new_pin import new_pin
from posemu.card.chip.status import (
    NO_SUCH_DATA,
    NOT_NOW,
    PIN_BLOCKED,
    TRIES_LEFT,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1_P2,
)
from posemu.card.chip.turn import Refused, Turn, done
from posemu.crypto import (
    CryptoError,
    Pin,
    PinFormat,
    RsaPrivateKey,
    decipher_offline_pin,
    decode_pin_block,
    script_session_key,
)
from posemu.wire import Response

CHALLENGE = 8  # bytes
_PIN_BLOCK = 8
_PLAIN, _ENCIPHERED = 0x80, 0x88
_UNBLOCK, _WITH_CURRENT, _WITHOUT_CURRENT = 0, 1, 2


def get_challenge(turn: Turn) -> Response:
    """A random number that the next command may use."""
    if turn.command.p1 or turn.command.p2:
        raise Refused(WRONG_P1_P2)
    challenge = turn.random_bytes(CHALLENGE)
    turn.remember(challenge=challenge)
    return done(challenge)


def verify(turn: Turn) -> Response:
    """Compare a PIN, spend a try where it is wrong."""
    command, application, stored = turn.command, turn.application, turn.stored
    if command.p1 or command.p2 not in (_PLAIN, _ENCIPHERED):
        raise Refused(WRONG_P1_P2)
    key = pin_key(application)
    if stored.pin is None or (command.p2 == _ENCIPHERED and key is None):
        raise Refused(NO_SUCH_DATA)
    if not stored.tries_left:
        raise Refused(PIN_BLOCKED)
    given = _given(turn, key if command.p2 == _ENCIPHERED else None)
    right = given is not None and given == stored.pin
    left = application.pin_tries if right else stored.tries_left - 1
    turn.store(tries_left=left)
    turn.remember(pin=right, enciphered=command.p2 == _ENCIPHERED)
    return done() if right else Response(b"", TRIES_LEFT + left)


def pin_key(application: Application) -> RsaPrivateKey | None:
    """The key that deciphers PINs: its own one, or the one that signs (EMV Book 2 7.1)."""
    return application.pin_key or application.icc_key


def _given(turn: Turn, key: RsaPrivateKey | None) -> Pin | None:
    """The PIN in the command, None if there is none to be read."""
    data = turn.command.data
    if len(data) != (_PIN_BLOCK if key is None else len(key.modulus)):
        raise Refused(WRONG_LENGTH)
    if key is not None and not turn.challenge:
        raise Refused(NOT_NOW)
    try:
        if key is None:
            return decode_pin_block(PinFormat.ISO_2, data)
        return decipher_offline_pin(turn.rsa(key), data, turn.challenge)
    except CryptoError:
        return None


def change_pin(turn: Turn, body: bytes) -> None:
    """Unblock the PIN, and change it if the issuer says so; the MAC was right."""
    application, stored, use = turn.application, turn.stored, turn.command.p2
    if stored.pin is None:
        raise Refused(NO_SUCH_DATA)
    pin = stored.pin
    if use == _UNBLOCK:
        if body:
            raise Refused(WRONG_LENGTH)
    elif use in (_WITH_CURRENT, _WITHOUT_CURRENT):
        version, keys = application.version, application.keys
        atc = stored.atc.to_bytes(2)
        smc = script_session_key(version.script_session, keys.smc, atc, turn.session.cryptogram)
        current = stored.pin if use == _WITH_CURRENT else None
        try:
            pin = new_pin(version, keys.ac, smc, body, current)
        except CryptoError:
            raise Refused(WRONG_DATA) from None
    else:
        raise Refused(WRONG_P1_P2)
    turn.store(pin=pin, tries_left=application.pin_tries)
