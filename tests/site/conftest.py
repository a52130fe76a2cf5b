"""One build of each site for all processes, one browser for each process."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.site.axe import Styles
from tests.site.browser import DESKTOP, launch, size
from tests.site.build import Site, build_guide, build_sample, served
from tests.site.visits import Visit, Visited, visit
from tests.touched import VARIABLE

Once = Callable[[str, Callable[[Path], None]], Path]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: Sequence[str]) -> None:
    """Side by side, the sites are built while the first tests run, so that none waits for them."""
    first = node.gateway.id == "gw0"
    # In `make test-quick` the nearest tests have the time there is.
    if first and VARIABLE not in os.environ and any(test.startswith("tests/site/") for test in ids):
        Thread(target=_build, args=(node.config._tmp_path_factory.getbasetemp(),)).start()


def _build(run: Path) -> None:
    # A build that fails does so again for the tests that need it, and they say why.
    with suppress(AssertionError):
        _once(run, "sample", lambda work: build_sample(work, work / "site"))
        _once(run, "guide", build_guide)


def _once(run: Path, name: str, make: Callable[[Path], None]) -> Path:
    folder, made = run / name, run / f"{name}.made"
    with FileLock(run / f"{name}.lock"):
        if not made.exists():
            # A build that failed in another process left something, and fails here again.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            made.touch()
    return folder


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """`once(name, make)` is a folder that `make` filled: in one of the processes, for all of them.

    Nobody writes into it: the others read it at the same time.
    """
    own = tmp_path_factory.getbasetemp()
    # Side by side, each process has a folder below that of the run.
    return partial(_once, own if worker_id == "master" else own.parent)


@pytest.fixture(scope="session")
def guide(once: Once) -> Iterator[Site]:
    try:
        folder = once("guide", build_guide)
    except AssertionError as error:
        pytest.fail(str(error), pytrace=False)
    with served(folder) as site:
        yield site


@pytest.fixture(scope="session")
def sample(once: Once) -> Iterator[Site]:
    folder = once("sample", lambda work: build_sample(work, work / "site"))
    with served(folder / "site") as site:
        yield site


@pytest.fixture
def own_sample(sample: Site, tmp_path: Path) -> Iterator[Site]:
    """A copy of the sample for a test that changes it."""
    shutil.copytree(sample.folder, tmp_path / "site")
    with served(tmp_path / "site") as site:
        yield site


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    # A busy machine is slow, and no test counts on a timeout.
    context.set_default_timeout(30_000)
    context.set_default_navigation_timeout(120_000)
    yield context
    context.close()


@pytest.fixture(scope="session")
def scriptless(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    context.set_default_navigation_timeout(120_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    size(page, DESKTOP)
    yield page
    page.close()


@pytest.fixture(scope="session")
def styles() -> Styles:
    """What axe has judged in this process: a style is the same on each page."""
    return Styles()


@pytest.fixture(scope="session")
def visited(context: BrowserContext, guide: Site, styles: Styles) -> Visited:
    """What a visit to a page of the guide has shown: the page is visited once in a process."""
    return cache(lambda path: visit(context, f"{guide.url}/{path}", styles))


@pytest.fixture(scope="session")
def visited_sample(context: BrowserContext, sample: Site, styles: Styles) -> Visited:
    """The same for the sample."""
    return cache(lambda path: visit(context, f"{sample.url}/{path}", styles))


@pytest.fixture
def seen(site: str, path: str, visited: Visited, visited_sample: Visited) -> Visit:
    """What a visit to a page of `site` has shown."""
    return visited(path) if site == "guide" else visited_sample(path)
