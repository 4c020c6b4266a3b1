"""Encode and decode one sale request beside pyiso8583, in one run; prints JSON (microseconds each).

Run as a program: python tests/wire/bench_iso8583.py
"""

import json
import timeit

import iso8583
from conftest import SALE, pyiso_fields, pyiso_spec

from posemu.profiles.dialect_file import load_dialect
from posemu.wire import Codec, decode_track2, encode_track2


def main():
    """Measure and print."""
    codec = Codec(load_dialect("posemu-87-aes"))
    spec = pyiso_spec(codec.dialect)
    theirs = pyiso_fields("0200", SALE)
    message = codec.encode("0200", SALE)
    assert iso8583.encode(dict(theirs), spec)[0] == message
    track = bytes(20) + encode_track2(";4000340000000506=2512111123400001230?") + bytes(20)
    cases = {
        "encode": lambda: codec.encode("0200", SALE),
        "encode_pyiso8583": lambda: iso8583.encode(theirs, spec),
        "decode": lambda: codec.decode(message),
        "decode_pyiso8583": lambda: iso8583.decode(message, spec),
        "decode_track2": lambda: decode_track2(track),
    }
    best = {name: float("inf") for name in cases}
    for _ in range(200):
        for name, case in cases.items():
            best[name] = min(best[name], timeit.timeit(case, number=100) * 10_000)
    result = {name: round(value, 2) for name, value in best.items()}
    for verb in ("encode", "decode"):
        result[f"{verb}_times_faster"] = round(best[f"{verb}_pyiso8583"] / best[verb], 1)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
