"""What moves on a page when its fonts come late, as Chromium itself counts it.

Until then text stands in a local font, and what is wrapped otherwise in it moves all below it. Fonts
are held back until the page is painted without them: on a slow network that is what happens.
"""

from playwright.sync_api import Page, Route

LARGEST = 0.02
"""Cumulative layout shift: which part of the window moves, times how far (web.dev/articles/cls)."""
WINDOWS = {"phone": (412, 823), "desktop": (1350, 940)}
"""Lighthouse's."""
WATCH = """window.shifts = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts.push(entry);
}).observe({type: "layout-shift", buffered: true})"""
FONTS = "**/*.woff2"
PAINTED = "new Promise(done => { let n = 3; (function next() { n-- ? requestAnimationFrame(next) : done() })() })"
MOVED = """() => [
  window.shifts.reduce((sum, entry) => sum + entry.value, 0),
  window.shifts.flatMap(entry => entry.sources.map(({node, previousRect: from, currentRect: to}) =>
    `${Math.round(from.x)},${Math.round(from.y)} -> ${Math.round(to.x)},${Math.round(to.y)}: `
      + (node?.textContent ?? "gone").trim().replace(/\\s+/g, " ").slice(0, 60)))]"""


def arrive(page: Page, address: str) -> tuple[float, list[str]]:
    """Loads a page, whose fonts come late: how much of it moves then, and what.

    Where a page is painted on a busy machine while it is half there, its lower half moves; so what
    counts is the least of three times.
    """
    page.add_init_script(WATCH)
    visits: list[tuple[float, list[str]]] = []
    while len(visits) < 3 and not any(shift <= LARGEST for shift, _ in visits):
        _load(page, address)
        shift, moved = page.evaluate(MOVED)
        visits.append((shift, moved))
    return min(visits)


def _load(page: Page, address: str) -> None:
    held: list[Route] = []
    page.route(FONTS, lambda route: held.append(route))  # noqa: PLW0108 playwright marks it
    page.goto(address, wait_until="domcontentloaded")
    page.evaluate(PAINTED)
    assert held, "no font was asked for"
    for font in held:
        font.continue_()
    page.unroute(FONTS)
    page.wait_for_load_state("load")
    page.evaluate(f"document.fonts.ready.then(() => {PAINTED})")
