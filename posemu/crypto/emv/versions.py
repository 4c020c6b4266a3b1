"""Cryptogram versions: which keys, data, paddings and methods the cards of a scheme use.

The version number (CVN) stands in the issuer application data (9F10) beside every cryptogram, so
that an issuer can follow each of its cards. All that differs is in the table `VERSIONS`; the
functions below it know no scheme.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from posemu.crypto.emv.cryptogram import application_cryptogram, card_arpc
from posemu.crypto.emv.keys import ac_session_key, icc_master_key, script_session_key
from posemu.crypto.emv.pin_change import PIN_CHANGE_BLOCKS
from posemu.crypto.emv.script import bound_command, script_encrypt, script_mac
from posemu.crypto.errors import BadCardData, BadPin
from posemu.crypto.keys import Key, Pin

# EMV Book 2 8.1.1: what every cryptogram is recommended to cover.
_RECOMMENDED = ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "82", "9F36")


@dataclass(frozen=True, slots=True)
class CryptogramVersion:
    """One cryptogram version of a scheme; names as in the functions that take them.
    EMV Book 2 8.1.1 and the schemes' card specifications."""

    option: str
    """How the card's keys are derived: `icc_master_key`."""
    session: str
    """The session key of cryptograms: `ac_session_key`."""
    data: tuple[str, ...]
    """The tags a cryptogram covers, in order; `CVR` and `counters` are parts of 9F10."""
    parts: Mapping[str, slice]
    """Where `CVR` and `counters` stand in 9F10."""
    arpc_method: int
    arpc_session: str
    script_session: str
    style: str
    """How script data is enciphered: `script_encrypt`."""
    pin_block: str
    """The block of a new PIN without the current one: `PIN_CHANGE_BLOCKS`."""
    pin_block_with_current: str | None
    """And with it, or None where the scheme has no such command."""
    padding: int = 2
    """Of the data of a cryptogram."""
    bound: bool = True
    """Whether the MAC of a script covers ATC and ARQC: `bound_command`."""


_VISA_18 = CryptogramVersion(
    option="B",
    session="common",
    data=(*_RECOMMENDED, "9F10"),
    parts=MappingProxyType({}),
    arpc_method=2,
    arpc_session="common",
    script_session="visa",
    style="visa",
    pin_block="vis",
    pin_block_with_current="vis",
)
_VISA_10 = replace(
    _VISA_18,
    option="A",
    session="none",
    data=(*_RECOMMENDED, "CVR"),
    parts=MappingProxyType({"CVR": slice(3, 7)}),
    arpc_method=1,
    arpc_session="none",
    padding=1,
)
_MASTERCARD_16 = CryptogramVersion(
    option="A",
    session="mchip",
    data=(*_RECOMMENDED, "CVR"),
    parts=MappingProxyType({"CVR": slice(2, 8), "counters": slice(10, 18)}),
    arpc_method=1,
    arpc_session="none",
    script_session="common",
    style="mastercard",
    pin_block="iso2",
    pin_block_with_current=None,
)
_MASTERCARD_20 = replace(_MASTERCARD_16, session="common", arpc_session="common")
_COUNTERS = (*_MASTERCARD_16.data, "counters")

VERSIONS: Mapping[tuple[str, int], CryptogramVersion] = MappingProxyType(
    {
        ("visa", 10): _VISA_10,
        ("visa", 18): _VISA_18,
        ("visa", 22): replace(_VISA_18, script_session="common", pin_block="iso2"),
        ("mastercard", 16): _MASTERCARD_16,
        ("mastercard", 17): replace(_MASTERCARD_16, data=_COUNTERS),
        ("mastercard", 20): _MASTERCARD_20,
        ("mastercard", 21): replace(_MASTERCARD_20, data=_COUNTERS),
        ("interac", 133): replace(
            _MASTERCARD_16, data=(*_RECOMMENDED, "9F10"), arpc_session="mchip", bound=False
        ),
    }
)
"""(scheme, CVN) -> the cryptogram version. Visa: VIS 1.6; Mastercard: M/Chip Advance; Interac."""


def cryptogram_version(scheme: str, cvn: int) -> CryptogramVersion:
    """The cryptogram version `cvn` of `scheme`; BadCardData if it is not in `VERSIONS`.
    EMV Book 2 8.1.1."""
    version = VERSIONS.get((scheme, cvn))
    if version is None:
        known = ", ".join(f"{name} {number}" for name, number in VERSIONS)
        raise BadCardData(f"no cryptogram version {scheme} {cvn}: there are {known}")
    return version


@dataclass(frozen=True, slots=True)
class CardKeys:
    """The three master keys of one card, or of its issuer: for cryptograms, for the integrity and
    for the confidentiality of scripts. EMV Book 2 A1.4."""

    ac: Key
    smi: Key
    smc: Key


def card_keys(version: CryptogramVersion, issuer: CardKeys, pan: str, psn: str) -> CardKeys:
    """The keys of a card; arguments and errors as for `icc_master_key`. EMV Book 2 A1.4."""
    return CardKeys(
        *(
            icc_master_key(key, pan, psn, version.option)
            for key in (issuer.ac, issuer.smi, issuer.smc)
        )
    )


def cryptogram_data(version: CryptogramVersion, tags: Mapping[str, bytes]) -> bytes:
    """What a cryptogram covers, from the values of the transaction by tag (upper case hex).

    `CVR` and `counters` are cut out of 9F10 where they are not given themselves. BadCardData if one
    is missing. EMV Book 2 8.1.1.
    """
    return b"".join(_value(version, tags, name) for name in version.data)


def _value(version: CryptogramVersion, tags: Mapping[str, bytes], name: str) -> bytes:
    if name in tags:
        return tags[name]
    part = version.parts.get(name)
    if part is None:
        raise BadCardData(f"{name} is missing: this version's cryptogram covers it")
    value = tags.get("9F10", b"")[part]
    if len(value) != part.stop - part.start:
        raise BadCardData(f"9F10 is missing or too short: bytes {part.stop} or more hold {name}")
    return value


def card_cryptogram(version: CryptogramVersion, keys: CardKeys, tags: Mapping[str, bytes]) -> bytes:
    """The 8 byte cryptogram of a transaction, as the card of `keys` makes it and its issuer checks
    it; `tags` as for `cryptogram_data`. EMV Book 2 8.1.
    """
    data = cryptogram_data(version, tags)
    session_key = ac_session_key(version.session, keys.ac, tags["9F36"], tags["9F37"])
    return application_cryptogram(session_key, data, version.padding)


def issuer_arpc(
    version: CryptogramVersion,
    keys: CardKeys,
    *,
    arqc: bytes,
    answer: bytes,
    proprietary: bytes,
    atc: bytes,
    un: bytes,
) -> bytes:
    """The ARPC with which the issuer answers; arguments and errors as for `card_arpc`.
    EMV Book 2 8.2."""
    return card_arpc(
        keys.ac,
        method=version.arpc_method,
        session=version.arpc_session,
        atc=atc,
        un=un,
        arqc=arqc,
        answer=answer,
        proprietary=proprietary,
    )


def command_mac(
    version: CryptogramVersion,
    keys: CardKeys,
    *,
    header: bytes,
    data: bytes,
    atc: bytes,
    arqc: bytes,
) -> bytes:
    """The 8 byte MAC of a script command; `atc` may be empty where the version does not use it.

    `header` are the 5 bytes CLA to Lc (Lc counts the MAC), `data` the enciphered or clear command
    data. Errors as for `script_session_key` and `bound_command`. EMV Book 2 9.2.
    """
    session_key = script_session_key(version.script_session, keys.smi, atc, arqc)
    covered = bound_command(header, atc, arqc, data) if version.bound else header + data
    return script_mac(session_key, covered)


def pin_change_command(
    version: CryptogramVersion,
    keys: CardKeys,
    *,
    pin: Pin,
    current_pin: Pin | None,
    atc: bytes,
    arqc: bytes,
) -> bytes:
    """The whole command PIN CHANGE/UNBLOCK (EMV Book 3 6.5.10): 84 24 00 P2 Lc, the enciphered
    block, its MAC. P2 is 01 with the current PIN, 02 without.

    BadPin if the version has no PIN change with the current PIN, else errors as for `command_mac`.
    """
    name = version.pin_block if current_pin is None else version.pin_block_with_current
    if name is None:
        raise BadPin("this version's PIN change does not take the current PIN: leave it out")
    block = PIN_CHANGE_BLOCKS[name](keys.ac, pin, current_pin)
    smc = script_session_key(version.script_session, keys.smc, atc, arqc)
    data = script_encrypt(smc, block, version.style)
    p2 = 2 if current_pin is None else 1
    header = bytes([0x84, 0x24, 0, p2, len(data) + 8])
    mac = command_mac(version, keys, header=header, data=data, atc=atc, arqc=arqc)
    return header + data + mac
