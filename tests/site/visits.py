"""One visit to each page for all tests that look at every page: loading a chapter takes seconds.

A page is loaded once in a process, on a narrow phone. What its tests ask for is looked at from what
changes nothing to what changes most; each test is about one field of what was seen.
"""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Page

from tests.site import axe
from tests.site.axe import ALL, COLOURS, Options, Styles
from tests.site.browser import DESKTOP, PHONE, Log, logged, open_all, size
from tests.site.shifts import WINDOWS, arrive

NARROW = (360, 740)
LOOKS: list[tuple[str, tuple[int, int], Options]] = [
    ("light", DESKTOP, ALL),
    ("light", PHONE, ALL),
    ("dark", PHONE, COLOURS),
    ("dark", DESKTOP, COLOURS),
]


# Another edition of a page has its words otherwise, not its style: one size shows what they do.
LOOKS_OF_EDITIONS = [look for look in LOOKS if look != ("light", DESKTOP, ALL)]


@dataclass(frozen=True, slots=True)
class Lit:
    """The value that has the focus, the places that are lit by it, and all places that it has."""

    key: str
    places: dict[str, int]
    all: int


@dataclass(frozen=True, slots=True)
class Visit:
    """What was seen on a page."""

    log: Log
    """What it asked for while it loaded, and what it complained about."""
    shift: float
    """How much of it moves on a phone when its fonts come late,"""
    moved: list[str]
    """and what that is."""
    broken: list[str]
    """Words that stay whole, but stand on two lines of a narrow phone."""
    too_wide: list[str]
    """What makes it scroll sideways there, folded and unfolded."""
    not_printed: list[str]
    """What is folded and not shown on paper."""
    misjudged: list[str]
    """Blocks that are higher than their counted lines, or half as high."""
    lit: Lit | None
    """What happens when its first marked value has the focus; None for a page without values."""
    axe: list[str]
    """What axe finds with everything unfolded, in each scheme and size."""


# A page's path -> what was seen there.
Visited = Callable[[str], Visit]


def visit(context: BrowserContext, address: str, styles: Styles) -> Visit:
    """Loads a page and looks at it."""
    page = context.new_page()
    axe.look(page, "light")
    size(page, WINDOWS["phone"])
    with logged(page) as log:
        shift, moved = arrive(page, address)
        loaded = Log([*log.requests], [*log.errors])
    size(page, NARROW)
    broken = page.locator("article .whole").evaluate_all(
        "all => all.filter(el => el.getClientRects().length > 1).map(el => el.textContent)"
    )
    wide = too_wide(page)
    not_printed = on_paper(page)
    size(page, PHONE)
    wrong_sizes = misjudged(page)
    size(page, DESKTOP)
    wrong_sizes += misjudged(page)
    lit_places = focused_value(page)
    size(page, NARROW)
    open_all(page)
    wide += too_wide(page)
    axe.prepare(page)
    faults = []
    for scheme, view, options in LOOKS_OF_EDITIONS if "/editions/" in address else LOOKS:
        axe.look(page, scheme)
        size(page, view)
        # Wherever it stands, the header lies over something: at the top only over what makes room.
        page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
        seen = axe.violations(page, options, styles)
        faults += [f"{scheme} {view[0]} px: {line}" for line in seen]
    page.close()
    return Visit(loaded, shift, moved, broken, wide, not_printed, wrong_sizes, lit_places, faults)


def too_wide(page: Page) -> list[str]:
    """How wide a page of 360 px is that scrolls sideways, and what makes it so."""
    width = page.evaluate("document.documentElement.scrollWidth")
    if width <= NARROW[0]:
        return []
    culprit = page.evaluate(
        """() => [...document.querySelectorAll("article *")].filter(
             el => el.getBoundingClientRect().right > 361
               && !el.parentElement.closest("pre, svg, .scroll, [role=region]"))
           .slice(0, 3).map(el => el.outerHTML.slice(0, 120))"""
    )
    return [f"{width} px {culprit}"]


def on_paper(page: Page) -> list[str]:
    """What is folded and is not shown in print.

    Paper has a packet's boxes or its line in a list; its other forms stay on the screen, and so
    does what is there to be pasted. What all blocks say alike of themselves stands below the first.
    """
    page.emulate_media(media="print")
    missing: list[str] = page.evaluate(
        """() => {
             const first = document.querySelector("article figure.block .meta");
             // The prompt of its command says on which node.
             const words = dt => dt.textContent + ": "
               + dt.nextElementSibling.textContent.replace(/^(node[0-9]+|client|here), /, "");
             const printed = [...(first?.querySelectorAll("dt") ?? [])]
               .filter(dt => dt.checkVisibility()).map(words);
             const again = el => el.matches(".meta > dl") && [...el.querySelectorAll("dt")]
               .every(dt => dt.matches(".meta-link") || printed.includes(words(dt)));
             return [...document.querySelectorAll("article details > *:not(summary)")]
             .filter(el => !el.checkVisibility() && !again(el) && !el.closest(".text-equivalent, .pl details, .trace details, .pk-below, .hands, .block .first"))
             .map(el => el.outerHTML.slice(0, 100)) }"""
    )
    page.emulate_media(media="screen")
    return missing


def misjudged(page: Page) -> list[str]:
    """Blocks whose size, before they are laid out, is too small or twice what it is then."""
    wrong: list[str] = page.evaluate(
        """() => {
             const blocks = [...document.querySelectorAll(".md-content__inner > .block")]
               .filter(el => getComputedStyle(el).contentVisibility === "auto");
             for (const el of blocks) el.style.contentVisibility = "visible";
             const sizes = blocks.map(el => [
               el.id, el.offsetHeight, parseFloat(getComputedStyle(el).containIntrinsicHeight.replace("auto ", ""))]);
             for (const el of blocks) el.style.contentVisibility = "";
             return sizes.filter(([, is, guess]) => !(guess > is - 8 && guess < 2 * is + 40))
               .map(([id, is, guess]) => `${innerWidth} px: ${id} is ${is} px, counted ${guess}`) }"""
    )
    return wrong


def focused_value(page: Page) -> Lit | None:
    """Moves the focus to a marked value, there and back by arrow keys; then puts out the light."""
    stop = page.locator(".v[tabindex='0']")
    if not page.locator(".v").count():
        return None
    stop.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    key = focused(page)
    seen = Lit(key, lit(page), places(page, key))
    page.keyboard.press("Escape")
    return seen


def lit(page: Page) -> dict[str, int]:
    """KEY -> how many places are lit."""
    counts: dict[str, int] = page.evaluate(
        """() => [...document.querySelectorAll("[data-lit]")].reduce(
             (sum, el) => ({...sum, [el.dataset.v]: (sum[el.dataset.v] ?? 0) + 1}), {})"""
    )
    return counts


def places(page: Page, key: str) -> int:
    """How many places a value has."""
    return page.locator(f'.v[data-v="{key}"]').count()


def focused(page: Page) -> str:
    """The key of the value that has the focus, or ""."""
    key: str = page.evaluate("document.activeElement.dataset.v ?? ''")
    return key
