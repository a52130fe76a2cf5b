"""What is decided on at once: the same words on one page, in however many blocks."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from macros.compare.change import Change


@dataclass(frozen=True, slots=True)
class Item:
    """Changes of one page that are said in the same words; `page` is empty for versions.

    `key` names it by all that it says: another old or new value is another item.
    """

    page: str
    what: str
    changes: tuple[Change, ...]
    key: str

    @property
    def blocks(self) -> tuple[str, ...]:
        """The blocks that show it, in order; none for what concerns a whole page."""
        return tuple(dict.fromkeys(one.block for one in self.changes if one.block))


def items(changes: Iterable[Change]) -> list[Item]:
    """Changes as items, by page, each where its words come first."""
    found: dict[str, dict[str, list[Change]]] = {}
    for one in changes:
        found.setdefault(one.page, {}).setdefault(one.what, []).append(one)
    return [
        Item(page, what, tuple(same), _key(page, what, same))
        for page, by_words in found.items()
        for what, same in by_words.items()
    ]


def _key(page: str, what: str, changes: Iterable[Change]) -> str:
    sides = sorted((one.block, one.kind, one.old, one.new) for one in changes)
    return hashlib.sha256(json.dumps([page, what, sides]).encode()).hexdigest()[:16]
