"""The card survives any bytes in any order: always an answer, never an exception, bounded memory,
and no status that the table does not know."""

from __future__ import annotations

import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.card.chip import MUTE, STATUS, ChipCard
from posemu.card.chip.application import Phase
from posemu.wire import COMMANDS, DecodeError, parse_command

from .dialogue import GPO, PIN, application, begin, command, generate, new_card, online, values

HEADERS = st.sampled_from(
    [*sorted({(c, i) for c, i in COMMANDS}), (0x84, 0x1E), (0x84, 0x24), (0x04, 0xDA)]
)
BYTES = st.integers(0, 255)
PROFILES = st.sampled_from(["credit-cda", "debit-dda", "basic-sda", "two-applications"])


@st.composite
def near_misses(draw: st.DrawFn) -> bytes:
    """Commands the card knows, with parameters and data of any kind."""
    cla, ins = draw(HEADERS)
    parameters = st.sampled_from([0x00, 0x01, 0x02, 0x04, 0x0C, 0x14, 0x40, 0x80, 0x88, 0x9F, 0x36])
    head = bytes([cla, ins, draw(parameters | BYTES), draw(parameters | BYTES)])
    data = draw(
        st.binary(max_size=60) | st.sampled_from([b"1PAY.SYS.DDF01", bytes(36), b"\x83\x00"])
    )
    le = draw(st.sampled_from([b"", b"\x00"]))
    return head + (bytes([len(data)]) + data if data else b"") + le


APDUS = st.lists(st.binary(max_size=300) | near_misses(), min_size=1, max_size=12)


def at(profile: str, phase: Phase) -> ChipCard:
    """A card in a phase of a transaction."""
    card = new_card(profile)
    if phase is Phase.SELECTED:
        card.transmit(command("00A40400", application(card).aid, "00"))
    elif phase is Phase.INITIATED:
        begin(card)
    elif phase is Phase.ASKED:
        online(card)
    elif phase is Phase.DECIDED:
        generate(card, "00", begin(card))
    return card


def checked(card: ChipCard, apdu: bytes) -> str:
    """The status; it stands in the table, under this command or under all."""
    answer = card.transmit(apdu).data
    assert isinstance(answer, bytes)
    assert 2 <= len(answer) <= 258
    status = int.from_bytes(answer[-2:])
    try:
        name = parse_command(apdu).name
    except DecodeError:
        name = ""
    known = {**STATUS[""], **STATUS.get(name, {})}
    assert status in known, f"{name} gave {status:04X}"
    return f"{status:04X}"


@settings(max_examples=40, deadline=None)
@given(PROFILES, st.sampled_from(Phase), APDUS)
def test_any_bytes_get_an_answer(profile: str, phase: Phase, apdus: list[bytes]) -> None:
    """In every phase; the PIN is never given away, and the memory does not grow."""
    card = at(profile, phase)
    for apdu in apdus:
        checked(card, apdu)
        answer = card.transmit(apdu).data
        assert answer is not MUTE
        assert PIN.expose().encode() not in answer
    session = card._session
    assert len(session.said) <= 3 * 255
    assert sum(map(len, session.values.values())) <= 3 * 255
    assert len(card.memory.applications[0].log) <= 10


@settings(max_examples=40, deadline=None)
@given(PROFILES, st.sampled_from(Phase), st.data())
def test_lists_of_the_right_length_get_an_answer(
    profile: str, phase: Phase, data: st.DataObject
) -> None:
    """Any values in lists of the length asked for: they reach every decision of the card."""
    card = at(profile, phase)
    app = application(card)
    for dol, header in ((app.pdol, GPO), (app.cdol1, "80AE8000"), (app.cdol2, "80AE4000")):
        length = sum(entry.length for entry in dol)
        said = data.draw(st.binary(min_size=length, max_size=length))
        if header == GPO:
            said = b"\x83" + bytes([length]) + said
        checked(card, command(header, said, "00"))


def test_no_status_of_the_table_is_dead() -> None:
    """Every status of the table is written down by its number in some test, or is one of 63Cx."""
    from pathlib import Path

    texts = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    statuses = {sw for row in STATUS.values() for sw in row if sw & 0xFFF0 != 0x63C0}
    assert not [f"{sw:04X}" for sw in sorted(statuses) if f"{sw:04X}" not in texts.upper()]


def test_the_card_holds_no_more_after_many_transactions() -> None:
    """A thousand commands leave memory and session as large as ten do."""
    sizes = []
    card = new_card("basic-sda")
    for n in range(100):
        begin(card)
        generate(card, "80", values())
        if n in (9, 99):
            sizes.append(sys.getsizeof(card._session) + len(card._session.said))
    assert sizes[0] == sizes[1]
