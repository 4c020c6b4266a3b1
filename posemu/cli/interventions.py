"""`posemu interventions`: what a shop can do about its failures, or one entry of it explained."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from posemu.cli.faults import grid, narrow_console, params_as_data, refuse, show_params
from posemu.faults import Intervention, interventions, load_catalogue, load_intervention

_WORDS = {
    "en": {
        "name": "what is done", "acts": "acts on", "seeds": "named in", "does": "what it does",
        "params": "parameters", "try": "in a scenario", "no fault": "no fault: what people do",
    },
    "zh": {
        "name": "措施", "acts": "作用于", "seeds": "出处", "does": "作用",
        "params": "参数", "try": "场景写法", "no fault": "不作用于故障,改变人的做法",
    },
}  # fmt: skip


def command(
    intervention_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="Explain this intervention.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    lang: Annotated[Literal["en", "zh"], typer.Option(help="Language of the texts.")] = "en",
) -> None:
    """List the interventions, or explain one: parameters, defaults, what it acts on."""
    known = interventions()
    if intervention_id is not None and intervention_id not in known:
        refuse("intervention", intervention_id, known, "posemu interventions")
    chosen = known if intervention_id is None else (intervention_id,)
    entries = [load_intervention(each) for each in chosen]
    if as_json:
        document = [_as_data(entry) for entry in entries]
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    elif intervention_id is None:
        narrow_console().print(_table(entries, lang))
    else:
        _explain(narrow_console(), entries[0], lang)


def _table(entries: list[Intervention], lang: str) -> Table:
    words = _WORDS[lang]
    table = Table(box=None, pad_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column(words["name"], overflow="fold")
    table.add_column(words["acts"], overflow="fold")
    for entry in entries:
        acts = ", ".join(entry.acts_on) or words["no fault"]
        table.add_row(entry.id, Text(entry.name.of(lang)), Text(acts))
    return table


def _explain(console: Console, entry: Intervention, lang: str) -> None:
    words = _WORDS[lang]
    modes = load_catalogue()
    console.print(Text(f"{entry.id}: {entry.name.of(lang)}", style="bold"))
    facts = grid(2)
    acts = ", ".join(f"{mode_id} ({modes[mode_id].name.of(lang)})" for mode_id in entry.acts_on)
    facts.add_row(words["acts"], Text(acts or words["no fault"]))
    facts.add_row(words["seeds"], ", ".join(entry.seeds))
    facts.add_row(words["does"], Text(entry.does.of(lang)))
    console.print(facts)
    show_params(console, entry.params, words["params"], lang)
    typer.echo(f"\n{words['try']}\ninterventions:\n  mine:\n{_example(entry)}")


def _example(entry: Intervention) -> str:
    """An entry of a scenario's `interventions:` with all parameters."""
    params = ", ".join(f"{name}: {p.default_text}" for name, p in entry.params.items())
    return f"    - {entry.id}: {{{params}}}"


def _as_data(entry: Intervention) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": {"en": entry.name.en, "zh": entry.name.zh},
        "seeds": list(entry.seeds),
        "mechanism": entry.mechanism,
        "acts_on": list(entry.acts_on),
        "params": params_as_data(entry.params),
        "does": {"en": entry.does.en, "zh": entry.does.zh},
    }
