"""Placeholders: a macro puts one word into the Markdown, its HTML comes after Markdown is done.

So an output meets neither Markdown nor Jinja, whatever it contains, and a block can stand in a
list or an admonition without indentation going wrong.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from macros.ground.errors import GuideError

_WORD = re.compile(r"xguideslot(\d+)x")
_ALONE = re.compile(r"<p>((?:xguideslot\d+x\s*)+)</p>")
_LATE = re.compile(r'<div class="guide-slot" data-slot="(\d+)">.*?</div><!--slot-->', re.DOTALL)
_IN_ID = re.compile(r'id="[^"]*xguideslot')


@dataclass(frozen=True, slots=True)
class Slot:
    """`html` goes on the page; `search` is the HTML that the search index sees in its place."""

    html: str
    search: str
    inline: bool


class Slots:
    """The placeholders of one page, in order."""

    def __init__(self, slots: Iterable[Slot] = ()) -> None:
        self._slots = list(slots)

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots)

    def add(self, slot: Slot) -> str:
        """Keep a slot and give the word that stands for it."""
        self._slots.append(slot)
        return f"xguideslot{len(self._slots) - 1}x"

    def inline(self, text: str) -> str:
        """Replace words that stand for inline slots."""
        return _WORD.sub(lambda found: self._slots[int(found[1])].html, text)

    def after_markdown(self, html: str) -> str:
        """Values go in; a block becomes what search should find of it."""
        if _IN_ID.search(html):
            raise GuideError("a heading holds a value; its address would change with it")
        html = _ALONE.sub(self._early, html)
        return _WORD.sub(self._value, html)

    def finish(self, html: str, process: Callable[[str], str]) -> str:
        """Blocks go in, after search has read the page; `process` has the last word on each."""
        return process(_LATE.sub(lambda found: self._slots[int(found[1])].html, html))

    def _early(self, found: re.Match[str]) -> str:
        """A paragraph of nothing but placeholders: blocks in adjacent lines share one."""
        numbers = [int(number) for number in _WORD.findall(found[1])]
        if all(self._slots[number].inline for number in numbers):
            return found[0]
        return "".join(
            f"<p>{self._slots[number].html}</p>"
            if self._slots[number].inline
            else f'<div class="guide-slot" data-slot="{number}">{self._slots[number].search}</div>'
            "<!--slot-->"
            for number in numbers
        )

    def _value(self, found: re.Match[str]) -> str:
        slot = self._slots[int(found[1])]
        if not slot.inline:
            raise GuideError(
                f"a block stands in the middle of a sentence: {slot.search}",
                fix="give it a paragraph of its own: an empty line before and after it",
            )
        return slot.html
