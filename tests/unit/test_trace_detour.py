"""Traces whose replies come back another way, and packets that go another way than the taps say."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from macros.figures.traces import lanes as draw
from macros.figures.traces.trace_layout import lay_out
from macros.ground.errors import GuideError
from macros.packets.dissector import packets
from macros.packets.packet import Packet
from macros.traces import assembly, hops
from macros.traces.arrivals import arrived
from macros.traces.trace import Lane, Trace
from tests import trace_support

Captures = list[tuple[Packet, ...]]


def captured(name: str) -> tuple[list[Lane], Captures]:
    files = trace_support.files(name)
    lanes = [trace_support.lane(path.name.removesuffix(".pcap")) for path in files]
    return lanes, [packets(path) for path in files]


def picked(order: Sequence[int], name: str = "detour") -> Trace:
    lanes, found = captured(name)
    return assembly.read([lanes[at] for at in order], [found[at] for at in order])


def places(trace: Trace, number: int) -> list[str]:
    journey = trace.journeys[number - 1]
    return [trace.lanes[visit.lane].where for visit in journey.visits]


def marks(trace: Trace, number: int) -> list[list[str]]:
    steps = hops.steps(trace.journeys[number - 1], trace.lanes)
    return [[mark.short for mark in step.marks] for step in steps]


def notes(trace: Trace) -> dict[int, tuple[str, ...]]:
    return {journey.number: journey.notes for journey in trace.journeys if journey.notes}


def with_ttl(packet: Packet, ttl: int) -> Packet:
    layers = tuple(
        replace(
            layer,
            fields=tuple(
                replace(field, value=ttl, shown=str(ttl)) if field.name == "ttl" else field
                for field in layer.fields
            ),
        )
        for layer in packet.layers
    )
    return replace(packet, layers=layers)


REQUEST = ["node0: eth1.10", "node1: eth1.10", "node1: eth1.30", "node2: eth1.30"]
REPLY = ["node2: eth1.20", "node1: eth1.20", "node1: eth1.10", "node0: eth1.10"]
AS_LISTED = range(6)
BY_NODE = (0, 1, 2, 5, 3, 4)


@pytest.mark.parametrize("order", [AS_LISTED, BY_NODE, (1, 2, 5, 0, 4, 3), (0, 3, 4, 2, 1, 5)])
def test_each_packet_has_its_own_order_whatever_order_the_taps_have(order: Sequence[int]) -> None:
    trace = picked(order)
    assert places(trace, 1) == REQUEST
    assert places(trace, 2) == REPLY
    for number in (1, 2):
        assert marks(trace, number) == [[], ["routed"], []]
    assert notes(trace) == {}
    assert trace.journeys[0].forward != trace.journeys[1].forward


def test_a_node_that_no_packet_comes_back_to_is_one_box() -> None:
    lanes, found = captured("detour")
    assert assembly.by_node(lanes, found) == BY_NODE
    trace = picked(BY_NODE)
    told = [(journey, hops.steps(journey, trace.lanes)) for journey in trace.journeys]
    layout = lay_out(trace.lanes, told)
    assert [frame.title for frame in layout.frames] == ["node0", "node1", "node2"]
    for row in layout.rows:  # each arrow goes one way
        x = [layout.at(row, index) for index in range(4)]
        assert len(draw.legs(x, row.steps)) == 1
        assert x == sorted(x, reverse=not row.journey.forward)


def test_a_node_that_a_packet_comes_back_to_stays_twice() -> None:
    lanes, found = captured("detour")
    # The request alone, as if the last tap were the first node's, where it comes a second later.
    back = replace(lanes[3], node="node0")
    late = tuple(replace(packet, time=found[0][0].time + 10**9) for packet in found[3])
    order = assembly.by_node([*lanes[:3], back], [*(of[:1] for of in found[:3]), late])
    assert order == (0, 1, 2, 3)
    trace = assembly.read([*lanes[:3], back], [*(of[:1] for of in found[:3]), late])
    assert places(trace, 1) == [*REQUEST[:3], "node0: eth1.30"]


def test_a_way_that_turns_has_an_arrow_for_each_direction() -> None:
    assert draw.legs([1, 2, 3], ()) == [[1, 2, 3]]
    assert draw.legs([5, 6, 2, 1], ()) == [[5, 6], [6, 2, 1]]
    assert draw.legs([5], ()) == []


def test_a_bridges_own_copy_is_no_turn() -> None:
    lanes, pcaps = trace_support.recorded("recordings/2026-11/services", "whole")
    trace = assembly.read(lanes, [packets(pcap) for pcap in pcaps])
    answer = trace.journeys[1]
    assert [visit.lane for visit in answer.visits] == [1, 2, 0]
    assert draw.legs([1, 2, 0], hops.steps(answer, trace.lanes)) == [[1, 0]]
    assert draw.legs([1, 2, 0], ()) == [[1, 2], [2, 0]]


def test_what_was_answered_has_arrived_by_whichever_way() -> None:
    trace = picked(BY_NODE, "two-ways")
    assert places(trace, 1) == [*REQUEST[:2], "node1: eth1.20", "node2: eth1.20"]
    assert places(trace, 3) == REQUEST
    assert places(trace, 2) == places(trace, 4) == REPLY
    assert notes(trace) == {}
    assert arrived(trace.journeys, trace.lanes) == {1, 2, 3, 4}
    assert arrived(trace.journeys[:1], trace.lanes) == set()  # nothing answers


def test_a_request_that_is_lost_on_the_way_is_gone() -> None:
    lanes, found = captured("two-ways")
    # The router drops the second request: neither it nor its reply is anywhere further on.
    for lane in range(len(lanes)):
        last = 1 if lane < 2 else 0
        kept = {0: 3, 1: 3, 2: 0, 3: 0, 4: 2, 5: 2}[lane]
        assert len(found[lane]) > last
        found[lane] = found[lane][:kept]
    full = [replace(lane, most=4) for lane in lanes]
    trace = assembly.read([full[at] for at in BY_NODE], [found[at] for at in BY_NODE])
    assert notes(trace) == {3: ("not seen after node1: eth1.10",)}


def test_a_reply_that_the_router_drops_is_gone_and_its_request_is_not() -> None:
    lanes, found = captured("detour")
    for lane in (0, 1):  # rp_filter=1 at eth1.20
        found[lane] = found[lane][:1]
    for order in (AS_LISTED, BY_NODE, (0, 3, 4, 1, 2, 5)):
        trace = assembly.read([lanes[at] for at in order], [found[at] for at in order])
        assert places(trace, 2) == REPLY[:2]
        assert not trace.journeys[1].forward
        assert notes(trace) == {2: ("not seen after node1: eth1.20",)}
    ended = [replace(lane, most=1) for lane in lanes]
    trace = assembly.read(ended, found)
    assert notes(trace) == {2: ("end of capture: node0: eth1.10 had its 1",)}


def test_a_reply_that_comes_home_by_another_link_has_arrived() -> None:
    lanes, found = captured("two-links")
    full = [replace(lane, most=1) for lane in lanes]
    for taps in (lanes, full):
        trace = assembly.read(taps, found)
        assert places(trace, 2)[-1] == "node1, far: red"
        assert notes(trace) == {}
    # A router of which only these two links are known is like who asked: nothing is claimed lost.
    routers = (2, 3, 4, 5)
    beyond = [replace(lanes[at], netns="router") if at < 4 else lanes[at] for at in routers]
    assert notes(assembly.read(beyond, [found[at] for at in routers])) == {}
    # One that saw the request come and go would see the reply go, too.
    both = [
        replace(lane, netns="router", label="") if at < 4 else lane for at, lane in enumerate(lanes)
    ]
    assert notes(assembly.read(both, found)) == {2: ("not seen after node1: red",)}


def test_a_reply_that_does_not_come_home_has_not_arrived() -> None:
    lanes, found = captured("two-links")
    found[1] = ()  # red drops it
    assert notes(assembly.read(lanes, found)) == {2: ("not seen after node1, red: customer",)}


def test_of_segments_with_the_same_bytes_nobody_knows_which_was_acknowledged() -> None:
    trace = trace_support.trace("again")
    there = arrived(trace.journeys, trace.lanes)
    assert 1 in there  # the SYN, by the SYN ACK
    assert 7 not in there


def test_only_a_ttl_that_is_one_less_is_routed() -> None:
    lanes, found = captured("detour")
    found[2] = tuple(with_ttl(packet, 62) for packet in found[2])
    found[3] = tuple(with_ttl(packet, 62) for packet in found[3])
    trace = assembly.read(lanes[:4], [of[:1] for of in found[:4]])
    (mark,) = hops.steps(trace.journeys[0], trace.lanes)[1].marks
    assert (mark.kind, mark.short) == ("other", "TTL −2")  # noqa: RUF001 the sign as drawn
    assert mark.words.startswith("TTL 64 → 62, MACs rewritten: ")


def test_a_ttl_that_a_rule_sets_on_a_node_is_shown_and_no_error() -> None:
    lanes, found = captured("detour")
    for lane in (2, 3):
        found[lane] = tuple(with_ttl(packet, 128) for packet in found[lane])
    trace = assembly.read(lanes[:4], [of[:1] for of in found[:4]])
    assert places(trace, 1) == REQUEST
    assert marks(trace, 1) == [[], ["TTL +64"], []]


def test_taps_in_an_order_that_no_answer_can_have_are_an_error() -> None:
    with pytest.raises(GuideError, match="its taps are not in the order of the path"):
        picked((1, 0))
    assert places(picked((0, 1)), 1) == REQUEST[:2]
