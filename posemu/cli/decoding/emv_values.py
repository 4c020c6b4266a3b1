"""What the value of an EMV object says to a person (EMV 4.4 Book 3, annexes A and C)."""

from __future__ import annotations

from collections.abc import Callable

from posemu.cli.decoding.words import code, say
from posemu.wire import DecodeError, EmvTag, parse_afl, parse_issuer_application_data
from posemu.wire.emv.meanings import Bits, bit_names, bits_set, code_names, reserved_set

_CVR = {"visa": ("cvr-visa", 1), "unionpay": ("cvr-visa", 1), "mastercard": ("cvr-mchip", 0)}
"""Scheme -> the table of its CVR, and the byte from which it counts (one is the length)."""
_Reader = Callable[[bytes, str], list[str]]


def tag_meaning(tag: str, entry: EmvTag, value: bytes, lang: str) -> list[str]:
    """What `value` says, a line each; nothing where its digits say it already."""
    try:
        if tag in _READERS:
            return _READERS[tag](value, lang)
        if bit_names(tag):
            return bit_lines(tag, value, lang)
        if entry.format in ("a", "an", "ans") and value:
            return [printable(value)]
    except (DecodeError, IndexError, ValueError):
        return [say(lang, "unreadable")]
    return []


def bit_lines(table: str, value: bytes, lang: str) -> list[str]:
    """A line for every bit that is set."""
    lines = [
        (bits.byte, -bits.high, f"{_place(bits)} {bits.says(number, lang)}")
        for bits, number in bits_set(table, value)
    ]
    lines += [
        (byte, -bit, say(lang, "reserved-bit", place=f"{byte}.{bit}"))
        for byte, bit in reserved_set(table, value)
    ]
    return [text for _, _, text in sorted(lines)] or [say(lang, "no-bit")]


def _place(bits: Bits) -> str:
    return f"{bits.byte}.{bits.high}" + (f"-{bits.low}" if bits.low != bits.high else "")


def printable(value: bytes) -> str:
    """Bytes as characters, quoted; what is none is shown as a dot."""
    text = value.decode("latin-1")
    return '"' + "".join(c if c.isprintable() else "." for c in text) + '"'


def money(digits: str, currency: str, lang: str) -> str:
    """An amount of minor units in a currency of ISO 4217 (three digits), or without one."""
    units = int(digits)
    known = code("en", "currencies", currency[-3:])
    if not known:
        return say(lang, "minor-units", count=units)
    name, _, exponent = known.partition(" ")
    places = int(exponent)
    if not places:
        return f"{name} {units}"
    return f"{name} {units // 10**places}.{units % 10**places:0{places}d}"


def _date(digits: str) -> str:
    """YYMMDD as a date."""
    return f"20{digits[:2]}-{digits[2:4]}-{digits[4:6]}"


def _named(table: str, key: str, lang: str) -> str:
    found = code_names(table).get(key)
    return say(lang, "unknown") if found is None else found.of(lang)


def _cvm_rule(pair: bytes, lang: str) -> str:
    method = _named("cvm", f"{pair[0] & 0x3F:02X}", lang)
    condition = _named("cvm-condition", f"{pair[1]:02X}", lang)
    go_on = say(lang, "cvm-next" if pair[0] & 0x40 else "cvm-stop")
    return f"{pair.hex().upper()} {say(lang, 'comma').join((method, condition, go_on))}"


def _cvm_list(value: bytes, lang: str) -> list[str]:
    x, y = (int.from_bytes(value[at : at + 4], "big") for at in (0, 4))
    rules = [value[at : at + 2] for at in range(8, len(value) - 1, 2)]
    return [f"X = {x}, Y = {y}", *(_cvm_rule(pair, lang) for pair in rules)]


def _cvm_results(value: bytes, lang: str) -> list[str]:
    method = _named("cvm", f"{value[0] & 0x3F:02X}", lang)
    condition = _named("cvm-condition", f"{value[1]:02X}", lang)
    return [method, condition, _named("cvm-result", f"{value[2]:02X}", lang)]


def _issuer_data(value: bytes, lang: str) -> list[str]:
    """Issuer application data: key index, version, and of the CVR what has names."""
    try:
        parts = parse_issuer_application_data(value)
    except DecodeError:
        return []
    index, version = f"{parts.derivation_key_index:02X}", f"{parts.cvn:02X}"
    head = say(lang, "iad", index=index, version=version)
    if parts.scheme not in _CVR:
        return [head]
    table, first = _CVR[parts.scheme]
    return [head, *(f"CVR {line}" for line in bit_lines(table, parts.cvr[first:], lang))]


def _afl(value: bytes, lang: str) -> list[str]:
    return [
        say(lang, "afl", sfi=e.sfi, first=e.first, last=e.last, count=e.oda_records)
        for e in parse_afl(value)
    ]


def _gpo_format_1(value: bytes, lang: str) -> list[str]:
    if len(value) >= 6 and len(value) % 4 == 2:
        return ["AIP " + value[:2].hex().upper(), *bit_lines("82", value[:2], lang),
                "AFL " + value[2:].hex().upper(), *_afl(value[2:], lang)]  # fmt: skip
    if len(value) >= 11:
        cid, atc = value[:1], int.from_bytes(value[1:3], "big")
        return [f"CID {cid.hex().upper()}", *bit_lines("9F27", cid, lang), f"ATC {atc}",
                f"AC {value[3:11].hex().upper()}", f"IAD {value[11:].hex().upper()}",
                *_issuer_data(value[11:], lang)]  # fmt: skip
    return []


_READERS: dict[str, _Reader] = {
    "80": _gpo_format_1,
    "8A": lambda v, lang: [f"{printable(v)} {_named('authorisation-response', v.decode(), lang)}"],
    "8E": _cvm_list,
    "94": _afl,
    "9A": lambda v, lang: [_date(v.hex())],
    "5F24": lambda v, lang: [_date(v.hex())],
    "5F25": lambda v, lang: [_date(v.hex())],
    "9F21": lambda v, lang: [f"{v.hex()[:2]}:{v.hex()[2:4]}:{v.hex()[4:]}"],
    "9C": lambda v, lang: [code(lang, "processing", v.hex()) or say(lang, "unknown")],
    "9F10": _issuer_data,
    "9F13": lambda v, lang: [str(int.from_bytes(v, "big"))],
    "9F17": lambda v, lang: [str(v[0])],
    "9F1A": lambda v, lang: [code(lang, "countries", v.hex()[-3:]) or say(lang, "unknown")],
    "5F28": lambda v, lang: [code(lang, "countries", v.hex()[-3:]) or say(lang, "unknown")],
    "5F2A": lambda v, lang: [_currency(v, lang)],
    "9F42": lambda v, lang: [_currency(v, lang)],
    "9F34": _cvm_results,
    "9F35": lambda v, lang: [_named("terminal-type", v.hex(), lang)],
    "9F36": lambda v, lang: [str(int.from_bytes(v, "big"))],
    "9F39": lambda v, lang: [code(lang, "entry", v.hex()) or say(lang, "unknown")],
    "88": lambda v, lang: [f"SFI {v[0]}"],
    "84": lambda v, lang: [_application(v, lang)],
    "4F": lambda v, lang: [_application(v, lang)],
    "9F06": lambda v, lang: [_application(v, lang)],
}


def _currency(value: bytes, lang: str) -> str:
    return code("en", "currencies", value.hex()[-3:]).partition(" ")[0] or say(lang, "unknown")


def _application(value: bytes, lang: str) -> str:
    """Whose application it is, by its RID; a directory (PSE) has a name in letters."""
    if value.startswith(b"1PAY.") or value.startswith(b"2PAY."):
        return printable(value)
    return code(lang, "rids", value[:5].hex().upper()) or say(lang, "unknown-rid")
