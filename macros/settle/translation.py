"""What captures tell of ports: who connects, and what a translation of the source chose."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

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
    return Connections(tuple(seen), frozenset(one.target for one in seen))


Choices: TypeAlias = dict[Any, list[int]]
"""Ports that the kernel chose, by protocol, address, and the other end with its port."""


def of_both(old: Sequence[Packet], new: Sequence[Packet]) -> tuple[Choices, Choices]:
    """The choices in two captures of one command.

    Where the ports of a datagram do not tell who began, a port that both captures have is nobody's
    choice; and who is seen to send first does not answer.
    """
    ends = [{port for pair in _unsure(packets) for port in pair} for packets in (old, new)]
    servers = frozenset(ends[0] & ends[1])
    return choices(old, servers), choices(new, servers)


def choices(packets: Sequence[Packet], servers: frozenset[int] = frozenset()) -> Choices:
    """Ports that the kernel chose; `servers` are those that it did not, of datagrams.

    It chooses the port of who begins. A server has its own, in that range too: so where a
    capture does not show the beginning, it is a choice only opposite a port below that range.
    """
    ports_of: Choices = {}
    for way in _ways(packets):
        source, target = way.source, way.target
        fixed = ports.BOTH_ENDS | servers if way.protocol == "UDP" else ports.BOTH_ENDS
        if not way.begun and not ports.is_chosen(source[1]):
            source, target = target, source
        known = way.begun or not ports.is_chosen(target[1]) or target[1] in fixed
        if known and ports.is_chosen(source[1]) and source[1] not in fixed:
            ports_of.setdefault((way.protocol, source[0], target), []).append(source[1])
    return ports_of


def _unsure(packets: Sequence[Packet]) -> Iterator[tuple[int, int]]:
    """The two ports of datagrams that do not tell which one was chosen."""
    for way in _ways(packets):
        both = way.source[1], way.target[1]
        if way.protocol == "UDP" and all(map(ports.is_chosen, both)):
            yield both


class _Way(NamedTuple):
    """The direction of a conversation's first packet, or of the one that opens it: `begun`."""

    protocol: str
    source: tuple[Any, int]
    target: tuple[Any, int]
    begun: bool


def _ways(packets: Sequence[Packet]) -> Iterator[_Way]:
    """One for each conversation that has ports, and for each that only an ICMP error quotes."""
    quoted: dict[_Way, None] = {}
    known: set[frozenset[tuple[Any, int]]] = set()
    for members in conversations.conversations(packets).values():
        ways = [way for packet in members if (way := _way(packet)) is not None]
        if ways:
            way = next((way for way in ways if way.begun), ways[0])
            known.add(frozenset((way.source, way.target)))
            yield way
        quoted |= {way: None for packet in members if (way := _quoted(packet)) is not None}
    yield from (way for way in quoted if frozenset((way.source, way.target)) not in known)


def _way(packet: Packet) -> _Way | None:
    """A packet's two ends, address and port; None where it has no ports."""
    network = conversations.address(packet)
    return None if network is None else _between(network, conversations.above(packet, network))


def _quoted(packet: Packet) -> _Way | None:
    """The two ends of the packet that an ICMP error quotes."""
    inside = [layer for layer in packet.layers if layer.role == "quoted"]
    network = next((layer for layer in inside if layer.get("dst")), None)
    transport = next((layer for layer in inside if layer.get("dport")), None)
    return None if network is None else _between(network, transport)


def _between(network: Layer, transport: Layer | None) -> _Way | None:
    if transport is None or not transport.get("dport"):
        return None
    flags = streams.flags_of(transport) if transport.name == "TCP" else frozenset()
    return _Way(
        transport.name,
        (network["src"].value, int(transport["sport"].value)),
        (network["dst"].value, int(transport["dport"].value)),
        "SYN" in flags and "ACK" not in flags,
    )
