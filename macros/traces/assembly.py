"""Captures -> a trace: match, order, align, and say what was unusual."""

from collections.abc import Sequence
from dataclasses import replace

from macros.packets.packet import Packet
from macros.traces import clocks, oddities, sequence, sightings
from macros.traces.trace import Journey, Lane, Trace


def read(lanes: Sequence[Lane], captures: Sequence[Sequence[Packet]]) -> Trace:
    """The trace of these captures, one for each lane, in the order of the way.

    GuideError where the clocks make no sense.
    """
    groups, left_out = sightings.of_interest(sightings.groups(captures), lanes)
    forward = sequence.directions(groups, lanes)
    journeys = [
        Journey(number, ahead, sequence.ordered(group, lanes, forward=ahead))
        for number, (group, ahead) in enumerate(zip(groups, forward, strict=True))
    ]
    # The first lane has one clock, so most need no other; the rest come by aligned time.
    unaligned = clocks.align(journeys, lanes)
    ahead_of = {clock.node: clock.ahead for clock in unaligned}

    def seen_first(journey: Journey) -> tuple[int, int]:
        visit = next(iter(journey.at(0)), journey.visits[0 if journey.forward else -1])
        node = lanes[visit.lane].node
        return visit.packet.time - ahead_of.get(node, 0), visit.packet.number

    journeys.sort(key=seen_first)
    numbered = [replace(journey, number=number) for number, journey in enumerate(journeys, 1)]
    aligned = clocks.align(numbered, lanes)
    noted = oddities.noted(numbered, lanes)
    return Trace(tuple(lanes), tuple(noted), lanes[0].node, aligned, tuple(left_out))
