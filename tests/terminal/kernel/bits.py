"""Every bit of TVR and TSI: where the book says it, a transaction that sets it, and its nearest
neighbour that leaves it clear.

Data for `test_bits.py`, which carries the transactions out, and for `docs/emv_bits.py`, which
writes them down as a page. Both cases of a bit differ in one thing, and their results in that bit
and those of `also`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from posemu.terminal.kernel.flags import TSI, TVR
from posemu.terminal.kernel.kernel import transact
from posemu.terminal.kernel.outcome import Outcome
from posemu.terminal.kernel.requests import (
    Answer,
    Answered,
    HostAnswer,
    PinBypassed,
    PinEntered,
    Removed,
)
from posemu.wire.emv.tlv import Tlv, encode_tlv

from .chip import PAN, Chip, chip_terminal, transaction
from .scripted import play, tlv

OPEN_RECORD, MORE = (1, 1), ("5F25", "5F28", "9F08", "9F14", "9F23", "9F42")
"""Objects that the small chip's records have not, put into one that is not signed."""


class FullChip(Chip):
    """The small chip, with more objects in its records."""

    @staticmethod
    def record_body(place: tuple[int, int], objects: Mapping[str, bytes]) -> bytes:
        more = MORE if place == OPEN_RECORD else ()
        added = encode_tlv([Tlv(tag, objects[tag]) for tag in more if tag in objects])
        return Chip.record_body(place, objects) + added


YES = HostAnswer(True, "00")


@dataclass(frozen=True)
class Case:
    """A transaction: what differs from a plain one. `card` are fields of `FullChip`, `terminal`
    arguments of `chip_terminal`, `rules` fields of its application, `objects` its data in hex,
    `transaction` what `transaction` takes; `people` answer in turn."""

    card: Mapping[str, Any] = field(default_factory=dict)
    terminal: Mapping[str, Any] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)
    objects: Mapping[str, str] = field(default_factory=dict)
    transaction: Mapping[str, Any] = field(default_factory=dict)
    people: Sequence[Answer] = (YES,)


def run(case: Case) -> Outcome:
    """Carry it out with the whole kernel. The card asks for its issuer by itself, so no action code
    of the terminal is needed, and none is set."""
    codes = {"tac_denial": bytes(5), "tac_online": bytes(5)}
    plain = chip_terminal(**codes | case.terminal)
    terminal = replace(
        plain,
        data={**plain.data, **{tag: bytes.fromhex(value) for tag, value in case.objects.items()}},
        applications=(replace(plain.applications[0], **case.rules),),
    )
    steps = transact(terminal, transaction(**case.transaction))
    outcome, _ = play(steps, FullChip(**case.card), case.people)
    assert isinstance(outcome, Outcome)
    return outcome


class Bit(NamedTuple):
    """`step` is the file of the kernel that sets it; `also` are bits that must differ too."""

    name: str
    clause: str
    step: str
    set_when: str
    set: Case
    clear_when: str
    clear: Case
    also: tuple[str, ...] = ()


def card(*methods: str, can: tuple[str, ...] = ("sda", "dda", "cda"), **fields: Any) -> Case:
    """A card with these bits of its AIP, at a terminal with these ways of authentication."""
    return Case(card={"methods": methods, **fields}, terminal={"can": can})


def put(tag: str, value: str, **changes: str) -> Case:
    """A card with this object; `changes` of the transaction."""
    return Case(card={"put": {tag: bytes.fromhex(value)}}, transaction=changes)


def counted(atc: str, last_online: str) -> Case:
    """A card that was used so often, and last online then; its limits are 5 and 10."""
    limits = {"9F14": b"\x05", "9F23": b"\x0a"}
    said = {
        "80CA9F36": tlv("9F36", atc) + "9000",
        "80CA9F13": tlv("9F13", last_online) + "9000",
    }
    return Case(card={"put": limits, "instead": said})


def verifying(rules: str, *people: Answer, supports: int = 0xF8, tries: int = 3) -> Case:
    """A card with these CVM rules, at a terminal with these capabilities (9F33, byte 2)."""
    return Case(
        card={
            "methods": ("sda", "cardholder-verification"),
            "put": {"8E": bytes(8) + bytes.fromhex(rules)},
            "instead": {"80CA9F17": tlv("9F17", f"{tries:02X}") + "9000"},
        },
        objects={"9F33": f"E0{supports:02X}80"},
        people=(*people, YES),
    )


def scripted(template: str, status: str, *methods: str) -> Case:
    """The issuer sends a script, and the card answers its command so."""
    script = bytes.fromhex(tlv(template, tlv("86", "841E00000411223344")))
    return Case(
        card={"methods": methods, "instead": {"841E": status}},
        people=(HostAnswer(True, "00", scripts=(script,)),),
    )


def authenticating(status: str, data: str = "11223344556677883030") -> Case:
    """The issuer's word comes with authentication data, and the card answers so."""
    return Case(
        card={"methods": ("sda", "issuer-authentication"), "instead": {"0082": status}},
        people=(HostAnswer(True, "00", bytes.fromhex(data)),),
    )


def removed_at(command: str) -> Case:
    """The card is pulled when this command comes; it asks for a velocity check."""
    case = counted("0002", "0001")
    return replace(case, card=case.card | {"instead": case.card["instead"] | {command: Removed()}})


def excepted(sequence: str) -> Case:
    """One card is on the exception file: the PAN of the test card, with this sequence number."""
    return Case(transaction={"is_excepted": lambda *held: held == (PAN, sequence)})


def selecting(draw: float) -> Case:
    """One transaction in a hundred goes online."""
    rules = {"selection_threshold_minor": 5000, "selection_target_percent": 1}
    return Case(rules=rules, transaction={"draw": draw})


SOUND = Answered(b"\x90\x00")
UNSIGNED = {"instead": {"80AE5": tlv("80", "80000711223344556677AA") + "9000"}}
CHANGED = {"spoil": {"9F0D": bytes.fromhex("0000000001")}}

TVR_BITS = (
    Bit("oda-not-performed", "Book 3, 10.3", "offline_data_authentication",
        "the card does DDA, the terminal does SDA", card("dda", can=("sda",)),
        "the terminal does DDA too", card("dda"), ("oda-performed",)),
    Bit("sda-failed", "Book 3, 10.3; Book 2, 5.4", "offline_data_authentication",
        "a signed record was changed", card("sda", **CHANGED), "it was not", card("sda")),
    Bit("icc-data-missing", "Book 3, 7.5", "offline_data_authentication",
        "the card says that it does DDA, and has no certificate; the terminal does SDA",
        card("sda", "dda", can=("sda",), without=("9F46",)),
        "it has one", card("sda", "dda", can=("sda",), without=())),
    Bit("on-exception-file", "Book 4, 6.3.5", "terminal_risk_management",
        "PAN and sequence number are on the file", excepted("01"),
        "the same PAN, another sequence number", excepted("02")),
    Bit("dda-failed", "Book 3, 10.3; Book 2, 6.5", "offline_data_authentication",
        "a signed record was changed", card("dda", **CHANGED), "it was not", card("dda")),
    Bit("cda-failed", "Book 3, 10.3; Book 2, 6.6.2", "generate_ac",
        "the card's ARQC is not signed", card("cda", **UNSIGNED), "it is", card("cda")),
    Bit("sda-selected", "Book 3, 10.3", "offline_data_authentication",
        "card and terminal share SDA and nothing better", card("sda", "dda", can=("sda",)),
        "they share DDA too", card("sda", "dda")),
    Bit("versions-differ", "Book 3, 10.4.1", "processing_restrictions",
        "008D on the card, 008C in the terminal", put("9F08", "008D"),
        "008C in both", put("9F08", "008C")),
    Bit("expired", "Book 3, 10.4.3", "processing_restrictions",
        "it expired yesterday", put("5F24", "261121", date="261122"),
        "it expires today", put("5F24", "261122", date="261122")),
    Bit("not-yet-effective", "Book 3, 10.4.3", "processing_restrictions",
        "it is effective from tomorrow", put("5F25", "261123", date="261122"),
        "it is effective from today", put("5F25", "261122", date="261122")),
    Bit("service-not-allowed", "Book 3, 10.4.2", "processing_restrictions",
        "neither goods nor services at home", Case(card={"put": {
            "9F07": bytes.fromhex("D700"), "5F28": bytes.fromhex("0840")}}),
        "goods at home", Case(card={"put": {
            "9F07": bytes.fromhex("F700"), "5F28": bytes.fromhex("0840")}})),
    Bit("new-card", "Book 3, 10.6.3", "terminal_risk_management",
        "its last online transaction is number 0", counted("0002", "0000"),
        "it is number 1", counted("0002", "0001")),
    Bit("verification-failed", "Book 3, 10.5", "cardholder_verification",
        "the list says: fail", verifying("0000"),
        "the list says: none required", verifying("1F00")),
    Bit("cvm-unrecognised", "Book 3, 10.5", "cardholder_verification",
        "a rule with a code of no meaning applies", verifying("46001F00"),
        "its condition (unattended cash) does not hold", verifying("46011F00")),
    Bit("pin-tries-exceeded", "Book 3, 10.5.1", "cardholder_verification",
        "offline PIN, no tries left", verifying("41001F00", tries=0),
        "one try left, and the PIN is right",
        verifying("41001F00", PinEntered(7), SOUND, tries=1)),
    Bit("pin-pad-missing", "Book 3, 10.5", "cardholder_verification",
        "enciphered offline PIN, the terminal takes no offline PIN",
        verifying("44001F00", supports=0x08),
        "it takes a plaintext one", verifying("44001F00", supports=0x88)),
    Bit("pin-not-entered", "Book 4, 6.3.4.3", "cardholder_verification",
        "PIN entry is bypassed", verifying("41001F00", PinBypassed()),
        "the PIN is entered", verifying("41001F00", PinEntered(7), SOUND)),
    Bit("online-pin", "Book 3, 10.5.2", "cardholder_verification",
        "a PIN is entered for the issuer", verifying("4200", PinEntered(7)),
        "it is entered for the card", verifying("4100", PinEntered(7), SOUND)),
    Bit("floor-limit-exceeded", "Book 3, 10.6.1", "terminal_risk_management",
        "the amount is the floor limit", Case(transaction={"amount_minor": 10000}),
        "it is one less", Case(transaction={"amount_minor": 9999})),
    Bit("lower-limit-exceeded", "Book 3, 10.6.3", "terminal_risk_management",
        "6 in a row, 5 are allowed", counted("0007", "0001"),
        "5 in a row", counted("0006", "0001")),
    Bit("upper-limit-exceeded", "Book 3, 10.6.3", "terminal_risk_management",
        "11 in a row, 10 are allowed", counted("000C", "0001"),
        "10 in a row", counted("000B", "0001")),
    Bit("selected-randomly", "Book 3, 10.6.2", "terminal_risk_management",
        "1 % is drawn, and the draw is 1", selecting(0.0), "the draw is 2", selecting(0.02)),
    Bit("forced-online", "Book 4, 6.5.3", "terminal_risk_management",
        "the merchant forces it", Case(transaction={"forced_online": True}),
        "the merchant does not", Case()),
    Bit("default-tdol", "Book 3, 9.2.2", "generate_ac",
        "CDOL1 asks for the TC hash, the card has no TDOL", Case(card={"cdol1": "9814"}),
        "it has one", Case(card={"cdol1": "9814", "put": {"97": bytes.fromhex("9F0206")}})),
    Bit("issuer-authentication-failed", "Book 3, 10.9", "issuer_authentication",
        "EXTERNAL AUTHENTICATE is answered 6300", authenticating("6300"),
        "it is answered 9000", authenticating("9000")),
    Bit("script-failed-before", "Book 3, 10.10", "issuer_scripts",
        "a command of a script 71 is answered 6985", scripted("71", "6985"),
        "it is answered 6283, a warning", scripted("71", "6283")),
    Bit("script-failed-after", "Book 3, 10.10", "issuer_scripts",
        "a command of a script 72 is answered 6985", scripted("72", "6985"),
        "it is answered 6283, a warning", scripted("72", "6283")),
)  # fmt: skip

TSI_BITS = (
    Bit("oda-performed", "Book 3, 10.3; Book 2, 6.6", "generate_ac",
        "with CDA, the card gives a TC", card("cda", gives=("TC",)),
        "it gives an AAC, which is never signed", card("cda", gives=("AAC",))),
    Bit("verification-performed", "Book 3, 10.5", "cardholder_verification",
        "the card's list is carried out", verifying("1F00"),
        "the AIP says that there is none", replace(
            verifying("1F00"), card=verifying("1F00").card | {"methods": ("sda",)})),
    Bit("card-risk-performed", "Book 3, 10.8", "generate_ac",
        "GENERATE AC gives a cryptogram", Case(),
        "it is answered 6985", Case(card={"instead": {"80AE": "6985"}})),
    Bit("issuer-authentication-performed", "Book 3, 10.9", "issuer_authentication",
        "authentication data of 8 bytes come", authenticating("9000", "1122334455667788"),
        "none come", authenticating("9000", "")),
    Bit("terminal-risk-performed", "Book 3, 10.6", "terminal_risk_management",
        "the card is pulled at GENERATE AC", removed_at("80AE"),
        "it is pulled at the last GET DATA before", removed_at("80CA9F13")),
    Bit("script-performed", "Book 3, 10.10", "issuer_scripts",
        "a script 72 comes", scripted("72", "9000"),
        "an object comes that is no script", scripted("73", "9000")),
)  # fmt: skip

IN_SCOPE = {TVR: TVR_BITS, TSI: TSI_BITS}
NAMES = {TVR: "TVR", TSI: "TSI"}

SHOWN_BY = {
    "offline_data_authentication": ("test_offline_data_authentication.py",),
    "processing_restrictions": ("test_processing_restrictions.py",),
    "cardholder_verification": ("test_cvm_rules.py", "test_cvm_pin.py"),
    "terminal_risk_management": ("test_terminal_risk_management.py",),
    "generate_ac": ("test_generate_ac.py",),
    "issuer_authentication": ("test_online.py",),
    "issuer_scripts": ("test_issuer_scripts.py",),
}
"""Step -> the tests of all its conditions."""


class OutOfScope(NamedTuple):
    """Bits `places` (byte.bit) that the kernel never sets, what they are, and why."""

    places: tuple[str, ...]
    en: str
    zh: str
    why: str


XDA, BIOMETRIC, CONTACTLESS, RESERVED = (
    "XDA and ECC are not built",
    "biometric verification is not built",
    "for contactless kernels",
    "reserved by the book",
)
NOT_IN_SCOPE = {
    TVR: (
        OutOfScope(("1.1",), "XDA selected", "选择了XDA", XDA),
        OutOfScope(("2.3",), "reserved", "保留", RESERVED),
        OutOfScope(("2.2",), "biometric performed and successful", "生物特征验证成功", BIOMETRIC),
        OutOfScope(("2.1",), "biometric template format not supported",
                   "不支持生物特征模板格式", BIOMETRIC),
        OutOfScope(("3.2",), "biometric required, capture device not working",
                   "要求生物特征，但采集设备故障", BIOMETRIC),
        OutOfScope(("3.1",), "biometric required, entry bypassed",
                   "要求生物特征，但跳过了采集", BIOMETRIC),
        OutOfScope(("4.3",), "biometric try limit exceeded", "生物特征重试次数超限", BIOMETRIC),
        OutOfScope(("4.2",), "biometric type not supported", "不支持所选生物特征类型", BIOMETRIC),
        OutOfScope(("4.1",), "XDA signature verification failed", "XDA签名验证失败", XDA),
        OutOfScope(("5.4", "5.1"), "reserved; relay resistance in kernel 2",
                   "保留；内核2用于防中继", CONTACTLESS),
        OutOfScope(("5.3",), "CA ECC key missing; relay resistance in kernel 2",
                   "缺少CA ECC公钥；内核2用于防中继", XDA),
        OutOfScope(("5.2",), "ECC key recovery failed; relay resistance in kernel 2",
                   "ECC公钥恢复失败；内核2用于防中继", XDA),
    ),
    TSI: (
        OutOfScope(("1.2", "1.1", *(f"2.{bit}" for bit in range(8, 0, -1))), "reserved", "保留",
                   RESERVED),
    ),
}  # fmt: skip
"""EMV 4.4 Book 3, annexes C5 and C6; kernel 2: Contactless Book C-2, annex A."""
