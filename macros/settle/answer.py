"""Write a new answer as the old one was, where nothing but noise and names differs."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from macros.ground.alignment import align, old_order
from macros.settle import column_layout, skeleton, tree
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

    A line that the old text has too is written as it was there, if its columns are still those of
    the lines around it; with `fresh` all that is kept of it are names. Where order means nothing
    the old order is kept; what is new comes behind what it came behind.
    """
    # Columns follow what stands in them, in lines of their own too: a table's head.
    if not old.plain or _HEAD.match(old.printed[0]):
        mine = skeleton.as_printed(old.forms)
        theirs = skeleton.all_named(new.forms, renaming.final_new)
    else:
        mine = old.printed
        theirs = new.printed if new.plain else _as_wide(new, renaming)
    places = {now: was for was, now in in_order(mine, theirs, free)}
    orders = []
    for span in free:
        pairs = _same([mine[index] for index in span.old], [theirs[index] for index in span.new])
        places |= {span.new[now]: span.old[was] for was, now in pairs}
        places_of = {now: was for was, now in pairs}
        order = old_order(len(span.new), places_of, span.groups)
        orders.append((span.new, [span.new[index] for index in order]))
    known = {} if fresh else column_layout.kept(old.printed, new.printed, places)
    settled = renamed_lines(new, renaming, known)
    sequence = list(range(len(settled)))
    for places_, order in orders:
        sequence[places_.start : places_.stop] = order
    return [settled[index] for index in sequence]


def renamed_lines(
    text: Lines, renaming: Renaming, known: Mapping[int, str] = MappingProxyType({})
) -> list[str]:
    """The lines of a text with every identity under its old name; those of `known` as they are."""
    settled = []
    for index, (line, form) in enumerate(zip(text.printed, text.forms, strict=True)):
        if index in known:
            settled.append(known[index])
        elif isinstance(form, str):
            settled.append(line)
        else:
            settled.append(renamed(text.parts(index), renaming.names))
    return settled


def _as_wide(text: Lines, renaming: Renaming) -> list[str]:
    """What the lines are compared by, where the width of a gap counts."""
    return [
        skeleton.of(text.parts(index), renaming.final_new) for index in range(len(text.printed))
    ]


def node(old: Node, new: Node, renaming: Renaming, *, fresh: bool = False) -> Any:
    """The settled JSON of a twin; `fresh` as of `lines`."""
    if isinstance(old, Leaf) and isinstance(new, Leaf):
        same = tree.text(old, renaming.final_old) == tree.text(new, renaming.final_new)
        return old.value if same and not fresh else tree.plain(new, renaming.names)
    if isinstance(old, Object) and isinstance(new, Object):
        known = {name: inner for name, _, inner in old.entries}
        places = {name: index for index, name in enumerate(known)}
        settled = {}
        for _, key, inner in new.entries:
            name = renamed(key, renaming.names)
            settled[name] = (
                node(known[name], inner, renaming, fresh=fresh)
                if name in known
                else tree.plain(inner, renaming.names)
            )
        names = list(settled)
        order = old_order(
            len(names), {index: places[name] for index, name in enumerate(names) if name in places}
        )
        return {names[index]: settled[names[index]] for index in order}
    if isinstance(old, Array) and isinstance(new, Array):
        return _array(old, new, renaming, fresh=fresh)
    return tree.plain(new, renaming.names)


def _array(old: Array, new: Array, renaming: Renaming, *, fresh: bool) -> list[Any]:
    mine = [tree.text(item, renaming.final_old) for item in old.items]
    theirs = [tree.text(item, renaming.final_new) for item in new.items]
    ordered = old.ordered and new.ordered
    pairs = align(mine, theirs) if ordered else _same(mine, theirs)
    used, places = {was for was, _ in pairs}, {now: was for was, now in pairs}
    named: dict[str, list[int]] = {}
    for index, item in enumerate(old.items):
        if index not in used:
            named.setdefault(tree.own_name(item, renaming.final_old), []).append(index)
    partners = dict(places)
    for index, item in enumerate(new.items):
        if index not in places:
            waiting = named.get(tree.own_name(item, renaming.final_new), [])
            if waiting:
                partners[index] = waiting.pop(0)
    settled = [
        node(old.items[partners[index]], item, renaming, fresh=fresh)
        if index in partners
        else tree.plain(item, renaming.names)
        for index, item in enumerate(new.items)
    ]
    return settled if ordered else [settled[index] for index in old_order(len(settled), partners)]


def _same(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Places of equal lines, in whatever order; of several equal ones as many as both have."""
    places: dict[str, list[int]] = {}
    for index in range(len(old) - 1, -1, -1):
        places.setdefault(old[index], []).append(index)
    return [(places[line].pop(), index) for index, line in enumerate(new) if places.get(line)]
