"""What arrives under keys, under the contract: key blocks, KSNs, PIN blocks, certificates and
signatures, working keys, enciphered data. Keys and cards are for tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from hashlib import sha1

from posemu.crypto import (
    BadCardData,
    BadCiphertext,
    BadKey,
    BadKsn,
    HostDukpt,
    Key,
    KeyBlockError,
    KeyBlockHeader,
    KeyExhausted,
    NotAuthentic,
    OptionalBlock,
    PinBlockError,
    PinFormat,
    RsaPrivateKey,
    RsaPublicKey,
    TdesHostDukpt,
    allowed_derivations,
    certificates,
    check_optional_blocks,
    check_value,
    decipher_blocks,
    decipher_offline_pin,
    decipher_pin,
    decipher_pin_64,
    decode_pin_block,
    encipher_blocks,
    encipher_pin_64,
    encode_pin_block,
    hash_algorithm,
    initial_key_id,
    initial_ksn,
    kcv_zero_block,
    ksn_advance,
    offline_pin,
    parse_header,
    pin_field,
    pin_of_field,
    recover_icc_certificate,
    recover_issuer_certificate,
    signed_records,
    static_data,
    tdes_key,
    tdes_ksn_advance,
    unwrap_checked_key,
    unwrap_key_block,
    unwrap_working_key,
    verify_combined,
    verify_dynamic,
    verify_static,
    wrap_key_block,
    wrap_working_key,
)
from posemu.crypto.key_block.header import LAYOUTS
from posemu.crypto.key_block.protection import seal
from tests.fuzz.contract import Target, parts_of, pieced, text_of

_TDES = tdes_key(bytes(range(0x10, 0x20)))
_AES = Key(bytes(range(0x20, 0x30)))
_KEYS = {version: _TDES if version in "ABC" else _AES for version in LAYOUTS}
_AT = re.compile(r"key block, character (\d+) \(")
_PAN = "4000001234560002"
_CHALLENGE = bytes(8)
_KNOWN = ("KS", "IK", "KC", "KP", "KV", "HM", "CT", "DA", "LB", "TS", "TC", "WP", "PB", "ZZ")
_CONTENTS = (
    initial_ksn, initial_key_id, certificates, hash_algorithm, allowed_derivations,
    lambda header: check_value(header, "KC"), lambda header: check_value(header, "KP"),
)  # fmt: skip


def _checked_place(text: str, read: Callable[[], None]) -> None:
    try:
        read()
    except KeyBlockError as error:
        place = _AT.match(str(error))
        assert place is None or int(place[1]) <= len(text), "a character that is not there"
        raise


def _header(data: bytes) -> None:
    text = text_of(data)

    def read() -> None:
        header, length, size = parse_header(text)
        assert header.text(length) == text[:size], "written otherwise"
        parse_header(header.canonical().text(length))
        check_optional_blocks(header)

    _checked_place(text, read)


def _key_block(data: bytes) -> None:
    text = text_of(data)
    kbpk = _KEYS.get(text[:1], _AES)

    def read() -> None:
        bound = unwrap_key_block(kbpk, text)
        assert parse_header(text).header == bound.header

    _checked_place(text, read)


def _sealed(data: bytes) -> None:
    """What somebody who has the protection key could send: the MAC is made right."""
    pieces = parts_of(data, 2)
    text, clear = text_of(pieces[0]), pieces[1]
    header, _, size = parse_header(text)
    layout = LAYOUTS[header.version]
    clear += bytes(-len(clear) % layout.payload_block)
    text = header.text(size + 2 * (len(clear) + layout.mac))
    kbpk = _KEYS[header.version]
    if size % layout.header_block == 0 and clear:
        cryptogram, mac = seal(header.version, kbpk, text.encode(), clear)
        text += (cryptogram + mac).hex().upper()
    bound = unwrap_key_block(kbpk, text)
    value = bound.expose()
    assert value == clear[2 : 2 + len(value)]
    assert wrap_key_block(kbpk, bound, clear[2 + len(value) :]) == text, "written otherwise"
    assert value.hex() not in f"{bound} {bound!r}"
    bound.key()


def _optional(data: bytes) -> None:
    """The first byte chooses the block, the rest is its text."""
    block = OptionalBlock(_KNOWN[(data[0] if data else 0) % len(_KNOWN)], text_of(data[1:]))
    header = KeyBlockHeader("D", "P0", "A", "E", "00", "E", (block,))
    check_optional_blocks(header)
    for contents in _CONTENTS:
        contents(header)
    for found, block_id in ((check_value(header, "KC"), "KC"), (check_value(header, "KP"), "KP")):
        assert found is None or found.text() == header.optional(block_id)


_AES_HOST, _TDES_HOST = HostDukpt(_AES), TdesHostDukpt(_TDES)


def _aes_ksn(data: bytes) -> None:
    advanced = ksn_advance(data)
    assert len(advanced) == 12
    assert advanced[:8] == data[:8]
    assert advanced[8:] > data[8:]
    assert _AES_HOST.keys(data[:12]).ksn == data


def _tdes_ksn(data: bytes) -> None:
    advanced = tdes_ksn_advance(data)
    assert len(advanced) == 10
    assert advanced > data.rjust(10, b"\xff")
    assert _TDES_HOST.keys(advanced).ksn == advanced


def _pin_64(data: bytes) -> None:
    """The first byte chooses format and PAN; the block follows, clear and as if enciphered."""
    pick = data[0] if data else 0
    form, block = PinFormat(pick % 4), data[1:]
    pan = _PAN if pick < 128 else None
    with suppress(PinBlockError):
        decipher_pin_64(_TDES, form, block, pan)
    pin = decode_pin_block(form, block, pan)
    digits = pin.expose()
    free = PinFormat.ISO_1, PinFormat.ISO_3
    clear = (int.from_bytes(block) ^ int(_PAN[3:-1], 16)).to_bytes(8) if form in (0, 3) else block
    fill = clear.hex().upper()[2 + len(digits) :] if form in free else ""
    assert encode_pin_block(form, pin, pan, fill) == block, "written otherwise"
    assert digits not in f"{pin} {pin!r}"
    assert decipher_pin_64(_TDES, form, encipher_pin_64(_TDES, form, pin, pan, fill), pan) == pin


def _pin_128(data: bytes) -> None:
    with suppress(PinBlockError):
        decipher_pin(_AES, data, _PAN)
    assert pin_field(pin_of_field(data), data[8:]) == data, "written otherwise"


def _working_key(data: bytes) -> None:
    cryptogram, value = parts_of(data, 2)
    assert wrap_working_key(_TDES, unwrap_working_key(_TDES, cryptogram))[: len(cryptogram)] == (
        cryptogram
    ), "written otherwise"
    unwrap_checked_key(_TDES, cryptogram, value)


def _enciphered(data: bytes) -> None:
    key = _AES if data[:1] < b"\x80" else _TDES
    clear = decipher_blocks(key, data[1:])
    assert encipher_blocks(key, clear) == data[1:], "written otherwise"
    keys = _AES_HOST.keys(bytes(11) + b"\1") if key is _AES else _TDES_HOST.keys(_FIRST)
    assert len(keys.decrypt(data[1:])) < len(data)


_FIRST = bytes.fromhex("FFFF9876543210E00001")


_PRIMES = (
    int("FA4BF8BCB0053E78DBE933E93AAC4314FF9A0C8D1CD8E384"
        "33795D7C9BA81A066F0998FB0D4BB977605CD611DFA68575", 16),
    int("F711C581EB9A5414D99E018D884417D234C9B9C32630B499"
        "D4804086CE078E6397A4E92D4C6D26B0B402964FC85B60A1", 16),
)  # fmt: skip


def _test_key() -> RsaPrivateKey:
    """A small key, made for this file: its primes are public."""
    exponent = pow(3, -1, (_PRIMES[0] - 1) * (_PRIMES[1] - 1))
    modulus = (_PRIMES[0] * _PRIMES[1]).to_bytes(96)
    return RsaPrivateKey(modulus, exponent.to_bytes(96), _PRIMES)


_SIGNER = _test_key()
_VERIFIER = RsaPublicKey(_SIGNER.modulus, b"\x03")


def _signed(body: bytes, form: int, outside: bytes) -> bytes:
    """The signature of a body that somebody who has the key could make; cut or filled to fit."""
    room = len(_SIGNER.modulus) - 23
    covered = bytes([form]) + body[:room].ljust(room, b"\xbb")
    return _SIGNER.apply(b"\x6a" + covered + sha1(covered + outside).digest() + b"\xbc")


def _certificate(data: bytes) -> None:
    """Body of the certificate, remainder, exponent; once as sent, once signed by the right key."""
    body, remainder, exponent = parts_of(data, 3)
    _refused(lambda: recover_issuer_certificate(
        _VERIFIER, data, remainder=remainder, exponent=exponent, pan=_PAN))  # fmt: skip
    found = recover_issuer_certificate(
        _VERIFIER, _signed(body, 2, remainder + exponent),
        remainder=remainder, exponent=exponent, pan=_PAN, date="261122",
    )  # fmt: skip
    assert _PAN.startswith(found.holder.rstrip("F"))
    assert found.key.exponent == exponent
    assert found.key.modulus in body + b"\xbb" * 96 + remainder or remainder


def _icc_certificate(data: bytes) -> None:
    body, remainder, exponent = parts_of(data, 3)
    found = recover_icc_certificate(
        _VERIFIER, _signed(body, 4, remainder + exponent + b"static"), remainder=remainder,
        exponent=exponent, pan=_PAN, static_data=b"static", date="261122",
    )  # fmt: skip
    assert found.holder == _PAN
    assert _PAN not in repr(replace(found, key=_VERIFIER))  # a public key may hold any bytes


def _refused(call: Callable[[], object]) -> None:
    try:
        call()
    except NotAuthentic:
        return
    raise AssertionError("bytes that nobody signed are taken for signed")


def _static(data: bytes) -> None:
    found = verify_static(_VERIFIER, _signed(data, 3, b"records"), b"records")
    assert found.data_authentication_code == data[1:3].ljust(2, b"\xbb")


def _dynamic(data: bytes) -> None:
    signature = _signed(data, 5, _CHALLENGE)
    found = verify_dynamic(_VERIFIER, signature, _CHALLENGE)
    assert found.dynamic_number in found.dynamic_data
    combined = verify_combined(_VERIFIER, signature, _CHALLENGE, None)
    assert combined.dynamic == found
    assert len(combined.application_cryptogram) == 8


def _offline_pin(data: bytes) -> None:
    whole = data[:96].rjust(96, b"\0")
    for call in (
        lambda: decipher_offline_pin(_SIGNER, data, _CHALLENGE),
        lambda: decipher_offline_pin(_SIGNER, whole, _CHALLENGE),
    ):
        with suppress(NotAuthentic, PinBlockError):
            call()
    pin = offline_pin(data, _CHALLENGE)
    assert encode_pin_block(PinFormat.ISO_2, pin) == data[1:9]


def _static_data(data: bytes) -> None:
    """AFL, tag list, AIP, and one record that every entry finds."""
    afl, tags, aip, record = parts_of(data, 4)
    named = list(signed_records(afl))
    assert len(named) <= 255 * len(afl) // 4
    found = static_data(afl, dict.fromkeys(named, record), tags or None, aip)
    assert len(found) <= len(named) * len(record) + len(aip)


def _rsa_key(data: bytes) -> None:
    modulus, exponent, block = parts_of(data, 3)
    key = RsaPublicKey(modulus, exponent)
    assert len(key.apply(block)) == len(modulus)


_BODY = bytes.fromhex("40000012" + "1230" + "123456" + "0101" + "2801") + b"\x81" * 40
_ICC_BODY = bytes.fromhex(f"{_PAN}FFFF" + "1229" + "123456" + "0101" + "2801") + b"\x81" * 40


def _sealed_seeds() -> list[bytes]:
    clear = b"\x00\x80" + bytes(range(16)) + bytes(14)
    return [
        pieced(f"{version}0000P0{algorithm}E00E0000".encode(), clear)
        for version, algorithm in zip("ABCDE", "TTTAA", strict=True)
    ] + [pieced(b"D0000K0AB00E0200KC0C00ABCDEFPB14" + b"0" * 16, b"\x00\x80" + bytes(30))]


def _optional_seeds() -> list[bytes]:
    texts = ("98765432100000E00000", "1234567890123456", "00ABCDEF", "01ABCDEF0102", "    ", "21",
             "020000040000" + "0100041111", "01B0TX0B1AX0", "label", "20261122120000Z",
             "2026-11-22T12:00:00.5Z", "001", "000", "any")  # fmt: skip
    return [bytes([place]) + text.encode() for place, text in enumerate(texts)]


def _pin_blocks() -> list[bytes]:
    fields = ("041234FFFFFFFFFF", "141234ABCDEF0123", "241234FFFFFFFFFF", "341234ABCDEFABCD")
    mask = int(_PAN[3:-1], 16)
    numbers = [int(field, 16) ^ (mask if place in (0, 3) else 0) for place, field in
               enumerate(fields)]  # fmt: skip
    return [bytes([place]) + number.to_bytes(8) for place, number in enumerate(numbers)]


def _working_keys() -> list[bytes]:
    keys = [tdes_key(bytes(range(size))) for size in (8, 16, 24)]
    return [pieced(wrap_working_key(_TDES, key), kcv_zero_block(key, 4)) for key in keys]


def _data_blocks() -> list[bytes]:
    aes, tdes = _AES_HOST.keys(bytes(11) + b"\1"), _TDES_HOST.keys(_FIRST)
    return [b"\0" + aes.encrypt(bytes(20)), b"\x80" + tdes.encrypt(bytes(20))]


_KEY_BLOCK = (KeyBlockError, BadKey)

TARGETS: tuple[Target, ...] = (
    Target("key-block-header", _header, refusals=_KEY_BLOCK,
           seeds=(("tr31", "block"), ("tr31", "header"))),
    Target("key-block", _key_block, "padding is random: only its holder could write it again",
           _KEY_BLOCK, seeds=(("tr31", "block"),)),
    Target("key-block-sealed", _sealed, refusals=_KEY_BLOCK, made=_sealed_seeds),
    Target("key-block-optional", _optional, "read by many, written by their owners", _KEY_BLOCK,
           made=_optional_seeds),
    Target("ksn-aes", _aes_ksn, refusals=(BadKsn, KeyExhausted), seeds=(("dukpt_aes", "ksn"),)),
    Target("ksn-tdes", _tdes_ksn, refusals=(BadKsn, KeyExhausted), seeds=(("dukpt_tdes", "ksn"),)),
    Target("pin-block-64", _pin_64, refusals=(PinBlockError,), made=_pin_blocks),
    Target("pin-block-128", _pin_128, refusals=(PinBlockError,),
           made=lambda: [bytes.fromhex("441234AAAAAAAAAA" + "0" * 16)]),
    Target("pin-offline", _offline_pin, refusals=(NotAuthentic, PinBlockError),
           made=lambda: [bytes.fromhex("7F241234FFFFFFFFFF") + bytes(79)]),
    Target("working-key", _working_key, refusals=(BadKey, BadCiphertext),
           made=_working_keys),
    Target("enciphered-data", _enciphered, refusals=(BadCiphertext,),
           made=_data_blocks),
    Target("certificate-issuer", _certificate, "its key is cut to the length that it names",
           (NotAuthentic, BadKey), made=lambda: [pieced(_BODY, b"", b"\3")]),
    Target("certificate-icc", _icc_certificate, "as that of the issuer", (NotAuthentic, BadKey),
           made=lambda: [pieced(_ICC_BODY, b"", b"\3")]),
    Target("signature-static", _static, "filled up", (NotAuthentic,),
           made=lambda: [b"\1\2\3"]),
    Target("signature-dynamic", _dynamic, "filled up", (NotAuthentic,),
           made=lambda: [b"\1\x26\x08" + bytes(37), b"\1\3\2ab"]),
    Target("static-data", _static_data, "a selection", (BadCardData,),
           seeds=(("emv_oda", "afl"),),
           frame=lambda afl: pieced(afl, b"\x82", bytes(2), b"\x70\x02\x5a\x00")),
    Target("rsa-key", _rsa_key, "a key is kept, not written", (BadKey, NotAuthentic),
           made=lambda: [pieced(b"\xc1" * 8, b"\3", bytes(8))]),
)  # fmt: skip
