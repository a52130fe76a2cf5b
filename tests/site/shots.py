"""Screenshots, light and dark, desktop and phone: python -m tests.site.shots OUT [PAGE...]

Without pages, all of the guide. `--drawings` makes one picture of each drawing (trace, rule path,
lookup, topology, packet), not of whole pages: `make shots`. `--sample` takes the sample page
instead. `--readme` makes the picture of README.md and nothing else.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Locator, Page, sync_playwright

from tests.site.browser import DESKTOP, PHONE, SCHEMES, launch, size
from tests.site.build import ROOT, Site, build_guide, build_sample, served

README = ROOT / "docs/assets/readme.png"

# What the guide draws. A topology's class is a rule path's, too.
DRAWINGS = "figure.trace, figure.topology, figure.lookup, figure.handover, figure.packet"


@dataclass(frozen=True, slots=True)
class Shot:
    """Where the pictures of one page go, in one scheme and size."""

    folder: Path
    page: str
    look: str

    def path(self, drawing: str = "") -> Path:
        """The file for all of the page, or for one drawing of it."""
        words = (self.page, drawing, self.look)
        return self.folder / f"{'-'.join(word for word in words if word)}.png"


def main(arguments: list[str]) -> None:
    """Writes OUT/<page>[-<drawing>]-<scheme>-<desktop|phone>.png and prints each name."""
    options = {word for word in arguments if word.startswith("--")}
    words = [word for word in arguments if word not in options]
    with built(sample="--sample" in options) as (site, browser):
        if "--readme" in options:
            readme(browser, site)
        else:
            take = drawings if "--drawings" in options else whole
            shoot(browser, site, Path(words[0]), words[1:], take)


@contextmanager
def built(*, sample: bool) -> Iterator[tuple[Site, Browser]]:
    """The guide or the sample, freshly built and served, and a browser."""
    with tempfile.TemporaryDirectory() as work, sync_playwright() as playwright:
        target = Path(work, "site")
        if sample:
            build_sample(Path(work), target)
        else:
            build_guide(target)
        with served(target) as site:
            browser = launch(playwright)
            yield site, browser
            browser.close()


def shoot(
    browser: Browser,
    site: Site,
    folder: Path,
    wanted: list[str],
    take: Callable[[Page, Shot], None],
) -> None:
    """Each page in each size and scheme, by `take`."""
    folder.mkdir(parents=True, exist_ok=True)
    page = browser.new_page()
    for path in wanted or site.pages:
        name = path.removesuffix(".md").removesuffix(".html")
        page.goto(f"{site.url}/{name}.html")
        # A picture of the whole page shows what is far from the window, too.
        page.add_style_tag(content="figure { content-visibility: visible !important }")
        for view, label in ((DESKTOP, "desktop"), (PHONE, "phone")):
            size(page, view)
            for scheme in SCHEMES:
                look(page, scheme)
                take(page, Shot(folder, name.replace("/", "-"), f"{scheme}-{label}"))


def whole(page: Page, shot: Shot) -> None:
    """All of a page, as high as it is."""
    page.screenshot(path=shot.path(), full_page=True)
    print(shot.path())


def drawings(page: Page, shot: Shot) -> None:
    """Each drawing of a page, folds as they are at first; traces also with one packet open."""
    for figure in page.locator(DRAWINGS).all():
        name = figure.get_attribute("id")
        if not name or not figure.is_visible():  # a packet of a trace; what is in a closed fold
            continue
        clipped(page, figure, shot.path(name))
        packet = figure.locator("li > details").first
        if packet.count():
            packet.evaluate("fold => { fold.open = true }")
            clipped(page, figure, shot.path(f"{name}-open"))
            packet.evaluate("fold => { fold.open = false }")


def clipped(page: Page, figure: Locator, path: Path) -> None:
    """One figure, cut out of a picture of the whole page: its header lies over nothing there."""
    box = figure.bounding_box()
    assert box
    clip: FloatRect = {**box, "y": box["y"] + page.evaluate("window.scrollY")}
    page.screenshot(path=path, full_page=True, clip=clip)
    print(path)


def look(page: Page, scheme: str) -> None:
    """Gives a page its colours, at once."""
    page.emulate_media(
        color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
    )


def readme(browser: Browser, site: Site) -> None:
    """Home's capture and the packet below it, one address lit up in both."""
    page = browser.new_page(device_scale_factor=1.25, viewport={"width": 1280, "height": 2400})
    look(page, "light")
    page.goto(f"{site.url}/index.html")
    packet = page.locator("figure.packet").first
    packet.locator(".v", has_text="192.168.56.11").first.click()
    page.mouse.move(0, 0)
    page.wait_for_function("document.querySelectorAll('[data-lit]').length > 2")
    first = page.locator("figure.block", has=page.locator(".block-cmd", has_text="tcpdump"))
    above, below = first.first.bounding_box(), packet.locator(".pk-say").bounding_box()
    assert above
    assert below
    margin = 16
    clip: FloatRect = {
        "x": above["x"] - margin,
        "y": above["y"] - margin,
        "width": above["width"] + 2 * margin,
        "height": below["y"] + below["height"] - above["y"] + margin,
    }
    page.screenshot(path=README, clip=clip)
    print(README, README.stat().st_size)


if __name__ == "__main__":
    main(sys.argv[1:])
