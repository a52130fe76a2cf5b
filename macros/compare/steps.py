"""What a record does one after the other: the rules of a chain, whose order is a fact."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from macros.compare.change import Change, said
from macros.ground.alignment import align
from macros.kinds.kind import Step, Steps
from macros.settle import free_order

# Above so many pairs of steps removed and added, none is said to be another one changed.
_MOST = 10_000

_Numbered = tuple[int, Step]
"""A step and its place, from 1."""


def compare(kind: str, subject: str, old: Steps, new: Steps) -> Iterator[Change]:
    """Steps that came, went, changed or moved; each is said with its place."""
    noun = old.noun
    before, after = list(enumerate(old.steps, 1)), list(enumerate(_in_old_order(old, new), 1))
    pairs = align([step.text for _, step in before], [step.text for _, step in after])
    kept, stayed = {was for was, _ in pairs}, {now for _, now in pairs}
    gone = [step for index, step in enumerate(before) if index not in kept]
    come = [step for index, step in enumerate(after) if index not in stayed]
    moved = _moved(gone, come)
    for number, step in gone:
        if number in moved:
            now = moved[number]
            what = f"{noun} moved in {subject}, from place {number} to {now}: {step.summary}"
            yield said(kind, subject, what, str(number), str(now))
    gone = [step for step in gone if step[0] not in moved]
    come = [step for step in come if step[0] not in moved.values()]
    few = len(gone) * len(come) <= _MOST
    for number, step in gone:
        match = _likeness(step, come, _gap(number, pairs, len(after))) if few else None
        if match is None:
            yield said(kind, subject, f"{noun} removed from {subject}: {step.summary}", step.text)
        else:
            come.remove(match)
            what = f"{noun} {match[0]} of {subject} changed: {step.summary} -> {match[1].summary}"
            yield said(kind, subject, what, step.text, match[1].text)
    for number, step in come:
        what = f"{noun} added to {subject} at place {number}: {step.summary}"
        yield said(kind, subject, what, "", step.text)
    for was, stays in pairs:
        number, step = after[stays]
        label = f"{noun} {number} of {subject}"
        yield from counted(kind, label, before[was][1].counts, step.counts)


def counted(
    kind: str, subject: str, old: Mapping[str, int | None], new: Mapping[str, int | None]
) -> Iterator[Change]:
    """Whether a counter is zero is a fact, how large it is is not."""
    for word in old:
        was, now = old[word], new.get(word)
        if (was is None) != (now is None) or bool(was) != bool(now):
            sides = ["none" if count is None else str(count) for count in (was, now)]
            what = f"{word} counted by {subject} {sides[0]} -> {sides[1]}"
            yield said(kind, subject, what, *sides)
            return


def _moved(gone: Sequence[_Numbered], come: Sequence[_Numbered]) -> dict[int, int]:
    """The new place of each step that went and stands elsewhere now, by its old one."""
    places: dict[str, list[int]] = {}
    for number, step in reversed(come):
        places.setdefault(step.text, []).append(number)
    return {number: places[step.text].pop() for number, step in gone if places.get(step.text)}


def _in_old_order(old: Steps, new: Steps) -> list[Step]:
    """The new steps; those whose order means nothing as the old ones were."""
    before, after = ([step.text for step in side.steps] for side in (old, new))
    spans = free_order.joined(old.free(before), new.free(after))
    return [new.steps[index] for index in free_order.in_old_order(before, after, spans)]


def _gap(number: int, pairs: list[tuple[int, int]], end: int) -> tuple[int, int]:
    """The places among the new steps, between those that stayed, where this one would be."""
    index = bisect_left(pairs, (number - 1, 0))
    return (pairs[index - 1][1] + 1 if index else 0), (
        pairs[index][1] if index < len(pairs) else end
    )


def _likeness(step: Step, come: list[_Numbered], gap: tuple[int, int]) -> _Numbered | None:
    """The new step in the same gap that has the most words of this one, and at least two thirds."""
    words = Counter(step.summary.split())
    best, most = None, 0.0
    for number, other in come:
        if gap[0] <= number - 1 < gap[1]:
            theirs = Counter(other.summary.split())
            share = (words & theirs).total() / max(words.total(), theirs.total())
            if share > most:
                best, most = (number, other), share
    return best if most >= 2 / 3 else None
