"""Tables with heads: which cells of a row stand below which heads.

What looks like an age is one below AGE, and a fact below CPU: `100m` is a tenth of a processor.
kubectl's heads are in capitals, those of `kubectl describe` have dashes below them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_WORD = r"[A-Z][A-Z0-9/_%-]*(?:\([A-Za-z%]+\))?"
_CAPITALS = re.compile(rf"^ *{_WORD}(?: {_WORD})*(?: {{2,}}{_WORD}(?: {_WORD})*)+ *$", re.MULTILINE)
_DASHES = re.compile(r"^( *)-{2,}(?: +-{2,})+ *$", re.MULTILINE)
CELL = re.compile(r"\S+(?: \S+)*")
"""What stands in a column: words with one blank between them."""


@dataclass(frozen=True, slots=True)
class _Head:
    """Where the columns of a table begin, and their names; how far its rows are indented."""

    names: Sequence[tuple[int, str]]
    indent: str


@dataclass(frozen=True, slots=True)
class Cells:
    """The rows of some texts' tables, each with its head."""

    rows: dict[str, _Head] = field(default_factory=dict)
    heads: set[str] = field(default_factory=set)
    """The names of all columns."""

    def has(self, line: str, place: int, heads: frozenset[str], *, bare: bool) -> bool:
        """Whether a place in a line is below one of these heads; `bare`: or no head is above it."""
        head = self.rows.get(line)
        return bare if head is None else _name(line, place, head.names) in heads


def cells(texts: Sequence[str]) -> Cells:
    """The rows below heads."""
    known = Cells()
    for text in texts:
        for row, head in _rows(text):
            known.rows.setdefault(row, head)
    named = {id(head): head.names for head in known.rows.values()}
    known.heads.update(name for names in named.values() for _, name in names)
    return known


def _rows(text: str) -> Iterator[tuple[str, _Head]]:
    """The rows of a text's tables: what follows a head, up to an empty or less indented line."""
    places = sorted(
        {*_numbers(text, _CAPITALS), *(number - 1 for number in _numbers(text, _DASHES) if number)}
    )
    lines = text.split("\n") if places else []
    for start, end in zip(places, [*places[1:], len(lines)], strict=False):
        head = _head(*lines[start : start + 2])
        for line in lines[start + 1 : end]:
            if not line.strip() or not line.startswith(head.indent):
                break
            if not line.lstrip(" ").startswith("--") or not _DASHES.match(line):
                yield line, head


def _numbers(text: str, expression: re.Pattern[str]) -> Iterator[int]:
    """The numbers of the lines that an expression matches."""
    number = behind = 0
    for match in expression.finditer(text):
        number += text.count("\n", behind, match.start())
        behind = match.start()
        yield number


def _head(line: str, below: str = "") -> _Head:
    dashed = _DASHES.match(below)
    ruler = below if dashed else line
    starts = [cell.start() for cell in CELL.finditer(re.sub(r"- -", "-  -", ruler))]
    names = [
        (start, line[start:end].strip().upper())
        for start, end in zip(starts, [*starts[1:], None], strict=True)
    ]
    return _Head(names, dashed[1] if dashed else "")


def _name(line: str, place: int, names: Sequence[tuple[int, str]]) -> str:
    """The name of the column in which a place is."""
    if _count(line) == len(names):
        # A row that was printed later, by --watch, may have wider cells.
        return names[_count(line[: place + 1]) - 1][1]
    return next((name for start, name in reversed(names) if start <= place), "")


def _count(line: str) -> int:
    """How many cells there are in a line: `CELL`, found in a third of the time."""
    if "\t" in line or not line.isascii():
        return len(CELL.findall(line))
    return sum(map(bool, map(str.strip, line.split("  "))))
