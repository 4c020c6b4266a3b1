"""Cryptograms and the issuer's answers, alone and by cryptogram version: what pyemv computes, we
compute."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyemv import ac, cvn

from posemu.crypto.emv.cryptogram import (
    application_cryptogram,
    arpc_method_1,
    arpc_method_2,
    card_arpc,
)
from posemu.crypto.emv.versions import (
    VERSIONS,
    CardKeys,
    card_cryptogram,
    card_keys,
    command_mac,
    cryptogram_data,
    cryptogram_version,
    issuer_arpc,
    pin_change_command,
)
from posemu.crypto.errors import BadPin, CryptoError
from posemu.crypto.keys import Key, KeyType, Pin

# pyemv takes TripleDES from where cryptography used to have it.
pytestmark = [
    pytest.mark.filterwarnings(
        f"ignore::cryptography.utils.CryptographyDeprecationWarning:{module}"
    )
    for module in ("pyemv.mac", "pyemv.tools")
]

RAW = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
KEY = Key(RAW, KeyType.TDES2)

CLASSES: dict[tuple[str, int], Any] = {
    ("visa", 10): cvn.VisaCVN10,
    ("visa", 18): cvn.VisaCVN18,
    ("visa", 22): cvn.VisaCVN22,
    ("mastercard", 16): cvn.MasterCardCVN16,
    ("mastercard", 17): cvn.MasterCardCVN17,
    ("mastercard", 20): cvn.MasterCardCVN20,
    ("mastercard", 21): cvn.MasterCardCVN21,
    ("interac", 133): cvn.InteracCVN133,
}
# What pyemv's ARPC functions take beside ARQC and answer.
ARPC_TAGS = {
    ("visa", 18): ["9F36"],
    ("visa", 22): ["9F36"],
    ("mastercard", 20): ["9F36"],
    ("mastercard", 21): ["9F36"],
    ("interac", 133): ["9F36", "9F37"],
}
LENGTHS = {
    "9F02": 6, "9F03": 6, "9F1A": 2, "95": 5, "5F2A": 2, "9A": 3, "9C": 1, "9F37": 4, "82": 2,
    "9F36": 2, "9F10": 18,
}  # fmt: skip

raw_keys = st.binary(min_size=16, max_size=16)
eight = st.binary(min_size=8, max_size=8)
pans = st.text("0123456789", min_size=12, max_size=19)
psns = st.text("0123456789", min_size=2, max_size=2)
tag_values = st.tuples(*(st.binary(min_size=n, max_size=n) for n in LENGTHS.values()))


@settings(max_examples=60, deadline=None)
@given(raw_keys, st.binary(max_size=80), st.sampled_from([1, 2]), st.integers(4, 8))
def test_a_cryptogram_is_that_of_pyemv(raw: bytes, data: bytes, padding: int, length: int) -> None:
    """Any data, both paddings, any length that EMV allows."""
    ours = application_cryptogram(Key(raw, KeyType.TDES2), data, padding, length)
    assert ours == ac.generate_ac(raw, data, ac.PaddingType(padding), length)


@settings(max_examples=40, deadline=None)
@given(raw_keys, eight, st.binary(min_size=4, max_size=4), st.binary(max_size=8))
def test_an_arpc_is_that_of_pyemv(raw: bytes, arqc: bytes, csu: bytes, more: bytes) -> None:
    """Both methods, with and without proprietary data."""
    key = Key(raw, KeyType.TDES2)
    assert arpc_method_1(key, arqc, csu[:2]) == ac.generate_arpc_1(raw, arqc, csu[:2])
    assert arpc_method_2(key, arqc, csu, more) == ac.generate_arpc_2(raw, arqc, csu, more)


@settings(max_examples=12, deadline=None)
@given(raw_keys, raw_keys, raw_keys, pans, psns, tag_values)
@pytest.mark.parametrize("name", VERSIONS)
def test_a_version_is_that_of_pyemv(
    name: tuple[str, int],
    ac_key: bytes,
    smi_key: bytes,
    smc_key: bytes,
    pan: str,
    psn: str,
    values: tuple[bytes, ...],
) -> None:
    """Every version, from the issuer's keys: cryptogram, ARPC, script MAC, PIN change."""
    version, tags = cryptogram_version(*name), dict(zip(LENGTHS, values, strict=True))
    issuer = CardKeys(*(Key(raw, KeyType.TDES2) for raw in (ac_key, smi_key, smc_key)))
    keys = card_keys(version, issuer, pan, psn)
    theirs = CLASSES[name](ac_key, smi_key, smc_key, pan, psn)

    arqc = card_cryptogram(version, keys, tags)
    assert arqc == theirs.generate_ac(**_cryptogram_arguments(name, tags))

    atc, un, csu = tags["9F36"], tags["9F37"], tags["9F02"][:4]
    answer = csu if version.arpc_method == 2 else csu[:2]
    arguments = {f"tag_{tag.lower()}": tags[tag] for tag in ARPC_TAGS.get(name, [])}
    arguments["csu" if version.arpc_method == 2 else "arpc_rc"] = answer
    ours = issuer_arpc(version, keys, arqc=arqc, answer=answer, proprietary=b"", atc=atc, un=un)
    assert ours == theirs.generate_arpc(tag_9f26=arqc, **arguments)

    script = {"tag_9f26": arqc} | ({"tag_9f36": atc} if version.bound else {})
    header, data = bytes.fromhex("842400001A"), tags["9F10"]
    assert command_mac(
        version, keys, header=header, data=data, atc=atc, arqc=arqc
    ) == theirs.generate_command_mac(command_header=header, command_data=data, **script)

    new, current = Pin("836194"), Pin("71940")
    ours = pin_change_command(version, keys, pin=new, current_pin=None, atc=atc, arqc=arqc)
    assert ours == theirs.generate_pin_change_command(pin=new.expose(), **script)
    if version.pin_block_with_current is None:
        with pytest.raises(BadPin):
            pin_change_command(version, keys, pin=new, current_pin=current, atc=atc, arqc=arqc)
    else:
        ours = pin_change_command(version, keys, pin=new, current_pin=current, atc=atc, arqc=arqc)
        assert ours == theirs.generate_pin_change_command(
            pin=new.expose(), current_pin=current.expose(), **script
        )


def _cryptogram_arguments(name: tuple[str, int], tags: dict[str, bytes]) -> dict[str, bytes]:
    """pyemv's arguments; it wants the parts of 9F10 cut out by its caller."""
    arguments = {f"tag_{tag.lower()}": value for tag, value in tags.items() if tag != "9F10"}
    iad, data = tags["9F10"], VERSIONS[name].data
    if "9F10" in data:
        return arguments | {"tag_9f10": iad}
    # Visa: length, DKI, CVN, CVR (4). Mastercard: DKI, CVN, CVR (6), DAC (2), counters (8).
    arguments["cvr"] = iad[3:7] if name[0] == "visa" else iad[2:8]
    if "counters" in data:
        arguments["counters"] = iad[10:18]
    return arguments


def test_parts_of_9f10_may_be_given() -> None:
    """CVR and counters that are given themselves are taken, 9F10 or not."""
    version = cryptogram_version("mastercard", 17)
    tags = {tag: bytes(length) for tag, length in LENGTHS.items()}
    parts = {"CVR": b"\x01" * 6, "counters": b"\x02" * 8}
    given = cryptogram_data(version, tags | parts)
    assert given.endswith(b"\x01" * 6 + b"\x02" * 8)
    del tags["9F10"]
    assert cryptogram_data(version, tags | parts) == given


TAGS = {tag: bytes(length) for tag, length in LENGTHS.items()}
SHORT = TAGS | {"9F10": bytes(17)}
CARD = CardKeys(KEY, KEY, KEY)


def _arpc(**changed: Any) -> bytes:
    arguments = {"method": 1, "session": "none", "atc": b"", "un": b"", "arqc": bytes(8)}
    return card_arpc(KEY, **(arguments | {"answer": bytes(2)} | changed))


@pytest.mark.parametrize(
    "refused",
    [
        lambda: application_cryptogram(KEY, b"", 3),
        lambda: application_cryptogram(KEY, b"", 2, 3),
        lambda: application_cryptogram(KEY, b"", 2, 9),
        lambda: application_cryptogram(Key(RAW), b""),
        lambda: arpc_method_1(KEY, bytes(7), bytes(2)),
        lambda: arpc_method_1(KEY, bytes(8), bytes(3)),
        lambda: arpc_method_1(Key(RAW), bytes(8), bytes(2)),
        lambda: arpc_method_2(KEY, bytes(8), bytes(3)),
        lambda: arpc_method_2(KEY, bytes(8), bytes(4), bytes(9)),
        lambda: _arpc(method=3),
        lambda: _arpc(method=2, answer=bytes(4)),
        lambda: _arpc(method=2, answer=bytes(4), session="mchip", atc=bytes(2), un=bytes(4)),
        lambda: _arpc(proprietary=b"\0"),
        lambda: cryptogram_version("visa", 11),
        lambda: cryptogram_version("jcb", 10),
        lambda: cryptogram_data(VERSIONS["mastercard", 17], SHORT),
        lambda: cryptogram_data(VERSIONS["visa", 10], {k: TAGS[k] for k in TAGS if k != "9F10"}),
        lambda: cryptogram_data(VERSIONS["visa", 18], {k: TAGS[k] for k in TAGS if k != "9A"}),
        lambda: card_cryptogram(VERSIONS["visa", 18], CARD, TAGS | {"9F36": b"\0"}),
    ],
)
def test_what_is_not_emv_is_refused(refused: Callable[[], object]) -> None:
    """Wrong methods, paddings, lengths, versions and missing data are refused."""
    with pytest.raises(CryptoError):
        refused()


def test_method_2_goes_with_the_common_session() -> None:
    """The one combination of method 2 that schemes use is accepted."""
    assert len(_arpc(method=2, session="common", atc=bytes(2), answer=bytes(4))) == 4
