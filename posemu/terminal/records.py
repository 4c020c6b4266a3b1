"""Records in flash: one line of text each, with its CRC-32 in front.

    1C291CA3 attempt|7\\n

Written from front to back, a line that a power cut tore has no end or a wrong CRC and counts as not
written. Promised: what was flushed is read again, whole records only, in their order.
"""

from __future__ import annotations

from collections.abc import Generator
from zlib import crc32

from posemu.terminal.flash import Flash
from posemu.terminal.ports import NowUs

_CRC_CHARS = 9  # eight hex digits and a blank


def record_line(*values: str) -> bytes:
    """The line of a record: ASCII text without | and newline, kind of record first."""
    text = "|".join(values).encode("ascii")
    return b"%08X %s\n" % (crc32(text), text)


def read_records(flash: Flash) -> list[list[str]]:
    """What stands in the flash; a torn end is cut off, so that the next record follows a whole
    one."""
    content = flash.content()
    records = []
    good = 0
    while (end := content.find(b"\n", good)) >= 0:
        crc, text = content[good : good + _CRC_CHARS], content[good + _CRC_CHARS : end]
        if crc != b"%08X " % crc32(text):
            break
        records.append(text.decode("ascii").split("|"))
        good = end + 1
    if good < len(content):
        flash.keep_only(content[:good])
    return records


def flush_records(flash: Flash, now_us: NowUs) -> Generator[int, None, None]:
    """Takes the flash's time; when it is over everything written so far survives a power cut."""
    flash.begin_flush(now_us())
    yield flash.flush_us
    flash.end_flush()
