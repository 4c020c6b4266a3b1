"""Acquirer rule books, dialects and the quantities they are written in: data, and the small code
that checks it."""

from posemu.profiles.dialect_file import (
    DialectFileError,
    dialect_names,
    is_dialect,
    load_dialect,
    parse_dialect,
    read_dialect,
)
from posemu.profiles.emv import Terminal, load_terminal, parse_terminal, terminal_names
from posemu.profiles.rulebook import Profile, load_profile, profile_names

__all__ = [
    "DialectFileError",
    "Profile",
    "Terminal",
    "dialect_names",
    "is_dialect",
    "load_dialect",
    "load_profile",
    "load_terminal",
    "parse_dialect",
    "parse_terminal",
    "profile_names",
    "read_dialect",
    "terminal_names",
]
