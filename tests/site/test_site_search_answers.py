"""What readers type leads them where they want to be: the first result, which Enter opens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.site.build import Site

LINES = Path(__file__).with_name("queries.txt").read_text(encoding="utf-8").splitlines()
QUERIES = [line.split(" > ") for line in LINES if " > " in line and not line.startswith("#")]
BEST = """query => new Promise((resolve) => {
  const list = document.querySelector(".md-search-result__list");
  const input = document.querySelector(".md-search__input");
  list.replaceChildren();
  const found = () => [...list.querySelectorAll("a.md-search-result__link")]
    .map(link => [+link.querySelector("article").dataset.mdScore, new URL(link.href)])
    .sort(([one], [other]) => other - one)[0];
  const watch = new MutationObserver(() => {
    if (!found()) return;
    watch.disconnect();
    setTimeout(() => {
      const [, url] = found();
      resolve(url.pathname.slice(1).replace(".html", "") + url.hash);
    }, 30);
  });
  watch.observe(list, {childList: true, subtree: true});
  setTimeout(() => resolve("nothing"), 3000);
  input.value = query;
  input.dispatchEvent(new Event("keyup", {bubbles: true}));
})"""


@pytest.fixture(scope="module")
def searching(context: BrowserContext, guide: Site) -> Iterator[Page]:
    page = context.new_page()
    page.goto(f"{guide.url}/index.html")
    page.keyboard.press("/")
    page.keyboard.type("packet")
    page.locator(".md-search-result__item").first.wait_for()
    yield page
    page.close()


def test_there_are_sixty_queries() -> None:
    assert len(QUERIES) >= 60
    assert len({query for query, _ in QUERIES}) == len(QUERIES)


def test_each_query_finds_its_place_first(searching: Page) -> None:
    wrong = []
    for query, places in QUERIES:
        best = searching.evaluate(BEST, query)
        if best not in places.split():
            wrong.append(f"{query}: {best}, not {places}")
    assert not wrong, "\n".join(wrong)


def test_places_of_the_queries_are_there(guide: Site) -> None:
    gone = []
    for query, places in QUERIES:
        for path in places.split():
            page, _, anchor = path.partition("#")
            if f'id="{anchor}"' not in (guide.folder / f"{page}.html").read_text():
                gone.append(f"{query}: {path}")
    assert not gone, "\n".join(gone)


def test_enter_opens_the_first_result(searching: Page, guide: Site) -> None:
    searching.locator(".md-search__input").fill("")
    searching.locator(".md-search__input").press_sequentially("KUBE-MARK-MASQ")
    searching.locator(".md-search-result__link", has_text="KUBE-MARK-MASQ").first.wait_for()
    searching.keyboard.press("Enter")
    searching.wait_for_url("**/services.html*#b-mark")
    searching.goto(f"{guide.url}/index.html")
