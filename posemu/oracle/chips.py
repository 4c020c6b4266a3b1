"""Safety of chip sales: what the card said, in whose name a sale may be called approved. Reads the
slot and what the card answered ("probe": the terminal's own events); where a till shows none, an
approval that was never sent is taken for a chip's, and only its advice can prove it.

Whether the signature of a cryptogram (CDA) is right, only the terminal knows.
"""

from __future__ import annotations

from collections.abc import Callable

from posemu.oracle.ledger import (
    AAC,
    ARQC,
    INSERTED,
    TC,
    ChipProbe,
    Cryptogram,
    Ledger,
    Report,
    Transaction,
)
from posemu.oracle.reversals import true_reasons
from posemu.oracle.wording import CHARGED, Statement
from posemu.sim import Event
from posemu.wire import DecodeError, decode_tlv, find_tlv

RULES: dict[str, tuple[str, str]] = {
    "approval-granted": (
        "approved is shown only after an approval of the host, or of the chip alone",
        "没有主机批准或芯片脱机批准不得显示成功",
    ),
    "chip-agrees": (
        "a chip sale that the host approved is charged only if the card then gave a TC (probe)",
        "主机批准后卡片给出TC才可告知扣款",
    ),
}

_GENERATE_AC = 0xAE  # EMV Book 3, 6.5.5
_CHIP_READ = "05"  # DE22
_OK = "9000"
_KINDS = {0x00: AAC, 0x40: TC, 0x80: ARQC}
_KIND = 0xC0


def cryptogram_in(event: Event) -> str:
    """The kind of cryptogram that the terminal heard in an "apdu" event, "" if none."""
    data = event.data
    if data["command"][1] != _GENERATE_AC or data["status"] != _OK or not data["heard"]:
        return ""
    try:
        objects = decode_tlv(data["data"])
    except DecodeError:
        return ""
    cid = next(iter([*find_tlv(objects, "9F27"), *find_tlv(objects, "80")]), b"")
    return _KINDS.get(cid[0] & _KIND, "") if cid else ""


class Chips:
    """Keeps a `ChipProbe` of each till that tells what its card said, and opens the sales that a
    chip approved alone."""

    def __init__(self, ledger: Ledger, report: Report) -> None:
        self._ledger = ledger
        self._report = report
        self.events: dict[str, Callable[[Event], None]] = {
            "slot": self._slot,
            "apdu": self._apdu,
            "state": self._state,
        }

    def _slot(self, event: Event) -> None:
        chip = self._ledger.chips.get(event.source)
        if chip is not None and event.data["card"]:
            chip.last = chip.asked = None

    def _apdu(self, event: Event) -> None:
        chip = self._ledger.chips.setdefault(event.source, ChipProbe())
        kind = cryptogram_in(event)
        if kind:
            chip.last = Cryptogram(kind)
            if chip.asked is not None and chip.answered:
                chip.asked.cryptogram = chip.last

    def _state(self, event: Event) -> None:
        """The terminal goes on: it has an answer, or has given up waiting. The card is told before
        a reversal is decided on; what the host says meanwhile comes too late."""
        chip = self._ledger.chips.get(event.source)
        if chip is not None and chip.asked is not None:
            chip.asked.reasons_before = true_reasons(chip.asked)

    # --- asked ------------------------------------------------------------------------------------

    def sent(self, tx: Transaction, entry_mode: str) -> None:
        """A card sale goes to the host."""
        tx.chip = entry_mode.startswith(_CHIP_READ)
        chip = self._ledger.chips.get(tx.till)
        if chip is not None:
            chip.asked = tx if tx.chip else None
            chip.answered = False

    def answered(self, tx: Transaction) -> None:
        """The host's own answer has come, and the card can be told of it."""
        chip = self._ledger.chips.get(tx.till)
        if chip is not None and chip.asked is tx:
            chip.answered = True

    # --- approved ---------------------------------------------------------------------------------

    def told_charged(self, tx: Transaction) -> None:
        """A sale that was sent is called approved: the card must have had the last word."""
        if not tx.chip or tx.told == CHARGED or tx.till not in self._ledger.chips:
            return
        if tx.cryptogram is None or not tx.cryptogram.counts_for(tx.stan):
            said = tx.cryptogram.kind if tx.cryptogram is not None else "nothing"
            said = "yes to another" if said == TC else said
            text = f"sale {tx.stan} is called approved, but its card said {said}"
            self._report("chip-agrees", tx.till, text)

    def approved_alone(self, till: str, statement: Statement) -> Transaction:
        """A sale that was never sent is called approved: the chip must have done it."""
        stan, told_minor = statement.stan, statement.amount_minor
        confirmed_minor = self._ledger.confirmed.pop(till, told_minor)
        if told_minor not in (None, confirmed_minor):
            text = f"sale {stan} is called approved over {told_minor}, not {confirmed_minor}"
            self._report("amount-confirmed", till, text)
        journal = self._ledger.journals.get(till)
        known = journal.prepared.get(stan) if journal is not None else None
        date, time, amount_minor = known or ("", "", told_minor or confirmed_minor or 0)
        if not self._granted(till, stan):
            text = f"sale {stan} is called approved, but was never sent, and no chip approved it"
            self._report("approval-granted", till, text)
        else:
            self._replace(till, amount_minor)
        tx = Transaction(till, stan, date, time, amount_minor, offline=True)
        self._ledger.add(tx)
        return tx

    def _replace(self, till: str, amount_minor: int) -> None:
        """The host was asked, and did not answer: the approval told now is of the same purchase.
        That request is still to be reversed, and its reversal to be told."""
        for other in self._ledger.open(till):
            if other.chip and other.amount_minor == amount_minor:
                other.replaced = True

    def _granted(self, till: str, stan: str) -> bool:
        """False if nothing that a chip said can be this sale's approval."""
        journal, chip = self._ledger.journals.get(till), self._ledger.chips.get(till)
        entry = journal.entries.get(stan, "") if journal is not None else ""
        return entry in ("", INSERTED) and (chip is None or chip.grants(stan))
