"""After recording, on one screen: what changed, what no longer holds, and what to do next."""

from collections.abc import Iterable, Iterator, Sequence

from macros.cli import claims_check
from macros.compare import editions, report
from macros.compare.sentences import Quoted, quoted_by
from macros.ground.errors import GuideError
from macros.review import item_words, sides
from macros.review.item_words import Values
from macros.review.items import items
from macros.review.one_cause import by_cause
from macros.store.guide import Guide

_MOST = 8  # lines of one part: all of them are in `guide review`


def summary(guide: Guide, keys: Sequence[str]) -> tuple[list[str], bool]:
    """Lines for the terminal about the pages just recorded, and whether a claim no longer holds.

    `guide` has read no recording yet. Compared is with what git has; without git nothing is.
    """
    broken = claims_check.broken(guide, keys)
    changed, quoted = _changes(guide, keys)
    lines = [*_part("changed since the last commit", changed)]
    values = item_words.values_of(
        guide.docs, lambda key: guide.recorded(key).blocks if key in guide.pages else {}
    )
    lines += _part("sentences whose values changed", _sentences(quoted, values))
    lines += _part("no longer holds", [f"{error.place}: {error.message}" for error in broken])
    return [*lines, f"next: {_next(broken, changed, keys)}"], bool(broken)


def _changes(guide: Guide, keys: Sequence[str]) -> tuple[list[str], list[Quoted]]:
    try:
        with sides.of_git(guide.recordings / guide.edition_name, "HEAD") as both:
            purposes = editions.purposes(guide.pages.values())
            found = [one for one in sides.changes(both, purposes) if one.page in keys]
            quotes = quoted_by(guide.docs, both.old.blocks, both.new.blocks, found)
    except GuideError:
        return [], []
    causes = by_cause(items(found), quotes)
    told = [f"{item.page}: {report.short(item_words.words(item), 160)}" for item in causes]
    return told, [one for each in quotes.values() for one in each]


def _sentences(quoted: Iterable[Quoted], values: Values) -> list[str]:
    differing = (one for one in quoted if one.old and one.old != one.new)
    said = (f"{report.place(one)} {item_words.sentence(one, values)}" for one in differing)
    return list(dict.fromkeys(said))


def _part(title: str, lines: Sequence[str]) -> Iterator[str]:
    if not lines:
        return
    yield f"{title} ({len(lines)}):"
    yield from (f"  {line}" for line in lines[:_MOST])
    if len(lines) > _MOST:
        yield f"  and {len(lines) - _MOST} more"


def _next(broken: Sequence[GuideError], changed: Sequence[str], keys: Sequence[str]) -> str:
    if broken:
        pages = ", ".join(dict.fromkeys(str(error.page) for error in broken))
        return f"correct {pages}, then guide check"
    if changed:
        return f"guide review {' '.join(keys)}"
    return "nothing changed since the last commit; guide check checks the whole guide"
