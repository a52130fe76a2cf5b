"""What counts of TCP segments and what does not: docs/reference/identities.md, Packets.

"A TCP segment that was sent again, if the other side is heard from at all" counts for nothing.
Where messages are decoded, "what was sent again and, in that capture, never acknowledged" counts:
so there only what carries nothing, and what the other side acknowledges.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from tests.mutate.packets import ICMP, TCP, UDP, VXLAN, Frame

_SPOKEN = re.compile(
    # HTTP's first lines (RFC 9112, section 3) and BGP's marker (RFC 4271, section 4.1)
    rb"[A-Z]+ \S+ HTTP/1\.|HTTP/1\.|\xff{16}"
)
_MARKER = rb"\xff{16}"
_DNS = 53

_Way = tuple[bytes, bytes]
"""The sender's address and port, and the receiver's: one address may connect to itself."""


def harmless(frames: Sequence[Frame]) -> list[int]:
    """The indexes of the segments whose repetition is no change."""
    ways = {index: _way(frame) for index, frame in enumerate(frames) if frame.protocol == TCP}
    heard = set(ways.values())
    spoken = {frozenset(way) for index, way in ways.items() if _is_spoken(frames[index], way)}
    return [
        index
        for index, way in ways.items()
        if way[::-1] in heard
        and (
            frozenset(way) not in spoken
            or not _size(frames[index])
            or any(
                _acknowledges(frames[other], frames[index])
                for other, back in ways.items()
                if back == way[::-1]
            )
        )
    ]


def telling(frames: Sequence[Frame]) -> list[int]:
    """The indexes of those that take numbers, and whose repetition is a change."""
    known = harmless(frames)
    return [
        index
        for index, frame in enumerate(frames)
        if frame.protocol == TCP
        and index not in known
        and (_size(frame) or frame.data[frame.upper + 13] & 3)
    ]


def again(frames: Sequence[Frame], index: int) -> list[Frame]:
    """The frames with one of them twice: the same bytes, a new identification, a later time."""
    frame, after = frames[index], frames[min(index + 1, len(frames) - 1)]
    copy = frame.put(18, ((frame.number(18) + 1) % 65536).to_bytes(2, "big"))
    time = (frame.time + after.time) // 2 + 1
    return [*frames[: index + 1], replace(copy, time=time), *frames[index + 1 :]]


def as_new(frame: Frame) -> Frame | None:
    """What would follow a packet: of its flow, as long, and sent once. None for empty segments."""
    upper = frame.upper
    if frame.protocol == ICMP:
        more = frame.put(upper + 6, (frame.number(upper + 6) + 1).to_bytes(2, "big"))
    elif frame.protocol == UDP and frame.number(upper + 2) == VXLAN:
        # The frame inside is what is new: the same one again is the sender's repetition.
        begin = frame.payload + 8
        inner = as_new(replace(frame, data=frame.data[begin:]))
        if inner is None:
            return None
        more = frame.put(begin, inner.data)
    elif frame.protocol == UDP:
        more = frame
    elif frame.protocol == TCP and frame.end > frame.payload:
        after = frame.number(upper + 4, 4) + frame.end - frame.payload
        more = frame.put(upper + 4, (after % 2**32).to_bytes(4, "big"))
    else:
        return None
    return more.put(18, ((frame.number(18) + 1) % 65536).to_bytes(2, "big"))


def kept(frame: Frame, words: str) -> range:
    """Where the bytes are that count in a capture which is for one message (`keep=`).

    Of BGP's messages in a segment, that with the prefix in `words`; without such words all bytes.
    """
    prefix = re.search(r"\b([\d.]+)/(\d+)\b", words)
    if prefix is None:
        return range(len(frame.data))
    size = int(prefix[2])
    raw = bytes((size, *map(int, prefix[1].split("."))))[: 1 + (size + 7) // 8]
    data = frame.data[frame.payload : frame.end]
    begins = [mark.start() for mark in re.finditer(_MARKER, data)]
    for begin, end in pairwise((*begins, len(data))):
        if raw in data[begin:end]:
            return range(frame.payload + begin, frame.payload + end)
    return range(0)


def _way(frame: Frame) -> _Way:
    upper = frame.upper
    source = frame.data[26:30] + frame.data[upper : upper + 2]
    return source, frame.data[30:34] + frame.data[upper + 2 : upper + 4]


def _is_spoken(frame: Frame, way: _Way) -> bool:
    if _DNS in {int.from_bytes(end[4:], "big") for end in way}:
        return True
    return _SPOKEN.match(frame.data[frame.payload : frame.end]) is not None


def _size(frame: Frame) -> int:
    return frame.end - frame.payload


def _acknowledges(answer: Frame, frame: Frame) -> bool:
    """Whether one has the flag ACK, and a number that is not before the other's end."""
    end = frame.number(frame.upper + 4, 4) + _size(frame)
    ahead = (answer.number(answer.upper + 8, 4) - end) % 2**32
    return bool(answer.data[answer.upper + 13] & 16) and ahead < 2**31
