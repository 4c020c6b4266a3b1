"""What the host believes: readable, known, authentic, fresh; before that nothing is booked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize("kind", ["sale", "reversal", "reconciliation", "advice"])
def test_no_message_with_a_flipped_bit_is_booked(make_till: Any, kind: str) -> None:
    """Every single-bit flip of a valid request: no posting, no change of the books, and the right
    message afterwards is still served."""
    till = make_till()
    till.ask(till.sale(1))
    message = {
        "sale": lambda: till.sale(2),
        "reversal": lambda: till.reversal(1),
        "reconciliation": lambda: till.reconciliation(till.books.totals.as_field()),
        "advice": lambda: till.advice(3, b"\x9f\x36\x02\x00\x01"),
    }[kind]()
    before = till.snapshot()
    answered = 0
    for bit in range(len(message) * 8):
        spoilt = bytearray(message)
        spoilt[bit // 8] ^= 1 << bit % 8
        result = till.ask(bytes(spoilt))
        assert result.postings == ()
        answered += result.answer is not None
    assert till.snapshot() == before
    assert answered > len(message)
    assert till.code(message) == "00"


@given(st.binary(max_size=300))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_arbitrary_bytes_get_no_answer_and_raise_nothing(make_till: Any, data: bytes) -> None:
    """Whatever bytes come, the host raises nothing and answers nothing."""
    result = make_till().ask(data)
    assert result.answer is None
    assert result.postings == ()
    assert result.note


@given(st.data())
@settings(deadline=None, derandomize=True, max_examples=60)
def test_damaged_messages_raise_nothing(make_till: Any, data: st.DataObject) -> None:
    """A valid message with bytes cut out, put in or changed raises nothing and books nothing."""
    till = make_till()
    message = bytearray(till.sale(1))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(message) - 1))
        what = data.draw(st.sampled_from(["cut", "put", "change"]))
        if what == "cut":
            del message[at : at + data.draw(st.integers(1, 30))]
        elif what == "put":
            message[at:at] = data.draw(st.binary(min_size=1, max_size=30))
        else:
            message[at] = data.draw(st.integers(0, 255))
        if not message:
            break
    if bytes(message) != till.sale(1, keys=till.keys[bytes(next(iter(till.keys)))]):
        assert till.ask(bytes(message)).postings == ()


FIELDS = {
    3: "000000", 4: "000000000100", 11: "000005", 12: "091000", 13: "0302", 25: "00", 39: "98",
    42: "POSEMU000000001", 48: "0" * 36, 49: "156", 52: bytes(16), 60: "22000001000",
    61: "0000050910000302", 63: bytes(16), 55: bytes.fromhex("9F36020001"),
}  # fmt: skip
ANS = st.text("0123456789ABCxyz |~", max_size=40)


@given(
    st.sampled_from(["0200", "0201", "0202", "0220", "0221", "0400", "0401", "0420", "0500", "0501",
                     "0520", "0800", "0801", "0820"]),
    st.dictionaries(st.sampled_from(sorted(FIELDS)), st.none(), max_size=4),
    st.tuples(ANS.map(lambda s: s[:37]), ANS.map(lambda s: s[:11]), ANS.map(lambda s: s[:16])),
    st.binary(max_size=128),
)  # fmt: skip
@settings(deadline=None, derandomize=True, max_examples=80)
def test_an_authentic_message_may_say_anything(
    make_till: Any, mti: str, missing: dict[int, None], texts: tuple[str, str, str], track: bytes
) -> None:
    """Also under right keys, whatever the fields say, the host raises nothing, and books nothing
    that is no approved sale."""
    till = make_till()
    before = till.issuer.total_minor()
    fields: dict[int, Any] = {41: "T0000001", **FIELDS, **missing}
    for number, text in zip((48, 60, 61), texts, strict=True):
        if fields[number] is not None:
            fields[number] = text
    if fields[63] is not None:
        fields[63] = track
    early, late = till.next_keys(), till.next_keys()
    for keys in (late, early):
        result = till.ask(till.seal(mti, fields, keys))
        assert result.postings == ()
        assert till.issuer.total_minor() == before


@pytest.mark.parametrize("length", [0, 1, 35, 36, 37])
def test_totals_of_any_length_are_answered(till: Any, length: int) -> None:
    """Totals that are too short or too long for an end of day are out of balance, no more."""
    assert till.code(till.reconciliation("0" * length, "000009")) == "95"


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"de41": "T0000002"}, "unknown terminal"),
        ({"de42": "POSEMU000000002"}, "unknown terminal"),
        ({"de11": None}, "incomplete"),
        ({"de52": None}, "incomplete"),
        ({"de63": None}, "incomplete"),
        ({"de62": b"short"}, "unknown terminal"),
        ({"de62": b""}, "unknown terminal"),
        ({"de62": bytes.fromhex("504F53450000000100000000")}, "bad KSN"),
        ({"de62": bytes.fromhex("504F534500000001FFFFFFFF")}, "bad KSN"),
    ],
)
def test_what_cannot_be_trusted_gets_no_answer(till: Any, fields: Any, note: str) -> None:
    """Unknown terminal or merchant, missing fields, an impossible KSN: silence, and a note why."""
    before = till.snapshot()
    result = till.ask(till.sale(1, **fields))
    assert result.answer is None
    assert result.note.startswith(note)
    assert till.snapshot() == before


@pytest.mark.parametrize("mti", ["0210", "0300", "1200", "0240", "0700", "0100"])
def test_a_message_that_is_no_request_of_ours_gets_no_answer(till: Any, mti: str) -> None:
    """An answer, a notification, another version or class: silence."""
    result = till.ask(till.sale(1, mti=mti))
    assert result.answer is None
    assert result.note.startswith("unreadable")


def test_a_wrong_mac_is_said_and_does_not_use_the_key_up(till: Any) -> None:
    """A wrong MAC is answered A0; the right message under that key is served afterwards."""
    message = till.sale(1)
    spoilt = message[:-8] + bytes(8)
    assert till.code(spoilt) == "A0"
    assert till.code(message) == "00"
