"""What two texts have alike, left out before they are read: most of a large cluster's lines."""

from collections.abc import Callable, Container, Iterable, Sequence
from itertools import islice
from operator import eq

Labels = Callable[[Sequence[str]], Sequence[str | None]]
"""For each line what it belongs to, or None for one that is always read: see `Kind.labels`."""

_Side = tuple[Sequence[str], Sequence[str | None]]
"""Lines, and what each belongs to."""
_Line = tuple[str, str | None]


def without(old: str, new: str, labels: Labels) -> tuple[str, str]:
    """The two texts without what has all its lines to the letter, in order, in both.

    Records are compared by their keys: those of other keys say nothing about them.
    """
    sides = [(lines := text.split("\n"), labels(lines)) for text in (old, new)]
    differing = _differing(*sides)
    before, after = (_grouped(*side, differing) for side in sides)
    alike = [
        name
        for name in dict.fromkeys(sides[0][1])
        if name and (name not in differing or before[name] == after.get(name))
    ]
    # One stays, so that neither side is empty: an empty text is in no kind's form.
    left_out = frozenset(alike[1:])
    old_left, new_left = (
        "\n".join([line for line, name in zip(*side, strict=True) if name not in left_out])
        for side in sides
    )
    return old_left, new_left


def _differing(old: _Side, new: _Side) -> frozenset[str | None]:
    """The names of all lines but those that are the same at either end, names and all."""
    (mine, before), (theirs, after) = old, new
    most = min(len(mine), len(theirs))
    start = _alike(zip(mine, before, strict=True), zip(theirs, after, strict=True), most)
    end = _alike(
        zip(reversed(mine), reversed(before), strict=True),
        zip(reversed(theirs), reversed(after), strict=True),
        most - start,
    )
    return frozenset((*before[start : len(mine) - end], *after[start : len(theirs) - end]))


def _alike(old: Iterable[_Line], new: Iterable[_Line], most: int) -> int:
    """How many of the first lines are the same, and at most so many."""
    same = islice(map(eq, old, new), most)
    return next((index for index, equal in enumerate(same) if not equal), most)


def _grouped(
    lines: Sequence[str], names: Sequence[str | None], wanted: Container[str | None]
) -> dict[str | None, list[str]]:
    groups: dict[str | None, list[str]] = {}
    for line, name in zip(lines, names, strict=True):
        if name in wanted:
            groups.setdefault(name, []).append(line)
    return groups
