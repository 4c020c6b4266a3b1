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
from posemu.profiles.rulebook import Profile, load_profile, profile_names

__all__ = [
    "DialectFileError",
    "Profile",
    "dialect_names",
    "is_dialect",
    "load_dialect",
    "load_profile",
    "parse_dialect",
    "profile_names",
    "read_dialect",
]
