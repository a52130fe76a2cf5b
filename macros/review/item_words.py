"""How an item of a review is said: its words, what follows from it, the sentences about it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from macros.compare import report
from macros.compare.change import Change
from macros.compare.editions import Blocks
from macros.compare.sentences import Quoted, quotes, with_values
from macros.plan.planner import page_key
from macros.review import unexplained
from macros.review.items import Item
from macros.review.line_diff import differing

Values = Callable[[Path], Mapping[str, str]]
"""What each path that a page quotes says now, by the path."""

_PATH = re.compile(r"<([^<>]+)>")


def words(item: Item) -> str:
    """An item in one line; of a script what follows below: how many of its lines differ."""
    change = item.changes[0]
    if item.parts or not _is_script(change):
        return report.short(item.what)
    count = sum(line.startswith(("- ", "+ ")) for line in command_lines(change))
    return f"{count} lines of the command changed"


def below(item: Item, most: int = 6) -> Iterator[str]:
    """Lines below an item: what one cause explains, or the lines that differ of a script.

    So it is with lines of an output that no change explains.
    """
    for part in item.parts[:most]:
        yield words(part)
    if len(item.parts) > most:
        yield f"and {len(item.parts) - most} more"
    scripts = [change for part in (*item.parts, item) for change in part.changes]
    script = next((change for change in scripts if _in_lines(change)), None)
    if script is not None:
        yield from command_lines(script)


def command_lines(change: Change) -> list[str]:
    """The lines of two commands that differ, as a diff has them."""
    lines = []
    for gone, come in differing(change.old.splitlines(), change.new.splitlines()):
        lines += [f"- {line}" for line in gone]
        lines += [f"+ {line}" for line in come]
    return lines


def values_of(docs: Path, recorded: Callable[[str], Blocks]) -> Values:
    """What a page's paths say in these recordings, found when it is asked for."""

    @cache
    def of(source: Path) -> Mapping[str, str]:
        known = {}
        for quote in quotes(source, page_key(docs, source)):
            known[quote.path] = with_values(quote, {}, recorded(quote.page)).new
        return known

    return of


def sentence(quoted: Quoted, values: Values) -> str:
    """The sentence with values where it quotes: the one that changed as `10 -> 30`."""
    if not quoted.quote.sentence:
        return f"(a claim about {quoted.quote.path})  {_turned(quoted)}".rstrip()
    known = values(quoted.quote.source)

    def value(path: re.Match[str]) -> str:
        return _turned(quoted) if path[1] == quoted.quote.path else known.get(path[1]) or path[0]

    text = _PATH.sub(value, quoted.quote.sentence)
    shown = f"<{quoted.quote.path}>" in quoted.quote.sentence
    return text if shown or quoted.old == quoted.new else f"{text}  ({_turned(quoted)})"


def broken(quoted: Quoted, claims: Mapping[tuple[Path, int], Sequence[str]]) -> Sequence[str]:
    """What no longer holds in the quote's line: `claims` are errors by file and line."""
    return claims.get((quoted.quote.source.resolve(), quoted.quote.line), ())


def _turned(quoted: Quoted) -> str:
    if quoted.old == quoted.new:
        return quoted.new
    old, new = (report.short(side, 60) or "nothing" for side in (quoted.old, quoted.new))
    return f"{old} -> {new}"


def _in_lines(change: Change) -> bool:
    """Whether a change is best told by the lines that differ."""
    return _is_script(change) or (change.kind == unexplained.KIND and bool(change.old + change.new))


def _is_script(change: Change) -> bool:
    return (
        change.kind == "block" and change.subject == "command" and "\n" in change.old + change.new
    )
