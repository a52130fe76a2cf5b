"""What is unusual about a packet of a trace: sent again, overtaken, or gone."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from macros.packets import flow
from macros.packets.model import Packet
from macros.trace.match import innermost
from macros.trace.model import Journey, Lane


def noted(journeys: Sequence[Journey], lanes: Sequence[Lane]) -> list[Journey]:
    """The journeys, in their order, each with its notes."""
    again = _again(journeys)
    overtaken = _overtaken(journeys, lanes)
    return [
        replace(
            one,
            notes=(
                *again.get(one.number, ()),
                *overtaken.get(one.number, ()),
                *_gone(one, journeys, lanes),
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


def _again(journeys: Sequence[Journey]) -> dict[int, tuple[str, ...]]:
    """Segments all of whose numbers were sent before: RFC 9293, section 3.8.1."""
    found: dict[int, tuple[str, ...]] = {}
    sent: dict[tuple[bool, flow.Flow, int], list[tuple[int, int, int]]] = {}
    for one in journeys:
        packet = one.visits[0].packet
        own = carried(packet)
        if own is None:
            continue
        first, size = own
        ports = packet.last("TCP")
        source = int(ports["sport"].value) if ports is not None else 0
        before = sent.setdefault((one.forward, flow.flow(packet), source), [])
        earlier = next(
            (
                number
                for start, length, number in before
                if (first - start) % 2**32 + size <= length
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
