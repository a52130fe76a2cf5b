"""Captures as bytes: the records of a pcap file, and where the fields of a frame begin.

Only what the recordings hold: little-endian files with microseconds; Ethernet, or IP alone; ARP;
IPv4 with TCP, UDP, ICMP. (draft-ietf-opsawg-pcap, RFC 791, RFC 792, RFC 768, RFC 9293, RFC 1624.)
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace

MAGIC = b"\xd4\xc3\xb2\xa1"
TCP, UDP, ICMP = 6, 17, 1
_IPIP = 4
_RAW = 101
"""LINKTYPE_RAW: packets begin with their IP header, as tcpdump writes those of tunl0."""
VXLAN = 8472
"""Linux's port for it, which flannel keeps (RFC 7348 has 4789)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One record: microseconds since 1970, its length on the wire, the bytes kept."""

    time: int
    wire: int
    data: bytes

    @property
    def is_ip(self) -> bool:
        """Whether it carries IPv4."""
        return self.data[12:14] == b"\x08\x00"

    @property
    def protocol(self) -> int:
        """IPv4's protocol, or -1."""
        return self.data[23] if self.is_ip else -1

    @property
    def upper(self) -> int:
        """Where the header after IPv4's begins."""
        return 14 + (self.data[14] & 15) * 4

    @property
    def payload(self) -> int:
        """Where the data after TCP's, UDP's or ICMP's header begins."""
        if self.protocol == TCP:
            return self.upper + (self.data[self.upper + 12] >> 4) * 4
        return self.upper + 8

    @property
    def end(self) -> int:
        """Where IPv4's data ends: padding of short frames is none of it."""
        return min(len(self.data), 14 + self.number(16))

    def number(self, at: int, size: int = 2) -> int:
        """The number in network order at an offset."""
        return int.from_bytes(self.data[at : at + size], "big")

    def put(self, at: int, value: bytes) -> "Frame":
        """The frame with other bytes at `at`; its checksums follow, so that wrong stays wrong."""
        data = bytearray(self.data)
        old = bytes(data[at : at + len(value)])
        data[at : at + len(value)] = value
        if self.is_ip and at >= 14:
            upper = self.upper
            if at < upper:
                _follow(data, 24, at - 14, old, value)
            checksum = {TCP: upper + 16, UDP: upper + 6, ICMP: upper + 2}.get(self.protocol)
            addresses = 26 <= at < 34 and self.protocol != ICMP
            if checksum is None or (self.protocol == UDP and self.number(checksum) == 0):
                return replace(self, data=bytes(data))
            if self._partial(checksum):
                if addresses:
                    data[checksum : checksum + 2] = _pseudo(data).to_bytes(2, "big")
            elif at >= upper or addresses:
                _follow(data, checksum, at - (26 if addresses else upper), old, value)
        return replace(self, data=bytes(data))

    def _partial(self, place: int) -> bool:
        """Whether the sum is left to the device: then it is of the pseudo header alone."""
        return self.protocol != ICMP and self.number(place) == _pseudo(self.data)


def each(frame: Frame, change: Callable[[Frame], Frame]) -> Frame:
    """The frame after `change`, and so what it carries, however deep: in VXLAN, or IPv4 in IPv4.

    What is carried without an Ethernet header of its own has the outer one for it.
    """
    frame = change(frame)
    if frame.protocol == UDP and frame.number(frame.upper + 2) == VXLAN:
        begin, front = frame.payload + 8, b""
    elif frame.protocol == _IPIP:
        begin, front = frame.upper, frame.data[:14]
    else:
        return frame
    inner = replace(frame, data=front + frame.data[begin:])
    return frame.put(begin, each(inner, change).data[len(front) :])


def _pseudo(data: bytes | bytearray) -> int:
    """RFC 9293, 3.1: addresses, protocol and length; not complemented."""
    length = int.from_bytes(data[16:18], "big") - (data[14] & 15) * 4
    total = sum(_words(bytes(data[26:34]))) + data[23] + length
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def _follow(data: bytearray, place: int, offset: int, old: bytes, new: bytes) -> None:
    """RFC 1624, equation 3, for a change at `offset` from the summed data's begin."""
    if offset % 2:
        old, new = b"\0" + old, b"\0" + new
    total = 0xFFFF - int.from_bytes(data[place : place + 2], "big")
    for was, now in zip(_words(old), _words(new), strict=True):
        total += (0xFFFF - was) + now
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    data[place : place + 2] = (0xFFFF - total).to_bytes(2, "big")


def _words(data: bytes) -> tuple[int, ...]:
    padded = data + b"\0" * (len(data) % 2)
    return struct.unpack(f">{len(padded) // 2}H", padded)


def read(raw: bytes) -> list[Frame]:
    """The records of a file."""
    if raw[:4] != MAGIC:
        raise ValueError("not a little-endian pcap file with microseconds")
    front = _front(raw)
    frames: list[Frame] = []
    offset = 24
    while offset < len(raw):
        seconds, micros, kept, wire = struct.unpack_from("<IIII", raw, offset)
        frames.append(
            Frame(seconds * 1_000_000 + micros, wire, front + raw[offset + 16 : offset + 16 + kept])
        )
        offset += 16 + kept
    return frames


def write(raw: bytes, frames: list[Frame]) -> bytes:
    """A file with the header of `raw` and these records."""
    front = len(_front(raw))
    parts = [raw[:24]]
    for frame in frames:
        seconds, micros = divmod(frame.time, 1_000_000)
        data = frame.data[front:]
        parts += [struct.pack("<IIII", seconds, micros, len(data), frame.wire), data]
    return b"".join(parts)


def _front(raw: bytes) -> bytes:
    """What stands for the Ethernet header where the link has none: stations of zeros, IPv4."""
    return bytes(12) + b"\x08\0" if int.from_bytes(raw[20:24], "little") == _RAW else b""
