"""Records of one kind by their keys: what came, what went, what moved, what is another now.

What makes a record the same, and what its facts are called, is the kind's to say
(`macros.kinds.kind.Entry`). The order of records means nothing.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from macros.compare import steps
from macros.compare.change import Change, said
from macros.compare.objects import Teller
from macros.kinds.kind import Entry, Facts, Kind, Part


def compare(
    kind: Kind[Any], old: Iterable[Entry], new: Iterable[Entry], within: str = ""
) -> Iterator[Change]:
    """What differs between two lists of records; `within` is the namespace they are in."""
    records = _Records(Teller(kind.name, kind.speech), within)
    before, after = _by_key(old), _by_key(new)
    joined = {key: _joined(entries, after.get(key, ())) for key, entries in before.items()}
    gone = [entry for pairs in joined.values() for entry, partner in pairs if partner is None]
    stayed = {id(partner) for pairs in joined.values() for _, partner in pairs if partner}
    come = [entry for entries in after.values() for entry in entries if id(entry) not in stayed]
    moved = _moved(gone, come)
    arrived = {id(entry) for entry in moved.values()}
    for pairs in joined.values():
        for entry, partner in pairs:
            if partner is not None:
                yield from records.both(entry, partner)
            elif id(entry) in moved:
                yield from records.moved(entry, moved[id(entry)])
            elif entry.owner is None or entry.owner in after:
                yield records.one_sided(entry, "gone")
    for entry in come:
        if id(entry) not in arrived and (entry.owner is None or entry.owner in before):
            yield records.one_sided(entry, "new")


def _by_key(entries: Iterable[Entry]) -> dict[Hashable, list[Entry]]:
    by_key: dict[Hashable, list[Entry]] = {}
    for entry in entries:
        by_key.setdefault(entry.key, []).append(entry)
    return by_key


def _joined(old: Sequence[Entry], new: Sequence[Entry]) -> list[tuple[Entry, Entry | None]]:
    """Records of one key: equal ones together, then the rest in the order in which they came."""
    if len(old) == len(new) == 1:
        return [(old[0], new[0])]
    waiting = list(new)
    partners: dict[int, Entry] = {}
    for entry in old:
        if entry in waiting:
            partners[id(entry)] = waiting.pop(waiting.index(entry))
    left = iter(waiting)
    return [(entry, partners.get(id(entry)) or next(left, None)) for entry in old]


def _moved(gone: Sequence[Entry], come: Sequence[Entry]) -> dict[int, Entry]:
    """Where a record that went has come again: one of each, and no third."""
    left = Counter(entry.moves for entry in gone)
    arrived = Counter(entry.moves for entry in come)
    places = {entry.moves: entry for entry in come}
    return {
        id(entry): places[entry.moves]
        for entry in gone
        if entry.moves is not None and left[entry.moves] == arrived[entry.moves] == 1
    }


@dataclass(frozen=True, slots=True)
class _Records:
    """Says what differs in records, in a namespace or in none."""

    teller: Teller
    within: str

    def one_sided(self, entry: Entry, word: str) -> Change:
        subject = self._in(entry.name)
        label = " ".join(part for part in (entry.noun, subject, entry.tail) if part)
        line = entry.line or self.teller.line(entry.facts.raw)
        sides = (line, "") if word == "gone" else ("", line)
        return said(self.teller.kind, subject, f"{label} {word}{entry.held}", *sides)

    def moved(self, old: Entry, new: Entry) -> Iterator[Change]:
        subject = self._in(old.name)
        what = f"{old.noun} {subject} moved from {old.spot} to {new.spot}"
        yield said(self.teller.kind, subject, what, old.spot, new.spot)
        yield from self._facts(subject, old.facts, new.facts)

    def both(self, old: Entry, new: Entry) -> Iterator[Change]:
        subject = self._in(old.of or old.name)
        yield from self.teller.words(subject, old.facts.words, new.facts.words)
        for part, other in zip(old.parts, new.parts, strict=True):
            word = part.unless
            if not word or old.facts.words.get(word) == new.facts.words.get(word):
                yield from self._part(subject, part, other)
        yield from self._rest(subject, old.facts, new.facts)
        yield from steps.counted(self.teller.kind, old.counted, old.counts, new.counts)
        if old.steps is not None and new.steps is not None:
            yield from steps.compare(self.teller.kind, subject, old.steps, new.steps)

    def _in(self, name: str) -> str:
        """A thing and the namespace it is in: "eth0 in web"."""
        return f"{name} in {self.within}" if self.within else name

    def _facts(self, subject: str, old: Facts, new: Facts) -> Iterator[Change]:
        yield from self.teller.words(subject, old.words, new.words)
        yield from self._rest(subject, old, new)

    def _rest(self, subject: str, old: Facts, new: Facts) -> Iterator[Change]:
        was, now = (
            {key: value for key, value in facts.raw.items() if key not in facts.apart}
            for facts in (old, new)
        )
        yield from self.teller.differences(subject, was, now)
        yield from self.teller.worded(subject, old.worded, new.worded)
        yield from self.teller.printed(subject, old.printed, new.printed)

    def _part(self, subject: str, old: Part, new: Part) -> Iterator[Change]:
        gone = [name for name in old.items if name not in new.items]
        come = [name for name in new.items if name not in old.items]
        came = {name: _group(new, name) for name in come}
        went = {name: _group(old, name) for name in gone}
        for group in dict.fromkeys((*went.values(), *came.values())):
            was = [name for name in gone if went[name] == group]
            now = [name for name in come if came[name] == group]
            yield from self._items(subject, old, new, was, now)
        stayed = [name for name in old.items if name in new.items]
        for name in stayed:
            label = name if old.bare else f"{old.noun} {name}"
            yield from self._facts(f"{label} of {subject}", old.items[name], new.items[name])
        order = [name for name in new.items if name in old.items]
        if old.ordered and stayed != order:
            sides = ", ".join(stayed), ", ".join(order)
            what = f"order of the {old.ordered} of {subject}: {sides[0]} -> {sides[1]}"
            yield said(self.teller.kind, subject, what, *sides)

    def _items(
        self, subject: str, old: Part, new: Part, gone: Sequence[str], come: Sequence[str]
    ) -> Iterator[Change]:
        kind, noun = self.teller.kind, old.noun
        if old.pairs and len(gone) == len(come) == 1:
            (was,), (now,) = gone, come
            yield said(kind, subject, f"{noun} of {subject} {was} -> {now}", was, now)
            label = now if old.bare else f"{noun} {now}"
            yield from self._facts(f"{label} of {subject}", old.items[was], new.items[now])
            return
        unnamed = old.alone and max(len(old.items), len(new.items)) == 1
        for name in gone:
            label = noun if unnamed else f"{noun} {name}"
            what = f"{subject} no longer says: {name}" if old.says else f"{label} of {subject} gone"
            yield said(kind, subject, what, _side(old, name))
        for name in come:
            what = f"{subject} says: {name}" if old.says else f"{noun} {name} of {subject} new"
            yield said(kind, subject, what, "", _side(new, name))


def _side(part: Part, name: str) -> str:
    """One of a part as the side of a change: its words, or its name."""
    words = {} if part.says else part.items[name].words
    return " ".join(f"{word} {value}" for word, value in words.items() if value) or name


def _group(part: Part, name: str) -> object:
    return part.items[name].raw.get(part.by) if part.by else None
