"""`posemu decode`: names and values of what is in the bytes, and never a secret."""

from __future__ import annotations

import pytest
from typer import Typer
from typer.testing import CliRunner

from posemu.cli.decode import command
from posemu.profiles import load_dialect
from posemu.wire import Codec, frame, qr_crc

APP = Typer()
APP.command()(command)
DIALECT = load_dialect("posemu-87-aes")
TPDU = bytes.fromhex("6000010000")
PIN_BLOCK = bytes(range(0xA0, 0xB0))
MESSAGE = Codec(DIALECT).encode(
    "0200", {3: "000000", 4: "000000003800", 11: "000042", 52: PIN_BLOCK}
)
PAN = "9999075123741247"


def run(data: str, *options: str, stdin: bool = True) -> tuple[int, str, str]:
    arguments = ["-" if stdin else data, *options]
    result = CliRunner().invoke(APP, arguments, input=data, env={"COLUMNS": "80"})
    return result.exit_code, result.stdout, result.stderr


def rows(text: str) -> list[list[str]]:
    """Below the line that says what it is, and the heads."""
    return [line.split(maxsplit=1) for line in text.splitlines()[2:]]


@pytest.mark.parametrize(
    "data",
    [MESSAGE, TPDU + MESSAGE, frame(MESSAGE, TPDU)],
    ids=["message", "with TPDU", "with length and TPDU"],
)
@pytest.mark.parametrize("stdin", [True, False], ids=["stdin", "argument"])
def test_a_message(data: bytes, stdin: bool) -> None:
    """A message is explained field by field, whichever of its headers stand before it."""
    code, out, err = run(data.hex(), stdin=stdin)
    assert (code, err) == (0, "")
    assert [row[0] for row in rows(out) if row[0] != "TPDU"] == [
        "MTI",
        "DE3",
        "DE4",
        "DE11",
        "DE52",
    ]
    assert ("6000010000" in out) == (data != MESSAGE)
    assert "000000003800" in out
    assert PIN_BLOCK.hex().upper() not in out


def test_hex_may_be_spaced() -> None:
    """Spaces, line ends, colons and lower case in the hex do not matter."""
    spaced = "\n".join(MESSAGE.hex(":")[i : i + 47] for i in range(0, len(MESSAGE) * 3, 48))
    assert run(spaced) == run(MESSAGE.hex().upper())


def test_in_chinese() -> None:
    """With --lang zh the names are Chinese."""
    assert "系统跟踪号" in run(MESSAGE.hex(), "--lang", "zh")[1]


@pytest.mark.parametrize(
    "text",
    [f";{PAN}=31111010000000077?", f"{PAN}=31111010000000077",
     f"%B{PAN}^HARVEY/MARIO^31111010000000077?"],
)  # fmt: skip
def test_a_track(text: str) -> None:
    """A track is taken apart; number and discretionary data are masked, the name is not shown."""
    code, out, err = run(text)
    assert (code, err) == (0, "")
    assert "999907******1247" in out
    assert [row[1].split()[-1] for row in rows(out) if row[1].split()[-1] in ("3111", "101")] == [
        "3111",
        "101",
    ]
    for secret in (PAN, "00000077", "HARVEY"):
        assert secret not in out


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (MESSAGE[:-1].hex(), f"DE52 at offset {len(MESSAGE) - 1}: "),
        (frame(MESSAGE, TPDU)[:-1].hex(), "length at offset 0: says"),
        ((TPDU + MESSAGE[:-1]).hex(), f"DE52 at offset {len(MESSAGE) - 1 + 5}: "),
        (MESSAGE.hex() + "00", f"at offset {len(MESSAGE)}: "),
        ("6000", "TPDU at offset 2: ends after 2 of 5 bytes"),
        ("02001", "input at offset 5: must be whole bytes"),
        ("0200G0", "input at offset 4: is not a hex digit"),
        ("", "input at offset 0: must be whole bytes"),
        (f";{PAN}X=3111101?", "track 2 at offset 0: the PAN must be"),
    ],
)
def test_malformed_input(data: str, message: str) -> None:
    """What cannot be read is refused with field and offset in the input, and shows no secret."""
    code, out, err = run(data)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    for secret in (PAN, PIN_BLOCK.hex().upper(), PIN_BLOCK[:-1].hex().upper()):
        assert secret not in out + err


def test_what_could_be_read_is_shown() -> None:
    """Before an error, the fields up to it are shown."""
    code, out, _ = run(MESSAGE[:-1].hex())
    assert code == 2
    assert [row[0] for row in rows(out)] == ["MTI", "DE3", "DE4", "DE11"]


def test_an_unknown_dialect() -> None:
    """An unknown dialect is wrong usage, and the known ones are named."""
    code, _, err = run(MESSAGE.hex(), "--dialect", "morse")
    assert code == 2
    assert "unknown dialect 'morse'; there are only: " in err
    assert "posemu-87-aes" in err


def test_the_help_recommends_standard_input() -> None:
    """The help says why card data does not belong on a command line."""
    assert "Prefer -" in CliRunner().invoke(APP, ["--help"]).stdout


FIELD_55 = (
    "9F2608AABBCCDDEEFF001195050000048000" "5A089999075123741247"
    "571199990751237412 47D29122010000000000" "E1049F010101"
).replace(" ", "")  # fmt: skip


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (MESSAGE.hex(), "ISO 8583, dialect posemu-87-aes"),
        (FIELD_55, "BER-TLV with EMV tags"),
        (f"{PAN}=29122010000000000", "magnetic stripe"),
        ("hQVDUFYwMWEaTwegAAAAVVVVVw8SNFZ4kBI0WNGRIgESNF8=", "EMV QR, consumer-presented"),
    ],
)
def test_it_says_what_it_is(data: str, what: str) -> None:
    """The first line names what the bytes are."""
    code, out, err = run(data)
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == what


def test_emv_data() -> None:
    """Tags have their names in both languages, what is inside another is indented, and card data
    is masked."""
    _, out, _ = run(FIELD_55)
    assert "Application Cryptogram" in out
    assert "AABBCCDDEEFF0011" in out
    assert "999907******1247" in out
    assert PAN not in out
    assert "*** track, 17 bytes" in out
    assert "\n  9F01" in out
    assert "应用密文" in run(FIELD_55, "--lang", "zh")[1]


def test_a_qr_code() -> None:
    """A merchant's code is opened with its templates; one whose checksum is wrong is refused."""
    body = "00020101021126150011D15600000005204411153031565802CN5904SHOP6007BEIJING6304"
    payload = body + qr_crc(body)
    code, out, err = run(payload)
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "EMV QR, merchant-presented"
    assert "BEIJING" in out
    code, _, err = run(body + "0000")
    assert code == 2
    assert err
