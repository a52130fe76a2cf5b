"""Choose lines of an output by their text, which must match exactly once."""

from collections.abc import Sequence

from macros.ground.errors import GuideError
from macros.plan.signatures import Lines

_SHOWN = 3  # lines that an error quotes


def choose(lines: Sequence[str], chosen: Lines, what: str) -> frozenset[int]:
    """The indexes of the lines that `chosen` names; `what` names the option in an error.

    A string names the one line that contains it; a pair the lines from the one with the first
    text to the next one with the second.
    """
    rows: set[int] = set()
    for item in chosen:
        if isinstance(item, str):
            rows.add(single(lines, item, what))
        else:
            first, last = item
            start = single(lines, first, what)
            end = next((n for n in range(start, len(lines)) if last in lines[n]), None)
            if end is None:
                raise GuideError(f"{what}: {last!r} is in no line after {first!r}")
            rows.update(range(start, end + 1))
    return frozenset(rows)


def single(lines: Sequence[str], text: str, what: str) -> int:
    """The index of the one line that contains `text`."""
    hits = [number for number, line in enumerate(lines) if text in line]
    if len(hits) != 1:
        count = f"in {len(hits)} lines" if hits else "in no line"
        shown = "".join(f"\n  {number + 1}: {lines[number].strip()}" for number in hits[:_SHOWN])
        message = f"{what}: {text!r} is {count} of the output, and must be in exactly one"
        raise GuideError(f"{message}{':' if hits else ''}{shown}")
    return hits[0]
