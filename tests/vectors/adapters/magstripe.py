"""Magnetic stripe."""

from __future__ import annotations

from collections.abc import Mapping

from posemu.wire.stripe.track import (
    Lrc,
    decode_track2,
    encode_track1,
    encode_track2,
    track1_lrc,
    track2_lrc,
)
from posemu.wire.stripe.track_data import (
    Track1,
    Track2,
    parse_track1,
    parse_track2,
    track2_from_equivalent,
)

from . import Answers, Inputs, Operation


def _dates(track: Track1 | Track2) -> dict[str, str]:
    return {
        "pan": track.pan,
        "expiry": track.expiry,
        "service_code": track.service_code,
        "discretionary": track.discretionary,
    }


def _bits(bits: bytes) -> Answers:
    return {"bits": "".join(map(str, bits))}


def _lrc(lrc: Lrc) -> Answers:
    return {"lrc_value": lrc.value, "lrc_character": lrc.char}


def _track1_parse(inputs: Inputs) -> Answers:
    track = parse_track1(inputs["track1"])
    return _dates(track) | {
        "format_code": track.format_code,
        "name_raw": track.name_raw,
        "name": track.name,
    }


def _track2_parse(inputs: Inputs) -> Answers:
    track = parse_track2(inputs["track2"])
    return _dates(track) | {"separator": track.separator}


def _track2_equivalent(inputs: Inputs) -> Answers:
    half_bytes = inputs["tag57"]
    if len(half_bytes) % 2:  # half bytes that no card can hold: the F that fills is one too many
        half_bytes = half_bytes.removesuffix("F")
    chars = track2_from_equivalent(bytes.fromhex(half_bytes))
    return _dates(parse_track2(chars)) | {"track2": chars}


OPERATIONS: Mapping[str, Operation] = {
    "track1_bits": lambda inputs: _bits(encode_track1(inputs["characters"])),
    "track1_lrc": lambda inputs: _lrc(track1_lrc(inputs["characters"])),
    "track1_parse": _track1_parse,
    "track2_bits": lambda inputs: _bits(encode_track2(inputs["characters"])),
    "track2_bits_decode": lambda inputs: {
        "characters": decode_track2(bytes(map(int, inputs["bits"])))
    },
    "track2_equivalent": _track2_equivalent,
    "track2_lrc": lambda inputs: _lrc(track2_lrc(inputs["characters"])),
    "track2_parse": _track2_parse,
}
