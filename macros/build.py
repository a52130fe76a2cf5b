"""What one MkDocs build knows; hooks fill it, macros use it.

It is a module of its own because MkDocs loads hooks as files, under names of its choice.
"""

from pathlib import Path, PurePosixPath
from posixpath import dirname, relpath
from typing import Any

from mkdocs.structure.pages import Page

from macros import frontmatter
from macros.guide import ROOT, Guide
from macros.render.page import PageRenderer

RECORDED = "recorded"
"""The folder of the site that recordings' captures are served from."""

command = "build"
use_directory_urls = True
guide: Guide = Guide(ROOT / "docs", ROOT / "recordings", "")
renderers: dict[str, PageRenderer] = {}


def renderer(env: Any) -> PageRenderer:
    """The renderer of the page that mkdocs-macros is at."""
    page: Page = env.page
    address = page.file.src_uri
    if address not in renderers:
        renderers[address] = _new_renderer(page)
    return renderers[address]


def _new_renderer(page: Page) -> PageRenderer:
    source = guide.docs / page.file.src_uri
    here = page.file.url if page.file.url.endswith("/") else dirname(page.file.url)

    def href(path: Path) -> str:
        address = f"{RECORDED}/{guide.edition_name}/{path.parent.name}/{path.name}"
        return relpath(address, here.rstrip("/") or ".")

    def address(other: Path) -> str:
        uri = PurePosixPath(other.relative_to(guide.docs))
        flat = uri.name == "index.md" or not use_directory_urls
        html = uri.with_suffix(".html") if flat else uri.with_suffix("") / "index.html"
        return relpath(str(html), here.rstrip("/") or ".")

    text = source.read_text(encoding="utf-8")
    before = frontmatter.read(source, text).body_line - 1
    return PageRenderer(guide, source, before, href, address, lenient=command == "serve")
