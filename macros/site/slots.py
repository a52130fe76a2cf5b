"""Placeholders: a macro puts one word into the Markdown, its HTML comes after Markdown is done.

So an output meets neither Markdown nor Jinja, whatever it contains, and a block can stand in a
list or an admonition without indentation going wrong.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from macros.ground.errors import GuideError, raise_all
from macros.plan import standing
from macros.plan.standing import ALONE, WORD

_LATE = re.compile(r'<div class="guide-slot" data-slot="(\d+)">.*?</div><!--slot-->', re.DOTALL)
_IN_ID = re.compile(r'id="[^"]*?xguideslot(\d+)x')


class Written(NamedTuple):
    """What errors call a call, and its place on its page, if that is known."""

    called: str = "a block"
    line: int | None = None
    column: int | None = None


_UNKNOWN = Written()


@dataclass(frozen=True, slots=True)
class Slot:
    """`html` goes on the page; `search` is the HTML that the search index sees in its place.

    `written` is the call that made it, for what is said of it.
    """

    html: str
    search: str
    inline: bool
    written: Written = _UNKNOWN


class Slots:
    """The placeholders of one page, in order."""

    def __init__(self, slots: Iterable[Slot] = ()) -> None:
        self._slots = list(slots)
        self.written = _UNKNOWN
        """The call whose slots are added now."""

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots)

    def add(self, slot: Slot) -> str:
        """Keep a slot and give the word that stands for it."""
        self._slots.append(slot)
        return standing.word(len(self._slots) - 1)

    def inline(self, text: str) -> str:
        """Replace words that stand for inline slots."""
        return WORD.sub(lambda match: self._slots[int(match[1])].html, text)

    def after_markdown(self, html: str) -> str:
        """Values go in; a block becomes what search should find of it.

        GuideErrors name the lines of all that stand where they must not, and no page.
        """
        raise_all([*self._in_headings(html), *self._astray(html)])
        html = ALONE.sub(self._early, html)
        return self.inline(html)

    def _in_headings(self, html: str) -> Iterator[GuideError]:
        for number in dict.fromkeys(map(int, _IN_ID.findall(html))):
            written = self._slots[number].written
            message = "a heading holds a value; its address would change with it"
            yield GuideError(message, line=written.line, column=written.column)

    def _astray(self, html: str) -> Iterator[GuideError]:
        """The blocks that have no paragraph of their own; planning finds most before."""
        inline = {n for n, slot in enumerate(self._slots) if slot.inline}
        for number, beside in standing.astray(html, inline):
            called, line, column = self._slots[number].written
            error = standing.error(called, beside)
            yield GuideError(error.message, line=line, column=column, fix=error.fix)

    def finish(self, html: str, process: Callable[[str], str]) -> str:
        """Blocks go in, after search has read the page; `process` has the last word on each."""
        return process(_LATE.sub(lambda match: self._slots[int(match[1])].html, html))

    def _early(self, match: re.Match[str]) -> str:
        """A paragraph of nothing but placeholders: blocks in adjacent lines share one."""
        numbers = [int(number) for number in WORD.findall(match[1])]
        if all(self._slots[number].inline for number in numbers):
            return match[0]
        return "".join(
            f"<p>{self._slots[number].html}</p>"
            if self._slots[number].inline
            else f'<div class="guide-slot" data-slot="{number}">{self._slots[number].search}</div>'
            "<!--slot-->"
            for number in numbers
        )
