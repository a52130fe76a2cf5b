"""axe finds nothing (WCAG A and AA) on any page, in both schemes, on a desktop and on a phone."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.site.browser import DESKTOP, PHONE, SCHEMES, open_all, size
from tests.site.build import Site

Options = dict[str, object]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
QUICK: Options = {
    "resultTypes": ["violations"],
    "preload": False,  # fetching style sheets again is for a rule that is off by default
}
ALL: Options = {**QUICK, "runOnly": {"type": "tag", "values": TAGS}}
# The scheme changes nothing else: the other rules would read the same document twice.
COLOURS: Options = {
    **QUICK,
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
REST: Options = {
    **ALL,
    "rules": {rule: {"enabled": False} for rule in ("color-contrast", "link-in-text-block")},
}
PAGE: Options = {"include": [["html"]]}
FRAME: Options = {**PAGE, "exclude": [["figure"]]}

# Contrast is nine tenths of the work, and most of it is in figures, whose colours are those of
# tokens.css at any size. So each size has it in full in one scheme, each scheme at one size,
# and without the figures in the other. All else is asked of the whole page at both sizes.
RUNS: dict[tuple[str, tuple[int, int]], list[tuple[Options, Options]]] = {
    ("light", DESKTOP): [(PAGE, ALL)],
    ("dark", DESKTOP): [(FRAME, COLOURS)],
    ("light", PHONE): [(PAGE, REST), (FRAME, COLOURS)],
    ("dark", PHONE): [(PAGE, COLOURS)],
}
AXE = Axe().axe_script


def start(page: Page, runs: list[tuple[Options, Options]]) -> None:
    """Lets axe begin with the page as it stands; the page has been given AXE."""
    page.evaluate(
        """runs => { window.found = (async () => {
             const frame = () => new Promise(requestAnimationFrame);
             await frame();  // page.js sees a new width only with the next picture
             await frame();
             const found = [];
             for (const [where, options] of runs)
               found.push(...(await axe.run(where, options)).violations);
             return found;
           })() }""",
        runs,
    )


def finish(page: Page) -> list[str]:
    """What axe found since `start`."""
    found = page.evaluate("() => window.found")
    return [
        f"{rule['id']}: {node['target']} {node['html'][:120]} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"][:3]
    ]


def violations(page: Page, options: Options) -> list[str]:
    start(page, [(PAGE, options)])
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
            for page, scheme in zip(pages, SCHEMES, strict=True):
                size(page, view)
                start(page, RUNS[scheme, view])
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


@pytest.mark.parametrize(
    ("scheme", "view", "seen"),
    [
        ("light", DESKTOP, {"prose", "figure", "button"}),
        ("dark", DESKTOP, {"prose"}),
        ("light", PHONE, {"prose", "button"}),
        ("dark", PHONE, {"prose", "figure"}),
    ],
)
def test_axe_would_find_a_fault(
    page: Page, sample: Site, scheme: str, view: tuple[int, int], seen: set[str]
) -> None:
    size(page, view)
    look(page, scheme)
    page.goto(f"{sample.url}/index.html")
    page.evaluate(AXE)
    page.evaluate(
        """() => {
             const fault = (id, selector) =>
               Object.assign(document.querySelector(selector), {id: `fault-${id}`});
             fault("prose", "article > p").style.color = "var(--g-line)";
             fault("figure", ".prompt").style.color = "var(--g-line)";
             const button = fault("button", "button.copy");
             button.textContent = "";
             button.removeAttribute("aria-label");
           }"""
    )
    start(page, RUNS[scheme, view])
    assert set(re.findall(r"#fault-(\w+)", "".join(finish(page)))) == seen
