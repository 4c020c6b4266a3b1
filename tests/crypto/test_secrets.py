"""Keys, PINs and all that holds them do not show themselves."""

import base64
import copy
import pickle
from collections.abc import Callable

import pytest
from psec.aes import encrypt_aes_ecb

from posemu.crypto import (
    BadCiphertext,
    BadKey,
    BadKsn,
    BadPin,
    CryptoError,
    HostDukpt,
    Key,
    KeyExhausted,
    KeyType,
    KeyUsage,
    Pin,
    PinBlockError,
    TerminalDukpt,
    cmac,
    decipher_pin,
    derive_initial_key,
    encipher_pin,
    hmac_sha256,
    kcv,
    kcv_zero_block,
    same,
)

RAW = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
IKID = bytes.fromhex("A1A2A3A4A5A6A7A8")
DIGITS = "836194027715"
PAN = "4761739001010119"


def _terminal() -> TerminalDukpt:
    terminal = TerminalDukpt.load(derive_initial_key(Key(RAW), IKID), IKID)
    terminal.next_keys()
    return terminal


def _objects() -> list[tuple[object, list[bytes]]]:
    """Every kind of secret object with the secrets it holds."""
    terminal = _terminal()
    registers = [bytes(terminal._registers[at : at + 16]) for at in range(0, 512, 16)]
    registers = [register for register in registers if any(register)]
    host = HostDukpt(Key(RAW))
    keys = host.keys(IKID + (1).to_bytes(4))
    material = [keys._raw(place) for place in range(5)]
    return [
        (Key(RAW), [RAW]),
        (Key(RAW + RAW), [RAW]),
        (Key(RAW, KeyType.TDES2), [RAW]),
        (Key(RAW, KeyType.HMAC), [RAW]),
        (Pin(DIGITS), [DIGITS.encode()]),
        (terminal, registers),
        (terminal.snapshot(), registers),
        (terminal.next_keys(), []),
        (keys, material),
        (host, [RAW]),
    ]


SHOW: list[Callable[[object], str]] = [
    repr,
    str,
    format,
    lambda secret: f"{secret}",
    lambda secret: f"{secret!r:>60}",
    lambda secret: f"{secret:>60}",
    lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
    lambda secret: "{} {!s:<9}".format(secret, secret),  # noqa: UP032
    lambda secret: str([secret]) + str({"it": (secret,)}),
    lambda secret: str(CryptoError("with", secret)),
]


@pytest.mark.parametrize("show", SHOW)
def test_no_text_shows_a_secret(show: Callable[[object], str]) -> None:
    """Whatever makes text of a secret object gets neither its bytes nor 4 bytes of them in hex."""
    for secret, contents in _objects():
        text = show(secret)
        assert type(secret).__name__ in text
        for content in contents:
            assert content.decode("latin-1") not in text
            assert repr(content)[2:-1] not in text
            assert base64.b64encode(content).decode() not in text
            for at in range(len(content) - 3):
                assert content[at : at + 4].hex() not in text.lower()
                if isinstance(secret, Pin):
                    assert content[at : at + 4].decode() not in text


@pytest.mark.parametrize(
    "escape",
    [
        *(lambda secret, n=n: pickle.dumps(secret, n) for n in range(pickle.HIGHEST_PROTOCOL + 1)),
        copy.copy,
        copy.deepcopy,
        lambda secret: secret.__getstate__(),
        lambda secret: secret.__reduce__(),
        vars,
    ],
)
def test_no_secret_is_pickled_copied_or_listed(escape: Callable[[object], object]) -> None:
    """Pickle, copy and vars raise TypeError for every secret object, and the message shows none."""
    for secret, contents in _objects():
        with pytest.raises(TypeError) as caught:
            escape(secret)
        for content in contents:
            assert content.hex() not in str(caught.value).lower()


def test_masks_are_stable() -> None:
    """The exact masks: a key shows type and check value, a PIN not even its length."""
    assert repr(Key(RAW)) == "Key(aes128, kcv=7AD386)"
    assert repr(Key(RAW + RAW[:8])).startswith("Key(aes192, kcv=")
    assert repr(Key(RAW, KeyType.TDES2)) == "Key(tdes2)"
    assert repr(Pin("1234")) == repr(Pin(DIGITS)) == "Pin(****)"
    assert repr(_terminal()) == "TerminalDukpt(A1A2A3A4A5A6A7A8, counter=2)"
    assert repr(_terminal().snapshot()) == "DukptSnapshot(****)"
    assert repr(_terminal().next_keys()) == "TerminalWorkingKeys(ksn=A1A2A3A4A5A6A7A800000002)"
    assert repr(HostDukpt(Key(RAW))) == "HostDukpt(****)"


def test_check_value_is_the_cmac_of_a_zero_block() -> None:
    """Both check values of the RFC 4493 key: AES of zeros, and AES of the subkey K1 (its CMAC)."""
    k1 = bytes.fromhex("FBEED618357133667C85E08F7236A8DE")
    assert kcv_zero_block(Key(RAW)).hex().upper() == "7DF76B"
    assert kcv(Key(RAW)) == encrypt_aes_ecb(RAW, k1)[:3]
    assert repr(Key(RAW)) == f"Key(aes128, kcv={kcv(Key(RAW)).hex().upper()})"


def test_equality_is_by_value_and_type() -> None:
    """Equal secrets are equal, others are not, and nothing else is equal to a secret."""
    assert Key(RAW) == Key(bytearray(RAW))
    assert Key(RAW) != Key(RAW[::-1])
    assert Key(RAW) != Key(RAW + RAW)
    assert Key(RAW) != Key(RAW, KeyType.TDES2)
    assert Key(RAW) != RAW
    assert Pin("1234") == Pin("1234")
    assert Pin("1234") != Pin("1235")
    assert Pin("1234") != Pin("12345")
    assert Pin("1234") != "1234"
    assert same(b"abc", b"abc")
    assert not same(b"abc", b"abd")
    assert not same(b"abc", b"ab")


def test_secrets_come_out_on_request_only() -> None:
    """`expose` gives back what went in; a changed buffer does not change the key."""
    buffer = bytearray(RAW)
    key = Key(buffer)
    buffer[0] ^= 1
    assert key.expose() == RAW
    assert Pin(DIGITS).expose() == DIGITS
    with pytest.raises(TypeError):
        hash(key)


@pytest.mark.parametrize("digits", ["", "123", "1234567890123", "12a4", "1 34", "-123", "１２３４"])
def test_malformed_pin_is_refused(digits: str) -> None:
    """Only 4 to 12 ASCII digits make a PIN; the error does not repeat what was given."""
    with pytest.raises(BadPin) as caught:
        Pin(digits)
    assert not digits or digits not in str(caught.value)


def test_malformed_key_is_refused() -> None:
    """A key of a length its type does not have is refused, and so is a key of a wrong type."""
    for length in (0, 8, 15, 17, 31, 33):
        with pytest.raises(BadKey):
            Key(bytes(length))
    for key_type in KeyType:
        with pytest.raises(BadKey):
            Key(bytes(20), key_type)
    tdes, hmac_key, pin = Key(RAW, KeyType.TDES2), Key(RAW, KeyType.HMAC), Pin("1234")
    for call in (
        lambda: cmac(tdes, b""),
        lambda: kcv(hmac_key),
        lambda: kcv_zero_block(hmac_key),
        lambda: hmac_sha256(tdes, b""),
        lambda: encipher_pin(tdes, pin, PAN, bytes(8)),
        lambda: decipher_pin(tdes, bytes(16), PAN),
    ):
        with pytest.raises(BadKey):
            call()


def test_errors_are_rebuilt_from_their_args() -> None:
    """Each error can be made again from its args with the same text, as SimPy does it."""
    keys = HostDukpt(Key(RAW)).keys(IKID + (1).to_bytes(4))
    spent = _terminal()
    spent.erase()
    failing = {
        BadPin: lambda: Pin("12"),
        BadKey: lambda: keys.working_key(KeyUsage.PIN_ENCRYPTION, KeyType.AES256),
        BadKsn: lambda: HostDukpt(Key(RAW)).keys(bytes(12)),
        KeyExhausted: spent.next_keys,
        BadCiphertext: lambda: keys.decrypt(bytes(16)),
        PinBlockError: lambda: keys.pin(bytes(16), PAN),
    }
    for error_class, fail in failing.items():
        with pytest.raises(error_class) as caught:
            fail()
        error = caught.value
        again = type(error)(*error.args)
        assert (type(again), str(again), again.args) == (error_class, str(error), error.args)
        assert isinstance(error, CryptoError)
        unpickled = pickle.loads(pickle.dumps(error))
        assert str(unpickled) == str(error)
