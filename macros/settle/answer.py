"""Write a new answer as the old one was, where nothing but noise and names differs."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from macros.ground.alignment import align, old_order
from macros.settle import skeleton, tree
from macros.settle.free_order import Free
from macros.settle.renaming import Renaming, in_order
from macros.settle.scan import renamed
from macros.settle.text_lines import Lines
from macros.settle.tree import Array, Leaf, Node, Object

_HEAD = re.compile(r" *[A-Z][\w-]*(?: +[A-Z][\w/-]*)+")


def lines(
    old: Lines, new: Lines, renaming: Renaming, free: Sequence[Free], *, fresh: bool = False
) -> list[str]:
    """The settled lines of a text.

    A line that the old text has too is written as it was there; with `fresh` all that is kept of
    it are names. Where order means nothing the old order is kept; what is new comes behind what it
    came behind.
    """
    # Columns follow what stands in them, in lines of their own too: a table's head.
    if not old.plain or _HEAD.match(old.printed[0]):
        mine = skeleton.as_printed(old.forms)
        theirs = skeleton.all_named(new.forms, renaming.final_new)
    else:
        mine = old.printed
        theirs = new.printed if new.plain else _as_wide(new, renaming)
    places = {other: one for one, other in in_order(mine, theirs, free)}
    orders = []
    for span in free:
        pairs = _same([mine[at] for at in span.old], [theirs[at] for at in span.new])
        places |= {span.new[other]: span.old[one] for one, other in pairs}
        places_of = {other: one for one, other in pairs}
        order = old_order(len(span.new), places_of, span.groups)
        orders.append((span.new, [span.new[at] for at in order]))
    known = {} if fresh else {at: old.printed[one] for at, one in places.items()}
    found = renamed_lines(new, renaming, known)
    sequence = list(range(len(found)))
    for places_, order in orders:
        sequence[places_.start : places_.stop] = order
    return [found[at] for at in sequence]


def renamed_lines(
    text: Lines, renaming: Renaming, known: Mapping[int, str] = MappingProxyType({})
) -> list[str]:
    """The lines of a text with every identity under its old name; those of `known` as they are."""
    found = []
    for at, (line, form) in enumerate(zip(text.printed, text.forms, strict=True)):
        if at in known:
            found.append(known[at])
        elif isinstance(form, str):
            found.append(line)
        else:
            found.append(renamed(text.parts(at), renaming.names))
    return found


def _as_wide(text: Lines, renaming: Renaming) -> list[str]:
    """What the lines are compared by, where the width of a gap counts."""
    return [skeleton.of(text.parts(at), renaming.final_new) for at in range(len(text.printed))]


def node(old: Node, new: Node, renaming: Renaming, *, fresh: bool = False) -> Any:
    """The settled JSON of a twin; `fresh` as of `lines`."""
    if isinstance(old, Leaf) and isinstance(new, Leaf):
        same = tree.text(old, renaming.final_old) == tree.text(new, renaming.final_new)
        return old.value if same and not fresh else tree.plain(new, renaming.names)
    if isinstance(old, Object) and isinstance(new, Object):
        known = {name: inner for name, _, inner in old.entries}
        places = {name: at for at, name in enumerate(known)}
        found = {}
        for _, key, inner in new.entries:
            name = renamed(key, renaming.names)
            found[name] = (
                node(known[name], inner, renaming, fresh=fresh)
                if name in known
                else tree.plain(inner, renaming.names)
            )
        names = list(found)
        order = old_order(
            len(names), {at: places[one] for at, one in enumerate(names) if one in places}
        )
        return {names[at]: found[names[at]] for at in order}
    if isinstance(old, Array) and isinstance(new, Array):
        return _array(old, new, renaming, fresh=fresh)
    return tree.plain(new, renaming.names)


def _array(old: Array, new: Array, renaming: Renaming, *, fresh: bool) -> list[Any]:
    mine = [tree.text(item, renaming.final_old) for item in old.items]
    theirs = [tree.text(item, renaming.final_new) for item in new.items]
    ordered = old.ordered and new.ordered
    pairs = align(mine, theirs) if ordered else _same(mine, theirs)
    used, places = {one for one, _ in pairs}, {other: one for one, other in pairs}
    named: dict[str, list[int]] = {}
    for at, item in enumerate(old.items):
        if at not in used:
            named.setdefault(tree.own_name(item, renaming.final_old), []).append(at)
    partners = dict(places)
    for at, item in enumerate(new.items):
        if at not in places:
            waiting = named.get(tree.own_name(item, renaming.final_new), [])
            if waiting:
                partners[at] = waiting.pop(0)
    found = [
        node(old.items[partners[at]], item, renaming, fresh=fresh)
        if at in partners
        else tree.plain(item, renaming.names)
        for at, item in enumerate(new.items)
    ]
    return found if ordered else [found[at] for at in old_order(len(found), partners)]


def _same(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Places of equal lines, in whatever order; of several equal ones as many as both have."""
    places: dict[str, list[int]] = {}
    for at in range(len(old) - 1, -1, -1):
        places.setdefault(old[at], []).append(at)
    return [(places[line].pop(), at) for at, line in enumerate(new) if places.get(line)]
