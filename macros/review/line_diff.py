"""Where two texts differ, line by line."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

Lines = Sequence[str]


def changed_lines(old: Lines, new: Lines) -> int:
    """How many lines changed: one with another in its place is one."""
    return sum(max(len(gone), len(come)) for gone, come in differing(old, new))


def differing(old: Lines, new: Lines) -> Iterator[tuple[Lines, Lines]]:
    """The lines that are others, in order: the old ones, and what stands in their place."""
    matcher = SequenceMatcher(a=old, b=new, autojunk=False)
    for tag, low, high, first, last in matcher.get_opcodes():
        if tag != "equal":
            yield old[low:high], new[first:last]
