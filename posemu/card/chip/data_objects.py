"""The data objects of a card, from its profile and its holder: what the directory, the FCI and the
records say (EMV Book 1 11.3.4, 12.2.3; Book 3 5.3, 10.2 and annex A).

    SFI 1   record 1     name and track 2
    SFI 2   record 1, 2  what is authenticated: number and dates; lists and action codes
    SFI 3   record 1..   keys' certificates and signatures (`key_records`)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from posemu.card.chip.holder import Holder
from posemu.card.chip.profile import ApplicationProfile, CardProfileError
from posemu.card.chip.reading import LOG_SFI
from posemu.crypto import CryptogramVersion
from posemu.wire import DolEntry, Tlv, encode_tlv, parse_dol, template
from posemu.wire.emv.meanings import bit_names

Records = dict[tuple[int, int], bytes]
HOLDER_SFI, SIGNED_SFI, KEYS_SFI = 1, 2, 3
LONGEST_ANSWER = 256
_AIP = "82"
_PREFERRED_CODE_TABLE = bytes([1])  # ISO/IEC 8859-1
_CONFIRM = 0x80  # priority indicator, bit 8 (EMV Book 1 12.2.3 table 13)
_METHODS = {"none": (), "sda": ("sda",), "dda": ("dda",), "cda": ("dda", "cda")}
_OWN = ("82", "9F36", "9F10", "CVR", "counters")
_LENGTHS = {"9F02": 6, "9F1A": 2, "95": 5, "5F2A": 2, "9F37": 4, "8A": 2}
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def directory_of(applications: Sequence[ApplicationProfile]) -> tuple[bytes, ...]:
    """The records of the payment system directory, an application each (EMV Book 1 12.2.3)."""
    return tuple(
        encode_tlv(
            [template("70", [template("61", [Tlv("4F", bytes.fromhex(one.aid)), *_names(one)])])]
        )
        for one in applications
    )


def fci_of(entry: ApplicationProfile) -> bytes:
    """What SELECT gives (EMV Book 1 11.3.4 table 45)."""
    own = _names(entry)
    if entry.pdol:
        own.append(Tlv("9F38", entry.pdol))
    if entry.log_records:
        own.append(template("BF0C", [Tlv("9F4D", bytes([LOG_SFI, entry.log_records]))]))
    return encode_tlv([template("6F", [Tlv("84", bytes.fromhex(entry.aid)), template("A5", own)])])


def _names(entry: ApplicationProfile) -> list[Tlv]:
    priority = entry.priority | (_CONFIRM if entry.confirm else 0)
    names = [Tlv("50", entry.label.encode("ascii")), Tlv("87", bytes([priority]))]
    if entry.preferred_name is not None:
        names.append(Tlv("9F11", _PREFERRED_CODE_TABLE))
        names.append(Tlv("9F12", entry.preferred_name.encode("ascii")))
    return names


def aip_of(entry: ApplicationProfile) -> bytes:
    """The application interchange profile (EMV Book 3 annex C1). An issuer's answer in CDOL2 is not
    announced: the bit stands for EXTERNAL AUTHENTICATE."""
    wanted = [*_METHODS[entry.authentication], "risk-management"]
    if entry.cvm is not None:
        wanted.append("cardholder-verification")
    in_cdol2 = any(tag == "91" for tag, _ in parse_dol(entry.cdol2))
    if entry.issuer_authentication != "none" and not in_cdol2:
        wanted.append("issuer-authentication")
    aip = bytearray(2)
    for bit in bit_names(_AIP):
        if bit.name in wanted:
            aip[bit.byte - 1] |= 1 << bit.low - 1
    return bytes(aip)


def afl_of(records: Iterable[tuple[int, int]]) -> bytes:
    """The application file locator: one entry a file, all records of `SIGNED_SFI` authenticated
    (EMV Book 3 10.2)."""
    last: dict[int, int] = {}
    for sfi, number in records:
        last[sfi] = max(number, last.get(sfi, 0))
    return b"".join(
        bytes([sfi << 3, 1, count, count if sfi == SIGNED_SFI else 0])
        for sfi, count in sorted(last.items())
    )


def plain_records(entry: ApplicationProfile, holder: Holder) -> Records:
    """Every record but those of keys (EMV Book 3 7.2 and annex A)."""
    expiry = entry.expires or holder.expiry
    pan = _filled(holder.pan)
    track2 = _filled(f"{holder.pan}D{expiry}{holder.service_code}0000000000")
    shown = [("57", track2), ("5F20", holder.name[:26].upper().encode("ascii"))]
    person = [
        ("5A", pan),
        ("5F24", bytes.fromhex(expiry + _last_day(expiry))),
        ("5F25", bytes.fromhex(entry.effective)),
        ("5F28", bytes.fromhex(entry.country)),
        ("5F30", bytes.fromhex(f"0{holder.service_code}")),
        ("5F34", bytes.fromhex(holder.sequence)),
        ("9F07", bytes.fromhex(entry.usage_control)),
        ("9F08", bytes.fromhex(entry.version)),
        ("9F42", bytes.fromhex(entry.currency)),
    ]
    rules = [("8C", entry.cdol1), ("8D", entry.cdol2)]
    if entry.cvm is not None:
        amounts = entry.cvm.x.to_bytes(4) + entry.cvm.y.to_bytes(4)
        rules.append(("8E", amounts + bytes.fromhex("".join(entry.cvm.rules))))
    codes = entry.issuer_action_codes
    if codes is not None:
        named = (("9F0D", codes.default), ("9F0E", codes.denial), ("9F0F", codes.online))
        rules += [(tag, bytes.fromhex(code)) for tag, code in named]
    if entry.consecutive is not None:
        rules += [("9F14", bytes([entry.consecutive.lower]))]
        rules += [("9F23", bytes([entry.consecutive.upper]))]
    if entry.ddol:
        rules.append(("9F49", entry.ddol))
    return {
        (HOLDER_SFI, 1): record(shown),
        (SIGNED_SFI, 1): record(person),
        (SIGNED_SFI, 2): record(rules),
    }


def record(objects: Iterable[tuple[str, bytes]]) -> bytes:
    """One record: template 70 (EMV Book 3 6.5.11.4)."""
    return encode_tlv([template("70", [Tlv(tag, value) for tag, value in objects])])


def _filled(digits: str) -> bytes:
    return bytes.fromhex(digits + "F" * (len(digits) % 2))


def _last_day(expiry: str) -> str:
    """The last day of a month YYMM: a card is good until then."""
    year, month = int(expiry[:2]), int(expiry[2:])
    leap = month == 2 and year % 4 == 0
    return f"{_MONTH_DAYS[month - 1] + leap:02d}"


def check_lists(
    entry: ApplicationProfile, version: CryptogramVersion, profile: str, place: str
) -> None:
    """CardProfileError unless the card learns what it needs: what its cryptogram covers, the
    issuer's answer (8A), and what its conditions of use look at."""
    pdol, cdol1 = parse_dol(entry.pdol), parse_dol(entry.cdol1)
    cdol2 = parse_dol(entry.cdol2)
    needed = [tag for tag in (*version.data, "9F37") if tag not in _OWN]
    checks: tuple[tuple[str, Sequence[str], Sequence[DolEntry]], ...] = (
        ("cdol1", needed, (*pdol, *cdol1)),
        ("cdol2", ["8A"], cdol2),
        ("pdol", [tag for tag, _ in entry.usage], pdol),
    )
    for name, tags, entries in checks:
        asked = dict(entries)
        for tag in tags:
            length = _LENGTHS.get(tag, asked.get(tag))
            if asked.get(tag) is None or asked[tag] != length:
                wanted = f"{tag} {length}" if length else tag
                raise CardProfileError(profile, f"{place}.{name}", f"must ask for {wanted}")
