"""What one MkDocs build knows; hooks fill it, macros use it.

It is a module of its own because MkDocs loads hooks as files, under names of its choice.
"""

from pathlib import Path, PurePosixPath
from posixpath import dirname, relpath
from typing import Any

from mkdocs.structure.pages import Page

from macros.plan import frontmatter
from macros.site import edition_links
from macros.site.page_macros import PageRenderer
from macros.store.guide import ROOT, Guide

CHANGES = "changes.md"
"""The page under docs/ that says what differs between editions."""
RECORDED = "recorded"
"""The folder of the site that recordings' captures are served from."""

command = "build"
use_directory_urls = True
guide: Guide = Guide(ROOT / "docs", ROOT / "recordings", "")
guides: dict[str, Guide] = {}
"""The guide in each edition, by name: the one shown by default first."""
renderers: dict[str, PageRenderer] = {}


def renderer(env: Any) -> PageRenderer:
    """The renderer of the page that mkdocs-macros is at."""
    page: Page = env.page
    address = page.file.src_uri
    if address not in renderers:
        renderers[address] = _new_renderer(page)
    return renderers[address]


def begin(of: Guide) -> None:
    """Start a build that shows the guide's edition by default, and all others beside it."""
    global guide, guides, renderers  # noqa: PLW0603 what one build knows
    guide, renderers = of, {}
    guides = {of.edition_name: of} | {name: of.of_edition(name) for name in of.others}


def has(edition: str, source: str) -> bool:
    """Whether an edition other than the default one has the page `source` (below docs/)."""
    return guide.docs / source in guides[edition].sources


def address_of(edition: str, source: Path, page: Page) -> str:
    """The address of a page from another, as an edition has it, or else as shown by default."""
    relative = source.relative_to(guide.docs).as_posix()
    if edition != guide.edition_name and has(edition, relative):
        relative = edition_links.uri(edition, relative)
    uri = PurePosixPath(relative)
    flat = uri.name == "index.md" or not use_directory_urls
    html = uri.with_suffix(".html") if flat else uri.with_suffix("") / "index.html"
    return relpath(str(html), _here(page))


def choice(page: Page) -> str:
    """Links to a page's other editions, for below its heading."""
    _, uri = edition_links.split(page.file.src_uri)
    source = guide.docs / uri
    mine = renderers[page.file.src_uri].edition_name
    offered = []
    for name, each in guides.items():
        held = next((one for one in each.pages.values() if one.source == source), None)
        if held is not None and (each.recordings / name / held.key).is_dir():
            versions = {one: each.edition.versions[one] for one in held.versions}
            href = address_of(name, source, page)
            offered.append(edition_links.Offered(name, href, versions, here=name == mine))
    changes = guide.docs / CHANGES
    there = address_of(guide.edition_name, changes, page) if changes.is_file() else ""
    return edition_links.choice(offered, there)


def _here(page: Page) -> str:
    here = page.file.url if page.file.url.endswith("/") else dirname(page.file.url)
    return here.rstrip("/") or "."


def _new_renderer(page: Page) -> PageRenderer:
    edition, uri = edition_links.split(page.file.src_uri)
    of = guides[edition or guide.edition_name]
    source = guide.docs / uri

    def href(path: Path) -> str:
        address = f"{RECORDED}/{of.edition_name}/{path.parent.name}/{path.name}"
        return relpath(address, _here(page))

    def address(other: Path, edition: str = of.edition_name) -> str:
        return address_of(edition, other, page)

    text = source.read_text(encoding="utf-8")
    before = frontmatter.read(source, text).body_line - 1
    return PageRenderer(of, source, before, href, address, lenient=command == "serve")
