"""Which encrypted packet carried which: a tap behind encryption sees the one, a tap before it both.

Nothing in the bytes tells. On each node that saw both, the encrypted packet comes behind the one
that goes in and before the one that comes out, by that node's own clock; and its length is that of
what it carries: WireGuard fills up to 16 bytes and adds 16 that authenticate (messages.h and send.c
of drivers/net/wireguard), ESP adds at most some fields of its own (RFC 4303, section 2).
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from macros.packets import encrypted
from macros.packets.packet import Layer, Packet
from macros.traces.trace import Journey, Lane

_TAG, _UNIT = 16, 16  # bytes of WireGuard's
_ESP_LESS, _ESP_MORE = 40, 80  # an IP header that stays outside (transport); vector, trailer, check


def is_sealed(journey: Journey) -> bool:
    """Whether what a packet carries is encrypted wherever it was seen."""
    return all(encrypted.header(visit.packet) is not None for visit in journey.visits)


def sealed_lanes(journeys: Sequence[Journey]) -> frozenset[int]:
    """The lanes at which encrypted packets were seen."""
    return frozenset(
        visit.lane for journey in journeys if is_sealed(journey) for visit in journey.visits
    )


def found(journeys: Sequence[Journey], lanes: Sequence[Lane]) -> dict[int, int]:
    """For journeys that can be read the encrypted one that carried each, by their numbers.

    Of several that can be, those that came closest together.
    """
    outer = [journey for journey in journeys if is_sealed(journey)]
    fitting = sorted(
        (gap, inside.number, around.number)
        for inside in (journeys if outer else ())
        if not is_sealed(inside)
        for around in outer
        if _fits(around.visits[0].packet, inside)
        and (gap := _gap(inside, around, lanes)) is not None
    )
    carriers: dict[int, int] = {}
    for _, inside, around in fitting:
        if inside not in carriers and around not in carriers.values():
            carriers[inside] = around
    return carriers


def ways(journeys: Sequence[Journey], carriers: Mapping[int, int]) -> dict[int, bool]:
    """Which way encrypted packets go, as far as what they carry says: by number.

    What has the same sender and receiver goes the same way, and what has them exchanged the other.
    """
    by_number = {journey.number: journey for journey in journeys}
    votes: dict[tuple[str, str], int] = {}
    for inside, around in carriers.items():
        source, target = _ends(by_number[around])
        vote = 1 if by_number[inside].forward else -1
        votes[source, target] = votes.get((source, target), 0) + vote
        votes[target, source] = votes.get((target, source), 0) - vote
    return {
        journey.number: vote > 0
        for journey in journeys
        if is_sealed(journey) and (vote := votes.get(_ends(journey), 0))
    }


def leaps(journey: Journey, lanes: Sequence[Lane], sealed: frozenset[int]) -> frozenset[int]:
    """The steps that a packet took encrypted, by index: past lanes that saw only such packets."""
    return frozenset(
        index
        for index, (before, after) in enumerate(pairwise(journey.visits))
        if lanes[before.lane].node != lanes[after.lane].node
        and not is_sealed(journey)
        and sealed & set(range(*sorted((before.lane, after.lane)))) - {before.lane, after.lane}
    )


def _ends(journey: Journey) -> tuple[str, str]:
    network = _network(journey.visits[0].packet)
    return (network["src"].shown, network["dst"].shown) if network is not None else ("", "")


def _network(packet: Packet) -> Layer | None:
    return next((layer for layer in packet.layers if layer.name in {"IPv4", "IPv6"}), None)


def _fits(around: Packet, inside: Journey) -> bool:
    """Whether a packet is as long as one must be that carries the other."""
    header = encrypted.header(around)
    if header is None:
        return False
    load = around.wire - header.offset - header.length
    sizes = {size for visit in inside.visits if (size := _size(visit.packet))}
    if header.name == encrypted.ESP:
        return any(size - _ESP_LESS <= load <= size + _ESP_MORE for size in sizes)
    return any(load - _TAG in {size, -(-size // _UNIT) * _UNIT} for size in sizes)


def _size(packet: Packet) -> int:
    """The bytes of the whole IP packet, by what its header says; 0 where that says nothing."""
    network = _network(packet)
    if network is None or not int(network["length"].value):
        return 0
    return int(network["length"].value) + (network.length if network.name == "IPv6" else 0)


def _gap(inside: Journey, around: Journey, lanes: Sequence[Lane]) -> int | None:
    """How far apart two packets were on the nodes that saw both; None where one is too early."""
    gaps = []
    for later, first in _together(inside, around, lanes):
        if later < first:
            return None
        gaps.append(later - first)
    return sum(gaps) if gaps else None


def _together(inside: Journey, around: Journey, lanes: Sequence[Lane]) -> Iterator[tuple[int, int]]:
    """Times of the two on one node: the one that must be the later, and the other."""
    for seen in inside.visits:
        for carried in around.visits:
            if lanes[seen.lane].node != lanes[carried.lane].node or seen.lane == carried.lane:
                continue
            goes_in = (carried.lane > seen.lane) == inside.forward
            times = seen.packet.time, carried.packet.time
            yield (times[1], times[0]) if goes_in else times
