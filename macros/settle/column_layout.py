"""Columns of a text of which some lines are new: a head must stand over its rows.

A line that says what it said is written as it was, however wide its columns are now. Beside a line
that is new, its columns would not be those of the new line: so it is new as well.
"""

from collections.abc import Iterator, Mapping, Sequence

from macros.settle.tables import CELL


def kept(old: Sequence[str], new: Sequence[str], places: Mapping[int, int]) -> Mapping[int, str]:
    """Of the lines that both texts have, those that are written as they were.

    `places` says for a line of `new` which one of `old` it is. Lines with an empty one between
    them are of different tables.
    """
    out = {now: old[was] for now, was in places.items()}
    for low, high in _paragraphs(new, places):
        for now in range(low, high):
            if now in out and moved(out[now], new[now]):
                del out[now]
    return out


def moved(old: str, new: str) -> bool:
    """Whether a cell stands elsewhere, neither beginning nor ending where it did."""
    if "  " not in old.lstrip() or old == new:
        return False
    before, after = ([cell.span() for cell in CELL.finditer(line)] for line in (old, new))
    return len(before) != len(after) or any(
        was[0] != now[0] and was[1] != now[1] for was, now in zip(before, after, strict=True)
    )


def _paragraphs(lines: Sequence[str], places: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """Where lines with a new one among them begin and end."""
    if len(places) == len(lines):
        return
    low, anew = 0, False
    for number, line in enumerate((*lines, "")):
        if line:
            anew = anew or number not in places
        else:
            if anew:
                yield low, number
            low, anew = number + 1, False
