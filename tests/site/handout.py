"""The whole guide as one PDF and as a zip, beside a built site's pages: python -m tests.site.handout SITE"""

import re
import sys
import zipfile
from collections.abc import Mapping, Sequence
from html import unescape
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.site.browser import launch
from tests.site.build import served

NAME = "packet-by-packet"
TITLE = "Packet by Packet"
_ARTICLE = re.compile(r"<article[^>]*>(.*)</article>", re.DOTALL)
_NEXT = re.compile(r'<a href="([^"]+)" class="md-footer__link md-footer__link--next"')
_HEAD = re.compile(r"^.*?</head>", re.DOTALL)
_NAME = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
_ABOUT = re.compile(r"</h1>\s*<p>(.*?)</p>", re.DOTALL)
_END = "</div></body></html>"


def chapters(site: Path) -> list[Path]:
    """The pages as they are read: from the first, each to its next."""
    pages = [site / "index.html"]
    while following := _NEXT.search(pages[-1].read_text(encoding="utf-8")):
        pages.append((pages[-1].parent / following[1]).resolve())
    return pages


def whole(site: Path) -> str:
    """All pages as one, for paper, behind a title page; links within the guide lead to their page.

    What has no page there, such as a capture, is named and is no link.
    """
    pages = chapters(site)
    keys = {page.resolve(): _key(page, site) for page in pages}
    head = _HEAD.search(pages[0].read_text(encoding="utf-8"))
    # The direction is what lists are set in by.
    parts = [head[0] if head else "", '<body dir="ltr" data-md-color-scheme="default">']
    parts.append('<div class="md-content">')
    names, articles = [], []
    for page in pages:
        article = _ARTICLE.search(page.read_text(encoding="utf-8"))
        if article:
            inner = re.sub(r'<a [^>]*class="headerlink".*?</a>', "", article[1])
            name = _NAME.search(inner)
            names.append((keys[page.resolve()], name[1] if name else page.stem))
            articles.append(_article(keys[page.resolve()], _linked(inner, page, keys)))
    return "\n".join([*parts, _title_page(articles, names), *articles, _END])


def _key(page: Path, site: Path) -> str:
    return str(page.resolve().relative_to(site.resolve()).with_suffix("")).replace("/", "-")


def _article(key: str, inner: str) -> str:
    return (
        f'<article id="{key}" class="md-content__inner md-typeset" style="break-before: page">'
        f"{inner}</article>"
    )


def _title_page(articles: Sequence[str], names: Sequence[tuple[str, str]]) -> str:
    """What it is, as its first page says in its first paragraph, and what is in it."""
    about = _ABOUT.search(articles[0])
    entries = "".join(f'<li><a href="#{key}">{name}</a></li>' for key, name in names)
    return (
        '<article class="md-content__inner md-typeset title-page">'
        f'<p style="font-size: 3em; font-weight: 700">{TITLE}</p>'
        f"<p>{about[1] if about else ''}</p><p><b>Contents</b></p><ol>{entries}</ol></article>"
    )


def _linked(html: str, page: Path, keys: Mapping[Path, str]) -> str:
    """A page's HTML with ids that no other page has, and links to those of other pages."""
    own = keys[page.resolve()]

    def link(match: re.Match[str]) -> str:
        address = unescape(match[1])
        if re.match(r"[a-z]+:", address):
            return match[0]
        path, _, fragment = address.partition("#")
        target = keys.get((page.parent / path).resolve() if path else page.resolve())
        if target is None:
            return ""
        return f' href="#{target}--{fragment}"' if fragment else f' href="#{target}"'

    html = re.sub(r' id="([^"]+)"', rf' id="{own}--\1"', html)
    return re.sub(r' href="([^"]*)"', link, html)


def main(folder: Path) -> None:
    """Writes both files into the site's folder."""
    packed = folder / f"{NAME}.zip"
    packed.unlink(missing_ok=True)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            if path.name != f"{NAME}.pdf":
                archive.write(path, Path(NAME, path.relative_to(folder)))
    print(packed, packed.stat().st_size)
    page_file = folder / "whole.html"
    page_file.write_text(whole(folder), encoding="utf-8")
    with sync_playwright() as playwright, served(folder) as site:
        browser = launch(playwright)
        page = browser.new_page()
        page.goto(f"{site.url}/whole.html")
        page.evaluate("document.fonts.ready")
        page.pdf(path=folder / f"{NAME}.pdf", format="A4", outline=True, tagged=True)
        browser.close()
    page_file.unlink()
    print(folder / f"{NAME}.pdf", (folder / f"{NAME}.pdf").stat().st_size)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
