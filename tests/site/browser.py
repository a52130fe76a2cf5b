"""Debian's Chromium, driven by playwright, and what every test asks of it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, Playwright

DESKTOP = (1280, 900)
PHONE = (390, 844)
SCHEMES = ("light", "dark")

# The same browser; the first has no windows, and half the work: it composes no pictures of them.
PROGRAMS = ("chromium-headless-shell", "chromium")
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    # Whatever still asks for another host finds none, and the test sees it fail.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def launch(playwright: Playwright) -> Browser:
    """The one browser of a session. Fails, saying how to install it, when there is none."""
    path = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if path is None:
        message = "Chromium is missing. Install it: apt-get install chromium-headless-shell"
        raise AssertionError(message)
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else list(FLAGS)
    return playwright.chromium.launch(executable_path=path, args=flags)


@dataclass(slots=True)
class Log:
    """What a page asked for and complained about, while `logged` watched it."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def foreign(self, *own: str) -> list[str]:
        """Requests to anywhere but the given beginnings of addresses."""
        return [url for url in self.requests if not url.startswith((*own, "data:", "blob:"))]


@contextmanager
def logged(page: Page) -> Iterator[Log]:
    """Collects requests, failed requests, console errors and exceptions of a page."""
    log = Log()
    page.on("request", lambda request: log.requests.append(request.url))
    # Leaving a page aborts what it still fetches: no fault.
    page.on(
        "requestfailed",
        lambda request: (
            log.errors.append(f"{request.failure}: {request.url}")
            if request.failure != "net::ERR_ABORTED"
            else None
        ),
    )
    page.on("pageerror", lambda error: log.errors.append(str(error)))
    page.on(
        "response",
        lambda answer: (
            log.errors.append(f"{answer.status}: {answer.url}") if answer.status >= 400 else None
        ),
    )
    page.on(
        "console",
        lambda message: (
            log.errors.append(f"console: {message.text}")
            if message.type in {"error", "warning"}
            else None
        ),
    )
    yield log


def size(page: Page, view: tuple[int, int]) -> None:
    """Gives a page's window a width and a height."""
    page.set_viewport_size({"width": view[0], "height": view[1]})


def open_all(page: Page) -> None:
    """Opens everything that is folded, so that a check sees all of the page."""
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
