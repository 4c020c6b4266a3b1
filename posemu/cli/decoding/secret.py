"""A value in the YAML of a reading that is shown only with --unsafe."""

from __future__ import annotations


class Secret(str):
    """Text that is secret; `kind` says of what kind ("pan", "track", "pin", "key" ...)."""

    kind: str

    def __new__(cls, text: str, kind: str) -> Secret:
        self = super().__new__(cls, text)
        self.kind = kind
        return self
