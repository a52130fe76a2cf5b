"""How an item of a review is said: its words, what follows from it, the sentences about it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from macros.compare import report
from macros.compare.change import Change
from macros.compare.editions import Blocks
from macros.compare.quoted import Then, earlier, unchanged, with_values
from macros.compare.sentences import Place, Quoted, quotes
from macros.ground.enumeration import counted, in_words
from macros.plan.planner import page_key
from macros.review import unexplained
from macros.review.items import Item
from macros.review.line_diff import changed_lines, differing

_MOST = 150  # characters of a value in a line that has two

Values = Callable[[Path], Mapping[Place, Quoted]]
"""What each place that a page quotes says on either side."""


def words(item: Item, *, part: bool = False) -> str:
    """An item in one line; of a script what follows below: how many of its lines differ.

    A `part` of another item says whose script it is.
    """
    change = item.changes[0]
    if item.parts or not _is_script(change):
        return report.short(_with_both(item.what, change))
    count = changed_lines(change.old.splitlines(), change.new.splitlines())
    of = f" of {in_words(item.blocks)}" if part else ""
    return f"{counted(count, 'lines')} of the command{of} changed"


def _with_both(what: str, change: Change) -> str:
    """Words in which neither of two long values cuts off the other; of a script its beginning."""
    if change.kind == "block" and change.subject == change.block:
        first, _, rest = what.partition("\n")
        return f"{first} … ({counted(rest.count(chr(10)) + 2, 'lines')})" if rest else what
    for side in (change.old, change.new):
        if change.old and change.new and len(side) > _MOST:
            what = what.replace(side, report.short(side, _MOST))
    return what


def below(item: Item, most: int = 6) -> Iterator[str]:
    """Lines below an item: what one cause explains, or the lines that differ of a script.

    So it is with lines of an output that no change explains.
    """
    told = next(
        (one for one in (*item.parts, item) if any(map(_in_lines, one.changes))),
        None,
    )
    lines = command_lines(next(filter(_in_lines, told.changes))) if told else []
    for part in item.parts[:most]:
        yield words(part, part=True)
        if part is told:
            yield from lines
    later = told is not None and told in item.parts[most:]
    if left := max(len(item.parts) - most, 0) - later:
        yield f"and {left} more"
    if told is not None and later:
        yield f"{words(told, part=True)}:"
    if told not in item.parts[:most]:
        yield from lines


def command_lines(change: Change) -> list[str]:
    """The lines of two commands that differ, as a diff has them."""
    lines = []
    for gone, come in differing(change.old.splitlines(), change.new.splitlines()):
        lines += [f"- {line}" for line in gone]
        lines += [f"+ {line}" for line in come]
    return lines


def values_of(
    docs: Path,
    old: Callable[[str], Blocks],
    new: Callable[[str], Blocks],
    then: Then = unchanged,
) -> Values:
    """What a page's places say in these recordings, found when it is asked for.

    `then` gives the pages as they were with the old ones.
    """
    was, now = cache(old), cache(new)

    @cache
    def of(source: Path) -> Mapping[Place, Quoted]:
        key = page_key(docs, source)
        every = list(quotes(source, key))
        stood = earlier(every, source, key, then)
        return {
            quote.place: with_values(quote, was(quote.page), now(quote.page), stood)
            for quote in every
        }

    return of


def sentence(quoted: Sequence[Quoted], values: Values) -> str:
    """The sentence that some quotes stand in, with values: what changed as `10 -> 30`.

    A claim that the sentence does not show stands behind it, where its value changed.
    """
    quote = quoted[0].quote
    if not quote.parts:
        return f"(a claim about {_told(quoted[0])})"
    known = values(quote.source)

    def value(part: str | Place) -> str:
        if isinstance(part, str):
            return part
        return (_turned(known[part]) if part in known else "") or str(part)

    behind = {
        one.quote.place: _told(one)
        for one in quoted
        if one.quote.place not in quote.parts and one.old != one.new
    }
    text = "".join(map(value, quote.parts))
    return f"{text}  ({'; '.join(behind.values())})" if behind else text


def broken(
    quoted: Sequence[Quoted], claims: Mapping[tuple[Path, int], Sequence[str]]
) -> Sequence[str]:
    """What no longer holds in the lines of these quotes: `claims` are errors by file and line."""
    lines = dict.fromkeys((one.quote.source.resolve(), one.quote.line) for one in quoted)
    return [claim for line in lines for claim in claims.get(line, ())]


def _told(quoted: Quoted) -> str:
    """A claim that no sentence shows: of what it is, and what that says."""
    place = quoted.quote.place
    return f"{place.of} {place.path}: {_turned(quoted)}"


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
