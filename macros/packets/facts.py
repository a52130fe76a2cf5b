"""What counts of a header's field, for settling and comparing alike; the rest comes by chance.

What a sender starts anywhere counts from its first: sequence numbers, the id of a ping, that of a
question to the DNS, and that of a packet which comes in fragments. Of what the DNS answers, no
time to live and no serial counts. Of a checksum counts whether it is right, wrong, partial or none;
of timestamps whether they are there and answer one; of a window, once it is agreed on, whether it
is open. What is encrypted counts by its length (sessions.py).
"""

from collections.abc import Iterable
from typing import Any

from macros.packets import dns, encrypted, numbers
from macros.packets.http import undated
from macros.packets.names import PINGS
from macros.packets.packet import Field, Layer, Packet
from macros.packets.sessions import Sessions
from macros.packets.streams import Starts, flags_of

_FLOW = ("IPv6", "flow")


class Facts:
    """The facts of a capture's packets, each seen among all of them."""

    def __init__(self, packets: Iterable[Packet]) -> None:
        packets = tuple(packets)
        self.starts = Starts(packets)
        self.pings: dict[int, int] = {}
        self.questions: dict[str, int] = {}
        self.cut: dict[Any, int] = {}
        self.sessions = Sessions(packets)
        for packet in packets:
            for layer in packet.layers:
                if layer.name == "IPv4" and _is_part(layer):
                    self.cut.setdefault(_whole(layer), len(self.cut))
                if layer.name in PINGS and layer.get("id"):
                    self.pings.setdefault(int(layer["id"].value), len(self.pings))
                if layer.name == dns.NAME:
                    self.questions.setdefault(str(layer["id"].value), len(self.questions))

    def value(self, packet: Packet, level: int, field: Field) -> Any:
        """What counts of a field of layer `place`; None where nothing does."""
        layer = packet.layers[level]
        if field.name == "checksum":
            return field.state
        if (layer.name, field.name) == _FLOW or _hash_of_flow(layer, field):
            return None
        if layer.name == "IPv4" and field.name == "id":
            # Which fragments belong together is a fact.
            return self.cut.get(_whole(layer))
        if layer.name == "TCP":
            return self._of_tcp(packet, level, field)
        if layer.name in PINGS and field.name == "id":
            return self.pings[int(field.value)]
        if layer.name == dns.NAME:
            return self._of_dns(field)
        if layer.name in encrypted.NAMES:
            return self.sessions.value(packet, level, field)
        if layer.name == "Data":
            return carried(packet, level)
        return field.value

    def _of_dns(self, field: Field) -> Any:
        if field.name == "id":
            return self.questions[str(field.value)]
        return dns.lasting(str(field.value)) if field.name in dns.RECORDS else field.value

    def _of_tcp(self, packet: Packet, level: int, field: Field) -> Any:
        layer = packet.layers[level]
        if field.name == "seq":
            return self.starts.seq(packet, level)
        if field.name == "ack":
            number = self.starts.ack(packet, level)
            return field.value if number is None else number
        if field.name == "sack":
            return tuple(self.starts.edges(packet, level))
        if field.name == "timestamps":
            return "first" if field.shown.endswith(" 0") else "there"
        if field.name == "window" and "SYN" not in flags_of(layer) and layer.role != "quoted":
            return "open" if field.value else 0
        return field.value


def _is_part(layer: Layer) -> bool:
    """Whether an IPv4 header is that of one fragment."""
    flags, offset = layer.get("flags"), layer.get("fragment")
    return bool((offset and offset.value) or (flags and "MF" in flags.shown))


def _whole(layer: Layer) -> tuple[Any, ...]:
    """What is the same in all fragments of a packet: RFC 791, section 3.2."""
    named = (layer.get(name) for name in ("src", "dst", "protocol", "id"))
    return layer.role, *(field and field.raw for field in named)


def carried(packet: Packet, level: int) -> bytes:
    """Data without dates of HTTP, and without the time that ping puts in front of its filling."""
    raw = packet.layers[level].fields[0].raw
    if level and packet.layers[level - 1].name in encrypted.NAMES:
        return encrypted.load(len(raw)).encode()
    if level and packet.layers[level - 1].name in PINGS:
        # 16 bytes of iputils on 64 bits, 4 of busybox.
        raw = raw[16:] if any(raw[16:]) else raw[4:]
    return undated(raw)


def _hash_of_flow(layer: Layer, field: Field) -> bool:
    target = layer.get("dport")
    return (
        layer.name == "UDP"
        and field.name == "sport"
        and target is not None
        and target.value in numbers.VXLAN_PORTS
    )
