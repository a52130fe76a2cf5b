"""Several captures in one file, their interfaces by name, their clocks as one: pcapng.

The format is draft-ietf-opsawg-pcapng (section header, interface description, enhanced packet),
which Wireshark and tcpdump read.
"""

import struct
from collections.abc import Sequence

from macros.packets.pcap import records
from macros.traces.trace import Clock, Lane

MERGED = "guide-trace-merged"
"""What stands for the merged file's address in a figure, until its page is known."""

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_COMMENT, _APPLICATION = 1, 4  # options of a section header
_NAME, _DESCRIPTION, _RESOLUTION = 2, 3, 9  # options of an interface description
_NANOSECONDS = b"\x09"  # 10 to the power of -9


def mark(lane: int) -> str:
    """What stands for the address of a lane's capture in a figure, until its page is known."""
    return f"guide-trace-capture-{lane}"


def merge(lanes: Sequence[Lane], pcaps: Sequence[bytes], clocks: Sequence[Clock]) -> bytes:
    """One pcapng file of these pcap files, packets in the order of time.

    Each node's times are moved to the first one's clock, by what `clocks` says; the file's comment
    and its interfaces say so. The same captures give the same bytes.
    """
    known = {clock.node: clock for clock in clocks}
    blocks = []
    packets = []
    for lane, (of, pcap) in enumerate(zip(lanes, pcaps, strict=True)):
        link, captured = records(pcap)
        clock = known.get(of.node)
        ahead = clock.ahead if clock is not None else 0
        blocks.append(_interface(of, link, _moved(clock)))
        packets += [
            (record.time - ahead, lane, number, record) for number, record in enumerate(captured)
        ]
    for time, lane, _, record in sorted(packets, key=lambda entry: entry[:3]):
        head = struct.pack(
            "<IIIII", lane, time >> 32, time & 0xFFFFFFFF, len(record.data), record.wire
        )
        blocks.append(_block(_PACKET, head + _padded(record.data)))
    comment = "; ".join(dict.fromkeys(f"{of.node}: {_moved(known.get(of.node))}" for of in lanes))
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    options = _options((_COMMENT, comment.encode()), (_APPLICATION, b"Packet by Packet"))
    return _block(_SECTION, section + options) + b"".join(blocks)


def _moved(clock: Clock | None) -> str:
    if clock is None:
        return "times as recorded, its clock could not be compared"
    if not clock.via:
        return "times as recorded"
    sign = "-" if clock.ahead > 0 else "+"
    moved = f"{sign}{abs(clock.ahead) / 1e6:.3f} ms, to within {clock.error / 1e6:.3f} ms"
    return f"times moved by {moved}"


def _interface(lane: Lane, link: int, moved: str) -> bytes:
    name = "/".join(part for part in (lane.node, lane.label, lane.interface) if part)
    options = _options(
        (_NAME, name.encode()), (_DESCRIPTION, moved.encode()), (_RESOLUTION, _NANOSECONDS)
    )
    return _block(_INTERFACE, struct.pack("<HHI", link, 0, 0) + options)


def _options(*given: tuple[int, bytes]) -> bytes:
    encoded = b"".join(
        struct.pack("<HH", code, len(value)) + _padded(value) for code, value in given
    )
    return encoded + struct.pack("<HH", 0, 0)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
