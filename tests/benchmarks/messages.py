"""ISO 8583 messages of 16 fields beside pyiso8583, and beside iso8583sim in a process of its own.

Everybody starts from a message that is already in its own words: a mapping of fields to encode, the
bytes (iso8583sim: the text) to decode. Before the clock starts all have to give the same message.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import iso8583
from measure import Effort, Timer, rounds_of, timer, times_faster

from posemu.profiles import load_dialect
from posemu.wire import Codec, Dialect, Fixed

PEER_PYTHON = Path(__file__).parents[2] / ".venv" / "iso8583sim" / "bin" / "python"
_AIM = ">= 5"

MESSAGES: Mapping[str, dict[int, Any]] = {
    "generic-87-ascii": {  # with card number, track and PIN block in clear
        2: "9999000000000017", 3: "000000", 4: "000000004322", 7: "0302090027", 11: "000002",
        12: "090027", 13: "0302", 14: "3012", 22: "021", 25: "00",
        35: "9999000000000017=30122011234567890", 37: "606109000002", 41: "T0000001",
        42: "POSEMU000000001", 49: "156", 52: bytes.fromhex("0123456789ABCDEF"),
    },
    "posemu-87-aes": {  # the request of a sale
        3: "000000", 4: "000000004322", 11: "000002", 12: "090027", 13: "0302", 22: "021", 25: "00",
        37: "606109000002", 41: "T0000001", 42: "POSEMU000000001", 49: "156", 52: bytes(16),
        60: "22000001000", 62: bytes(12), 63: bytes(48), 64: bytes(8),
    },
}  # fmt: skip
"""Dialect -> the fields of a 0200."""


def bench_messages(effort: Effort) -> dict[str, Any]:
    """Encode and decode, for each dialect."""
    return {name: _bench_dialect(effort, name) for name in MESSAGES}


def _bench_dialect(effort: Effort, name: str) -> dict[str, Any]:
    codec, fields = Codec(load_dialect(name)), MESSAGES[name]
    message = codec.encode("0200", fields)
    spec, texts = pyiso8583_spec(codec.dialect, fields), _texts(fields)
    document = {"t": "0200", **{str(number): text for number, text in texts.items()}}
    assert bytes(iso8583.encode(dict(document), spec)[0]) == message
    read = iso8583.decode(message, spec)[0]
    assert {key: read[key] for key in document} == document
    assert codec.decode(message) == ("0200", fields)
    ours = {"encode": lambda: codec.encode("0200", fields), "decode": lambda: codec.decode(message)}
    theirs = {
        "encode": lambda: iso8583.encode(document, spec),
        "decode": lambda: iso8583.decode(message, spec),
    }
    with _iso8583sim(texts, message) as asked:
        return {
            "fields": len(fields),
            "bytes": len(message),
            **{verb: _verb(effort, ours[verb], theirs[verb], verb, asked) for verb in ours},
        }


def _verb(
    effort: Effort,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    verb: str,
    asked: Callable[[str], Timer] | str,
) -> dict[str, Any]:
    timers = [timer(ours), timer(theirs)]
    if not isinstance(asked, str):
        timers.append(asked(verb))
    mine, pyiso8583, *other = zip(*rounds_of(effort, timers), strict=True)
    return {
        "pyiso8583": times_faster(mine, pyiso8583, _AIM),
        "iso8583sim": times_faster(mine, other[0], None) if other else asked,
    }


@contextmanager
def _iso8583sim(texts: Mapping[int, str], message: bytes) -> Iterator[Callable[[str], Timer] | str]:
    """What asks iso8583sim for the timer of a verb; or why it cannot be asked."""
    if not message.isascii():
        yield "it knows no message of this kind in its quick form, text"
        return
    if not PEER_PYTHON.exists():
        yield "not installed: make bench does it"
        return
    program = Path(__file__).with_name("iso8583sim_peer.py")
    with subprocess.Popen(
        [str(PEER_PYTHON), str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(*question: object) -> Any:
            print(json.dumps(question), file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())

        assert ask("message", "0200", texts) == message.decode()
        yield lambda verb: lambda count: ask(verb, count)
        process.stdin.close()


def pyiso8583_spec(dialect: Dialect, fields: Mapping[int, Any]) -> dict[str, Any]:
    """The part of a dialect that these fields need, in the words of pyiso8583."""
    coded = "ascii" if dialect.mti == "ascii" else "b"
    plain = {"data_enc": coded, "len_enc": coded, "len_type": 0, "desc": ""}
    as_text = 2 if coded == "ascii" else 1
    spec: dict[str, Any] = {
        "h": {**plain, "max_len": 0},
        "t": {**plain, "max_len": 2 * as_text},
        "p": {**plain, "max_len": 8 * as_text},
    }
    for field in dialect.fields:
        if field.number not in fields:
            continue
        packed, hexed = field.encoding == "bcd", field.encoding == "hex"
        entry = {
            "data_enc": "ascii" if field.encoding in ("ascii", "hex") else "b",
            "len_count": "nibbles" if packed else "bytes",
            "left_pad": "0" if packed else "",
            "desc": field.name,
        }
        if isinstance(field.length, Fixed):
            length = {"len_enc": "b", "len_type": 0, "max_len": field.length.count * (1 + hexed)}
        else:
            text = field.length.encoding == "ascii"
            width = field.length.digits if text else -(-field.length.digits // 2)
            length = {"len_enc": field.length.encoding, "len_type": width}
            length["max_len"] = field.length.max
        spec[str(field.number)] = entry | length
    return spec


def _texts(fields: Mapping[int, Any]) -> dict[int, str]:
    """The fields as both peers want them: bytes as hex."""
    return {
        number: value.hex().upper() if isinstance(value, bytes) else value
        for number, value in fields.items()
    }
