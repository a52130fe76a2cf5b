"""Find the one renaming under which a new run comes nearest to the old recording.

Lines and JSON elements are joined by what they say, identities masked; each pair of joined lines
votes for its identities. With every name found, more lines become unique, until nothing is left
to find. Only then are lines that all say the same joined in the order in which they came.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from macros.ground.alignment import align
from macros.settle import skeleton, tree
from macros.settle.declaration import Key, Token
from macros.settle.free_order import Free, collapsed
from macros.settle.scan import Part, write
from macros.settle.text_lines import Lines
from macros.settle.tree import Array, Leaf, Node, Object

Vote = tuple[Key, str]


@dataclass(slots=True)
class Document:
    """One answer on both sides: lines of text, or a tree of JSON."""

    name: str
    old: Lines | Node
    new: Lines | Node
    same: bool = False
    """Both sides are one to the letter."""
    free: Sequence[Free] = ()
    old_keys: frozenset[Key] = field(init=False)
    new_keys: Counter[Key] = field(init=False)

    def __post_init__(self) -> None:
        """The identities of either side; how often the new one has each, in order."""
        self.old_keys = frozenset(token.key for token in _tokens(self.old))
        self.new_keys = Counter(token.key for token in _tokens(self.new))


def _tokens(side: Lines | Node) -> Iterator[Token]:
    lines = side.forms if isinstance(side, Lines) else tree.parts(side)
    return (
        part
        for line in lines
        if not isinstance(line, str)
        for part in line
        if isinstance(part, Token)
    )


@dataclass(slots=True)
class Renaming:
    """New identities' old names, one to one."""

    names: dict[Key, str] = field(default_factory=dict)
    taken: set[Key] = field(default_factory=set)

    def add(self, key: Key, value: str) -> bool:
        """Let `key` be named `value`; False if either is spoken for."""
        target = (key[0], key[1], value)
        if key in self.names or target in self.taken:
            return False
        self.names[key] = value
        self.taken.add(target)
        return True

    def known_old(self, token: Token) -> str | None:
        """An old identity's name, once one of the new run has it."""
        return token.raw if token.key in self.taken else None

    def known_new(self, token: Token) -> str | None:
        """A new identity's old name."""
        value = self.names.get(token.key)
        return None if value is None else write(token, value)

    def final_old(self, token: Token) -> str | None:
        """In the end every identity has a name: its own, where it found no other."""
        return token.raw

    def final_new(self, token: Token) -> str | None:
        """See `final_old`."""
        return self.known_new(token) or token.raw


def find(documents: Sequence[Document], renaming: Renaming) -> None:
    """Complete `renaming` over all `documents`."""
    left = [document for document in documents if _open(document, renaming)]
    for weak in (False, True):
        while left:
            if not _accept(_counted(left, renaming, weak=weak), renaming):
                break
            left = [document for document in left if _open(document, renaming)]
    for document in left:
        # One at a time: what is decided in one may decide the next.
        while _open(document, renaming):
            if not _accept(_counted([document], renaming, weak=True, tied=True), renaming):
                break
    _complete(documents, renaming)


def _complete(documents: Sequence[Document], renaming: Renaming) -> None:
    """Let nothing that found no name keep one that another now has.

    Numbers are used again: left as it came, an index 5 would read as the interface whose 7 was
    renamed to 5. It takes what that one gave up. An interface that was moved into a namespace has
    its number from the node's own, and takes what that gave up.
    """
    owners = {(key[0], key[1], old): key[2] for key, old in renaming.names.items()}
    for document in documents:
        for key in document.new_keys:
            if key in renaming.names:
                continue
            kind, scope, value = key
            if key not in owners and "/" in scope:
                scope = scope.partition("/")[0] + "/"
            if (given_up := _given_up(owners, (kind, scope, value))) not in {"", value}:
                renaming.add(key, given_up)


def _given_up(owners: Mapping[Key, str], key: Key) -> str:
    """The name that somebody gave up who now has this one, or who has his, and so on.

    "" where names were only exchanged: within one scope an unnamed one cannot be among those, but a
    number looked up in another scope can.
    """
    kind, scope, value = key
    seen = set()
    while (kind, scope, value) in owners:
        if value in seen:
            return ""
        seen.add(value)
        value = owners[kind, scope, value]
    return value


def _counted(
    documents: Sequence[Document], renaming: Renaming, *, weak: bool, tied: bool = False
) -> dict[Vote, int]:
    votes: dict[Vote, int] = {}
    for document in documents:
        for vote, weight in _votes(document, renaming, weak=weak, tied=tied):
            votes[vote] = votes.get(vote, 0) + weight
    return votes


def _open(document: Document, renaming: Renaming) -> bool:
    return not document.new_keys.keys() <= renaming.names.keys()


def _accept(votes: Mapping[Vote, int], renaming: Renaming) -> bool:
    """The name with the most votes first; a second place for a name stays as the run has it."""
    ranked = sorted(votes.items(), key=lambda item: -item[1])
    return sum(renaming.add(key, value) for (key, value), _ in ranked) > 0


def _votes(
    document: Document, renaming: Renaming, *, weak: bool, tied: bool
) -> Iterator[tuple[Vote, int]]:
    """A table without order is the weaker witness: what an entry names is all that joins it."""
    old, new = document.old, document.new
    if document.same:
        # Nothing speaks for another name, in whatever order its lines are.
        for key, count in document.new_keys.items():
            yield (key, key[2]), 2 * count
    elif isinstance(old, Lines) and isinstance(new, Lines):
        mine = skeleton.all_named(old.forms, renaming.known_old)
        theirs = skeleton.all_named(new.forms, renaming.known_new)
        for was, now in in_order(mine, theirs, document.free, weak=weak):
            for vote in _vote(old.forms[was], new.forms[now]):
                yield vote, 2
        for free in document.free:
            pairs = _unique(
                [mine[index] for index in free.old],
                [theirs[index] for index in free.new],
                tied=tied,
            )
            for was, now in pairs:
                for vote in _vote(old.forms[free.old[was]], new.forms[free.new[now]]):
                    yield vote, 1
    elif not isinstance(old, Lines) and not isinstance(new, Lines):
        yield from _node(old, new, renaming, _Way(weak, tied))


def in_order(
    old: Sequence[str], new: Sequence[str], free: Sequence[Free], *, weak: bool = False
) -> list[tuple[int, int]]:
    """Places of the same lines, but for those whose order means nothing."""
    if len(free) == 1 and len(free[0].old) >= len(old) - 1 and len(free[0].new) >= len(new) - 1:
        return []
    mine, at_old = collapsed(old, [span.old for span in free])
    theirs, at_new = collapsed(new, [span.new for span in free])
    pairs = align(mine, theirs)
    if weak:
        pairs += _gaps(pairs, len(mine), len(theirs))
    return [(at_old[was], at_new[now]) for was, now in pairs if not mine[was].startswith("\0free")]


def _vote(old: Iterable[Part], new: Iterable[Part]) -> Sequence[Vote]:
    if isinstance(old, str) or isinstance(new, str):
        return ()
    mine = [part for part in old if isinstance(part, Token)]
    theirs = [part for part in new if isinstance(part, Token)]
    if len(mine) != len(theirs):
        return ()
    return [
        (now.key, was.key[2])
        for was, now in zip(mine, theirs, strict=True)
        if was.key[:2] == now.key[:2] and was.form == now.form and was.shape == now.shape
    ]


def _gaps(pairs: Sequence[tuple[int, int]], old: int, new: int) -> list[tuple[int, int]]:
    """Between joined lines, lines that changed: as many on either side are joined in order."""
    gaps: list[tuple[int, int]] = []
    last_old = last_new = -1
    for was, now in [*pairs, (old, new)]:
        if was - last_old == now - last_new:
            gaps += zip(range(last_old + 1, was), range(last_new + 1, now), strict=True)
        last_old, last_new = was, now
    return gaps


def _unique(old: Sequence[str], new: Sequence[str], *, tied: bool) -> list[tuple[int, int]]:
    """Places of what occurs once on each side; `tied`: of what occurs as often, in order."""
    mine: dict[str, list[int]] = {}
    theirs: dict[str, list[int]] = {}
    for index, line in enumerate(old):
        mine.setdefault(line, []).append(index)
    for index, line in enumerate(new):
        theirs.setdefault(line, []).append(index)
    return [
        pair
        for line, places in mine.items()
        if len(places) == len(theirs.get(line, ())) and (tied or len(places) == 1)
        for pair in zip(places, theirs[line], strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Way:
    """How a tree is walked: see `find`. `weight` is less within a table without order."""

    weak: bool
    tied: bool
    weight: int = 2


def _node(old: Node, new: Node, renaming: Renaming, way: _Way) -> Iterator[tuple[Vote, int]]:
    if old.skeleton is not None or new.skeleton is not None:
        return
    if isinstance(old, Leaf) and isinstance(new, Leaf):
        for vote in _vote(old.parts, new.parts):
            yield vote, way.weight
    elif isinstance(old, Object) and isinstance(new, Object):
        for was, now in entries(old, new, renaming, tied=way.tied):
            for vote in _vote(old.entries[was][1], new.entries[now][1]):
                yield vote, way.weight
            yield from _node(old.entries[was][2], new.entries[now][2], renaming, way)
    elif isinstance(old, Array) and isinstance(new, Array):
        inner = way if old.ordered else replace(way, weight=1)
        for was, now in items(old, new, renaming, weak=way.weak, tied=way.tied):
            yield from _node(old.items[was], new.items[now], renaming, inner)


def entries(old: Object, new: Object, renaming: Renaming, *, tied: bool) -> list[tuple[int, int]]:
    """Which entries of two mappings are the same: by key, and by value where a key is an id."""
    places = {
        skeleton.of(key, renaming.known_old): index
        for index, (_, key, _) in enumerate(old.entries)
        if not _masked(key, renaming.known_old)
    }
    pairs, left = [], []
    for index, (_, key, _) in enumerate(new.entries):
        name = skeleton.of(key, renaming.known_new)
        if not _masked(key, renaming.known_new) and name in places:
            pairs.append((places[name], index))
        else:
            left.append(index)
    if left:
        used = {was for was, _ in pairs}
        rest = [index for index in range(len(old.entries)) if index not in used]
        mine = [_entry(old.entries[index], renaming.known_old) for index in rest]
        theirs = [_entry(new.entries[index], renaming.known_new) for index in left]
        pairs += [(rest[was], left[now]) for was, now in _unique(mine, theirs, tied=tied)]
    return pairs


def _entry(entry: tuple[str, tuple[Part, ...], Node], value: skeleton.Value) -> str:
    return skeleton.of(entry[1], value) + tree.text(entry[2], value)


def _masked(parts: Iterable[Part], value: skeleton.Value) -> bool:
    return any(isinstance(part, Token) and value(part) is None for part in parts)


def items(
    old: Array, new: Array, renaming: Renaming, *, weak: bool, tied: bool
) -> list[tuple[int, int]]:
    """Which elements of two lists are the same."""
    mine = [tree.text(item, renaming.known_old) for item in old.items]
    theirs = [tree.text(item, renaming.known_new) for item in new.items]
    ordered = old.ordered and new.ordered
    pairs = align(mine, theirs) if ordered else _unique(mine, theirs, tied=tied)
    used, taken = {was for was, _ in pairs}, {now for _, now in pairs}
    rest = [index for index in range(len(mine)) if index not in used]
    left = [index for index in range(len(theirs)) if index not in taken]
    if rest and left:
        named_old = [tree.own_name(old.items[index], renaming.known_old) for index in rest]
        named_new = [tree.own_name(new.items[index], renaming.known_new) for index in left]
        more = [
            (rest[was], left[now])
            for was, now in _unique(named_old, named_new, tied=False)
            if named_old[was]
        ]
        pairs += more
        if weak and not more and old.ordered and len(rest) == len(left):
            pairs += zip(rest, left, strict=True)
    return pairs
