"""Captures -> a trace: match, order, align, and say what was unusual."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from macros.packets.packet import Packet
from macros.traces import carriage, clocks, oddities, sequence, sightings
from macros.traces.trace import Journey, Lane, Trace


def read(lanes: Sequence[Lane], captures: Sequence[Sequence[Packet]]) -> Trace:
    """The trace of these captures, one for each lane, in the order of the way.

    GuideError where the clocks make no sense, or the lanes' order.
    """
    groups, left_out = sightings.of_interest(sightings.groups(captures), lanes)
    forward = sequence.directions(groups, lanes)
    stations = sequence.stations_of(groups, lanes)
    journeys = [
        Journey(number, ahead, sequence.ordered(group, lanes, forward=ahead, stations=stations))
        for number, (group, ahead) in enumerate(zip(groups, forward, strict=True))
    ]
    carriers = carriage.found(journeys, lanes)
    for number, ahead in carriage.ways(journeys, carriers).items():
        visits = sequence.ordered(groups[number], lanes, forward=ahead, stations=stations)
        journeys[number] = Journey(number, ahead, visits)
    # The first lane has one clock, so most need no other; the rest come by aligned time.
    ahead_of = clocks.about(journeys, lanes)

    def seen_first(journey: Journey) -> tuple[int, int]:
        visit = next(iter(journey.at(0)), journey.visits[0 if journey.forward else -1])
        node = lanes[visit.lane].node
        return visit.packet.time - ahead_of.get(node, 0), visit.packet.number

    journeys.sort(key=seen_first)
    numbered = _numbered(journeys, lanes, carriers)
    aligned = clocks.align(numbered, lanes)
    noted = oddities.noted(numbered, lanes)
    return Trace(tuple(lanes), tuple(noted), lanes[0].node, aligned, tuple(left_out))


def _numbered(
    journeys: Sequence[Journey], lanes: Sequence[Lane], carriers: Mapping[int, int]
) -> list[Journey]:
    """The journeys by their places, and what each says of encryption; `carriers` by old numbers."""
    places = {journey.number: number for number, journey in enumerate(journeys, 1)}
    sealed = carriage.sealed_lanes(journeys)
    return [
        replace(
            journey,
            number=places[journey.number],
            sealed=carriage.leaps(journey, lanes, sealed),
            carrier=places.get(carriers.get(journey.number, -1), 0),
        )
        for journey in journeys
    ]


def by_node(lanes: Sequence[Lane], captures: Sequence[Sequence[Packet]]) -> tuple[int, ...]:
    """The lanes' places in an order in which each node's stand together, as packets pass them.

    A trace may name the taps of a reply behind those of the request, and its router twice. The
    order stays as it is where a packet comes back to a node that it has left.
    """
    nodes = list(dict.fromkeys(lane.node for lane in lanes))
    as_given = tuple(range(len(lanes)))
    if len(_stretches(lanes, as_given)) == len(nodes):
        return as_given
    groups, _ = sightings.of_interest(sightings.groups(captures), lanes)
    stations = sequence.stations_of(groups, lanes)
    for group, ahead in zip(groups, sequence.directions(groups, lanes), strict=True):
        visits = sequence.ordered(group, lanes, forward=ahead, stations=stations)
        way = [visit.lane for visit in visits]
        stretches = _stretches(lanes, way)
        if len(stretches) > len(set(stretches)):
            return as_given
    return tuple(sorted(as_given, key=lambda lane: (nodes.index(lanes[lane].node), lane)))


def _stretches(lanes: Sequence[Lane], way: Sequence[int]) -> list[str]:
    return [node for node, _ in groupby(lanes[lane].node for lane in way)]
