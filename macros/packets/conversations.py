"""Conversations: which packets belong together, and whether one has ended."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from macros.packets import numbers
from macros.packets.names import PINGS
from macros.packets.packet import Layer, Packet
from macros.packets.streams import flags_of

_TRANSPORTS = frozenset({"TCP", "UDP", "ICMP", "ICMPv6"})
_LINKS = frozenset({"Ethernet", "VLAN", "Linux cooked", "Linux cooked v2"})
_LEAST_TYPE = 0x600
"""Below it an Ethernet type is the length of an IEEE 802.2 frame."""


@dataclass(frozen=True, slots=True, order=True)
class Flow:
    """A conversation: protocol and its two ends, in an order that does not depend on direction.

    An end is an address, for TCP and UDP with its port, for ICMP echoes with their identifier.
    Of a packet that carries another, the inner one counts.
    """

    protocol: str
    first: str
    second: str


def named_ends(packet: Packet) -> tuple[str, str, str]:
    """Protocol, sender and receiver of the innermost packet, as text."""
    arp = packet.last("ARP")
    if arp is not None and arp.get("sender_ip") and arp.get("target_ip"):
        return "ARP", arp["sender_ip"].shown, arp["target_ip"].shown
    network = address(packet)
    if network is None:
        return _linked(packet)
    source, target = network["src"].shown, network["dst"].shown
    transport = above(packet, network)
    if transport is None:
        number = _carried(packet, network)
        return numbers.PROTOCOLS.get(number, f"protocol {number}"), source, target
    if transport.get("sport"):
        form = "[{}]:{}" if ":" in source else "{}:{}"
        return (
            transport.name,
            form.format(source, transport["sport"].value),
            form.format(target, transport["dport"].value),
        )
    return transport.name, source, target


def _carried(packet: Packet, network: Layer) -> int:
    """The protocol that an IP header carries, behind the options of IPv6."""
    inside = packet.layers[packet.layers.index(network) :]
    behind = [layer for layer in inside if layer is network or layer.name == "IPv6 options"]
    kinds = [kind for layer in behind if (kind := layer.get("protocol")) is not None]
    return int(kinds[-1].value)


def _linked(packet: Packet) -> tuple[str, str, str]:
    """What a link carries that is no IP here, by the innermost tag's type, and its stations."""
    tagged = [layer for layer in packet.layers if layer.name in _LINKS and layer.role != "quoted"]
    if not tagged:
        return "unknown", "", ""
    kind = tagged[-1].get("type")
    size = tagged[-1].get("size")
    name = "IEEE 802.2" if size is not None and kind is None else "unknown"
    if kind is not None and int(kind.value) >= _LEAST_TYPE:
        name = kind.shown.split(" ", 1)[-1]
    elif kind is not None:
        name = "IEEE 802.2"
    frame = packet.last("Ethernet")
    if frame is None:
        return name, "", ""
    return name, frame["src"].shown, frame["dst"].shown


def address(packet: Packet) -> Layer | None:
    """The innermost IP header that has its addresses; None where a frame without one is inside."""
    for layer in reversed(packet.layers):
        if layer.name in {"IPv4", "IPv6"} and layer.role != "quoted" and layer.get("dst"):
            return layer
        if layer.name == "Ethernet":
            return None
    return None


def above(packet: Packet, network: Layer) -> Layer | None:
    """The header of TCP, UDP or ICMP that an IP header carries."""
    inside = packet.layers[packet.layers.index(network) + 1 :]
    return next(
        (layer for layer in inside if layer.name in _TRANSPORTS and layer.role != "quoted"), None
    )


def flow(packet: Packet) -> Flow:
    """The conversation that a packet belongs to; both directions give the same."""
    protocol, source, target = named_ends(packet)
    icmp = packet.last(protocol) if protocol in PINGS else None
    if icmp is not None and icmp.get("id"):
        source, target = (f"{end} id {icmp['id'].value}" for end in (source, target))
    first, second = sorted((source, target))
    return Flow(protocol, first, second)


def conversations(packets: Iterable[Packet]) -> dict[Flow, tuple[Packet, ...]]:
    """The packets of each conversation, in the order in which those began."""
    members: dict[Flow, list[Packet]] = {}
    for packet in packets:
        members.setdefault(flow(packet), []).append(packet)
    return {key: tuple(value) for key, value in members.items()}


def ends(packet: Packet) -> tuple[str, str]:
    """Sender and receiver of the innermost packet: addresses, with ports where it has them."""
    _, source, target = named_ends(packet)
    return source, target


@dataclass(slots=True)
class _Closing:
    """Of one conversation: by who sent a FIN, the acknowledgement that confirms it; who has it."""

    owed: dict[str, int] = field(default_factory=dict)
    confirmed: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Ending:
    """Sees the packets of a capture, one by one, until a TCP conversation among them has ended."""

    _under_way: dict[Flow, _Closing] = field(default_factory=dict)

    def by(self, packet: Packet) -> bool:
        """Whether one has ended with this packet: reset, or both FINs sent and acknowledged."""
        segment, key = packet.last("TCP"), flow(packet)
        if segment is None or key.protocol != "TCP" or segment.get("flags") is None:
            return False
        source, target = ends(packet)
        flags, closing = flags_of(segment), self._under_way.setdefault(key, _Closing())
        if "RST" in flags:
            return True
        if "FIN" in flags:
            carried = segment.end - segment.offset - segment.length
            closing.owed[source] = (int(segment["seq"].value) + carried + 1) % 2**32
        if "ACK" in flags and int(segment["ack"].value) == closing.owed.get(target):
            closing.confirmed.add(target)
        return len(closing.confirmed) == 2


def closed(packets: Iterable[Packet]) -> bool:
    """Whether some TCP conversation has ended."""
    ending = Ending()
    return any(ending.by(packet) for packet in packets)
