"""What a new edition says otherwise than its base: facts with their causes, claims, sentences."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from macros.compare import editions, quoted, report, sentences
from macros.compare.change import Change
from macros.compare.editions import Recorded
from macros.ground.errors import FollowsError, GuideError
from macros.ground.model import Page
from macros.plan.planner import page_key
from macros.review import item_words
from macros.review.causes import Rule
from macros.review.items import Item, items
from macros.review.one_cause import by_cause
from macros.review.prose import Prose
from macros.store.guide import Guide
from macros.upgrade import known_causes
from macros.upgrade.known_causes import Known, Listed

_VERSION = "version"  # the kind of change that a version is


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that changed on a page, in words, and in which blocks; `known` is its cause."""

    page: str
    blocks: tuple[str, ...]
    what: str
    below: tuple[str, ...]
    known: Known | None


@dataclass(frozen=True, slots=True)
class Broken:
    """A sentence that no longer holds: where, what is wrong, its values before and now by place."""

    position: str
    message: str
    values: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a new edition changes.

    `versions` are names with the base's version and the new one. `sentences` are those whose values
    changed, with their places; `unchecked` is what could not be checked for want of a page.
    """

    versions: tuple[tuple[str, str, str], ...]
    facts: tuple[Fact, ...]
    broken: tuple[Broken, ...]
    sentences: tuple[tuple[str, str], ...]
    unchecked: tuple[str, ...]


def find(guide: Guide, base: str, lists: Sequence[Listed], wrong: Iterable[GuideError]) -> Findings:
    """Compare the guide's edition with `base`, on the pages that both have.

    `lists` are the causes of earlier changes, `wrong` is what a check of the edition finds.
    """
    new = editions.edition(guide.recordings / guide.edition_name)
    old = editions.edition(guide.recordings / base)
    both = tuple(page for page in old.pages if page in new.pages)
    old, new = (replace(side, pages=both) for side in (old, new))
    versions = tuple(known_causes.differing(old.versions, new.versions))
    purposes = editions.purposes(guide.pages.values())
    changes = [change for change in editions.compare(old, new, purposes) if change.kind != _VERSION]
    quotes = quoted.quoted_by(guide.docs, old.blocks, new.blocks, changes, new.versions)
    values = item_words.values_of(guide.docs, old.blocks, new.blocks)
    differing = [
        sentence
        for of_block in quotes.values()
        for sentence in of_block
        if sentence.old and sentence.old != sentence.new
    ]
    told = [
        (report.place(sentence[0]), item_words.sentence(sentence, values))
        for sentence in sentences.gathered(differing)
    ]
    rules = known_causes.rules(lists, {name: (was, now) for name, was, now in versions})
    errors = list(wrong)
    return Findings(
        versions,
        tuple(
            _facts(
                changes,
                Prose(quotes, values, changes=report.grouped(changes)),
                rules,
                guide.pages,
            )
        ),
        tuple(_broken(guide, old, new, error) for error in errors if not _follows(error)),
        tuple(told),
        tuple(f"{error.position}: {error.message}" for error in errors if _follows(error)),
    )


def _facts(
    changes: Sequence[Change],
    prose: Prose,
    rules: Sequence[tuple[Rule, Known]],
    pages: Mapping[str, Page],
) -> Iterator[Fact]:
    by: dict[Known | None, list[Change]] = {}
    for change in changes:
        known = next((known for rule, known in rules if rule.explains(change)), None)
        by.setdefault(known, []).append(change)
    facts = [
        (item, known)
        for known, group in by.items()
        for item in (items(group) if known else by_cause(items(group), prose.count, pages))
    ]
    # By page, the open ones first: they are what somebody has to look at.
    order = {known: index for index, (_, known) in enumerate(rules)}
    facts.sort(key=lambda pair: (pair[0].page, order[pair[1]] if pair[1] else -1))
    yield from (_fact(item, known) for item, known in facts)


def _fact(item: Item, known: Known | None) -> Fact:
    return Fact(
        item.page, item.blocks, item_words.words(item), tuple(item_words.below(item)), known
    )


def _follows(error: GuideError) -> bool:
    return isinstance(error, FollowsError)


def _broken(guide: Guide, old: Recorded, new: Recorded, error: GuideError) -> Broken:
    """An error with the values, before and now, that its line quotes."""
    values = []
    source = Path(error.page).resolve() if error.page else None
    if source is not None and source.suffix == ".md" and source.is_file():
        for quote in sentences.quotes(source, page_key(guide.docs.resolve(), source)):
            if quote.line == error.line:
                sentence = quoted.with_values(quote, old.blocks(quote.page), new.blocks(quote.page))
                values.append((f"{quote.place.of} {quote.path}", sentence.old, sentence.new))
    differing = [value for value in values if value[1] != value[2]]
    return Broken(error.position or "the edition", error.message, tuple(differing))
