"""Cardholder verification: the card's rules, one after another, until one method succeeds (EMV 4.4
Book 3, 10.5, figures 8 to 12; Book 4, 6.3.4).

A rule whose condition does not hold is passed over. One whose condition holds, and whose method is
not recognised, not supported or unsuccessful, ends verification or passes on to the next rule, as
the rule itself says. The clear PIN never comes here: a PIN is a handle, and the secure module sends
VERIFY with it.

What may break: the card's counter (then a PIN is asked for as if it had none), the key or the
challenge for enciphering (the method is unsuccessful), the keypad, the cardholder's memory. CANCEL
and a PIN that nobody enters end the transaction. Promised: CVM results (9F34), and the TVR and TSI
bits of Book 4, table 2; a PIN that was bypassed is not asked for again; a card that does not count
its tries down ends the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import cache

from posemu.crypto import RsaPublicKey
from posemu.terminal.kernel.card_dialogue import OK, ask_card, response_of
from posemu.terminal.kernel.cvm_conditions import (
    ENCIPHERED,
    NO_CVM,
    ONLINE,
    PARTS,
    SIGNATURE,
    applies,
    is_supported,
    lacks_pin_pad,
)
from posemu.terminal.kernel.cvm_list import (
    AMOUNTS,
    CVM_LIST,
    CVM_RESULTS,
    CvmList,
    CvmMethod,
    CvmResult,
    CvmResults,
    parse_cvm_list,
)
from posemu.terminal.kernel.data import Data
from posemu.terminal.kernel.get_data import get_number
from posemu.terminal.kernel.outcome import EndedError, Outcome, Result, terminate
from posemu.terminal.kernel.requests import (
    Answer,
    AskPin,
    PinBypassed,
    PinCancelled,
    PinEntered,
    PinPadFailed,
    PinTimedOut,
    PinUse,
    Request,
    VerifyOffline,
)
from posemu.wire.emv.apdu import LE_MAX, Command
from posemu.wire.errors import DecodeError

PIN_TRY_COUNTER = "9F17"
VERIFY_MAX = 15
"""VERIFY commands in one transaction: more tries than 63Cx can count (Book 3, 6.5.12.5)."""
_CHALLENGE = Command(0x00, 0x84, 0x00, 0x00, le=LE_MAX)
_CHALLENGE_BYTES = 8
_BLOCKED = (0x6983, 0x6984)
_TRIES_LEFT = 0x63C0

_NONE_NEEDED = CvmResults(0x3F, 0x00, CvmResult.UNKNOWN)
_NONE_PERFORMED = CvmResults(0x3F, 0x00, CvmResult.FAILED)

_ENDS: Mapping[type, str] = {PinCancelled: "pin-cancelled", PinTimedOut: "pin-timed-out"}
_MISSED: Mapping[type, str] = {PinBypassed: "pin-not-entered", PinPadFailed: "pin-pad-missing"}


@dataclass(slots=True)
class _Attempt:
    """What the rules of one transaction share: an online PIN's handle, whether PIN entry was
    bypassed or the keypad failed (then no other PIN is asked for), and the VERIFY commands sent."""

    data: Data
    pin_key: Callable[[], RsaPublicKey | None]
    online_pin: int | None = None
    no_entry: bool = False
    verified: int = 0


def verify_cardholder(
    data: Data, pin_key: Callable[[], RsaPublicKey | None]
) -> Generator[Request, Answer, int | None]:
    """Carry out the card's CVM list; the handle of an online PIN, or None if none was entered.

    `pin_key` recovers the card's key for enciphering a PIN (Book 2, 7.1), None if it cannot. Needs
    9C, 9F33 and 9F35 of the terminal. The results become the terminal's object 9F34. Book 3, 10.5.
    """
    listed = _rules(data)
    if listed is None:
        data.terminal[CVM_RESULTS] = bytes(_NONE_NEEDED)
        return None
    attempt = _Attempt(data, cache(pin_key))
    results = _NONE_PERFORMED
    for rule in listed.rules:
        if not applies(rule, listed, data):
            continue
        if rule.method is None:
            data.tvr.set("cvm-unrecognised")
        elif not is_supported(rule.method, data):
            if lacks_pin_pad(rule.method, data):
                data.tvr.set("pin-pad-missing")
        else:
            result = yield from _perform(rule.method, attempt)
            results = CvmResults(rule.code, rule.condition_code, result)
            if result is not CvmResult.FAILED or rule.method is CvmMethod.FAIL:
                break
        if not rule.apply_next:
            break
    if results.result is CvmResult.FAILED:
        data.tvr.set("verification-failed")
    data.terminal[CVM_RESULTS] = bytes(results)
    data.tsi.set("verification-performed")
    return attempt.online_pin


def _rules(data: Data) -> CvmList | None:
    """The card's list, None if there is nothing to carry out."""
    if not data.aip("cardholder-verification"):
        return None
    listed = data.card.get(CVM_LIST)
    if listed is None or len(listed) == AMOUNTS:
        data.tvr.set("icc-data-missing")
        return None
    try:
        return parse_cvm_list(listed)
    except DecodeError as error:
        raise terminate("bad-format") from error


# --- one method -----------------------------------------------------------------------------------


def _perform(method: CvmMethod, attempt: _Attempt) -> Generator[Request, Answer, CvmResult]:
    """All parts of a method: each must succeed, and one that the terminal cannot judge makes the
    whole unknown (Book 3, 10.5.4; Book 4, table 2)."""
    if method is CvmMethod.FAIL:
        return CvmResult.FAILED
    whole = CvmResult.SUCCESSFUL
    for part in PARTS[method]:
        result = yield from _perform_part(part, attempt)
        if result is CvmResult.FAILED:
            return CvmResult.FAILED
        if result is CvmResult.UNKNOWN:
            whole = CvmResult.UNKNOWN
    return whole


def _perform_part(part: str, attempt: _Attempt) -> Generator[Request, Answer, CvmResult]:
    if part == NO_CVM:
        return CvmResult.SUCCESSFUL
    if part == SIGNATURE:
        return CvmResult.UNKNOWN
    if part == ONLINE:
        return (yield from _enter_online(attempt))
    return (yield from _verify_offline(attempt, part == ENCIPHERED))


def _enter_online(attempt: _Attempt) -> Generator[Request, Answer, CvmResult]:
    """An online PIN: entered, also when the card's tries are used up (Book 3, 10.5.2; Book 4,
    6.3.4.2)."""
    request = AskPin(PinUse.ONLINE, again=attempt.verified > 0)  # the card did not take them
    attempt.online_pin = yield from _enter_pin(attempt, request)
    if attempt.online_pin is None:
        return CvmResult.FAILED
    attempt.data.tvr.set("online-pin")
    return CvmResult.UNKNOWN


def _verify_offline(attempt: _Attempt, enciphered: bool) -> Generator[Request, Answer, CvmResult]:
    """An offline PIN: asked for until the card takes it or has no tries left (Book 3, 10.5.1 and
    figure 11; Book 4, 6.3.4.1)."""
    if attempt.no_entry:
        return CvmResult.FAILED
    tries_left = yield from get_number(PIN_TRY_COUNTER, 1)
    again = False
    while tries_left != 0:
        handle = yield from _enter_pin(attempt, AskPin(PinUse.OFFLINE, tries_left, again))
        if handle is None:
            return CvmResult.FAILED
        request = VerifyOffline(handle)
        if enciphered:
            key = attempt.pin_key()
            challenge = b"" if key is None else (yield from _get_challenge())
            if not challenge:
                return CvmResult.FAILED
            request = VerifyOffline(handle, challenge, key)
        attempt.verified += 1
        response = response_of((yield request))
        if response.sw == OK:
            return CvmResult.SUCCESSFUL
        tries_left, again = _tries_left(response.sw), True
        if tries_left and attempt.verified == VERIFY_MAX:
            raise terminate("bad-status")
    attempt.data.tvr.set("pin-tries-exceeded")
    return CvmResult.FAILED


def _enter_pin(attempt: _Attempt, request: AskPin) -> Generator[Request, Answer, int | None]:
    """The handle of a PIN, None if it was bypassed or cannot be entered; both hold for the rest of
    the transaction (Book 4, 6.3.4.3)."""
    if attempt.no_entry:
        return None
    answer = yield request
    if isinstance(answer, PinEntered):
        return answer.handle
    if type(answer) in _ENDS:
        raise EndedError(Outcome(Result.CANCELLED, _ENDS[type(answer)]))
    attempt.data.tvr.set(_MISSED[type(answer)])
    attempt.no_entry = True
    return None


def _get_challenge() -> Generator[Request, Answer, bytes]:
    """The card's 8 bytes for one enciphered PIN, b"" if it gives none (Book 2, 7.2)."""
    response = yield from ask_card(_CHALLENGE)
    given = response.sw == OK and len(response.data) == _CHALLENGE_BYTES
    return response.data if given else b""


def _tries_left(sw: int) -> int:
    """What a refused VERIFY says. Ends the transaction for a status that is not in figure 11."""
    if sw in _BLOCKED:
        return 0
    if sw & 0xFFF0 == _TRIES_LEFT:
        return sw & 0x0F
    raise terminate("bad-status")
