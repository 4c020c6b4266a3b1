"""What a card keeps of a transaction for the next ones: offline counters, the last online ATC,
failures, the log (EMV Book 3 10.8, 10.11 and annex D; VIS 1.6 and M/Chip 4 for what the book
leaves open).

    approved offline (TC, Y3)            counted, its amount added, logged
    ARQC                                 online is open until a second cryptogram
    completed online                     closed; counters and notes reset if the issuer proved
                                         itself (or need not, and the card approved)
    could not go online                  stays open: the next transaction knows
"""

from __future__ import annotations

from typing import Any

from posemu.card.chip.risk import CSU_COUNTERS, Situation, csu_says
from posemu.card.chip.turn import Turn
from posemu.wire import build_dol
from posemu.wire.emv.meanings import bit_names

_TVR = "95"
_NOTES = {"sda-failed": "sda_failed", "dda-failed": "dda_failed", "cda-failed": "dda_failed"}
_RESET: dict[str, Any] = {
    "offline_count": 0,
    "offline_amount": 0,
    "sda_failed": False,
    "dda_failed": False,
    "go_online": False,
}


def after_first(turn: Turn, situation: Situation, given: str) -> None:
    """Keep what the first GENERATE AC means."""
    if given == "TC":
        _approved_offline(turn, situation)
    elif given == "ARQC":
        turn.store(online_open=True)
    else:
        tvr = situation.value(_TVR)
        failed = [bit.name for bit in bit_names(_TVR) if bit.high == bit.low and bit.read(tvr)]
        turn.store(**{_NOTES[name]: True for name in failed if name in _NOTES})


def after_second(turn: Turn, situation: Situation, given: str) -> None:
    """Keep what the second GENERATE AC means."""
    if situation.unable:
        if given == "TC":
            _approved_offline(turn, situation)
        return
    session, application = turn.session, turn.application
    turn.store(
        online_open=False,
        issuer_failed=session.issuer is False,
        script_count=0,
        script_failed=False,
    )
    trusted = session.issuer is True
    if trusted or (application.issuer_authentication != "mandatory" and given == "TC"):
        turn.store(last_online_atc=turn.stored.atc, **_RESET)
    if session.csu:
        _obey(turn, situation)
    if given == "TC":
        _log(turn)


def _approved_offline(turn: Turn, situation: Situation) -> None:
    turn.store(
        offline_count=min(situation.count_after, 0xFF), offline_amount=situation.amount_after
    )
    _log(turn)


def _log(turn: Turn) -> None:
    """Put the transaction in front of the log (EMV Book 3 annex D)."""
    application = turn.application
    if not application.log_records:
        return
    values = {**turn.session.values, "9F36": turn.stored.atc.to_bytes(2)}
    record = build_dol(application.log_format, values)
    turn.store(log=(record, *turn.stored.log)[: application.log_records])


def _obey(turn: Turn, situation: Situation) -> None:
    """What the card status update says (EMV Book 3 annex C10)."""
    csu, limits = turn.session.csu, situation.kept.limits
    counters = {
        "keep": (situation.kept.offline_count, situation.kept.offline_amount),
        "to-upper-limits": (limits.upper_count, limits.upper_amount),
        "to-zero": (0, 0),
        "add": (min(situation.count_after, 0xFF), situation.amount_after),
    }
    count, amount = counters[CSU_COUNTERS[csu[1] & 0b11]]
    turn.store(offline_count=count, offline_amount=amount, go_online=csu_says(csu, "go-online"))
    if csu_says(csu, "set-tries"):
        turn.store(tries_left=min(csu[0] & 0x0F, turn.application.pin_tries))
    if csu_says(csu, "block-application"):
        turn.store(blocked=True)
    if csu_says(csu, "block-card"):
        turn.block_card()
