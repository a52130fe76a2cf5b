"""Captures as conversations: which there are, what was said in each, and in which headers.

Order matters within a conversation and not between conversations. What counts of a header is
facts.py's to say; TCP segments that came again count once. Where the messages in TCP are decoded,
those of each direction are compared, in order, and not the segments.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from macros.compare.change import Change, said
from macros.compare.speeches import Speech, gone_and_new, messages_of, speeches
from macros.ground.alignment import align, stretches
from macros.packets import conversations, dissector, encrypted, purpose, streams, summary
from macros.packets import differences as side_by_side
from macros.packets.facts import Facts
from macros.packets.messages import Message, talk
from macros.packets.names import PINGS
from macros.packets.packet import Field, Layer, Packet
from macros.packets.speech import Header, carriers, sides
from macros.settle import translation

Rename = Callable[[str], str]
Ports = frozenset[int]
"""Those that the kernel chose."""

# A figure says "from" and "to" beside a box; in a list these need a noun.
_WORDS = {"src": "source", "dst": "destination", "sport": "source port", "dport": "port"}
_PORT = re.compile(r":(\d+)$")
_PORTS = frozenset({"sport", "dport"})
_CHOSEN = "chosen by the kernel"


@dataclass(frozen=True, slots=True)
class _Names:
    """How one side's values are named: `chosen` has the ports that only name."""

    rename: Rename
    chosen: Ports

    def end(self, text: str) -> str:
        """An end under its new name."""
        return self.without_choice(self.rename(text))

    def without_choice(self, text: str) -> str:
        """An end without a port that the kernel chose and without the id of a ping."""
        text = text.split(" id ", 1)[0]
        port = _PORT.search(text)
        chosen = port is not None and int(port[1]) in self.chosen
        return f"{text[: port.start()]}:*" if port is not None and chosen else text

    def headers(self, headers: frozenset[Header]) -> frozenset[Header]:
        """What counts of headers, without the ports that the kernel chose."""
        return frozenset(
            tuple(
                (title, name, _CHOSEN if name in _PORTS and int(value) in self.chosen else value)
                for title, name, value in header
            )
            for header in headers
        )


@dataclass(frozen=True, slots=True)
class _Said:
    """A packet of a conversation: who speaks and what."""

    packet: Packet
    line: str
    facts: Facts
    chosen: Ports


@dataclass(frozen=True, slots=True)
class _Conversation:
    """What was said in one conversation: packets, and where they are decoded the messages."""

    packets: list[_Said]
    speeches: dict[str, Speech]


def compare(old: Path, new: Path, rename: Rename, keep: str = "") -> Iterator[Change]:
    """What differs between two captures; `rename` gives an old value its new name.

    With `keep`, the words of what the capture is for, what differs in that.
    """
    packets = dissector.packets(old), dissector.packets(new)
    chosen = _chosen(*packets)
    names = _Names(rename, chosen[0]), _Names(str, chosen[1])
    if keep:
        kept = purpose.kept(packets[0], keep), purpose.kept(packets[1], keep)
        if kept != (None, None):
            yield from _purposes(kept, packets, keep, names)
            return
    before, after = (_conversations(*side) for side in zip(packets, names, strict=True))
    for key, conversation in before.items():
        name = _name(key)
        if key not in after:
            lines = _lines(conversation.packets)
            yield said("packets", name, f"conversation {name} gone", lines)
        elif conversation.speeches and after[key].speeches:
            yield from speeches(name, conversation.speeches, after[key].speeches, rename)
            signs = [_signs(side.packets) for side in (conversation, after[key])]
            yield from _within(name, signs[0], signs[1], rename)
        else:
            yield from _within(name, conversation.packets, after[key].packets, rename)
    for key, conversation in after.items():
        if key not in before:
            name, lines = _name(key), _lines(conversation.packets)
            yield said("packets", name, f"conversation {name} new", "", lines)


def decoded(pcap: Path) -> bool:
    """Whether a capture has messages that are compared as such: its segments say little then."""
    packets = dissector.packets(pcap)
    conversations_ = _conversations(packets, _Names(str, frozenset()))
    return any(conversation.speeches for conversation in conversations_.values())


def _chosen(old: Sequence[Packet], new: Sequence[Packet]) -> list[Ports]:
    """The ports of each side that the kernel chose for who connects."""
    both = translation.of_both(old, new)
    return [
        frozenset(port for chosen in side.values() for port in chosen)
        - {target[1] for _, _, target in side}
        - encrypted.listening(packets)
        for side, packets in zip(both, (old, new), strict=True)
    ]


def _purposes(
    kept: tuple[Message | Packet | None, Message | Packet | None],
    packets: tuple[Sequence[Packet], Sequence[Packet]],
    keep: str,
    names: tuple[_Names, _Names],
) -> Iterator[Change]:
    """What differs in the message, or the packet, that two captures are for."""
    before, after = kept
    rename = names[0].rename
    if isinstance(before, Message) and isinstance(after, Message):
        sides_ = [_alone(*side) for side in zip((before, after), packets, names, strict=True)]
        yield from speeches("the capture", sides_[0], sides_[1], rename)
    elif isinstance(before, Packet) and isinstance(after, Packet):
        # Both are named by the new side: what is told of the old one is renamed then.
        alone = [
            _conversations((packet,), replace(mine, rename=rename))
            for packet, mine in zip((before, after), names, strict=True)
        ]
        earlier, later = (next(iter(by_key.values())).packets for by_key in alone)
        yield from _within("the capture", earlier, later, rename)
    else:
        word = "gone" if after is None else "new" if before is None else "carried in another way"
        yield said("packets", keep, f"{keep} {word}", *(keep if side else "" for side in kept))


def _alone(message: Message, packets: Sequence[Packet], names: _Names) -> dict[str, Speech]:
    way = " > ".join(map(names.without_choice, conversations.ends(message.segments[0].packet)))
    headers = names.headers(carriers(message, Facts(packets)))
    return {way: Speech(way, messages_of(way, (message,)), headers)}


Key = tuple[str, str, str, int]


def _conversations(packets: Sequence[Packet], names: _Names) -> dict[Key, _Conversation]:
    facts = Facts(packets)
    by_key: dict[Key, _Conversation] = {}
    seen: dict[tuple[str, str, str], int] = {}
    for flow, members in conversations.conversations(packets).items():
        first, second = sorted((names.end(flow.first), names.end(flow.second)))
        short = (flow.protocol, first, second)
        seen[short] = seen.get(short, 0) + 1
        packets_ = list(_told(members, names, facts))
        by_key[(*short, seen[short])] = _Conversation(packets_, _speeches(members, names, facts))
    return by_key


def _speeches(packets: Sequence[Packet], names: _Names, facts: Facts) -> dict[str, Speech]:
    """What each direction says, by its ends; nothing where it is not decoded."""
    segments = list(streams.segments(packets, facts.starts))
    spoken = talk(segments) if segments else None
    if spoken is None:
        return {}
    by_way = {}
    for side in sides(spoken, segments, facts).values():
        example = next(segment.packet for segment in segments if segment.way == side.way)
        way = " > ".join(map(names.end, conversations.ends(example)))
        headers = names.headers(side.headers)
        by_way[way] = Speech(way, messages_of(way, side.messages), headers, side)
    return by_way


def _signs(packets: Sequence[_Said]) -> list[_Said]:
    """How a conversation begins and ends, where all else that counts is in its messages."""
    return [packet for packet in packets if packet.packet.all("TCP") and _opens(packet.packet)]


def _opens(packet: Packet) -> bool:
    layer = packet.last("TCP")
    return layer is not None and bool(streams.flags_of(layer) & {"SYN", "RST"})


def _name(key: Key) -> str:
    protocol, first, second, number = key
    return f"{protocol} {first} and {second}" + (f" ({number})" if number > 1 else "")


def _told(packets: Sequence[Packet], names: _Names, facts: Facts) -> Iterator[_Said]:
    seen: set[Any] = set()
    answered = len({conversations.ends(packet)[0] for packet in packets}) > 1
    for packet in packets:
        source, target = conversations.ends(packet)
        segment = packet.last("TCP")
        if answered and segment is not None and segment.get("flags"):
            flags = streams.flags_of(segment)
            carried = segment.end - segment.offset - segment.length
            if carried or flags & {"SYN", "FIN"}:
                # One that nobody answers counts each time: that nobody does is a fact.
                data = packet.data[segment.offset + segment.length :]
                again = (source, segment["seq"].value, flags, data)
                if again in seen:
                    continue
                seen.add(again)
        way = f"{names.end(source)} > {names.end(target)}: "
        if packet.last("ARP") is not None:
            way = ""
        line = f"{way}{names.rename(summary.what(packet))}{summary.carrier(packet)}"
        yield _Said(packet, line, facts, names.chosen)


def _lines(packets: Sequence[_Said]) -> str:
    return "\n".join(packet.line for packet in packets)


def _within(
    name: str, old: Sequence[_Said], new: Sequence[_Said], rename: Rename
) -> Iterator[Change]:
    pairs = align([packet.line for packet in old], [packet.line for packet in new])
    for gone, come, same in stretches(pairs, old, new):
        # As many as before in the same place: each is the other one, with a header changed.
        if len(gone) == len(come) and sorted(g.line for g in gone) != sorted(c.line for c in come):
            for was, now in zip(gone, come, strict=True):
                yield from _fields(was, now, rename)
        else:
            yield from gone_and_new("packet", name, [g.line for g in gone], [c.line for c in come])
        if same is not None:
            yield from _fields(*same, rename)


def _fields(old: _Said, new: _Said, rename: Rename) -> Iterator[Change]:
    subject = new.line
    count = 0
    for before, after in side_by_side.pairs(old.packet.layers, new.packet.layers):
        if before is None or after is None:
            layer, word = (after, "new") if after is not None else (before, "gone")
            title = layer.title if layer is not None else ""
            ends = (title, "") if word == "gone" else ("", title)
            yield said("packets", subject, f"header {title} {word} in {subject}", *ends)
            count += 1
            continue
        for earlier, later in side_by_side.fields(before, after):
            was, now = _values((before, earlier, old), (after, later, new), rename)
            if was != now:
                field = later or earlier
                label = _WORDS.get(field.name, field.label) if field is not None else ""
                what = f"{label} ({after.title}) of {subject}: {was or 'none'} -> {now or 'none'}"
                yield said("packets", subject, what, was, now)
                count += 1
    sizes = [(seen.packet.wire, seen.packet.captured) for seen in (old, new)]
    if not count and sizes[0] != sizes[1]:
        was, now = (f"{wire} bytes, {kept} kept" for wire, kept in sizes)
        yield said("packets", subject, f"length of {subject}: {was} -> {now}", was, now)
    elif not count and old.line != new.line:
        what = f"packet changed: {old.line} -> {new.line}"
        yield said("packets", subject, what, old.line, new.line)


_Where = tuple[Layer, Field | None, _Said]
"""A field, or none, of a layer of a packet."""


def _values(before: _Where, after: _Where, rename: Rename) -> tuple[str, str]:
    """What counts of a field on both sides; of bytes that are no text only how many differ."""
    was, now = rename(_value(*before)), _value(*after)
    raw = [field.raw for _, field, _ in (before, after) if field is not None]
    counts = was != now and len(raw) == 2 and before[0].name == after[0].name == "Data"
    if not counts or all(map(dissector.text_of, raw)) or was.startswith(encrypted.ENCRYPTED):
        return was, now
    differing = sum(a != b for a, b in zip(*raw, strict=False)) + abs(len(raw[0]) - len(raw[1]))
    return _many(raw[0]), f"{_many(raw[1])}, {differing} differ"


def _many(raw: bytes) -> str:
    return f"{len(raw)} byte{'' if len(raw) == 1 else 's'}"


def _value(layer: Layer, field: Field | None, of: _Said) -> str:
    """A field as shown, without what comes by chance."""
    if field is None:
        return ""
    if field.name in _PORTS and int(field.value) in of.chosen:
        return _CHOSEN
    value = of.facts.value(of.packet, of.packet.layers.index(layer), field)
    if value is None or (layer.name in PINGS and field.name == "id"):
        return "there"
    if isinstance(value, bytes):
        return value.decode("ascii", "backslashreplace")
    return field.shown if value == field.value else str(value)
