"""axe finds nothing (WCAG A and AA) on any page, in both schemes, on a desktop and on a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.site.browser import DESKTOP, PHONE, SCHEMES, open_all, size
from tests.site.build import Site

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ALL = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": TAGS}}
# All that the scheme can change: the other rules read the same document twice.
COLOURS = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
AXE = Axe().axe_script


def start(page: Page, options: dict[str, object]) -> None:
    """Lets axe begin with the page as it stands; the page has been given AXE."""
    page.evaluate("options => { window.found = axe.run(options) }", options)


def finish(page: Page) -> list[str]:
    """What axe found since `start`."""
    found = page.evaluate("() => window.found")["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['html'][:120]} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"][:3]
    ]


def violations(page: Page, options: dict[str, object]) -> list[str]:
    start(page, options)
    return finish(page)


def look(page: Page, scheme: str) -> None:
    page.emulate_media(
        color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
    )


def everywhere(browser: Browser, site: Site) -> list[str]:
    """What axe says of each page, everything opened, in each scheme and size.

    Contexts are processes of their own, so that both schemes are looked at at once.
    """
    said = []
    pages = [browser.new_context().new_page() for _ in SCHEMES]
    for path in site.pages:
        for page, scheme in zip(pages, SCHEMES, strict=True):
            look(page, scheme)
            page.goto(f"{site.url}/{path}")
            page.evaluate(AXE)
            open_all(page)
        for view in (DESKTOP, PHONE):
            for page, options in zip(pages, (ALL, COLOURS), strict=True):
                size(page, view)
                start(page, options)
            for page, scheme in zip(pages, SCHEMES, strict=True):
                said += [f"{path} {scheme} {view[0]} px: {one}" for one in finish(page)]
    for page in pages:
        page.context.close()
    return said


def test_axe_finds_nothing_in_the_guide(browser: Browser, guide: Site) -> None:
    said = everywhere(browser, guide)
    assert not said, "\n".join(said)


def test_axe_finds_nothing_in_figures(browser: Browser, sample: Site) -> None:
    said = everywhere(browser, sample)
    assert not said, "\n".join(said)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_while_values_are_lit(page: Page, sample: Site, scheme: str) -> None:
    look(page, scheme)
    page.goto(f"{sample.url}/index.html")
    page.evaluate(AXE)
    open_all(page)
    for key in page.evaluate(
        "[...new Set([...document.querySelectorAll('.v')].map(el => el.dataset.v))].slice(0, 4)"
    ):
        page.locator(f'.md-content span.v[data-v="{key}"]').first.click()
    assert page.locator("[data-lit='4']").count()
    assert violations(page, ALL) == []


def test_axe_would_find_a_fault(page: Page, sample: Site) -> None:
    page.goto(f"{sample.url}/index.html")
    page.evaluate(AXE)
    page.evaluate("document.querySelector('.prompt').style.color = '#bbb'")
    assert any("color-contrast" in said for said in violations(page, COLOURS))
