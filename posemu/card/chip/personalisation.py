"""Personalisation: a profile, a cardholder and the keys become a card (EMV Book 2 5 and 6; Book 3 5
and 10.2; how it is done on a line is the EMV Card Personalization Specification's).

Whoever makes a card here must use a test number: it is checked here, and the card remembers which
file of test numbers allowed it. The certificates are made from committed keys, so the same profile,
cardholder and keys give the same card, byte for byte; they are made once and kept.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from posemu.card.chip.application import ActionCodes, Application, CardImage, Limits, Memory, Stored
from posemu.card.chip.cvr import LAYOUTS
from posemu.card.chip.data_objects import (
    LONGEST_ANSWER,
    SIGNED_SFI,
    afl_of,
    aip_of,
    check_lists,
    directory_of,
    fci_of,
    plain_records,
)
from posemu.card.chip.holder import Holder
from posemu.card.chip.key_records import key_records
from posemu.card.chip.profile import ApplicationProfile, CardProfile, CardProfileError
from posemu.crypto import BadCardData, Pin, card_keys, cryptogram_version, static_data
from posemu.profiles.card_keys import CardKeySet, load_card_keys
from posemu.profiles.pans import TestPans, load_test_pans
from posemu.wire import parse_dol

_KEPT = 256  # applications whose certificates are kept
_TAG_LIST = bytes.fromhex("82")


def personalise(
    profile: CardProfile,
    holder: Holder,
    pin: Pin | None,
    *,
    name: str = "",
    keys: CardKeySet | None = None,
    test_pans: TestPans | None = None,
) -> CardImage:
    """The card of `holder`; applications without PIN tries take no `pin`. `name` is the profile's,
    for reports and errors; keys and test numbers are posemu's own where none are given.

    Raises ValueError for a PAN that is no test number, CardProfileError for a profile that makes no
    card: keys that do not fit into each other, a cryptogram over what no list asks for.
    """
    source = (test_pans or load_test_pans()).check(holder.pan)
    known = keys or load_card_keys()
    applications = tuple(
        _application(entry, holder, known, name, f"applications.{place}")
        for place, entry in enumerate(profile.applications)
    )
    stored = tuple(replace(one.start, pin=pin if one.pin_tries else None) for one in applications)
    return CardImage(
        profile=name,
        atr=profile.atr,
        directory=directory_of(profile.applications) if profile.pse else (),
        applications=applications,
        memory=Memory(profile.blocked, stored),
        pan_source=source,
    )


@lru_cache(maxsize=_KEPT)
def _application(
    entry: ApplicationProfile, holder: Holder, keys: CardKeySet, file: str, place: str
) -> Application:
    """One application: what is signed, then the certificates that cover it."""
    try:
        version = cryptogram_version(entry.scheme, entry.cvn)
    except BadCardData as error:
        raise CardProfileError(file, f"{place}.cvn", str(error)) from None
    check_lists(entry, version, file, place)
    aip, records = aip_of(entry), plain_records(entry, holder)
    signed = {at: record for at, record in records.items() if at[0] == SIGNED_SFI}
    covered = static_data(afl_of(signed), signed, _TAG_LIST, aip)
    proved = key_records(entry, holder.pan, keys, covered, file, place)
    records |= proved.records
    too_long = [at for at, record in records.items() if len(record) > LONGEST_ANSWER]
    if too_long:
        reason = f"record {too_long[0][1]} of SFI {too_long[0][0]} is too long: use shorter lists"
        raise CardProfileError(file, place, reason)
    return Application(
        aid=bytes.fromhex(entry.aid),
        fci=fci_of(entry),
        records=records,
        aip=aip,
        afl=afl_of(records),
        pdol=parse_dol(entry.pdol),
        cdol1=parse_dol(entry.cdol1),
        cdol2=parse_dol(entry.cdol2),
        ddol=parse_dol(entry.ddol),
        usage=dict(entry.usage),
        gpo_format=entry.gpo_format,
        ac_format=entry.ac_format,
        scheme=entry.scheme,
        cvn=entry.cvn,
        derivation_index=entry.derivation_index,
        version=version,
        layout=LAYOUTS[entry.scheme],
        keys=card_keys(version, keys.issuer, holder.pan, holder.sequence),
        icc_key=proved.icc,
        pin_key=proved.pin,
        cda=entry.authentication == "cda",
        issuer_authentication=entry.issuer_authentication,
        actions=ActionCodes(entry.actions.denial, entry.actions.online, entry.actions.default),
        country=bytes.fromhex(entry.country),
        currency=bytes.fromhex(entry.currency),
        pin_tries=entry.pin_tries,
        log_format=parse_dol(entry.log_format),
        log_records=entry.log_records,
        start=_start(entry),
    )


def _start(entry: ApplicationProfile) -> Stored:
    given = entry.limits
    limits = Limits(given.lower_count, given.upper_count, given.lower_amount, given.upper_amount)
    return Stored(limits=limits, pin=None, tries_left=entry.pin_tries, blocked=entry.blocked)
