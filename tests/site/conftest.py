"""One build of each site, one browser, for all browser tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.site.browser import DESKTOP, launch, size
from tests.site.build import Site, build_guide, build_sample, served


@pytest.fixture(scope="session")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("guide") / "site"
    try:
        build_guide(folder)
    except AssertionError as error:
        pytest.fail(str(error), pytrace=False)
    with served(folder) as site:
        yield site


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    work: Path = tmp_path_factory.mktemp("sample")
    build_sample(work, work / "site")
    with served(work / "site") as site:
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
