"""Commands and answers: the bytes decide the case, and what fits none is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.wire import DecodeError, EncodeError
from posemu.wire.emv.apdu import (
    COMMANDS,
    AflEntry,
    Command,
    GpoResponse,
    IssuerAuthentication,
    Response,
    encode_command,
    encode_response,
    parse_afl,
    parse_command,
    parse_gpo_response,
    parse_issuer_authentication,
    parse_response,
    response_objects,
)
from posemu.wire.emv.cvr import cryptogram_type

few = settings(deadline=None, max_examples=150)
byte = st.integers(0, 0xFE)
short = st.builds(
    Command, byte, byte, byte, byte, st.binary(max_size=255), st.none() | st.integers(1, 256)
)
extended = st.builds(
    Command,
    byte,
    byte,
    byte,
    byte,
    st.sampled_from([b"", b"\1", bytes(255), bytes(256), bytes(65535)]),
    st.integers(1, 65536),
    st.just(True),
)


def _read(parse, data):
    """What is read, or the error."""
    try:
        return parse(data)
    except DecodeError as error:
        return error


@few
@given(st.one_of(short, extended))
def test_round_trip(command):
    """What is written is read, short and extended, with and without data and Le."""
    assert parse_command(encode_command(command)) == command


@pytest.mark.parametrize(
    ("capdu", "case", "data", "le", "is_extended"),
    [
        ("00A40400", 1, "", None, False),
        ("00B2010C00", 2, "", 256, False),
        ("00B2010C01", 2, "", 1, False),
        ("0020008002AABB", 3, "AABB", None, False),
        ("00A4040002AABB00", 4, "AABB", 256, False),
        ("00B2010C000000", 2, "", 65536, True),
        ("00B2010C000100", 2, "", 256, True),
        ("00200080000002AABB", 3, "AABB", None, True),
        ("00A40400000002AABB0000", 4, "AABB", 65536, True),
    ],
)
def test_cases(capdu, case, data, le, is_extended):
    """ISO/IEC 7816-3 12.1.3: cases 1 to 4, short and extended."""
    command = parse_command(bytes.fromhex(capdu))
    assert command.case == case
    assert (command.data.hex().upper(), command.le, command.extended) == (data, le, is_extended)
    assert encode_command(command).hex().upper() == capdu


@few
@given(st.binary(max_size=12))
def test_any_bytes(data):
    """Any bytes are a command that is written the same, or a DecodeError."""
    command = _read(parse_command, data)
    if isinstance(command, DecodeError):
        assert 0 <= command.offset <= len(data)
        return
    assert encode_command(command) == data


@pytest.mark.parametrize(
    "capdu",
    [
        "",
        "00A404",
        "FFA40400",
        "00A4040002AA",
        "00A4040002AABB0000",
        "00A404000000",
        "00A4040000000000",
        "00A40400000002AA",
        "00A40400000002AABB00",
    ],
)
def test_lengths_that_fit_no_case(capdu):
    """A length field that does not fit the length is refused."""
    with pytest.raises(DecodeError):
        parse_command(bytes.fromhex(capdu))


@pytest.mark.parametrize(
    "command",
    [
        Command(256, 0, 0, 0),
        Command(0xFF, 0, 0, 0),
        Command(0, 0, -1, 0),
        Command(0, 0, 0, 0, bytes(256)),
        Command(0, 0, 0, 0, b"", 257),
        Command(0, 0, 0, 0, b"", 0),
        Command(0, 0, 0, 0, bytes(65536), None, True),
        Command(0, 0, 0, 0, b"", 65537, True),
    ],
)
def test_commands_that_no_card_takes(command):
    """Bytes that are none, and more data or answer than the length fields hold."""
    with pytest.raises(EncodeError):
        encode_command(command)


def test_names():
    """Secure messaging and channels keep the name; the class tells two meanings of one
    instruction apart."""
    assert Command(0x04, 0xDA, 0x9F, 0x58).name == "PUT DATA"
    assert Command(0x80, 0x2A, 0x8E, 0x80).name == "COMPUTE CRYPTOGRAPHIC CHECKSUM"
    assert Command(0x00, 0x2A, 0x8E, 0x80).name == ""
    assert Command(0x84, 0x24, 0, 0).name == "PIN CHANGE/UNBLOCK"
    assert all(name == name.upper() for name in COMMANDS.values())


def test_answers():
    """Data and status; an answer of less than a status is refused, and so is writing one."""
    assert parse_response(bytes.fromhex("AABB9000")) == Response(b"\xaa\xbb", 0x9000)
    assert encode_response(Response(b"\xaa", 0x6283)) == bytes.fromhex("AA6283")
    for rapdu in (b"", b"\x90", b"\x61\x00\x70\x00", b"\x50\x00"):
        with pytest.raises(DecodeError):
            parse_response(rapdu)
    for sw in (0, 0x5FFF, 0x7000, 0x8000, 0xA000, 0x19000):
        with pytest.raises(EncodeError):
            encode_response(Response(b"", sw))


def test_plain_answers_are_no_objects():
    """GET CHALLENGE gives bytes that must not be read as objects."""
    answer = Response(bytes.fromhex("9F36020041"), 0x9000)
    assert response_objects(answer, "GET CHALLENGE") == ()
    assert response_objects(answer, "GET DATA")[0].tag == "9F36"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("8006590008010100", GpoResponse(1, b"\x59\0", bytes.fromhex("08010100"))),
        ("770A82025900940408010100", GpoResponse(2, b"\x59\0", b"\x08\1\1\0")),
        ("770482025900", GpoResponse(2, b"\x59\0", b"")),
    ],
)
def test_gpo_formats(data, found):
    """AIP and AFL come out of both formats."""
    assert parse_gpo_response(bytes.fromhex(data)) == found


@pytest.mark.parametrize(
    "data",
    [
        "",
        "9000",
        "800159",
        "7700",
        "7703820159",
        "77069404080101 00",
        "7708820259008202 5900",
        "80",
    ],
)
def test_gpo_answers_that_are_none(data):
    """Another tag, no AIP, two of them, or half a byte string."""
    with pytest.raises(DecodeError):
        parse_gpo_response(bytes.fromhex(data))


def test_afl():
    """Entries of four bytes (EMV Book 3, 10.2)."""
    assert parse_afl(bytes.fromhex("10010300")) == (AflEntry(2, 1, 3, 0),)
    assert parse_afl(bytes.fromhex("F0020201")) == (AflEntry(30, 2, 2, 1),)


@pytest.mark.parametrize(
    ("afl", "offset"),
    [
        ("", 0),
        ("0801", 2),
        ("09010100", 0),
        ("00010100", 0),
        ("F8010100", 0),
        ("08000100", 1),
        ("08020100", 1),
        ("08010102", 3),
        ("0801010008010103", 7),
    ],
)
def test_afl_that_break_the_rules(afl, offset):
    """File 1 to 30, records from 1 upwards, no more of them authenticated than there are."""
    with pytest.raises(DecodeError) as caught:
        parse_afl(bytes.fromhex(afl))
    assert caught.value.offset == offset


def test_issuer_authentication_data():
    """8 bytes of ARPC, up to 8 more."""
    assert parse_issuer_authentication(b"12345678ab") == IssuerAuthentication(b"12345678", b"ab")
    for size in (7, 17):
        with pytest.raises(DecodeError):
            parse_issuer_authentication(bytes(size))


def test_commands_and_answers_show_no_data():
    """The data may be a PIN block or a PAN."""
    shown = f"{Command(0, 0x20, 0, 0x80, b'24123499')} {Response(b'PAN', 0x9000)}"
    assert shown == "Command(00200080, VERIFY) Response(9000, 3 bytes)"


@pytest.mark.parametrize(
    ("first", "name"),
    [(0xA0, "ARQC"), (0x90, "TC"), (0x80, "AAC"), (0x20, "AAC"), (0x60, "TC"), (0x6F, "TC")],
)
def test_type_of_cryptogram(first, name):
    """The second GENERATE AC counts as soon as there is one."""
    assert cryptogram_type(bytes((first, 0))) == name


@pytest.mark.parametrize("cvr", [b"", b"\xb0", b"\xc0"])
def test_no_type_of_cryptogram(cvr):
    """Codes that are reserved, and no byte at all."""
    with pytest.raises(DecodeError):
        cryptogram_type(cvr)
