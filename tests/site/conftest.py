"""One build of each site for all processes, one browser for each process."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.site.browser import DESKTOP, launch, size
from tests.site.build import Site, build_guide, build_sample, served

Once = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """`once(name, make)` is a folder that `make` filled: in one of the processes, for all of them.

    Nobody writes into it: the others read it at the same time.
    """
    own = tmp_path_factory.getbasetemp()
    # Side by side, each process has a folder below that of the run.
    run = own if worker_id == "master" else own.parent

    def folder(name: str, make: Callable[[Path], None]) -> Path:
        folder, made = run / name, run / f"{name}.made"
        with FileLock(run / f"{name}.lock"):
            if not made.exists():
                # A build that failed in another process left something, and fails here again.
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                made.touch()
        return folder

    return folder


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


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    size(page, DESKTOP)
    yield page
    page.close()
