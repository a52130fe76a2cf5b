"""An application's own request: when it has begun, and when it is over."""

import time

from macros.packets import dissector
from macros.tracer import story
from macros.tracer.listening import Heard
from macros.tracer.waiting import over, wait
from tests.unit.test_tracer_ends import to
from tests.unit.test_tracer_story import STOPS, heard
from tests.unit.tracer_support import replayed

CLIENTS = ["10.42.0.3"]


def test_it_is_over_when_the_connection_is_or_when_nothing_comes_any_more() -> None:
    traced = replayed("well-service")
    packets = dissector.packets(traced.story.captures[0])
    whole = story.begun(packets, traced.target, traced.client.addresses)
    assert len(whole) > 6
    assert over(whole, since=0.1, quiet=0)
    assert not over(whole[:4], since=0.1, quiet=0)
    assert over(whole[:4], since=1.3, quiet=1.2)
    assert not over(whole[:1], since=1.3, quiet=1.2), "the answer can still come"
    assert over(whole[:1], since=4.5, quiet=1.2)
    assert not over((), since=99, quiet=99)


def test_what_began_before_or_asks_another_is_no_request() -> None:
    packets = dissector.packets(heard(0).pcap())
    assert story.begun(packets[1:], to("hello"), CLIENTS) == ()
    assert story.begun(packets, to("lost"), CLIENTS) == ()
    assert story.begun(packets, to("hello"), ["10.42.0.9"]) == ()


def test_it_waits_no_longer_than_it_has_to() -> None:
    start = time.monotonic()
    came = wait([heard(0)], to("hello"), CLIENTS, 9)
    assert came.good
    none = wait([heard(0, [])], to("hello"), CLIENTS, 0.5)
    assert not none.good
    assert none.text == "it sent nothing there within 0.5 s"
    assert not wait([Heard(STOPS[0], "tcpdump", "no such device")], to("hello"), CLIENTS, 0.1).good
    assert time.monotonic() - start < 3
