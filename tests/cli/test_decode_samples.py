"""`posemu decode` on the samples of `tests/cli/samples`: what a new user sees, kept word by word.

`python tests/cli/test_decode_samples.py` writes the expected output anew; read the difference.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from typer import Typer
from typer.testing import CliRunner

from posemu.cli import encode
from posemu.cli.decode import command

FOLDER = Path(__file__).with_name("samples")
SAMPLES = sorted(path for path in FOLDER.iterdir() if path.is_file())
CODES = {"half-message": 1, "random": 1}
LANGUAGES = ("en", "zh")
APP = Typer()
APP.command()(command)
ENCODE = Typer()
ENCODE.command()(encode.command)


def shown(sample: Path, *options: str) -> tuple[int, str]:
    """Exit code and output at 80 columns, without blanks at the ends of lines."""
    done = CliRunner().invoke(
        APP, ["-", *options], input=sample.read_bytes(), env={"COLUMNS": "80"}
    )
    return done.exit_code, "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def expected(sample: Path, lang: str) -> Path:
    return FOLDER / "expected" / f"{sample.stem}.{lang}.txt"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_explained_as_kept(sample: Path, lang: str) -> None:
    """Each sample gives the output that was read and found good, in 80 columns, and its exit
    code."""
    code, out = shown(sample, "--lang", lang)
    assert out == expected(sample, lang).read_text("utf-8")
    assert code == CODES.get(sample.stem, 0)
    assert max(map(cell_len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    "sample", [each for each in SAMPLES if each.stem not in CODES], ids=lambda path: path.stem
)
def test_a_sample_is_encoded_from_its_own_yaml(sample: Path) -> None:
    """`posemu encode` makes of `decode --yaml --unsafe` what was decoded, to the byte."""
    code, yaml = shown(sample, "--yaml", "--unsafe")
    assert code == 0
    done = CliRunner().invoke(ENCODE, ["-"], input=yaml)
    assert done.exit_code == 0, done.stderr
    before, after = ("".join(text.split()) for text in (sample.read_text("utf-8"), done.stdout))
    assert (after if sample.suffix == ".txt" else after.lower()) == (
        before if sample.suffix == ".txt" else before.lower()
    )


if __name__ == "__main__":
    for each in SAMPLES:
        for language in LANGUAGES:
            expected(each, language).write_text(shown(each, "--lang", language)[1], "utf-8")
