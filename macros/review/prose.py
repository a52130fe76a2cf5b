"""What the pages say of what changed: sentences with their values, and claims that fail now."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from macros.compare import report
from macros.compare.change import Change
from macros.compare.report import Quotes
from macros.compare.sentences import Quoted, gathered
from macros.review import item_words
from macros.review.item_words import Values
from macros.review.items import Item
from macros.store.reader import shown


@dataclass(frozen=True, slots=True)
class Prose:
    """`quotes` by page and block; `values` of a page's places; `claims` that fail, by line.

    `changes` are all of a block, by page and block: a sentence is told below those that say why
    its value is another now. `sources` are the files of the pages, by key.
    """

    quotes: Quotes
    values: Values
    claims: Mapping[tuple[Path, int], Sequence[str]] = field(default_factory=dict)
    changes: Mapping[tuple[str, str], Sequence[Change]] = field(default_factory=dict)
    sources: Mapping[str, Path] = field(default_factory=dict)

    def of(self, item: Item) -> list[list[Quoted]]:
        """What quotes one of the item's blocks, by the sentence that it stands in, in order.

        A quote whose value another change of the block explains, and none of these, is left out.
        """
        sentences = gathered(
            quoted
            for block in item.blocks
            for quoted in self.quotes.get((item.page, block), ())
            if self._told_below(item, block, quoted)
        )
        return sorted(sentences, key=lambda same: (same[0].quote.source, same[0].quote.line))

    def changed(self, item: Item) -> list[list[Quoted]]:
        """Of these the sentences with another value now."""
        return [
            sentence
            for sentence in self.of(item)
            if any(quoted.old != quoted.new for quoted in sentence)
        ]

    def count(self, item: Item) -> int:
        """How many sentences with another value are listed below an item."""
        return len(self.changed(item))

    def _told_below(self, item: Item, block: str, quoted: Quoted) -> bool:
        if quoted.old == quoted.new:
            return True
        every = self.changes.get((item.page, block), ())
        mine = [change for change in item.changes if change.block == block]
        return any(_explains(change, quoted) for change in mine) or not any(
            _explains(change, quoted) for change in every
        )

    def lines(self, item: Item) -> Iterator[str]:
        """The sentences whose values changed, with their places, and what fails in them.

        Below an item about a page as a whole: what fails in the page.
        """
        for sentence in self.changed(item):
            yield f"{report.place(sentence[0])} {item_words.sentence(sentence, self.values)}"
            yield from (f"  {claim}" for claim in item_words.broken(sentence, self.claims))
        yield from self._listed(self._of_page(item))

    def elsewhere(self, items: Iterable[Item]) -> list[str]:
        """What fails in lines that stand below none of these items, with its places."""
        told: set[tuple[Path, int]] = set()
        for item in items:
            quotes = (quoted.quote for sentence in self.changed(item) for quoted in sentence)
            told |= {(quote.source.resolve(), quote.line) for quote in quotes}
            told.update(self._of_page(item))
        return list(self._listed(place for place in sorted(self.claims) if place not in told))

    def of_page(self, item: Item) -> list[str]:
        """What fails in the page that an item is about as a whole: one that is newly recorded."""
        return list(self._listed(self._of_page(item)))

    def _of_page(self, item: Item) -> list[tuple[Path, int]]:
        source = None if item.blocks else self.sources.get(item.page)
        return [place for place in sorted(self.claims) if place[0] == source]

    def _listed(self, places: Iterable[tuple[Path, int]]) -> Iterator[str]:
        for source, line in places:
            yield from (f"{shown(source)}:{line}: {claim}" for claim in self.claims[source, line])


def _explains(change: Change, quoted: Quoted) -> bool:
    """Whether a change has the values of a quote: both, or of what came or went the one."""
    text = f"{change.what}\n{change.old}\n{change.new}"
    found = [
        re.search(rf"(?<![\w.-]){re.escape(value)}(?![\w-])", text) is not None
        for value in (quoted.old, quoted.new)
        if value
    ]
    return all(found) if change.old and change.new else any(found)
