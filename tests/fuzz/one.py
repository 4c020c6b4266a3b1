"""One target under the fuzzer: a process of its own, which `fuzz.py` starts.

    python tests/fuzz/one.py TARGET [options of libFuzzer] [folders of inputs]

The decoders are instrumented as they are imported, so they are imported here and nowhere before.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))
_ROOMS = ["posemu.wire", "posemu.crypto", "posemu.profiles"]

with atheris.instrument_imports(include=_ROOMS):
    from tests.fuzz.contract import keep
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Fuzz the target that the command line names."""
    target = TARGETS[sys.argv.pop(1)]
    sys.argv[0] = os.environ.get("FUZZ_LAUNCHER", sys.argv[0])

    def one_input(data: bytes) -> None:
        keep(target, data)

    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
