"""What the macros of one page know: its place, its recordings, and what is wrong with those."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import markdown

from macros.figures.markup import render
from macros.ground.bindings import substitute
from macros.ground.errors import FollowsError, GuideError
from macros.ground.model import Block, Page, Recording
from macros.handson import copied
from macros.handson.copied import Form, Typed
from macros.plan.planner import page_key
from macros.site import recorded_figures, recorded_traces
from macros.site.provenance import Place
from macros.site.slots import Slot, Slots
from macros.store.guide import Guide, interfaces
from macros.store.repair import repair

_NOTES = markdown.Markdown()

Recorded = Sequence[tuple[Block, Recording]]
"""Blocks, each with its recording."""


def sentence(text: str) -> str:
    """Markdown of one paragraph as HTML, without the paragraph."""
    _NOTES.reset()
    return _NOTES.convert(text).removeprefix("<p>").removesuffix("</p>")


class PageContext:
    """What is known of the page `source` while its calls are rendered.

    `href` gives the address of a recording's file from the page, `address` that of another page by
    its source (and, if it is another one's, by the name of its edition). With `lenient`, what is
    missing is shown as such, as `serve` does; without, it is an error. Errors name no line: who
    renders a call adds it.
    """

    def __init__(
        self,
        guide: Guide,
        source: Path,
        href: Callable[[Path], str],
        address: Callable[..., str],
        *,
        lenient: bool,
    ) -> None:
        self.guide = guide
        self.source = source
        self.href = href
        self.address = address
        self.lenient = lenient
        self.key = page_key(guide.docs, source)
        self.slots = Slots()

    @cached_property
    def page(self) -> Page:
        """The page as planned. GuideError where it has no blocks."""
        page = self.guide.pages.get(self.key)
        if page is None:
            raise GuideError("the page has no blocks of its own")
        return page

    @cached_property
    def undone(self) -> bool:
        """Whether the page declares what it needs, and this edition has no recording of it."""
        page = self.guide.pages.get(self.key)
        return page is not None and bool(page.needs) and not self.guide.recorded(self.key).blocks

    @cached_property
    def drafted(self) -> bool:
        """Whether something on the page is a draft."""
        held = self.guide.recorded(self.key).blocks if self.key in self.guide.pages else {}
        return any(recording.draft for recording in held.values())

    @cached_property
    def bound(self) -> Mapping[str, str]:
        """The values that the page's blocks bind."""
        bound: dict[str, str] = {}
        for block in self.page.blocks:
            recording = self.guide.recorded(self.key).blocks.get(block.id)
            if recording is not None:
                bound |= recording.bound
        return bound

    @cached_property
    def typed(self) -> Mapping[str, Typed]:
        """What a reader types for each of the page's commands and captures, by id."""
        return {typed.block.id: typed for form in self._forms for typed in form.all}

    def first(self, block_id: str) -> Sequence[Typed]:
        """The captures that are started before a command of the page."""
        return next((form.first for form in self._forms if form.block.id == block_id), ())

    @cached_property
    def _forms(self) -> Sequence[Form]:
        return copied.of_page(self.page, self.guide.recorded(self.key).blocks)

    @cached_property
    def interfaces(self) -> frozenset[str]:
        """The names of interfaces that the page's outputs show."""
        return interfaces(self.guide.recorded(self.key).blocks.values())

    @cached_property
    def place(self) -> Place:
        """Where and when the page was recorded."""
        recorded = self.guide.recorded(self.key)
        versions = self.guide.edition.versions
        missing = [name for name in self.page.versions if name not in versions]
        if missing:
            text = self.source.read_text(encoding="utf-8-sig")
            line = text.partition("\nversions:")[0].count("\n") + 2
            message = f"front matter: versions names {missing[0]}, which edition"
            message += f" {self.guide.edition_name} does not have"
            raise GuideError(message, page=self.source, line=line)
        return Place(
            recorded=recorded.recorded,
            lab=recorded.lab,
            versions=tuple((name, versions[name]) for name in self.page.versions),
            href=self.href,
        )

    def find(self, reference: str) -> tuple[Block, Recording | None]:
        """The block that `reference` names, `id` or `page:id`, and its recording.

        None where it may be missing: the block's page declares a need, or the page is served.
        """
        block, recording = self.guide.find(reference, self.key)
        held = self.guide.holder(block.page)
        page = held.pages[block.page]
        stale = recording is not None and recording.plan != block.plan
        own = self.guide.pages.get(self.key)
        if recording is None and page.needs and not (own and own.needs):
            raise GuideError(
                f"this page rests on block {block.id} of page {page.key}, which is not recorded",
                fix=f"declare `needs: {page.needs}` here too, or do without it",
            )
        unrecorded_whole = page.needs and not held.recorded(page.key).blocks
        if not self.lenient and (stale or (recording is None and not unrecorded_whole)):
            raise FollowsError(
                f"block {block.id} of page {page.key} has no {'fresh ' if stale else ''}recording",
                fix=repair(page, held.recordings / held.edition_name),
            )
        return block, recording

    def recorded(self, title: str, *references: str) -> Recorded | str:
        """The blocks with their recordings; or what the page shows where one is missing."""
        pairs = [self.find(reference) for reference in references]
        missing = [block.id for block, recording in pairs if recording is None]
        if missing:
            return self.slot(render("site/not_drawn.html", title=title, missing=missing), "")
        bound = {block.page: recorded_traces.bound(self.guide, block.page) for block, _ in pairs}
        return [
            (recorded_figures.named(block, bound[block.page]), recording)
            for block, recording in pairs
            if recording is not None
        ]

    def link(self, block: Block) -> str:
        """The address of a block from this page."""
        edition = self.guide.holder(block.page).edition_name
        page = "" if block.page == self.key else self.address(block.source, edition)
        return f"{page}#b-{block.id}"

    def filled(self, text: str) -> str:
        """`text` with the values that this page's blocks bind in the place of `$NAME`."""
        return substitute(text, self.bound) if "$" in text else text

    def note(self, text: str) -> str:
        """A note's Markdown as HTML."""
        return self.slots.inline(sentence(self.filled(text)))

    def slot(self, html: str, search: str) -> str:
        """Keep a block of HTML, and what the search index sees in its place: its placeholder."""
        return self.slots.add(Slot(html, search, inline=False, written=self.slots.written))

    def inline(self, html: str) -> str:
        """Keep HTML that stands in a sentence: its placeholder."""
        return self.slots.add(Slot(html, "", inline=True, written=self.slots.written))
