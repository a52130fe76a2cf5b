"""TCP conversations written anew: the same bytes in other segments, or other bytes."""

import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Frames = list[bytes]
"""The packets of a file, without their record headers."""


def frames(pcap: bytes) -> Frames:
    """The packets of a file with little-endian headers."""
    frames, offset = [], 24
    while offset < len(pcap):
        size = struct.unpack_from("<I", pcap, offset + 8)[0]
        frames.append(pcap[offset + 16 : offset + 16 + size])
        offset += 16 + size
    return frames


def pcap_of(head: bytes, packets: Sequence[bytes]) -> bytes:
    """A file of these packets, a millisecond apart, with the 24 bytes of another's header."""
    records = [
        struct.pack("<IIII", 1_700_000_000, number * 1000, len(packet), len(packet)) + packet
        for number, packet in enumerate(packets)
    ]
    return head[:24] + b"".join(records)


def written(path: Path, head: bytes, packets: Sequence[bytes]) -> Path:
    """The same as a file."""
    path.write_bytes(pcap_of(head, packets))
    return path


def parsed(frame: bytes) -> Any:
    """A frame as scapy has it."""
    from scapy.layers import inet, l2  # noqa: PLC0415 - slow to import

    packet = l2.Ether(frame)
    assert inet.TCP in packet
    return packet


def built(packet: Any) -> bytes:
    """A frame whose lengths and sums follow what was changed."""
    for layer, field in (("IP", "len"), ("IP", "chksum"), ("TCP", "chksum")):
        delattr(packet[layer], field)
    return bytes(packet)


def carrying(frame: bytes, data: bytes, first: int = 0, flags: str = "") -> bytes:
    """The frame with other data, `first` bytes later in its stream."""
    packet = parsed(frame)
    packet["TCP"].remove_payload()
    packet["TCP"].seq = (packet["TCP"].seq + first) % 2**32
    if flags:
        packet["TCP"].flags = flags
    return built(packet / data)


def data_of(frame: bytes) -> bytes:
    """What a segment carries."""
    return bytes(parsed(frame)["TCP"].payload)


def split(frame: bytes, *sizes: int) -> Frames:
    """The same bytes in segments of these sizes, the last of which takes the rest."""
    data, first, values = data_of(frame), 0, []
    for size in (*sizes, len(data)):
        part = data[first : first + size]
        if part:
            values.append(carrying(frame, part, first))
        first += len(part)
    return values


def replaced(frame: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The frame with its data changed; sums follow."""
    return carrying(frame, change(data_of(frame)))
