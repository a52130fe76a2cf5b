"""A visit asks no other host for anything and leaves no error, served or opened from the disk."""

import pytest
from playwright.sync_api import Page

from tests.site.browser import logged
from tests.site.build import GUIDE_PAGES, Site
from tests.site.visits import Visited

WAYS = ("served", "file")

FONTS = """() => document.fonts.ready.then(() => [
  "16px 'Inter Variable'", "13px 'JetBrains Mono Variable'",
].map(font => document.fonts.check(font)).concat(
  [...document.fonts].filter(f => f.status === "error").map(f => f.family)))"""


@pytest.mark.parametrize("path", GUIDE_PAGES)
def test_no_page_of_the_guide_asks_another_host(visited: Visited, guide: Site, path: str) -> None:
    log = visited(path).log
    assert log.requests
    assert log.foreign(guide.url) == []
    assert not log.errors, "\n".join(log.errors)


# Only a server shows the page for what is not there.
@pytest.mark.parametrize("path", [path for path in GUIDE_PAGES if path != "404.html"])
def test_no_page_from_the_disk_asks_a_host(page: Page, guide: Site, path: str) -> None:
    with logged(page) as log:
        page.goto(f"{guide.file_url}/{path}", wait_until="load")
    assert log.foreign(guide.file_url) == []
    assert not log.errors, "\n".join(log.errors)


@pytest.mark.parametrize("way", WAYS)
def test_the_search_asks_no_other_host(page: Page, guide: Site, way: str) -> None:
    base = guide.url if way == "served" else guide.file_url
    with logged(page) as log:
        page.goto(f"{base}/index.html", wait_until="load")
        # It fetches its index only now.
        page.keyboard.press("/")
        page.keyboard.type("docker")
        page.wait_for_timeout(300)
    assert log.foreign(base) == []
    assert not log.errors, "\n".join(log.errors)


@pytest.mark.parametrize("way", WAYS)
def test_fonts_are_our_own(page: Page, sample: Site, way: str) -> None:
    base = sample.url if way == "served" else sample.file_url
    with logged(page) as log:
        page.goto(f"{base}/index.html")
        assert page.evaluate(FONTS) == [True, True]
    assert {url.rsplit("/", 1)[1] for url in log.requests if url.endswith(".woff2")} >= {
        "inter-latin-wght-normal.woff2",
        "jetbrains-mono-latin-wght-normal.woff2",
    }
    assert log.foreign(base) == []
    assert log.errors == []


def test_a_foreign_request_would_be_seen(page: Page, sample: Site) -> None:
    with logged(page) as log:
        page.goto(f"{sample.url}/index.html")
        page.evaluate("fetch('https://example.org/').catch(() => 0)")
    assert log.foreign(sample.url) == ["https://example.org/"]
    assert log.errors


def test_the_page_not_found_says_so(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/404.html")
    assert page.get_by_role("heading", level=1).inner_text() == "Destination unreachable"
