"""The whole guide as one PDF and as a zip, beside a built site's pages: python -m tests.site.handout SITE"""

import re
import sys
import zipfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.site.browser import launch
from tests.site.build import served

NAME = "packet-by-packet"
_ARTICLE = re.compile(r"<article[^>]*>(.*)</article>", re.DOTALL)
_NEXT = re.compile(r'<a href="([^"]+)" class="md-footer__link md-footer__link--next"')
_HEAD = re.compile(r"^.*?</head>", re.DOTALL)


def chapters(site: Path) -> list[Path]:
    """The pages as they are read: from the first, each to its next."""
    pages = [site / "index.html"]
    while following := _NEXT.search(pages[-1].read_text(encoding="utf-8")):
        pages.append((pages[-1].parent / following[1]).resolve())
    return pages


def whole(site: Path) -> str:
    """All pages as one, for paper: addresses within the guide lead nowhere there, and are text."""
    pages = chapters(site)
    head = _HEAD.search(pages[0].read_text(encoding="utf-8"))
    parts = [head[0] if head else ""]
    parts.append('<body data-md-color-scheme="default"><div class="md-content">')
    for page in pages:
        article = _ARTICLE.search(page.read_text(encoding="utf-8"))
        if article:
            inner = re.sub(r'<a [^>]*class="headerlink".*?</a>', "", article[1])
            parts.append(
                '<article class="md-content__inner md-typeset" style="break-before: page">'
                f"{inner}</article>"
            )
    return "\n".join([*parts, "</div></body></html>"])


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
