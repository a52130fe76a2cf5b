"""A whole text cut at once: each pattern is looked for in all of its lines, not in each by itself.

That finds the same, for nothing in an expression matches the end of a line: see `Pattern`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate

from macros.settle import matches, scan
from macros.settle.declaration import AnyOf, Identity, Near, Noise, Pattern, Token
from macros.settle.matches import Fitting, Mark
from macros.settle.scan import Parts, Place, Side, Span

_Matched = tuple[int, int, re.Match[str]]
"""The number of a line, where it begins in the text, and a match in it."""


def cut(
    lines: Sequence[str], place: Place, side: Side, fits: Fitting
) -> Iterator[tuple[str, Parts, bool]]:
    """The lines in which something is no text, and their parts: see `scan.parts`.

    The third word says that they are the same whichever side the line is of. For a place that says
    nothing of single lines: no choice, no columns, no number alone.
    """
    whole = _Whole(lines)
    names: defaultdict[int, list[Span]] = defaultdict(list)
    for pattern, kind in fits.identities:
        for number, low, high, token in _named(whole, pattern, kind, place, side):
            mine = names[number]
            if token is not None:
                mine.append((low, high, token))
    for kind in fits.finders:
        for number, span in _found(whole, kind, place, side):
            names[number].append(span)
    marks: defaultdict[int, list[Span]] = defaultdict(list)
    for pattern, noise in fits.noise:
        if noise.name not in place.facts:
            for number, mark in _marked(whole, pattern, noise, fits):
                marks[number].append(mark)
    for number in names.keys() | marks.keys():
        line = lines[number]
        spans = names.get(number, [])
        if len(spans) > 1:
            spans.sort(key=scan.longest_first)
        if number in marks:
            noisy = marks[number]
            if '"' in line:
                noisy = matches.unquoted(line, noisy)
            spans = spans + noisy if spans else noisy
        if spans:
            yield line, scan.joined(line, spans), number not in names


def _named(
    whole: "_Whole", pattern: Pattern, kind: Identity, place: Place, side: Side
) -> Iterator[tuple[int, int, int, Token | None]]:
    """What a kind's pattern matches: in which line, from where to where; and the identity it is."""
    known: dict[tuple[str, str], Token | None] = {}
    scope = scan.scope_of(kind, place, "")
    for number, start, value in whole.matched(pattern):
        raw = value["v"]
        if kind.scope == "peer":
            scope = scan.scope_of(kind, place, whole.lines[number])
        if (raw, scope) not in known:
            known[raw, scope] = scan.token_of(kind, raw, scope, side, shape=pattern.shape)
        low, high = value.span("v")
        yield number, low - start, high - start, known[raw, scope]


def _marked(
    whole: "_Whole", pattern: Pattern, kind: Noise, fits: Fitting
) -> Iterator[tuple[int, Span]]:
    """The noise that a kind's pattern matches, each with the number of its line."""
    known: dict[str, Mark] = {}
    groups = range(1, pattern.expression.groups + 1)
    for number, start, value in whole.matched(pattern):
        if pattern.shape in matches.TABLED and not matches.is_cell(
            whole.lines[number], pattern.shape, kind, fits.cells, value.start(1) - start
        ):
            continue
        for group in groups:
            raw = value[group]
            if raw is not None:
                mark = known.get(raw)
                if mark is None:
                    mark = known[raw] = matches.marked(kind, raw)
                low, high = value.span(group)
                yield number, (low - start, high - start, mark)


def _found(whole: "_Whole", kind: Identity, place: Place, side: Side) -> Iterator[tuple[int, Span]]:
    """The identities that a kind finds by itself, each with the number of its line."""
    starts, number = whole.starts, 0
    for low, high, named in kind.find(whole.text, side.known[kind.name]):
        while starts[number + 1] <= low:
            number += 1
        while starts[number] > low:
            number -= 1
        scope = scan.scope_of(kind, place, whole.lines[number])
        token = scan.made(kind, whole.text[low:high], scope, named)
        yield number, (low - starts[number], high - starts[number], token)


class _Whole:
    """Lines as one text, and where each begins."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.text = "\n".join(lines)
        self.lines = lines
        self.starts = list(accumulate((len(line) + 1 for line in lines), initial=0))

    def matched(self, pattern: Pattern) -> Iterator[_Matched]:
        """What a pattern matches, line by line."""
        expression = _of_lines(pattern.expression)
        if expression.pattern.startswith("^"):
            return self._begun(pattern, expression)
        return self._inside(pattern, expression)

    def _begun(self, pattern: Pattern, expression: re.Pattern[str]) -> Iterator[_Matched]:
        """What is at the beginning of lines: there it is looked for at once."""
        starts, number = self.starts, 0
        for value in expression.finditer(self.text):
            while starts[number + 1] <= value.start():
                number += 1
            if pattern.may_match(self.lines[number]):
                yield number, starts[number], value

    def _inside(self, pattern: Pattern, expression: re.Pattern[str]) -> Iterator[_Matched]:
        starts, number, end = self.starts, 0, 0
        for offset in self._worth(pattern):
            if offset >= end:
                while starts[number + 1] <= offset:
                    number += 1
                start, end = starts[number], starts[number + 1]
                for value in expression.finditer(self.text, start, end - 1):
                    yield number, start, value

    def _worth(self, pattern: Pattern) -> Iterable[int]:
        """Places in the lines that have a pattern's hint and where its search succeeds."""
        expression = search(pattern.hint, pattern.near)
        if expression is not None:
            return (match.start() for match in expression.finditer(self.text))
        return (
            start
            for start, line in zip(self.starts, self.lines, strict=False)
            if pattern.may_match(line)
        )


@lru_cache(maxsize=1024)
def search(hint: str, near: Near | None) -> re.Pattern[str] | None:
    """What to look for in a text; None where that is no expression."""
    if isinstance(near, AnyOf):
        return re.compile("|".join(map(re.escape, near.words)))
    if near is None:
        return re.compile(re.escape(hint))
    expression = getattr(near, "__self__", None)
    return expression if isinstance(expression, re.Pattern) else None


@lru_cache(maxsize=1024)
def _of_lines(expression: re.Pattern[str]) -> re.Pattern[str]:
    """The expression, each line with a begin and an end."""
    return re.compile(expression.pattern, re.MULTILINE)
