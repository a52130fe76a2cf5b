"""What captures tell of ports: who connects, and what a translation of the source chose."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from macros.ground import ports
from macros.packets import conversations, dissector, streams
from macros.packets.packet import Layer, Packet
from macros.settle.connections import Connection, Connections

_SYN, _ACK = 2, 16  # TCP's flags, RFC 9293 section 3.1


class _Ends(NamedTuple):
    """The ports of a packet, and whether its flags say who began: "from", "to" or nothing."""

    source: int
    target: int
    client: str


def chosen(pcaps: Iterable[bytes]) -> frozenset[str]:
    """The ports of connections that are captured before their source is rewritten and after it.

    It is the same packet where what a translation leaves alone is the same: TCP's sequence and
    acknowledgement numbers with the data; of UDP the data, and IPv4's identification if it has one.
    """
    seen: defaultdict[tuple[object, ...], set[_Ends]] = defaultdict(set)
    for pcap in pcaps:
        for packet in dissector.packets(pcap):
            for key, ends in _segments(packet):
                seen[key].add(ends)
    return frozenset(
        str(port)
        for sightings in seen.values()
        for port in _rewritten(sightings)
        if port >= ports.MASQUERADED_FROM
    )


def _segments(packet: Packet) -> Iterator[tuple[tuple[object, ...], _Ends]]:
    """What tells each TCP segment and UDP datagram of a packet, in tunnels too; and its ports.

    Not of those that an ICMP error quotes, for it quotes a part.
    """
    for index, layer in enumerate(packet.layers):
        if layer.role == "quoted":
            continue
        under = packet.layers[index - 1] if index else layer
        data = packet.data[layer.offset + layer.length : layer.end]
        if layer.name == "TCP":
            flags = int(layer["flags"].value)
            client = {_SYN: "from", _SYN | _ACK: "to"}.get(flags & (_SYN | _ACK), "")
            key = ("TCP", layer["seq"].value, layer["ack"].value, flags, data)
            yield key, _ends(layer, client)
        elif layer.name == "UDP" and (number := under.get("id")) is not None and number.value:
            yield ("UDP", number.value, data), _ends(layer, "")


def _ends(layer: Layer, client: str) -> _Ends:
    return _Ends(int(layer["sport"].value), int(layer["dport"].value), client)


def _rewritten(sightings: Iterable[_Ends]) -> Iterator[int]:
    """The ports of the end that connected, where one packet was seen with several."""
    ends = list(sightings)
    by_side: Mapping[str, set[int]] = {
        "from": {end.source for end in ends},
        "to": {end.target for end in ends},
    }
    for side, other in (("from", "to"), ("to", "from")):
        client = ends[0].client
        own = by_side[side]
        # Without a flag that tells: the kernel chose the one before, and the other side listens.
        guess = any(map(ports.is_chosen, own)) and not any(map(ports.is_chosen, by_side[other]))
        if len(own) > 1 and (client == side if client else guess):
            yield from own


def connections(pcaps: Iterable[bytes]) -> Connections:
    """The connections in captures whose source's port the kernel chose."""
    seen = [
        Connection(str(port), str(target[1]), sure=True)
        for pcap in pcaps
        for (_, _, target), chosen_ in choices(dissector.packets(pcap)).items()
        for port in chosen_
    ]
    return Connections(tuple(seen), frozenset(target for _, target, _ in seen))


def choices(packets: Sequence[Packet]) -> dict[Any, list[int]]:
    """Ports that the kernel chose, by protocol, address, and the other end with its port.

    It chooses the port of who begins. A server has its own, in that range too: so where a
    capture does not show the beginning, it is a choice only opposite a port below that range.
    """
    ports_of: dict[Any, list[int]] = {}
    for members in conversations.conversations(packets).values():
        ways = [way for packet in members if (way := _ways(packet)) is not None]
        begun = [way for packet in members if (way := _ways(packet)) and _begins(packet)]
        if not ways:
            continue
        source, target = (begun or ways)[0]
        if not begun and not ports.is_chosen(source[1]):
            source, target = target, source
        known = bool(begun) or not ports.is_chosen(target[1])
        if known and ports.is_chosen(source[1]) and source[1] not in ports.BOTH_ENDS:
            protocol = members[0].last("TCP") is not None
            ports_of.setdefault((protocol, source[0], target), []).append(source[1])
    return ports_of


def _ways(packet: Packet) -> tuple[tuple[Any, int], tuple[Any, int]] | None:
    """A packet's two ends, address and port; None where it has no ports."""
    network = conversations.address(packet)
    transport = None if network is None else conversations.above(packet, network)
    if network is None or transport is None or not transport.get("dport"):
        return None
    return (
        (network["src"].value, int(transport["sport"].value)),
        (network["dst"].value, int(transport["dport"].value)),
    )


def _begins(packet: Packet) -> bool:
    """Whether a packet opens a connection."""
    segment = packet.last("TCP")
    flags = frozenset() if segment is None else streams.flags_of(segment)
    return "SYN" in flags and "ACK" not in flags
