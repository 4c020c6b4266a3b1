"""T=0: what goes out for one command, whatever the card says."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.wire import DecodeError, EncodeError
from posemu.wire.emv.apdu import Command, Response, parse_command
from posemu.wire.emv.t0 import t0_exchange, t0_fold

few = settings(deadline=None, max_examples=120)
READ = "00B2010C00"
SELECT = "00A4040002AABB00"
VERIFY = "0020008002AABB"
MANAGE = "00700000"


def _run(capdu, answers):
    """What was sent, in hex, and the answer; the card has nothing more to say than `answers`."""
    exchange = t0_exchange(parse_command(bytes.fromhex(capdu)))
    sent = [next(exchange).hex().upper()]
    for answer in answers:
        try:
            sent.append(exchange.send(bytes.fromhex(answer)).hex().upper())
        except StopIteration as end:
            return sent, (end.value.data.hex().upper(), f"{end.value.sw:04X}")
    raise AssertionError(f"goes on after {sent}")


@pytest.mark.parametrize(
    ("capdu", "answers", "sent", "answer"),
    [
        pytest.param(MANAGE, ["9000"], ["0070000000"], ("", "9000"), id="case 1"),
        pytest.param(MANAGE, ["6105"], ["0070000000"], ("", "6105"), id="nothing to fetch"),
        pytest.param(READ, ["B201029000"], [READ], ("0102", "9000"), id="case 2"),
        pytest.param(
            READ, ["6C02", "B201029000"], [READ, "00B2010C02"], ("0102", "9000"), id="6C"
        ),
        pytest.param(
            READ, ["6102", "C001026101", "C0039000"], [READ, "00C0000002", "00C0000001"],
            ("010203", "9000"), id="61 with data",
        ),
        pytest.param(READ, ["B201026283"], [READ], ("0102", "6283"), id="warning with data"),
        pytest.param(READ, ["60", "6060B2", "01029000"], [READ, "", ""], ("0102", "9000"), id="60"),
        pytest.param(READ, ["4D014D029000"], [READ],
                     ("0102", "9000"), id="one byte at a time"),
        pytest.param(READ, ["4D", "019000"], [READ, ""], ("01", "9000"), id="cut behind INS"),
        pytest.param(VERIFY, ["20", "9000"], ["0020008002", "AABB"], ("", "9000"), id="case 3"),
        pytest.param(
            VERIFY, ["DF", "60DF", "63C2"], ["0020008002", "AA", "BB"], ("", "63C2"), id="singly"
        ),
        pytest.param(VERIFY, ["20", "6102"], ["0020008002", "AABB"], ("", "6102"), id="case 3, 61"),
        pytest.param(
            SELECT, ["A4", "9000"], ["00A4040002", "AABB"], ("", "9000"), id="case 4, no answer"
        ),
        pytest.param(
            SELECT, ["A4", "6C05"], ["00A4040002", "AABB"], ("", "6C05"), id="data not sent twice"
        ),
        pytest.param(
            SELECT, ["A4", "6283", "6C02", "C001029000"],
            ["00A4040002", "AABB", "00C0000000", "00C0000002"], ("0102", "6283"), id="warning kept",
        ),
        pytest.param(
            SELECT, ["A4", "6310", "6D00"], ["00A4040002", "AABB", "00C0000000"], ("", "6D00"),
            id="error after warning",
        ),
        pytest.param(
            SELECT, ["A4", "6100", "C0019000"], ["00A4040002", "AABB", "00C0000000"],
            ("01", "9000"), id="61 with 256 bytes or more",
        ),
        pytest.param(SELECT, ["6E00"], ["00A4040002"], ("", "6E00"), id="refused at once"),
    ],
)  # fmt: skip
def test_what_goes_out(capdu, answers, sent, answer):
    """EMV Book 1, annex A: each answer of the card and what the reader does then."""
    assert _run(capdu, answers) == (sent, answer)


@pytest.mark.parametrize(
    ("capdu", "answers"),
    [
        (READ, ["01"]),
        (READ, ["90"]),
        (READ, ["900000"]),
        (READ, ["B2" + "00" * 259]),
        (READ, ["B290"]),
        (MANAGE, ["7001029000"]),
        (VERIFY, ["20AA"]),
        (VERIFY, ["20", "20"]),
        (SELECT, ["A4", "6102"] + ["6102"] * 9),
        (READ, ["6C02"] * 10),
        (READ, ["61FF", *["C0" + "00" * 255 + "61FF"] * 258]),
    ],
)  # fmt: skip
def test_cards_that_break_the_protocol(capdu, answers):
    """No procedure byte, half a status, data that was not asked for, promises without end."""
    with pytest.raises(DecodeError):
        _run(capdu, answers)


@pytest.mark.parametrize(
    "command",
    [Command(0, 0x60, 0, 0), Command(0, 0x9A, 0, 0), Command(0, 0xB2, 0, 0, b"", 300, True)],
)
def test_commands_that_t0_cannot_carry(command):
    """An instruction that looks like a status, and extended lengths."""
    with pytest.raises(EncodeError):
        next(t0_exchange(command))


@few
@given(
    st.sampled_from([READ, SELECT, VERIFY, MANAGE]),
    st.lists(
        st.one_of(
            st.binary(max_size=6),
            st.sampled_from([bytes.fromhex(x) for x in ("60", "A4", "20", "6102", "6C02", "9000")]),
        ),
        max_size=20,
    ),
)
def test_any_card(capdu, answers):
    """Whatever the card says: an answer, a DecodeError, or waiting for more; nothing but the
    command and GET RESPONSE goes out, and the data once."""
    command = bytes.fromhex(capdu)
    exchange = t0_exchange(parse_command(command))
    out = [next(exchange)]
    ended = None
    with suppress(DecodeError):
        try:
            for answer in answers:
                out.append(exchange.send(answer))
        except StopIteration as end:
            ended = end.value
    assert ended is None or isinstance(ended, Response)
    heads = [piece for piece in out if len(piece) == 5]
    assert all(head[:4] in (command[:4], b"\0\xc0\0\0") for head in heads)
    data = b"".join(piece for piece in out if len(piece) != 5)
    assert b"\xaa\xbb".startswith(data)


def _folded(*steps):
    pairs = [tuple(map(bytes.fromhex, step.split())) for step in steps]
    return [f"{c.hex()} {r.hex()}".upper() for c, r in t0_fold(pairs)]


@pytest.mark.parametrize(
    ("steps", "folded"),
    [
        ([f"{READ} 6A83"], [f"{READ} 6A83"]),
        ([f"{SELECT} 6102", "00C0000002 01029000"], [f"{SELECT} 01029000"]),
        ([f"{READ} 6C02", "00B2010C02 01029000"], ["00B2010C02 01029000"]),
        ([f"{READ} 6C02", "00B2010C03 01029000"], [f"{READ} 6C02", "00B2010C03 01029000"]),
        (
            [f"{SELECT} 6102", "00C0000002 01026101", "00C0000001 039000"],
            [f"{SELECT} 0102039000"],
        ),
        ([f"{SELECT} 6283", "00C0000000 6C02", "00C0000002 01029000"], [f"{SELECT} 01026283"]),
        ([f"{SELECT} 6102", "00C0000002 6581"], [f"{SELECT} 6581"]),
        ([f"{SELECT} 6102"], [f"{SELECT} 6102"]),
        (["00C0000002 01029000"], ["00C0000002 01029000"]),
        ([f"{READ} 9000", "00C0000002 6D00"], [f"{READ} 9000", "00C0000002 6D00"]),
        (["00C0000000 6C02", "00C0000002 01029000"], ["00C0000002 01029000"]),
        (
            [f"{SELECT} 6283", "00C0000000 019000", f"{READ} 6102", "00C0000002 029000"],
            [f"{SELECT} 016283", f"{READ} 029000"],
        ),
    ],
)
def test_folding(steps, folded):
    """Fetched answers and repeated commands become one exchange; everything else stays as it is."""
    assert _folded(*steps) == folded


def test_a_log_that_is_none():
    """Half a status and half a command are refused."""
    for step in ("00B2010C00 90", "00B2 9000"):
        with pytest.raises(DecodeError):
            _folded(step)


@few
@given(
    st.lists(
        st.tuples(
            st.sampled_from([READ, SELECT, "00B2010C02", "00C0000002", "00C0000000", "00"]),
            st.sampled_from(["9000", "6102", "6C02", "6283", "01029000", "01026102", "01", "5000"]),
        ),
        max_size=8,
    )
)
def test_any_log(steps):
    """Any log is folded into at most as many exchanges, of commands that are in it, or refused."""
    pairs = [(bytes.fromhex(capdu), bytes.fromhex(rapdu)) for capdu, rapdu in steps]
    with suppress(DecodeError):
        folded = t0_fold(pairs)
        assert len(folded) <= len(pairs)
        assert {capdu for capdu, _ in folded} <= {capdu for capdu, _ in pairs}
