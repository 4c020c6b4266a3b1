"""Finding the host's address: asked for, remembered for a while, given up after two tries."""

from __future__ import annotations

from typing import Any

from posemu.link import Dns
from posemu.link.elements import WIFI_DELAY_US

S = 1_000_000
ONE_WAY_US = WIFI_DELAY_US + 1_000


def test_a_name_service_that_fails_is_asked_twice(net: Any) -> None:
    """Two questions of 5 s each go unanswered; then "no-name" is told, and nothing is dialled."""
    dns = Dns(40_000, 300 * S)
    n = net(dns=dns)
    dns.fail()
    connection = n.network.dial()
    n.clock.run()
    assert [(t, what) for t, what, _, _ in n.events] == [(10 * S, "no-name")]
    assert not connection.usable


def test_the_second_question_may_be_answered(net: Any) -> None:
    """If the name service is back for the second question, the connection stands."""
    dns = Dns(40_000, 300 * S)
    n = net(dns=dns)
    dns.fail()
    n.network.dial()
    n.clock.run_until(4 * S)
    dns.heal()
    n.clock.run()
    expected = 5 * S + 40_000 + ONE_WAY_US + 2 * ONE_WAY_US
    assert [(t, what) for t, what, _, _ in n.events] == [(expected, "up")]


def test_an_address_is_remembered_for_its_time(net: Any) -> None:
    """Within the time to live no question is asked; after it one is, and fails with the service."""
    dns = Dns(40_000, 300 * S)
    n = net(dns=dns)
    n.connect().close()
    known_us = n.clock.now_us - 2 * ONE_WAY_US
    dns.fail()
    n.clock.run_until(known_us + 300 * S - 1)
    n.connect().close()
    n.clock.run_until(known_us + 300 * S)
    n.network.dial()
    n.clock.run()
    assert n.whats() == ["up", "up", "no-name"]


def test_power_loss_forgets_the_address(net: Any) -> None:
    """The cached address is volatile: after a power cut it is asked for again."""
    dns = Dns(40_000, 300 * S)
    n = net(dns=dns)
    n.connect()
    dns.fail()
    n.network.lose_power()
    n.network.dial()
    n.clock.run()
    assert n.whats() == ["up", "no-name"]


def test_a_connection_given_up_is_not_dialled_when_the_name_comes(net: Any) -> None:
    """Closed while the question is under way, a connection stays closed: no segment leaves."""
    n = net(dns=Dns(2 * S, 300 * S), lost=lambda what, ordinal, now: False)
    connection = n.network.dial()
    n.clock.run_until(S)
    connection.close()
    n.clock.run()
    assert n.events == []
    assert [what for _, what, _ in n.segments] == ["dns"]


def test_a_connection_given_up_hears_no_more_of_its_name(net: Any) -> None:
    """Closed while the name service does not answer, a connection is told nothing any more."""
    dns = Dns(0, 300 * S)
    n = net(dns=dns)
    dns.fail()
    connection = n.network.dial()
    n.clock.run_until(S)
    connection.close()
    n.clock.run()
    assert n.events == []


def test_each_question_has_a_draw_of_its_own(net: Any) -> None:
    """Whether the path loses a question is decided anew for each one."""
    dns = Dns(0, 0)
    n = net(dns=dns, lost=lambda what, ordinal, now: False)
    dns.fail()
    n.network.dial()
    n.clock.run()
    dns.heal()
    n.connect()
    assert [ordinal for _, what, ordinal in n.segments if what == "dns"] == [0, 1, 2]


def test_a_question_needs_the_path_too(net: Any) -> None:
    """Through a cut line no question is answered, whatever the name service does."""
    n = net(dns=Dns(0, 300 * S))
    n.line.cut()
    n.network.dial()
    n.clock.run()
    assert n.whats() == ["no-name"]
