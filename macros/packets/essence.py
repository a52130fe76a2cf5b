"""What a capture tells: its conversations, without what comes by chance.

Two captures tell the same when their conversations do, in the order in which these began. What is
left out is what facts.py leaves out of headers, and what is only timing: how packets that do not
know of one another are interleaved, and in TCP (RFC 9293) how many acknowledgements say what a
later one says as well, how small writes are joined to segments, and how far a window is open.
Where the messages in TCP are decoded (messages.py), those of each direction count, in order,
whichever segments they came in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from macros.packets import messages, numbers, purpose, speech, streams
from macros.packets.facts import Facts
from macros.packets.http import undated
from macros.packets.messages import Message
from macros.packets.names import PINGS
from macros.packets.packet import Packet
from macros.packets.speech import SMALL, Side
from macros.packets.streams import Segment, Way

_ENDS = (("src", "dst"), ("sender_ip", "target_ip"), ("sport", "dport"))


def told(packets: Sequence[Packet], keep: str = "") -> list[Any]:
    """What packets say, conversation by conversation; see above.

    A TCP segment that came again is left out, unless it was never answered: that nobody answers
    is a fact, and how often was asked. With `keep`, the words of what the capture is for, only
    that counts (purpose.py), and how it was carried; nothing where it is not there.
    """
    facts = Facts(packets)
    if keep:
        return _kept(packets, keep, facts)
    members_of: dict[Any, list[Any]] = {}
    for packet in packets:
        way = streams.way_of(packet)
        key = _others(packet, facts.pings) if way is None else ("TCP", *sorted(way))
        members_of.setdefault(key, []).append(packet)
    return [(key, _conversation(key, members, facts)) for key, members in members_of.items()]


def _conversation(key: tuple[Any, ...], packets: Sequence[Packet], facts: Facts) -> Any:
    if key[:1] != ("TCP",):
        return [(packet.wire, packet.captured, _layers(packet, facts)) for packet in packets]
    segments = list(streams.segments(packets, facts.starts))
    ways = {segment.way for segment in segments}
    conversation = _Conversation(facts)
    for segment in segments:
        conversation.add(segment, answered=segment.way[::-1] in ways)
    talk = messages.talk(segments)
    if talk is None:
        return conversation.told()
    return conversation.said(speech.sides(talk, segments, facts))


def _kept(packets: Sequence[Packet], keep: str, facts: Facts) -> list[Any]:
    kept = purpose.kept(packets, keep)
    if isinstance(kept, Message):
        return [(kept.way, kept.told, sorted(speech.carriers(kept, facts)))]
    return [] if kept is None else told((kept,))


class _Header(NamedTuple):
    """What counts of a segment beside its data, as text.

    `plain` is that of a segment which carries nothing; `whole` is all of the packet.
    """

    plain: str
    full: str
    whole: str


class _Data(NamedTuple):
    """Bytes that followed one another in small segments, or those of one large one."""

    seq: int
    data: bytes
    headers: frozenset[str]
    joins: bool


@dataclass(slots=True)
class _Way:
    """One direction of a TCP conversation."""

    items: list[Any] = field(default_factory=list)
    plain: set[str] = field(default_factory=set)
    seen: set[Any] = field(default_factory=set)
    sent: int = 0
    read: int = 0

    def told(self) -> Any:
        """Dates are taken out of the data as a whole: one may stand in two segments."""
        items = [
            (item.seq, undated(item.data), sorted(item.headers))
            if isinstance(item, _Data)
            else item
            for item in self.items
        ]
        return items, sorted(self.plain), self.read


@dataclass(slots=True)
class _Conversation:
    """The two directions of a TCP conversation, segment by segment."""

    facts: Facts
    ways: dict[Way, _Way] = field(default_factory=dict)
    early: set[Any] = field(default_factory=set)

    def add(self, segment: Segment, *, answered: bool) -> None:
        """The next segment of a direction."""
        header, seq, data = _header(segment, self.facts), segment.seq or 0, segment.data
        way = self.ways.setdefault(segment.way, _Way())
        back = self.ways.get(segment.way[::-1])
        if segment.size and back is not None and way.sent <= seq < back.read:
            # It was answered before this capture shows it.
            self.early.add((segment.way, seq))
        if segment.ack is not None:
            if back is not None and segment.ack > back.sent:
                # It answers what this capture shows later, or not at all.
                self.early.add((segment.way, segment.ack))
            begins = self.facts.starts.begins(segment.way[::-1]) and "SYN" not in segment.flags
            shakes = begins and segment.ack == 1 and way.read == 0
            way.read = max(way.read, segment.ack)
            if shakes and not data:
                way.items.append(("handshake", header.full))
                return
        if segment.flags & {"SYN", "RST"}:
            _append(way, seq, ("start", header.whole), answered=answered)
        elif data or "FIN" in segment.flags:
            if data:
                _carry(way, segment, header.full, answered=answered)
            if "FIN" in segment.flags:
                end = ("end", seq + len(data), header.full)
                _append(way, seq, end, answered=answered)
        if "SYN" not in segment.flags and len(data) < SMALL:
            # As an acknowledgement alone would be: one more or less of the same is no change.
            way.plain.add(header.plain)
        way.sent = max(way.sent, seq + segment.size)

    def told(self) -> Any:
        """What can be compared."""
        return {key: way.told() for key, way in self.ways.items()}, sorted(self.early)

    def said(self, sides: Mapping[Way, Side]) -> Any:
        """The same where the messages of both directions are known."""
        return {key: (_signs(way), _said(sides[key])) for key, way in self.ways.items()}, sorted(
            self.early
        )


def _signs(way: _Way) -> list[Any]:
    """How a direction begins and ends; what counts of a last segment's header is in its side."""
    signs = (item for item in way.items if not isinstance(item, _Data))
    return [sign[:2] if sign[0] == "end" else sign for sign in signs]


def _said(side: Side) -> Any:
    sent = [
        (message.layer.name, gap, message.told)
        for message, gap in zip(side.messages, side.gaps, strict=True)
    ]
    ways = sorted(side.headers), sorted(side.pushed), side.cut
    return sent, *ways, side.tries, side.rewritten, side.read


def _append(way: _Way, seq: int, item: Any, *, answered: bool) -> None:
    key = (seq, item)
    if not (answered and key in way.seen):
        way.seen.add(key)
        way.items.append(item)


def _carry(way: _Way, segment: Segment, header: str, *, answered: bool) -> None:
    """Add a segment's data to what it follows, or by itself."""
    seq, data = segment.seq or 0, segment.data
    key = (seq, data, header)
    if answered and key in way.seen:
        return
    way.seen.add(key)
    last = way.items[-1] if way.items else None
    small = len(data) < SMALL
    if isinstance(last, _Data) and last.joins and small and last.seq + len(last.data) == seq:
        way.items[-1] = last._replace(data=last.data + data, headers=last.headers | {header})
    else:
        way.items.append(_Data(seq, data, frozenset({header}), small))


def _header(segment: Segment, facts: Facts) -> _Header:
    packet, level, flags = segment.packet, segment.level, segment.flags
    layers = _layers(packet, facts)
    values = dict(layers[level][3])
    for name in ("seq", "sack", *(("ack",) if "ACK" in flags else ())):
        values.pop(name, None)
    small = len(segment.data) < SMALL
    below = []
    for name, role, length, inner in layers[:level]:
        without = {key: value for key, value in inner.items() if key != "length"}
        below.append((name, role, length, without if small else inner))
    cut, own = packet.captured < packet.wire, layers[level][:3]

    def text(shown: frozenset[str]) -> str:
        return repr((cut, below, own, {**values, "flags": sorted(shown)}))

    return _Header(
        plain=text(flags - {"FIN", "PSH"}),
        full=text(flags - {"FIN"} if segment.data else flags - {"PSH"}),
        whole=repr((packet.wire, packet.captured, layers)),
    )


def _others(packet: Packet, pings: Mapping[int, int]) -> Any:
    """What makes packets without TCP one conversation: their ends, ports, and a ping's id."""
    ends = []
    for layer in packet.layers:
        if layer.role == "quoted":
            break
        for mine, theirs in _ENDS:
            source, target = layer.get(mine), layer.get(theirs)
            if source is None or target is None or layer.name == "Ethernet":
                continue
            if layer.name == "UDP" and target.value in numbers.VXLAN_PORTS:
                continue
            ends.append(sorted((str(source.value), str(target.value))))
        if layer.name in PINGS and layer.get("id"):
            ends.append([str(pings.get(int(layer["id"].value)))])
    return tuple(map(tuple, ends))


def _layers(packet: Packet, facts: Facts) -> list[Any]:
    """The layers of a packet by what counts of them: name, role, length, values."""
    told_layers = []
    for level, layer in enumerate(packet.layers):
        values: dict[str, Any] = {}
        for part in layer.fields:
            value = facts.value(packet, level, part)
            if value is not None:
                values.setdefault(part.name, []).append(value)
        told_layers.append((layer.name, layer.role, layer.length, values))
    return told_layers
