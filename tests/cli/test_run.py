"""`posemu run`: verdict, files, JSON, exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

import posemu.cli.run as run_module
from posemu.oracle import Violation
from posemu.study import read_replay, run_study

APP = Typer()
APP.command()(run_module.command)
TEXT = """\
posemu: 1
name: {name}
seed: 3
day: {{from: "09:00", to: "09:02"}}
tills: {{till-1: {{}}}}
cardholders: {{each: 2}}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        Path(f"{name}.yaml").write_text(TEXT.format(name=name), encoding="utf-8")
    Path("broken.yaml").write_text("posemu: 1\nname: broken\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def ctrl_c_heard() -> Iterator[None]:
    """As in a shell's foreground; a script's background job is started with Ctrl-C ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def run(*arguments: str, page: bool = False) -> Result:
    more = [] if page else ["--no-report"]  # a page takes seconds
    return CliRunner().invoke(APP, [*arguments, "--jobs", "1", *more])


def test_a_run_that_holds(here: Path) -> None:
    """The verdict is printed, results and replay file are written, the exit code is 0."""
    done = run("one.yaml")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "HOLDS" in done.stdout
    assert (here / "out" / "one" / "results.sqlite").is_file()
    stored = read_replay(here / "out" / "one" / "replay.json")
    assert stored.worlds[0].digest
    assert "posemu replay out/one/replay.json" in done.stdout


@pytest.mark.parametrize(("lang", "word"), [("en", "HOLDS"), ("zh", "通过")])
def test_the_language_of_the_report(here: Path, lang: str, word: str) -> None:
    """`--lang` chooses the language of what is printed."""
    assert word in run("one.yaml", "--lang", lang).stdout


@pytest.mark.parametrize(("lang", "word"), [("en", "HOLDS"), ("zh", "通过")])
def test_the_page(here: Path, lang: str, word: str) -> None:
    """A page in the language of the run stands beside the results, and its path is printed; with
    two files each has its own; a run without a page leaves none behind, not even an old one."""
    done = run("one.yaml", "two.yaml", "--lang", lang, page=True)
    assert done.exit_code == 0
    for name in ("one", "two"):
        page = (here / "out" / name / "report.html").read_text("utf-8")
        assert word in page
        assert f"posemu replay out/{name}/replay.json" in page
        assert f"out/{name}/report.html" in done.stdout
    done = run("one.yaml")
    assert not (here / "out" / "one" / "report.html").exists()
    assert "report.html" not in done.stdout


def test_a_world_that_comes_out_differently(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page runs a world again; if that is not the same, nothing is right: exit code 4."""

    def another(scenario: Any, **options: Any) -> Any:
        result = run_study(scenario, **options)
        result.worlds = [replace(world, digest="00") for world in result.worlds]
        return result

    monkeypatch.setattr(run_module, "run_study", another)
    done = run("one.yaml", page=True)
    assert done.exit_code == 4
    assert "base/0" in done.stderr
    assert "not deterministic" in done.stderr


def test_an_unknown_language_is_bad_usage(here: Path) -> None:
    """A language that there is not leaves with 2, and nothing is run."""
    done = run("one.yaml", "--lang", "de")
    assert done.exit_code == 2
    assert not (here / "out").exists()


def test_json_is_one_document_and_nothing_else(here: Path) -> None:
    """`--json` prints one JSON object for one file, alone on standard output."""
    done = run("one.yaml", "--json")
    document = json.loads(done.stdout)
    assert (document["scenario"], document["verdict"], done.exit_code) == ("one", "holds", 0)
    assert read_replay(here / document["replay"]).worlds[0].digest
    assert done.stdout.count("\n") == 1


def test_json_of_several_files_is_a_list(here: Path) -> None:
    """With several files the document is a list, in the order of the files."""
    documents = json.loads(run("two.yaml", "one.yaml", "--json").stdout)
    assert [document["scenario"] for document in documents] == ["two", "one"]


def test_files_of_one_name_do_not_overwrite_each_other(here: Path) -> None:
    """Two scenarios of one name, run together, leave two replay files, one for each document."""
    (here / "again.yaml").write_text(TEXT.format(name="one").replace("seed: 3", "seed: 4"))
    documents = json.loads(run("one.yaml", "again.yaml", "--json").stdout)
    for document in documents:
        assert read_replay(here / document["replay"]).seed == document["seed"]


def test_seed_and_replications_can_be_set(here: Path) -> None:
    """`--seed` and `--replications` take the place of the file's, in document and replay file."""
    document = json.loads(run("one.yaml", "--json", "--seed", "8", "--replications", "2").stdout)
    assert (document["seed"], document["replications"]) == (8, 2)
    stored = read_replay(here / "out" / "one" / "replay.json")
    assert (stored.seed, len(stored.worlds)) == (8, 2)
    other = json.loads(run("one.yaml", "--json", "--seed", "9", "--replications", "2").stdout)
    assert other["digest"] != document["digest"]


def test_two_jobs_print_the_same(here: Path) -> None:
    """`--jobs 1` and `--jobs 2` print the same document, byte for byte."""
    outs = [
        CliRunner().invoke(
            APP, ["one.yaml", "--json", "--replications", "2", "--jobs", jobs, "--no-report"]
        )
        for jobs in ("1", "2")
    ]
    assert outs[0].stdout == outs[1].stdout
    assert outs[0].exit_code == 0


def test_out_says_where(here: Path) -> None:
    """`--out` names the folder of the results; it is made if it is not there."""
    run("one.yaml", "--out", "deep/down")
    assert (here / "deep" / "down" / "one" / "replay.json").is_file()


def test_a_broken_file_is_told_and_nothing_is_run(here: Path) -> None:
    """With a broken file among several, everything wrong is told, exit code 2, nothing is run."""
    done = run("one.yaml", "broken.yaml", "missing.yaml")
    assert done.exit_code == 2
    assert "broken.yaml" in done.stderr
    assert "missing.yaml" in done.stderr
    assert done.stdout == ""
    assert not (here / "out").exists()


@pytest.mark.parametrize("as_json", [False, True])
def test_a_violation_leaves_with_1(
    here: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    """If any scenario is violated the exit code is 1, and the other one is still reported."""

    def violated(scenario: Any, **how: Any) -> Any:
        result = run_study(scenario, **how)
        if scenario.name == "one":
            violation = Violation("no-crash", 5, "till-1", "it crashed")
            result.worlds[0] = replace(result.worlds[0], violations=(violation,))
        return result

    monkeypatch.setattr(run_module, "run_study", violated)
    done = run("one.yaml", "two.yaml", *(["--json"] if as_json else []))
    assert done.exit_code == 1
    if as_json:
        verdicts = [document["verdict"] for document in json.loads(done.stdout)]
        assert verdicts == ["violated", "holds"]
    else:
        assert "VIOLATED" in done.stdout
        assert "HOLDS" in done.stdout


@pytest.mark.parametrize(
    "arguments", [[], ["one.yaml", "--jobs", "0"], ["one.yaml", "--replications", "0"],
                  ["one.yaml", "--seed", "-1"], ["one.yaml", "--nonsense"]],
)  # fmt: skip
def test_bad_usage_leaves_with_2(here: Path, arguments: list[str]) -> None:
    """No file, or an option that makes no sense: exit code 2."""
    assert CliRunner().invoke(APP, arguments).exit_code == 2


# --- results that are there already --------------------------------------------------------------


def digest_in(folder: str) -> str:
    return str(json.loads(Path(folder, "one", "replay.json").read_text("utf-8"))["digest"])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_results_of_another_study_are_refused(here: Path, lang: str) -> None:
    """With `--out`, results of another seed and scenario there are refused before anything is run:
    each difference with both values, and what to do; nothing is changed or made."""
    run("one.yaml", "--out", "kept")
    before = digest_in("kept")
    Path("one.yaml").write_text(TEXT.format(name="one").replace("each: 2", "each: 3"))
    done = run("two.yaml", "one.yaml", "--out", "kept", "--seed", "4", "--lang", lang)
    assert (done.exit_code, done.stdout) == (2, "")
    first, content, seed, advice = done.stderr.splitlines()
    assert "kept/one/results.sqlite" in first
    assert seed.strip() == (
        "seed: 3 there, 4 asked for" if lang == "en" else "种子：文件中为 3，本次为 4"
    )
    assert ("scenario (content): " if lang == "en" else "场景内容：") in content
    assert ("--out, or delete kept/one" if lang == "en" else "删除 kept/one") in advice
    assert digest_in("kept") == before
    assert not (here / "kept" / "two").exists()


def test_the_same_study_is_run_anew(here: Path) -> None:
    """With `--out`, complete results of the same study are replaced, also with another number of
    replications, another title or comments."""
    run("one.yaml", "--out", "kept")
    Path("one.yaml").write_text("# changed\n" + TEXT.format(name="one") + "title: {en: One}\n")
    done = run("one.yaml", "--out", "kept", "--replications", "2", "--json")
    assert (done.exit_code, json.loads(done.stdout)["digest"]) == (0, digest_in("kept"))


def test_the_default_folder_is_scratch(here: Path) -> None:
    """Without `--out`, another study's results are replaced without a word; named, the same folder
    is like any other."""
    run("one.yaml")
    done = run("one.yaml", "--seed", "4")
    assert (done.exit_code, done.stderr) == (0, "")
    assert read_replay(here / "out" / "one" / "replay.json").seed == 4
    assert run("one.yaml", "--out", "out").exit_code == 2


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "was not written by posemu"), ("zh", "不是由 posemu 写入的")]
)
@pytest.mark.parametrize("more", [[], ["--out", "out"]])
def test_a_file_that_is_not_posemus_stays(
    here: Path, more: list[str], lang: str, words: str
) -> None:
    """A results file that something else wrote is never replaced, not in the default folder
    either: exit code 2."""
    place = here / "out" / "one" / "results.sqlite"
    place.parent.mkdir(parents=True)
    place.write_text("mine" * 99)
    done = run("one.yaml", *more, "--lang", lang)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr
    assert place.read_text() == "mine" * 99


def test_a_folder_that_cannot_be_made(here: Path) -> None:
    """`--out` names a file: exit code 2, and what the system says."""
    done = run("one.yaml", "--out", "two.yaml")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "two.yaml/one" in done.stderr


def test_the_order_of_files_does_not_matter(here: Path) -> None:
    """In another order, each scenario has the same digest."""
    there = json.loads(run("one.yaml", "two.yaml", "--json").stdout)
    back = json.loads(run("two.yaml", "one.yaml", "--json", "--out", "other").stdout)
    assert [d["digest"] for d in there] == [d["digest"] for d in reversed(back)]


@pytest.mark.usefixtures("ctrl_c_heard")
def test_an_interrupt_outside_a_study_is_quiet(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while nothing is run leaves with 130 and without a traceback, and the handler of
    before is back."""

    def interrupt(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(run_module, "differences", interrupt)
    done = run("one.yaml")
    assert (done.exit_code, done.output) == (130, "")
    assert signal.getsignal(signal.SIGINT) == before


@pytest.mark.usefixtures("ctrl_c_heard")
def test_an_interrupted_study_leaves_no_older_files(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an interrupted study leaves is its own: no replay file of the study that was there
    before."""

    def interrupt(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    run("one.yaml")
    monkeypatch.setattr(run_module, "run_study", interrupt)
    done = run("one.yaml", "--seed", "4")
    assert (done.exit_code, done.stdout) == (130, "")
    assert [path.name for path in (here / "out" / "one").iterdir()] == ["results.sqlite"]


def test_an_ignored_ctrl_c_stays_ignored(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the background of a script, where Ctrl-C is ignored, it does not end the run."""
    monkeypatch.setattr(
        run_module, "differences", lambda *_: os.kill(os.getpid(), signal.SIGINT) or ()
    )
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert run("one.yaml").exit_code == 0
    finally:
        signal.signal(signal.SIGINT, before)


# --- until ---------------------------------------------------------------------------------------

UNTIL = "until: {{half_width: {{txn_time: {width}, lost_sales: 1}}, budget: 4, batch: 1}}\n"


@pytest.mark.parametrize(
    ("width", "more", "words", "count"),
    [
        (0.01, [], r"budget of 4 replications is spent: txn_time of base is still ± \d+\.\d\d "
                   r"\(asked: 0\.01\)", 4),
        (0.01, ["--lang", "zh"], r"已用完 4 次重复的预算：base 的 txn_time 仍为 ± \d+\.\d\d", 4),
        (1e9, [], "stopped after 2 replications: all intervals narrow enough", 2),
        (1e9, ["--lang", "zh"], "2 次重复后停止：所有区间都已足够窄", 2),
    ],
)  # fmt: skip
def test_the_report_says_why_it_stopped(
    here: Path, width: float, more: list[str], words: str, count: int
) -> None:
    """With `until`, the report says whether the intervals are narrow enough or the budget is
    spent, and how many worlds ran."""
    text = TEXT.format(name="one") + "replications: 2\n" + UNTIL.format(width=f"{width:f}")
    Path("one.yaml").write_text(text)
    printed = " ".join(run("one.yaml", *more).stdout.split())
    assert re.search(words, printed)
    assert len(read_replay(here / "out" / "one" / "replay.json").worlds) == count


def test_a_given_number_is_run_without_the_rule(here: Path) -> None:
    """`--replications` means exactly so many, and says nothing of the rule."""
    Path("one.yaml").write_text(TEXT.format(name="one") + UNTIL.format(width="0.001"))
    printed = run("one.yaml", "--replications", "3").stdout
    assert "budget" not in printed
    assert json.loads(run("one.yaml", "--json").stdout)["replications"] == 4
    assert len(read_replay(here / "out" / "one" / "replay.json").worlds) == 4
