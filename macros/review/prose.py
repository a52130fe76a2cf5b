"""What the pages say of what changed: sentences with their values, and claims that fail now."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from macros.compare import report
from macros.compare.change import Change
from macros.compare.report import Quotes
from macros.compare.sentences import Quoted, gathered
from macros.review import item_words
from macros.review.item_words import Values
from macros.review.items import Item


@dataclass(frozen=True, slots=True)
class Prose:
    """`quotes` by page and block; `values` of a page's places; `claims` that fail, by line.

    `changes` are all of a block, by page and block: a sentence is told below those that say why
    its value is another now.
    """

    quotes: Quotes
    values: Values
    claims: Mapping[tuple[Path, int], Sequence[str]] = field(default_factory=dict)
    changes: Mapping[tuple[str, str], Sequence[Change]] = field(default_factory=dict)

    def of(self, item: Item) -> list[list[Quoted]]:
        """What quotes one of the item's blocks, by the sentence that it stands in.

        A quote whose value another change of the block explains, and none of these, is left out.
        """
        return gathered(
            quoted
            for block in item.blocks
            for quoted in self.quotes.get((item.page, block), ())
            if self._told_below(item, block, quoted)
        )

    def _told_below(self, item: Item, block: str, quoted: Quoted) -> bool:
        if quoted.old == quoted.new:
            return True
        every = self.changes.get((item.page, block), ())
        mine = [change for change in item.changes if change.block == block]
        return any(_explains(change, quoted) for change in mine) or not any(
            _explains(change, quoted) for change in every
        )

    def lines(self, item: Item) -> Iterator[str]:
        """The sentences whose values changed, with their places, and what fails in them."""
        for sentence in self.of(item):
            if any(quoted.old != quoted.new for quoted in sentence):
                yield f"{report.place(sentence[0])} {item_words.sentence(sentence, self.values)}"
                yield from (f"  {claim}" for claim in item_words.broken(sentence, self.claims))


def _explains(change: Change, quoted: Quoted) -> bool:
    """Whether a change has the values of a quote: both, or of what came or went the one."""
    text = f"{change.what}\n{change.old}\n{change.new}"
    found = [
        re.search(rf"(?<![\w.-]){re.escape(value)}(?![\w-])", text) is not None
        for value in (quoted.old, quoted.new)
        if value
    ]
    return all(found) if change.old and change.new else any(found)
