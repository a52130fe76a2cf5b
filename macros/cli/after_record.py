"""After recording, on one screen: what changed, what does not hold, and what to do next."""

from collections.abc import Iterable, Iterator, Sequence

from macros.compare import editions, report
from macros.compare.quoted import quoted_by
from macros.compare.sentences import Quoted, gathered
from macros.ground.errors import ClaimError, GuideError
from macros.review import item_words, sides
from macros.review.item_words import Values
from macros.review.items import items
from macros.review.one_cause import by_cause
from macros.review.prose import Prose
from macros.site import claims_check
from macros.store import reader
from macros.store.guide import Guide

_MOST = 8  # lines of one part: all of them are in `guide review`


def summary(guide: Guide, keys: Sequence[str]) -> tuple[list[str], bool]:
    """Lines for the terminal about the pages just recorded, and whether a claim does not hold.

    `guide` has read no recording yet. Compared is with what git has; without git nothing is.
    """
    broken = claims_check.broken(guide, keys)
    known = _changes(guide, keys)
    changed, quoted, restamped = known or ([], [], [])
    lines = [*_part("changed since the last commit", changed)]
    lines += _part("sentences whose values changed", quoted)
    lines += wrong(broken)
    if broken:
        pages = ", ".join(dict.fromkeys(str(error.page) for error in broken))
        lines.append(f"next: correct {pages}, then guide check")
    elif changed:
        lines.append(f"next: guide review {' '.join(keys)}")
    elif restamped:
        lines.append(f"no answer changed since the last commit; {plans_of(guide, restamped)}")
    elif known is None:  # nothing is in git that it could have changed from
        lines.append("next: guide check checks the whole guide")
    else:
        lines.append("nothing changed since the last commit; guide check checks the whole guide")
    return lines, bool(broken)


def wrong(errors: Sequence[GuideError]) -> list[str]:
    """Lines for the terminal: claims that do not hold, and apart from them what is no claim."""
    claims = [error for error in errors if isinstance(error, ClaimError)]
    others = [error for error in errors if not isinstance(error, ClaimError)]
    return [
        *_part("claims that do not hold", map(_placed, claims)),
        *_part("cannot be shown", map(_placed, others)),
    ]


def _placed(error: GuideError) -> str:
    words = error.message.replace("\n", "\n  ")
    return f"{error.position}: {words}"


def plans_of(guide: Guide, pages: Sequence[str]) -> str:
    """What to do with recordings of which only the plans differ."""
    folder = reader.shown(guide.recordings / guide.edition_name)
    folders = " ".join(f"{folder}/{page}" for page in pages)
    return f"what was asked did, so commit it: git add {folders}"


def _changes(guide: Guide, keys: Sequence[str]) -> tuple[list[str], list[str], list[str]] | None:
    """What changed, the sentences about it, where only plans did; None where git has nothing."""
    try:
        with sides.of_git(guide.recordings / guide.edition_name, "HEAD") as both:
            purposes = editions.purposes(guide.pages.values())
            changes = [change for change in sides.changes(both, purposes) if change.page in keys]
            recorded = both.old.blocks, both.new.blocks
            quotes = quoted_by(guide.docs, *recorded, changes, both.new.versions, both.page_then)
            values = item_words.values_of(guide.docs, *recorded, both.page_then)
            prose = Prose(quotes, values, changes=report.grouped(changes))
            told = _sentences((one for of_block in quotes.values() for one in of_block), values)
            restamped = [page for page in sides.restamped(both) if page in keys]
    except GuideError:
        return None
    causes = by_cause(items(changes), prose.count, guide.pages)
    changed = [f"{item.page}: {report.short(item_words.words(item), 160)}" for item in causes]
    return changed, told, restamped


def _sentences(quoted: Iterable[Quoted], values: Values) -> list[str]:
    differing = (sentence for sentence in quoted if sentence.old != sentence.new)
    return [
        f"{report.place(sentence[0])} {item_words.sentence(sentence, values)}"
        for sentence in gathered(differing)
    ]


def _part(title: str, of: Iterable[str]) -> Iterator[str]:
    lines = list(of)
    if not lines:
        return
    yield f"{title} ({len(lines)}):"
    yield from (f"  {line}" for line in lines[:_MOST])
    if len(lines) > _MOST:
        yield f"  and {len(lines) - _MOST} more"
