"""The static data to authenticate: which bytes of a card its issuer signed (EMV Book 3 10.3).

The application file locator (AFL, 94) names the records to read, in entries of 4 bytes, and how
many at the start of each entry are signed:

    SFI in the upper 5 bits | first record | last record | number of signed records
"""

from collections.abc import Iterator, Mapping

from posemu.crypto.errors import BadCardData

_TEMPLATE = 0x70
_LONGEST_AFL = 252  # EMV Book 3 annex A
_LAST_SFI = 30
_LAST_SFI_WITHOUT_HEADER = 10
_AIP_ALONE = b"\x82"
_LENGTH_BYTES = {0x81: 1, 0x82: 2}


def static_data(
    afl: bytes, records: Mapping[tuple[int, int], bytes], tag_list: bytes | None, aip: bytes
) -> bytes:
    """The bytes that static signature and ICC certificate cover.

    `records` are the answers to READ RECORD by (SFI, record number). Of a record in SFI 1 to 10 the
    contents of template 70 count, of one in SFI 11 to 30 all of it. `tag_list` is the SDA tag list
    (9F4A), None if the card has none: it may ask for the AIP (2 bytes) alone. Raises BadCardData
    for an AFL, a record or a list of another form, and for a record that is missing.
    EMV Book 3 10.3.
    """
    parts = [_signed_part(sfi, number, records) for sfi, number in signed_records(afl)]
    if tag_list is not None:
        if tag_list != _AIP_ALONE:
            raise BadCardData("an SDA tag list holds tag 82 and nothing else")
        if len(aip) != 2:
            raise BadCardData(f"an AIP has 2 bytes, not {len(aip)}")
        parts.append(aip)
    return b"".join(parts)


def signed_records(afl: bytes) -> Iterator[tuple[int, int]]:
    """(SFI, record number) of every record that is signed, in order; EMV Book 3 10.2.

    Raises BadCardData if the AFL is empty, no whole number of entries, or an entry is not
    sensible.
    """
    if not 0 < len(afl) <= _LONGEST_AFL or len(afl) % 4:
        raise BadCardData(
            f"an AFL is one or more entries of 4 bytes, {_LONGEST_AFL} bytes at most, not "
            f"{len(afl)} bytes"
        )
    for at in range(0, len(afl), 4):
        sfi, first, last, signed = afl[at] >> 3, *afl[at + 1 : at + 4]
        fits = 1 <= sfi <= _LAST_SFI and not afl[at] & 7 and 1 <= first <= last
        if not fits or signed > last - first + 1:
            raise BadCardData(f"entry {at // 4 + 1} of the AFL names no records of a file")
        yield from ((sfi, number) for number in range(first, first + signed))


def _signed_part(sfi: int, number: int, records: Mapping[tuple[int, int], bytes]) -> bytes:
    record = records.get((sfi, number))
    if record is None:
        raise BadCardData(f"record {number} of SFI {sfi} is signed, and was not read")
    contents = _template(record)
    if contents is None:
        raise BadCardData(f"record {number} of SFI {sfi} is not one template 70")
    return contents if sfi <= _LAST_SFI_WITHOUT_HEADER else record


def _template(record: bytes) -> bytes | None:
    """The contents of template 70, None if the record is anything else."""
    if len(record) < 2 or record[0] != _TEMPLATE:
        return None
    # Lengths up to 7F stand for themselves; 81 and 82 say how many bytes of length follow.
    more = _LENGTH_BYTES.get(record[1], 0)
    if record[1] > 0x7F and not 0 < more <= len(record) - 2:
        return None
    length = int.from_bytes(record[2 : 2 + more]) if more else record[1]
    contents = record[2 + more :]
    return contents if len(contents) == length else None
