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
    groups = [
        _Group(before.get(key, []), after.get(key, [])) for key in dict.fromkeys((*before, *after))
    ]
    moved = _moved(
        [entry for group in groups for entry, partner in group.pairs if partner is None],
        [entry for group in groups for entry in group.come],
    )
    arrived = {id(entry) for entry in moved.values()}
    for group in groups:
        for entry, partner in group.pairs:
            if partner == entry:
                continue
            if partner is not None:
                yield from records.both(entry, partner, group.told(entry, partner))
            elif id(entry) in moved:
                yield from records.moved(entry, moved[id(entry)])
            elif entry.owner is None or entry.owner in after:
                yield records.one_sided(entry, "gone", group.told(entry))
        for was, now in group.turned():
            yield records.turned(kind.what, group.pairs[0][0].name, was, now)
    for group in groups:
        for entry in group.come:
            if id(entry) not in arrived and (entry.owner is None or entry.owner in before):
                yield records.one_sided(entry, "new", group.told(entry))


def _by_key(entries: Iterable[Entry]) -> dict[Hashable, list[Entry]]:
    by_key: dict[Hashable, list[Entry]] = {}
    for entry in entries:
        by_key.setdefault(entry.key, []).append(entry)
    return by_key


# Above so many pairs of records of one key, the most alike are not looked for.
_MOST = 10_000


class _Group:
    """The records of one key on both sides: which is which, and what is said of it.

    `pairs` has for each old one the new one, or None; `come` are the new ones without an old one.
    """

    def __init__(self, old: Sequence[Entry], new: Sequence[Entry]) -> None:
        self.pairs, self.come = _joined(old, new)
        self._new = new
        every = (*old, *new)
        several = max(len(old), len(new)) > 1
        self._words = [
            word
            for word in (every[0].traits if several else ())
            if len({entry.traits.get(word) for entry in every}) > 1
        ]

    def told(self, entry: Entry, partner: Entry | None = None) -> str:
        """What tells a record from the others of its key, by words that its partner has too."""
        return " ".join(
            f"{word} {entry.traits[word]}"
            for word in self._words
            if entry.traits.get(word)
            and (partner is None or partner.traits.get(word) == entry.traits[word])
        )

    def turned(self) -> Iterator[tuple[str, str]]:
        """The order of records whose order is a fact, where it is another one now."""
        ranks: dict[Hashable, list[tuple[Entry, Entry]]] = {}
        for entry, partner in self.pairs:
            if partner is not None and entry.rank is not None and entry.rank == partner.rank:
                ranks.setdefault(entry.rank, []).append((entry, partner))
        for pairs in ranks.values():
            places = {id(entry): index for index, entry in enumerate(self._new)}
            order = sorted(pairs, key=lambda pair: places[id(pair[1])])
            if order != pairs:
                was, now = (
                    ", ".join(self.told(*pair) or pair[0].name for pair in side)
                    for side in (pairs, order)
                )
                yield was, now


def _joined(
    old: Sequence[Entry], new: Sequence[Entry]
) -> tuple[list[tuple[Entry, Entry | None]], list[Entry]]:
    """Records of one key in pairs: equal ones, those with the same traits, then the most alike."""
    if len(old) == len(new) == 1:
        return [(old[0], new[0])], []
    waiting: dict[Hashable, list[Entry]] = {}
    for entry in new:
        waiting.setdefault(tuple(entry.traits.items()), []).append(entry)
    partners: dict[int, Entry] = {}
    for equal in (True, False):
        for entry in old:
            alike = waiting.get(tuple(entry.traits.items()), [])
            if id(entry) not in partners and alike and (not equal or entry in alike):
                partners[id(entry)] = alike.pop(alike.index(entry) if equal else 0)
    left = [entry for entries in waiting.values() for entry in entries]
    alone = [entry for entry in old if id(entry) not in partners]
    while left and alone:
        few = len(left) * len(alone) <= _MOST
        entry, partner = (
            max(((mine, candidate) for mine in alone for candidate in left), key=_likeness)
            if few
            else (alone[0], left[0])
        )
        partners[id(entry)] = partner
        alone.remove(entry)
        left.remove(partner)
    return [(entry, partners.get(id(entry))) for entry in old], left


def _likeness(pair: tuple[Entry, Entry]) -> int:
    """How many traits two records have in common."""
    return sum(value == pair[1].traits.get(word) for word, value in pair[0].traits.items())


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

    def one_sided(self, entry: Entry, word: str, told: str) -> Change:
        subject = self._in(f"{entry.name} {told}".rstrip())
        label = " ".join(part for part in (entry.noun, subject, entry.tail) if part)
        line = entry.line or self.teller.line(entry.facts.raw)
        sides = (line, "") if word == "gone" else ("", line)
        return said(self.teller.kind, subject, f"{label} {word}{entry.held}", *sides)

    def moved(self, old: Entry, new: Entry) -> Iterator[Change]:
        subject = self._in(old.name)
        what = f"{old.noun} {subject} moved from {old.spot} to {new.spot}"
        yield said(self.teller.kind, subject, what, old.spot, new.spot)
        yield from self._facts(subject, old.facts, new.facts)

    def turned(self, what: str, name: str, was: str, now: str) -> Change:
        subject = self._in(name)
        what = f"order of the {what} of {subject}: {was} -> {now}"
        return said(self.teller.kind, subject, what, was, now)

    def both(self, old: Entry, new: Entry, told: str) -> Iterator[Change]:
        subject = self._in(f"{old.of or old.name} {told}".rstrip())
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
