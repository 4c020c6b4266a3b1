"""The project as a whole: its layers, its files, its texts."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import posemu
from posemu.oracle.wording import CHARGED, NOT_CHARGED, UNKNOWN, read
from posemu.shop import cashier
from posemu.terminal.journal import SaleRecord
from posemu.terminal.messages import LANGUAGES, load_messages
from posemu.terminal.slips import end_of_day_slip, reversal_slip, sale_slip

ROOT = Path(__file__).resolve().parents[1]
OURS = ("posemu", "tests", "docs", "scenarios", ".ci")
GENERATED = ("__pycache__", "_build", "posemu.egg-info")
LINES_MAX = 400
# In pieces, so that this file does not name them either.
PLACES = re.compile(
    r"(?<![\w.~-])/(?:" + "|".join(("home", "root", "work", "Users", "opt")) + r")/\w"
)
HOSTS = re.compile(
    "|".join((r"py" + r"pi\.org", r"python" + r"hosted", r"npm" + r"js", r"index-" + "url"))
)
VALUES = {
    "amount": "12.34 CNY", "stan": "000042", "code": "51", "meaning": "?", "reason": "?",
    "batch": "000001", "name": "?", "choices": "?",
}  # fmt: skip
TOLD = {
    # screens that say what became of a transaction, and what they must say
    "approved": CHARGED,
    "approved-receipt-later": CHARGED,
    "declined": NOT_CHARGED,
    "unknown": UNKNOWN,
    "reversed": NOT_CHARGED,
    "closed": NOT_CHARGED,
}


def our_files() -> list[Path]:
    """Every text file of the project."""
    found = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".coverage"]
    for name in OURS:
        found += [path for path in (ROOT / name).rglob("*") if path.is_file()]
    return sorted(path for path in found if not set(path.parts) & set(GENERATED))


def strings_in(folder: Path) -> Iterator[str]:
    """Every string constant of the code in a folder."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def shown_in(folder: Path) -> Iterator[str]:
    """Every screen that `display.show(...)` names in the code of a folder."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="show", value=ast.Attribute(attr="display")),
                    args=[prompt, *_],
                ):
                    yield from (
                        part.value
                        for part in ast.walk(prompt)
                        if isinstance(part, ast.Constant) and isinstance(part.value, str)
                    )


# --- layers and files ----------------------------------------------------------------------------


def test_imports_keep_the_layers() -> None:
    """Imports point upwards only, and the judge shares no code with what it judges."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_names_a_machine_or_a_package_host() -> None:
    """A clone works anywhere: no absolute path of a machine, no host that packages come from."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in our_files()
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1)
        if PLACES.search(line) or HOSTS.search(line)
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (PLACES, "cd " + "/ho" + "me/me/posemu"),
        (PLACES, 'Path("' + "/wo" + 'rk/main")'),
        (HOSTS, "https://" + "py" + "pi.org/simple"),
        (HOSTS, "--index" + "-url x"),
    ],
)
def test_a_machine_or_a_package_host_would_be_seen(pattern: re.Pattern[str], text: str) -> None:
    """The patterns of the check above find what they are for."""
    assert pattern.search(text)


def test_every_room_says_what_it_is() -> None:
    """Each room's `__init__` begins with a docstring."""
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "posemu").glob("*/__init__.py")
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


def test_no_file_of_code_is_too_long() -> None:
    """One idea per file: no Python file has more than 400 lines."""
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in our_files()
        if path.suffix == ".py" and (lines := len(path.read_text("utf-8").splitlines())) > LINES_MAX
    ]
    assert not long


def test_the_version_is_the_same_everywhere() -> None:
    """The package, the command and the newest entry of the change log name one version."""
    program = Path(sys.executable).with_name("posemu")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"^## (\d+\.\d+\.\d+)", changes, re.MULTILINE)
    assert said.stdout == f"posemu {posemu.__version__}\n"
    assert newest is not None
    assert newest[1] == posemu.__version__


# --- what the terminal says ----------------------------------------------------------------------


@pytest.mark.parametrize("section", ["screens", "slips", "codes"])
def test_every_text_is_there_in_both_languages(section: str) -> None:
    """A message has a text in each language, and the same places to fill in."""
    texts = [load_messages().section(section, lang) for lang in LANGUAGES]
    assert texts[0].keys() == texts[1].keys()
    for key in texts[0]:
        holes = [sorted(re.findall(r"\{(\w+)\}", by_key[key])) for by_key in texts]
        assert all(by_key[key].strip() for by_key in texts), key
        assert holes[0] == holes[1], key


def test_every_screen_in_the_code_is_in_the_catalogue_and_the_other_way_round() -> None:
    """The terminal shows no screen that has no text, and no text is left over."""
    terminal, screens = ROOT / "posemu" / "terminal", load_messages().screens("en")
    assert set(shown_in(terminal)) <= screens.keys()
    assert screens.keys() <= set(strings_in(terminal))


def test_the_person_at_the_till_knows_the_screens() -> None:
    """Every screen that the cashier acts on or takes for an outcome exists."""
    known = {cashier.READY, *cashier.OUTCOMES, *cashier._ACTS}
    assert known <= load_messages().screens("en").keys()


def test_every_word_of_the_slips_is_used() -> None:
    """No word of the slips is left over in the catalogue."""
    assert load_messages().slips("en").keys() <= set(strings_in(ROOT / "posemu" / "terminal"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_judge_understands_every_screen_that_tells_an_outcome(lang: str) -> None:
    """In each language the phrase book reads from a screen what it says, and about which sale."""
    for prompt, text in load_messages().screens(lang).items():
        statement = read(text.format_map(VALUES))
        if prompt in TOLD:
            assert statement is not None, prompt
            assert (statement.said, statement.stan) == (TOLD[prompt], "000042"), prompt
            if TOLD[prompt] == CHARGED:
                assert statement.amount_minor == 1234, prompt
        else:
            assert statement is None, prompt


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_judge_understands_every_slip(lang: str) -> None:
    """A receipt says charged, a reversal's slip not charged, an end of day nothing of the kind."""
    terminal = SimpleNamespace(
        words=load_messages().slips(lang),
        merchant_id="M",
        terminal_id="T",
        money=lambda amount_minor: f"{amount_minor // 100}.{amount_minor % 100:02d} CNY",
        journal=SimpleNamespace(
            batch="000001",
            totals=SimpleNamespace(sales=1, sales_minor=1234, reversals=0, reversals_minor=0),
        ),
    )
    sale = SaleRecord("000042", "0302", "090000", 1234, "999912******3456")
    for copy in ("merchant-copy", "customer-copy"):
        for reprint in (False, True):
            lines = sale_slip(terminal, sale, copy, reprint)  # type: ignore[arg-type]
            assert read(" ".join(lines)) == (CHARGED, "000042", 1234)
    lines = reversal_slip(terminal, sale)  # type: ignore[arg-type]
    assert read(" ".join(lines)) == (NOT_CHARGED, "000042", 1234)
    assert read(" ".join(end_of_day_slip(terminal))) is None  # type: ignore[arg-type]
