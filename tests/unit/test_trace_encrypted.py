"""A trace with taps behind encryption: whose clock, which way, what is gone and what only hidden."""

import struct

import pytest

from macros.figures.traces import trace_figure, upright
from macros.packets import dissector
from macros.packets.packet import Packet
from macros.traces import assembly, hops, oddities
from macros.traces.trace import Lane, Trace
from tests import trace_support
from tests.trace_support import told
from tests.unit.test_packets_encrypted import ipv4, pcap, udp

LANES = [
    Lane("a", "node0", "", "", "ipsec0"),
    Lane("b", "node0", "", "", "eth1"),
    Lane("c", "node1", "", "", "eth1"),
    Lane("d", "node1", "", "", "ipsec0"),
]
BEHIND = 50_000  # microseconds: node1's clock


def notes(trace: Trace) -> dict[int, tuple[str, ...]]:
    return {journey.number: journey.notes for journey in trace.journeys if journey.notes}


def test_an_answer_comes_back_and_nothing_is_gone() -> None:
    trace = trace_support.trace("wireguard")
    assert told(trace) == [
        (">", "echo request 1", [0, 3]),
        (">", "UDP", [1, 2]),
        ("<", "UDP", [2, 1]),
        ("<", "echo reply 1", [3, 0]),
    ]
    assert notes(trace) == {
        2: (f"{oddities.UNREADABLE} (by its times and its length no. 1)",),
        3: (f"{oddities.UNREADABLE} (by its times and its length no. 4)",),
    }


def test_clocks_are_compared_by_what_is_the_same_at_both_ends() -> None:
    trace = trace_support.trace("wireguard")
    clock = trace.clock("node1")
    assert clock is not None
    # node0 sends at .879369 and receives at .880603, node1 receives at .869055, sends at .869913.
    assert -clock.ahead - clock.error == 10_314_000
    assert -clock.ahead + clock.error == 10_690_000
    assert clock.pair == (2, 3)


def test_no_arrow_leaps_over_what_sees_only_the_packet_around() -> None:
    trace = trace_support.trace("wireguard")
    (step,) = hops.steps(trace.journeys[0], trace.lanes)
    assert step.words == "encrypted, carried by no. 2: its times and its length say so"
    assert not any(hops.steps(trace.journeys[1], trace.lanes)[0].marks)
    figure = trace_figure.whole(trace, ["tcpdump"] * 4, id="way", title="One ping")
    wide, _, rest = figure.partition("tr-upright")
    for picture in (wide, rest.partition("tr-legend")[0]):
        assert picture.count("way is-sealed") == 2
        assert picture.count('class="way"') == 2
        assert "encrypted" in picture
        assert "cross" not in picture


# ESP, with packets of our own: RFC 4303, section 2; the numbers of xfrm's algorithms do not count.


def echo(kind: int, seq: int) -> bytes:
    ends = (1, 2) if kind == 8 else (2, 1)
    return ipv4(1, struct.pack("!BBHHH", kind, 0, 0, 7, seq) + bytes(range(56)), ends)


def esp(spi: int, seq: int) -> bytes:
    """What has an echo in it: 84 bytes, filled up, and what authenticates them."""
    ends = (11, 12) if spi == 0x1000 else (12, 11)
    load = bytes((spi >> 8, seq)) * 62
    return ipv4(50, struct.pack("!II", spi, seq) + load, ends)


def capture(*frames: tuple[int, bytes], behind: int = 0) -> tuple[Packet, ...]:
    raw = pcap(*(data for _, data in frames))
    out, offset = bytearray(raw), 24
    for time, data in frames:
        struct.pack_into("<II", out, offset, 100, time + 200_000 - behind)
        offset += 16 + len(data)
    return dissector.packets(bytes(out))


def ping(
    seq: int, start: int, *, on_wire: bool = True, decrypts: bool = True
) -> list[list[tuple[int, bytes]]]:
    """One ping at the four taps, from `start` on: as far as it comes."""
    seen: list[list[tuple[int, bytes]]] = [
        [(start, echo(8, seq))],
        [(start + 50, esp(0x1000, seq))],
    ]
    seen += [[], []]
    if on_wire:
        seen[2].append((start + 300, esp(0x1000, seq)))
    if on_wire and decrypts:
        seen[3] += [(start + 350, echo(8, seq)), (start + 370, echo(0, seq))]
        seen[2].append((start + 420, esp(0x2000, seq)))
        seen[1].append((start + 700, esp(0x2000, seq)))
        seen[0].append((start + 750, echo(0, seq)))
    return seen


def trace_of(*pings: list[list[tuple[int, bytes]]]) -> Trace:
    captures = []
    for lane in range(4):
        frames = [seen for each in pings for seen in each[lane]]
        captures.append(capture(*frames, behind=BEHIND if lane > 1 else 0))
    return assembly.read(LANES, captures)


def test_esp_is_told_alike() -> None:
    trace = trace_of(ping(1, 0), ping(2, 5000))
    assert [(way, lanes) for way, _, lanes in told(trace)] == 2 * [
        (">", [0, 3]),
        (">", [1, 2]),
        ("<", [2, 1]),
        ("<", [3, 0]),
    ]
    assert [journey.carrier for journey in trace.journeys] == [2, 0, 0, 3, 6, 0, 0, 7]
    assert all(note[0].startswith(oddities.UNREADABLE) for note in notes(trace).values())
    clock = trace.clock("node1")
    assert clock is not None
    assert (-clock.ahead - clock.error) // 1000 <= BEHIND <= (-clock.ahead + clock.error) // 1000


def test_what_is_lost_between_the_nodes_is_gone() -> None:
    trace = trace_of(ping(1, 0), ping(2, 5000, on_wire=False))
    said = notes(trace)
    assert said[5] == ("not seen after node0: eth1, where no. 6 carried it",)
    assert said[6][0] == "not seen after node0: eth1"


def test_what_is_lost_behind_the_wire_is_gone_and_what_carried_it_is_not() -> None:
    trace = trace_of(ping(1, 0), ping(2, 5000, decrypts=False))
    said = notes(trace)
    assert said[5] == ("not seen after node1: eth1, where no. 6 carried it",)
    assert said[6][0].startswith(oddities.UNREADABLE)


@pytest.mark.parametrize("far", [True, False])
def test_the_narrow_picture_says_the_same(far: bool) -> None:
    trace = trace_of(ping(1, 0), ping(2, 5000, on_wire=far, decrypts=False))
    walked = [(journey, hops.steps(journey, trace.lanes)) for journey in trace.journeys]
    narrow = upright.drawing(trace, walked, "T", lambda number, _visit: f"#{number}")
    wide = trace_figure.whole(trace, ["tcpdump"] * 4, id="w", title="T").partition("tr-upright")[0]
    for word in ('class="cross"', ">gone<", ">encrypted<"):
        assert narrow.count(word) == wide.count(word) > 0, word


def test_what_is_as_long_but_too_late_carries_nothing() -> None:
    one = ping(1, 0)
    late = [one[0][:1], [(9000, esp(0x1000, 1))], [(9300, esp(0x1000, 1))], one[3][:1]]
    trace = trace_of(late)
    assert [journey.carrier for journey in trace.journeys] == [0, 0]
    (step,) = hops.steps(trace.journeys[0], trace.lanes)
    assert step.words == "encrypted, in a packet that cannot be told here"


def test_of_two_ends_that_nothing_tells_of_the_first_goes_forward() -> None:
    one = ping(1, 0)
    long = [[(time, data + bytes(400)) for time, data in side] for side in one[1:3]]
    for frames in long:
        for number, (time, data) in enumerate(frames):
            total = struct.pack("!H", len(data) - 14)
            frames[number] = time, data[:16] + total + data[18:]
    trace = trace_of([one[0], *long, one[3]])
    assert [(journey.forward, journey.carrier) for journey in trace.journeys] == [
        (True, 0),
        (True, 0),
        (False, 0),
        (False, 0),
    ]


def test_two_handshakes_are_two_packets() -> None:
    begun, other = (
        udp(b"\x01" + bytes(3) + struct.pack("<I", sender) + bytes(140)) for sender in (7, 8)
    )
    both = (0, begun), (5000, other)
    late = (300, begun), (5300, other)
    trace = assembly.read(LANES[1:3], [capture(*both), capture(*late)])
    assert [[visit.lane for visit in journey.visits] for journey in trace.journeys] == 2 * [[0, 1]]
    assert all(len(journey.visits) == 2 for journey in trace.journeys)
