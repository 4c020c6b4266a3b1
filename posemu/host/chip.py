"""The issuer's part of a chip transaction: is it our card, may it be so, and what do we tell it
(EMV 4.4 Book 2, 8 and 9; Book 3, 10.9, 10.10 and annexes C5, C7, C10).

    field 55 -> judge -> findings, by name -> the first rule that matches -> DE39, or "" for go on
                                                                   money and PIN decide, elsewhere
    answer(judged, DE39) -> field 55 of the answer: 91 [ ARPC | code or status update ], 71, 72

In the real world this is the authorisation host with its security module: it derives each card's
keys from three master keys, and keeps one number of every card, its highest transaction counter.

What may break: any bytes in field 55, a cryptogram of somebody else's card, one that was heard
before, values that are not those of the message around it. Promised: `judge` raises nothing and
names what it found; a counter moves only by a right cryptogram; nothing is answered (no ARPC, no
script) to a card that did not prove itself, nor to a cryptogram that was heard before.

How it meets the host: a sale that brings field 55 asks `judge` once PAN and amount are known, and
declines with `response_code` if there is one; else accounts decide as for a stripe; either way
`answer` makes field 55 of the answer. An uploaded offline transaction (0220) asks `judge` with
`online=False`: its code is what the issuer thinks of it, and books it all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from posemu.crypto import (
    CardKeys,
    CryptoError,
    card_cryptogram,
    card_keys,
    cryptogram_version,
    same,
)
from posemu.host.chip_answer import (
    COMMANDS,
    SCRIPTS_MAX,
    CardName,
    CardStatus,
    Order,
    ProvenCard,
    PutData,
    Script,
    check_script,
    issuer_authentication,
    script_template,
)
from posemu.host.chip_rules import RULES, Rule
from posemu.wire import (
    DecodeError,
    IssuerApplicationData,
    Tlv,
    cryptogram_type,
    emv_tag,
    encode_tlv,
    parse_issuer_application_data,
    template,
    tlv_pairs,
)
from posemu.wire.emv.meanings import bit_places

ATC_JUMP: Final = 100
"""Transactions between two that the issuer sees; more are noted. Assumed: a card that is used ten
times a day and goes online every tenth."""
CHANGE_LIMIT: Final = "change-limit"
"""The lower limit of transactions in a row without the issuer becomes 0: the card asks each
time."""
STANDING: Final = (*COMMANDS, CHANGE_LIMIT)
_LOWER_COUNT: Final[Mapping[str, str]] = {"visa": "9F58", "mastercard": "9F14"}
"""VIS 1.6, appendix A; M/Chip 4."""


@dataclass(frozen=True, slots=True)
class Judged:
    """`findings` by name: those of `RULES`, and the bits of TVR and CVR as "tvr.expired" or
    "cvr.new-card". `response_code` declines, "" if the chip gives no reason to. `card` is None
    unless it proved itself; `kind` is its cryptogram's ("ARQC", "TC", "AAC"; "" if unknown)."""

    findings: tuple[str, ...]
    response_code: str
    kind: str = ""
    card: ProvenCard | None = None


class StandingOrder(NamedTuple):
    """A script for every card that asks: a name of `STANDING`, carried out before or after the last
    cryptogram; `spoiled`: its MAC is wrong."""

    name: str
    before: bool = False
    spoiled: bool = False


class _UnusableError(Exception):
    """Field 55 cannot be judged: the finding."""

    def __init__(self, finding: str) -> None:
        super().__init__(finding)
        self.finding = finding


@dataclass(slots=True)
class _Known:
    """What the issuer keeps of a card. `highest` never falls."""

    highest: int = 0
    uploaded: set[int] = field(default_factory=set)


class ChipIssuer:
    """An issuer of chip cards. `keys` are its three master keys (`CardKeySet.issuer`)."""

    def __init__(self, keys: CardKeys, rules: tuple[Rule, ...] = RULES) -> None:
        self._keys = keys
        self._rules = rules
        self._known: dict[CardName, _Known] = {}
        self._scripts: dict[tuple[str, str], list[Script]] = {}
        self._standing: list[StandingOrder] = []
        self._proofs_wrong = False

    def order(self, pan: str, sequence: str, script: Script) -> None:
        """Have the next answer to this card carry a script. Raises ValueError for a script that no
        answer can carry."""
        check_script(script)
        self._scripts.setdefault((pan, sequence), []).append(script)

    # --- verbs ------------------------------------------------------------------------------------

    def order_for_all(self, order: StandingOrder) -> None:
        """Every answer to a card carries this script, until `withdraw`, behind those ordered for
        that card. Raises ValueError for a name that is not one of `STANDING`."""
        if order.name not in STANDING:
            raise ValueError(f"no script {order.name!r}: {', '.join(STANDING)}")
        self._standing.append(order)

    def withdraw(self, order: StandingOrder) -> None:
        """One order as this is no more."""
        self._standing.remove(order)

    def spoil_proofs(self) -> None:
        """The proof in every answer (tag 91) is wrong: as from an issuer with another key."""
        self._proofs_wrong = True

    def mend_proofs(self) -> None:
        self._proofs_wrong = False

    # --- a message --------------------------------------------------------------------------------

    def judge(
        self,
        field_55: bytes,
        pan: str,
        message: Mapping[str, bytes] = MappingProxyType({}),
        *,
        online: bool = True,
    ) -> Judged:
        """What the chip's part of a message is worth: a request, or (`online` False) an upload.

        `message` are the values that the message around it gives for tags, as 9F02 for its amount.
        Raises nothing, for any bytes. Book 2, 8.1; Book 3, 10.9.
        """
        try:
            objects = _objects(field_55)
            told = _told(objects)
            card = self._prove(objects, told, pan, online)
        except _UnusableError as unusable:
            return Judged((unusable.finding,), self._decide((unusable.finding,)))
        findings = _noted(objects, told)
        kind = _KINDS.get(objects["9F27"][0] & _KIND, "")
        if kind != _claimed(told):
            findings.append("type-differs")
        if kind not in (_REQUESTS if online else _FINAL):
            findings.append("wrong-type")
        if any(objects.get(tag) != value for tag, value in message.items()):
            findings.append("message-differs")
        if card is None:
            findings.append("wrong-cryptogram")
        else:
            findings += self._count(card, online)
        return Judged(tuple(findings), self._decide(findings), kind, card)

    def answer(self, judged: Judged, response_code: str, status: CardStatus | None = None) -> bytes:
        """Field 55 of the answer: the proof that the issuer answered (91) and the scripts that were
        ordered; b"" for a card that did not prove itself, for a cryptogram that was heard before
        (whoever plays it again must not use up the scripts) and for an upload. `status` goes to
        cards that take one. Book 2, 8.2 and 9; Book 3, 10.10.
        """
        card = judged.card
        if card is None or judged.kind not in _REQUESTS or _HEARD_BEFORE & set(judged.findings):
            return b""
        proof = issuer_authentication(card, response_code, status)
        if self._proofs_wrong:
            proof = bytes((proof[0] ^ 0xFF,)) + proof[1:]
        return encode_tlv([Tlv("91", proof), *self._deliver(card)])

    # --- what the card is -------------------------------------------------------------------------

    def _prove(
        self, objects: Mapping[str, bytes], told: IssuerApplicationData, pan: str, online: bool
    ) -> ProvenCard | None:
        """The card, None if it is not the one that made this cryptogram."""
        sequence = objects.get("5F34", _NO_SEQUENCE).hex()
        try:
            version = cryptogram_version(told.scheme, told.cvn)
            keys = card_keys(version, self._keys, pan, sequence)
        except CryptoError:
            raise _UnusableError("unknown-card") from None
        try:
            right = card_cryptogram(version, keys, objects if online else _as_signed(objects))
        except CryptoError:
            raise _UnusableError("missing-data") from None
        if not same(right, objects["9F26"]):
            return None
        # Two applications may share a number. Their versions choose how a cryptogram is made, so
        # nobody can pretend another one; the AID (84) is not covered by it.
        name = CardName(pan, sequence, told.scheme, told.cvn)
        atc, number = objects["9F36"], objects["9F37"]
        return ProvenCard(name, version, keys, objects["9F26"], atc, number)

    def _count(self, card: ProvenCard, online: bool) -> list[str]:
        """What the transaction counter says, and keep it. Uploads come late and in any order, but
        once."""
        known = self._known.setdefault(card.name, _Known())
        atc, before = int.from_bytes(card.atc), known.highest
        known.highest = max(before, atc)
        if not online:
            repeated = atc in known.uploaded
            known.uploaded.add(atc)
            return ["atc-repeated"] if repeated else []
        if atc <= before:
            return ["atc-repeated" if atc == before else "atc-lower"]
        return ["atc-jump"] if before and atc - before > ATC_JUMP else []

    def _decide(self, findings: Collection[str]) -> str:
        for rule in self._rules:
            if rule.finding in findings and rule.unless not in findings:
                return rule.response_code
        return ""

    # --- what it is told --------------------------------------------------------------------------

    def _deliver(self, card: ProvenCard) -> list[Tlv]:
        """The scripts that fit into an answer, in the order they were ordered; others wait."""
        waiting = self._scripts.get((card.name.pan, card.name.sequence), [])
        made: list[Tlv] = []
        length = 0
        while waiting:
            script = script_template(card, waiting[0])
            length += len(encode_tlv([script]))
            if length > SCRIPTS_MAX:
                break
            made.append(script)
            del waiting[0]
        for order in self._standing:
            standing = _standing_script(card, order)
            if standing is not None:
                length += len(encode_tlv([standing]))
                if length <= SCRIPTS_MAX:
                    made.append(standing)
        return made


def _standing_script(card: ProvenCard, order: StandingOrder) -> Tlv | None:
    """The template for this card; None if its scheme has nothing of the kind."""
    command: Order | PutData = Order(order.name)
    if order.name == CHANGE_LIMIT:
        tag = _LOWER_COUNT.get(card.name.scheme)
        if tag is None:
            return None
        command = PutData(tag, bytes(1))
    made = script_template(card, Script((command,), order.before))
    if not order.spoiled:
        return made
    identifier, carried = made.children or ()
    wrong = carried.value[:-1] + bytes((carried.value[-1] ^ 0xFF,))  # a command ends with its MAC
    return template(made.tag, [identifier, Tlv(carried.tag, wrong)])


# --- field 55 -------------------------------------------------------------------------------------

_NEEDED = ("9F26", "9F27", "9F10", "9F36", "9F37", "95")
_REQUESTS, _FINAL = ("ARQC",), ("TC", "AAC")
_HEARD_BEFORE = {"atc-repeated", "atc-lower"}
_KIND, _KINDS = 0xC0, {0x00: "AAC", 0x40: "TC", 0x80: "ARQC"}
_NO_SEQUENCE = b"\x00"
_SCRIPT_FAILED_AFTER = 0x10  # TVR, byte 5
_CVR_LENGTH_FIRST = ("visa", "unionpay", "jcb")
_CVR_TABLES: Final[Mapping[str, str]] = {
    "visa": "cvr-visa", "unionpay": "cvr-visa", "mastercard": "cvr-mchip",
}  # fmt: skip


def _objects(field_55: bytes) -> dict[str, bytes]:
    """The objects by tag. Those that EMV has not are passed over."""
    try:
        pairs = tlv_pairs(field_55)
    except DecodeError:
        raise _UnusableError("unreadable") from None
    objects = dict(pairs)
    if len(objects) != len(pairs):
        raise _UnusableError("duplicate-data")
    if any(tag not in objects for tag in _NEEDED):
        raise _UnusableError("missing-data")
    for tag, value in pairs:
        known = emv_tag(tag)
        if known is not None and not known.shortest <= len(value) <= known.longest:
            raise _UnusableError("bad-length")
    return objects


def _told(objects: Mapping[str, bytes]) -> IssuerApplicationData:
    try:
        return parse_issuer_application_data(objects["9F10"])
    except DecodeError:
        raise _UnusableError("unknown-layout") from None


def _results(told: IssuerApplicationData) -> bytes:
    """The card verification results without a length in front."""
    return told.cvr[1:] if told.scheme in _CVR_LENGTH_FIRST else told.cvr


def _claimed(told: IssuerApplicationData) -> str:
    """The kind of cryptogram by the card's own results, which the cryptogram covers, as it does not
    cover the CID."""
    try:
        return cryptogram_type(_results(told))
    except DecodeError:
        return ""


def _noted(objects: Mapping[str, bytes], told: IssuerApplicationData) -> list[str]:
    """The bits of TVR and CVR that are set, by name."""
    rows = [("tvr", "95", objects["95"])]
    if told.scheme in _CVR_TABLES:
        rows.append(("cvr", _CVR_TABLES[told.scheme], _results(told)))
    return [
        f"{of}.{name}"
        for of, table, row in rows
        for name, (at, mask) in bit_places(table).items()
        if at < len(row) and row[at] & mask
    ]


def _as_signed(objects: Mapping[str, bytes]) -> dict[str, bytes]:
    """What an upload says, without the bit of the TVR that is set behind the last cryptogram (Book
    3, 10.10)."""
    *head, last = objects["95"]
    return {**objects, "95": bytes((*head, last & ~_SCRIPT_FAILED_AFTER))}
