"""The stream: whole frames however it is cut, and a stream that is lost."""

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.wire import (
    FRAME_MAX,
    DecodeError,
    Deframer,
    EncodeError,
    Frame,
    answer_tpdu,
    frame,
)

TPDU = bytes.fromhex("6000010000")
FRAMES = [Frame(TPDU, b"\x02\x00first"), Frame(answer_tpdu(TPDU), b"\x60\x00\x01")]
STREAM = b"".join(frame(payload, tpdu) for tpdu, payload in FRAMES)


def _feed_all(pieces):
    """All frames of a stream, and where it was lost."""
    deframer = Deframer()
    frames = []
    lost = None
    try:
        for piece in pieces:
            frames += deframer.feed(piece)
            assert deframer.pending <= FRAME_MAX + 1
        if deframer.error:
            deframer.feed(b"")
    except DecodeError as error:
        lost = error.args
    assert lost == (deframer.error and deframer.error.args)
    return frames, lost


def test_layout():
    """Two bytes of length, big end first, that count the TPDU; the TPDU; the message."""
    assert frame(b"\x02\x00", TPDU).hex() == "0007" + "6000010000" + "0200"


def test_answers_go_back_where_the_request_came_from():
    """An answer's TPDU has source and destination swapped; twice swapped is the first."""
    tpdu = bytes.fromhex("6012345678")
    assert answer_tpdu(tpdu).hex() == "6056781234"
    assert answer_tpdu(answer_tpdu(tpdu)) == tpdu


@pytest.mark.parametrize("tpdu", [b"", TPDU[:4], TPDU + b"\0", b"\x61" + TPDU[1:]])
def test_a_wrong_tpdu_is_not_sent(tpdu):
    """A TPDU is five bytes and starts with 60."""
    with pytest.raises(EncodeError, match="TPDU"):
        frame(b"\x02", tpdu)
    with pytest.raises(EncodeError, match="TPDU"):
        answer_tpdu(tpdu)


def test_a_message_must_fit_its_length():
    """A message is at least one byte and fits the length of two bytes."""
    assert len(frame(bytes(0xFFFF - 5), TPDU)) == 2 + 0xFFFF
    for payload in (b"", bytes(0xFFFF - 4)):
        with pytest.raises(EncodeError, match="frame"):
            frame(payload, TPDU)


def test_every_split_gives_the_same_frames():
    """Two joined frames, cut at every pair of places: always the same two frames."""
    for first in range(len(STREAM) + 1):
        for second in range(first, len(STREAM) + 1):
            pieces = (STREAM[:first], STREAM[first:second], STREAM[second:])
            assert _feed_all(pieces) == (FRAMES, None)


def test_byte_by_byte():
    """A frame comes out with its last byte, not before; pending counts what waits."""
    deframer = Deframer()
    whole = frame(b"\x02\x00", TPDU)
    for count, byte in enumerate(whole[:-1], start=1):
        assert deframer.feed(bytes([byte])) == []
        assert deframer.pending == count
    assert deframer.feed(whole[-1:]) == [Frame(TPDU, b"\x02\x00")]
    assert deframer.pending == 0


BAD = [
    ("0000", "length", 0),
    ("0005", "length", 0),
    ("FFFF", "length", 0),
    ("2001", "length", 0),
    ("000761", "TPDU", 2),
]


@pytest.mark.parametrize(("head", "field", "offset"), BAD)
@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_lost_stream_is_refused_at_its_first_wrong_byte(head, field, offset, before):
    """The frames before the wrong byte come out; then the stream is lost and stays so."""
    good = b"".join(frame(payload, tpdu) for tpdu, payload in FRAMES[:before])
    stream = good + bytes.fromhex(head)
    deframer = Deframer()
    if before:
        assert deframer.feed(stream) == FRAMES[:before]
    for more in (stream if not before else b"", STREAM, b""):
        with pytest.raises(DecodeError) as caught:
            deframer.feed(more)
        assert caught.value is not deframer.error
        assert caught.value.args == deframer.error.args
        assert (caught.value.field, caught.value.offset) == (field, len(good) + offset)
    assert deframer.pending == 0


def test_a_whole_frame_with_a_wrong_tpdu_is_refused():
    """The common case, one frame in one piece, looks at the TPDU too."""
    whole = frame(b"\x02", TPDU).replace(b"\x60", b"\x61", 1)
    with pytest.raises(DecodeError, match="TPDU at offset 2"):
        Deframer().feed(whole)


def test_a_whole_frame_without_a_message_is_refused():
    """The common case, one frame in one piece, has a message behind its TPDU too."""
    with pytest.raises(DecodeError, match="length at offset 0: 5 holds no TPDU and message"):
        Deframer().feed(b"\x00\x05" + TPDU)


def test_offsets_count_from_the_start_of_the_stream():
    """Frames taken one by one move the offset as frames in one piece do."""
    whole = frame(b"\x02", TPDU)
    deframer = Deframer()
    deframer.feed(whole)
    deframer.feed(whole[:1])
    deframer.feed(whole[1:])
    with pytest.raises(DecodeError) as caught:
        deframer.feed(bytes(2))
    assert caught.value.offset == 2 * len(whole)


def test_a_frame_inside_a_frame_is_payload():
    """A piece that looks like a frame is not one while another frame waits for its rest."""
    inner = frame(b"\x02", TPDU)
    outer = frame(b"\x02\x00" + inner, TPDU)
    assert _feed_all((outer[: -len(inner)], inner)) == ([Frame(TPDU, b"\x02\x00" + inner)], None)


def test_the_bound_is_exact():
    """A frame of the maximum passes, one byte more is refused, before it is there."""
    whole = frame(bytes(11), TPDU)
    assert len(Deframer(16).feed(whole)) == 1
    for end in (2, len(whole)):
        with pytest.raises(DecodeError, match="maximum of 15"):
            Deframer(15).feed(whole[:end])


PIECES = st.lists(
    st.one_of(
        st.builds(frame, st.binary(min_size=1, max_size=20), st.just(TPDU)),
        st.binary(max_size=12),
    )
)


@settings(deadline=None, max_examples=120)
@given(PIECES, st.lists(st.integers(0, 200), max_size=10))
def test_cutting_changes_nothing_even_for_a_bad_stream(pieces, cuts):
    """Good or bad, the stream gives the same frames and the same error however it is cut."""
    stream = b"".join(pieces)
    places = [0, *sorted(cuts), len(stream)]
    parts = [stream[a:b] for a, b in pairwise(places)]
    assert _feed_all(parts) == _feed_all([stream])
    assert _feed_all([bytes([byte]) for byte in stream]) == _feed_all([stream])


def test_a_promise_costs_no_memory():
    """A length that promises the maximum reserves nothing."""
    deframer = Deframer()
    tracemalloc.start()
    try:
        deframer.feed(FRAME_MAX.to_bytes(2, "big") + TPDU)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert deframer.pending == 2 + len(TPDU)
    assert peak < 2048
