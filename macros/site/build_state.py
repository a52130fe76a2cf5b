"""What one MkDocs build knows; hooks fill it, macros use it.

It is a module of its own because MkDocs loads hooks as files, under names of its choice.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from posixpath import dirname, relpath
from typing import TYPE_CHECKING, Any, Protocol

from mkdocs.structure.pages import Page

from macros.ground.errors import GuideError
from macros.plan import frontmatter
from macros.plan.planner import page_key
from macros.site import edition_links, glossary
from macros.site.glossary import Term
from macros.site.slots import Slots
from macros.store import sums
from macros.store.guide import Guide

if TYPE_CHECKING:
    from macros.site.page_macros import PageRenderer

CHANGES = "changes.md"
"""The page under docs/ that says what differs between editions."""
GLOSSARY = "reference/glossary.md"
"""The page under docs/ that explains the terms of all others."""
RECORDED = "recorded"
"""The folder of the site that recordings' captures are served from."""


class Shown(Protocol):
    """What the macros of a page have made of it."""

    @property
    def slots(self) -> Slots:
        """What stands in the place of the words that they left in the Markdown."""

    def notice(self) -> str:
        """What stands below the page's heading."""


@dataclass(frozen=True)
class Build:
    """One build: `guide` is the edition shown by default, `serving` says it is for an author."""

    guide: Guide
    serving: bool
    use_directory_urls: bool
    shown: dict[str, Shown] = field(default_factory=dict)
    """What each page shows, by its address among the site's sources."""
    problems: list[GuideError] = field(default_factory=list)
    """All that keeps the guide from being replayed; where an author is served, it is shown."""
    drafted: bool = False
    """Whether drafts stand in the place of recordings."""
    pages: dict[str, Page] = field(default_factory=dict)
    """All pages, in the same way."""
    order: list[str] = field(default_factory=list)
    """The addresses of the pages as they are read."""

    @cached_property
    def guides(self) -> dict[str, Guide]:
        """The guide in each edition, by name: the one shown by default first."""
        shown = self.guide
        return {name: shown.beside(name) for name in (shown.edition_name, *shown.others)}

    @cached_property
    def elsewhere(self) -> Mapping[str, tuple[Path, ...]]:
        """The files of the pages that each other edition shows at addresses of its own.

        A page that the edition shown by default lacks is shown in its place from another.
        """
        taken = {key: guide.edition_name for key, guide in self.guide.held.items()}
        return {
            name: tuple(page.source for page in guide.pages.values() if taken[page.key] != name)
            for name, guide in self.guides.items()
            if guide is not self.guide
        }

    @property
    def may_keep(self) -> bool:
        """Whether what pages show rests on whole recordings alone, so that it holds next time."""
        return not self.problems and not self.drafted

    @cached_property
    def rests_on(self) -> str:
        """A hash over what a page may show beside its own text: all that is planned and recorded.

        Recordings are as their checksums say where it `may_keep` anything.
        A macro that reads anything else has that taken in here first.
        """
        digest = hashlib.sha256()
        for name, guide in self.guides.items():
            folder = guide.recordings / name
            digest.update(f"{name} {sums.digest(folder)} {sorted(guide.planned)}".encode())
            for page in guide.pages.values():
                listed = folder / page.key / sums.NAME
                digest.update(listed.read_bytes() if listed.is_file() else b"none")
                # A block that only moves up or down its page is the same to all others.
                blocks = tuple(replace(block, line=0) for block in page.blocks)
                digest.update(repr(replace(page, blocks=blocks)).encode())
        return digest.hexdigest()

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """What the glossary explains; nothing in a guide without one."""
        source = self.guide.docs / GLOSSARY
        return glossary.terms(source.read_text(encoding="utf-8")) if source.is_file() else ()

    def renderer(self, page: Page) -> "PageRenderer":
        """The renderer of a page."""
        address = page.file.src_uri
        if address not in self._renderers:
            self._renderers[address] = self.shown[address] = self._new_renderer(page)
        return self._renderers[address]

    def has(self, edition: str, source: str) -> bool:
        """Whether an edition shows the page `source` (below docs/) at an address of its own."""
        return self.guide.docs / source in self.elsewhere.get(edition, ())

    def address_of(self, edition: str, source: Path, page: Page) -> str:
        """The address of a page from another, as an edition has it, or else as by default."""
        relative = source.relative_to(self.guide.docs).as_posix()
        if self.has(edition, relative):
            relative = edition_links.uri(edition, relative)
        uri = PurePosixPath(relative)
        flat = uri.name == "index.md" or not self.use_directory_urls
        html = uri.with_suffix(".html") if flat else uri.with_suffix("") / "index.html"
        return relpath(str(html), _folder_of(page))

    def shown_at(self, source: Path) -> str:
        """The address of a page from the site's root, in the edition shown by default."""
        uri = source.relative_to(self.guide.docs).as_posix()
        return str(self.pages[uri].url)

    def choice(self, page: Page) -> str:
        """Links to a page's other editions, for below its heading."""
        edition, uri = edition_links.split(page.file.src_uri)
        source = self.guide.docs / uri
        mine = edition or self._shown_from(source).edition_name
        offered = []
        for name, guide in self.guides.items():
            planned = next((own for own in guide.pages.values() if own.source == source), None)
            if planned is not None and (guide.recordings / name / planned.key).is_dir():
                versions = {what: guide.edition.versions[what] for what in planned.versions}
                href = self.address_of(name, source, page)
                offered.append(edition_links.Offered(name, href, versions, here=name == mine))
        changes = self.guide.docs / CHANGES
        has_changes = changes.is_file()
        href = self.address_of(self.guide.edition_name, changes, page) if has_changes else ""
        return edition_links.choice(offered, href, self.guide.edition_name)

    def _shown_from(self, source: Path) -> Guide:
        """Where a page at its own address is from; one without blocks is the shown edition's."""
        return self.guide.held.get(page_key(self.guide.docs, source), self.guide)

    @cached_property
    def _renderers(self) -> "dict[str, PageRenderer]":
        return {}

    def _new_renderer(self, page: Page) -> "PageRenderer":
        from macros.site.page_macros import PageRenderer  # noqa: PLC0415 where a page is rendered

        edition, uri = edition_links.split(page.file.src_uri)
        source = self.guide.docs / uri
        guide = self.guides[edition] if edition else self._shown_from(source)

        def href(path: Path) -> str:
            # Another edition's, where this one quotes a page that it has not recorded.
            kept = path.is_relative_to(guide.recordings)
            name = path.parent.parent.name if kept else guide.edition_name
            address = f"{RECORDED}/{name}/{path.parent.name}/{path.name}"
            return relpath(address, _folder_of(page))

        def address(other: Path, edition: str = guide.edition_name) -> str:
            return self.address_of(edition, other, page)

        before = frontmatter.of_file(source).body_line - 1
        return PageRenderer(guide, source, before, href, address, lenient=self.serving)


command = "build"
"""What MkDocs was called for: "build" or "serve"."""
_begun: list[Build] = []


def begin(build: Build) -> None:
    """Let macros and hooks use `build`, in the place of any earlier one."""
    _begun[:] = [build]


def current() -> Build:
    """The build that MkDocs is in."""
    return _begun[0]


def renderer(env: Any) -> "PageRenderer":
    """The renderer of the page that mkdocs-macros is at."""
    page: Page = env.page
    return current().renderer(page)


def _folder_of(page: Page) -> str:
    url = page.file.url if page.file.url.endswith("/") else dirname(page.file.url)
    return url.rstrip("/") or "."
