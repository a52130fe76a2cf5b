"""What is decided on at once: the same words on one page, in however many blocks."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from macros.compare.change import Change


@dataclass(frozen=True, slots=True)
class Item:
    """Changes of one page that are said in the same words; `page` is empty for versions.

    `key` names it by all that it says: another old or new value is another item, and
    so is a page that was recorded anew with other outputs. `parts` are the
    items that follow from one cause, where it is such (`one_cause`).
    """

    page: str
    what: str
    changes: tuple[Change, ...]
    key: str
    parts: tuple["Item", ...] = ()

    @property
    def blocks(self) -> tuple[str, ...]:
        """The blocks that show it, in order; none for what concerns a whole page."""
        return tuple(dict.fromkeys(change.block for change in self.changes if change.block))


def items(changes: Iterable[Change]) -> list[Item]:
    """Changes as items, by page, each where its words come first."""
    by_page: dict[str, dict[str, list[Change]]] = {}
    for change in changes:
        by_page.setdefault(change.page, {}).setdefault(change.what, []).append(change)
    return [
        item_of(page, what, same)
        for page, by_words in by_page.items()
        for what, same in by_words.items()
    ]


def item_of(page: str, what: str, changes: Sequence[Change], parts: Sequence[Item] = ()) -> Item:
    """Changes as one item."""
    return Item(page, what, tuple(changes), _key(page, what, changes), tuple(parts))


def _key(page: str, what: str, changes: Iterable[Change]) -> str:
    changes = tuple(changes)
    sides = sorted((change.block, change.kind, change.old, change.new) for change in changes)
    whole = [change.outputs for change in changes if change.outputs]
    said = [page, what, sides, *([whole] if whole else [])]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
