"""Writes `reference/chip-outcomes.md` from runs of the scenarios in `scenarios/outcomes/`:
`python docs/chip_outcomes.py`.

A test holds the page against these runs; what must come of them is held in
`tests/acceptance/chip/test_outcome_scenarios.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "chip-outcomes.md"
sys.path.insert(0, str(ROOT))
from tests.acceptance.chip.gallery import (  # noqa: E402 (the path comes first)
    LANGUAGES,
    OUTCOMES,
    Played,
    account,
    play,
)

HEAD = """\
# How a chip sale can end

This page is made by `docs/chip_outcomes.py` from runs of the scenarios in `scenarios/outcomes/`; do
not edit it. Each is a small file that a trainer can run and change:
`posemu run scenarios/outcomes/online-approved.yaml`.

- **card 卡片**: the cryptogram that the card gave to each request for one: ARQC (ask my bank), TC
  (approved), AAC (declined); a comma stands between two sales, "-" for none.
  卡片每次给出的密文：ARQC 请求联机，TC 批准，AAC 拒绝；逗号分隔两笔交易，“-”表示没有。
- **host 主机**: each message to the host, with trace number, how the card was read (DE22: 051 chip,
  801 stripe because the chip failed) and code (DE39: Y1 and Y3 of an offline approval, or why a
  sale is reversed), and the code of its answer, "-" if none came.
  发往主机的每条报文：流水号、读卡方式（DE22：051 芯片，801 降级刷卡）、
  代码（DE39：脱机批准 Y1、Y3 或冲正原因）和应答码；“-”表示没有应答。
- **told 显示**: the screens that said how the sale ended. 告知交易结果的屏幕。
- **booked 入账**: what the account was charged in the end, "-" for nothing.
  账户最终被扣的金额；“-”表示未扣款。
"""
PARTS = {
    "Approved 批准": (
        "offline-approved", "online-approved", "no-line-approved", "lost-answer-approved",
        "application-chosen", "signature", "pin-wrong", "pin-blocked-online-pin", "pin-bypassed",
        "script-failed",
    ),
    "Declined 拒绝": (
        "offline-declined", "online-declined", "no-line-declined", "pin-blocked",
        "pin-bypassed-declined",
    ),
    "Reversed 冲正": (
        "lost-answer-declined", "issuer-authentication-failed", "cda-failed-after-approval",
        "card-removed-after-approval",
    ),
    "Not accepted, or removed 不受理或拔卡": ("not-accepted", "blocked-card", "card-removed"),
    "The stripe instead 改用磁条": ("fallback-chip-unreadable", "fallback-no-application"),
}  # fmt: skip
"""The scenarios by what they come to; part -> names of files."""


def page() -> str:
    """The page, in MyST Markdown."""
    lines = [HEAD]
    for part, names in PARTS.items():
        rows: list[tuple[str, ...]] = [
            ("outcome", "结果", "card 卡片", "host 主机", "told", "显示", "booked 入账")
        ]
        rows += [tuple(_row(name)) for name in names]
        lines += [f"## {part}", "", *_table(*rows), ""]
        for name in names:
            lines += _section(name)
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(*rows: Iterable[str]) -> Iterator[str]:
    """A table; the first row is its head."""
    head, *body = (list(row) for row in rows)
    for row in (head, ["---"] * len(head), *body):
        yield f"| {' | '.join(row)} |"


def _row(name: str) -> Iterator[str]:
    en, zh = (play(name, lang) for lang in LANGUAGES)
    yield from (en.title, zh.title, en.kinds())
    yield "<br>".join(exchange.text for exchange in en.exchanges) or "-"
    for played in (en, zh):
        yield "<br>".join(_told(played))
    charged = [f"{minor / 100:.2f} CNY" for minor in en.booked().values() if minor]
    yield "<br>".join(charged) or "-"


def _told(played: Played) -> Iterator[str]:
    for event in played.events:
        if event.kind == "screen" and event.data["prompt"] in OUTCOMES:
            yield event.data["text"]


def _section(name: str) -> Iterator[str]:
    """Both languages, with the cardholder's copy of each receipt, and the merchant's if it was
    signed."""
    played = [play(name, lang) for lang in LANGUAGES]
    yield from (f"### {' · '.join(one.title for one in played)}", "")
    for one in played:
        yield from (one.about, "")
    yield from (f"`scenarios/outcomes/{name}.yaml`", "")
    for one in played:
        copies = {"customer-copy", "reversal"} | ({"merchant-copy"} if _signed(one) else set())
        yield from ("```text", *account(one, copies).splitlines(), "```", "")


def _signed(played: Played) -> bool:
    return any("____" in line for _, lines in played.slips() for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
