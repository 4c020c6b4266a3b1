"""`posemu faults`: the catalogue of failure modes, or one entry of it explained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from posemu.faults.catalogue import (
    FailureMode,
    Param,
    failure_modes,
    load_catalogue,
    load_failure_mode,
)

_WIDTH_MAX = 80
_WORDS = {
    "en": {
        "name": "what fails", "strikes": "strikes", "kind": "kind", "part": "part",
        "seeds": "named in", "lasts": "lasts", "triggers": "triggers", "params": "parameters",
        "correct": "correct behaviour", "control": "a negative control: a check must fail",
        "try": "in a scenario",
    },
    "zh": {
        "name": "故障", "strikes": "影响范围", "kind": "类型", "part": "部件",
        "seeds": "出处", "lasts": "持续时间", "triggers": "触发方式", "params": "参数",
        "correct": "正确行为", "control": "反向对照：检查必须报错", "try": "场景写法",
    },
}  # fmt: skip


def command(
    mode_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="Explain this failure mode.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    lang: Annotated[Literal["en", "zh"], typer.Option(help="Language of the texts.")] = "en",
) -> None:
    """List the failure modes, or explain one: parameters, defaults, where they come from."""
    if mode_id is not None and mode_id not in failure_modes():
        refuse("failure mode", mode_id, failure_modes(), "posemu faults")
    modes = list(load_catalogue().values()) if mode_id is None else [load_failure_mode(mode_id)]
    if as_json:
        document = [_as_data(mode) for mode in modes]
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    console = narrow_console()
    if mode_id is None:
        console.print(_table(modes, lang))
    else:
        _explain(console, modes[0], lang)


def refuse(what: str, found: str, known: tuple[str, ...], command_name: str) -> NoReturn:
    """Exit code 2: there is no such entry."""
    near = get_close_matches(found, known, 1)
    hint = f"; did you mean {near[0]}?" if near else f"; `{command_name}` lists them"
    typer.echo(f"unknown {what} {found!r}{hint}", err=True)
    raise typer.Exit(2)


def narrow_console() -> Console:
    """Standard output, 80 columns at most."""
    console = Console(highlight=False, soft_wrap=False)
    console.width = min(console.width, _WIDTH_MAX)
    return console


def _table(modes: list[FailureMode], lang: str) -> Table:
    words = _WORDS[lang]
    table = Table(box=None, pad_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column(words["name"], overflow="fold")
    table.add_column(words["strikes"], no_wrap=True)
    table.add_column(words["kind"], no_wrap=True)
    for mode in modes:
        table.add_row(mode.id, Text(mode.name.of(lang)), mode.target, mode.shape)
    return table


def _explain(console: Console, mode: FailureMode, lang: str) -> None:
    words = _WORDS[lang]
    console.print(Text(f"{mode.id}: {mode.name.of(lang)}", style="bold"))
    if mode.control:
        console.print(Text(words["control"]))
    facts = grid(2)
    facts.add_row(words["strikes"], mode.target)
    facts.add_row(words["part"], mode.component)
    facts.add_row(words["kind"], mode.shape)
    facts.add_row(words["triggers"], ", ".join(mode.triggers))
    if mode.span_text:
        facts.add_row(words["lasts"], Text(f"{mode.span_text}\n{mode.span_source}"))
    facts.add_row(words["seeds"], ", ".join(mode.seeds))
    facts.add_row(words["correct"], Text(mode.correct.of(lang)))
    console.print(facts)
    show_params(console, mode.params, words["params"], lang)
    typer.echo(f"\n{words['try']}\nfaults:\n{_example(mode)}")


def show_params(console: Console, params: Mapping[str, Param], head: str, lang: str) -> None:
    """Each parameter with its default, its words and where the default comes from."""
    if not params:
        return
    console.print(Text(f"\n{head}", style="bold"))
    rows = grid(3)
    for param in params.values():
        choices = f" ({', '.join(param.choices)})" if param.choices else ""
        text = Text(f"{param.text.of(lang)}{choices}\n")
        rows.add_row(param.name, param.default_text, text.append(param.source, style="dim"))
    console.print(rows)


def grid(columns: int) -> Table:
    """A grid whose last column folds: Chinese has no blanks to break a line at."""
    grid = Table.grid(padding=(0, 2))
    for _ in range(columns - 1):
        grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _example(mode: FailureMode) -> str:
    """An entry of a scenario's `faults:` with all parameters."""
    keys = {"for": mode.span_text} if mode.span_text else {}
    for name, param in mode.params.items():
        keys[name] = f'"{param.default_text}"' if param.kind == "code" else param.default_text
    if not keys:
        return f"  - {mode.id}: {{}}"
    return "\n".join([f"  - {mode.id}:", *(f"      {key}: {text}" for key, text in keys.items())])


def _as_data(mode: FailureMode) -> dict[str, Any]:
    """The entry as JSON has it; defaults are written as in a scenario."""
    return {
        "id": mode.id,
        "name": {"en": mode.name.en, "zh": mode.name.zh},
        "seeds": list(mode.seeds),
        "component": mode.component,
        "target": mode.target,
        "mechanism": mode.mechanism,
        "shape": mode.shape,
        "triggers": list(mode.triggers),
        "params": params_as_data(mode.params),
        "default_for": {"value": mode.span_text, "source": mode.span_source} if mode.span else None,
        "correct": {"en": mode.correct.en, "zh": mode.correct.zh},
        "control": mode.control,
    }


def params_as_data(params: Mapping[str, Param]) -> dict[str, Any]:
    """Parameters as JSON has them."""
    return {
        name: {
            "type": param.kind,
            "default": param.written,
            "en": param.text.en,
            "zh": param.text.zh,
            "source": param.source,
            **({"choices": list(param.choices)} if param.choices else {}),
        }
        for name, param in params.items()
    }
