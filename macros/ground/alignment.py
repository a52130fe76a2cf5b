"""Which lines of two texts are the same: in order, in linear time."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

Pair = tuple[int, int]
T = TypeVar("T")


class _Window(NamedTuple):
    """Lines `low` up to `high` of the old text, `first` up to `last` of the new."""

    low: int
    high: int
    first: int
    last: int


_Inside = Callable[[Sequence[str], Sequence[str], _Window], Iterator[Pair]]


def align(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    """Places in `old` and in `new` that hold the same, in order.

    What is common at both ends, then lines that occur once on each side (patience), then what is
    common beside those. A line between them that moved is not found: it moved.
    """
    return list(_aligned(old, new, _Window(0, len(old), 0, len(new)), _between_anchors))


def stretches(
    pairs: Iterable[Pair], old: Sequence[T], new: Sequence[T]
) -> Iterator[tuple[Sequence[T], Sequence[T], tuple[T, T] | None]]:
    """What lies on both sides before each pair, and that pair; behind the last, None."""
    low, first = 0, 0
    for left, right in pairs:
        yield old[low:left], new[first:right], (old[left], new[right])
        low, first = left + 1, right + 1
    yield old[low:], new[first:], None


def _aligned(
    old: Sequence[str], new: Sequence[str], window: _Window, inside: _Inside
) -> Iterator[Pair]:
    """What is common at both ends of a window, and `inside` of what is between."""
    low, high, first, last = window
    while low < high and first < last and old[low] == new[first]:
        yield low, first
        low, first = low + 1, first + 1
    tail: list[Pair] = []
    while low < high and first < last and old[high - 1] == new[last - 1]:
        high, last = high - 1, last - 1
        tail.append((high, last))
    yield from inside(old, new, _Window(low, high, first, last))
    yield from reversed(tail)


def _between_anchors(old: Sequence[str], new: Sequence[str], window: _Window) -> Iterator[Pair]:
    low, high, first, last = window
    for anchor, other in _anchors(old, new, window):
        yield from _aligned(old, new, _Window(low, anchor, first, other), _as_they_come)
        yield anchor, other
        low, first = anchor + 1, other + 1
    yield from _aligned(old, new, _Window(low, high, first, last), _as_they_come)


def _as_they_come(old: Sequence[str], new: Sequence[str], window: _Window) -> Iterator[Pair]:
    """Each old line with the next new line that is equal to it."""
    low, high, first, last = window
    places: dict[str, list[int]] = {}
    for index in range(last - 1, first - 1, -1):
        places.setdefault(new[index], []).append(index)
    for index in range(low, high):
        waiting = places.get(old[index], [])
        while waiting and waiting[-1] < first:
            waiting.pop()
        if waiting:
            first = waiting.pop()
            yield index, first
            first += 1


def _anchors(old: Sequence[str], new: Sequence[str], window: _Window) -> list[Pair]:
    """Lines that occur once on each side, the longest run of them that is in order on both."""
    low, high, first, last = window
    count_old = Counter(old[low:high])
    count_new = Counter(new[first:last])
    unique = {new[index]: index for index in range(first, last) if count_new[new[index]] == 1}
    pairs = [
        (index, unique[old[index]])
        for index in range(low, high)
        if count_old[old[index]] == 1 and old[index] in unique
    ]
    return _longest_run(pairs)


def _longest_run(pairs: Sequence[Pair]) -> list[Pair]:
    """The most pairs whose second places rise as their first ones do (patience sorting)."""
    ends: list[int] = []
    owners: list[int] = []
    before: list[int] = []
    for number, (_, other) in enumerate(pairs):
        slot = bisect_left(ends, other)
        before.append(owners[slot - 1] if slot else -1)
        ends[slot : slot + 1] = [other]
        owners[slot : slot + 1] = [number]
    run: list[Pair] = []
    number = owners[-1] if owners else -1
    while number >= 0:
        run.append(pairs[number])
        number = before[number]
    return run[::-1]


def old_order(count: int, places: Mapping[int, int], groups: Sequence[Hashable] = ()) -> list[int]:
    """The order of `count` new lines that have no order, as the old ones were.

    `places` has for a new line its old place; one without stays behind its predecessor. The lines
    of one of `groups` (one for each line) stay in their new order.
    """
    members: dict[Hashable, list[int]] = {}
    for index in range(count):
        members.setdefault(groups[index] if groups else index, []).append(index)
    keys: dict[int, tuple[int, int, int]] = {}
    for group in members.values():
        if len(group) == 1:
            index = group[0]
            if index in places:
                keys[index] = (places[index], 1, index)
            continue
        known = [index for index in group if index in places]
        slots = dict(zip(known, sorted(places[index] for index in known), strict=True))
        for number, index in enumerate(group):
            before = [slots[other] for other in group[: number + 1] if other in slots]
            after = [slots[other] for other in group[number:] if other in slots]
            if index in slots:
                keys[index] = (slots[index], 1, index)
            elif before:
                keys[index] = (before[-1], 2, index)
            elif after:
                keys[index] = (after[0], 0, index)
    last = -1
    for index in range(count):
        keys.setdefault(index, (last, 2, index))
        last = keys[index][0]
    return sorted(range(count), key=keys.__getitem__)
