"""What a run prints: the verdict first, at 80 columns, in English or Chinese."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from unicodedata import east_asian_width

from posemu.faults import load_catalogue
from posemu.oracle import INVARIANTS, SITUATIONS
from posemu.report.comparison import comparison
from posemu.scenario import Metric, Scenario
from posemu.study import METRICS, Estimate, Finding, StudyResult, Wide

WIDTH = 80
SHOWN = 10  # violations printed in full

_TEXT: dict[str, tuple[str, str]] = {
    "holds": ("HOLDS", "通过"),
    "violated": ("VIOLATED", "违反"),
    "checked": (
        "{rules} rules held after each of {events} events",
        "{rules} 条规则在 {events} 个事件后均成立"),
    "unseen": ("not observed (no probe): {rules}", "未能观测（无探针）：{rules}"),
    "keys": (
        "(test keys and cards; randomness of keys and PIN blocks comes from the seed)",
        "（测试密钥与测试卡；密钥与PIN块的随机数由种子生成）"),
    "broken": ("violations: {count}, rules broken: {rules}", "{count} 处违反，涉及 {rules} 条规则"),
    "size": (
        "tills: {tills}, worlds: {worlds} of {minutes} min, seed: {seed}",
        "{tills} 个收银台，{worlds} 次运行，每次 {minutes} 分钟，种子 {seed}"),
    "narrow": (
        "stopped after {count} replications: all intervals narrow enough",
        "{count} 次重复后停止：所有区间都已足够窄"),
    "spent": (
        "budget of {count} replications is spent: {wide}",
        "已用完 {count} 次重复的预算：{wide}"),
    "still": (
        "{metric} of {variant} is still ± {half:.2f} (asked: {limit:g})",
        "{variant} 的 {metric} 仍为 ± {half:.2f}（要求 {limit:g}）"),
    "no-interval": (
        "{metric} of {variant} has no interval",
        "{variant} 的 {metric} 没有区间"),
    "also": (", and {count} more", "，另有 {count} 项"),
    "measured": ("Measured", "指标"),
    "expected": ("Expected", "预期"),
    "unmet": ("expectations that do not hold: {count}", "{count} 项预期未达到"),
    "undecided": ("cannot be decided", "无法判定"),
    "none-defined": ("nothing to judge", "无可判定的数据"),
    "faults": ("Faults that struck", "发生的故障"),
    "none": ("none", "无"),
    "never": (
        "none: in fewer than 3/{n} of worlds",
        "未发生：比例低于 3/{n}"),
    "met": ("Situations met", "出现过的情形"),
    "what": ("What went wrong", "违反明细"),
    "more": ("... and {count} more", "…… 另有 {count} 处"),
    "world": ("world {variant}/{replication}", "运行 {variant}/{replication}"),
    "card-numbers": ("card numbers", "卡号"),
    "posemus": ("{count} of {file}", "{file} 中 {count} 个"),
    "laboratorys": (
        "{count} of {file} (a laboratory's own)",
        "{file} 中 {count} 个（实验室自有）"),
    "digest": ("digest", "摘要"),
    "results": ("results", "结果"),
    "report": ("report", "报告"),
    "replay": ("replay", "重放"),
}  # fmt: skip


def run_report(
    result: StudyResult, scenario: Scenario, lang: str, files: Mapping[str, str], replay: str
) -> str:
    """The text for the console; `files` are the paths of "results" and "report", `replay` that of
    the replay file."""
    return "\n".join(_lines(result, scenario, lang, files, replay)) + "\n"


def card_numbers(scenario: Scenario, lang: str) -> tuple[str, str]:
    """What it is called, and how many of the people's card numbers each file of test numbers
    allows."""
    parts = [
        _say(
            "laboratorys" if each.laboratory else "posemus", lang, file=each.file, count=each.people
        )
        for each in scenario.card_numbers
    ]
    return _say("card-numbers", lang), ("，" if lang == "zh" else ", ").join(parts)


def _say(key: str, lang: str, **values: object) -> str:
    return _TEXT[key][lang == "zh"].format(**values)


def _lines(
    result: StudyResult, scenario: Scenario, lang: str, files: Mapping[str, str], replay: str
) -> Iterator[str]:
    title = scenario.title.of(lang) if scenario.title else scenario.name
    yield title
    minutes = (scenario.day.to_us - scenario.day.from_us) // 60_000_000
    yield _say(
        "size",
        lang,
        tills=len(scenario.tills),
        worlds=len(result.worlds),
        minutes=minutes,
        seed=result.seed,
    )
    if result.wide is not None:
        yield from _wrapped(_stop(result.wide, result.replications, lang), 0)
    yield ""
    yield from _verdict(result, lang)
    yield ""
    if result.findings:
        yield _say("expected", lang)
        for finding, expected in zip(result.findings, scenario.expectations, strict=True):
            yield from _finding(finding, expected.text_zh if lang == "zh" else finding.text, lang)
        yield ""
    yield _say("measured", lang)
    variants = result.variants()
    if len(variants) > 1:
        yield from comparison(result, lang)
    else:
        for name, found in result.estimates(variants[0], "total").items():
            figure = _figure(found, METRICS[name], lang)
            yield f"  {_pad(METRICS[name].name_in(lang), 34)}{figure}"
    yield ""
    struck = sum((Counter(world.struck) for world in result.worlds), Counter[str]())
    catalogue = load_catalogue()
    yield from _counted(
        _say("faults", lang), {catalogue[name].name.of(lang): n for name, n in struck.items()}, lang
    )
    met = sum((Counter(world.situations) for world in result.worlds), Counter[str]())
    yield from _counted(
        _say("met", lang), {SITUATIONS[name][lang == "zh"]: n for name, n in met.items()}, lang
    )
    yield ""
    if scenario.test_pans is not None:
        yield from _wrapped(": ".join(card_numbers(scenario, lang)), 0, hanging=2)
    yield f"{_pad(_say('digest', lang), 9)}{result.digest}"
    for name, path in files.items():
        yield f"{_pad(_say(name, lang), 9)}{path}"
    yield f"{_pad(_say('replay', lang), 9)}posemu replay {replay}"
    yield _say("keys", lang)


def _stop(wide: tuple[Wide, ...], count: int, lang: str) -> str:
    """Why no more was run; of the intervals that are too wide, the one farthest from its limit."""
    if not wide:
        return _say("narrow", lang, count=count)
    known = [(each.half_width / each.limit, each) for each in wide if each.half_width is not None]
    worst = max(known, key=lambda pair: pair[0])[1] if known else wide[0]
    key = "still" if known else "no-interval"
    text = _say(
        key,
        lang,
        metric=worst.metric,
        variant=worst.variant,
        half=worst.half_width,
        limit=worst.limit,
    )
    if len(wide) > 1:
        text += _say("also", lang, count=len(wide) - 1)
    return _say("spent", lang, count=count, wide=text)


def _verdict(result: StudyResult, lang: str) -> Iterator[str]:
    violations = [(world, v) for world in result.worlds for v in world.violations]
    unmet = sum(not finding.holds for finding in result.findings)
    if unmet:
        yield f"{_say('violated', lang)}  {_say('unmet', lang, count=unmet)}"
    if unmet and not violations:
        return
    if not violations:
        events = sum(world.events for world in result.worlds)
        unseen = sorted({rule for world in result.worlds for rule in world.not_observed})
        rules = len(INVARIANTS) - len(unseen)
        yield f"{_say('holds', lang)}  {_say('checked', lang, rules=rules, events=events)}"
        if unseen:
            yield from _wrapped(_say("unseen", lang, rules=", ".join(unseen)), 2)
        return
    rules = len({v.invariant for _, v in violations})
    yield f"{_say('violated', lang)}  {_say('broken', lang, count=len(violations), rules=rules)}"
    yield ""
    yield _say("what", lang)
    for world, v in violations[:SHOWN]:
        where = _say("world", lang, variant=world.variant, replication=world.replication)
        yield from _wrapped(f"{v.invariant}: {INVARIANTS[v.invariant][lang == 'zh']}", 2)
        yield from _wrapped(f"{v.till}: {v.text}", 4)
        yield f"    {where}, t = {v.t_us / 1e6:.6f} s"
    if len(violations) > SHOWN:
        yield f"  {_say('more', lang, count=len(violations) - SHOWN)}"


def _finding(finding: Finding, text: str, lang: str) -> Iterator[str]:
    mark = "ok " if finding.holds else "NO "
    if finding.observed is not None:
        observed = f"{finding.observed:.2f}"
    else:
        observed = _say("none-defined" if finding.holds else "undecided", lang)
    yield from _wrapped(f"{mark} {text}: {observed}", 2, hanging=4)


def _counted(head: str, counts: dict[str, int], lang: str) -> Iterator[str]:
    if not counts:
        yield f"{head}: {_say('none', lang)}"
        return
    yield head
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {count:6d}  {name}"


def _figure(found: Estimate, metric: Metric, lang: str) -> str:
    if found.mean is None:
        return f"{'-':>9}"
    if found.mean == 0 and found.n > 3 and metric.counts:
        return "     " + _say("never", lang, n=found.n)
    text = f"{found.mean:9.2f} {metric.unit_in(lang)}"
    if found.low is not None and found.high is not None:
        text += f"  [{found.low:.2f}, {found.high:.2f}], n {found.n}"
    return text


def _columns(text: str) -> int:
    """How many columns a terminal window needs for it; a Chinese character takes two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _pad(text: str, width: int) -> str:
    """Filled with blanks to so many columns."""
    return text + " " * max(1, width - _columns(text))


def _wrapped(text: str, indent: int, hanging: int = 0) -> Iterator[str]:
    """Cut at blanks to lines of 80 columns, all indented; all but the first by `hanging` more."""
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and indent + _columns(longer) > WIDTH:
            yield " " * indent + line
            indent, hanging = indent + hanging, 0
            longer = word
        line = longer
    yield " " * indent + line
