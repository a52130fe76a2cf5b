"""What a trace finds in real captures: the same packets, their order, the clocks, the unusual."""

from dataclasses import replace

import pytest

from macros.figures.traces import captions
from macros.figures.traces.trace_layout import lay_out
from macros.ground.errors import GuideError
from macros.packets.dissector import packets
from macros.packets.packet import Packet
from macros.traces import assembly, clocks, hops, oddities
from macros.traces.trace import Lane, Trace
from tests import trace_support
from tests.trace_support import told


def captures(name: str) -> tuple[list[Lane], list[tuple[Packet, ...]]]:
    files = trace_support.files(name)
    lanes = [trace_support.lane(path.name.removesuffix(".pcap")) for path in files]
    return lanes, [packets(path) for path in files]


def words(trace: Trace, number: int) -> list[str]:
    return [step.words for step in hops.steps(trace.journeys[number - 1], trace.lanes)]


def test_every_packet_is_found_at_all_interfaces_in_the_order_of_its_way() -> None:
    there, back = list(range(10)), list(range(9, -1, -1))
    assert told(trace_support.trace("flannel")) == [
        (">", "SYN", there),
        ("<", "SYN ACK", back),
        (">", "ACK", there),
        (">", "GET /", there),
        ("<", "ACK", back),
        ("<", "200 OK", back),
        (">", "ACK", there),
        ("<", "data", back),
        (">", "ACK", there),
        ("<", "data", back),
        (">", "ACK", there),
        ("<", "FIN", back),
        (">", "FIN", there),
        ("<", "ACK", back),
    ]


def test_pings_are_found_inside_of_vxlan() -> None:
    trace = trace_support.trace("flannel-ping")
    assert told(trace) == [
        (">", "echo request 1", [0, 1, 2, 3, 4]),
        ("<", "echo reply 1", [4, 3, 2, 1, 0]),
    ]


def test_pings_are_found_inside_of_gre() -> None:
    trace = trace_support.trace("gre-ping")
    assert told(trace) == [
        (">", "echo request 1", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("<", "echo reply 1", [7, 6, 5, 4, 3, 2, 1, 0]),
    ]
    assert words(trace, 1)[2:5] == [
        "wrapped: IPv4 and GRE put before it, 24 bytes, 192.168.56.10 > 192.168.56.11",
        "",
        "unwrapped: IPv4 and GRE taken off, 24 bytes; gre1 shows no Ethernet header",
    ]


def test_the_order_of_the_taps_says_what_is_there_and_what_is_back() -> None:
    lanes, captured = captures("calico")
    turned = assembly.read(lanes[::-1], captured[::-1])
    assert [journey.forward for journey in turned.journeys[:3]] == [False, True, False]


def test_other_conversations_are_left_out_and_counted() -> None:
    trace = trace_support.trace("calico")
    assert trace.left_out == (("ARP", 8),)
    assert len(trace.journeys) == 10


def test_wrapping_is_fifty_bytes_in_vxlan_and_twenty_in_ip_in_ip() -> None:
    vxlan, ipip = (words(trace_support.trace(name), 1) for name in ("flannel", "calico"))
    assert vxlan[3] == (
        "wrapped: Ethernet, IPv4, UDP and VXLAN put before it, 50 bytes,"
        " 192.168.56.10 > 192.168.56.11; the checksum that was left to the network card is filled in"
    )
    assert vxlan[5] == "unwrapped: Ethernet, IPv4, UDP and VXLAN taken off, 50 bytes"
    assert ipip[1].startswith("wrapped: an outer IPv4 header put before it, 20 bytes,")
    assert ipip[3].startswith("unwrapped: an outer IPv4 header taken off, 20 bytes")


def test_a_bridge_changes_nothing_and_a_router_ttl_and_macs() -> None:
    changes = words(trace_support.trace("flannel"), 1)
    assert changes[:2] == ["", ""]
    assert changes[2].startswith("routed: TTL 64 → 63, MACs rewritten: from ")
    assert changes[4] == ""  # the wire


def test_nat_is_named_and_undone_on_the_way_back() -> None:
    trace = trace_support.trace("again")
    there, back = words(trace, 1)[1], words(trace, 2)[1]
    assert there.endswith("source NAT: source 10.1.1.2 → 10.2.2.1")
    assert (
        "destination NAT: destination 10.9.9.9 → 10.2.2.2, port of the receiver 80 → 8080" in there
    )
    assert "source NAT undone: destination 10.2.2.1 → 10.1.1.2;" in back
    assert (
        "destination NAT undone: source 10.2.2.2 → 10.9.9.9, port of the sender 8080 → 80" in back
    )


def test_a_destination_is_rewritten_before_routing_and_a_source_after_it() -> None:
    trace = trace_support.trace("again")
    for number in (1, 2):  # there DNAT and SNAT, back both undone
        labels = words(trace, number)[1]
        assert labels.index(": destination ") < labels.index("routed: ") < labels.index(": source ")


def test_a_dropped_segment_is_gone_and_its_copy_is_sent_again() -> None:
    trace = trace_support.trace("again")
    notes = {journey.number: journey.notes for journey in trace.journeys if journey.notes}
    assert notes == {
        7: ("not seen after node0, router: red",),
        10: ("sent again: the same bytes as no. 7",),
    }


def test_a_segment_that_is_cut_goes_on_as_its_pieces() -> None:
    trace = trace_support.trace("cut")
    notes = {journey.number: journey.notes for journey in trace.journeys if journey.notes}
    whole = next(
        journey for journey in trace.journeys if captions.size(journey.visits[0].packet) == 4019
    )
    pieces = [number for number, texts in notes.items() if texts[0].startswith("a piece")]
    assert notes[whole.number] == (f"cut up: goes on as nos. {', '.join(map(str, pieces))}",)
    assert len(pieces) == 3
    for number in pieces:
        assert notes[number] == (f"a piece: was no. {whole.number}",)
        assert [visit.lane for visit in trace.journeys[number - 1].visits] == [1, 0]
    assert [visit.lane for visit in whole.visits] == [3, 2]
    assert set(notes) == {whole.number, *pieces}


def test_a_packet_that_another_passed_is_overtaken() -> None:
    lanes, captured = captures("again")
    # At blue, the FIN (the 7th packet there) comes after the request that was sent again (9th).
    last = list(captured[3])
    late = replace(last.pop(6), time=last[7].time + 500)
    last.insert(8, late)
    captured[3] = tuple(replace(packet, number=number) for number, packet in enumerate(last, 1))
    notes = {journey.number: journey.notes for journey in assembly.read(lanes, captured).journeys}
    assert notes[8] == ("overtaken by no. 10 before node0, blue: eth0",)
    assert notes[1] == notes[9] == ()


def test_packets_that_cross_on_the_way_are_not_overtaken() -> None:
    # The server's FIN left node1 before the ACK arrived there, and came to node0 after it had left.
    trace = trace_support.trace("calico")
    assert all(not journey.notes for journey in trace.journeys)


def shifted(found: list[tuple[Packet, ...]], lanes: list[Lane], by: int) -> Trace:
    moved = [
        tuple(replace(packet, time=packet.time + by) for packet in packets)
        if lane.node == "node1"
        else packets
        for lane, packets in zip(lanes, found, strict=True)
    ]
    return assembly.read(lanes, moved)


@pytest.mark.parametrize("by", [0, 1_000_000, -500_000_000, 123_456_789])
def test_clocks_are_compared_whatever_they_show(by: int) -> None:
    lanes, captured = captures("calico")
    clock = shifted(captured, lanes, by).clock("node1")
    assert clock is not None
    assert clock.ahead == -4_060_000 + by
    # Half of the least time there (278 us less 4.06 ms) and back: 94 us.
    assert clock.error == 94_000
    assert clock.round_trip == 188_000
    assert clock.pair == (7, 10)


def test_aligned_no_packet_arrives_before_it_leaves() -> None:
    for name in ("calico", "flannel", "flannel-ping"):
        trace = trace_support.trace(name)
        for journey in trace.journeys:
            for (here, there), passed in clocks.crossings(journey, trace.lanes):
                first, second = trace.clock(here), trace.clock(there)
                assert first is not None
                assert second is not None
                assert passed - (second.ahead - first.ahead) > 0


def test_no_time_is_told_between_two_nodes() -> None:
    trace = trace_support.trace("calico")
    for journey in trace.journeys:
        for step in hops.steps(journey, trace.lanes):
            nodes = {trace.lanes[visit.lane].node for visit in (step.before, step.after)}
            assert (step.time is None) == (len(nodes) == 2)


def test_a_clock_seen_in_one_direction_only_is_not_compared() -> None:
    lanes, captured = captures("flannel-ping")
    trace = assembly.read(lanes, [packets[:1] for packets in captured])
    assert trace.clock("node1") is None
    assert trace.clock("node0") is not None


def test_a_clock_that_was_set_meanwhile_is_an_error() -> None:
    lanes, captured = captures("flannel-ping")
    late = [
        (packets[0], replace(packets[1], time=packets[1].time - 10**9))
        if lane.node == "node0"
        else packets
        for lane, packets in zip(lanes, captured, strict=True)
    ]
    with pytest.raises(GuideError, match="were set during the trace"):
        assembly.read(lanes, late)


def test_times_are_those_of_the_first_interface() -> None:
    trace = trace_support.trace("calico")
    shown = [captions.since_first(trace, journey) for journey in trace.journeys[:4]]
    # tcpdump: 40.986630, 40.988966, 40.989092, 40.990321.
    assert shown == ["+0.000 ms", "+2.336 ms", "+2.462 ms", "+3.691 ms"]


def test_a_time_smaller_than_the_error_is_not_shown() -> None:
    lanes, captured = captures("calico")
    # Of all after the first two, only node1 tells: their times are moved by the alignment.
    for lane in range(3):
        captured[lane] = captured[lane][:2]
    trace = assembly.read(lanes, captured)
    shown = [captions.since_first(trace, journey) for journey in trace.journeys]
    assert shown[:3] == ["+0.000 ms", "+2.336 ms", "≈ +2.7 ms"]
    clock = trace.clock("node1")
    assert clock is not None
    near = replace(trace, clocks=(trace.clocks[0], replace(clock, error=10**9)))
    assert captions.since_first(near, near.journeys[2]) == ""


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        (0, "< 1 µs"),
        (999, "< 1 µs"),
        (36_000, "36 µs"),
        (12_340_000, "12.3 ms"),
        (2 * 10**9, "2 s"),
    ],
)
def test_times_in_words(time: int, shown: str) -> None:
    assert captions.took(time) == shown


def test_an_error_is_never_rounded_down() -> None:
    clock = trace_support.trace("calico").clock("node1")
    assert clock is not None
    assert captions.clock_words(clock) == (
        "node1's clock is 4.06 ms behind node0's, give or take 0.10 ms"
    )


def test_what_can_be_said_of_the_wire_is_both_ways_together() -> None:
    clock = trace_support.trace("calico").clock("node1")
    assert clock is not None
    there, back = clock.pair
    words = captions.round_trip_words(clock)
    assert "from one node to the other cannot be told" in words
    assert words.endswith(f"{captions.took(clock.round_trip)} (nos. {there} and {back})")


def test_a_packet_that_passes_an_interface_twice_is_drawn_there_twice() -> None:
    # As a bridge that answers for both sides sees it: both ends of the router in one capture.
    lanes, captured = captures("again")
    both = sorted((*captured[1], *captured[2]), key=lambda one: one.time)
    twice = tuple(replace(packet, number=number) for number, packet in enumerate(both, 1))
    trace = assembly.read([lanes[0], lanes[1], lanes[3]], [captured[0], twice, captured[3]])
    assert [visit.lane for visit in trace.journeys[0].visits] == [0, 1, 1, 2]
    assert [visit.lane for visit in trace.journeys[1].visits] == [2, 1, 1, 0]
    assert "destination NAT" in words(trace, 1)[1]
    assert len(trace.journeys) == 11
    row = lay_out(trace.lanes, [(trace.journeys[0], hops.steps(trace.journeys[0], trace.lanes))])
    x = [row.at(row.rows[0], index) for index in range(4)]
    assert x == sorted(x)
    assert x[2] - x[1] == 18


def recorded(page: str, name: str) -> Trace:
    """A trace of the guide's own recordings."""
    lanes, pcaps = trace_support.recorded(f"recordings/2026-11/{page}", name)
    return assembly.read(lanes, [packets(pcap) for pcap in pcaps])


def test_a_bridges_own_copy_is_not_translated_there_and_back() -> None:
    """The answer of the DNS server next door: translated back at the port, its copy on cni0 is not."""
    whole = recorded("services", "whole")
    answer = next(journey for journey in whole.journeys if not journey.forward)
    assert words(whole, answer.number) == [
        "a copy, as it was before it was translated: source 10.42.0.2",
        "",
    ]
    request = next(
        journey for journey in whole.journeys if journey.forward and len(journey.visits) > 5
    )
    assert "destination NAT: destination 10.43.0.80 → 10.42.1.2" in words(whole, request.number)[1]


def test_what_came_after_a_capture_had_its_packets_is_not_gone() -> None:
    whole = recorded("services", "whole")
    notes = {captions.short(journey.visits[0].packet): journey.notes for journey in whole.journeys}
    assert notes["data"] == ("end of capture: node0: cni0 had its 6",)
    endless = [replace(lane, most=None) for lane in whole.lanes]
    again = oddities.noted([replace(journey, notes=()) for journey in whole.journeys], endless)
    assert again[-1].notes == ("not seen after node0: flannel.1",)


def test_what_is_answered_next_door_is_not_gone() -> None:
    """Others go on into the tunnel; the question to the DNS server of this node does not."""
    whole = recorded("services", "whole")
    assert whole.journeys[0].notes == ()
    unanswered = [journey for journey in whole.journeys if journey.number != 2]
    assert oddities.noted(unanswered, whole.lanes)[0].notes == ("not seen after node0: cni0",)
