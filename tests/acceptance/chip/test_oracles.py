"""What our card and our issuer prove to each other in whole transactions, checked by others: the
cryptograms and the issuer's proofs by pyemv, the card's certificates and signatures by the crypto
room, from nothing but what went over the contacts.
"""

from __future__ import annotations

from typing import Any

import pytest
from pyemv import cvn

from posemu.crypto import (
    RsaPublicKey,
    recover_icc_certificate,
    recover_issuer_certificate,
    verify_combined,
    verify_dynamic,
    verify_static,
)
from posemu.crypto.emv.static_data import signed_records, static_data
from posemu.profiles.card_keys import load_card_keys
from posemu.terminal.kernel.outcome import Outcome, Result
from posemu.terminal.kernel.requests import GoOnline, HostAnswer
from posemu.wire import decode_tlv, encode_tlv, find_tlv, parse_command, parse_gpo_response

from .parties import HOLDER, LARGE, SMALL, Counter, done, used_card

pytestmark = [
    pytest.mark.filterwarnings(
        f"ignore::cryptography.utils.CryptographyDeprecationWarning:{module}"
    )
    for module in ("pyemv.mac", "pyemv.tools")
]

VERSIONS = {
    "basic-sda": cvn.VisaCVN10,
    "credit-cda": cvn.VisaCVN18,
    "debit-dda": cvn.MasterCardCVN17,
    "domestic-only": cvn.VisaCVN18,
    "expired": cvn.VisaCVN18,
    "not-yet-effective": cvn.VisaCVN18,
    "two-applications": cvn.VisaCVN18,
}
COVERED = ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "82", "9F36")
PROFILES = pytest.mark.parametrize("profile", VERSIONS)


def theirs(profile: str) -> Any:
    keys = load_card_keys().issuer
    raw = [key.expose() for key in (keys.ac, keys.smi, keys.smc)]
    return VERSIONS[profile](*raw, HOLDER.pan, HOLDER.sequence)


def cryptogram(profile: str, data: Any) -> bytes:
    """By pyemv, from the terminal's values."""
    tags = {f"tag_{tag.lower()}": data[tag] for tag in COVERED}
    iad = data["9F10"]
    parts = {
        cvn.VisaCVN10: {"cvr": iad[3:7]},
        cvn.VisaCVN18: {"tag_9f10": iad},
        cvn.MasterCardCVN17: {"cvr": iad[2:8], "counters": iad[10:18]},
    }
    return bytes(theirs(profile).generate_ac(**tags, **parts[VERSIONS[profile]]))


def sale(profile: str, amount: int, host: str) -> tuple[Counter, Outcome]:
    counter = Counter(used_card(profile), host=host)
    return counter, counter.sell(amount)


@PROFILES
@pytest.mark.parametrize("host", ["approve", "decline", "nothing", "script before"])
@pytest.mark.parametrize("amount", [SMALL, LARGE])
def test_every_cryptogram_is_that_of_pyemv(profile: str, host: str, amount: int) -> None:
    """The ARQC over what went online, the last TC or AAC over what the terminal kept; the proof of
    the issuer over the ARQC."""
    counter, outcome = sale(profile, amount, host)
    kinds = counter.kinds()
    assert outcome.data["9F26"] == cryptogram(profile, outcome.data)
    asked = [one for one in counter.requests if isinstance(one, GoOnline)]
    assert len(asked) == (kinds[0] == "ARQC")
    for request in asked:
        assert request.data["9F26"] == cryptogram(profile, request.data)
        if isinstance(counter.answer, HostAnswer):
            check_proof(profile, request, counter.answer)


def check_proof(profile: str, request: GoOnline, answer: HostAnswer) -> None:
    arqc, proof = request.data["9F26"], answer.issuer_authentication
    if VERSIONS[profile] is cvn.VisaCVN18:
        csu = proof[4:]
        expected = theirs(profile).generate_arpc(arqc, tag_9f36=request.data["9F36"], csu=csu)
        assert bool(csu[1] & 0x80) == answer.approved
    else:
        code = answer.response_code.encode()
        expected = theirs(profile).generate_arpc(arqc, arpc_rc=code)
        assert proof[8:] == code
    assert proof == bytes(expected) + proof[len(expected) :]


# --- certificates and signatures ------------------------------------------------------------------


def read(counter: Counter) -> tuple[dict[str, bytes], bytes]:
    """What the terminal read: objects by tag, and what of it is signed."""
    aip = afl = b""
    records: dict[tuple[int, int], bytes] = {}
    for apdu, answer in counter.said:
        if done(apdu, answer, 0xA8):
            _, aip, afl = parse_gpo_response(answer[:-2])
            records = {}
        elif done(apdu, answer, 0xB2):
            records[apdu[3] >> 3, apdu[2]] = answer[:-2]
    tree = [item for record in records.values() for item in decode_tlv(record)[0].children or ()]
    objects = {item.tag: item.value for item in tree}
    signed = {at: records[at] for at in signed_records(afl)}
    return objects, static_data(afl, signed, objects["9F4A"], aip)


@PROFILES
def test_certificates_and_signatures_hold(profile: str) -> None:
    """From the authority's public key to the issuer's, to the card's, to what it signed in this
    transaction: SDA, DDA or CDA."""
    counter, outcome = sale(profile, SMALL, "approve")
    found, static = read(counter)
    keys = load_card_keys()
    authority = keys.rsa[keys.authorities[found["8F"].hex().upper()]].public
    issuer = recover_issuer_certificate(
        authority, found["90"], remainder=found.get("92", b""), exponent=found["9F32"],
        pan=HOLDER.pan, date=outcome.data["9A"].hex(),
    )  # fmt: skip
    if "93" in found:
        verify_static(issuer.key, found["93"], static)
        assert "9F46" not in found
        return
    card = recover_icc_certificate(
        issuer.key, found["9F46"], remainder=found.get("9F48", b""), exponent=found["9F47"],
        pan=HOLDER.pan, date=outcome.data["9A"].hex(), static_data=static,
    )  # fmt: skip
    assert signatures(counter, card.key, outcome.data["9F37"]) >= 1


def signatures(counter: Counter, key: RsaPublicKey, number: bytes) -> int:
    """How many signatures of the card hold; all of them must."""
    count, said = 0, b""
    for apdu, answer in counter.said:
        if done(apdu, answer, 0xA8):
            said = decode_tlv(parse_command(apdu).data)[0].value
        if done(apdu, answer, 0x88):
            tree = decode_tlv(answer[:-2])
            signature = (find_tlv(tree, "9F4B") or [tree[0].value])[0]
            verify_dynamic(key, signature, parse_command(apdu).data)
            count += 1
        if done(apdu, answer, 0xAE):
            said += parse_command(apdu).data
            (whole,) = decode_tlv(answer[:-2])
            signed = find_tlv([whole], "9F4B")
            if signed:
                plain = encode_tlv(item for item in whole.children or () if item.tag != "9F4B")
                verify_combined(key, signed[0], number, said + plain)
                count += 1
    return count


def test_the_transactions_above_are_of_all_kinds() -> None:
    """Offline and online, approved and declined: none of them is checked in vain."""
    ends = {
        sale(profile, amount, host)[1].result
        for profile in ("credit-cda", "expired")
        for amount in (SMALL, LARGE)
        for host in ("approve", "decline", "nothing")
    }
    assert {
        Result.APPROVED_OFFLINE, Result.APPROVED_ONLINE, Result.DECLINED_ONLINE,
        Result.DECLINED_OFFLINE,
    } <= ends  # fmt: skip
