"""Masking, the table for people, errors that hold no secrets, and the small rules of MTIs."""

import copy
import pickle
import traceback

import pytest

from posemu.wire import (
    Codec,
    DecodeError,
    Dialect,
    DialectError,
    EncodeError,
    Field,
    Header,
    Masked,
    Prefixed,
    TrackError,
    WireError,
    answer_mti,
    decode_track2,
    encode_track2,
    explain,
    luhn_check_digit,
    luhn_valid,
    mask_field,
    mask_pan,
    mask_pan_customer,
    repeat_mti,
)

PAN = "4000000000000002"


@pytest.mark.parametrize(
    ("pan", "merchant", "customer"),
    [
        (PAN, "400000******0002", "************0002"),
        ("4222222222222", "422222***2222", "*********2222"),
        ("6304000000000000000", "630400*********0000", "***************0000"),
        ("630400000000", "********0000", "********0000"),
        ("12345678", "****5678", "****5678"),
        ("1234567", "*******", "*******"),
        ("", "", ""),
    ],
)
def test_pan(pan, merchant, customer):
    """First six and last four, the customer's copy last four; a short number shows less."""
    assert (mask_pan(pan), mask_pan_customer(pan)) == (merchant, customer)


@pytest.mark.parametrize(
    ("sensitive", "kind", "encoding", "value", "shown"),
    [
        (None, "ans", "ascii", "TERM0001", "TERM0001"),
        (None, "b", "binary", b"\xab\xcd", "ABCD"),
        (None, "b", "binary", memoryview(b"\xab"), "AB"),
        ("pan", "n", "bcd", PAN, "400000******0002"),
        ("pan", "b", "binary", b"4000", "*** pan, 4 bytes"),
        ("track", "z", "ascii", "4=1", "*** track, 3 characters"),
        ("pin", "b", "binary", bytes(16), "*** pin, 16 bytes"),
        ("key", "b", "binary", bytes(16), "*** key, 16 bytes"),
    ],
)
def test_field(sensitive, kind, encoding, value, shown):
    """A sensitive value shows its kind and size, a PAN its masked digits, the rest itself."""
    field = Field(2, "x", kind, Prefixed(2, 37, "bcd"), encoding, sensitive)
    assert mask_field(field, value) == shown


def test_a_sensitive_value_must_say_what_may_be_shown():
    """A kind of sensitive value that does not say how it is masked cannot be made."""

    class Forgotten(Masked):
        pass

    with pytest.raises(TypeError, match="masked"):
        Forgotten()


def test_explain_shows_every_field_masked(codec, sale):
    """A row per field in order, named in the language asked for; PIN block and track masked."""
    rows, error = explain(codec, codec.encode("0200", sale), "zh")
    assert error is None
    assert [row.number for row in rows] == [0, *sorted(sale)]
    shown = {row.number: row.value for row in rows}
    assert shown[0] == "0200"
    assert shown[4] == "000000012345"
    assert shown[52] == "*** pin, 16 bytes"
    assert shown[63] == "*** track, 48 bytes"
    assert shown[64] == "0001020304050607"
    assert rows[2].name == "交易金额"
    assert explain(codec, codec.encode("0200", sale), "en").rows[2].name == "Amount"
    assert explain(codec, codec.encode("0200", sale), "fr").rows[2].name == "Amount"


def test_explain_gives_what_could_be_read(codec, sale):
    """Cut anywhere, a message gives the rows before the cut and the very error of decode."""
    message = codec.encode("0200", sale)
    whole = explain(codec, message).rows
    for end in range(len(message)):
        rows, error = explain(codec, message[:end])
        assert rows == whole[: len(rows)]
        with pytest.raises(DecodeError) as caught:
            codec.decode(message[:end])
        assert error.args == caught.value.args
    rows, error = explain(codec, message + b"\x00")
    assert rows == whole
    assert error.field == "message"


def test_explain_reads_up_to_an_unknown_field(codec):
    """The fields before one that the dialect does not have are shown."""
    message = bytearray(codec.encode("0200", {3: "000000", 49: "156"}))
    message[6] |= 0x01  # DE40
    rows, error = explain(codec, bytes(message))
    assert [row.number for row in rows] == [0, 3]
    assert error.field == "DE40"


@pytest.mark.parametrize(
    "error",
    [
        WireError("x"),
        DecodeError("DE52", 40, "too short"),
        TrackError("track 2", 7, "parity"),
        EncodeError("DE4", "must be digits only"),
        DialectError("posemu-87-aes", "DE4", "nonsense"),
    ],
)
def test_errors_can_be_rebuilt_from_their_args(error):
    """A copy made from `args`, as SimPy makes it, is the same error."""
    for twin in (type(error)(*error.args), copy.copy(error)):
        assert (type(twin), str(twin), vars(twin)) == (type(error), str(error), vars(error))
    assert isinstance(error, WireError)


def _crash_text(call, *args):
    with pytest.raises(WireError) as caught:
        call(*args)
    error = caught.value
    seen = []
    while error is not None:  # everything that hangs on the error, also what a traceback hides
        seen += [repr(error), *traceback.format_exception_only(error)]
        error = error.__cause__ or error.__context__
    return "".join(seen)


def test_errors_hold_no_value():
    """Neither the error nor what hangs on it shows the refused value."""
    text = Field(45, "track1", "ans", Prefixed(2, 76, "bcd"), "ascii", "track")
    pan = Field(2, "pan", "n", Prefixed(2, 19, "bcd"), "bcd", "pan")
    codec = Codec(Dialect("test", "", Header(bytes(5)), "bcd", "binary", (pan, text)))
    canary = "400000123456"
    message = codec.encode("0200", {45: canary})
    track = bytearray(encode_track2(f";{canary}0002=2912201?"))
    track[50] ^= 1
    texts = [
        _crash_text(codec.encode, "0200", {45: canary + "\u00e9"}),
        _crash_text(codec.encode, "0200", {45: canary + "\ud800"}),
        _crash_text(codec.encode, "0200", {2: canary + "X"}),
        _crash_text(codec.encode, "0200", {2: int(canary)}),
        _crash_text(codec.encode, canary, {}),
        _crash_text(codec.encode, "0200", {canary: ""}),
        _crash_text(codec.decode, message[:-1] + b"\xff"),
        _crash_text(codec.decode, message[:-1]),
        _crash_text(decode_track2, bytes(track)),
        _crash_text(luhn_valid, canary + "X"),
        _crash_text(answer_mti, canary),
    ]
    assert not [shown for shown in texts if canary[6:] in shown]


@pytest.mark.parametrize(
    ("mti", "repeat"),
    [("0400", "0401"), ("0401", "0401"), ("0220", "0221"), ("0302", "0303"), ("0303", "0303")],
)
def test_repeat(mti, repeat):
    """A repeat has an odd last digit, stays a repeat, and is answered as the first sending."""
    assert repeat_mti(mti) == repeat
    assert answer_mti(repeat) == answer_mti(mti)


@pytest.mark.parametrize(
    ("mti", "offset"),
    [
        ("0410", 2), ("0430", 2), ("0140", 2), ("0804", 3), ("0400 ", 4), ("04", 2),
        ("\u0660400", 0), ("0900", 1), ("0480", 2), ("0409", 3), ("", 0),
    ],
)  # fmt: skip
def test_what_cannot_be_repeated(mti, offset):
    """Answers, notifications, other origins and nonsense have no repeat; the error says which digit
    is in the way."""
    with pytest.raises(DecodeError, match=f"MTI at offset {offset}: "):
        repeat_mti(mti)


def test_luhn_sees_every_wrong_digit():
    """Exactly one check digit is right, and any one wrong digit is seen."""
    assert luhn_check_digit(PAN[:-1]) == "2"
    for place in range(len(PAN)):
        valid = [d for d in "0123456789" if luhn_valid(PAN[:place] + d + PAN[place + 1 :])]
        assert valid == [PAN[place]]
    for wrong, offset in (("", 0), ("4000 000", 4), ("12\u0664", 2)):
        with pytest.raises(DecodeError, match=f"PAN at offset {offset}: "):
            luhn_check_digit(wrong)


def test_a_message_shown_whole_gives_nothing_away(codec, sale):
    """However the fields of a decoded message become text, what is sensitive in them is masked, and
    they do not leave the process."""
    _, fields = codec.decode(codec.encode("0200", sale))
    assert fields == sale
    for text in (f"{fields}", str(fields), repr(fields), f"{fields!r:>10}", str([fields])):
        assert sale[52].hex().upper() not in text
        assert repr(sale[52]) not in text
        assert sale[41] in text
    for leave in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="sensitive"):
            leave(fields)
