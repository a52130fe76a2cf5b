"""What a packet and a time are called in a trace: in as few letters as can be."""

import re

from macros.packets import summary
from macros.packets.packet import Packet
from macros.traces import oddities
from macros.traces.sightings import innermost
from macros.traces.trace import Clock, Journey, Lane, Trace

_GONE = "not seen"
_HTTP = re.compile(rb"(GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS) (\S+) |HTTP/1\.\d (\d+ [^\r\n]*)")


def short(packet: Packet) -> str:
    """SYN ACK, GET /, 200 OK, echo request 1, ARP request."""
    arp = packet.last("ARP")
    if arp is not None:
        operation = arp.get("operation")
        known = {1: "ARP request", 2: "ARP reply"}
        return known.get(int(operation.value), "ARP") if operation is not None else "ARP"
    segment = packet.last("TCP")
    if segment is not None and segment.get("flags"):
        match = _HTTP.match(_data(packet))
        if match:
            return (match[1] + b" " + match[2] if match[1] else match[3]).decode("ascii", "replace")
        words = segment["flags"].shown.split()
        telling = [word for word in words if word not in {"ACK", "PSH"}]
        if telling == ["SYN"] and "ACK" in words:
            return "SYN ACK"
        return " ".join(telling) or ("ACK" if not size(packet) else "data")
    icmp = packet.last("ICMP") or packet.last("ICMPv6")
    if icmp is not None:
        text = summary.what(packet).removeprefix(f"{icmp.name} ").partition(":")[0]
        return text.replace(", seq ", " ")
    return summary.what(packet).partition(",")[0]


def note_word(note: str) -> str:
    """A note in the few letters that a drawing has for it."""
    if note.startswith(oddities.UNREADABLE):
        return "encrypted"
    gone = note.startswith(_GONE)
    return "gone" if gone else note.partition(":")[0].partition(" by ")[0]


def is_gone(journey: Journey) -> bool:
    """Whether a packet was seen no further on its way."""
    return any(note.startswith(_GONE) for note in journey.notes)


def size(packet: Packet) -> int:
    """The bytes of data that it carries, by what its IP header says."""
    address = innermost(packet)
    above = packet.last("TCP") or packet.last("UDP")
    if address is None or above is None or above.offset < address.offset:
        return 0
    return max(0, address.end - above.offset - above.length)


def titled(packet: Packet) -> str:
    """The short name, and how many bytes of data it carries."""
    carried = size(packet)
    return f"{short(packet)} · {carried} B" if carried else short(packet)


def took(time: int) -> str:
    """A time between two interfaces, in nanoseconds, to the microsecond: "36 µs", "12.3 ms"."""
    if time < 1000:
        return "< 1 µs"
    if time < 1_000_000:
        return f"{time // 1000} µs"
    return f"{time / 1e6:.3g} ms" if time < 1_000_000_000 else f"{time / 1e9:.3g} s"


def since_first(trace: Trace, journey: Journey) -> str:
    """When the first lane saw it, counted from the first packet: "+3.691 ms".

    Of what the first lane never saw, the aligned time, with a sign that it is not exact; nothing
    where the clocks' error is larger than the time itself.
    """
    start = _moment(trace, trace.journeys[0])
    here = _moment(trace, journey)
    if start is None or here is None:
        return ""
    (begun, _), (now, error) = start, here
    passed = now - begun
    if not error:
        return f"+{passed / 1e6:.3f} ms" if passed < 10_000_000_000 else f"+{passed / 1e9:.3f} s"
    return f"≈ +{passed / 1e6:.1f} ms" if abs(passed) > error else ""


def _moment(trace: Trace, journey: Journey) -> tuple[int, int] | None:
    """When a journey was seen, by the reference's clock, and how far that may be off."""
    visit = next(iter(journey.at(0)), journey.visits[0 if journey.forward else -1])
    clock = trace.clock(trace.lanes[visit.lane].node)
    if clock is None:
        return None
    return visit.packet.time - clock.ahead, clock.error


_HUNDREDTH = 10_000  # nanoseconds: of a millisecond; an error is never rounded down


def clock_words(clock: Clock) -> str:
    """How a clock stands: "node1's clock is 4.06 ms behind node0's, give or take 0.09 ms"."""
    way = "ahead of" if clock.ahead > 0 else "behind"
    return (
        f"{clock.node}'s clock is {_ms(abs(clock.ahead))} {way} {clock.via}'s,"
        f" give or take {_ms(-(-clock.error // _HUNDREDTH) * _HUNDREDTH)}"
    )


def round_trip_words(clock: Clock) -> str:
    """What can be said of the wire between two nodes: both ways together."""
    there, back = clock.pair
    return (
        "So how long a packet took from one node to the other cannot be told, only how long it"
        f" was there and back: at least {took(clock.round_trip)} (nos. {there} and {back})"
    )


def _ms(time: int) -> str:
    return f"{time / 1e6:.2f} ms"


def lane_name(lane: Lane) -> str:
    """The interface, with its namespace where that is not the node's own."""
    return f"{lane.label} {lane.interface}" if lane.label else lane.interface


def _data(packet: Packet) -> bytes:
    payloads = [layer for layer in packet.layers if layer.name == "Data" and not layer.role]
    return payloads[0].fields[0].raw if payloads else b""
