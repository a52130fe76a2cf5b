"""Who hands an address to whom: rows of steps, each with a giver, a place and a recorded value."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from macros.figures.markup import render


@dataclass(frozen=True, slots=True)
class Step:
    """`who` gives or keeps the value, `where` it stands."""

    who: str
    where: str
    value: Markup


def figure(rows: Sequence[tuple[str, Sequence[Step]]], *, id: str, title: str) -> str:
    """The rows as lists in a list: text that reads in order, drawn as boxes and arrows by CSS."""
    return render("site/handover.html", rows=rows, id=id, title=title)
