"""What is unusual about a packet of a trace: cut or joined, sent again, overtaken, or gone."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
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
            one,
            notes=(
                *resized.get(one.number, ()),
                *again.get(one.number, ()),
                *overtaken.get(one.number, ()),
                *(() if one.number in goes_on else _gone(one, journeys, lanes)),
            ),
        )
        for one in journeys
    ]


def carried(packet: Packet) -> tuple[int, int] | None:
    """The numbers that a TCP segment takes up: the first, and how many; SYN and FIN count one.

    None where it is no segment or takes up none. RFC 9293, section 3.4.
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
    found: dict[int, list[int]] = {}
    carrying = [(one, own) for one in journeys if (own := carried(one.visits[0].packet))]
    for one, (first, size) in carrying:
        for two, (start, length) in carrying:
            last, begin = one.visits[-1].lane, two.visits[0].lane
            behind = begin > last if one.forward else begin < last
            if one.forward != two.forward or not behind:
                continue
            if (start - first) % 2**32 < size or (first - start) % 2**32 < length:
                found.setdefault(one.number, []).append(two.number)
    return found


def _resized_words(
    journeys: Sequence[Journey], goes_on: Mapping[int, Sequence[int]]
) -> dict[int, tuple[str, ...]]:
    """What is said of segments that were cut or joined."""
    sizes = {one.number: _payload(one.visits[0].packet) for one in journeys}
    found: dict[int, list[str]] = {}
    for one, others in goes_on.items():
        cut = sizes[one] > sizes[others[0]]
        words = "cut up" if cut else "joined"
        found.setdefault(one, []).append(f"{words}: goes on as {_numbers(others)}")
    for two in {number for others in goes_on.values() for number in others}:
        parts = [one for one, others in goes_on.items() if two in others]
        words = "a piece" if sizes[parts[0]] > sizes[two] else "joined"
        found.setdefault(two, []).append(f"{words}: was {_numbers(parts)}")
    return {number: tuple(texts) for number, texts in found.items()}


def _numbers(of: Sequence[int]) -> str:
    return f"no. {of[0]}" if len(of) == 1 else f"nos. {', '.join(map(str, of))}"


def _again(
    journeys: Sequence[Journey], goes_on: Mapping[int, Sequence[int]]
) -> dict[int, tuple[str, ...]]:
    """Segments all of whose numbers were sent before: RFC 9293, section 3.8.1."""
    found: dict[int, tuple[str, ...]] = {}
    sent: dict[tuple[bool, conversations.Flow, int], list[tuple[int, int, int]]] = {}
    for one in journeys:
        packet = one.visits[0].packet
        own = carried(packet)
        if own is None:
            continue
        first, size = own
        ports = packet.last("TCP")
        source = int(ports["sport"].value) if ports is not None else 0
        before = sent.setdefault((one.forward, conversations.flow(packet), source), [])
        earlier = next(
            (
                number
                for start, length, number in before
                if (first - start) % 2**32 + size <= length
                and one.number not in goes_on.get(number, ())
                and number not in goes_on.get(one.number, ())
            ),
            None,
        )
        if earlier is not None:
            found[one.number] = (f"sent again: the same bytes as no. {earlier}",)
        before.append((first, size, one.number))
    return found


def _overtaken(journeys: Sequence[Journey], lanes: Sequence[Lane]) -> dict[int, tuple[str, ...]]:
    """Packets of one direction that a later one passed between two lanes."""
    found: dict[int, list[str]] = {}
    for at, one in enumerate(journeys):
        for two in journeys[at + 1 :]:
            if one.forward != two.forward:
                continue
            common = _common(one, two)
            orders = [
                (lane, one.at(lane)[0].packet.number < two.at(lane)[0].packet.number)
                for lane in common
            ]
            for (_, before), (lane, after) in itertools.pairwise(orders):
                if before != after:
                    first, second = (one, two) if before else (two, one)
                    text = f"overtaken by no. {second.number} before {lanes[lane].where}"
                    found.setdefault(first.number, []).append(text)
                    break
    return {number: tuple(texts) for number, texts in found.items()}


def _common(one: Journey, two: Journey) -> list[int]:
    """The lanes that both were seen at, in the order of the first's way."""
    theirs = {visit.lane for visit in two.visits}
    return list(dict.fromkeys(visit.lane for visit in one.visits if visit.lane in theirs))


def _gone(one: Journey, journeys: Iterable[Journey], lanes: Sequence[Lane]) -> tuple[str, ...]:
    """Whether others of its direction were seen further on."""
    places = {
        visit.lane for other in journeys if other.forward == one.forward for visit in other.visits
    }
    last = one.visits[-1].lane
    further = [lane for lane in places if (lane > last if one.forward else lane < last)]
    if not further:
        return ()
    return (f"not seen any more after {lanes[last].where}",)
