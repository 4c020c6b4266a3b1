"""Data that comes with posemu as files of YAML, one thing a file: which there are, and the error
of one that cannot be used.

Dialects, rule books, failure modes and test cardholders are all found by the name of their file.
"""

from importlib.resources.abc import Traversable

SUFFIX = ".yaml"


class DataFileError(Exception):
    """A file that cannot be used: which file, where in it, and what is wrong."""

    def __init__(self, file: str, place: str, reason: str) -> None:
        super().__init__(file, place, reason)
        self.file = file
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.reason}"


def names_in(folder: Traversable) -> tuple[str, ...]:
    """The names of the files in a folder, without their ending, in order."""
    found = (entry.name for entry in folder.iterdir() if entry.name.endswith(SUFFIX))
    return tuple(sorted(name.removesuffix(SUFFIX) for name in found))
