"""Cut a line into what is said and what only names: literal text, identities, noise.

What these are, `identities` and `noise` declare; nothing here knows any of them by name.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from macros.settle import identities
from macros.settle.declaration import (
    Evidence,
    Identity,
    Key,
    Named,
    Noise,
    Token,
    Where,
)
from macros.settle.matches import COLUMNS, HEAD, Fitting, Mark, Marked, Match, marked, matches

Part = str | Token | Mark
Parts = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line was printed: which node, and which namespace's interfaces it shows.

    `facts` are the kinds of noise that are facts here, `choice` finds what may come one way or
    another: an expression whose groups are one choice. `columns` are where the columns of numbers
    end that a table's head names. `alone` is the kind and the scope of a number that is a line,
    `printed` finds what is noise because the command printed it.
    """

    node: str
    netns: str
    facts: frozenset[str] = frozenset()
    choice: re.Pattern[str] | None = None
    columns: tuple[tuple[int, str], ...] = ()
    alone: tuple[str, str] | None = None
    printed: tuple[tuple[re.Pattern[str], Noise], ...] = ()


def alone(where: Where) -> tuple[str, str] | None:
    """The kind and the scope of the numbers that a command prints and nothing else."""
    for kind in identities.ALL:
        scope = kind.alone(where)
        if scope is not None:
            return kind.name, scope
    return None


@dataclass(slots=True)
class Side:
    """What is known of one side before its lines are cut, and what was found out since."""

    known: Mapping[str, Any]
    texts: Sequence[str] = ()
    cut: defaultdict[Place, dict[str, Parts]] = field(default_factory=lambda: defaultdict(dict))
    """Words of JSON that were cut already."""
    every: Fitting = field(default_factory=Fitting)
    """For words whose text around is not known: JSON's."""
    told: dict[tuple[str, ...], bool] = field(default_factory=dict)
    """Words that were chosen, and whether they are there to be chosen."""


def learned(old: Evidence, new: Evidence) -> tuple[Side, Side]:
    """What each kind of identity reads of all that the two sides answered."""
    known = {kind.name: kind.meet(kind.learn(old), kind.learn(new)) for kind in identities.ALL}
    was, now = ({name: both[side] for name, both in known.items()} for side in (0, 1))
    every = Fitting()
    return Side(was, old.texts, every=every), Side(now, new.texts, every=every)


_BY_NAME: Mapping[str, Identity] = {kind.name: kind for kind in identities.ALL}
_LAST = re.compile(r"(?<!\S)\d+$")
_PEER_NETNS = re.compile(r"link-netns(id)? (\S+)")


def below(line: str, place: Place, fits: Fitting) -> Place:
    """The place of the lines that follow: `line` may be a table's head, or end a table."""
    if not fits.heads:
        return place
    if not line or HEAD.search(line):
        ends = tuple((head.end(), head[0]) for head in HEAD.finditer(line))
        if ends != place.columns:
            return replace(place, columns=ends)
    return place


def cut(word: str, place: Place, side: Side) -> Parts:
    """The parts of a word of JSON, or of a file's name: see `parts`. Words repeat themselves."""
    known = side.cut[place]
    if word not in known:
        known[word] = parts(word, place, side, side.every)
    return known[word]


def parts(line: str, place: Place, side: Side, fits: Fitting) -> Parts:
    """The parts of `line`, in order; together they are the line. `fits` is what may match."""
    if not line:
        return ()
    values, marks = matches(line, fits)
    if place.printed:
        marks = [*marks, *_printed(line, place)]
    told = place.columns or place.alone or place.choice or fits.finders or fits.heads
    if not (values or marks or told):
        return (line,)
    spans = _with_noise(list(_tokens(line, values, place, side, fits)), marks, place)
    if place.choice is not None:
        # What is chosen is chosen as a whole: nothing in it is a name of its own.
        chosen = list(choices(line, place.choice, side))
        spans = chosen + [
            span for span in spans if not any(a < span[1] and span[0] < b for a, b, _ in chosen)
        ]
    return joined(line, spans) if spans else (line,)


Span = tuple[int, int, Part]
"""From where to where in a line, and what it is."""


def longest_first(span: Span) -> tuple[int, int]:
    """Of two that begin at one place the longer one."""
    return span[0], -span[1]


def _with_noise(names: list[Span], marks: Sequence[Marked], place: Place) -> list[Span]:
    """Identities, the longest first of those that begin at one place, and noise behind them."""
    if len(names) > 1:
        names.sort(key=longest_first)
    return names + [span[:3] for span in marks if span[3] not in place.facts]


def joined(line: str, spans: list[Span]) -> Parts:
    """What is in a line, and the text between; of two that overlap the first."""
    # A mark without width comes before what begins there.
    if len(spans) > 1:
        spans.sort(key=lambda span: (span[0], span[0] < span[1]))
    pieces: list[Part] = []
    behind = 0
    for start, end, part in spans:
        if start < behind:
            continue
        if start > behind:
            pieces.append(line[behind:start])
        pieces.append(part)
        behind = end
    if behind < len(line):
        pieces.append(line[behind:])
    return tuple(pieces)


def _printed(line: str, place: Place) -> Iterator[Marked]:
    for expression, kind in place.printed:
        for value in expression.finditer(line):
            for group, raw in enumerate(value.groups(), 1):
                yield *value.span(group), marked(kind, raw), kind.name


def _tokens(
    line: str, values: Sequence[Match], place: Place, side: Side, fits: Fitting
) -> Iterator[Span]:
    for start, end, shape, kind in values:
        scope = scope_of(kind, place, line)
        token = token_of(kind, line[start:end], scope, side, shape=shape)
        if token is not None:
            yield start, end, token
    if place.columns or (fits.heads and HEAD.search(line)):
        yield from _numbers(line, place, side)
    if place.alone and line.isdigit():
        name, scope = place.alone
        token = token_of(_BY_NAME[name], line, scope, side)
        if token is not None:
            yield 0, len(line), token
    for kind in fits.finders:
        for start, end, named in kind.find(line, side.known[kind.name]):
            scope = scope_of(kind, place, line)
            yield start, end, made(kind, line[start:end], scope, named)


def _numbers(line: str, place: Place, side: Side) -> Iterator[Span]:
    """What stands in columns of numbers, below their heads; and how wide the first one is."""
    # No width at all where no number is wider than its head.
    start = len(line) - len(line.lstrip(" "))
    yield 0, start, Mark(line[:start], "width")
    for end, head in place.columns:
        number = _LAST.search(line[:end])
        if number is None or line[end : end + 1] not in {"", " "}:
            continue
        kind = COLUMNS[head]
        if isinstance(kind, Noise):
            yield number.start(), end, marked(kind, number[0])
        else:
            token = token_of(kind, number[0], scope_of(kind, place, line), side)
            if token is not None:
                yield number.start(), end, token


def choices(line: str, choice: re.Pattern[str], side: Side) -> Iterator[Span]:
    """What was chosen in a line, where the texts of its side say that it could be."""
    for chosen in choice.finditer(line):
        words = tuple(word for word in chosen.groups() if word)
        if words and _told(words, choice, side):
            for group in range(1, choice.groups + 1):
                if chosen[group]:
                    start, end = chosen.span(group)
                    if chosen[group].isdigit():
                        # Numbers stand at the right of their column.
                        start = len(line[:start].rstrip(" "))
                    yield start, end, Mark(line[start:end], "choice")


def _told(words: tuple[str, ...], choice: re.Pattern[str], side: Side) -> bool:
    """Whether what was chosen is there to be chosen: elsewhere, a line has all its words."""
    # A number says how often something was chosen.
    words = tuple(word for word in words if not word.isdigit())
    known = side.told.get(words)
    if known is None:
        whole = [re.compile(rf"(?<![\w.-]){re.escape(word)}(?![\w-]|\.\w)") for word in words]
        known = side.told[words] = any(
            all(word in line for word in words)
            and not choice.search(line)
            and all(expression.search(line) for expression in whole)
            for text in side.texts
            if all(word in text for word in words)
            for line in text.split("\n")
        )
    return known


def scope_of(kind: Identity, place: Place, line: str) -> str:
    """Within what a value of `kind` is unique, for one found in `line`."""
    if kind.scope == "lab":
        return ""
    if kind.scope == "node":
        return place.node
    if kind.scope == "namespace":
        return f"{place.node}/{place.netns}"
    other = _PEER_NETNS.search(line)
    return peer_scope(place, other[2] if other else "", named=bool(other and not other[1]))


def peer_scope(place: Place, other: str, *, named: bool) -> str:
    """The scope of a link's other end: the namespace it is said to be in, by name or by number.

    A number says something only to who knows the namespace that counts. All that containers and
    namespaces of the pages' labs reach this way is the node's own namespace.
    """
    if other and named:
        return f"{place.node}/{other}"
    if place.netns:
        return f"{place.node}/"
    return f"{place.node}/{place.netns}" if not other else f"{place.node}/#{other}"


def token_of(kind: Identity, raw: str, scope: str, side: Side, *, shape: str = "") -> Token | None:
    """The identity that `raw` is; None for a fact. `shape` is its pattern's."""
    named = kind.read(raw, shape, side.known[kind.name])
    return None if named is None else made(kind, raw, scope, named)


def made(kind: Identity, raw: str, scope: str, named: Named) -> Token:
    """The identity that was found to be named so."""
    return Token(raw, (kind.numbered_as, scope, named.value), named.form, named.shape)


def write(token: Token, value: str) -> str:
    """`token` as it is written for another value of its kind."""
    return _BY_NAME[token.key[0]].write(token, value)


def renamed(parts: Parts, mapping: Mapping[Key, str]) -> str:
    """The line with every identity that has an old name under that name."""
    return "".join(
        part
        if isinstance(part, str)
        else part.raw
        if isinstance(part, Mark) or part.key not in mapping
        else write(part, mapping[part.key])
        for part in parts
    )
