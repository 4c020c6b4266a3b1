"""Card risk management: what the card finds out about a transaction, and what it makes of it.

The results have names (`RESULTS`, one row each); the profile's action codes say by these names what
is declined, what goes online, and what is declined when it cannot (as CIAC against the decisional
part of the CVR in M/Chip 4, and CPA). EMV Book 3 10.8 leaves all of that to the card.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from posemu.card.chip.application import Application, Session, Stored
from posemu.card.chip.status import WRONG_DATA
from posemu.card.chip.turn import Refused

UNABLE = (b"Y3", b"Z3")
"""Response codes (8A) of a terminal that could not go online (EMV Book 4 annex A6)."""
_OFFLINE_ONLY = (0x3, 0x6)  # second digit of a terminal type (EMV Book 4 annex A1)


@dataclass(frozen=True, slots=True)
class Situation:
    """What the results look at: `kept` was stored before this command, `session` holds the
    terminal's data up to now, `second` says which GENERATE AC it is."""

    application: Application
    kept: Stored
    session: Session
    second: bool

    def value(self, tag: str) -> bytes:
        """What the terminal said, b"" if nothing."""
        return self.session.values.get(tag, b"")

    @property
    def unable(self) -> bool:
        """Whether the terminal could not go online."""
        return self.second and self.value("8A") in UNABLE

    @property
    def domestic(self) -> bool:
        """Whether the terminal is in the issuer's country."""
        return self.value("9F1A") == self.application.country

    @property
    def amount(self) -> int:
        """Minor units, if they are of the application's currency, else 0. `Refused` if the
        terminal's amount is not digits."""
        digits = self.value("9F02").hex()
        if not digits.isdecimal():
            raise Refused(WRONG_DATA)
        return int(digits) if self.value("5F2A") == self.application.currency else 0

    @property
    def count_after(self) -> int:
        """Offline transactions in a row, this one included."""
        return self.kept.offline_count + 1

    @property
    def amount_after(self) -> int:
        """Their amount, this one's included."""
        return self.kept.offline_amount + self.amount

    @property
    def online_without_issuer(self) -> bool:
        """Whether it went online and the issuer did not authenticate itself, though it could."""
        wanted = self.application.issuer_authentication != "none"
        return self.second and not self.unable and wanted and self.session.issuer is None


RESULTS: Mapping[str, Callable[[Situation], bool]] = {
    "offline-pin-performed": lambda s: s.session.pin is not None,
    "offline-enciphered-pin-performed": lambda s: s.session.enciphered,
    "offline-pin-successful": lambda s: s.session.pin is True,
    "offline-pin-failed": lambda s: s.session.pin is False,
    "offline-pin-not-performed": lambda s: s.session.pin is None,
    "pin-tries-exceeded": lambda s: s.kept.pin is not None and not s.kept.tries_left,
    "new-card": lambda s: not s.kept.last_online_atc,
    "domestic": lambda s: s.domestic,
    "international": lambda s: not s.domestic,
    "lower-count-exceeded": lambda s: s.count_after > s.kept.limits.lower_count,
    "upper-count-exceeded": lambda s: s.count_after > s.kept.limits.upper_count,
    "lower-amount-exceeded": lambda s: s.amount_after > s.kept.limits.lower_amount,
    "upper-amount-exceeded": lambda s: s.amount_after > s.kept.limits.upper_amount,
    "last-online-incomplete": lambda s: s.kept.online_open and not s.second,
    "go-online-next": lambda s: s.kept.go_online,
    "last-issuer-authentication-failed": lambda s: s.kept.issuer_failed,
    "last-sda-failed": lambda s: s.kept.sda_failed,
    "last-dda-failed": lambda s: s.kept.dda_failed,
    "script-received": lambda s: bool(s.kept.script_count),
    "script-failed": lambda s: s.kept.script_failed,
    "dda-performed": lambda s: s.session.dda,
    "unable-online": lambda s: s.unable,
    "issuer-authentication-performed": lambda s: s.session.issuer is not None,
    "issuer-authentication-failed": lambda s: s.session.issuer is False,
    "issuer-authentication-omitted": lambda s: s.online_without_issuer,
}
"""Result -> whether this transaction has it. Names are those of the CVR layouts in `cvr`."""


def results_of(situation: Situation) -> tuple[str, ...]:
    """The results that this transaction has."""
    return tuple(name for name, holds in RESULTS.items() if holds(situation))


def first_cryptogram(asked: str, situation: Situation, results: tuple[str, ...]) -> str:
    """AAC, ARQC or TC in the first GENERATE AC; never more than `asked` for (EMV Book 3 9.3)."""
    actions = situation.application.actions
    if asked == "AAC" or situation.kept.blocked or _any(actions.denial, results):
        return "AAC"
    if asked == "ARQC":
        return "ARQC"
    if not _any(actions.online, results):
        return "TC"
    if not _is_offline_only(situation.value("9F35")):
        return "ARQC"
    return "AAC" if _any(actions.default, results) else "TC"


def second_cryptogram(asked: str, situation: Situation, results: tuple[str, ...]) -> str:
    """AAC or TC in the second GENERATE AC: the issuer decides if it was reached and is who it says,
    else the default action codes do (EMV Book 3 10.11)."""
    application, session = situation.application, situation.session
    if asked != "TC" or situation.kept.blocked:
        return "AAC"
    if situation.unable:
        return "AAC" if _any(application.actions.default, results) else "TC"
    if session.issuer is False or (session.csu and not csu_says(session.csu, "approved")):
        return "AAC"
    missing = session.issuer is None and application.issuer_authentication == "mandatory"
    return "AAC" if missing else "TC"


def _any(codes: tuple[str, ...], results: tuple[str, ...]) -> bool:
    return any(code in results for code in codes)


def _is_offline_only(terminal_type: bytes) -> bool:
    return bool(terminal_type) and terminal_type[0] & 0x0F in _OFFLINE_ONLY


_CSU = {
    # EMV Book 3 annex C10: card status update, second byte
    "approved": 0x80,
    "block-card": 0x40,
    "block-application": 0x20,
    "set-tries": 0x10,
    "go-online": 0x08,
}
CSU_COUNTERS = {0b00: "keep", 0b01: "to-upper-limits", 0b10: "to-zero", 0b11: "add"}
"""What the issuer wants of the offline counters (the last two bits of the second byte)."""


def csu_says(csu: bytes, name: str) -> bool:
    """Whether the issuer's card status update has this bit."""
    return bool(csu[1] & _CSU[name])
