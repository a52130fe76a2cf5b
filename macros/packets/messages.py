"""What the two sides of a TCP connection say: messages of BGP, HTTP and DNS, in order.

How messages are cut into segments is timing. So both streams are put together, and cut where the
messages end. What is no whole message stays a part of the stream, as bytes.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from macros.packets import bgp, dns, http, streams
from macros.packets.bits import Around, Bits, header
from macros.packets.packet import Layer
from macros.packets.streams import Run, Segment, Way

_PART = "Data"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a direction, or a part of the stream that is none (`layer` is "Data").

    `first` is the number of its first byte in the stream, `data` its bytes. `told` is what counts
    of them, without dates and ids. `what` names it: "BGP UPDATE". `segments` carried it.
    """

    way: Way
    first: int
    data: bytes
    layer: Layer
    told: bytes
    what: str
    segments: tuple[Segment, ...]

    @property
    def end(self) -> int:
        """The number of the byte behind it."""
        return self.first + len(self.data)

    @property
    def whole(self) -> bool:
        """Whether it is a message, and not a part of the stream that could not be read as one."""
        return self.layer.name != _PART


class Protocol(NamedTuple):
    """How the messages of a protocol are told apart.

    `asks`: one side asks and the other answers, so each knows what the other has read; else both
    speak when they like.
    """

    name: str
    asks: bool
    read: Callable[[Bits], None]
    what: Callable[[Layer], str]


@dataclass(frozen=True, slots=True)
class Talk:
    """A TCP conversation whose messages are decoded: those of each direction, in order."""

    protocol: Protocol
    ways: dict[Way, tuple[Message, ...]]


_BGP = Protocol(bgp.NAME, asks=False, read=bgp.message, what=bgp.what)
_HTTP = Protocol(http.NAME, asks=True, read=http.message, what=http.what)
_DNS = Protocol(dns.NAME, asks=True, read=dns.message, what=dns.what)


def talk(segments: Sequence[Segment]) -> Talk | None:
    """The messages of one TCP conversation; None where its protocol is not decoded.

    It is not where a segment was captured in part, or no whole message is in it.
    """
    if any(streams.cut(segment) for segment in segments):
        return None
    ways = streams.by_way(segments)
    sent = {way: streams.runs(mine)[0] for way, mine in ways.items()}
    protocol = _protocol(ways)
    # Who asks comes first: answers have the ids of questions.
    order = sorted(ways, key=lambda way: way[1][1] != dns.PORT)
    ids: dict[bytes, int] = {}
    spoken = {}
    for way in order:
        ended = any("FIN" in segment.flags for segment in ways[way])
        pieces = _pieces(protocol, sent[way], sent.get(way[::-1], ()), ended=ended)
        carriers = _Carriers(ways[way])
        spoken[way] = tuple(_message(protocol, way, piece, carriers, ids) for piece in pieces)
    if any(message.whole for mine in spoken.values() for message in mine):
        return Talk(protocol, spoken)
    return None


def _protocol(ways: Iterable[Way]) -> Protocol:
    """What a conversation can be: BGP and DNS by their port; HTTP shows by how it begins."""
    ports = {end[1] for way in ways for end in way}
    if bgp.PORT in ports:
        return _BGP
    return _DNS if dns.PORT in ports else _HTTP


class _Piece(NamedTuple):
    """Bytes of a stream: a whole message, or a part that is none."""

    first: int
    data: bytes
    whole: bool


def _pieces(
    protocol: Protocol, sent: Sequence[Run], heard: Sequence[Run], *, ended: bool
) -> Iterator[_Piece]:
    """A direction's stream cut where its messages end; `heard` is what the other side sent."""
    # One list of questions for all answers, whichever run they are in.
    asked = iter([name for run in heard for name in http.methods(run.data)])
    for run in sent:
        # A capture can begin within a message of BGP; the next one begins with its marker.
        start = max(run.data.find(bgp.MARKER), 0) if protocol is _BGP else 0
        data = run.data[start:]
        if protocol is _BGP:
            sizes = bgp.sizes(data)
        elif protocol is _DNS:
            sizes = dns.sizes(data)
        else:
            sizes = http.sizes(data, asked, whole=ended)
        if start:
            yield _Piece(run.first, run.data[:start], whole=False)
        for size in sizes:
            yield _Piece(run.first + start, run.data[start : start + size], whole=True)
            start += size
        if start < len(run.data):
            yield _Piece(run.first + start, run.data[start:], whole=False)


class _Carriers:
    """The segments of a direction, found by the bytes that they carry."""

    def __init__(self, segments: Iterable[Segment]) -> None:
        self._sorted = sorted(
            (segment for segment in segments if segment.data), key=lambda segment: segment.first
        )
        self._firsts = [segment.first for segment in self._sorted]
        self._longest = max((len(segment.data) for segment in self._sorted), default=0)

    def of(self, first: int, end: int) -> tuple[Segment, ...]:
        """Those that have some of the bytes from `first` to before `end`."""
        low = bisect_left(self._firsts, first - self._longest)
        high = bisect_left(self._firsts, end)
        near = self._sorted[low:high]
        return tuple(segment for segment in near if segment.first + len(segment.data) > first)


def _message(
    protocol: Protocol, way: Way, piece: _Piece, carriers: _Carriers, ids: dict[bytes, int]
) -> Message:
    data, size = piece.data, len(piece.data)
    segments = carriers.of(piece.first, piece.first + size)
    if not piece.whole:
        part = Layer(_PART, 0, size, size, ())
        what = f"{size} bytes that are no whole message"
        return Message(way, piece.first, data, part, data, what, segments)
    around = Around(data, size, size, (), quoted=False)
    layer = Layer(protocol.name, 0, size, size, header(protocol.read, around, 0, size))
    told = data
    if protocol is _HTTP:
        told = http.said(data)
    elif protocol is _DNS:
        # Ids are chosen at random; which message has the id of which is what they are for.
        number = ids.setdefault(data[2:4], len(ids))
        told = data[:2] + number.to_bytes(2, "big") + data[4:]
    what = protocol.what(layer)
    what = what if what.startswith(protocol.name) else f"{protocol.name} {what}"
    return Message(way, piece.first, data, layer, told, what, segments)
