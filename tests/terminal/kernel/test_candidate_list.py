"""The list of applications in common: the directory, the terminal's own list, order and names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posemu.terminal.kernel.candidate_list import (
    CANDIDATES_MAX,
    DIRECTORY_RECORDS_MAX,
    OCCURRENCES_MAX,
    Candidate,
    candidate_list,
    matching,
)
from posemu.terminal.kernel.outcome import REASONS, Fallback, Outcome, Result

from .scripted import (
    MASTERCARD,
    SELECT_PSE,
    VISA,
    VISA_1,
    VISA_2,
    ScriptedCard,
    applications,
    fci,
    play,
    selecting,
    terminal,
    tlv,
)

PSE_NAME = "315041592E5359532E4444463031"
LABEL = tlv("50", "5649534120")


def entry(name: str, priority: str = "01") -> str:
    """A directory entry."""
    return tlv("61", tlv("4F", name), tlv("50", name), tlv("87", priority))


def directory(*records: str, sfi: str = "01") -> dict[str, str]:
    """A card's PSE with these records (status included), as lines of a script."""
    lines = {SELECT_PSE: fci(PSE_NAME, tlv("88", sfi)), "00B2": "6A83"}
    sfi_byte = f"{int(sfi, 16) << 3 | 4:02X}"
    return lines | {f"00B2{n:02X}{sfi_byte}": record for n, record in enumerate(records, 1)}


def record(*inside: str) -> str:
    """A record of the directory, with its status."""
    return tlv("70", *inside) + "9000"


def aids(script: dict[str, object], *taken: str) -> object:
    """The AIDs that the terminal finds, or the outcome."""
    found, asked = play(candidate_list(terminal(*taken)), ScriptedCard(script))
    assert asked == []
    return [c.aid for c in found] if isinstance(found, list) else found


LISTED = {selecting(VISA): fci(VISA, LABEL)}
BLOCKED = Outcome(Result.TERMINATED, "card-blocked")
NONE = Outcome(Result.NOT_ACCEPTED, "no-application", Fallback.EMPTY_LIST)
NONE_BUT_BLOCKED = Outcome(Result.NOT_ACCEPTED, "application-blocked")


@pytest.mark.parametrize(
    ("clause", "script", "found"),
    [
        ("12.3.2 step 1: blocked, or no SELECT", {SELECT_PSE: "6A81"}, BLOCKED),
        ("12.3.2 step 1: no PSE", {SELECT_PSE: "6A82"} | LISTED, [VISA]),
        ("12.3.2 step 1: PSE blocked", {SELECT_PSE: "6283"} | LISTED, [VISA]),
        ("12.3.2 step 1: any other", {SELECT_PSE: "6F00"} | LISTED, [VISA]),
        ("12.3.2 step 1: no FCI", {SELECT_PSE: "9000"} | LISTED, [VISA]),
        ("11.3.4: no SFI", {SELECT_PSE: fci(PSE_NAME)} | LISTED, [VISA]),
        ("11.3.4: SFI 0", directory(record(entry(MASTERCARD)), sfi="00") | LISTED, [VISA]),
        ("12.2.3: SFI 11", directory(record(entry(MASTERCARD)), sfi="0B") | LISTED, [VISA]),
        ("step 2: records to 6A83", directory(record(entry(VISA_1)), record(entry(VISA_2))),
         [VISA_1, VISA_2]),
        ("step 2: empty record", directory(record(), record(entry(VISA_2))), [VISA_2]),
        ("step 2: several entries", directory(record(entry(VISA_1), entry(VISA_2))),
         [VISA_1, VISA_2]),
        ("step 1: error in a record", directory(record(entry(VISA_1)), "6985") | LISTED, [VISA]),
        ("step 1: no template 70", directory(record(entry(VISA_1)), "61009000") | LISTED, [VISA]),
        ("step 1: no objects", directory(record(entry(VISA_1)), "7005619000") | LISTED, [VISA]),
        ("step 3: not ours", directory(record(entry("A0000000651010"))) | LISTED, [VISA]),
        ("12.2.3: entry without name",
         directory(record(tlv("61", LABEL), entry(VISA_2))), [VISA_2]),
        ("12.2.3: name too short",
         directory(record(tlv("61", tlv("4F", "A0000000")), entry(VISA_2))), [VISA_2]),
        ("12.2.3: other objects", directory(record(tlv("9D", VISA), entry(VISA_2))), [VISA_2]),
        ("step 5: none listed", directory() | LISTED, [VISA]),
        ("listed twice", directory(record(entry(VISA_1), entry(VISA_1, "02"))), [VISA_1]),
    ],
)  # fmt: skip
def test_the_directory(clause: str, script: dict[str, object], found: object) -> None:
    """Book 1, 12.3.2 step by step: what is listed, and when the terminal's own list is used."""
    assert aids(script, f"{VISA}*", MASTERCARD) == found, clause


@pytest.mark.parametrize(
    ("clause", "script", "found"),
    [
        ("step 2: blocked", {selecting(VISA): "6A81"}, BLOCKED),
        ("step 2: blocked at the second", {selecting(MASTERCARD): "6A81"} | LISTED, BLOCKED),
        ("step 3: other status", {selecting(VISA): "6F00", selecting(MASTERCARD): fci(MASTERCARD)},
         [MASTERCARD]),
        ("step 3: nothing", {}, NONE),
        ("step 4: identical, 9000", LISTED, [VISA]),
        ("step 4: identical, 6283", {selecting(VISA): fci(VISA)[:-4] + "6283"}, NONE_BUT_BLOCKED),
        ("step 4: 6283 without FCI", {selecting(VISA): "6283"}, NONE_BUT_BLOCKED),
        ("step 4: one blocked, one not",
         {selecting(VISA): "6283", selecting(MASTERCARD): fci(MASTERCARD)}, [MASTERCARD]),
        ("step 6: not in part", {selecting(MASTERCARD): fci(MASTERCARD + "01")}, NONE),
        ("step 6: not in part, blocked",
         {selecting(MASTERCARD): fci(MASTERCARD + "01")[:-4] + "6283"}, NONE),
        ("step 7: next occurrences", {
            selecting(VISA): fci(VISA_1),
            selecting(VISA, following=True): [fci(VISA_2), "6A82"],
        }, [VISA_1, VISA_2]),
        ("step 7: one of them blocked", {
            selecting(VISA): fci(VISA_1)[:-4] + "6283",
            selecting(VISA, following=True): [fci(VISA_2), "6A82"],
        }, [VISA_2]),
        ("step 7: next not supported", {
            selecting(VISA): fci(VISA_1), selecting(VISA, following=True): "6A81",
        }, [VISA_1]),
        ("the same for ever", {
            selecting(VISA): fci(VISA_1), selecting(VISA, following=True): fci(VISA_1),
        }, [VISA_1]),
        ("11.3.4: name of another", {selecting(VISA): fci(MASTERCARD)}, NONE),
        ("11.3.4: no name", {selecting(VISA): tlv("6F", tlv("A5")) + "9000"}, NONE),
        ("11.3.4: no A5", {selecting(VISA): tlv("6F", tlv("84", VISA)) + "9000"}, NONE),
        ("11.3.4: two names",
         {selecting(VISA): tlv("6F", tlv("84", VISA), tlv("84", VISA), tlv("A5")) + "9000"}, NONE),
        ("11.3.4: a label twice", {selecting(VISA): fci(VISA, LABEL, LABEL)}, NONE),
        ("11.3.4: two templates", {selecting(VISA): fci(VISA)[:-4] + fci(VISA)}, NONE),
        ("11.3.4: cut short", {selecting(VISA): fci(VISA)[:-8] + "9000"}, NONE),
        ("12.2.4: no label is fine", {selecting(VISA): fci(VISA)}, [VISA]),
    ],
)  # fmt: skip
def test_the_terminals_own_list(clause: str, script: dict[str, object], found: object) -> None:
    """Book 1, 12.3.3 step by step; fallback only where nothing is blocked."""
    assert aids(script, f"{VISA}*", MASTERCARD) == found, clause


def test_without_pse_the_directory_is_not_asked_for() -> None:
    """A terminal may do without the PSE method (Book 1, 12.3)."""
    card = ScriptedCard(LISTED)
    play(candidate_list(terminal(VISA, use_pse=False)), card)
    assert card.sent == [selecting(VISA) + "00"]


def test_an_identical_name_ends_the_search_under_it() -> None:
    """Next occurrences are asked for behind a longer name only (Book 1, 12.3.3 steps 4 and 5)."""
    card = ScriptedCard(LISTED | {selecting(VISA, following=True): fci(VISA_2)})
    play(candidate_list(terminal(f"{VISA}*", MASTERCARD, use_pse=False)), card)
    assert card.sent == [selecting(VISA) + "00", selecting(MASTERCARD) + "00"]


def test_priority_orders_and_keeps_the_cards_order() -> None:
    """1 comes first, none last, equals as the card had them (Book 1, 12.4 step 4)."""
    names = [
        (f"{VISA}{n:02X}", priority) for n, priority in enumerate(["02", "00", "81", "02", "0F"])
    ]
    script = directory(record(*(entry(name, priority) for name, priority in names)))
    assert aids(script, f"{VISA}*") == [names[n][0] for n in (2, 0, 3, 4, 1)]


def test_the_longest_aid_has_the_rules() -> None:
    """Of a name that several terminal AIDs fit, the closest counts; in part only if allowed."""
    ours = applications("A0000000031010*", "A000000003101001", "A000000004*", "A0000000651010")
    for name, rules in {
        "A000000003101001": "A000000003101001",
        "A000000003101002": "A0000000031010",
        "A0000000041010": "A000000004",
        "A00000006510": None,
        "A000000065101001": None,
    }.items():
        found = matching(ours, name)
        assert (found and found.aid) == rules


@pytest.mark.parametrize(
    ("label", "preferred", "table", "shown"),
    [
        (b"VISA CREDIT", b"", 0, "VISA CREDIT"),
        (b"VISA CREDIT", b"Carte Cr\xe9dit", 1, "Carte Crédit"),
        (b"VISA CREDIT", b"Carte Cr\xe9dit", 0, "VISA CREDIT"),
        (b"VISA CREDIT", b"\xb2\xd8\xd7\xd0", 5, "VISA CREDIT"),
        (b"VISA CREDIT", b"\x07  ", 1, "VISA CREDIT"),
        (b"VISA\x1b[2J\x00\xff", b"", 0, "VISA2J"),
        (b"", b"", 0, VISA),
        (b"\xff\xff", b"\x00", 1, VISA),
    ],
)
def test_the_name_that_is_shown(label: bytes, preferred: bytes, table: int, shown: str) -> None:
    """The preferred name if the terminal has its characters, else the label, else the AID; never a
    control character (Book 1, 12.2.4 and 12.4)."""
    candidate = Candidate(VISA, applications(VISA)[0], label, preferred, table)
    assert candidate.shown_name(terminal(VISA)) == shown


def test_names_and_code_table_come_with_the_candidate() -> None:
    """From the FCI of an application, and for the directory from that of the PSE; 9F11 is two
    digits."""
    names = (LABEL, tlv("9F12", "43617274E5"), tlv("9F11", "10"), tlv("87", "81"))
    script = {selecting(VISA): fci(VISA, *names)}
    (found,), _ = play(candidate_list(terminal(VISA)), ScriptedCard(script))
    assert found == Candidate(VISA, applications(VISA)[0], b"VISA ", b"Cart\xe5", 10, 0x81)
    listed = directory(record(tlv("61", tlv("4F", VISA), *names[:2])))
    listed[SELECT_PSE] = fci(PSE_NAME, tlv("88", "01"), tlv("9F11", "01"))
    (found,), _ = play(candidate_list(terminal(VISA)), ScriptedCard(listed))
    assert found == Candidate(VISA, applications(VISA)[0], b"VISA ", b"Cart\xe5", 1, 0)


def test_a_directory_without_end_is_given_up() -> None:
    """The card has always one more record: the terminal's own list is used after a bounded
    number of commands."""
    card = ScriptedCard(directory() | {"00B2": record(entry(VISA_1))} | LISTED)
    found, _ = play(candidate_list(terminal(VISA)), card)
    assert [c.aid for c in found] == [VISA]
    assert sum(command.startswith("00B2") for command in card.sent) == DIRECTORY_RECORDS_MAX


def test_a_partial_name_without_end_is_given_up() -> None:
    """The card has always one more application under the name."""
    more = [fci(f"{VISA}{n:04X}") for n in range(100)]
    card = ScriptedCard({selecting(VISA): fci(VISA + "FF"), selecting(VISA, following=True): more})
    found, _ = play(candidate_list(terminal(f"{VISA}*")), card)
    assert len(found) == OCCURRENCES_MAX
    assert len(card.sent) == 1 + OCCURRENCES_MAX


def test_a_list_too_long_to_choose_from_is_cut() -> None:
    """More than anybody can choose from: the first by priority stay."""
    names = [f"{VISA}{n:02X}" for n in range(CANDIDATES_MAX + 3)]
    script = directory(*(record(entry(name)) for name in names[:20]))
    script["00B2150C"] = record(*(entry(name) for name in names[20:30]))
    script["00B2160C"] = record(*(entry(name) for name in names[30:-1]), entry(names[-1], "00"))
    assert aids(script, f"{VISA}*") == names[:CANDIDATES_MAX]


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=6))
def test_any_card_gives_a_list_or_an_end(answers: list[bytes]) -> None:
    """Arbitrary bytes with good statuses: a list, or an end by a name that is known."""
    lines = [(answer + b"\x90\x00").hex() for answer in answers]
    for card in (
        ScriptedCard({"00": lines}),
        ScriptedCard(directory() | {"00B2": lines, selecting(VISA): lines}),
    ):
        found, _ = play(candidate_list(terminal(f"{VISA}*", MASTERCARD)), card)
        assert isinstance(found, list) or found.reason in REASONS
        assert len(card.sent) <= 1 + DIRECTORY_RECORDS_MAX + 2 * OCCURRENCES_MAX
