"""What a capture tells: its conversations, without what comes by chance.

Two captures tell the same when their conversations do, in the order in which these began. What is
left out is what a sender starts anywhere (sequence numbers are relative to the first of their
direction, an id of a ping to the first ping; of a checksum counts whether it is right, wrong,
partial or none) and what is only timing: how packets that do not know of one another are
interleaved, and in TCP (RFC 9293) how many acknowledgements say what a later one says as well,
how small writes are joined to segments, and how far a window is open.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from macros.packets.packet import Packet

# The date in an HTTP answer (RFC 9110 section 6.6.1).
_DATE = re.compile(rb"(?m)^((?:Date|Last-Modified|Expires): )[^\r\n]*")
_ENDS = (("src", "dst"), ("sender_ip", "target_ip"), ("sport", "dport"))
_VXLAN = frozenset({4789, 8472})
_SMALL = 536
"""Bytes that any receiver takes in a segment (RFC 9293 section 3.7.1): less was not cut to fit."""


def told(packets: Sequence[Packet]) -> list[Any]:
    """What packets say, conversation by conversation; see above.

    A TCP segment that came again is left out, unless it was never answered: that nobody answers
    is a fact, and how often was asked.
    """
    starts: dict[Any, int] = {}
    pings: dict[int, int] = {}
    flows = {_flow(packet) for packet in packets}
    found: dict[Any, _Conversation] = {}
    for packet in packets:
        layers = [_layer(packet, at, starts, pings) for at in range(len(packet.layers))]
        flow = _flow(packet)
        if flow is None:
            one = found.setdefault(_others(packet, pings), _Conversation())
            one.all.append((packet.wire, packet.captured, layers))
        else:
            one = found.setdefault(tuple(sorted(flow)), _Conversation())
            one.add(flow, _segment(packet, layers), answered=flow[::-1] in flows)
    return [(key, one.told()) for key, one in found.items()]


class _Segment(NamedTuple):
    """A TCP segment: relative numbers, its data, and all else that it says."""

    seq: int
    ack: int | None
    data: bytes
    flags: frozenset[str]
    header: str
    plain: str
    whole: str


class _Data(NamedTuple):
    """Bytes that followed one another in small segments, or those of one large one."""

    seq: int
    data: bytes
    headers: frozenset[str]
    joins: bool


@dataclass(slots=True)
class _Way:
    """One direction of a TCP conversation."""

    items: list[Any] = field(default_factory=list)
    plain: set[str] = field(default_factory=set)
    seen: set[Any] = field(default_factory=set)
    sent: int = 0
    read: int = 0

    def told(self) -> Any:
        """Dates are taken out of the data as a whole: one may stand in two segments."""
        items = [
            (one.seq, _DATE.sub(rb"\1", one.data), sorted(one.headers))
            if isinstance(one, _Data)
            else one
            for one in self.items
        ]
        return items, sorted(self.plain), self.read


@dataclass(slots=True)
class _Conversation:
    """Packets of one conversation: `all` in order, or the two directions of TCP."""

    all: list[Any] = field(default_factory=list)
    ways: dict[Any, _Way] = field(default_factory=dict)
    early: set[Any] = field(default_factory=set)

    def add(self, flow: Any, one: _Segment, *, answered: bool) -> None:
        """The next segment of a direction."""
        way = self.ways.setdefault(flow, _Way())
        back = self.ways.get(flow[::-1])
        size = len(one.data) + len(one.flags & {"SYN", "FIN"})
        if size and back is not None and way.sent <= one.seq < back.read:
            # It was answered before this capture shows it.
            self.early.add((flow, one.seq))
        if one.ack is not None:
            if back is not None and one.ack > back.sent:
                # It answers what this capture shows later, or not at all.
                self.early.add((flow, one.ack))
            shakes = one.ack == 1 and way.read == 0 and "SYN" not in one.flags
            way.read = max(way.read, one.ack)
            if shakes and not one.data:
                way.items.append(("handshake", one.header))
                return
        if one.flags & {"SYN", "RST"}:
            _append(way, one, ("start", one.whole), answered=answered)
        elif one.data or "FIN" in one.flags:
            if one.data:
                _carry(way, one, answered=answered)
            if "FIN" in one.flags:
                end = one.seq + len(one.data)
                _append(way, one, ("end", end, one.header), answered=answered)
        if "SYN" not in one.flags and len(one.data) < _SMALL:
            # As an acknowledgement alone would be: one more or less of the same is no change.
            way.plain.add(one.plain)
        way.sent = max(way.sent, one.seq + size)

    def told(self) -> Any:
        """What can be compared."""
        return self.all, {flow: way.told() for flow, way in self.ways.items()}, sorted(self.early)


def _append(way: _Way, one: _Segment, item: Any, *, answered: bool) -> None:
    key = (one.seq, item)
    if not (answered and key in way.seen):
        way.seen.add(key)
        way.items.append(item)


def _carry(way: _Way, one: _Segment, *, answered: bool) -> None:
    """Add a segment's data to what it follows, or by itself."""
    key = (one.seq, one.data, one.header)
    if answered and key in way.seen:
        return
    way.seen.add(key)
    last = way.items[-1] if way.items else None
    small = len(one.data) < _SMALL
    if isinstance(last, _Data) and last.joins and small and last.seq + len(last.data) == one.seq:
        way.items[-1] = last._replace(
            data=last.data + one.data, headers=last.headers | {one.header}
        )
    else:
        way.items.append(_Data(one.seq, one.data, frozenset({one.header}), small))


def _segment(packet: Packet, layers: Sequence[Any]) -> _Segment:
    at = next(at for at, one in enumerate(packet.layers) if one.name == "TCP" and not one.role)
    layer = packet.layers[at]
    data = packet.data[layer.offset + layer.length : layer.end]
    shown = layer.get("flags")
    flags = frozenset(shown.shown.split()) if shown is not None else frozenset()
    values = dict(layers[at][3])
    seq = values.pop("seq", 0)
    ack = values.pop("ack", None) if "ACK" in flags else None
    values.pop("sack", None)
    if values.get("window"):
        values["window"] = "0" if values["window"] == [0] else "n"
    values["flags"] = sorted(flags - {"FIN"} if data else flags - {"PSH"})
    below = []
    for name, role, length, inner in layers[:at]:
        kept = dict(inner)
        if len(data) < _SMALL:
            kept.pop("length", None)
        below.append((name, role, length, kept))
    cut = packet.captured < packet.wire
    header = repr((cut, below, layers[at][:3], values))
    plain = repr((cut, below, layers[at][:3], {**values, "flags": sorted(flags - {"FIN", "PSH"})}))
    whole = repr((packet.wire, packet.captured, layers))
    return _Segment(seq, ack, data, flags, header, plain, whole)


def _others(packet: Packet, pings: Mapping[int, int]) -> Any:
    """What makes packets without TCP one conversation: their ends, ports, and a ping's id."""
    ends = []
    for layer in packet.layers:
        if layer.role == "quoted":
            break
        for one, other in _ENDS:
            source, target = layer.get(one), layer.get(other)
            if source is None or target is None or layer.name == "Ethernet":
                continue
            if layer.name == "UDP" and target.value in _VXLAN:
                continue
            ends.append(sorted((str(source.value), str(target.value))))
        if layer.name == "ICMP" and layer.get("id"):
            ends.append([str(pings.get(int(layer["id"].value)))])
    return tuple(map(tuple, ends))


def _flow(packet: Packet) -> tuple[Any, Any] | None:
    """The direction of a TCP segment: how it is carried, and its ends as they face each other."""
    at = next((at for at, one in enumerate(packet.layers) if one.name == "TCP" and not one.role), 0)
    return _ends(packet, at)


def _ends(packet: Packet, at: int) -> tuple[Any, Any] | None:
    """The sender and the receiver of the segment at layer `at`: address and port."""
    layer = packet.layers[at]
    source, target = layer.get("sport"), layer.get("dport")
    if source is None or target is None or layer.name != "TCP":
        return None
    under = next((one for one in reversed(packet.layers[:at]) if one.get("src")), None)
    ends = (under["src"].value, under["dst"].value) if under is not None else ("", "")
    return (ends[0], source.value), (ends[1], target.value)


def _layer(packet: Packet, at: int, starts: dict[Any, int], pings: dict[int, int]) -> Any:
    layer = packet.layers[at]
    values: dict[str, Any] = {}
    for one in layer.fields:
        if one.name == "checksum":
            values[one.name] = one.state
        else:
            value = one.raw if layer.name == "Data" else one.value
            values.setdefault(one.name, []).append(value)
    under = packet.layers[at - 1] if at else None
    if layer.name == "IPv4":
        values.pop("id", None)
    elif layer.name == "IPv6":
        values.pop("flow", None)
    elif layer.name == "TCP":
        _tcp(packet, at, values, starts)
    elif layer.name == "UDP" and layer.get("dport") and layer["dport"].value in _VXLAN:
        values.pop("sport", None)
    elif layer.name == "ICMP" and layer.get("id") and layer.get("type") is not None:
        values["id"] = pings.setdefault(int(layer["id"].value), len(pings))
    elif layer.name == "Data":
        data = b"".join(values.get("data", ()))
        if under is not None and under.name == "ICMP":
            # ping's own time: 16 bytes of iputils on 64 bits, 4 of busybox.
            data = data[16:] if any(data[16:]) else data[4:]
        values = {"data": _DATE.sub(rb"\1", data)}
    return layer.name, layer.role, layer.length, values


def _tcp(packet: Packet, at: int, values: dict[str, Any], starts: dict[Any, int]) -> None:
    """Numbers relative to the first that each direction showed; timestamps only as there or not."""
    layer, ends = packet.layers[at], _ends(packet, at)
    if ends is None:
        return
    there, back = (layer.role, *ends), (layer.role, *ends[::-1])
    if layer.get("seq"):
        seq = int(layer["seq"].value)
        values["seq"] = (seq - starts.setdefault(there, seq)) % 2**32
    if layer.get("ack") and layer.get("flags") and "ACK" in layer["flags"].shown.split():
        ack = int(layer["ack"].value)
        values["ack"] = (ack - starts.setdefault(back, ack - 1)) % 2**32
    if "sack" in values and back in starts:
        edges = " ".join(map(str, values["sack"])).split()
        values["sack"] = [(int(edge) - starts[back]) % 2**32 for edge in edges]
    if "timestamps" in values:
        values["timestamps"] = [
            "0" if one.endswith(" 0") else "n" for one in map(str, values["timestamps"])
        ]
