"""What the pages say of what changed: sentences with their values, and claims that fail now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from macros.compare import report
from macros.compare.report import Quotes
from macros.compare.sentences import Quoted, gathered
from macros.review import item_words
from macros.review.item_words import Values
from macros.review.items import Item


@dataclass(frozen=True, slots=True)
class Prose:
    """`quotes` by page and block; `values` of a page's places; `claims` that fail, by line."""

    quotes: Quotes
    values: Values
    claims: Mapping[tuple[Path, int], Sequence[str]] = field(default_factory=dict)

    def of(self, item: Item) -> list[list[Quoted]]:
        """What quotes one of the item's blocks, by the sentence that it stands in."""
        return gathered(
            quoted for block in item.blocks for quoted in self.quotes.get((item.page, block), ())
        )

    def lines(self, item: Item) -> Iterator[str]:
        """The sentences whose values changed, with their places, and what fails in them."""
        for sentence in self.of(item):
            if any(quoted.old != quoted.new for quoted in sentence):
                yield f"{report.place(sentence[0])} {item_words.sentence(sentence, self.values)}"
                yield from (f"  {claim}" for claim in item_words.broken(sentence, self.claims))
