"""What was said in a TCP conversation whose messages are decoded: a direction at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from macros.compare.change import Change, said
from macros.ground.alignment import align, stretches
from macros.packets import bgp, dns
from macros.packets import differences as side_by_side
from macros.packets.messages import Message
from macros.packets.packet import Field, Layer
from macros.packets.speech import Header, Side

Rename = Callable[[str], str]

_CHANCE = frozenset({(dns.NAME, "id")})


@dataclass(frozen=True, slots=True)
class Line:
    """A message, and its name in a sentence."""

    text: str
    message: Message


@dataclass(frozen=True, slots=True)
class Speech:
    """What one direction says: `way` names it, `side` is None where only one message counts."""

    way: str
    lines: tuple[Line, ...]
    headers: frozenset[Header]
    side: Side | None = None


def messages_of(way: str, messages: Sequence[Message]) -> tuple[Line, ...]:
    """The messages of a direction with their names: "a > b: BGP UPDATE, announced 10.0.0.0/8"."""
    return tuple(Line(f"{way}: {_named(message)}", message) for message in messages)


def _named(message: Message) -> str:
    if message.layer.name != bgp.NAME:
        return message.what
    routes = [
        f"{name} {prefixes}"
        for name in ("withdrawn", "announced")
        if (prefixes := bgp.routes(message.layer, name))
    ]
    return ", ".join((message.what, *routes))


def speeches(
    name: str, old: Mapping[str, Speech], new: Mapping[str, Speech], rename: Rename
) -> Iterator[Change]:
    """What differs between two tellings of the conversation `name`."""
    for way in dict.fromkeys((*old, *new)):
        before, after = old.get(way), new.get(way)
        if before is None or after is None:
            word, there = ("gone", before) if after is None else ("new", after)
            lines = "\n".join(line.text for line in there.lines) if there is not None else ""
            ends = (lines, "") if word == "gone" else ("", lines)
            yield said("packets", way, f"all that {way} said is {word} in {name}", *ends)
            continue
        yield from _messages(name, before.lines, after.lines, rename)
        yield from _headers(way, before.headers, after.headers, rename)
        if before.side is not None and after.side is not None:
            yield from _carriage(way, before.side, after.side)


def _messages(
    name: str, old: Sequence[Line], new: Sequence[Line], rename: Rename
) -> Iterator[Change]:
    pairs = align([rename(line.text) for line in old], [line.text for line in new])
    for gone, come, same in stretches(pairs, old, new):
        if len(gone) == len(come):
            # As many as before in the same place: each is the other one, changed.
            for was, now in zip(gone, come, strict=True):
                yield from _fields(was, now, rename)
        else:
            yield from gone_and_new("message", name, [g.text for g in gone], [c.text for c in come])
        if same is not None:
            yield from _fields(*same, rename)


def gone_and_new(
    noun: str, name: str, gone: Iterable[str], come: Iterable[str]
) -> Iterator[Change]:
    """What only one side has of what `name` consists of: packets, messages."""
    for was in gone:
        yield said("packets", name, f"{noun} gone from {name}: {was}", was)
    for now in come:
        yield said("packets", name, f"{noun} new in {name}: {now}", "", now)


def _fields(old: Line, new: Line, rename: Rename) -> Iterator[Change]:
    earlier, later = old.message, new.message
    if earlier.told == later.told:
        return
    title, count = later.layer.name, 0
    if earlier.layer.name == later.layer.name:
        for before, after in side_by_side.fields(earlier.layer, later.layer):
            was, now = rename(_value(earlier.layer, before)), _value(later.layer, after)
            if was != now:
                field = after or before
                label = field.label if field is not None else ""
                what = f"{label} ({title}) of {new.text}: {was or 'none'} -> {now or 'none'}"
                yield said("packets", new.text, what, was, now)
                count += 1
    if not count:
        was, now = earlier.told.hex(" "), later.told.hex(" ")
        if old.text == new.text:
            yield said("packets", new.text, f"bytes of {new.text} changed", was, now)
        else:
            what = f"message changed: {old.text} -> {new.text}"
            yield said("packets", new.text, what, old.text, new.text)


def _value(layer: Layer, field: Field | None) -> str:
    if field is None:
        return ""
    return "there" if (layer.name, field.name) in _CHANCE else field.shown


def _headers(
    way: str, old: frozenset[Header], new: frozenset[Header], rename: Rename
) -> Iterator[Change]:
    """Which values the headers of a direction's segments have, field by field."""
    before, after = _by_field(old, rename), _by_field(new, str)
    for key in dict.fromkeys((*before, *after)):
        was, now = (", ".join(sorted(fields.get(key, ()))) for fields in (before, after))
        if was != now:
            title, field = key
            what = f"{field} ({title}) of segments {way}: {was or 'none'} -> {now or 'none'}"
            yield said("packets", way, what, was, now)


def _by_field(headers: frozenset[Header], rename: Rename) -> dict[tuple[str, str], set[str]]:
    shown_by_field: dict[tuple[str, str], set[str]] = {}
    for header in headers:
        for title, field, value in header:
            shown_by_field.setdefault((title, field), set()).add(rename(value))
    return shown_by_field


def _carriage(way: str, old: Side, new: Side) -> Iterator[Change]:
    """What differs in how a direction's messages were carried."""
    missing = "bytes missing between messages"
    for label, was, now in (
        (missing, old.gaps if any(old.gaps) else 0, new.gaps if any(new.gaps) else 0),
        ("segments that push what was written", *map(_pushes, (old, new))),
        ("bytes of the largest segment that ends within a message", old.cut, new.cut),
        ("times that a segment was sent which nobody acknowledged", old.tries, new.tries),
        (
            "bytes that came again as others",
            *(sum(len(r.data) for r in s.rewritten) for s in (old, new)),
        ),
        ("bytes acknowledged", old.read, new.read),
        ("closed", old.closed, new.closed),
    ):
        if was != now:
            yield said("packets", way, f"{label}, {way}: {was} -> {now}", str(was), str(now))


def _pushes(side: Side) -> str:
    words = {True: "yes", False: "no"}
    return " and ".join(words[way] for way in sorted(side.pushed)) or "none"
