"""What captures do not show is not said to be lost: dark ends, gaps, resets of others."""

import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from macros.packets.pcap import records
from macros.tracer.listening import Heard
from macros.tracer.loss import Loss, lost
from macros.tracer.way import Way
from tests.unit.test_tracer_story import BACK, STOPS, THERE, heard, story

_FLAGS = 14 + 20 + 13  # of TCP, where no tunnel is around it
_RST_ACK = 0x14


def reset(at: int, number: int, keep: Sequence[int]) -> Heard:
    """The capture of a stop in which one packet is an RST."""
    given = heard(at, keep)
    made = Heard(given.stop, given.command)
    _, every = records(given.pcap())
    made.take(given.pcap()[:24])
    for index, record in zip(keep, every, strict=True):
        data = bytearray(record.data)
        if index == number:
            data[_FLAGS] = _RST_ACK
        seconds, rest = divmod(record.time, 10**9)
        made.take(struct.pack("<IIII", seconds, rest // 1000, len(data), record.wire) + data)
    return made


def of(seen: Sequence[Heard], there: Way = THERE, back: Way | None = BACK) -> Loss:
    loss = lost(story(seen), there, back)
    assert loss is not None
    return loss


@pytest.mark.parametrize("ends", ["leaves", "dark", "strange"])
def test_what_left_the_machines_that_are_seen_may_have_arrived(ends: Any) -> None:
    way = replace(THERE, stops=STOPS[:5], ends=ends)
    loss = of([heard(index, [0]) for index in range(5)], way, None)
    assert (loss.what, loss.last) == ("unseen", STOPS[4])
    # Where it came no further than a stop before that, it was lost.
    seen = [heard(index, [0]) if index < 3 else heard(index, []) for index in range(5)]
    assert of(seen, way, None).what == "request"


def test_where_nothing_listened_nothing_is_lost() -> None:
    seen = [heard(index, [0]) for index in range(9)]
    deaf = Heard(STOPS[9], "tcpdump", "tcpdump: eth0: No such device exists")
    assert of([*seen, deaf]).what == "unseen"
    assert of([*seen, heard(9, [])]).what == "request"
    # Of a gap on the way the next stop that listened counts.
    seen = [heard(index, [0]) if index < 4 else heard(index, []) for index in range(10)]
    seen[4] = replace(deaf, stop=STOPS[4])
    assert (of(seen).what, of(seen).next) == ("request", STOPS[5])


def test_in_a_tunnel_that_encrypts_the_next_place_is_behind_it() -> None:
    sealed = [
        replace(stop, wrapped="wireguard") if n in (4, 5) else stop for n, stop in enumerate(STOPS)
    ]
    seen = [heard(index, [0]) if index < 4 else heard(index, []) for index in range(10)]
    loss = of(seen, replace(THERE, stops=tuple(sealed)))
    assert (loss.last, loss.next) == (STOPS[3], STOPS[6])


def test_a_packet_that_goes_on_by_no_table_is_followed_by_what_was_seen() -> None:
    way = replace(THERE, stops=STOPS[:2], ends="strange")
    seen = [heard(index, [0]) if index in (0, 1, 8, 9) else heard(index, []) for index in range(10)]
    loss = of(seen, way)
    assert (loss.what, loss.last and loss.last.end) == ("silent", STOPS[9].end)
    seen[9] = heard(9, [])
    loss = of(seen, way)
    assert (loss.what, loss.last and loss.last.end) == ("request", STOPS[8].end)
    assert loss.next is not None
    assert loss.next.end == STOPS[9].end


def test_a_reset_is_the_servers_only_where_the_request_came_to_it() -> None:
    inner = [0, 1, 2, 7, 8, 9]  # without a tunnel around it
    seen = [reset(index, 1, [0, 1]) if index in inner else heard(index, [0]) for index in range(10)]
    assert of(seen).what == "refused"
    # A rule on node0 that rejects answers in the server's name.
    seen = [reset(index, 1, [0, 1]) if index < 3 else heard(index, []) for index in range(10)]
    loss = of(seen)
    assert (loss.what, loss.last) == ("request", STOPS[2])


def test_a_connection_that_is_reset_was_not_refused() -> None:
    inner = [0, 1, 2, 7, 8, 9]
    seen = [
        reset(index, 3, range(4)) if index in inner else heard(index, range(3))
        for index in range(10)
    ]
    assert of(seen).what == "reset"
