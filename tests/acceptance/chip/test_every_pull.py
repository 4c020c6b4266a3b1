"""The card is pulled at every APDU, at each of three moments, with every answer of the host, on
every card profile: whatever the terminal then says agrees with what the card keeps.

Up to the moment when the host is asked, a transaction does not depend on its answer; so a pull
before that is tried once, and not once for each answer.
"""

from __future__ import annotations

from collections import Counter as Tally

import pytest

from posemu.card.chip import card_profiles, load_card_profile
from posemu.card.chip.application import Stored
from posemu.card.chip.profile import ApplicationProfile
from posemu.terminal.kernel.outcome import Outcome, Result
from posemu.terminal.kernel.requests import GoOnline, HostAnswer

from ..conftest import Tell
from .parties import COUNTS, HOSTS, LARGE, MOMENTS, SMALL, Counter, Pull, used_card

APPROVALS = (Result.APPROVED_OFFLINE, Result.APPROVED_ONLINE)
PLACES = {"two-applications": (0, 1)}
EARLIER = {"basic-sda": 0}
"""Offline transactions before ours, if not one: this card would go online after one."""


def transaction(profile: str, place: int, amount: int, host: str, pull: Pull | None) -> Counter:
    card = used_card(profile, offline_count=EARLIER.get(profile, 1), offline_amount=1_500)
    counter = Counter(card, host=host, choice=place, pull=pull)
    check(counter, counter.sell(amount), amount)
    return counter


def check(counter: Counter, outcome: Outcome, amount: int) -> None:
    """Terminal, issuer and card agree."""
    kinds, reached = counter.kinds(), isinstance(counter.answer, HostAnswer)
    assert outcome.sent_online == any(isinstance(one, GoOnline) for one in counter.requests)
    if outcome.result is Result.APPROVED_OFFLINE:
        assert kinds in (["TC"], ["ARQC", "TC"])
        assert not reached
        upload = counter.upload(outcome)
        assert upload.card is not None
        assert (upload.kind, upload.response_code) == ("TC", "")
    if outcome.result is Result.APPROVED_ONLINE:
        assert kinds == ["ARQC", "TC"]
        assert said_yes(counter)
    if outcome.result is Result.DECLINED_ONLINE:
        assert reached
        assert not said_yes(counter)
    if outcome.fallback is not None:
        assert not kinds
    pairs = list(zip(counter.before, counter.card.memory.applications, strict=True))
    used = [place for place, (before, after) in enumerate(pairs) if before != after]
    assert used in ([], [counter.choice])
    check_memory(counter, *pairs[counter.choice], amount)


def said_yes(counter: Counter) -> bool:
    return isinstance(counter.answer, HostAnswer) and counter.answer.approved


def check_memory(counter: Counter, before: Stored, after: Stored, amount: int) -> None:
    """The card's counters are those of what it committed."""
    kinds, reached = counter.kinds(), isinstance(counter.answer, HostAnswer)
    assert after.atc == before.atc + counter.did(0xA8)
    second = kinds[1] if len(kinds) > 1 else ""
    completed = bool(second) and reached
    offline = kinds == ["TC"] or (second == "TC" and not reached)
    trusted = completed and issuer_proved(counter)
    mandatory = profile_of(counter).issuer_authentication == "mandatory"
    online = trusted or (completed and second == "TC" and not mandatory)
    assert after.last_online_atc == (after.atc if online else before.last_online_atc)
    status_update = trusted and profile_of(counter).cvn == 18
    keeps = status_update and not said_yes(counter)
    counted = (before.offline_count + offline, before.offline_amount + offline * amount)
    assert (after.offline_count, after.offline_amount) == (
        (0, 0) if online and not keeps else counted
    )
    assert after.online_open == (kinds[:1] == ["ARQC"] and not completed)
    assert after.issuer_failed == (completed and counter.host == "wrong ARPC")
    assert after.blocked == (before.blocked or bool(counter.did(0x1E)))
    put = bool(counter.did(0xDA))
    assert after.limits.lower_count == (7 if put else before.limits.lower_count)


def profile_of(counter: Counter) -> ApplicationProfile:
    return load_card_profile(counter.card._image.profile).applications[counter.choice]


def issuer_proved(counter: Counter) -> bool:
    """The card took the ARPC: by EXTERNAL AUTHENTICATE, or in CDOL2."""
    if counter.did(0x82):
        return True
    in_cdol2 = bytes.fromhex("910A") in profile_of(counter).cdol2
    return in_cdol2 and counter.host not in ("wrong ARPC", "no ARPC")


@pytest.mark.slow
@pytest.mark.parametrize("profile", card_profiles())
def test_pulled_at_every_apdu(profile: str, tell: Tell) -> None:
    """Never approved without a TC, nor online without the host's yes; ATC, offline counters, last
    online ATC and blocks are those of what the card committed."""
    tally = Tally[str]()
    for place in PLACES.get(profile, (0,)):
        for amount in (SMALL, LARGE):
            for host in HOSTS:
                whole = transaction(profile, place, amount, host, None)
                tally.update(kind_of(whole))
                online = whole.sent_before_host
                first = 0 if host == "approve" or online < 0 else online
                if online < 0 and host != "approve":
                    break  # the host is not asked: its answer makes no difference
                for at in range(first, whole.sent):
                    for moment in MOMENTS:
                        pulled = transaction(profile, place, amount, host, Pull(at, moment))
                        tally.update(kind_of(pulled), pulls=1)
    assert tally["transactions"]
    tell("a card pulled at every APDU", of=profile, **tally)


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["basic-sda", "credit-cda"])
def test_the_next_transaction_is_as_good_as_ever(profile: str) -> None:
    """Pulled anywhere and put in again: the same issuer approves, under the next counter."""
    whole = transaction(profile, 0, LARGE, "approve", None)
    for at in range(whole.sent):
        for moment in MOMENTS:
            torn = transaction(profile, 0, LARGE, "approve", Pull(at, moment))
            again = Counter(torn.card, issuer=torn.issuer)
            assert again.sell(LARGE).result is Result.APPROVED_ONLINE
            kept = torn.card.memory.applications[0]
            assert (kept.last_online_atc, kept.online_open) == (kept.atc, False)
            assert kept.atc == COUNTS + torn.did(0xA8) + 1


def kind_of(counter: Counter) -> dict[str, int]:
    assert counter.outcome is not None
    result = counter.outcome.result
    reverse = said_yes(counter) and result is not Result.APPROVED_ONLINE
    return {"transactions": 1, "approved": int(result in APPROVALS), "to_reverse": int(reverse)}
