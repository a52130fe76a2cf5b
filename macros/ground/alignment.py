"""Which lines of two texts are the same: in order, in linear time."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence

Pair = tuple[int, int]


def align(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    """Places in `old` and in `new` that hold the same, in order.

    What is common at both ends, then lines that occur once on each side (patience), then what is
    common beside those. A line between them that moved is not found: it moved.
    """
    return list(_between(old, new, 0, len(old), 0, len(new)))


def _between(
    old: Sequence[str], new: Sequence[str], low: int, high: int, first: int, last: int
) -> Iterator[Pair]:
    while low < high and first < last and old[low] == new[first]:
        yield low, first
        low, first = low + 1, first + 1
    tail: list[Pair] = []
    while low < high and first < last and old[high - 1] == new[last - 1]:
        high, last = high - 1, last - 1
        tail.append((high, last))
    for anchor, other in _anchors(old, new, low, high, first, last):
        yield from _ends(old, new, low, anchor, first, other)
        yield anchor, other
        low, first = anchor + 1, other + 1
    yield from _ends(old, new, low, high, first, last)
    yield from reversed(tail)


def _ends(
    old: Sequence[str], new: Sequence[str], low: int, high: int, first: int, last: int
) -> Iterator[Pair]:
    """Between two anchors: what is common at either end, then equal lines as they come."""
    while low < high and first < last and old[low] == new[first]:
        yield low, first
        low, first = low + 1, first + 1
    tail: list[Pair] = []
    while low < high and first < last and old[high - 1] == new[last - 1]:
        high, last = high - 1, last - 1
        tail.append((high, last))
    places: dict[str, list[int]] = {}
    for at in range(last - 1, first - 1, -1):
        places.setdefault(new[at], []).append(at)
    for at in range(low, high):
        waiting = places.get(old[at], [])
        while waiting and waiting[-1] < first:
            waiting.pop()
        if waiting:
            first = waiting.pop()
            yield at, first
            first += 1
    yield from reversed(tail)


def _anchors(
    old: Sequence[str], new: Sequence[str], low: int, high: int, first: int, last: int
) -> list[Pair]:
    """Lines that occur once on each side, the longest run of them that is in order on both."""
    count_old = Counter(old[low:high])
    count_new = Counter(new[first:last])
    place = {new[at]: at for at in range(first, last) if count_new[new[at]] == 1}
    pairs = [
        (at, place[old[at]])
        for at in range(low, high)
        if count_old[old[at]] == 1 and old[at] in place
    ]
    ends: list[int] = []
    owners: list[int] = []
    before: list[int] = []
    for number, (_, other) in enumerate(pairs):
        at = bisect_left(ends, other)
        before.append(owners[at - 1] if at else -1)
        ends[at : at + 1] = [other]
        owners[at : at + 1] = [number]
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
    for at in range(count):
        members.setdefault(groups[at] if groups else at, []).append(at)
    keys: dict[int, tuple[int, int, int]] = {}
    for group in members.values():
        if len(group) == 1:
            at = group[0]
            if at in places:
                keys[at] = (places[at], 1, at)
            continue
        known = [at for at in group if at in places]
        slots = dict(zip(known, sorted(places[at] for at in known), strict=True))
        for number, at in enumerate(group):
            before = [slots[other] for other in group[: number + 1] if other in slots]
            after = [slots[other] for other in group[number:] if other in slots]
            if at in slots:
                keys[at] = (slots[at], 1, at)
            elif before:
                keys[at] = (before[-1], 2, at)
            elif after:
                keys[at] = (after[0], 0, at)
    last = -1
    for at in range(count):
        keys.setdefault(at, (last, 2, at))
        last = keys[at][0]
    return sorted(range(count), key=keys.__getitem__)
