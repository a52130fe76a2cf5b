"""What a TCP segment carries: its place in the stream, and how many bytes."""

from macros.packets.packet import Packet
from macros.traces.sightings import innermost


def carried(packet: Packet) -> tuple[int, int] | None:
    """The numbers that a TCP segment takes up: the first, and how many; SYN and FIN count one.

    None where it is not a segment or takes up none. RFC 9293, section 3.4.
    """
    segment = packet.last("TCP")
    flags = segment.get("flags") if segment is not None else None
    if segment is None or flags is None:
        return None
    words = set(flags.shown.split())
    size = payload(packet) + ("SYN" in words) + ("FIN" in words)
    return (int(segment["seq"].value), size) if size else None


def payload(packet: Packet) -> int:
    """How many bytes of data it carries, by what its IP header says; 0 where it is no segment."""
    address, segment = innermost(packet), packet.last("TCP")
    if address is None or segment is None:
        return 0
    return address.end - segment.offset - segment.length
