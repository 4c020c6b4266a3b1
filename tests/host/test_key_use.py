"""Every message has a key of its own, and no key serves two messages: the table, row by row."""

from __future__ import annotations

from typing import Any

from posemu.host.key_use import KeyLog, Use


def test_the_table_of_key_use() -> None:
    """Used with the same bytes, used with others, unused and higher, unused and lower."""
    log = KeyLog()
    assert log.use(5, b"a") is Use.FRESH
    log.done(5, b"a", b"answer")
    assert log.use(5, b"a") is Use.REPEATED
    assert log.first_answer(5) == b"answer"
    assert log.use(5, b"b") is Use.REFUSED
    assert log.use(6, b"a") is Use.FRESH
    assert log.use(4, b"a") is Use.LATE
    log.done(3, b"c", b"late")
    assert log.highest == 5
    assert log.use(3, b"c") is Use.REPEATED
    assert log.use(4, b"a") is Use.LATE


def test_the_same_bytes_get_the_first_result_again(till: Any) -> None:
    """A message that comes twice is answered twice with the same bytes, and booked once."""
    message = till.sale(1)
    first = till.ask(message)
    before = till.snapshot()
    for _ in range(3):
        again = till.ask(message)
        assert again.answer == first.answer
        assert again.postings == ()
        assert again.note == "repeated"
    assert till.snapshot() == before


def test_the_first_result_is_given_even_much_later(till: Any) -> None:
    """A repetition gets the first answer, also after other messages and after its reversal."""
    message = till.sale(1)
    first = till.ask(message)
    till.ask(till.sale(2))
    till.ask(till.reversal(1))
    before = till.snapshot()
    assert till.ask(message).answer == first.answer
    assert till.snapshot() == before


def test_other_bytes_under_a_used_key_are_refused(till: Any) -> None:
    """A second message under one KSN is refused with 63 and books nothing."""
    keys = till.next_keys()
    till.ask(till.sale(1, keys=keys))
    before = till.snapshot()
    result = till.ask(till.sale(2, keys=keys))
    assert till.said(result)[39] == "63"
    assert result.postings == ()
    assert till.snapshot() == before


def test_a_skipped_key_does_not_matter(till: Any) -> None:
    """A terminal may skip keys: a higher KSN is the normal case."""
    for _ in range(7):
        till.next_keys()
    assert till.code(till.sale(1)) == "00"


def test_the_late_original_of_a_known_reversal_is_declined(till: Any) -> None:
    """A sale under a lower key that comes after its reversal is declined with 68, never booked."""
    early, late = till.next_keys(), till.next_keys()
    assert till.code(till.reversal(1, keys=late)) == "25"
    before = till.snapshot()
    result = till.ask(till.sale(1, keys=early))
    assert till.said(result)[39] == "68"
    assert result.postings == ()
    assert till.snapshot() == before


def test_a_late_original_is_checked_for_its_mac(till: Any) -> None:
    """Also the late original of a known reversal is answered only if its MAC is right."""
    early, late = till.next_keys(), till.next_keys()
    till.ask(till.reversal(1, keys=late))
    message = bytearray(till.sale(1, keys=early))
    message[-1] ^= 1
    assert till.code(bytes(message)) == "A0"


def test_any_other_late_message_is_refused(till: Any) -> None:
    """Under a lower, unused key everything else is refused: sale, reversal, sign-on, end of day."""
    keys = [till.next_keys() for _ in range(6)]
    till.ask(till.sale(1, keys=keys[5]))
    before = till.snapshot()
    assert till.code(till.sale(2, keys=keys[0])) == "63"
    assert till.code(till.reversal(1, keys=keys[1])) == "63"
    assert till.code(till.sign_on(keys=keys[2])) == "63"
    assert till.code(till.reconciliation(till.books.totals.as_field(), keys=keys[3])) == "63"
    assert till.code(till.sale(1, keys=keys[4])) == "63"
    assert till.snapshot() == before


def test_keys_of_two_terminals_do_not_mix(make_till: Any) -> None:
    """Counters are kept by terminal: what one has used says nothing about the other."""
    one = make_till()
    two = make_till(terminal="T0000002", key_id=bytes.fromhex("504F534500000002"))
    one.host.register("T0000002", "POSEMU000000001", two.key_id)
    two.host = one.host
    for stan in range(1, 4):
        assert one.code(one.sale(stan)) == "00"
        assert two.code(two.sale(stan)) == "00"


def test_a_key_of_another_terminal_is_nobodys(make_till: Any) -> None:
    """A message that names one terminal under the key id of another is not answered."""
    till = make_till()
    till.host.register("T0000009", "POSEMU000000001", bytes(8))
    result = till.ask(till.sale(1, de41="T0000009"))
    assert (result.answer, result.note) == (None, "unknown terminal")
