"""Tables with heads: which cells of a row stand below which heads.

What looks like an age is one below AGE, and a fact below CPU: `100m` is a tenth of a processor.
kubectl's heads are in capitals, those of `kubectl describe` have dashes below them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

_WORD = r"[A-Z][A-Z0-9/_%-]*(?:\([A-Za-z%]+\))?"
_CAPITALS = re.compile(rf"^ *{_WORD}(?: {_WORD})*(?: {{2,}}{_WORD}(?: {_WORD})*)+ *$", re.MULTILINE)
_DASHES = re.compile(r"^( *)-{2,}(?: +-{2,})+ *$", re.MULTILINE)
_CELL = re.compile(r"\S+(?: \S+)*")

Spans = tuple[tuple[int, int], ...]


def cells(texts: Sequence[str], heads: frozenset[str]) -> Mapping[str, Spans]:
    """For each row below a head its cells that stand below one of `heads`, from where to where.

    A row has no entry where no head is above it.
    """
    found: dict[str, Spans] = {}
    for text in texts:
        if _CAPITALS.search(text) or _DASHES.search(text):
            for row, spans in _rows(text.split("\n"), heads):
                found.setdefault(row, spans)
    return found


def _rows(lines: Sequence[str], heads: frozenset[str]) -> Iterator[tuple[str, Spans]]:
    names: list[tuple[int, str]] = []
    indent = ""
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        dashed = _DASHES.match(below)
        if dashed is not None or _CAPITALS.match(line):
            ruler = below if dashed else line
            starts = [cell.start() for cell in _CELL.finditer(re.sub(r"- -", "-  -", ruler))]
            names = [
                (start, line[start:end].strip().upper())
                for start, end in zip(starts, [*starts[1:], None], strict=True)
            ]
            indent = dashed[1] if dashed else ""
        elif not line.strip() or not line.startswith(indent):
            names = []
        elif names and not _DASHES.match(line):
            yield line, tuple(_below(line, names, heads))


def _below(
    line: str, names: Sequence[tuple[int, str]], heads: frozenset[str]
) -> Iterator[tuple[int, int]]:
    row = [cell.span() for cell in _CELL.finditer(line)]
    if len(row) == len(names):
        # A row that was printed later, by --watch, may have wider cells.
        yield from (span for span, (_, name) in zip(row, names, strict=True) if name in heads)
        return
    starts = [*(start for start, _ in names), len(line) + 1]
    for at, (start, name) in enumerate(names):
        if name in heads:
            yield start, starts[at + 1]
