"""Sizes that a hostile peer, card or code may send: each is refused, or skipped as filling, after
few steps and with little memory. Steps are counted (lines of Python run); no clock is read."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import posemu
from posemu.crypto import (
    CryptoError,
    Key,
    PinFormat,
    RsaPublicKey,
    decode_pin_block,
    ksn_advance,
    offline_pin,
    parse_header,
    pin_of_field,
    recover_issuer_certificate,
    signed_records,
    tdes_key,
    tdes_ksn_advance,
    unwrap_key_block,
    unwrap_working_key,
    verify_static,
)
from posemu.wire import (
    FILE_FILLING,
    FRAME_MAX,
    Codec,
    DecodeError,
    Deframer,
    Dialect,
    Explanation,
    Header,
    Prefixed,
    bitmap_numbers,
    check_mpm,
    decode_cpm,
    decode_length,
    decode_mpm,
    decode_tlv,
    decode_track1,
    decode_track2,
    decode_track3,
    explain,
    parse_afl,
    parse_atr,
    parse_command,
    parse_dol,
    parse_gpo_response,
    parse_issuer_authentication,
    parse_mti,
    parse_response,
    parse_service_code,
    parse_track1,
    parse_track2,
    parse_track3,
    read_elements,
    read_tag,
    t0_exchange,
    tlv_pairs,
    track2_from_equivalent,
)
from posemu.wire.emv.tlv import DEPTH_MAX, LENGTH_BYTES_MAX, TAG_BYTES_MAX
from posemu.wire.iso8583.codings import coding_for
from tests.fuzz.iso8583_targets import DIALECTS
from tests.fuzz.targets import TARGETS

MEGABYTE = 1 << 20
OURS = (str(Path(posemu.__file__).parent), __file__)
STEPS_MAX = 20_000
MEMORY_MAX = 6 * MEGABYTE
_RSA = RsaPublicKey(b"\xc1" * 128, b"\x03")
_TDES, _AES = tdes_key(bytes(range(16))), Key(bytes(range(16)))

Decoder = Callable[[bytes], object]
ERRORS = (DecodeError, CryptoError)


class _TooManyStepsError(Exception):
    """Raised from inside a decoder that goes on too long."""


def cost(decoder: Decoder, data: bytes, limit: int = STEPS_MAX) -> tuple[int, int, object]:
    """Lines of our code that ran, bytes of memory at the worst moment, and what came out: a value
    or a refusal."""
    steps = 0

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal steps
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        steps += 1
        if steps > limit:
            raise _TooManyStepsError(limit)
        return count

    before = sys.gettrace()
    tracemalloc.start()
    sys.settrace(count)
    try:
        outcome = decoder(data)
    except ERRORS as error:
        outcome = error
    finally:
        sys.settrace(before)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return steps, peak, outcome


def _text(read: Callable[[str], object]) -> Decoder:
    return lambda data: read(data.decode("latin-1"))


def _certificate(data: bytes) -> object:
    return recover_issuer_certificate(
        _RSA, data, remainder=b"", exponent=b"\x03", pan="4000001234560002"
    )


def _talk(data: bytes) -> object:
    exchange = t0_exchange(parse_command(bytes.fromhex("00B2010C00")))
    next(exchange)
    return exchange.send(data)


def _warm(dialect: Dialect) -> Codec:
    """A codec whose tables of lengths are there already: they cost once, not for each message."""
    codec = Codec(dialect)
    for message in TARGETS[f"iso8583-{dialect.name}"].made():
        codec.decode(message)
    return codec


CODECS = {dialect.name: _warm(dialect) for dialect in DIALECTS}
DECODERS: dict[str, Decoder] = {
    **{f"iso8583-{name}": codec.decode for name, codec in CODECS.items()},
    **{f"explain-{name}": partial(explain, codec) for name, codec in CODECS.items()},
    "deframer": lambda data: Deframer().feed(data),
    "bitmap": bitmap_numbers,
    "mti": _text(parse_mti),
    "tlv": decode_tlv,
    "tlv-file": lambda data: decode_tlv(data, FILE_FILLING),
    "tlv-pairs": tlv_pairs,
    "tag": read_tag,
    "length": decode_length,
    "dol": parse_dol,
    "command": parse_command,
    "response": parse_response,
    "gpo": parse_gpo_response,
    "afl": parse_afl,
    "issuer-authentication": parse_issuer_authentication,
    "t0": _talk,
    "atr": parse_atr,
    "mpm": _text(decode_mpm),
    "mpm-judged": _text(check_mpm),
    "mpm-elements": _text(read_elements),
    "cpm": _text(decode_cpm),
    "track1": _text(parse_track1),
    "track2": _text(parse_track2),
    "track3": _text(parse_track3),
    "track2-equivalent": track2_from_equivalent,
    "track1-bits": decode_track1,
    "track2-bits": decode_track2,
    "track3-bits": decode_track3,
    "service-code": _text(parse_service_code),
    "key-block-header": _text(parse_header),
    "key-block": _text(lambda text: unwrap_key_block(_AES, text)),
    "pin-block-64": lambda data: decode_pin_block(PinFormat.ISO_1, data),
    "pin-block-128": pin_of_field,
    "pin-offline": lambda data: offline_pin(data, bytes(8)),
    "ksn-aes": ksn_advance,
    "ksn-tdes": tdes_ksn_advance,
    "certificate": _certificate,
    "signature": lambda data: verify_static(_RSA, data, None),
    "working-key": lambda data: unwrap_working_key(_TDES, data),
    "afl-signed": lambda data: list(signed_records(data)),
    "rsa-key": lambda data: RsaPublicKey(data, b"\x03"),
}
FILLS = (b"\x00", b"\xff", b"0", b"9", b"B", b"\x01", b"\x50\x00", b"\x08\x01\xff\xff", b"\xff\x00")
OBJECTS = (b"0", b"9", b"B", b"\x01", b"\x50\x00", b"\x08\x01\xff\xff")
"""As TLV these are thousands of right objects: no size is wrong in itself, and
`test_cost_follows_size` has them."""
TLV = ("tlv", "tlv-file", "tlv-pairs", "gpo")
TAKES = {
    "tlv": (b"\x00",), "tlv-pairs": (b"\x00",), "tlv-file": (b"\x00", b"\xff", b"\xff\x00"),
    "tag": FILLS, "length": FILLS,
}  # fmt: skip
"""Filling is skipped, whatever there is of it; a head is read and what follows not looked at."""


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_a_megabyte_of_anything_is_refused_at_once(name: str) -> None:
    """A megabyte of one thing costs few steps and little memory, and is nothing but filling."""
    for fill in FILLS:
        if name in TLV and fill in OBJECTS:
            continue
        steps, peak, outcome = cost(DECODERS[name], fill * (MEGABYTE // len(fill)))
        assert steps <= STEPS_MAX
        assert peak <= MEMORY_MAX, (fill, peak)
        if isinstance(outcome, Explanation):
            outcome = outcome.error
        taken = not isinstance(outcome, ERRORS)
        assert not taken or fill in TAKES.get(name, ()), (fill, str(outcome)[:80])


def nested(levels: int, core: bytes = b"") -> bytes:
    """Templates within each other."""
    data = core
    for _ in range(levels):
        data = b"\xe1\x84" + len(data).to_bytes(4) + data
    return data


def test_ten_thousand_templates_are_refused_at_the_first_that_is_too_deep() -> None:
    """Depth costs what the depth allowed costs, and the error names the place."""
    steps, peak, outcome = cost(decode_tlv, nested(10_000))
    assert isinstance(outcome, DecodeError)
    assert outcome.offset == (DEPTH_MAX + 1) * 6
    assert steps < 40 * DEPTH_MAX
    assert peak < 2 * MEGABYTE
    assert len(decode_tlv(nested(DEPTH_MAX))) == 1
    assert len(tlv_pairs(nested(10_000))) == 1


@pytest.mark.parametrize("length", [2**31, 2**32 - 1, 0x7FFFFFFF])
@pytest.mark.parametrize("decoder", [decode_tlv, tlv_pairs, parse_gpo_response])
def test_a_length_of_gigabytes_is_refused(decoder: Decoder, length: int) -> None:
    """A length beyond the data is refused before anything is reserved for it."""
    data = b"\x9f\x02\x84" + length.to_bytes(4)
    steps, peak, outcome = cost(decoder, data)
    assert isinstance(outcome, DecodeError)
    assert outcome.field == "tag 9F02"
    assert (steps < 80, peak < 50_000) == (True, True)


def test_lengths_and_tags_without_end_are_refused() -> None:
    """A length field of 127 bytes, a tag of a megabyte: refused, and the error stays short."""
    for data in (b"\x50\xff" + b"\xff" * 127, b"\x50\x85" + bytes(5), b"\x9f" + b"\x81" * MEGABYTE):
        steps, _, outcome = cost(decode_tlv, data)
        assert isinstance(outcome, DecodeError)
        assert steps < 50
        assert len(str(outcome)) < 100
    assert read_tag(b"\x9f\x81\x81\x01") == "9F818101"
    with pytest.raises(DecodeError, match="longer than 4 bytes"):
        read_tag(b"\x9f" + b"\x81" * (TAG_BYTES_MAX - 1) + b"\x01")
    assert LENGTH_BYTES_MAX == 4


@pytest.mark.parametrize("name", sorted(CODECS))
def test_a_field_that_claims_more_than_there_is(name: str) -> None:
    """A field whose length says its maximum, with nothing behind it, reserves nothing."""
    codec = CODECS[name]
    for field in codec.dialect.fields:
        if isinstance(field.length, Prefixed) and field.length.counts == "units":
            coding = coding_for(field.type, field.encoding, field.pad)
            most = field.length.max - field.length.max % 2
            value = bytes(most) if field.type == "b" else coding.chars[1] * most
            whole = codec.encode("0200", {field.number: value})
            claimed = whole[: len(whole) - coding.width(most)]
            steps, peak, outcome = cost(codec.decode, claimed)
            assert isinstance(outcome, DecodeError)
            assert outcome.offset == len(claimed)
            assert (steps < STEPS_MAX, peak < 50_000) == (True, True)


@pytest.mark.parametrize(
    ("header", "start"),
    [
        (Header(b"", "binary4"), b"\x80\x00\x00\x00"),
        (Header(b"", "bcd4"), b"\x99\x99\x99\x99"),
        (Header(b"", "ascii4"), b"9999"),
        (Header(bytes(5), "binary2"), b"\xff\xff"),
    ],
)
def test_a_stream_that_announces_too_much_is_lost_at_its_length(
    header: Header, start: bytes
) -> None:
    """Nothing waits for two gigabytes: the length alone is refused, byte by byte too."""
    deframer = Deframer(header=header)
    for place in range(len(start) - 1):
        assert deframer.feed(start[place : place + 1]) == []
    with pytest.raises(DecodeError, match="above the maximum"):
        deframer.feed(start[-1:])
    assert deframer.pending == 0


def test_a_stream_never_keeps_more_than_a_frame() -> None:
    """What waits for the rest of its frame is bounded by the largest frame."""
    deframer = Deframer()
    worst = 0
    chunk = (b"\x1f\xff\x60" + bytes(0x1FFE))[:-1]
    deframer.feed(chunk)
    worst = deframer.pending
    assert len(deframer.feed(b"\0" * 1)) == 1
    assert worst <= FRAME_MAX + 2
    assert deframer.pending == 0


@pytest.mark.parametrize("decoder", [decode_tlv, tlv_pairs])
def test_cost_follows_size(decoder: Decoder) -> None:
    """Twice as many objects cost twice the steps, not four times."""
    few, _, _ = cost(decoder, b"\x9a\x01\x00\x9f\x37\x00" * 200, limit=1_000_000)
    many, _, found = cost(decoder, b"\x9a\x01\x00\x9f\x37\x00" * 400, limit=1_000_000)
    assert many <= 2.05 * few
    assert len(found) == 800  # type: ignore[arg-type]


def test_endless_waiting_ends() -> None:
    """A card that announces data for ever, and brings none, is refused."""
    exchange = t0_exchange(parse_command(bytes.fromhex("00B2010C00")))
    next(exchange)
    sent = 0
    with pytest.raises(DecodeError, match="without end"):  # noqa: PT012 (any of them may raise)
        while sent < 1000:
            exchange.send(b"\x61\x00")
            sent += 1
    assert sent < 20


def test_the_count_sees_a_loop() -> None:
    """A decoder that looks at every byte is stopped, so the bounds above can fail."""
    with pytest.raises(_TooManyStepsError):
        cost(lambda data: sum(1 for byte in data if byte), bytes(MEGABYTE))
