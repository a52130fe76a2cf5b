"""The lines of a chain's box: each rule in few words, runs of rules that did not matter as one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from textwrap import wrap

from macros.ways.visits import Judged, Verdict, Visit, short

_ALL = 4  # rules of so short a chain are all shown
_PARTS = re.compile(r"(?<=__).+|.+?(?:[/\u00a0-]|__|$)")


@dataclass(frozen=True, slots=True)
class Row:
    """One rule, or, without one, several that are only counted.

    `tag` stands at the right of the first line; with `tag_below` in a line of its own.
    """

    judged: Judged | None
    verdict: Verdict
    lines: tuple[str, ...]
    tag: str = ""
    tag_below: bool = False

    @property
    def height(self) -> int:
        """How many lines it takes."""
        return len(self.lines) + (1 if self.tag and self.tag_below else 0)


def rows(visit: Visit, columns: int, *, tag_below: bool = False) -> tuple[Row, ...]:
    """The rows of a chain's box, in which so many columns of text have room."""
    drawn: list[Row] = []
    brief = len(visit.rules) > _ALL
    for verdict, members in groupby(visit.rules, key=lambda judged: judged.verdict):
        group = list(members)
        if brief and verdict in ("misses", "unreached") and len(group) > 1:
            word = "not reached" if verdict == "unreached" else "for other packets"
            drawn.append(Row(None, verdict, (f"{len(group)} rules {word}",)))
        else:
            drawn += [
                Row(
                    judged, verdict, tuple(_lines(judged, columns, tag_below=tag_below)),
                    tag(judged.share), tag_below,
                )
                for judged in group
            ]  # fmt: skip
    return tuple(drawn)


def tag(share: tuple[Fraction, Fraction] | None) -> str:
    """How often chance takes a rule: `1/3`, then `1/2 of the rest: 1/3`, then `the rest: 1/3`."""
    if share is None:
        return ""
    own, of_all = share
    if own == of_all:
        return str(own)
    return f"the rest: {of_all}" if own == 1 else f"{own} of the rest: {of_all}"


def _lines(judged: Judged, columns: int, *, tag_below: bool) -> Iterator[str]:
    beside = judged.share and not tag_below
    room = columns - (len(tag(judged.share)) + 2 if beside else 0)
    yield from wrapped(short(judged.rule), room)
    if judged.step is not None and judged.step.branch.element:
        branch = judged.step.branch
        # What chance chose is drawn below the chain; what the packet chose is said here.
        if branch.share == 1:
            yield from wrapped(f"  {branch.element}", columns)


def wrapped(text: str, columns: int) -> Sequence[str]:
    """A text in lines of at most so many columns, its further lines set in.

    A word that is longer than a line, as a chain's name may be, is cut by `pieces`; what follows of
    it is set in once more, for there is no space where it was cut.
    """
    indent = " " * (len(text) - len(text.lstrip()))
    # Elements of a map, 10.42.0.3 . 80, stay whole: wrap breaks at plain spaces only.
    whole = text.strip().replace(" . ", "\u00a0.\u00a0").replace(" : ", "\u00a0:\u00a0")
    room = max(20, columns - len(indent))
    lines = wrap(
        whole, room, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    return [indent + part.replace("\u00a0", " ") for line in lines for part in _cut(line, room)]


def pieces(name: str, room: int) -> list[str]:
    """A name in lines of so many letters, cut at its joints: behind `/`, `-` and `__`.

    What follows `__` is an endpoint in kube-proxy's names, http__10.42.1.2/80, and stays whole. A
    part between two joints that is longer than a line is cut where the line ends.
    """
    lines = [""]
    for part in _PARTS.findall(name):
        rest = part
        if len(lines[-1]) + len(rest) > room >= len(rest):
            lines.append("")
        while len(lines[-1]) + len(rest) > room:
            fits = room - len(lines[-1])
            lines[-1] += rest[:fits]
            rest = rest[fits:]
            lines.append("")
        lines[-1] += rest
    return lines


def _cut(line: str, room: int) -> Sequence[str]:
    """A line as it is; if it is too long, and so is one word, the word in pieces."""
    if len(line) <= room:
        return [line]
    word = line.strip(" ")
    indent = " " * (len(line) - len(word))
    first, *more = pieces(word, room - len(indent) - 2)
    return [indent + first, *(f"{indent}  {piece}" for piece in more)]
