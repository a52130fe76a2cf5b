"""Screenshots of pages, light and dark, desktop and phone: python -m tests.site.shots OUT [PAGE...]

Without pages, all of the guide; `--sample` takes the sample page instead. `--readme` makes
the picture of README.md and nothing else.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Page, sync_playwright

from tests.site.browser import DESKTOP, PHONE, SCHEMES, launch, size
from tests.site.build import ROOT, Site, build_guide, build_sample, served

README = ROOT / "docs/assets/readme.png"


def main(arguments: list[str]) -> None:
    """Writes OUT/<page>-<scheme>-<desktop|phone>.png and prints each name."""
    options = {word for word in arguments if word.startswith("--")}
    words = [word for word in arguments if word not in options]
    with built(sample="--sample" in options) as (site, browser):
        if "--readme" in options:
            readme(browser, site)
        else:
            shoot(browser, site, Path(words[0]), words[1:])


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


def shoot(browser: Browser, site: Site, folder: Path, wanted: list[str]) -> None:
    """All of each page, as high as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    page = browser.new_page()
    for path in wanted or site.pages:
        name = path.removesuffix(".md").removesuffix(".html")
        page.goto(f"{site.url}/{name}.html")
        for view, label in ((DESKTOP, "desktop"), (PHONE, "phone")):
            size(page, view)
            for scheme in SCHEMES:
                look(page, scheme)
                shot = folder / f"{name.replace('/', '-')}-{scheme}-{label}.png"
                page.screenshot(path=shot, full_page=True)
                print(shot)


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
