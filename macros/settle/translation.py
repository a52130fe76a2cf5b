"""Ports that a translation of the source chose: captures show one packet on both sides of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from macros.ground import ports
from macros.packets import dissector
from macros.packets.packet import Layer, Packet

_SYN, _ACK = 2, 16  # TCP's flags, RFC 9293 section 3.1


def packets(pcap: bytes) -> tuple[Packet, ...]:
    """The packets of a file."""
    return dissector.packets(pcap)


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
        for packet in packets(pcap):
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
    for place, layer in enumerate(packet.layers):
        if layer.role == "quoted":
            continue
        under = packet.layers[place - 1] if place else layer
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
