"""Track 3: fields by place, an absent one is a separator."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.wire import TrackError
from posemu.wire.stripe.track3 import TRACK3_MAX, Track3, parse_track3

PAN = "4000000000000002"
FULL = {
    "format_code": "01",
    "pan": PAN,
    "country": "156",
    "currency": "978",
    "exponent": "2",
    "authorised": "0500",
    "remaining": "0200",
    "cycle_begin": "6001",
    "cycle_length": "07",
    "retries": "3",
    "pin_control": "123456",
    "interchange": "1",
    "types": "102030",
    "expiry": "2912",
    "sequence": "1",
    "security": "987654321",
    "san1": "11",
    "san2": "22",
    "relay": "0",
    "check_digits": "654321",
    "additional": "12=34=",
}
ENDED = ("pan", "san1", "san2")
"""Fields of any length, up to a separator."""
LEFT_OUT = ("country", "pin_control", "expiry", "sequence", "security", "check_digits")


def _written(fields):
    return "".join(
        value + "=" if name in ENDED or (name in LEFT_OUT and not value) else value
        for name, value in fields.items()
    )


def test_all_fields():
    """Every field comes out as it was put in."""
    assert parse_track3(_written(FULL)) == Track3(**FULL)


@pytest.mark.parametrize("name", [*ENDED, *LEFT_OUT])
def test_a_field_left_out(name):
    """A separator in the place of a field, and the fields behind it stay where they are."""
    fields = FULL | {name: ""}
    assert parse_track3(_written(fields)) == Track3(**fields)


@pytest.mark.parametrize(
    ("chars", "place"),
    [
        ("", 0),
        ("03" + PAN, 0),
        ("01" + "4" * 20 + "=", 2),
        ("014A=", 2),
        (_written(FULL | {"currency": "9A8"}), 22),
        (_written(FULL) + "A", len(_written(FULL))),
        ("1" * (TRACK3_MAX + 1), TRACK3_MAX),
    ],
)
def test_tracks_that_are_none(chars, place):
    """Another format, a PAN too long, letters, too many characters: refused, no digit told."""
    with pytest.raises(TrackError) as caught:
        parse_track3(chars)
    assert caught.value.offset == place
    assert PAN[6:12] not in str(caught.value)


@settings(deadline=None, max_examples=200)
@given(st.text("0123456789=", max_size=110).map(lambda tail: "01" + tail) | st.text(max_size=40))
def test_any_text(chars):
    """Any text is a track whose fields are its characters, or a TrackError."""
    try:
        track = parse_track3(chars)
    except TrackError:
        return
    assert _written({name: getattr(track, name) for name in FULL}) == chars


def test_it_shows_itself_masked():
    """No digits but the first six and the last four of the PAN."""
    assert str(parse_track3(_written(FULL))) == "Track3(400000******0002)"
