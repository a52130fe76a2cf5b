"""What a capture is for: the first message, or else the first packet, that its words mean.

A message counts wherever its bytes lie in the stream: alone in a segment, beside others, or in
parts in several.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from macros.packets import bgp, messages, streams
from macros.packets.messages import Message
from macros.packets.packet import Field, Layer, Packet
from macros.packets.selection import Match, Meant, alone, pick_meant


def kept(packets: Sequence[Packet], words: str) -> Message | Packet | None:
    """What `words` mean in a capture: the message, or the packet; None if it is not there.

    Words are those of selection.Match. Of several it is the first; `#2` means the second.
    """
    asked = Match(words)
    for message in _in_order(packets):
        if asked.among(_alone(message), _names(message)):
            return message
    asked = Match(words)
    return next((hit.packet for packet in packets for hit in asked.among(packet)), None)


def drawn(packets: Sequence[Packet], match: str | int, keep: str = "") -> Meant:
    """The packet that `match` means and, where its words are of a message, that message alone.

    In a capture that is for one message (`keep`), that is the one, if `match` means it too.
    GuideError where `match` means no packet or several, as selection.pick.
    """
    message = kept(packets, keep) if keep else None
    if isinstance(message, Message) and len(message.segments) == 1:
        packet = message.segments[0].packet
        own = next((layer for layer in packet.layers if _is(layer, message)), None)
        if own is not None and Match(match).among(alone(packet, own)):
            return Meant(packet, own)
    return pick_meant(packets, match)


def _is(layer: Layer, message: Message) -> bool:
    """Whether a layer of a segment is this message."""
    segment = message.segments[0]
    offset = segment.layer.offset + segment.layer.length + message.first - segment.first
    return (layer.name, layer.offset) == (message.layer.name, offset)


def _in_order(packets: Sequence[Packet]) -> list[Message]:
    """The messages of all TCP conversations, in the order in which they were captured whole."""
    segments = sorted(
        streams.segments(packets, streams.Starts(packets)), key=lambda segment: sorted(segment.way)
    )
    ended: list[tuple[int, int, Message]] = []
    for _, members in groupby(segments, key=lambda segment: sorted(segment.way)):
        talk = messages.talk(list(members))
        for mine in () if talk is None else talk.ways.values():
            for message in mine:
                if message.whole and message.segments:
                    last = max(segment.packet.number for segment in message.segments)
                    ended.append((last, message.first, message))
    return [message for _, _, message in sorted(ended, key=lambda spot: spot[:2])]


def _alone(message: Message) -> Packet:
    """The packet that would carry this message and nothing else, for words to be matched with."""
    segment = message.segments[0]
    below = segment.packet.layers[: segment.level + 1]
    offset = below[-1].offset + below[-1].length
    size = len(message.data)
    if message.layer.name == bgp.NAME:
        inside = message.layer
    else:
        field = Field("data", "data", offset * 8, size * 8, message.data, "", "")
        inside = Layer("Data", offset, size, offset + size, (field,))
    return replace(segment.packet, layers=(*below, inside))


def _names(message: Message) -> frozenset[str]:
    """The words of a message's name: "dns", "query", "a", "hello.default"."""
    return frozenset(message.what.lower().replace(",", " ").replace(":", " ").split())
