"""TCP as two streams of bytes: relative numbers, and what each direction sent, put together.

Sequence numbers start anywhere (RFC 9293 section 3.4.1), so they count from where their direction
begins: its SYN or, in a capture that has none, the byte before the first that it shows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from macros.packets.packet import Layer, Packet

End = tuple[Any, Any]
"""An address and a port, as numbers or text; comparable."""
Way = tuple[End, End]
"""The direction of a segment: its sender and its receiver."""


class Segment(NamedTuple):
    """A TCP segment of a conversation.

    `level` is its layer in the packet. `seq` and `ack` count from the beginning of their
    direction (None where the header is cut, or does not acknowledge); `data` is what was captured.
    """

    packet: Packet
    level: int
    way: Way
    seq: int | None
    ack: int | None
    flags: frozenset[str]
    data: bytes

    @property
    def layer(self) -> Layer:
        """The TCP header."""
        return self.packet.layers[self.level]

    @property
    def first(self) -> int:
        """The number of its first byte of data: a SYN takes one number itself."""
        return (self.seq or 0) + ("SYN" in self.flags)

    @property
    def size(self) -> int:
        """The numbers that it takes: its bytes, and one each for SYN and FIN."""
        return len(self.data) + len(self.flags & {"SYN", "FIN"})


class Run(NamedTuple):
    """Bytes without a gap, and the number of the first."""

    first: int
    data: bytes


def ends_of(packet: Packet, level: int) -> Way | None:
    """The sender and the receiver of the TCP header at layer `level`; None where it is no such."""
    layer = packet.layers[level]
    source, target = layer.get("sport"), layer.get("dport")
    if source is None or target is None or layer.name != "TCP":
        return None
    under = next((outer for outer in reversed(packet.layers[:level]) if outer.get("src")), None)
    if under is None or under.get("dst") is None:
        return ("", source.value), ("", target.value)
    return (under["src"].value, source.value), (under["dst"].value, target.value)


def way_of(packet: Packet) -> Way | None:
    """The direction of a packet's own TCP segment, not of one that an ICMP error quotes."""
    level = _place(packet)
    return None if level is None else ends_of(packet, level)


def flags_of(layer: Layer) -> frozenset[str]:
    """The flags of a TCP header by name."""
    shown = layer.get("flags")
    return frozenset() if shown is None else frozenset(shown.shown.split())


def is_reset(packet: Packet) -> bool:
    """Whether a packet's innermost TCP header has RST."""
    segment = packet.last("TCP")
    return segment is not None and "RST" in flags_of(segment)


def _place(packet: Packet) -> int | None:
    places = (
        level
        for level, layer in enumerate(packet.layers)
        if layer.name == "TCP" and layer.role != "quoted"
    )
    return max(places, default=None)


@dataclass(slots=True)
class _Numbers:
    """What was seen of one direction's numbers."""

    syn: int | None = None
    sent: list[int] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)


class Starts:
    """Where the numbers of each direction begin, found over all packets of a capture."""

    def __init__(self, packets: Iterable[Packet]) -> None:
        """Headers that an ICMP error quotes count by themselves."""
        seen: dict[Any, _Numbers] = {}
        for packet in packets:
            for level, layer in enumerate(packet.layers):
                if layer.name == "TCP":
                    _note(seen, packet, level)
        self._bases = {key: _base(numbers) for key, numbers in seen.items()}
        self._shakes = {key for key, numbers in seen.items() if numbers.syn is not None}

    def begins(self, way: Way) -> bool:
        """Whether the capture has this direction's SYN."""
        return (False, *way) in self._shakes

    def seq(self, packet: Packet, level: int) -> int | None:
        """The relative sequence number of the TCP header at layer `level`."""
        return self._relative(packet, level, "seq", forward=True)

    def ack(self, packet: Packet, level: int) -> int | None:
        """The relative acknowledgement, None where it has none."""
        if "ACK" not in flags_of(packet.layers[level]):
            return None
        return self._relative(packet, level, "ack", forward=False)

    def edges(self, packet: Packet, level: int) -> list[int]:
        """The relative numbers in a header's SACK option."""
        sack, base = packet.layers[level].get("sack"), self._base(packet, level, forward=False)
        if sack is None or base is None:
            return []
        return [_distance(int(edge), base) for edge in sack.shown.split()]

    def _relative(self, packet: Packet, level: int, name: str, *, forward: bool) -> int | None:
        number = packet.layers[level].get(name)
        base = self._base(packet, level, forward=forward)
        if number is None or base is None:
            return None
        return _distance(int(number.value), base)

    def _base(self, packet: Packet, level: int, *, forward: bool) -> int | None:
        way = ends_of(packet, level)
        if way is None:
            return None
        quoted = packet.layers[level].role == "quoted"
        return self._bases.get((quoted, *(way if forward else way[::-1])))


def _note(seen: dict[Any, _Numbers], packet: Packet, level: int) -> None:
    layer, way = packet.layers[level], ends_of(packet, level)
    if way is None or layer.get("seq") is None:
        return
    quoted = layer.role == "quoted"
    flags, seq = flags_of(layer), int(layer["seq"].value)
    numbers = seen.setdefault((quoted, *way), _Numbers())
    if "SYN" in flags:
        numbers.syn = seq if numbers.syn is None else numbers.syn
    numbers.sent.append(seq)
    if "ACK" in flags and layer.get("ack") is not None:
        back = seen.setdefault((quoted, *way[::-1]), _Numbers())
        back.confirmed.append(int(layer["ack"].value))


def _base(numbers: _Numbers) -> int:
    if numbers.syn is not None:
        return numbers.syn
    known = numbers.sent or numbers.confirmed
    return known[0] + min(_distance(number, known[0]) for number in known) - 1


def _distance(number: int, base: int) -> int:
    """How far a number is from another, where numbers of 32 bits go round; below it is negative."""
    return (number - base + 2**31) % 2**32 - 2**31


def segments(packets: Iterable[Packet], starts: Starts) -> Iterator[Segment]:
    """The TCP segments among packets, in the order in which they were captured."""
    for packet in packets:
        level = _place(packet)
        way = None if level is None else ends_of(packet, level)
        if level is None or way is None:
            continue
        layer = packet.layers[level]
        yield Segment(
            packet,
            level,
            way,
            starts.seq(packet, level),
            starts.ack(packet, level),
            flags_of(layer),
            packet.data[layer.offset + layer.length : layer.end],
        )


def cut(segment: Segment) -> bool:
    """Whether the capture kept less of a segment than there was."""
    return segment.seq is None or segment.packet.captured < segment.packet.wire


def runs(segments: Iterable[Segment]) -> tuple[list[Run], list[Run]]:
    """What one direction sent, in the order of its numbers: each run is without a gap.

    What came again counts once. The second list has bytes that came again as others: that is
    never left out, for one of the two is what the receiver read.
    """
    stretches: list[tuple[int, bytearray]] = []
    rewritten: list[Run] = []
    carrying = [segment for segment in segments if segment.data]
    for segment in sorted(carrying, key=lambda sent: sent.first):
        first, data = segment.first, segment.data
        if not stretches or first > stretches[-1][0] + len(stretches[-1][1]):
            stretches.append((first, bytearray(data)))
            continue
        start, run = stretches[-1]
        overlap = min(start + len(run) - first, len(data))
        if run[first - start : first - start + overlap] != data[:overlap]:
            rewritten.append(Run(first, data[:overlap]))
        run += data[overlap:]
    return [Run(first, bytes(data)) for first, data in stretches], rewritten


def by_way(segments: Sequence[Segment]) -> dict[Way, list[Segment]]:
    """The segments of each direction."""
    segments_of: dict[Way, list[Segment]] = {}
    for segment in segments:
        segments_of.setdefault(segment.way, []).append(segment)
    return segments_of
