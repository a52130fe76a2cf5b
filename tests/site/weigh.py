"""What a first visit to each page costs, and what moves: python -m tests.site.weigh [PAGE...]

One `name value` a line. Bytes are as a server sends them that compresses text (gzip); nodes and milliseconds of the main
thread are Chromium's own count: the least of some visits. The milliseconds are those in which the
thread had a processor. Chromium's `TaskDuration` is not that: on a busy machine it is twice as much,
whatever time domain it is asked for.
"""

import gzip
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, sync_playwright

from tests.site.browser import DESKTOP, launch, size
from tests.site.build import Site, build_guide, served
from tests.site.shifts import WINDOWS, arrive

PACKED = {".woff2", ".png"}
"""What compressing makes no smaller."""


@dataclass(frozen=True, slots=True)
class Weight:
    """One visit with an empty cache."""

    bytes: int
    requests: tuple[str, ...]
    nodes: int
    cpu: float


def sent(path: Path) -> int:
    """The size of a file as it is sent."""
    data = path.read_bytes()
    return len(data if path.suffix in PACKED else gzip.compress(data))


def weigh(browser: Browser, site: Site, path: str, view: tuple[int, int] = DESKTOP) -> Weight:
    """Visits a page of a served site in a fresh context."""
    context = browser.new_context()
    page = context.new_page()
    size(page, view)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    protocol = context.new_cdp_session(page)
    protocol.send("Performance.enable")
    page.goto(f"{site.url}/{path}", wait_until="load")
    page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    page.wait_for_timeout(200)
    told = protocol.send("Performance.getMetrics")["metrics"]
    metrics = {metric["name"]: metric["value"] for metric in told}
    context.close()
    own = [url for url in requests if url.startswith(site.url)]
    files = [site.folder / unquote(urlsplit(url).path).lstrip("/") for url in own]
    return Weight(
        bytes=sum(sent(file) for file in files),
        requests=tuple(requests),
        nodes=int(metrics["Nodes"]),
        cpu=metrics["ThreadTime"] * 1000,
    )


def shift(browser: Browser, site: Site, path: str, view: tuple[int, int]) -> float:
    """How much of a page moves when its fonts come late, in a fresh context."""
    context = browser.new_context()
    page = context.new_page()
    size(page, view)
    seen, _ = arrive(page, f"{site.url}/{path}")
    context.close()
    return seen


def main(pages: list[str]) -> None:
    """Builds the guide and weighs its pages."""
    with tempfile.TemporaryDirectory() as work, sync_playwright() as playwright:
        build_guide(Path(work))
        browser = launch(playwright)
        with served(Path(work)) as site:
            for path in pages or site.pages:
                visits = [weigh(browser, site, path) for _ in range(3)]
                name = path.removesuffix(".html")
                print(f"{name}.bytes {visits[0].bytes}")
                print(f"{name}.requests {len(visits[0].requests)}")
                print(f"{name}.nodes {min(visit.nodes for visit in visits)}")
                print(f"{name}.cpu_ms {min(visit.cpu for visit in visits):.0f}")
                for window, view in WINDOWS.items():
                    print(f"{name}.shift_{window} {shift(browser, site, path, view):.3f}")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
