"""axe in a page: all its rules for WCAG and good practice; those on colours once for each style.

Contrast is nine tenths of axe's work, and ten thousand elements share some hundred styles.
`styles.js` says what one style is, and marks some elements of each for axe.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.site.browser import open_all

Options = dict[str, object]

SCRIPT = Axe().axe_script + Path(__file__).with_name("styles.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
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


@dataclass(slots=True)
class Styles:
    """The styles that axe has been asked about; a style holds its colours, and so its scheme.

    One that axe could not judge (it stands on an image, something hides it) is asked about again
    on the next pages, three times in all.
    """

    judged: set[str] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)

    def known(self) -> list[str]:
        """What need not be asked again."""
        given_up = {style for style, times in self.asked.items() if times >= 3}
        return [*(self.judged | given_up)]


def start(page: Page, address: str) -> None:
    """Opens a page with everything on it unfolded, and axe in it."""
    page.goto(address)
    prepare(page)


def prepare(page: Page) -> None:
    """Unfolds everything on a page, and puts axe into it."""
    # What is not drawn before one scrolls to it has no place yet, and would lie on its neighbours.
    page.add_style_tag(content="* { content-visibility: visible !important }")
    page.evaluate(SCRIPT)
    open_all(page)


def look(page: Page, scheme: str) -> None:
    """Gives a page its colours, at once."""
    page.emulate_media(
        color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
    )


def violations(page: Page, options: Options, styles: Styles) -> list[str]:
    """What axe says of the page as it stands: a line for each of the first elements of a rule."""
    wanted = page.evaluate(
        """async known => {
             // page.js sees a new width or scheme only with the next picture.
             for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
             return markStyles(known);
           }""",
        styles.known(),
    )
    if options is COLOURS and not wanted:
        return []
    rules, judged = page.evaluate(
        "async options => [(await axe.run(options)).violations, [...judged]]", options
    )
    styles.judged.update(judged)
    styles.asked.update(wanted)
    return [
        f"{rule['id']}: {node['target']} {node['html'][:120]} {node['failureSummary']}"
        for rule in rules
        for node in rule["nodes"][:20]
    ]
