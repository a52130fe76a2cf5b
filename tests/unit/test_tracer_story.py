"""What captures of one request tell: its packets under all their names, and where they end."""

import struct
from collections.abc import Sequence

from macros.figures.topology.observation import End
from macros.packets.dissector import packets
from macros.packets.pcap import records
from macros.tracer.listening import Heard
from macros.tracer.loss import lost
from macros.tracer.request_ends import Target
from macros.tracer.story import Story, told
from macros.tracer.way import Stop, Way
from tests.unit.test_tracer_ends import to
from tests.unit.tracer_support import RECORDED

# One request to a Service, from tools on node0 to hello-1 on node1: chapter 4, `whole`. Of each capture
# the first four packets are read: what comes behind was cut at some and not at others.
PLACES = (
    ("node0", "tools", "eth0", "node0.tools-eth0"),
    ("node0", "", "vethd0889c0e", "node0.vethd0889c0e"),
    ("node0", "", "cni0", "node0.cni0"),
    ("node0", "", "flannel.1", "node0.flannel.1"),
    ("node0", "", "eth1", "node0.eth1"),
    ("node1", "", "eth1", "node1.eth1"),
    ("node1", "", "flannel.1", "node1.flannel.1"),
    ("node1", "", "cni0", "node1.cni0"),
    ("node1", "", "veth7e4e1fbc", "node1.veth7e4e1fbc"),
    ("node1", "hello-1", "eth0", "node1.server-eth0"),
)
STOPS = tuple(
    Stop(End(node, space, name), "veth", "cable", mtu=1500) for node, space, name, _ in PLACES
)
THERE = Way("10.42.0.3", "10.42.1.2", STOPS, "there")
BACK = Way("10.42.1.2", "10.42.0.3", STOPS[::-1], "there")


def heard(at: int, keep: Sequence[int] | None = None) -> Heard:
    """The capture of a stop as recorded; `keep` are those of its TCP packets that were seen."""
    pcap = (RECORDED / "services" / f"whole.{PLACES[at][3]}.pcap").read_bytes()
    link, every = records(pcap)
    assert link == 1
    hearing = Heard(STOPS[at], "tcpdump")
    hearing.take(pcap[:24])
    # On the client's side a query for the name stands before it: what a resolver's port is in.
    resolver = (53).to_bytes(2)
    segments = [frame for frame in every if resolver not in (frame.data[34:36], frame.data[36:38])]
    for number, record in enumerate(segments):
        if keep is None or number in keep:
            seconds, rest = divmod(record.time, 10**9)
            head = struct.pack("<IIII", seconds, rest // 1000, len(record.data), record.wire)
            hearing.take(head + record.data)
    return hearing


def story(seen: Sequence[Heard]) -> Story:
    return told(seen, to("hello"), ["10.42.0.3"])


def test_a_request_that_came_is_lost_nowhere() -> None:
    whole = story([heard(index, range(4)) for index in range(10)])
    assert lost(whole, THERE, BACK) is None
    assert all(len({stop.end for stop in sight.stops}) == 10 for sight in whole.sights)
    assert whole.servers == ("10.42.1.2", "10.43.0.80")
    assert whole.clients == ("10.42.0.3",)
    assert {sight.forward for sight in whole.sights} == {True, False}


def test_the_last_place_where_it_was_seen_and_the_next() -> None:
    seen = [heard(index, [0]) if index < 5 else heard(index, []) for index in range(10)]
    loss = lost(story(seen), THERE, BACK)
    assert loss is not None
    assert loss.what == "request"
    assert loss.last == STOPS[4]
    assert loss.next == STOPS[5]


def test_an_answer_that_is_lost_is_looked_for_on_the_way_back() -> None:
    seen = [heard(index, [0, 1]) if index > 6 else heard(index, [0]) for index in range(10)]
    loss = lost(story(seen), THERE, BACK)
    assert loss is not None
    assert loss.what == "answer"
    assert (loss.last, loss.next) == (STOPS[7], STOPS[6])


def test_a_server_that_says_nothing_was_reached() -> None:
    loss = lost(story([heard(index, [0]) for index in range(10)]), THERE, BACK)
    assert loss is not None
    assert loss.what == "silent"
    assert loss.last == STOPS[9]


def test_a_request_that_was_never_seen_never_left() -> None:
    loss = lost(story([heard(index, []) for index in range(10)]), THERE, BACK)
    assert loss is not None
    assert loss.last is None
    assert loss.next == STOPS[0]


def test_data_that_does_not_fit_is_lost_after_the_greeting() -> None:
    # The SYN and its answer; then the request's own segment, which comes up to cni0 only.
    seen = [heard(index, range(3)) if index < 3 else heard(index, range(2)) for index in range(10)]
    loss = lost(story(seen), THERE, BACK)
    assert loss is not None
    assert loss.what == "data"
    assert (loss.last, loss.next) == (STOPS[2], STOPS[3])


def test_a_stop_that_nothing_listened_at_takes_nothing_from_the_rest() -> None:
    seen = [heard(index, range(4)) for index in range(10)]
    seen[4] = Heard(STOPS[4], "tcpdump", "tcpdump: eth1: No such device exists")
    assert lost(story(seen), THERE, BACK) is None


def _error(source: str, code: int) -> bytes:
    """An ICMP error of `source` about a datagram from tools to port 81 of hello-1."""
    client, server = bytes([10, 42, 0, 3]), bytes([10, 42, 1, 2])
    datagram = struct.pack("!HHHH", 40000, 81, 8, 0)
    quoted = struct.pack("!BBHHHBBH", 69, 0, 28, 1, 0, 64, 17, 0) + client + server + datagram
    error = struct.pack("!BBHI", 3, code, 0, 0) + quoted
    head = struct.pack("!BBHHHBBH", 69, 0, 20 + len(error), 2, 0, 64, 1, 0)
    return head + bytes(map(int, source.split("."))) + client + error


def _datagram_story(source: str, code: int) -> Story:
    """A datagram that came to hello-1, and the error that went back."""
    client, server = bytes([10, 42, 0, 3]), bytes([10, 42, 1, 2])
    asked = struct.pack("!BBHHHBBH", 69, 0, 28, 1, 0, 64, 17, 0) + client + server
    frames = [asked + struct.pack("!HHHH", 40000, 81, 8, 0), _error(source, code)]
    seen = []
    for stop in (STOPS[0], STOPS[9]):
        listener = Heard(stop, "tcpdump")
        listener.take(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for number, data in enumerate(frames):
            listener.take(struct.pack("<IIII", 1, number, len(data), len(data)) + data)
        seen.append(listener)
    target = Target("pod default/hello-1", "pod", "10.42.1.2", 81, "udp")
    return told(seen, target, ["10.42.0.3"])


def test_a_port_that_nobody_listens_at_refuses_a_datagram() -> None:
    way = Way("10.42.0.3", "10.42.1.2", (STOPS[0], STOPS[9]), "there")
    loss = lost(_datagram_story("10.42.1.2", 3), way, None)
    assert loss is not None
    assert loss.what == "refused"
    # Others' errors, and other errors, are not a port that refuses.
    for source, code in (("10.42.1.1", 3), ("10.42.1.2", 10)):
        loss = lost(_datagram_story(source, code), way, None)
        assert loss is not None
        assert loss.what == "silent"


def test_of_an_application_that_asks_all_the_time_it_is_the_request_that_was_waited_for() -> None:
    # tools' own interface was listened at before the others, and saw the request before this one.
    early = heard(0, [0])
    pcap = bytearray(early.pcap())
    for place, number in ((18, 4711), (34, 40001), (40, 7)):  # IP's id, port, sequence number
        pcap[40 + place : 42 + place] = number.to_bytes(2)
    seen = [heard(index, range(4)) for index in range(10)]
    seen[0] = Heard(STOPS[0], "tcpdump")
    seen[0].take(bytes(pcap) + heard(0, range(4)).pcap()[24:])
    assert lost(story(seen), THERE, BACK) is not None
    (port,) = {packet.data[34:36] for packet in packets(early.pcap())}
    waited = told(seen, to("hello"), ["10.42.0.3"], f"10.42.0.3:{int.from_bytes(port)}")
    assert lost(waited, THERE, BACK) is None


def test_a_capture_that_lacks_packets_is_no_proof_that_they_were_lost() -> None:
    seen = [heard(index, range(4)) for index in range(10)]
    seen[9] = heard(9, [0, 1])
    assert lost(story(seen), THERE, BACK) is not None
    seen[9].why = "its node was too busy to hand over all that it had captured"
    assert lost(story(seen), THERE, BACK) is None
    # What other captures lack is still a loss.
    seen = [heard(index, range(4)) if index < 3 else heard(index, [0, 1]) for index in range(10)]
    seen[0].why = "its node was too busy to hand over all that it had captured"
    assert lost(story(seen), THERE, BACK) is not None
