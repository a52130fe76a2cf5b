"""Which packets of a trace reached their destination, by what answered them.

Captures do not say whose an address is. An answer is proof: an echo reply with the request's
number, the acknowledgement of a segment that was sent once only, a datagram back. Another packet
to the same address that was seen as far as an answered one got there, too. An answer has arrived
where what it answers was seen first; and by another link, too, in the namespace that it was asked
from: that of a request's first interface, where that is the only one there that saw it. A router
sees what it passes on come and go.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from macros.packets import conversations
from macros.packets.conversations import Flow
from macros.packets.packet import Layer, Packet
from macros.traces.segments import carried
from macros.traces.trace import Journey, Lane

_ECHO = {("ICMP", 8): 0, ("ICMPv6", 128): 129}
"""An echo request's type, and that of its reply: RFC 792, RFC 4443."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a packet says of itself: from whom to whom at each lane, and a segment's bytes.

    `back` are the same ends the other way round: those of its answers.
    """

    number: int
    forward: bool
    packet: Packet
    ends: frozenset[tuple[str, str]]
    back: frozenset[tuple[str, str]]
    flows: frozenset[Flow]
    first: int
    last: int
    lanes: frozenset[int]
    bytes: tuple[int, int] | None


def arrived(journeys: Sequence[Journey], lanes: Sequence[Lane]) -> frozenset[int]:
    """The numbers of the journeys that reached their destination; of the others nobody knows."""
    sent = [_sent(journey) for journey in journeys]
    as_far = {
        _end(journey)
        for index, (journey, own) in enumerate(zip(journeys, sent, strict=True))
        if _answered(own, sent, index) or _is_back(own, sent[:index], lanes)
    }
    return frozenset(journey.number for journey in journeys if _end(journey) in as_far)


def _sent(journey: Journey) -> _Sent:
    packet = journey.visits[0].packet
    seen = [visit.packet for visit in journey.visits]
    ends = frozenset(conversations.ends(form) for form in seen)
    return _Sent(
        journey.number,
        journey.forward,
        packet,
        ends,
        frozenset((target, source) for source, target in ends),
        frozenset(conversations.flow(form) for form in seen),
        journey.visits[0].lane,
        journey.visits[-1].lane,
        frozenset(visit.lane for visit in journey.visits),
        carried(packet),
    )


def _end(journey: Journey) -> tuple[int, str]:
    """Where a packet was seen last, and to which address it goes there."""
    last = journey.visits[-1]
    network = conversations.address(last.packet)
    return last.lane, network["dst"].shown if network is not None else ""


def _is_back(own: _Sent, before: Sequence[_Sent], lanes: Sequence[Lane]) -> bool:
    return any(
        (other.first == own.last or _same_asker(own, other, lanes))
        and other.forward != own.forward
        and own.ends & other.back
        for other in before
    )


def _same_asker(own: _Sent, asked: _Sent, lanes: Sequence[Lane]) -> bool:
    """Whether an answer was last seen in the namespace that it was asked from, at another link."""
    home = _namespace(lanes[asked.first])
    there = [lane for lane in asked.lanes if _namespace(lanes[lane]) == home]
    return len(there) == 1 and len(asked.lanes) > 1 and _namespace(lanes[own.last]) == home


def _namespace(lane: Lane) -> tuple[str, str]:
    return lane.node, lane.netns


def _answered(own: _Sent, sent: Sequence[_Sent], index: int) -> bool:
    there = [other for other in sent if other.forward == own.forward and other is not own]
    answers = [
        later
        for later in sent[index + 1 :]
        if later.forward != own.forward and own.ends & later.back
    ]
    if own.packet.last("TCP") is not None:
        acknowledged = any(_acknowledges(later.packet, own.bytes) for later in answers)
        return acknowledged and not any(_share_bytes(own, other) for other in there)
    if own.packet.last("UDP") is not None:
        # Of several that went before the answer nobody knows which one it answers.
        before = [other.number for other in there if own.flows & other.flows]
        return any(not any(n < later.number for n in before) for later in answers)
    return any(_echoes(later.packet, own.packet) for later in answers)


def _echoes(answer: Packet, packet: Packet) -> bool:
    """Whether one is the reply to the other's echo request: its identifier and its number."""
    for name in ("ICMP", "ICMPv6"):
        asked, told = packet.last(name), answer.last(name)
        if asked is None or told is None:
            continue
        reply = _ECHO.get((name, int(asked["type"].value)))
        if reply is not None and told["type"].value == reply:
            return _number(packet, asked) == _number(answer, told)
    return False


def _number(packet: Packet, echo: Layer) -> bytes:
    """An echo's identifier and sequence number: four bytes behind type, code and checksum."""
    return packet.data[echo.offset + 4 : echo.offset + 8]


def _acknowledges(answer: Packet, taken: tuple[int, int] | None) -> bool:
    """Whether all that a segment carries is acknowledged: RFC 9293, section 3.4."""
    segment = answer.last("TCP")
    flags = segment.get("flags") if segment is not None else None
    if taken is None or segment is None or flags is None:
        return False
    first, size = taken
    behind = (int(segment["ack"].value) - first - size) % 2**32
    return "ACK" in flags.shown.split() and behind < 2**31


def _share_bytes(own: _Sent, other: _Sent) -> bool:
    """Whether the other has some of the same bytes: then it may be the one that arrived."""
    if own.bytes is None or other.bytes is None or not own.flows & other.flows:
        return False
    (first, size), (start, length) = own.bytes, other.bytes
    return (start - first) % 2**32 < size or (first - start) % 2**32 < length
