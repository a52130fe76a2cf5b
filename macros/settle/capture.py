"""Settle a capture: keep the old packets where they tell the same, and rename in the new ones."""

import re
import struct
from collections.abc import Iterator

from macros.packets import checksum, dissector
from macros.packets.essence import told
from macros.packets.packet import Layer, Packet
from macros.packets.pcap import records
from macros.settle import translation
from macros.settle.identities import chosen_ports, container_ids, random_macs
from macros.settle.renaming import Renaming

_IDS = re.compile(rb"(?<![0-9A-Za-z])[0-9a-f]{12}(?:[0-9a-f]{52})?(?![0-9A-Za-z])")
_FILE, _RECORD = 24, 16  # bytes: headers of a pcap file and of each of its packets


def same(old: bytes, new: bytes, keep: str = "") -> bool:
    """Whether two pcap files hold the same conversations, names aside.

    With `keep`, the words of what the capture is for, whether they hold that alike.
    """
    if old == new:
        return True
    if old[:_FILE] != new[:_FILE]:
        return False
    before = told(dissector.packets(old), keep)
    return bool(before or not keep) and before == told(dissector.packets(new), keep)


def name_ports(old: bytes, new: bytes, renaming: Renaming) -> None:
    """Give ports that the kernel chose the names that they had in the same conversations.

    Those are the conversations between the same two ends but for that port, in their order, where
    there are as many in both. What is named already stays so.
    """
    before, after = translation.of_both(dissector.packets(old), dissector.packets(new))
    for ends, chosen in after.items():
        known = before.get(ends, [])
        both = set(known) & set(chosen)
        mine, theirs = ([port for port in side if port not in both] for side in (chosen, known))
        if len(mine) == len(theirs):
            pairs = [*zip(mine, theirs, strict=True), *((port, port) for port in both)]
            for port, name in pairs:
                renaming.add((chosen_ports.IDENTITY.name, "", str(port)), str(name))


def rename(pcap: bytes, renaming: Renaming) -> bytes:
    """A pcap file with its identities under their old names.

    A checksum is changed by what changed below it (RFC 1624): one that was wrong or partial
    stays so, and the zero that means none stays zero.
    """
    if not pcap:
        return pcap
    _, raw_records = records(pcap)
    packets = dissector.packets(pcap)
    out, offset = bytearray(pcap[:_FILE]), _FILE
    changes = _Bytes(renaming)
    for record, packet in zip(raw_records, packets, strict=True):
        out += pcap[offset : offset + _RECORD]
        out += _packet(packet, changes)
        offset += _RECORD + len(record.data)
    return bytes(out)


class _Bytes:
    """The renaming in bytes: MACs anywhere, ids in payloads, ports in headers."""

    def __init__(self, renaming: Renaming) -> None:
        self.words: dict[bytes, bytes] = {}
        self.ports: dict[int, int] = {}
        self.ids: dict[bytes, bytes] = {}
        for (kind, _, new), old in renaming.names.items():
            if kind == container_ids.IDENTITY.name:
                self.ids[new[:12].encode()] = old[:12].encode()
                if len(new) == len(old):
                    self.ids[new.encode()] = old.encode()
        for (kind, _, new), old in renaming.names.items():
            if kind == random_macs.IDENTITY.name and new != old:
                mine, theirs = _raw(new), _raw(old)
                self.words[mine] = theirs
                self.words[_eui64(mine)] = _eui64(theirs)
                # 33:33:ff and ff02::1:ff, RFC 2464 section 7 and RFC 4291 section 2.7.1.
                self.words[b"\x33\x33\xff" + mine[3:]] = b"\x33\x33\xff" + theirs[3:]
                self.words[b"\0\0\0\x01\xff" + mine[3:]] = b"\0\0\0\x01\xff" + theirs[3:]
            elif kind == chosen_ports.IDENTITY.name and new != old:
                self.ports[int(new)] = int(old)
        self.pattern = re.compile(
            b"|".join(map(re.escape, sorted(self.words, key=len, reverse=True))) or b"(?!)",
            re.DOTALL,
        )

    def id(self, match: re.Match[bytes]) -> bytes:
        """An id in a payload under its old name."""
        return self.ids.get(match[0], match[0])


def _raw(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def _eui64(mac: bytes) -> bytes:
    return bytes((mac[0] ^ 2,)) + mac[1:3] + b"\xff\xfe" + mac[3:]


def _packet(packet: Packet, changes: _Bytes) -> bytes:
    old = packet.data
    data = bytearray(changes.pattern.sub(lambda word: changes.words[word[0]], old))
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
    bring_in_step(packet, data)
    return bytes(data)


def bring_in_step(packet: Packet, data: bytearray) -> None:
    """Change the checksums in `data` by what it has otherwise than the packet had."""
    if data != packet.data:
        for index in range(len(packet.layers) - 1, -1, -1):
            _adjust(packet, index, data)


def _adjust(packet: Packet, index: int, data: bytearray) -> None:
    """Bring one checksum in step with what changed in what it covers: RFC 1624, equation 3."""
    layer = packet.layers[index]
    field = layer.get("checksum")
    if field is None or (layer.name == "UDP" and not int(field.value)):
        return
    spans = list(_covered(packet, index))
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


def _covered(packet: Packet, index: int) -> Iterator[tuple[int, int]]:
    """The bytes that a layer's checksum covers, without itself, each span at an even distance.

    A partial checksum covers the addresses only. An outer one above it was computed as if the
    inner were filled in, which takes all that the inner one covers out of the sum.
    """
    layer = packet.layers[index]
    own = layer["checksum"]
    if layer.name == "IPv4":
        yield from _around(layer.offset, layer.offset + layer.length, own.first)
        return
    if layer.name in {"TCP", "UDP", "ICMPv6"}:
        under = next((outer for outer in reversed(packet.layers[:index]) if outer.get("src")), None)
        if under is not None and under.name.startswith("IP"):
            yield under["src"].first, under["src"].last + 1
            yield under["dst"].first, under["dst"].last + 1
    inner = next((inside for inside in packet.layers[index + 1 :] if _partial(inside)), None)
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
