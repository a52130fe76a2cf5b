"""Settle a capture: by its conversations, packet by packet; and rename in packets.

Two captures tell the same when their conversations do, in the order in which these began. Within
one, each side's packets are in order, and none answers what has not been seen yet; how packets that
do not know of one another are interleaved is chance. Nothing counts that a sender starts anywhere:
sequence numbers are relative to the first of their direction, an id of a ping to the first ping,
and of a checksum only whether it is right, wrong, partial or none.
"""

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from macros.packets import checksum, read
from macros.packets.model import Layer, Packet
from macros.packets.pcap import records
from macros.settle import identities
from macros.settle.match import Renaming

_IDS = re.compile(rb"(?<![0-9A-Za-z])[0-9a-f]{12}(?:[0-9a-f]{52})?(?![0-9A-Za-z])")
# The date in an HTTP answer (RFC 9110 section 6.6.1).
_DATE = re.compile(rb"(?m)^((?:Date|Last-Modified|Expires): )[^\r\n]*")
_ENDS = (("src", "dst"), ("sender_ip", "target_ip"), ("sport", "dport"))
_VXLAN = frozenset({4789, 8472})
_FILE, _RECORD = 24, 16  # bytes: headers of a pcap file and of each of its packets


def same(old: bytes, new: bytes) -> bool:
    """Whether two pcap files hold the same conversations, names aside."""
    if old == new:
        return True
    return old[:_FILE] == new[:_FILE] and told(_read(old)) == told(_read(new))


@lru_cache(maxsize=64)
def _read(pcap: bytes) -> tuple[Packet, ...]:
    """The packets of a file. Each is looked at more than once."""
    return read.packets(pcap)


def told(packets: Sequence[Packet]) -> list[Any]:
    """What packets say, conversation by conversation, without noise.

    A TCP segment that came again is left out, unless it was never answered: that nobody answers
    is a fact, and how often was asked.
    """
    starts: dict[Any, int] = {}
    pings: dict[int, int] = {}
    flows = {_flow(packet) for packet in packets}
    seen: set[Any] = set()
    found: dict[Any, _Conversation] = {}
    for packet in packets:
        layers = [_layer(packet, at, starts, pings) for at in range(len(packet.layers))]
        flow = _flow(packet)
        if flow is not None and (flow[0], *flow[:0:-1]) in flows and _carries(packet):
            segment = repr(layers)
            if segment in seen:
                continue
            seen.add(segment)
        told_ = (packet.wire, packet.captured, layers)
        if flow is None:
            found.setdefault(_others(packet, pings), _Conversation()).all.append(told_)
        else:
            key = (flow[0], *sorted(flow[1:]))
            found.setdefault(key, _Conversation()).add(flow, told_, _numbers(packet, starts))
    return [(key, one.told()) for key, one in found.items()]


@dataclass(slots=True)
class _Conversation:
    """Packets of one conversation: `all` in order, or each direction of TCP with its numbers."""

    all: list[Any] = field(default_factory=list)
    ways: dict[Any, list[tuple[Any, int, int]]] = field(default_factory=dict)
    sent: dict[Any, int] = field(default_factory=dict)
    early: list[tuple[Any, int]] = field(default_factory=list)

    def add(self, flow: Any, told_: Any, numbers: tuple[int, int]) -> None:
        """A segment: what it tells, and how far its own numbers and those it has seen go."""
        end, acknowledged = numbers
        way = self.ways.setdefault(flow, [])
        way.append((told_, end, acknowledged))
        back = (flow[0], *flow[:0:-1])
        if acknowledged > self.sent.get(back, 0):
            # It answers what this capture shows later, or not at all.
            self.early.append((flow, len(way)))
        self.sent[flow] = max(end, self.sent.get(flow, 0))

    def told(self) -> Any:
        """What can be compared."""
        ways = {flow: [one[0] for one in way] for flow, way in self.ways.items()}
        return self.all, ways, sorted(self.early)


def _numbers(packet: Packet, starts: Mapping[Any, int]) -> tuple[int, int]:
    """How far a segment's data goes, and how far it says to have read: relative, 0 for nothing."""
    at = next(at for at, one in enumerate(packet.layers) if one.name == "TCP" and not one.role)
    layer, ends = packet.layers[at], _ends(packet, at)
    if ends is None:
        return 0, 0
    there, back = (layer.role, *ends), (layer.role, *ends[::-1])
    flags = layer.get("flags")
    words = set(flags.shown.split()) if flags is not None else set()
    seq, ack = layer.get("seq"), layer.get("ack")
    end = acknowledged = 0
    if seq is not None:
        size = layer.end - layer.offset - layer.length + len({"SYN", "FIN"} & words)
        end = (int(seq.value) - starts.get(there, int(seq.value))) % 2**32 + size
    if ack is not None and "ACK" in words and back in starts:
        acknowledged = (int(ack.value) - starts[back]) % 2**32
    return end, acknowledged


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


def _flow(packet: Packet) -> tuple[Any, ...] | None:
    """The direction of a TCP segment: how it is carried, and its ends as they face each other."""
    at = next((at for at, one in enumerate(packet.layers) if one.name == "TCP" and not one.role), 0)
    ends = _ends(packet, at)
    return None if ends is None else ("TCP", *ends)


def _ends(packet: Packet, at: int) -> tuple[Any, Any] | None:
    """The sender and the receiver of the segment at layer `at`: address and port."""
    layer = packet.layers[at]
    source, target = layer.get("sport"), layer.get("dport")
    if source is None or target is None or layer.name != "TCP":
        return None
    under = next((one for one in reversed(packet.layers[:at]) if one.get("src")), None)
    ends = (under["src"].value, under["dst"].value) if under is not None else ("", "")
    return (ends[0], source.value), (ends[1], target.value)


def _carries(packet: Packet) -> bool:
    """Whether a TCP segment takes up numbers: with data, SYN or FIN."""
    layer = packet.last("TCP")
    flags = layer.get("flags") if layer is not None else None
    if layer is None or flags is None:
        return False
    return layer.end > layer.offset + layer.length or bool(
        {"SYN", "FIN"} & set(flags.shown.split())
    )


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


def rename(pcap: bytes, renaming: Renaming) -> bytes:
    """A pcap file with its identities under their old names.

    A checksum is changed by what changed below it (RFC 1624): one that was wrong or partial
    stays so, and the zero that means none stays zero.
    """
    if not pcap:
        return pcap
    _, found = records(pcap)
    packets = _read(pcap)
    out, at = bytearray(pcap[:_FILE]), _FILE
    changes = _Bytes(renaming)
    for record, packet in zip(found, packets, strict=True):
        out += pcap[at : at + _RECORD]
        out += _packet(packet, changes)
        at += _RECORD + len(record.data)
    return bytes(out)


class _Bytes:
    """The renaming in bytes: MACs anywhere, ids in payloads, ports in headers."""

    def __init__(self, renaming: Renaming) -> None:
        self.words: dict[bytes, bytes] = {}
        self.ports: dict[int, int] = {}
        self.ids: dict[bytes, bytes] = {}
        for (kind, _, new), old in renaming.names.items():
            if kind == identities.ID.name:
                self.ids[new[:12].encode()] = old[:12].encode()
                if len(new) == len(old):
                    self.ids[new.encode()] = old.encode()
        for (kind, _, new), old in renaming.names.items():
            if kind == identities.MAC.name and new != old:
                mine, theirs = _raw(new), _raw(old)
                self.words[mine] = theirs
                self.words[_eui64(mine)] = _eui64(theirs)
                # 33:33:ff and ff02::1:ff, RFC 2464 section 7 and RFC 4291 section 2.7.1.
                self.words[b"\x33\x33\xff" + mine[3:]] = b"\x33\x33\xff" + theirs[3:]
                self.words[b"\0\0\0\x01\xff" + mine[3:]] = b"\0\0\0\x01\xff" + theirs[3:]
            elif kind == identities.PORT.name and new != old:
                self.ports[int(new)] = int(old)
        self.pattern = re.compile(
            b"|".join(map(re.escape, sorted(self.words, key=len, reverse=True))) or b"(?!)",
            re.DOTALL,
        )

    def id(self, found: re.Match[bytes]) -> bytes:
        """An id in a payload under its old name."""
        return self.ids.get(found[0], found[0])


def _raw(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def _eui64(mac: bytes) -> bytes:
    return bytes((mac[0] ^ 2,)) + mac[1:3] + b"\xff\xfe" + mac[3:]


def _packet(packet: Packet, changes: _Bytes) -> bytes:
    old = packet.data
    data = bytearray(changes.pattern.sub(lambda found: changes.words[found[0]], old))
    for layer in packet.layers:
        if layer.name == "Data":
            span = slice(layer.offset, layer.offset + layer.length)
            data[span] = _IDS.sub(changes.id, bytes(data[span]))
        for name in ("sport", "dport"):
            field = layer.get(name)
            if (
                field is not None
                and layer.name in {"TCP", "UDP"}
                and int(field.value) in changes.ports
            ):
                struct.pack_into("!H", data, field.first, changes.ports[int(field.value)])
    if data != old:
        for at in range(len(packet.layers) - 1, -1, -1):
            _adjust(packet, at, data)
    return bytes(data)


def _adjust(packet: Packet, at: int, data: bytearray) -> None:
    """Bring one checksum in step with what changed in what it covers: RFC 1624, equation 3."""
    layer = packet.layers[at]
    field = layer.get("checksum")
    if field is None or (layer.name == "UDP" and not int(field.value)):
        return
    spans = list(_covered(packet, at))
    before = [packet.data[start:end] for start, end in spans]
    after = [bytes(data[start:end]) for start, end in spans]
    if before == after:
        return
    total = ~int(field.value) & 0xFFFF
    for old, new in zip(before, after, strict=True):
        total += (~checksum.total(old) & 0xFFFF) + checksum.total(new)
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    value = ~total & 0xFFFF
    if layer.name == "UDP" and value == 0:
        value = 0xFFFF
    struct.pack_into("!H", data, field.first, value)


def _covered(packet: Packet, at: int) -> Iterator[tuple[int, int]]:
    """The bytes that a layer's checksum covers, without itself, each span at an even distance.

    A partial checksum covers the addresses only. An outer one above it was computed as if the
    inner were filled in, which takes all that the inner one covers out of the sum.
    """
    layer = packet.layers[at]
    own = layer["checksum"]
    if layer.name == "IPv4":
        yield from _around(layer.offset, layer.offset + layer.length, own.first)
        return
    if layer.name in {"TCP", "UDP", "ICMPv6"}:
        under = next((one for one in reversed(packet.layers[:at]) if one.get("src")), None)
        if under is not None and under.name.startswith("IP"):
            yield under["src"].first, under["src"].last + 1
            yield under["dst"].first, under["dst"].last + 1
    inner = next((one for one in packet.layers[at + 1 :] if _partial(one)), None)
    if inner is not None:
        yield from _around(layer.offset, inner.offset, own.first)
        yield inner.end, max(layer.end, inner.end)
    elif not _partial(layer):
        yield from _around(layer.offset, layer.end, own.first)


def _partial(layer: Layer) -> bool:
    field = layer.get("checksum")
    return field is not None and field.state == "partial"


def _around(start: int, end: int, checksum_at: int) -> Iterator[tuple[int, int]]:
    yield start, checksum_at
    yield checksum_at + 2, end
