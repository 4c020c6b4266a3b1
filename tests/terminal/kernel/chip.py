"""A small chip card for tests of the kernel: its records are signed by test keys, it gives the
cryptograms that it is told to give, and signs them if it is asked to. It is built by the crypto
room's signing half, which the kernel does not use. Anything in it can be left out, put wrong or
answered otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from posemu.crypto.emv.certificates import make_icc_certificate, make_issuer_certificate
from posemu.crypto.emv.signatures import combined_data, sign_dynamic, sign_static
from posemu.profiles.card_keys import load_card_keys
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.requests import Answered, CardAnswer
from posemu.terminal.kernel.terminal_data import CaKey, Terminal, TerminalApplication, Transaction
from posemu.wire.emv.tlv import Tlv, encode_length, encode_tlv, template

from .scripted import Line

AID, RID = "A0000000031010", "A000000003"
PAN, SERIAL, NUMBER = "4761739001010010", "000001", bytes.fromhex("1122334455667788")
PIN_KEY = "pin-1024"
CA, ISSUER, ICC = "ca-1152", "issuer-1152", "icc-1024"
CDOL1 = "9F02069F03069F1A0295055F2A029A039C019F3704"
CDOL2 = "8A0291089F37049505"
UNPREDICTABLE = bytes.fromhex("01234567")
AC = bytes.fromhex("A1B2C3D4E5F60718")
AIP_BITS = {
    "sda": 0x40, "dda": 0x20, "cardholder-verification": 0x10, "risk-management": 0x08,
    "issuer-authentication": 0x04, "cda": 0x01,
}  # fmt: skip
CAPABILITY_BITS = {"sda": 0x80, "dda": 0x40, "cda": 0x08}
KINDS = {"AAC": 0x00, "TC": 0x40, "ARQC": 0x80, "reserved": 0xC0}
RECORDS = {
    (1, 1): ("57", "5F20", "5F34", "9F49", "8C", "8D", "8E", "97"),
    (2, 1): ("5A", "5F24", "9F07", "9F0D", "9F0E", "9F0F", "9F4A"),
    (3, 1): ("8F", "90", "92", "9F32", "93"),
    (3, 2): ("9F46", "9F47", "9F48", "9F2D", "9F2E", "9F2F"),
}
SIGNED = (2, 1)
AFL = bytes.fromhex("0801010010010101" + "18010200")


@cache
def certificates(ca: str, issuer: str, icc: str, static: bytes) -> dict[str, bytes]:
    """Everything that the keys of a card sign, by tag."""
    keys = load_card_keys()
    authority, bank, card, pin = (keys.rsa[name] for name in (ca, issuer, icc, PIN_KEY))
    by_ca = make_issuer_certificate(
        authority.private,
        bank.public,
        holder=PAN[:6],
        expiry_mmyy="1230",
        serial=bytes.fromhex(SERIAL),
    )
    named = {"pan": PAN, "expiry_mmyy": "1230", "serial": b"\x00\x00\x02"}
    by_bank = make_icc_certificate(bank.private, card.public, static_data=static, **named)
    for_pin = make_icc_certificate(bank.private, pin.public, static_data=b"", **named)
    return {
        "8F": bytes.fromhex(keys.index_of(ca)),
        "90": by_ca.certificate,
        "92": by_ca.remainder,
        "9F32": bank.public.exponent,
        "93": sign_static(bank.private, b"\xda\xc0", static).signature,
        "9F46": by_bank.certificate,
        "9F47": card.public.exponent,
        "9F48": by_bank.remainder,
        "9F2D": for_pin.certificate,
        "9F2E": pin.public.exponent,
        "9F2F": for_pin.remainder,
    }


@dataclass
class Chip:
    """`methods` are names of AIP bits; `gives` the kinds of its cryptograms in turn; `put` objects
    of its records, `spoil` those changed after all was signed, `without` those left out then;
    `instead` what it answers to commands that begin so, one answer after the other, of which the
    last stays; `form` the format of its answer to GENERATE AC, `cid` bits added to its CID."""

    methods: Collection[str] = ("sda",)
    gives: Sequence[str] = ("ARQC", "TC")
    put: Mapping[str, bytes] = field(default_factory=dict)
    spoil: Mapping[str, bytes] = field(default_factory=dict)
    without: Collection[str] = ("9F2D", "9F2E", "9F2F")
    instead: Mapping[str, Line | Sequence[Line]] = field(default_factory=dict)
    form: int = 2
    cid: int = 0
    cdol1: str = CDOL1
    cdol2: str = CDOL2
    ca: str = CA
    issuer: str = ISSUER
    sent: list[str] = field(default_factory=list)
    said: bytes = b""
    asked: int = 0

    @property
    def aip(self) -> bytes:
        return bytes((sum(AIP_BITS[name] for name in self.methods), 0))

    def objects(self) -> dict[str, bytes]:
        """What its records hold, by tag."""
        plain = {
            "57": bytes.fromhex(PAN + "D30122010000000000000F"),
            "5A": bytes.fromhex(PAN),
            "5F24": bytes.fromhex("301231"),
            "5F34": b"\x01",
            "8C": bytes.fromhex(self.cdol1),
            "8D": bytes.fromhex(self.cdol2),
            "9F0D": bytes(5),
            "9F0E": bytes(5),
            "9F0F": bytes(5),
            "9F49": bytes.fromhex("9F3704"),
            "9F4A": b"\x82",
        }
        plain |= self.put
        static = self.record_body(SIGNED, plain) + self.aip
        everything = plain | certificates(self.ca, self.issuer, ICC, static) | self.spoil
        return {tag: value for tag, value in everything.items() if tag not in self.without}

    @staticmethod
    def record_body(place: tuple[int, int], objects: Mapping[str, bytes]) -> bytes:
        tags = (tag for tag in RECORDS[place] if tag in objects)
        return encode_tlv([Tlv(tag, objects[tag]) for tag in tags])

    def read_into(self, data: Data) -> Data:
        """As if selection, initiation and the reading of records were done."""
        objects = self.objects()
        data.card |= objects | {"82": self.aip, "84": bytes.fromhex(AID)}
        data.static.append(self.record_body(SIGNED, objects))
        return data

    def answer(self, apdu: bytes) -> CardAnswer:
        """The card's answer to one command."""
        command = apdu.hex().upper()
        self.sent.append(command)
        line: Line | Sequence[Line] | None = next(
            (found for begins, found in self.instead.items() if command.startswith(begins)), None
        )
        if isinstance(line, list):
            line = line.pop(0) if len(line) > 1 else line[0]
        if line is None:
            line = self._own(apdu).hex()
        return Answered(bytes.fromhex(line)) if isinstance(line, str) else line  # type: ignore[return-value]

    def _own(self, apdu: bytes) -> bytes:
        name = {0xA4: self._select, 0xA8: self._start, 0xB2: self._record, 0x88: self._sign}
        name |= {0xAE: self._generate_ac, 0x82: lambda _: b""}
        found = name.get(apdu[1], lambda _: None)(apdu)
        return b"\x6a\x82" if found is None else found + b"\x90\x00"

    def _select(self, apdu: bytes) -> bytes | None:
        if apdu[5 : 5 + apdu[4]] != bytes.fromhex(AID) or apdu[3]:
            return None
        label = template("A5", [Tlv("50", b"TEST"), Tlv("9F38", bytes.fromhex("9F3704"))])
        return encode_tlv([template("6F", [Tlv("84", bytes.fromhex(AID)), label])])

    def _start(self, apdu: bytes) -> bytes:
        self.said = apdu[7:-1]
        return encode_tlv([template("77", [Tlv("82", self.aip), Tlv("94", AFL)])])

    def _record(self, apdu: bytes) -> bytes | None:
        place = (apdu[3] >> 3, apdu[2])
        if place not in RECORDS:
            return None
        body = self.record_body(place, self.objects())
        return b"\x70" + encode_length(len(body)) + body

    def _sign(self, apdu: bytes) -> bytes:
        number = bytes((len(NUMBER),)) + NUMBER
        key = load_card_keys().rsa[ICC].private
        return encode_tlv([Tlv("80", sign_dynamic(key, number, apdu[5:-1]).signature)])

    def _generate_ac(self, apdu: bytes) -> bytes:
        kind = self.gives[min(self.asked, len(self.gives) - 1)]
        self.asked += 1
        self.said += apdu[5:-1]
        cid = bytes((KINDS[kind] | self.cid,))
        plain = [Tlv("9F27", cid), Tlv("9F36", b"\x00\x07"), Tlv("9F10", b"\x06\x01\x0a\x03")]
        if apdu[2] & 0x10 and kind != "AAC":
            covered = self.said + encode_tlv(plain)
            proof = combined_data(NUMBER, cid[0], AC, covered)
            key = load_card_keys().rsa[ICC].private
            plain.append(Tlv("9F4B", sign_dynamic(key, proof, UNPREDICTABLE).signature))
            return encode_tlv([template("77", plain)])
        if self.form == 1:
            return encode_tlv([Tlv("80", cid + b"\x00\x07" + AC + b"\x06\x01\x0a\x03")])
        return encode_tlv([template("77", [*plain, Tlv("9F26", AC)])])


def ca_keys(**changes: str) -> tuple[CaKey, ...]:
    """The keys of our test authority."""
    keys = load_card_keys()
    return tuple(
        CaKey(**{"rid": RID, "index": index, "key": keys.rsa[name].public} | changes)  # type: ignore[arg-type]
        for index, name in keys.authorities.items()
    )


def chip_terminal(
    can: Collection[str] = ("sda", "dda", "cda"), kind: str = "22", **changes: object
) -> Terminal:
    """A terminal that can do these methods of authentication, of this type (9F35)."""
    application = {
        "aid": AID, "partial": False, "data": {"9F09": b"\x00\x8c"}, "floor_limit_minor": 10000,
        "tac_online": bytes.fromhex("0000008000"), "tac_denial": bytes.fromhex("1000000000"),
        "default_ddol": bytes.fromhex("9F3704"), "default_tdol": b"",
        "tac_default": bytes(5),
    }  # fmt: skip
    application |= {name: changes.pop(name) for name in set(application) & set(changes)}
    data = {
        "9F33": bytes((0xE0, 0xF8, sum(CAPABILITY_BITS[name] for name in can))),
        "9F35": bytes.fromhex(kind),
        "9F40": bytes.fromhex("6000F0A001"),
        "9F1A": b"\x08\x40",
        "5F2A": b"\x08\x40",
        "5F36": b"\x02",
    }
    more: dict[str, object] = {"ca_keys": ca_keys(), "use_pse": False} | changes
    return Terminal(data, (TerminalApplication(**application),), **more)  # type: ignore[arg-type]


def started(chip: Chip, terminal: Terminal) -> Data:
    """The data of a transaction with this card whose records are read."""
    transaction = {"9F06": AID, "9F37": UNPREDICTABLE.hex(), "9A": "261122", "9F02": "000000000100"}
    objects = {tag: bytes.fromhex(value) for tag, value in transaction.items()}
    return chip.read_into(Data(dict(terminal.data) | objects))


def transaction(asks: str = "TC", **changes: object) -> Transaction:
    """One that makes the terminal ask for this cryptogram, by `chip_terminal`'s rules."""
    fields: dict[str, object] = {
        "amount_minor": 20000 if asks == "ARQC" else 100,
        "date": "261122",
        "time": "120000",
        "unpredictable_number": UNPREDICTABLE,
        "sequence_counter": 1,
    }
    if asks == "AAC":
        fields["is_excepted"] = lambda pan, sequence: True
    return Transaction(**fields | changes)  # type: ignore[arg-type]
