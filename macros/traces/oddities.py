"""What is unusual about a packet of a trace: cut or joined, sent again, overtaken, or gone."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from macros.packets import conversations
from macros.traces import carriage
from macros.traces.arrivals import arrived
from macros.traces.segments import carried, payload
from macros.traces.trace import Journey, Lane

_Flow = tuple[int, conversations.Flow]
"""A lane, and the conversation as it is there: a translation makes it another one."""


def noted(journeys: Sequence[Journey], lanes: Sequence[Lane]) -> list[Journey]:
    """The journeys, in their order, each with its notes."""
    goes_on = _resized(journeys)
    resized = _resized_words(journeys, goes_on)
    again = _again(journeys, goes_on)
    overtaken = _overtaken(journeys, lanes)
    gone = _gone(journeys, lanes)
    sealed = _sealed(journeys)
    return [
        replace(
            journey,
            notes=(
                *resized.get(journey.number, ()),
                *again.get(journey.number, ()),
                *overtaken.get(journey.number, ()),
                *(() if journey.number in goes_on else gone.get(journey.number, ())),
                *sealed.get(journey.number, ()),
            ),
        )
        for journey in journeys
    ]


UNREADABLE = "what it carries cannot be read here: it is encrypted"


def _sealed(journeys: Sequence[Journey]) -> dict[int, tuple[str, ...]]:
    """What is said of encrypted packets, and of those that travelled inside of one."""
    inside = {journey.carrier: journey.number for journey in journeys if journey.carrier}
    texts: dict[int, tuple[str, ...]] = {}
    for journey in journeys:
        if carriage.is_sealed(journey):
            number = inside.get(journey.number)
            by = f" (by its times and its length no. {number})" if number else ""
            texts[journey.number] = (f"{UNREADABLE}{by}",)
    return texts


def _resized(journeys: Sequence[Journey]) -> dict[int, list[int]]:
    """TCP segments that go on as others: cut to the MTU, or joined (GSO, GRO); by number.

    Documentation/networking/segmentation-offloads: a stack handles large segments as long as it
    can. Those that carry the same bytes and begin behind where one ends are that one's.
    """
    successors: dict[int, list[int]] = {}
    carrying = [
        (journey, own) for journey in journeys if (own := carried(journey.visits[0].packet))
    ]
    for journey, (first, size) in carrying:
        for other, (start, length) in carrying:
            last, begin = journey.visits[-1].lane, other.visits[0].lane
            behind = begin > last if journey.forward else begin < last
            if journey.forward != other.forward or not behind:
                continue
            if (start - first) % 2**32 < size or (first - start) % 2**32 < length:
                successors.setdefault(journey.number, []).append(other.number)
    return successors


def _resized_words(
    journeys: Sequence[Journey], goes_on: Mapping[int, Sequence[int]]
) -> dict[int, tuple[str, ...]]:
    """What is said of segments that were cut or joined."""
    sizes = {journey.number: payload(journey.visits[0].packet) for journey in journeys}
    words_of: dict[int, list[str]] = {}
    for number, others in goes_on.items():
        cut = sizes[number] > sizes[others[0]]
        words = "cut up" if cut else "joined"
        words_of.setdefault(number, []).append(f"{words}: goes on as {_numbers(others)}")
    for number in {number for others in goes_on.values() for number in others}:
        parts = [whole for whole, others in goes_on.items() if number in others]
        words = "a piece" if sizes[parts[0]] > sizes[number] else "joined"
        words_of.setdefault(number, []).append(f"{words}: was {_numbers(parts)}")
    return {number: tuple(texts) for number, texts in words_of.items()}


def _numbers(of: Sequence[int]) -> str:
    return f"no. {of[0]}" if len(of) == 1 else f"nos. {', '.join(map(str, of))}"


def _again(
    journeys: Sequence[Journey], goes_on: Mapping[int, Sequence[int]]
) -> dict[int, tuple[str, ...]]:
    """Segments all of whose numbers were sent before: RFC 9293, section 3.8.1."""
    repeated: dict[int, tuple[str, ...]] = {}
    sent: dict[tuple[bool, conversations.Flow, int], list[tuple[int, int, int]]] = {}
    for journey in journeys:
        packet = journey.visits[0].packet
        own = carried(packet)
        if own is None:
            continue
        first, size = own
        ports = packet.last("TCP")
        source = int(ports["sport"].value) if ports is not None else 0
        before = sent.setdefault((journey.forward, conversations.flow(packet), source), [])
        earlier = next(
            (
                number
                for start, length, number in before
                if (first - start) % 2**32 + size <= length
                and journey.number not in goes_on.get(number, ())
                and number not in goes_on.get(journey.number, ())
            ),
            None,
        )
        if earlier is not None:
            repeated[journey.number] = (f"sent again: the same bytes as no. {earlier}",)
        before.append((first, size, journey.number))
    return repeated


def _overtaken(journeys: Sequence[Journey], lanes: Sequence[Lane]) -> dict[int, tuple[str, ...]]:
    """Packets of one direction that a later one passed between two lanes."""
    texts_of: dict[int, list[str]] = {}
    for index, journey in enumerate(journeys):
        for later in journeys[index + 1 :]:
            if journey.forward != later.forward:
                continue
            common = _common(journey, later)
            orders = [
                (lane, journey.at(lane)[0].packet.number < later.at(lane)[0].packet.number)
                for lane in common
            ]
            for (_, before), (lane, after) in itertools.pairwise(orders):
                if before != after:
                    first, second = (journey, later) if before else (later, journey)
                    text = f"overtaken by no. {second.number} before {lanes[lane].where}"
                    texts_of.setdefault(first.number, []).append(text)
                    break
    return {number: tuple(texts) for number, texts in texts_of.items()}


def _common(journey: Journey, other: Journey) -> list[int]:
    """The lanes that both were seen at, in the order of the first's way."""
    theirs = {visit.lane for visit in other.visits}
    return list(dict.fromkeys(visit.lane for visit in journey.visits if visit.lane in theirs))


def _gone(journeys: Sequence[Journey], lanes: Sequence[Lane]) -> dict[int, tuple[str, ...]]:
    """Packets that should have been seen further on: where their conversation was, or any other.

    A conversation that is answered ends where it ends; of one without an answer nobody knows. What
    arrived is not gone: answers may take another way, and only what went the same way tells where
    captures had ended.
    """
    there = arrived(journeys, lanes)
    flows = {journey.number: _flows(journey) for journey in journeys}
    reached: defaultdict[tuple[_Flow, bool], set[int]] = defaultdict(set)
    reached_by_any: defaultdict[bool, set[int]] = defaultdict(set)
    for journey in journeys:
        lanes_of = {visit.lane for visit in journey.visits}
        reached_by_any[journey.forward] |= lanes_of
        for flow in flows[journey.number]:
            reached[flow, journey.forward] |= lanes_of
    asked = _asked_at(journeys)
    numbers = _numbers_at(journeys)
    sealed = carriage.sealed_lanes(journeys)
    by_number = {journey.number: journey for journey in journeys}
    texts: dict[int, tuple[str, ...]] = {}
    for journey in journeys:
        own, ahead = flows[journey.number], journey.forward
        same, answers = (
            frozenset().union(*(reached.get((flow, way), ()) for flow in own))
            for way in (ahead, not ahead)
        )
        if journey.number in there:
            places = same
        elif answers:
            places = same | answers
        else:
            places = asked[journey.number] | reached_by_any[ahead]
        if carriage.is_sealed(journey):
            # What comes out of it is another packet: it goes no further than such packets do.
            places = places & sealed
        text = _not_seen(journey, _at(journey, by_number), places, numbers, lanes)
        if text and (journey.number not in there or text.startswith(_ENDED)):
            texts[journey.number] = (text,)
    return texts


_ENDED = "end of capture"


def _at(journey: Journey, by_number: Mapping[int, Journey]) -> list[int]:
    """The lanes that a packet was seen at, and those that saw it encrypted."""
    carrier = by_number.get(journey.carrier)
    around = carrier.visits if carrier is not None else ()
    return sorted((visit.lane for visit in (*journey.visits, *around)), reverse=not journey.forward)


def _asked_at(journeys: Sequence[Journey]) -> Mapping[int, frozenset[int]]:
    """For each, where a packet that it answers was seen first: an answer has to come back there."""
    asked: defaultdict[tuple[tuple[str, str], bool], set[int]] = defaultdict(set)
    places = {}
    for journey in journeys:
        ends = {conversations.ends(visit.packet) for visit in journey.visits}
        came = (asked.get((end[::-1], not journey.forward), ()) for end in ends)
        places[journey.number] = frozenset().union(*came)
        for end in ends:
            asked[end, journey.forward].add(journey.visits[0].lane)
    return places


def _flows(journey: Journey) -> frozenset[_Flow]:
    return frozenset((visit.lane, conversations.flow(visit.packet)) for visit in journey.visits)


def _numbers_at(journeys: Iterable[Journey]) -> Mapping[int, list[int]]:
    """For each lane the numbers of what was seen there."""
    numbers: defaultdict[int, list[int]] = defaultdict(list)
    for journey in journeys:
        for visit in journey.visits:
            numbers[visit.lane].append(journey.number)
    return numbers


def _not_seen(
    journey: Journey,
    at: Sequence[int],
    places: Iterable[int],
    numbers: Mapping[int, list[int]],
    lanes: Sequence[Lane],
) -> str:
    """What is said of a packet that some of `places` should have seen; "" where there is none.

    `at` are the lanes that saw it, clear or encrypted.
    """
    last = at[-1] if journey.carrier else journey.visits[-1].lane
    unseen = frozenset(places) - set(at)
    further = [lane for lane in unseen if (lane > last if journey.forward else lane < last)]
    if not further:
        return ""
    following = min(further) if journey.forward else max(further)
    seen, most = numbers[following], lanes[following].most
    # Its capture had all its packets, each of them from before this one.
    if len(seen) == most and max(seen) < journey.number:
        return f"{_ENDED}: {lanes[following].where} had its {most}"
    inside = last not in {visit.lane for visit in journey.visits}
    by = f", where no. {journey.carrier} carried it" if inside else ""
    return f"not seen after {lanes[last].where}{by}"
