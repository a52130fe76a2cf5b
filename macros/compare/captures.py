"""Captures as conversations: which there are, what was said in each, and in which headers.

Order matters within a conversation and not between conversations. Numbers that a sender starts
anywhere count from the first of their conversation; TCP segments that came again count once.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from macros.compare.change import Change, said
from macros.ground import ports
from macros.ground.alignment import align
from macros.packets import conversations, dissector
from macros.packets import differences as side_by_side
from macros.packets.packet import Field, Layer, Packet

Rename = Callable[[str], str]

_NOISE = {
    "IPv4": frozenset({"id"}),
    "IPv6": frozenset({"flow"}),
    "TCP": frozenset({"timestamps", "sack"}),
    "ICMP": frozenset({"id"}),
    "ICMPv6": frozenset({"id"}),
}
# A figure says "from" and "to" beside a box; in a list these need a noun.
_WORDS = {"src": "source", "dst": "destination", "sport": "source port", "dport": "port"}
_DATE = re.compile(rb"(?m)^((?:Date|Last-Modified|Expires): )[^\r\n]*")
_VXLAN = frozenset({4789, 8472})
_PORT = re.compile(r":(\d+)$")


@dataclass(frozen=True, slots=True)
class _Said:
    """A packet of a conversation: who speaks, what, and its numbers from their first."""

    packet: Packet
    line: str
    seq: int | None
    ack: int | None


def compare(old: Path, new: Path, rename: Rename) -> Iterator[Change]:
    """What differs between two captures; `rename` gives an old value its new name."""
    before = _conversations(dissector.packets(old), rename)
    after = _conversations(dissector.packets(new), str)
    for key, one in before.items():
        if key not in after:
            name = _name(key)
            yield said("packets", name, f"conversation {name} gone", _lines(one))
        else:
            yield from _within(_name(key), one, after[key], rename)
    for key, one in after.items():
        if key not in before:
            name = _name(key)
            yield said("packets", name, f"conversation {name} new", "", _lines(one))


Key = tuple[str, str, str, int]


def _conversations(packets: Sequence[Packet], rename: Rename) -> dict[Key, list[_Said]]:
    found: dict[Key, list[_Said]] = {}
    seen: dict[tuple[str, str, str], int] = {}
    for of, each in conversations.conversations(packets).items():
        first, second = sorted((_end(rename(of.one)), _end(rename(of.other))))
        short = (of.protocol, first, second)
        seen[short] = seen.get(short, 0) + 1
        found[(*short, seen[short])] = list(_told(each, rename))
    return found


def _end(text: str) -> str:
    """An end without a port that the kernel chose and without the id of a ping."""
    text = text.split(" id ", 1)[0]
    port = _PORT.search(text)
    return f"{text[: port.start()]}:*" if port and ports.is_chosen(int(port[1])) else text


def _name(key: Key) -> str:
    protocol, one, other, number = key
    return f"{protocol} {one} and {other}" + (f" ({number})" if number > 1 else "")


def _told(packets: Sequence[Packet], rename: Rename) -> Iterator[_Said]:
    starts: dict[str, int] = {}
    seen: set[Any] = set()
    answered = len({conversations.ends(packet)[0] for packet in packets}) > 1
    for packet in packets:
        source, target = conversations.ends(packet)
        segment = packet.last("TCP")
        seq = ack = None
        if segment is not None and segment.get("seq") and segment.get("flags"):
            flags = segment["flags"].shown
            number = int(segment["seq"].value)
            seq = (number - starts.setdefault(source, number)) % 2**32
            if "ACK" in flags.split() and segment.get("ack"):
                number = int(segment["ack"].value)
                ack = (number - starts.setdefault(target, number - 1)) % 2**32
            carried = segment.end - segment.offset - segment.length
            if answered and (carried or {"SYN", "FIN"} & set(flags.split())):
                # One that nobody answers counts each time: that nobody does is a fact.
                again = (source, seq, flags, packet.data[segment.offset + segment.length :])
                if again in seen:
                    continue
                seen.add(again)
        way = (
            f"{_end(rename(source))} > {_end(rename(target))}: "
            if packet.last("ARP") is None
            else ""
        )
        yield _Said(
            packet,
            f"{way}{rename(conversations.what(packet))}{conversations.carrier(packet)}",
            seq,
            ack,
        )


def _lines(found: Sequence[_Said]) -> str:
    return "\n".join(one.line for one in found)


def _within(
    name: str, old: Sequence[_Said], new: Sequence[_Said], rename: Rename
) -> Iterator[Change]:
    pairs = align([one.line for one in old], [one.line for one in new])
    low, first = 0, 0
    for one, other in [*pairs, (len(old), len(new))]:
        gone, come = old[low:one], new[first:other]
        # As many as before in the same place: each is the other one, with a header changed.
        if len(gone) == len(come) and sorted(g.line for g in gone) != sorted(c.line for c in come):
            for was, now in zip(gone, come, strict=True):
                yield from _fields(was, now, rename)
        else:
            for was in gone:
                yield said("packets", name, f"packet gone from {name}: {was.line}", was.line)
            for now in come:
                yield said("packets", name, f"packet new in {name}: {now.line}", "", now.line)
        if one < len(old):
            yield from _fields(old[one], new[other], rename)
        low, first = one + 1, other + 1


def _fields(old: _Said, new: _Said, rename: Rename) -> Iterator[Change]:
    subject = new.line
    count = 0
    for one, other in side_by_side.pairs(old.packet.layers, new.packet.layers):
        if one is None or other is None:
            layer, word = (other, "new") if other is not None else (one, "gone")
            title = layer.title if layer is not None else ""
            sides = (title, "") if word == "gone" else ("", title)
            yield said("packets", subject, f"header {title} {word} in {subject}", *sides)
            count += 1
            continue
        for before, after in side_by_side.fields(one, other):
            was = rename(_value(one, before, old, first=before is not None))
            now = _value(other, after, new, first=after is not None)
            if was != now:
                field = after or before
                label = _WORDS.get(field.name, field.label) if field is not None else ""
                what = f"{label} ({other.title}) of {subject}: {was or 'none'} -> {now or 'none'}"
                yield said("packets", subject, what, was, now)
                count += 1
    sizes = [(one.packet.wire, one.packet.captured) for one in (old, new)]
    if not count and sizes[0] != sizes[1]:
        was, now = (f"{wire} bytes, {kept} kept" for wire, kept in sizes)
        yield said("packets", subject, f"length of {subject}: {was} -> {now}", was, now)
    elif not count and old.line != new.line:
        what = f"packet changed: {old.line} -> {new.line}"
        yield said("packets", subject, what, old.line, new.line)


def _value(layer: Layer, field: Field | None, of: _Said, *, first: bool) -> str:
    """A field as shown, without what is noise in it."""
    if field is None or not first:
        return ""
    if field.name == "checksum":
        return field.state
    if field.name in _NOISE.get(layer.name, ()):
        return "there"
    if layer.name == "TCP" and field.name in ("seq", "ack") and layer.role != "quoted":
        number = of.seq if field.name == "seq" else of.ack
        return "" if number is None else str(number)
    if field.name in ("sport", "dport") and ports.is_chosen(int(field.value)):
        return "chosen by the kernel"
    tunnel = layer.get("dport")
    if field.name == "sport" and tunnel is not None and tunnel.value in _VXLAN:
        return "chosen by the kernel"
    if layer.name == "Data":
        return _data(field, of)
    return field.shown


def _data(field: Field, of: _Said) -> str:
    raw = _DATE.sub(rb"\1", field.raw)
    if of.packet.last("ICMP") is not None:
        # ping's own time: 16 bytes of iputils on 64 bits, 4 of busybox.
        raw = raw[16:] if any(raw[16:]) else raw[4:]
    return raw.decode("ascii", "backslashreplace")
