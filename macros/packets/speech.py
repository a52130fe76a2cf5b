"""What one side of a decoded TCP conversation says, and how it was carried there.

How messages are cut into segments, and when they were acknowledged, is timing. What tells of the
way counts: the headers of the segments, and the size to which a message was cut.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from macros.packets import streams
from macros.packets.facts import Facts
from macros.packets.messages import Message, Talk
from macros.packets.streams import Run, Segment, Way

SMALL = 536
"""Bytes that any receiver takes in a segment (RFC 9293 section 3.7.1): less was not cut to fit."""

Header = tuple[tuple[str, str, str], ...]
"""What counts of a segment's headers: header, field, value."""
_CUTTING = frozenset({"length", "seq", "ack", "sack"})


@dataclass(frozen=True, slots=True)
class Side:
    """One direction of a conversation.

    `gaps` are the bytes missing before each message. `pushed` says whether segments that end as
    they were written have the flag PSH. `cut` is the size of the largest segment that ends within
    one (0: none that is not small), `tries` how often a segment was sent that nobody acknowledged,
    `rewritten` what came again as other bytes, `read` how much of the other side it acknowledged;
    where both speak when they like, only whether it was any. `closed`: it sent its FIN.
    """

    way: Way
    messages: tuple[Message, ...]
    gaps: tuple[int, ...]
    headers: frozenset[Header]
    pushed: frozenset[bool]
    cut: int
    tries: int
    rewritten: tuple[Run, ...]
    read: int
    closed: bool


def sides(talk: Talk, segments: Sequence[Segment], facts: Facts) -> Mapping[Way, Side]:
    """Both directions, or the one that was captured."""
    ways = streams.by_way(segments)
    read = {
        way: max((segment.ack or 0 for segment in mine), default=0) for way, mine in ways.items()
    }
    return {
        way: _side(talk, way, mine, facts, read=read[way], confirmed=read.get(way[::-1], 0))
        for way, mine in ways.items()
    }


def _side(
    talk: Talk,
    way: Way,
    segments: Sequence[Segment],
    facts: Facts,
    *,
    read: int,
    confirmed: int,
) -> Side:
    messages = talk.ways[way]
    ends = {message.end for message in messages if message.whole}
    pushed: set[bool] = set()
    tries: dict[tuple[int, int], int] = {}
    cut = 0
    for segment in segments:
        size = len(segment.data)
        end = segment.first + size
        if not size:
            continue
        if _ends_a_write(segment, ends):
            pushed.add("PSH" in segment.flags)
        else:
            cut = max(cut, size)
        if end > confirmed:
            tries[segment.first, size] = tries.get((segment.first, size), 0) + 1
    behind = [message.end for message in messages[:-1]]
    missing = (after.first - end for after, end in zip(messages[1:], behind, strict=True))
    return Side(
        way,
        messages,
        (0, *missing)[: len(messages)],
        headers(segments, facts),
        frozenset(pushed),
        cut,
        max(tries.values(), default=1),
        tuple(streams.runs(segments)[1]),
        read if talk.protocol.asks else min(read, 2),
        any("FIN" in segment.flags for segment in segments),
    )


def _ends_a_write(segment: Segment, ends: Container[int]) -> bool:
    """Whether a segment ends where its sender wrote no more, so that its PSH is a fact.

    At the end of a message, or within one if it is small: a segment that was cut to fit is not,
    and of those the kernel pushes now one, now another.
    """
    size = len(segment.data)
    return segment.first + size in ends or size < SMALL


def headers(segments: Iterable[Segment], facts: Facts) -> frozenset[Header]:
    """What counts of segments' headers, but for what cutting into segments changes.

    Those that open or break off a connection are facts by themselves.
    """
    plain = (segment for segment in segments if not segment.flags & {"SYN", "RST"})
    return frozenset(_header(segment, facts, segment.flags - {"FIN", "PSH"}) for segment in plain)


def carriers(message: Message, facts: Facts) -> frozenset[Header]:
    """The same of the segments that carry one message: whether one closes, and pushes, as well."""
    return frozenset(
        _header(
            segment,
            facts,
            segment.flags if _ends_a_write(segment, {message.end}) else segment.flags | {"PSH"},
        )
        for segment in message.segments
    )


def _header(segment: Segment, facts: Facts, flags: frozenset[str]) -> Header:
    values = []
    for level, layer in enumerate(segment.packet.layers[: segment.level + 1]):
        for field in layer.fields:
            if field.name in _CUTTING:
                continue
            value = facts.value(segment.packet, level, field)
            if layer.name == "TCP" and field.name == "flags":
                value = " ".join(sorted(flags))
            if value is not None:
                values.append((layer.title, field.name, str(value)))
    return tuple(values)
