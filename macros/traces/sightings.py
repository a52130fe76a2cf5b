"""The same packet at several interfaces: found by what stays, whatever is rewritten or wrapped.

Routers and NAT change addresses, ports, MACs, TTL and checksums; tunnels put headers before a
packet. What no hop of Linux touches is the innermost packet's IP id, its TCP numbers and
timestamps, its ICMP type and sequence, and its data. (NAT may rewrite the id of a ping, so that
does not count.)
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from macros.packets import conversations, encrypted
from macros.packets.packet import Layer, Packet
from macros.traces.trace import Lane, Visit

Key = tuple[Hashable, ...]


_LOADS = frozenset({"Data", *encrypted.NAMES})
"""What no hop touches; an encrypted packet's header has numbers of its own."""


def key(packet: Packet) -> Key | None:
    """What is the same about a packet wherever it is seen; None where nothing can tell."""
    arp = packet.last("ARP")
    if arp is not None:
        return ("ARP", packet.data[arp.offset : arp.offset + arp.length])
    address = innermost(packet)
    if address is None:
        return None
    fragment, number = address.get("fragment"), address.get("id")
    position = packet.layers.index(address)
    inside = packet.layers[position + 1 :]
    carried = b"".join(
        packet.data[layer.offset : layer.offset + layer.length]
        for layer in inside
        if layer.name in _LOADS and not layer.role
    )
    constant: Key = (
        address.name,
        address["protocol"].value,
        number.value if number is not None else None,
        fragment.value if fragment is not None else 0,
        address.end - address.offset,
    )
    above = next((layer for layer in inside if not layer.role or layer.role == "inner"), None)
    if above is None:
        return (*constant, carried)
    names = {
        "TCP": ("seq", "ack", "flags", "window", "timestamps"),
        "ICMP": ("type", "code", "seq"),
        "ICMPv6": ("type", "code", "seq"),
    }.get(above.name, ())
    constants = tuple(above[name].raw for name in names if above.get(name) is not None)
    return (*constant, above.name, *constants, carried)


def innermost(packet: Packet) -> Layer | None:
    """The IP header that no other is inside of; those that an ICMP error quotes do not count."""
    headers = [
        header
        for header in packet.layers
        if header.name in {"IPv4", "IPv6"} and header.role != "quoted"
    ]
    return next((header for header in reversed(headers) if header.get("dst")), None)


@dataclass(slots=True)
class Group:
    """All visits of one packet, not yet in the order of its way."""

    visits: list[Visit] = field(default_factory=list)

    def lanes(self) -> set[int]:
        """The lanes it was seen at."""
        return {visit.lane for visit in self.visits}


def groups(captures: Sequence[Sequence[Packet]]) -> list[Group]:
    """The packets of all captures, those that are the same packet together.

    Where a capture has a packet's constants twice, other bytes mean that it passed twice (into a
    bridge and, rewritten, out of it again), the same bytes that it was sent twice.
    """
    known: dict[tuple[Key, int], Group] = {}
    for lane, packets in enumerate(captures):
        seen: Counter[bytes] = Counter()
        for packet in packets:
            own = key(packet)
            if own is None:
                continue
            time = seen[packet.data]
            seen[packet.data] += 1
            known.setdefault((own, time), Group()).visits.append(Visit(lane, packet))
    return list(known.values())


def of_interest(
    seen: Iterable[Group], lanes: Sequence[Lane]
) -> tuple[list[Group], list[tuple[str, int]]]:
    """The groups that a trace is about, and what is left out, counted by kind.

    It is about the conversations that were seen at several lanes, and the ICMP errors that
    quote them; where there are none, about all.
    """
    every = list(seen)
    about = {
        conversations.flow(visit.packet)
        for group in every
        if len(group.lanes()) > 1
        for visit in group.visits
    }
    hosts = {frozenset((_host(flow.first), _host(flow.second))) for flow in about}
    kept: list[Group] = []
    left: defaultdict[str, int] = defaultdict(int)
    for group in every:
        flows = {conversations.flow(visit.packet) for visit in group.visits}
        quoted = {_quoted(visit.packet) for visit in group.visits} & hosts
        if not about or flows & about or quoted:
            kept.append(group)
        else:
            left[next(iter(flows)).protocol] += len(group.visits)
    assert all(visit.lane < len(lanes) for group in kept for visit in group.visits)  # noqa: S101
    return kept, sorted(left.items())


def _host(end: str) -> str:
    """An end of a conversation without its port or its ping's id."""
    return end.split(" id ", 1)[0].rsplit(":", 1)[0].strip("[]")


def _quoted(packet: Packet) -> frozenset[str]:
    """The hosts of the packet that an ICMP error quotes."""
    inside = next(
        (layer for layer in packet.layers if layer.role == "quoted" and layer.get("dst")), None
    )
    if inside is None:
        return frozenset()
    return frozenset((inside["src"].shown, inside["dst"].shown))
