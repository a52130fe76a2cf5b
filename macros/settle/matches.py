"""What the patterns of identities and of noise match in a line, whichever side it is of.

Of more than a hundred patterns, one text has use for a few; and two runs have most lines alike.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, TypeVar

from macros.settle import identities, noise, required_text, tables
from macros.settle.declaration import (
    BELOW,
    CELL,
    AnyOf,
    Form,
    Identity,
    Near,
    Noise,
    Pattern,
    nowhere,
)
from macros.settle.vocabulary import Vocabulary


class Mark(NamedTuple):
    """Noise in a text, and what of it counts."""

    raw: str
    mask: str


Match: TypeAlias = tuple[int, int, str, Identity]
"""A value that may be an identity: from where to where, and how it is written."""
Marked: TypeAlias = tuple[int, int, Mark, str]
"""Noise: from where to where, and the name of its kind."""

_Placed = TypeVar("_Placed", bound=tuple[Any, ...])
"""What begins with its place in a line."""

_IDENTITIES = tuple((pattern, kind) for kind in identities.ALL for pattern in kind.patterns)
_FINDERS = tuple(kind for kind in identities.ALL if kind.find is not nowhere)
_NOISE = tuple((pattern, kind) for kind in noise.ALL for pattern in kind.patterns)
COLUMNS: Mapping[str, Identity | Noise] = {
    **{head: kind for kind in identities.ALL for head in kind.columns},
    **{head: kind for kind in noise.ALL for head in kind.columns},
}
# What a rule says in quotes is its author's: a comment, what is logged, what is looked for, when.
_SAID = r'"(?:[^"\\\n]|\\.)*"'
QUOTED = re.compile(
    rf"(?:--[\w-]+|\bcomment|\bprefix) {_SAID}"
    rf"|\bmeta time (?:[!<>=]+ )?(?:\{{ )?{_SAID}(?:(?:-|, ){_SAID})*"
)
# Numbers stand at the right of their columns (ps, lsns).
HEAD = re.compile(rf"(?<!\S)(?:{'|'.join(sorted(COLUMNS))})(?!\S)")


_BEGINNING = re.compile(r"\w+\W?")
"""Of a head, what stands in a text as it is written here: its case may change in brackets."""
TABLED = frozenset({CELL, BELOW})
"""The shapes of patterns that stand in cells."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """The patterns that may match in some texts, and what they matched in lines of these.

    `heads`: one of the lines may be the head of a table with columns of numbers. `cells` has for
    rows below a head where noise may stand (`tables.cells`). `plain` has lines in which nothing
    matched, `masked` those in which only noise did: each once, and what it is compared by.
    """

    identities: tuple[tuple[Pattern, Identity], ...] = _IDENTITIES
    noise: tuple[tuple[Pattern, Noise], ...] = _NOISE
    finders: tuple[Identity, ...] = _FINDERS
    heads: bool = True
    cells: tables.Cells = field(default_factory=tables.Cells)
    plain: dict[str, tuple[str, Form]] = field(default_factory=dict)
    masked: dict[str, tuple[str, Form]] = field(default_factory=dict)
    known: dict[str, tuple[Sequence[Match], Sequence[Marked]]] = field(default_factory=dict)

    def forget(self) -> None:
        """Keep no lines: both sides of the texts were read."""
        self.plain.clear()
        self.masked.clear()
        self.known.clear()


def fitting(texts: Sequence[str], lines: Sequence[Sequence[str]] = ()) -> Fitting:
    """What may match in any of these texts; `lines` are theirs, where somebody has them already."""
    words = Vocabulary(texts, lines)
    searched: dict[Near | str, bool] = {"": True}

    def near(search: Near) -> bool:
        if isinstance(search, AnyOf):
            return any(map(has, search.words))
        return may_match(search) and has(required_text.of(search)) and any(map(search, words.texts))

    def may_match(search: Near) -> bool:
        return all(any(map(words.may_have, clause)) for clause in required_text.shapes(search))

    def has(search: Near | str | None) -> bool:
        # Several patterns have one search.
        key = search or ""
        if key not in searched:
            searched[key] = words.has(key) if isinstance(key, str) else near(key)
        return searched[key]

    def fits(pattern: Pattern) -> bool:
        return has(pattern.hint) and has(pattern.near) and may_match(pattern.expression.search)

    def is_headed(kind: Noise) -> bool:
        return any(has(_BEGINNING.findall(head)[0]) for head in kind.heads)

    noisy = [
        (pattern, kind)
        for pattern, kind in _NOISE
        if (pattern.shape != BELOW or is_headed(kind)) and fits(pattern)
    ]
    cells = tables.cells(texts if any(pair[0].shape in TABLED for pair in noisy) else ())
    return Fitting(
        tuple(pair for pair in _IDENTITIES if fits(pair[0])),
        # What stands below heads alone is not looked for where none of them is.
        tuple(pair for pair in noisy if pair[0].shape != BELOW or pair[1].heads & cells.heads),
        tuple(kind for kind in _FINDERS if has(kind.near)),
        any(words.may_have(f" {head} ") for head in COLUMNS) and any(map(HEAD.search, words.texts)),
        cells,
    )


def matches(line: str, fits: Fitting) -> tuple[Sequence[Match], Sequence[Marked]]:
    """What may be an identity in a line, and what is noise."""
    known = fits.known.get(line)
    if known is None:
        known = fits.known[line] = _matches(line, fits)
    return known


_NONE: tuple[Sequence[Match], Sequence[Marked]] = ((), ())


def _matches(line: str, fits: Fitting) -> tuple[Sequence[Match], Sequence[Marked]]:
    values: list[Match] = []
    for (hint, expression, shape, near), kind in fits.identities:
        if hint in line and (near is None or near(line)):
            values += [(*value.span("v"), shape, kind) for value in expression.finditer(line)]
    marks: list[Marked] = []
    for (hint, expression, shape, near), noisy in fits.noise:
        if hint in line and (near is None or near(line)):
            for value in expression.finditer(line):
                if shape not in TABLED or is_cell(line, shape, noisy, fits.cells, value.start(1)):
                    marks += [
                        (*value.span(group), marked(noisy, raw), noisy.name)
                        for group, raw in enumerate(value.groups(), 1)
                        if raw is not None
                    ]
    marks = unquoted(line, marks)
    return (values, marks) if values or marks else _NONE


def is_cell(line: str, shape: str, kind: Noise, cells: tables.Cells, place: int) -> bool:
    """Whether what a pattern of this shape has found stands in a cell where the kind may be."""
    return cells.has(line, place, kind.heads, bare=shape == CELL)


@lru_cache(maxsize=256)
def printed(command: str) -> tuple[tuple[re.Pattern[str], Noise], ...]:
    """What is noise because this command printed it."""
    told = ((kind.printed(command), kind) for kind in noise.ALL)
    return tuple((expression, kind) for expression, kind in told if expression is not None)


def unquoted(line: str, marks: list[_Placed]) -> list[_Placed]:
    """The noise in a line but for what a rule says in quotes."""
    if not marks or '"' not in line:
        return marks
    quoted = [quote.span() for quote in QUOTED.finditer(line)]
    return [mark for mark in marks if not within(mark[0], quoted)]


def within(place: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a place in a line is in one of these parts of it."""
    return any(start <= place < end for start, end in spans)


def marked(kind: Noise, raw: str) -> Mark:
    """A value of noise, and what of it counts."""
    return Mark(raw, f"{kind.name} {kind.mask(raw)}")
