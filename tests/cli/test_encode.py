"""`posemu encode`: YAML to bytes, and errors that name the line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from posemu.cli.decode import command as decode_command
from posemu.cli.encode import command
from posemu.profiles import load_dialect
from posemu.wire import Codec, Deframer, decode_mpm, decode_track2, frame

APP = Typer()
APP.command()(command)
DECODE = Typer()
DECODE.command()(decode_command)
PUBLISHED = Path(__file__).parents[1] / "vectors" / "published"
SALE = """\
dialect: posemu-87-aes
mti: "0200"
fields:
  processing_code: "000000"
  4: "38.00"
  currency: "156"
  11: "000042"
"""


def run(yaml: str, *options: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(APP, ["-", *options], input=yaml)
    return done.exit_code, done.stdout.strip(), done.stderr


def test_a_message() -> None:
    """Fields by number or name, an amount with a point: the bytes that the codec writes, behind
    the dialect's length and TPDU."""
    fields = {3: "000000", 4: "000000003800", 11: "000042", 49: "156"}
    body = Codec(load_dialect("posemu-87-aes")).encode("0200", fields)
    code, out, err = run(SALE)
    assert (code, err) == (0, "")
    assert bytes.fromhex(out) == frame(body, bytes.fromhex("6000010000"))


def test_headers_are_chosen() -> None:
    """No TPDU, no length, or the length of another peer, as the file or the option says."""
    _, plain, _ = run(SALE + 'tpdu: ""\nlength: none\n')
    assert plain.startswith("0200")
    _, out, _ = run(SALE + 'tpdu: ""\n', "--length-header", "ascii4")
    assert bytes.fromhex(out) == f"{len(plain) // 2:04d}".encode() + bytes.fromhex(plain)


def test_several_messages_make_a_stream() -> None:
    """The messages of a list stand one behind the other, each with its length."""
    entries = "".join("- " + SALE.replace("\n", "\n  ").rstrip() + "\n" for _ in range(3))
    _, out, _ = run(f"messages:\n{entries}")
    assert len(Deframer().feed(bytes.fromhex(out))) == 3


def test_subfields_and_objects() -> None:
    """Field 60 from its subfields, field 55 from its tags; a tag that stands twice in a list."""
    code, out, err = run(
        'dialect: unionpay-pos\nheader: "603100310100"\nmti: "0200"\nfields:\n'
        '  60: {1: "22", batch: "000001"}\n'
        '  55: [{"9F02": "000000001234"}, {"9A": "261122"}, {"9A": "261123"}]\n'
    )
    assert (code, err) == (0, "")
    assert "9F02060000000012349A032611229A03261123" in out
    assert out.endswith("000822000001")


@pytest.mark.parametrize(
    ("yaml", "bytes_"),
    [
        ('tlv: {"6F": {"84": "A0000000031010", "A5": {"50": "56495341"}}}',
         "6F118407A0000000031010A506500456495341"),
        ('command: {header: "00A40400", data: "A0000000031010", le: 256}',
         "00A4040007A000000003101000"),
        ('response: {data: {"77": {"82": "5900"}}, sw: "9000"}', "7704820259009000"),
    ],
)  # fmt: skip
def test_chip_data(yaml: str, bytes_: str) -> None:
    """Objects, commands and answers stand alone."""
    assert run(yaml) == (0, bytes_, "")


def test_a_qr_code() -> None:
    """The CRC of a merchant's code is made."""
    _, out, _ = run('qr: {"00": "01", "26": {"00": "D156"}, "58": "CN", "59": "咖啡店"}')
    assert [each.id for each in decode_mpm(out).elements] == ["00", "26", "58", "59", "63"]


def test_a_track_and_its_bits() -> None:
    """A track has its sentinels and, if wanted, its LRC; --bits are those of a swipe."""
    yaml = 'track2: {pan: "9999075123741247", expiry: "3112", service_code: "201", lrc: true}'
    _, text, _ = run(yaml)
    assert text.startswith(";9999075123741247=3112201?")
    _, bits, _ = run(yaml, "--bits")
    assert decode_track2(bytes(int(bit) for bit in bits)) == text[:-1]


def test_binary() -> None:
    """--binary writes the bytes themselves."""
    done = CliRunner().invoke(APP, ["-", "--binary"], input='tlv: {"9A": "261122"}')
    assert done.stdout_bytes == bytes.fromhex("9A03261122")


@pytest.mark.parametrize(
    ("yaml", "line", "said"),
    [
        (SALE.replace('"0200"', "0200"), 2, 'write "0200"'),
        (SALE.replace('"000042"', '"42"'), 7, "DE11: must be 6 digits, not 2"),
        (SALE.replace("38.00", "38.0"), 5, "2 decimals"),
        (SALE + '  99: "1"\n', 8, "no field '99'"),
        (SALE + '  stan: "000001"\n', 8, "given twice"),
        (SALE.replace("posemu-87-aes", "morse"), 1, "there are only: "),
        (SALE + "tdpu: x\n", 8, "did you mean tpdu?"),
        (SALE + "length: binary3\n", 8, "one of none, binary2"),
        (SALE + '  64: "00G0"\n', 8, "bytes in hex"),
        ("mti: [", 1, "not YAML"),
        ('tlv: {"9F": "00"}', 1, "tag 9F"),
        ('track2: {expiry: "3112"}', 1, "pan is missing"),
        ("a: 1", 1, "nothing to build"),
        ('qr: {"63": "0000"}', 1, "the CRC is made"),
    ],
)
def test_an_error_names_the_line_and_what_to_write(yaml: str, line: int, said: str) -> None:
    """Bad input is refused with exit code 2, the line, and what may stand there."""
    code, out, err = run(yaml)
    assert (code, out) == (2, "")
    assert err.startswith(f"-:{line}:"), err
    assert said in err


def round_trips() -> list[bytes]:
    """Published messages and answers that posemu decode takes for something without problems."""
    kinds = {"iso8583_cup_pos.json": "message", "emv_apdu_traces.json": "rapdu"}
    found = []
    for file, key in kinds.items():
        for vector in json.loads((PUBLISHED / file).read_text("utf-8"))["vectors"]:
            text = vector["inputs"].get(key)
            if text:
                found.append(bytes.fromhex(text))
    return found


def test_decode_and_encode_are_inverse() -> None:
    """Whatever `decode --yaml --unsafe` writes, `encode` turns into the same bytes."""
    done = 0
    for data in round_trips()[:40]:
        decoded = CliRunner().invoke(DECODE, ["-", "--yaml", "--unsafe"], input=data.hex())
        if decoded.exit_code == 0:
            code, out, err = run(decoded.stdout)
            assert (code, err, out) == (0, "", data.hex().upper())
            done += 1
    assert done >= 20
