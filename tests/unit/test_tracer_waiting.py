"""An application's own request: when it has begun, and when it is over."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from macros.tracer.capture_filters import Wanted
from macros.tracer.waiting import Seen, wait
from tests.unit.test_tracer_story import STOPS

# As tcpdump printed them in the pod `tools` of a lab: tcpdump -t -l -nn.
LINES = b"""\
ARP, Request who-has 10.42.0.1 tell 10.42.0.3, length 28
IP 10.42.0.3.40001 > 10.43.0.80.80: Flags [P.], seq 1:78, ack 1, win 502, length 77: HTTP: GET / HTTP/1.1
IP 10.42.0.3.55822 > 10.43.0.80.80: Flags [S], seq 1094, win 65535, options [mss 1410,sackOK,TS val 1 ecr 0], length 0
IP 10.43.0.80.80 > 10.42.0.3.55822: Flags [S.], seq 42, ack 1095, win 65535, options [mss 1410], length 0
IP 10.42.0.3.55822 > 10.43.0.80.80: Flags [.], ack 1, win 512, length 0
IP 10.42.0.3.55824 > 10.43.0.80.80: Flags [S], seq 7, win 65535, length 0
IP 10.43.0.80.80 > 10.42.0.3.55822: Flags [FP.], seq 1:99, ack 78, win 512, length 98: HTTP: HTTP/1.1 200 OK
IP 10.42.0.3.55822 > 10.43.0.80.80: Flags [F.], seq 78, ack 100, win 512, length 0
IP 10.43.0.80.80 > 10.42.0.3.55822: Flags [.], ack 79, win 512, length 0
""".splitlines(keepends=True)
CLIENTS = ("10.42.0.3",)


def seen(*lines: int) -> Seen:
    one = Seen(CLIENTS)
    text = b"".join(LINES[number] for number in lines)
    for at in range(0, len(text), 50):  # pieces, as they come over a network
        one.take(text[at : at + 50])
    return one


def test_it_is_over_when_the_connection_is_or_when_nothing_comes_any_more() -> None:
    assert seen(*range(9)).over(since=0.1, quiet=0)
    assert not seen(*range(8)).over(since=0.1, quiet=0)
    assert seen(*range(5)).over(since=1.3, quiet=1.2)
    assert not seen(2).over(since=1.3, quiet=1.2), "the answer can still come"
    assert seen(2).over(since=4.5, quiet=1.2)
    assert not seen().over(since=99, quiet=99)


def test_what_began_before_or_is_another_is_no_part_of_it() -> None:
    assert seen(0, 1).own == []
    assert len(seen(*range(9)).own) == 6
    assert seen(*range(9)).source == "10.42.0.3:55822"
    other = Seen(("10.42.0.30",))
    other.take(LINES[2])
    assert other.own == []


def test_datagrams_have_no_beginning_of_their_own() -> None:
    one = Seen(("fd42::3",))
    one.take(b"IP6 fd42::3.5353 > fd43::a.53: 12+ A? hello.default. (32)\n")
    assert not one.answered
    one.take(b"IP6 fd43::a.53 > fd42::3.5353: 12 1/0/0 A 10.43.0.80 (64)\n")
    assert one.source == "[fd42::3]:5353"
    assert one.answered


class _Prints:
    """An access whose program prints these lines, one after the other."""

    what = "nothing"
    nodes = ("node0",)

    def __init__(self, *lines: bytes) -> None:
        self._lines = lines

    @contextmanager
    def stream(self, node: str, command: str, on_data: Callable[[bytes], None]) -> Iterator[None]:
        assert (node, command.split()[:2]) == ("node0", ["ip", "netns"])
        for line in self._lines:
            on_data(line)
        yield


def test_it_waits_no_longer_than_it_has_to() -> None:
    wanted = Wanted(CLIENTS, ("10.43.0.80",), (80,), "tcp")
    start = time.monotonic()
    came = wait(_Prints(*LINES), STOPS[0], wanted, {}, 9)  # type: ignore[arg-type]
    assert came.good
    none = wait(_Prints(), STOPS[0], wanted, {}, 0.3)  # type: ignore[arg-type]
    assert not none.good
    assert none.text == "it sent nothing there within 0.3 s"
    assert time.monotonic() - start < 2
