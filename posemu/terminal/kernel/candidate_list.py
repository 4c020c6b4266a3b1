"""Which applications card and terminal have in common (EMV 4.4 Book 1, 12.3).

The card's directory (PSE, 12.3.2) is read first, if there is one. If it has none of ours, or
anything in it is wrong, the terminal selects its own applications one by one (12.3.3); a card may
have several whose names begin alike.

    SELECT 1PAY.SYS.DDF01   6A81 end | 9000 READ RECORD 1, 2, ... until 6A83 | other: next line
    SELECT each AID         6A81 end | 9000 take | 6283 blocked, leave | other: leave

What may break: a blocked card or application, malformed directories and names, a card that has
always one more record or application. Promised: the list is ordered, holds nothing twice, and is
reached with a bounded number of commands.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass

from posemu.terminal.kernel.card_dialogue import OK, ask_card
from posemu.terminal.kernel.fci import AID_BYTES, Fci, read_fci, read_record, select
from posemu.terminal.kernel.flags import ADDITIONAL_CAPABILITIES, has
from posemu.terminal.kernel.outcome import EndedError, Fallback, Outcome, Result, terminate
from posemu.terminal.kernel.requests import Answer, Request
from posemu.terminal.kernel.terminal_data import Terminal, TerminalApplication
from posemu.wire.emv.tlv import Tlv, decode_tlv
from posemu.wire.errors import DecodeError

PSE = b"1PAY.SYS.DDF01"
DIRECTORY_RECORDS_MAX = 32
OCCURRENCES_MAX = 16
CANDIDATES_MAX = 32
"""The book sets no bounds; a card has some ten applications at most."""

CARD_BLOCKED, BLOCKED, NO_MORE_RECORDS = 0x6A81, 0x6283, 0x6A83
_DIRECTORY_SFI = range(1, 11)
_CONFIRM, _RANK = 0x80, 0x0F
_UNRANKED = 16
_CODE_TABLES = range(1, 11)

Found = Generator[Request, Answer, list["Candidate"]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An application of the card that the terminal takes.

    `aid` is the card's name for it, upper-case hex; `application` are the terminal's rules.
    `label` (50) and `preferred_name` (9F12, in the characters of ISO/IEC 8859 part `code_table`)
    are as they came, `priority` is the indicator (87), 0 if there is none. Book 1, 12.2.3.
    """

    aid: str
    application: TerminalApplication
    label: bytes = b""
    preferred_name: bytes = b""
    code_table: int = 0
    priority: int = 0

    @property
    def rank(self) -> int:
        """1 is the first; without priority they come last (Book 1, table 13; 12.4 step 4)."""
        return self.priority & _RANK or _UNRANKED

    @property
    def must_be_confirmed(self) -> bool:
        """The cardholder must agree to it (Book 1, table 13, b8)."""
        return bool(self.priority & _CONFIRM)

    def shown_name(self, terminal: Terminal) -> str:
        """What the cardholder reads: the preferred name if the terminal has its characters, else
        the label, else the AID. Control characters are left out. Book 1, 12.4; Book 4, 11.3."""
        table, capabilities = self.code_table, terminal.data.get(ADDITIONAL_CAPABILITIES, b"")
        if table and has(ADDITIONAL_CAPABILITIES, capabilities, f"code-table-{table}"):
            name = self.preferred_name.decode(f"iso8859_{table}", "ignore")
            if shown := "".join(c for c in name if c.isprintable()).strip():
                return shown
        label = self.label.decode("ascii", "ignore")
        return "".join(c for c in label if c.isalnum() or c == " ").strip() or self.aid


def candidate_list(terminal: Terminal) -> Found:
    """The applications in common, the first choice first. Ends the transaction if there is none,
    or the card is blocked."""
    found: list[Candidate] = []
    if terminal.use_pse:
        found = yield from _from_directory(terminal)
    if not found:
        found = yield from _from_terminal_list(terminal)
    once: dict[str, Candidate] = {}
    for candidate in found:
        once.setdefault(candidate.aid, candidate)
    ordered = sorted(once.values(), key=lambda candidate: candidate.rank)
    return ordered[:CANDIDATES_MAX]


def matching(applications: Iterable[TerminalApplication], name: str) -> TerminalApplication | None:
    """The terminal's application that a card's name belongs to, the longest if there are several
    (Book 1, 12.3.1)."""
    fitting = [a for a in applications if name == a.aid or (a.partial and name.startswith(a.aid))]
    return max(fitting, key=lambda a: len(a.aid), default=None)


def not_accepted(reason: str, fallback: Fallback | None = None) -> EndedError:
    """The end for want of an application (Book 1, 12.4 step 1)."""
    return EndedError(Outcome(Result.NOT_ACCEPTED, reason, fallback))


# --- the card's directory, 12.3.2 -----------------------------------------------------------------


def _from_directory(terminal: Terminal) -> Found:
    """The candidates that the directory lists; none if anything is wrong with it (step 1)."""
    answer = yield from ask_card(select(PSE))
    if answer.sw == CARD_BLOCKED:
        raise terminate("card-blocked")
    fci = read_fci(answer.data) if answer.sw == OK else None
    sfi = fci.objects.get("88", b"") if fci else b""
    if fci is None or len(sfi) != 1 or sfi[0] not in _DIRECTORY_SFI:
        return []
    code_table = _code_table(fci)
    found: list[Candidate] = []
    for number in range(1, DIRECTORY_RECORDS_MAX + 1):
        answer = yield from ask_card(read_record(sfi[0], number))
        if answer.sw == NO_MORE_RECORDS:
            return found
        entries = _entries(answer.data) if answer.sw == OK else None
        if entries is None:
            return []
        candidates = (_listed(terminal, entry, code_table) for entry in entries)
        found += [candidate for candidate in candidates if candidate is not None]
    return []


def _entries(record: bytes) -> list[Tlv] | None:
    """The entries (61) of a record; None if it is not one template 70 (Book 1, 12.2.3)."""
    try:
        whole = decode_tlv(record)
    except DecodeError:
        return None
    if [item.tag for item in whole] != ["70"]:
        return None
    return [item for item in whole[0].children or () if item.tag == "61"]


def _listed(terminal: Terminal, entry: Tlv, code_table: int) -> Candidate | None:
    """The candidate of a directory entry; None if it is not ours, or has no name."""
    objects = {item.tag: item.value for item in reversed(entry.children or ())}
    adf_name = objects.get("4F", b"")
    name = adf_name.hex().upper()
    application = matching(terminal.applications, name)
    if len(adf_name) not in AID_BYTES or application is None:
        return None
    return Candidate(
        aid=name,
        application=application,
        label=objects.get("50", b""),
        preferred_name=objects.get("9F12", b""),
        code_table=code_table,
        priority=_priority(objects.get("87", b"")),
    )


# --- the terminal's own list, 12.3.3 --------------------------------------------------------------


def _from_terminal_list(terminal: Terminal) -> Found:
    """The candidates among the terminal's own applications. Ends the transaction if there is none:
    fallback to the stripe is for cards that have nothing of ours, not for blocked ones."""
    found: list[Candidate] = []
    blocked = False
    for application in terminal.applications:
        taken, some_blocked = yield from _occurrences(terminal, application)
        found += taken
        blocked |= some_blocked
    if found:
        return found
    raise (
        not_accepted("application-blocked")
        if blocked
        else not_accepted("no-application", Fallback.EMPTY_LIST)
    )


def _occurrences(
    terminal: Terminal, application: TerminalApplication
) -> Generator[Request, Answer, tuple[list[Candidate], bool]]:
    """What the card has under one AID (steps 1 to 7), and whether some of it is blocked."""
    found: list[Candidate] = []
    names: set[str] = set()
    blocked = False
    while len(names) < OCCURRENCES_MAX:
        answer = yield from ask_card(select(bytes.fromhex(application.aid), bool(names)))
        if answer.sw == CARD_BLOCKED and not names:
            raise terminate("card-blocked")
        if answer.sw not in (OK, BLOCKED):
            break
        fci = read_fci(answer.data)
        if fci is None or fci.name in names or not fci.name.startswith(application.aid):
            blocked |= fci is None and answer.sw == BLOCKED
            break
        names.add(fci.name)
        exact = fci.name == application.aid
        if exact or application.partial:
            if answer.sw == OK:
                found.append(_selected(terminal, application, fci))
            blocked |= answer.sw == BLOCKED
        if exact or not application.partial:
            break
    return found, blocked


def _selected(terminal: Terminal, application: TerminalApplication, fci: Fci) -> Candidate:
    return Candidate(
        aid=fci.name,
        application=matching(terminal.applications, fci.name) or application,
        label=fci.objects.get("50", b""),
        preferred_name=fci.objects.get("9F12", b""),
        code_table=_code_table(fci),
        priority=_priority(fci.objects.get("87", b"")),
    )


def _priority(indicator: bytes) -> int:
    return indicator[0] if len(indicator) == 1 else 0


def _code_table(fci: Fci) -> int:
    """The part of ISO/IEC 8859 that names are written in (9F11, two digits), 0 if none is named."""
    digits = fci.objects.get("9F11", b"").hex()
    table = int(digits) if len(digits) == 2 and digits.isdecimal() else 0
    return table if table in _CODE_TABLES else 0
