"""Message formats: bytes <-> values, sans-IO. This is the whole public surface of the room.

Every malformed input raises `DecodeError`; `WireError` is the base of all errors here.
"""

from posemu.wire.bitmap import bitmap_numbers, bitmap_of
from posemu.wire.codings import Value
from posemu.wire.dialect import Dialect, Field, Fixed, Header, Prefixed
from posemu.wire.errors import DecodeError, DialectError, EncodeError, TrackError, WireError
from posemu.wire.explain import Explanation, Row, explain
from posemu.wire.framing import FRAME_MAX, Deframer, Frame, answer_tpdu, frame
from posemu.wire.iso8583 import Codec
from posemu.wire.luhn import luhn_check_digit, luhn_valid
from posemu.wire.mask import Masked, mask_field, mask_pan, mask_pan_customer
from posemu.wire.mti import Mti, answer_mti, parse_mti, repeat_mti
from posemu.wire.swipe import turn_over
from posemu.wire.track import decode_track1, decode_track2, encode_track1, encode_track2
from posemu.wire.track_data import (
    Track1,
    Track2,
    parse_track1,
    parse_track2,
    track2_from_equivalent,
)

__all__ = [
    "FRAME_MAX",
    "Codec",
    "DecodeError",
    "Deframer",
    "Dialect",
    "DialectError",
    "EncodeError",
    "Explanation",
    "Field",
    "Fixed",
    "Frame",
    "Header",
    "Masked",
    "Mti",
    "Prefixed",
    "Row",
    "Track1",
    "Track2",
    "TrackError",
    "Value",
    "WireError",
    "answer_mti",
    "answer_tpdu",
    "bitmap_numbers",
    "bitmap_of",
    "decode_track1",
    "decode_track2",
    "encode_track1",
    "encode_track2",
    "explain",
    "frame",
    "luhn_check_digit",
    "luhn_valid",
    "mask_field",
    "mask_pan",
    "mask_pan_customer",
    "parse_mti",
    "parse_track1",
    "parse_track2",
    "repeat_mti",
    "track2_from_equivalent",
    "turn_over",
]
