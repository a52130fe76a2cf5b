"""What the pages say of what changed: sentences with their values, and claims that fail now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from macros.compare import report
from macros.compare.report import Quotes
from macros.compare.sentences import Quoted
from macros.review import item_words
from macros.review.item_words import Values
from macros.review.items import Item


@dataclass(frozen=True, slots=True)
class Prose:
    """`quotes` by page and block; `values` of a page's paths now; `claims` that fail, by line."""

    quotes: Quotes
    values: Values
    claims: Mapping[tuple[Path, int], Sequence[str]] = field(default_factory=dict)

    def of(self, item: Item) -> list[Quoted]:
        """What quotes one of the item's blocks, each sentence once."""
        by_place = {}
        for block in item.blocks:
            for sentence in self.quotes.get((item.page, block), ()):
                by_place[sentence.quote.source, sentence.quote.line, sentence.quote.path] = sentence
        return list(by_place.values())

    def lines(self, item: Item) -> Iterator[str]:
        """The sentences whose values changed, with their places, and what fails in them."""
        for sentence in self.of(item):
            if sentence.old != sentence.new:
                yield f"{report.place(sentence)} {item_words.sentence(sentence, self.values)}"
                yield from (f"  {claim}" for claim in item_words.broken(sentence, self.claims))
