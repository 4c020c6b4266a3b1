"""What the value of an ISO 8583 field says, by the field's name in the dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from posemu.cli.decoding.emv_values import money, printable
from posemu.cli.decoding.model import Node, Problem
from posemu.cli.decoding.words import code, say
from posemu.wire import (
    DecodeError,
    Dialect,
    Field,
    Value,
    luhn_valid,
    response_code,
)

_UNKNOWN = "unknown"


class _Context(NamedTuple):
    """What a field may need of the rest of the message."""

    found: Mapping[str, Value]
    dialect: Dialect
    lang: str


_Says = Callable[[str, _Context], list[str]]


def field_meaning(
    node: Node,
    field: Field,
    found: Mapping[str, Value],
    dialect: Dialect,
    lang: str,
    problems: list[Problem],
) -> None:
    """Add to `node` what its value says; to `problems` what no such field can say."""
    context = _Context(found, dialect, lang)
    if node.secret == "pan":
        _check_pan(node, problems)
    if field.name not in found:
        return
    says = _SAYS.get(field.name)
    if says is not None:
        try:
            node.meaning += says(node.value, context)
        except (ValueError, IndexError, DecodeError):
            node.meaning.append(say(lang, "unreadable"))
    elif field.name in _TIMES:
        _time(node, _TIMES[field.name], lang, problems)
    elif field.type == "b" and node.free and not node.children:
        node.meaning += _characters(node.value)


def _check_pan(node: Node, problems: list[Problem]) -> None:
    if node.value.isdigit() and node.value.isascii() and not luhn_valid(node.value):
        problems.append(Problem(node.key, node.start, "the check digit (Luhn) of the PAN is wrong"))


def _time(node: Node, form: str, lang: str, problems: list[Problem]) -> None:
    """A date or time whose parts are those of `form`; a part out of range is a problem."""
    if len(form) < len(node.value):
        form = _LONG_TIMES.get(len(node.value), form)
    parts: dict[str, str] = {}
    for letter, digit in zip(form, node.value, strict=False):
        parts[letter] = parts.get(letter, "") + digit
    for letter, (least, most, what) in _RANGES.items():
        if letter in parts and not least <= int(parts[letter] or "0") <= most:
            reason = f"there is no {what} {parts[letter]}"
            problems.append(Problem(node.key, node.start, reason))
            return
    if len(parts.get("Y", "")) == 2:
        parts["Y"] = f"20{parts['Y']}"
    date = "-".join(parts[letter] for letter in "YMD" if letter in parts)
    time = ":".join(parts[letter] for letter in "hms" if letter in parts)
    node.meaning.append(" ".join(filter(None, (date, time))))


_RANGES = {
    "M": (1, 12, "month"), "D": (1, 31, "day"), "h": (0, 23, "hour"), "m": (0, 59, "minute"),
    "s": (0, 60, "second"),
}  # fmt: skip
_TIMES = {
    "transmission_time": "MMDDhhmmss", "local_time": "hhmmss", "local_date": "MMDD",
    "expiry": "YYMM", "settlement_date": "MMDD", "conversion_date": "MMDD",
    "capture_date": "MMDD", "action_date": "YYMMDD", "effective_date": "YYMM",
}  # fmt: skip
_LONG_TIMES = {6: "YYMMDD", 8: "YYYYMMDD", 12: "YYMMDDhhmmss", 14: "YYYYMMDDhhmmss"}


def _characters(text: str) -> list[str]:
    """Bytes that are text in ASCII or GBK, as text."""
    raw = bytes.fromhex(text)
    if not raw or min(raw) < 0x20:
        return []
    if max(raw) < 0x7F:
        return [printable(raw)]
    try:
        return [f'"{raw.decode("gbk")}"']
    except UnicodeDecodeError:
        return []


def _amount(value: str, context: _Context) -> list[str]:
    if context.dialect.version == "2003" and len(value) == 16:
        return [money(value[4:], value[:3], context.lang)]
    return [money(value, str(context.found.get("currency", "")), context.lang)]


def _processing(value: str, context: _Context) -> list[str]:
    what = code(context.lang, "processing", value[:2]) or say(context.lang, _UNKNOWN)
    accounts = [code(context.lang, "accounts", value[i : i + 2]) for i in (2, 4)]
    if not all(accounts) or value[2:] == "0000":
        return [what]
    return [what, say(context.lang, "accounts", source=accounts[0], to=accounts[1])]


def _entry_mode(value: str, context: _Context) -> list[str]:
    entry = code(context.lang, "entry", value[:2]) or say(context.lang, _UNKNOWN)
    return [entry, code(context.lang, "pin-capability", value[2:3]) or say(context.lang, _UNKNOWN)]


def _response(value: str, context: _Context) -> list[str]:
    table = context.dialect.response_codes or ("1987" if len(value) == 2 else None)
    if table is None:
        return []
    try:
        return [response_code(table, value).text(context.lang)]
    except DecodeError:
        return [say(context.lang, "unknown-code", table=table)]


def _of(table: str) -> _Says:
    def says(value: str, context: _Context) -> list[str]:
        return [code(context.lang, table, value) or say(context.lang, _UNKNOWN)]

    return says


def _currency(value: str, context: _Context) -> list[str]:
    name = code("en", "currencies", value[-3:]).partition(" ")[0]
    return [name or say(context.lang, _UNKNOWN)]


_SAYS: dict[str, _Says] = {
    "amount": _amount,
    "processing_code": _processing,
    "entry_mode": _entry_mode,
    "condition_code": _of("conditions"),
    "currency": _currency,
    "settlement_currency": _currency,
    "billing_currency": _currency,
    "response_code": _response,
    "action_code": _response,
    "acquirer_country": _of("countries"),
    "pan_country": _of("countries"),
    "network_management": _of("network-management"),
}
