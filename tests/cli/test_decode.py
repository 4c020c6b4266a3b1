"""`posemu decode` recognises what it is given, explains it, marks what is wrong and where."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from posemu.cli.decode import command
from posemu.cli.decoding.formats import FORMATS
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
FRAME = frame(MESSAGE, TPDU)
PAN = "9999075123741247"
FIELD_55 = (
    "9F2608AABBCCDDEEFF001195050000048000" "5A089999075123741247"
    "571199990751237412" "47D29122010000000000" "E1049F010101"
).replace(" ", "")  # fmt: skip


def run(data: str | bytes, *options: str, stdin: bool = True) -> tuple[int, str, str]:
    arguments = ["-" if stdin else str(data), *options]
    result = CliRunner().invoke(APP, arguments, input=data, env={"COLUMNS": "80"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def found(data: str | bytes, *options: str) -> dict[str, object]:
    """The JSON document."""
    document: dict[str, object] = json.loads(run(data, "--json", *options)[1])
    return document


def fields(document: dict[str, object]) -> dict[str, dict[str, object]]:
    rows = document["fields"]
    assert isinstance(rows, list)
    return {row["key"]: row for row in rows}


@pytest.mark.parametrize("data", [MESSAGE, TPDU + MESSAGE, FRAME],
                         ids=["message", "with TPDU", "with length and TPDU"])  # fmt: skip
@pytest.mark.parametrize("stdin", [True, False], ids=["stdin", "argument"])
def test_a_message(data: bytes, stdin: bool) -> None:
    """A message is explained field by field, whichever of its headers stand before it."""
    code, out, err = run(data.hex(), stdin=stdin)
    assert (code, err) == (0, "")
    assert "dialect posemu-87-aes" in out.splitlines()[0]
    for word in ("MTI", "DE3", "DE4", "DE11", "DE52", "000000003800", "purchase"):
        assert word in out
    assert ("6000010000" in out) == (data != MESSAGE)
    assert PIN_BLOCK.hex().upper() not in out


def hexdump(data: bytes, form: str) -> str:
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        if form == "wireshark":
            lines.append(f"{at:04x}  {row.hex(' '):<47}   {text}")
        elif form == "xxd":
            lines.append(f"{at:08x}: {row.hex(' ', 2):<39}  {text}")
        else:
            first, second = row[:8].hex(" "), row[8:].hex(" ")
            lines.append(f"{at:08x}  {first}  {second:<23}  |{text}|")
    return "\n".join(lines)


@pytest.mark.parametrize(
    "written",
    [
        FRAME.hex(), FRAME.hex().upper(), FRAME.hex(":"), FRAME.hex(" "),
        "\n".join(FRAME.hex()[i : i + 20] for i in range(0, 2 * len(FRAME), 20)),
        "0x" + FRAME.hex(), ", ".join(f"0x{byte:02x}" for byte in FRAME),
        "".join(f"\\x{byte:02x}" for byte in FRAME), repr(FRAME),
        hexdump(FRAME, "wireshark"), hexdump(FRAME, "xxd"), hexdump(FRAME, "hexdump -C"),
        base64.b64encode(FRAME).decode(), FRAME,
    ],
    ids=["lower", "upper", "colons", "blanks", "lines", "0x", "array", "escapes", "repr",
         "wireshark", "xxd", "hexdump", "base64", "binary"],
)  # fmt: skip
def test_however_it_is_written(written: str | bytes) -> None:
    """The same bytes give the same explanation, in whatever writing they come."""
    assert found(written)["fields"] == found(FRAME.hex())["fields"]


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (FRAME.hex(), "iso8583"),
        (FIELD_55, "tlv"),
        ("9F3704DEADBEEF", "tlv"),
        ("6F1A840E315041592E5359532E4444463031A5088801025F2D02656E", "tlv"),
        ("77168202590094101002020118010100200101002801020 0".replace(" ", ""), "tlv"),
        ("00A4040007A000000004101000", "command"),
        ("770A820259009404100202019000", "response"),
        ("6A82", "response"),
        ("> 00B2010C00\n< 6A83", "transcript"),
        ("9F02069F03069F1A0295055F2A029A039C019F3704", "dol"),
        ("3B6500002063CB6800", "atr"),
        (f"{PAN}D31122010000000077", "track2-equivalent"),
        (f";{PAN}=31111010000000077?", "track"),
        (f"{PAN}=31111010000000077", "track"),
        (f"%B{PAN}^HARVEY/MARIO^31111010000000077?", "track"),
        ("hQVDUFYwMWEaTwegAAAAVVVVVw8SNFZ4kBI0WNGRIgESNF8=", "cpm"),
        ("B0080K0TN00N00001C414014375212C24995E405B5EE052CB92B67F455EA2680F6751088F9F1C228",
         "key-block"),
    ],
)  # fmt: skip
def test_it_says_what_it_is(data: str, form: str) -> None:
    """Each format is recognised by itself."""
    assert found(data)["format"] == form


def test_a_merchants_code() -> None:
    """A merchant's code is opened with its templates; a wrong checksum is told with the right
    one."""
    body = "00020101021126150011D15600000005204411153031565802CN5904SHOP6007BEIJING6304"
    code, out, err = run(body + qr_crc(body))
    assert (code, err) == (0, "")
    assert "BEIJING" in out
    code, out, _ = run(body + "0000")
    assert code == 1
    assert qr_crc(body) in out


def test_a_track() -> None:
    """A track is taken apart; number, name and discretionary data are masked; Luhn is judged."""
    _, out, _ = run(f"%B{PAN}^HARVEY/MARIO^31111010000000077?")
    assert "999907******1247" in out
    assert "2031-11" in out
    for secret in (PAN, "00000077", "HARVEY"):
        assert secret not in out
    code, out, _ = run(f";{PAN[:-1]}8=31111010000000077?")
    assert code == 1
    assert "Luhn" in out


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (MESSAGE[:-1], f"DE52, offset {len(MESSAGE) - 1} "),
        (FRAME[:-1], "length, offset 0 (0x0): 43 bytes announced, 42 follow"),
        (FRAME[:-1], f"DE52, offset {len(FRAME) - 1} "),
        (MESSAGE + b"\0", f"offset {len(MESSAGE)} (0x{len(MESSAGE):X}): 1 bytes after the last"),
        (MESSAGE[:13] + b"\xaa" + MESSAGE[14:], "DE4, offset 13 (0xD): must be digits only"),
    ],
)
def test_what_is_wrong_is_marked(data: bytes, said: str) -> None:
    """A damaged message is shown as far as it goes, with place and reason, and exit code 1."""
    code, out, _ = run(data.hex(), "--dialect", "posemu-87-aes")
    assert code == 1
    assert said in out
    assert "DE3 " in out
    assert "^^" in out


def test_behind_a_wrong_field_of_fixed_length_it_goes_on() -> None:
    """The borders of a field of fixed length are known, so the fields behind it are read."""
    bad = MESSAGE[:13] + b"\xaa" + MESSAGE[14:]
    rows = fields(found(bad.hex(), "--dialect", "posemu-87-aes"))
    assert list(rows)[-3:] == ["DE4", "DE11", "DE52"]
    assert rows["DE11"]["value"] == "000042"


def test_the_caret_stands_below_the_wrong_byte() -> None:
    """In the excerpt the caret is below the byte that the offset names."""
    bad = MESSAGE[:13] + b"\xaa" + MESSAGE[14:]
    lines = run(bad.hex(), "--dialect", "posemu-87-aes")[1].splitlines()
    place = next(i for i, line in enumerate(lines) if line.strip() == "^^")
    at = lines[place].index("^^")
    assert lines[place - 1][at : at + 2] == "AA"


def test_half_a_byte_and_wrong_digits_are_told() -> None:
    """What is no hex is told with its place, and what stands before it is read."""
    assert "half a byte" in run(FRAME.hex()[:-1])[1]
    code, out, _ = run(FRAME.hex()[:60] + "G" + FRAME.hex()[61:])
    assert code == 1
    assert "character 61 is 'G'" in out


def test_a_stream_of_messages() -> None:
    """Several messages behind each other are explained one by one."""
    rows = found((FRAME * 3).hex())["fields"]
    assert isinstance(rows, list)
    assert [len(row["fields"]) for row in rows] == [8, 8, 8]


def test_another_length_is_a_problem() -> None:
    """A message behind a length that its dialect does not have is read, and that is told."""
    document = found((b"%04d" % (len(FRAME) - 2) + FRAME[2:]).hex())
    assert document["format"] == "iso8583"
    assert "ascii4" in str(document["problems"])


def test_a_format_may_be_forced() -> None:
    """--as takes the input for that format, whatever it looks like; an unknown one is refused."""
    assert found("9F3704DEADBEEF", "--as", "iso8583")["format"] == "iso8583"
    code, _, err = run("00", "--as", "morse")
    assert code == 2
    for form in FORMATS:
        assert form.id in err


def test_random_bytes() -> None:
    """Random bytes are not recognised; what came nearest is told, and the exit code is 1."""
    code, out, _ = run("93F1C2A7" * 8)
    assert code == 1
    assert "Not recognised" in out
    assert found("93F1C2A7" * 8)["recognised"] is False


@pytest.mark.parametrize("data", ["", " \n", "0x"])
def test_nothing_is_bad_usage(data: str) -> None:
    """Nothing to decode is exit code 2 (a prefix alone: not recognised), and no traceback."""
    code, _, err = run(data)
    assert code == (1 if data == "0x" else 2)
    assert "Traceback" not in err


def test_an_unknown_dialect() -> None:
    """An unknown dialect is wrong usage, and the known ones are named."""
    code, _, err = run(MESSAGE.hex(), "--dialect", "morse")
    assert code == 2
    assert "posemu-87-aes" in err


def test_a_dialect_of_ones_own(tmp_path: Path) -> None:
    """--dialect takes a file."""
    text = (Path(__file__).parents[2] / "posemu/profiles/dialects/posemu-87-aes.yaml").read_text(
        "utf-8"
    )
    own = tmp_path / "my-host.yaml"
    own.write_text(text.replace("name: posemu-87-aes", "name: my-host"), "utf-8")
    assert found(FRAME.hex(), "--dialect", str(own))["dialect"] == "my-host"


def test_in_chinese() -> None:
    """With --lang zh names, meanings and problems are Chinese."""
    _, out, _ = run(FRAME[:-1].hex(), "--lang", "zh", "--dialect", "posemu-87-aes")
    for word in ("系统跟踪号", "消费", "有误", "报文在 15 字节后结束"):
        assert word in out


def test_the_help_recommends_standard_input() -> None:
    """The help says why card data does not belong on a command line, and lists the formats."""
    out = CliRunner().invoke(APP, ["--help"], env={"COLUMNS": "80"}).stdout
    assert "Prefer -" in out
    assert "history" in out
    for form in FORMATS:
        assert form.id in out


def test_hostile_input_is_read() -> None:
    """Deep nesting, a long run of zeros or of one byte: a result, without recursion errors."""
    for data in ("E0" * 4000, "00" * 60000, "FF" * 20000, "7081" * 5000, "3" * 50000):
        assert run(data)[0] in (0, 1)
