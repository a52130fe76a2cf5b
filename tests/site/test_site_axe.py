"""axe finds nothing (WCAG A and AA) on any page, in both schemes, on a desktop and on a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.site.browser import DESKTOP, PHONE, SCHEMES, open_all, size
from tests.site.build import Site

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPTIONS = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": TAGS}}


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['html'][:120]} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"][:3]
    ]


def everywhere(page: Page, site: Site) -> list[str]:
    """What axe says of each page, everything opened, in each scheme and size."""
    said = []
    for path in site.pages:
        page.goto(f"{site.url}/{path}")
        open_all(page)
        for view in (DESKTOP, PHONE):
            size(page, view)
            for scheme in SCHEMES:
                page.emulate_media(
                    color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
                )
                said += [f"{path} {scheme} {view[0]} px: {v}" for v in violations(page)]
    return said


def test_axe_finds_nothing_in_the_guide(page: Page, guide: Site) -> None:
    said = everywhere(page, guide)
    assert not said, "\n".join(said)


def test_axe_finds_nothing_in_figures(page: Page, sample: Site) -> None:
    said = everywhere(page, sample)
    assert not said, "\n".join(said)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_while_values_are_lit(page: Page, sample: Site, scheme: str) -> None:
    page.emulate_media(
        color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
    )
    page.goto(f"{sample.url}/index.html")
    open_all(page)
    for key in page.evaluate(
        "[...new Set([...document.querySelectorAll('.v')].map(el => el.dataset.v))].slice(0, 4)"
    ):
        page.locator(f'.md-content span.v[data-v="{key}"]').first.click()
    assert page.locator("[data-lit='4']").count()
    assert violations(page) == []


def test_axe_would_find_a_fault(page: Page, sample: Site) -> None:
    page.goto(f"{sample.url}/index.html")
    page.evaluate("document.querySelector('.prompt').style.color = '#bbb'")
    assert any("color-contrast" in said for said in violations(page))
