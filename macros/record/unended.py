"""Why a capture did not end, by what it saw: what to change in it, of what stands in it."""

from collections.abc import Sequence

from macros.ground import enumeration
from macros.ground.errors import GuideError
from macros.ground.model import CaptureOf
from macros.packets import dissector, pcap, summary
from macros.packets.conversations import ends
from macros.packets.packet import Packet

_MOST = 200  # packets that are looked at
_SHOWN = 3  # packets that an error names
_SENT = "make its command send what is waited for"


def advice(of: CaptureOf, seen: bytes) -> tuple[str, str]:
    """What to say behind the number of packets, and what to do; `seen` is a file of them."""
    packets = _packets(seen)
    options = "filter=" if of.filter else "the interface"
    if not packets:
        return "", f"correct {options}, or {_SENT}"
    said = f": {_listed(packets)}"
    if of.closed:
        return _of_conversation(packets, said)
    if of.until:
        return said, f"correct until=, so that it means one of these, or {_SENT}"
    own = ', or give this tap a number of its own, ("node0/eth1", 1),' if of.trace else ""
    return said, f"correct packets= to what comes{own} or {options}, or {_SENT}"


def _of_conversation(packets: Sequence[Packet], said: str) -> tuple[str, str]:
    """The same where the end of a TCP conversation was waited for."""
    talk = [packet for packet in packets if packet.last("TCP") is not None]
    if not talk:
        return f"{said}; none is TCP", "use packets= instead of closed=, which only TCP ends"
    ways = {tuple(end.rpartition(":")[0] for end in ends(packet)) for packet in talk}
    targets = {target for _, target in ways}
    if not {source for source, _ in ways} & targets:
        only = " and ".join(sorted(targets))
        message = f"; only packets to {only} were seen, and closed= waits for both directions"
        return message, "use packets= instead of closed="
    return (
        f"{said}; the conversation was not closed",
        "make its command close the connection, or use packets= instead of closed=",
    )


def _packets(seen: bytes) -> list[Packet]:
    try:
        link, records = pcap.records(seen)
        return [
            dissector.packet(number, link, record)
            for number, record in enumerate(records[:_MOST], start=1)
        ]
    except GuideError:
        return []


def _listed(packets: Sequence[Packet]) -> str:
    return enumeration.first([summary.summary(packet) for packet in packets], _SHOWN, "; ")
