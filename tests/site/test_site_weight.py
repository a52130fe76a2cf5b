"""A first visit is light: bytes and requests stay within a budget, and nothing moves on arrival."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from macros.site.unused_styles import has_unused
from tests.site.browser import DESKTOP, PHONE, size
from tests.site.build import GUIDE_PAGES, Site
from tests.site.shifts import LARGEST, WINDOWS, arrive
from tests.site.visits import Visited
from tests.site.weigh import sent, weigh

BYTES = 178_000
"""As sent with gzip; a page that needs more needs a reason. The heaviest, on Calico, has 171,000."""
REQUESTS = 8

CLASSES = re.compile(r'class="([^"]*)"')
LINKED = re.compile(r'<(?:link rel="(?:stylesheet|icon)" href|script src)="([^"]+)"')


def costs(site: Site, path: str) -> int:
    """The bytes of a page, of what its head and end name, and of all fonts."""
    page = site.folder / path
    named = LINKED.findall(page.read_text())
    files = [page, *((page.parent / name).resolve() for name in named)]
    return sum(map(sent, [*files, *(site.folder / "assets/fonts").glob("*.woff2")]))


def test_every_page_is_within_the_budget(guide: Site) -> None:
    heavy = {path: costs(guide, path) for path in guide.pages if path != "404.html"}
    assert {path: size for path, size in heavy.items() if size > BYTES} == {}


def test_no_page_has_what_its_style_sheet_leaves_out(guide: Site) -> None:
    weights = {
        (path, name)
        for path in guide.pages
        for classes in CLASSES.findall((guide.folder / path).read_text())
        if (name := has_unused(classes))
    }
    assert not weights, "take it from UNUSED in macros/site/unused_styles.py"


def heaviest(site: Site) -> str:
    pages = [path for path in site.pages if "/" not in path and path != "404.html"]
    return max(pages, key=lambda path: costs(site, path))


@pytest.mark.parametrize("view", [DESKTOP, PHONE])
def test_the_heaviest_page_is_light(browser: Browser, guide: Site, view: tuple[int, int]) -> None:
    visit = weigh(browser, guide, heaviest(guide), view)
    assert visit.bytes <= BYTES
    assert len(visit.requests) <= REQUESTS, visit.requests
    assert not [url for url in visit.requests if "search" in url], "search is fetched when used"


# A word of the first paragraphs that stands within two pixels of the end of its line moves them all.
# Write that sentence otherwise; docs/assets/css/fonts.css has the widths.
@pytest.mark.parametrize("path", GUIDE_PAGES)
def test_nothing_moves_on_a_phone_when_the_fonts_come(visited: Visited, path: str) -> None:
    assert visited(path).shift <= LARGEST, visited(path).moved


# All of them: make bench-site.
@pytest.mark.parametrize("path", ["docker.html", "vlans.html"])
def test_nothing_moves_on_a_desktop_when_the_fonts_come(page: Page, guide: Site, path: str) -> None:
    size(page, WINDOWS["desktop"])
    shift, moved = arrive(page, f"{guide.url}/{path}")
    assert shift <= LARGEST, moved


@pytest.mark.parametrize("path", ["by-hand.html", "docker.html", "flannel.html", "index.html"])
def test_figures_of_the_first_window_have_their_size_at_once(
    page: Page, guide: Site, path: str
) -> None:
    # Elsewhere a guess stands until a figure comes near: 260 px where by-hand's first has 164.
    page.goto(f"{guide.url}/{path}")
    guessed = page.evaluate(
        """() => [...document.querySelectorAll(".md-content__inner > figure")]
          .filter(figure => figure.getBoundingClientRect().top < 1200
            && getComputedStyle(figure).contentVisibility === "auto").map(figure => figure.id)"""
    )
    assert not guessed
    later = page.evaluate(
        """() => [...document.querySelectorAll(".md-content__inner > figure")]
          .some(figure => getComputedStyle(figure).contentVisibility === "auto")"""
    )
    assert later or path == "index.html", "far from the window of a long page nothing is laid out"


def test_no_class_that_changes_has_all_below_it_styled_anew(guide: Site) -> None:
    # What is known by having no class makes a browser look again at each change of any.
    (sheet,) = guide.folder.glob("assets/css/guide.*.css")
    assert "[class" not in sheet.read_text()


@pytest.mark.parametrize(("system", "chosen"), [("light", "dark"), ("dark", "light")])
def test_the_window_has_the_colours_of_the_page(
    browser: Browser, guide: Site, system: Literal["light", "dark"], chosen: str
) -> None:
    context = browser.new_context(color_scheme=system)
    page = context.new_page()
    page.goto(f"{guide.url}/index.html")
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    assert page.evaluate(scheme) == system
    page.evaluate(
        """chosen => document.querySelector(
             `input[data-md-color-media="(prefers-color-scheme: ${chosen})"]`).click()""",
        chosen,
    )
    page.wait_for_function(f"{scheme} === '{chosen}'")
    page.wait_for_function("!document.body.hasAttribute('data-md-color-switching')")
    context.close()


def test_search_is_fetched_when_it_is_opened(page: Page, guide: Site) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{guide.url}/index.html")
    assert not [url for url in requests if "search" in url]
    page.keyboard.press("/")
    page.wait_for_function("document.querySelector('.md-search__input').matches(':focus')")
    page.wait_for_timeout(300)
    assert len([url for url in requests if "search" in url]) == 2, "the index, and its reader"
