"""The nodes' clocks, compared by packets that two nodes saw, in both directions.

NTP's reasoning (RFC 5905, section 8): a packet that leaves A and reaches B shows B's clock less
A's plus the time on the way; one that comes back shows A's less B's plus its time on the way. No
packet arrives before it leaves, so how far B is ahead lies between minus the least of the latter
and the least of the former; the middle is at most half their sum off, whatever the two ways took.
Clocks of one trace's length do not drift.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from macros.ground.errors import GuideError
from macros.traces.trace import Clock, Journey, Lane

_Seen = dict[tuple[str, str], tuple[int, int]]
"""For two nodes, from one to the other: the least difference of their times, and its journey."""


def align(journeys: Sequence[Journey], lanes: Sequence[Lane]) -> tuple[Clock, ...]:
    """Every clock that can be compared with that of the first lane's node, which is exact.

    Errors add up over the nodes in between. GuideError where a packet would be
    back before it left: a clock was set during the trace, or the lanes' order is not that of the
    way.
    """
    return _aligned(_least(journeys, lanes), lanes)


def _aligned(seen: _Seen, lanes: Sequence[Lane]) -> tuple[Clock, ...]:
    reference = lanes[0].node
    clocks = {reference: Clock(reference, 0, 0, 0, (0, 0), "")}
    waiting = [reference]
    while waiting:
        near = waiting.pop(0)
        for far in _nodes(lanes):
            there, back = seen.get((near, far)), seen.get((far, near))
            if far in clocks or there is None or back is None:
                continue
            clocks[far] = _compared(clocks[near], far, there, back, lanes)
            waiting.append(far)
    return tuple(clocks[node] for node in _nodes(lanes) if node in clocks)


def about(journeys: Sequence[Journey], lanes: Sequence[Lane]) -> Mapping[str, int]:
    """About how far each clock is ahead of that of the first lane's node, for an order of packets.

    What went one way only leaves out the time that it took.
    """
    seen = _least(journeys, lanes)
    known = {clock.node: clock.ahead for clock in _aligned(seen, lanes)}
    waiting = list(known)
    while waiting:
        near = waiting.pop(0)
        for far in _nodes(lanes):
            there, back = seen.get((near, far)), seen.get((far, near))
            shown = [*([there[0]] if there else []), *([-back[0]] if back else [])]
            if far not in known and shown:
                known[far] = known[near] + sum(shown) // len(shown)
                waiting.append(far)
    return known


def _least(journeys: Iterable[Journey], lanes: Sequence[Lane]) -> _Seen:
    seen: _Seen = {}
    for journey in journeys:
        for pair, difference in crossings(journey, lanes):
            sample = (difference, journey.number)
            seen[pair] = min(seen.get(pair, sample), sample)
    return seen


def crossings(journey: Journey, lanes: Sequence[Lane]) -> Iterator[tuple[tuple[str, str], int]]:
    """Each step from one node to another: the two, and the later one's time less the earlier's."""
    for earlier, later in zip(journey.visits, journey.visits[1:], strict=False):
        pair = (lanes[earlier.lane].node, lanes[later.lane].node)
        if pair[0] != pair[1]:
            yield pair, later.packet.time - earlier.packet.time


def _compared(
    near: Clock, far: str, there: tuple[int, int], back: tuple[int, int], lanes: Sequence[Lane]
) -> Clock:
    round_trip = there[0] + back[0]
    if round_trip < 0:
        taps = ", ".join(lane.where for lane in lanes if lane.node in {near.node, far})
        raise GuideError(
            f"the clocks of {near.node} and {far} were set during the trace, or its taps are not in"
            f" the order of the path ({taps}): from {near.node} to {far} and back took"
            f" {round_trip / 1000:.0f} µs",
            fix="list the taps in the order in which the request passes them, or record again",
        )
    ahead = (there[0] - back[0]) // 2
    error = -(-round_trip // 2)
    return Clock(
        far,
        near.ahead + ahead,
        near.error + error,
        round_trip,
        (there[1], back[1]),
        near.node,
    )


def _nodes(lanes: Iterable[Lane]) -> list[str]:
    return list(dict.fromkeys(lane.node for lane in lanes))
