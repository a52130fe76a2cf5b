"""Where a request, or its answer, was lost: what was seen of it, beside its way by the tables."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from macros.figures.topology.observation import End
from macros.packets import conversations
from macros.packets.packet import Packet
from macros.packets.streams import is_reset
from macros.tracer.story import Sight, Story
from macros.tracer.way import Stop, Way
from macros.traces import segments

_NO_PORT = {"ICMP": (3, 3), "ICMPv6": (1, 4)}
"""Type and code of "port unreachable": RFC 792, RFC 4443 section 3.1."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Where the request, or its answer, went missing.

    `last` is where a packet was last seen, None where it never was; `next` where it should have
    been seen then, None where nothing comes any more. `last_index` is the place of `last` on `way`.
    """

    what: Literal["request", "unseen", "answer", "data", "silent", "refused", "reset"]
    way: Way
    last_index: int
    sight: Sight | None
    unheard: frozenset[End] = frozenset()

    @property
    def last(self) -> Stop | None:
        """Where it was last seen."""
        return self._stop(self.last_index)

    @property
    def next(self) -> Stop | None:
        """Where it should have been seen next."""
        return self._stop(self.next_index)

    @property
    def next_index(self) -> int:
        """The place of `next` on the way, or behind its end."""
        for index in range(self.last_index + 1, len(self.way.stops)):
            if _shows(self.way.stops[index], self.unheard):
                return index
        return len(self.way.stops)

    @property
    def seen(self) -> Packet | None:
        """The packet as it was seen at `last`."""
        if self.sight is None or self.last is None:
            return None
        visits = zip(self.sight.stops, self.sight.journey.visits, strict=True)
        here = [visit.packet for stop, visit in visits if stop.end == self.last.end]
        return here[-1] if here else self.sight.last

    def _stop(self, index: int) -> Stop | None:
        return self.way.stops[index] if 0 <= index < len(self.way.stops) else None


def lost(story: Story, forward: Way, back: Way | None) -> Loss | None:
    """Where the request or its answer was lost; None where all came through."""
    there = [sight for sight in story.sights if sight.forward]
    answers = [sight for sight in story.sights if not sight.forward]
    forward = as_seen(forward, back, there)
    back = as_seen(back, forward, answers) if back else None
    loss = _of_request(story, forward, back, there, answers)
    loss = loss or _of_answers(story, forward, back, there, answers)
    return replace(loss, unheard=story.partly) if loss else None


def _of_request(
    story: Story, way: Way, back: Way | None, there: Sequence[Sight], answers: Sequence[Sight]
) -> Loss | None:
    """Where the request was lost, or what was made of it; None where it was answered."""
    end = len(way.stops) - 1
    if not there:
        heard = [stop for stop in way.stops if _shows(stop, story.partly)]
        return Loss("request" if heard else "unseen", way, -1, None)
    best = max(there, key=lambda sight: _place(sight, way))
    place = _place(best, way)
    arrived = way.ends == "there" and place >= end
    if not answers and _no_port(story):
        return Loss("refused", way, end, best)
    resets = [answer for answer in answers if is_reset(answer.packet)]
    if resets and len(resets) == len(answers):
        own = back is not None and _first_at(resets, back)
        refused = arrived or own or way.ends != "there"
        return (
            Loss("refused", way, end, resets[0]) if refused else Loss("request", way, place, best)
        )
    if answers:
        return None
    if arrived:
        return Loss("silent", way, end, best)
    blind = not any(_shows(stop, story.partly) for stop in way.stops[place + 1 :])
    open_end = place < end or way.ends in ("leaves", "dark", "strange")
    return Loss("unseen" if blind and open_end else "request", way, place, best)


def _first_at(answers: Sequence[Sight], back: Way) -> bool:
    """Whether one of the answers was sent by the server itself: where its way begins."""
    begins = [stop.end for stop in back.stops[:1]]
    return any([stop.end for stop in answer.stops[:1]] == begins for answer in answers)


def _of_answers(
    story: Story, forward: Way, back: Way | None, there: Sequence[Sight], answers: Sequence[Sight]
) -> Loss | None:
    """Where an answer was lost, or data of either side."""
    first = forward.stops[0] if forward.stops else None
    came = first is None or any(
        stop.end == first.end for answer in answers for stop in answer.stops
    )
    heard = first is not None and first.end not in story.partly
    if not came and heard and back is not None and not _partly(story, back):
        best = max(answers, key=lambda answer: _place(answer, back))
        return Loss("answer", back, _place(best, back), best)
    ways = [(there, forward), *([(answers, back)] if back else [])]
    losses = (_missing(sights, way) for sights, way in ways if not _partly(story, way))
    missing = next(filter(None, losses), None)
    reset = next((answer for answer in answers if is_reset(answer.packet)), None)
    if missing is None and reset is not None:
        return Loss("reset", forward, len(forward.stops) - 1, reset)
    return missing


def as_seen(way: Way, other: Way | None, sights: Sequence[Sight]) -> Way:
    """A way that the tables do not tell to its end, and that packets went on: as the other's way.

    A program in the kernel may pass a packet on by no table; the answer's way begins where it ends.
    """
    if way.ends == "there" or other is None:
        return way
    rest = [
        replace(stop, how="routed" if stop.wrapped else "cable", lookups=())
        for stop in reversed(other.stops)
        if way.at(stop.end) is None
    ]
    seen = {stop.end for sight in sights for stop in sight.stops}
    if not any(stop.end in seen for stop in rest):
        return way
    return replace(way, stops=(*way.stops, *rest), ends="there", last=(), words="")


def _shows(stop: Stop, unheard: frozenset[End]) -> bool:
    """Whether the request would have been seen at a stop: not where nothing listened, or sealed."""
    return stop.wrapped != "wireguard" and stop.end not in unheard


def _partly(story: Story, way: Way) -> bool:
    """Whether the last capture of a way is known to lack packets: they are no loss."""
    return bool(way.stops) and way.stops[-1].end in story.partly


def _no_port(story: Story) -> bool:
    """Whether the server itself said that nothing listens there; a router's word is not its own."""
    for _, packet in story.errors:
        network = conversations.address(packet)
        error = conversations.above(packet, network) if network else None
        if network is None or error is None or network["src"].shown not in story.servers:
            continue
        if (error["type"].value, error["code"].value) == _NO_PORT.get(error.name):
            return True
    return False


def _missing(sights: Sequence[Sight], way: Way) -> Loss | None:
    """Data that never came, by no packet: on the way it can be cut in pieces and joined again."""
    end = len(way.stops) - 1
    came = [_bytes(arrived.last) for arrived in sights if _place(arrived, way) >= end]
    for sight in sights if came else ():
        first, after = _bytes(sight.packet)
        for low, high in sorted(came):
            if low <= first < high:
                first = high
        if first < after:
            return Loss("data", way, _place(sight, way), sight)
    return None


def _bytes(packet: Packet) -> tuple[int, int]:
    """The numbers that a segment takes up: the first, and that after the last."""
    first, count = segments.carried(packet) or (0, 0)
    return first, first + count


def _place(sight: Sight, way: Way) -> int:
    """The last stop of the way that saw the packet; -1 where none did."""
    best, times = -1, Counter[End]()
    for stop in sight.stops:
        places = [index for index, other in enumerate(way.stops) if other.end == stop.end]
        if places:
            # Into a node and out of it, a packet can pass the same interface.
            best = max(best, places[min(times[stop.end], len(places) - 1)])
            times[stop.end] += 1
    return best
