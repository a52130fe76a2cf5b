"""What is unusual about a packet of a trace: cut or joined, sent again, overtaken, or gone."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from macros.packets import conversations
from macros.packets.packet import Packet
from macros.traces.sightings import innermost
from macros.traces.trace import Journey, Lane


def noted(journeys: Sequence[Journey], lanes: Sequence[Lane]) -> list[Journey]:
    """The journeys, in their order, each with its notes."""
    goes_on = _resized(journeys)
    resized = _resized_words(journeys, goes_on)
    again = _again(journeys, goes_on)
    overtaken = _overtaken(journeys, lanes)
    return [
        replace(
            journey,
            notes=(
                *resized.get(journey.number, ()),
                *again.get(journey.number, ()),
                *overtaken.get(journey.number, ()),
                *(() if journey.number in goes_on else _gone(journey, journeys, lanes)),
            ),
        )
        for journey in journeys
    ]


def carried(packet: Packet) -> tuple[int, int] | None:
    """The numbers that a TCP segment takes up: the first, and how many; SYN and FIN count one.

    None where it is not a segment or takes up none. RFC 9293, section 3.4.
    """
    segment = packet.last("TCP")
    flags = segment.get("flags") if segment is not None else None
    if segment is None or flags is None:
        return None
    words = set(flags.shown.split())
    size = _payload(packet) + ("SYN" in words) + ("FIN" in words)
    return (int(segment["seq"].value), size) if size else None


def _payload(packet: Packet) -> int:
    address, segment = innermost(packet), packet.last("TCP")
    if address is None or segment is None:
        return 0
    return address.end - segment.offset - segment.length


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
    sizes = {journey.number: _payload(journey.visits[0].packet) for journey in journeys}
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


def _gone(journey: Journey, journeys: Sequence[Journey], lanes: Sequence[Lane]) -> tuple[str, ...]:
    """Whether it should have been seen further on: where its conversation was, or any other is.

    A conversation that is answered ends where it ends; of one without an answer nobody knows.
    """
    own = [other for other in journeys if _flows(journey) & _flows(other)]
    answered = any(other.forward != journey.forward for other in own)
    places = {
        visit.lane
        for other in (own if answered else journeys)
        if answered or other.forward == journey.forward
        for visit in other.visits
    }
    last = journey.visits[-1].lane
    further = [lane for lane in places if (lane > last if journey.forward else lane < last)]
    if not further:
        return ()
    following = min(further) if journey.forward else max(further)
    if _had_ended(following, journey, journeys, lanes):
        return (f"end of capture: {lanes[following].where} had its {lanes[following].most}",)
    return (f"not seen after {lanes[last].where}",)


def _flows(journey: Journey) -> set[tuple[int, conversations.Flow]]:
    """The conversation at each lane: a translation makes it another one."""
    return {(visit.lane, conversations.flow(visit.packet)) for visit in journey.visits}


def _had_ended(
    lane: int, journey: Journey, journeys: Sequence[Journey], lanes: Sequence[Lane]
) -> bool:
    """Whether the capture there had all its packets, each of them from before this one."""
    seen = [other.number for other in journeys for _ in other.at(lane)]
    return len(seen) == lanes[lane].most and max(seen) < journey.number
