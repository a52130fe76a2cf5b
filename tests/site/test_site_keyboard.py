"""What is jumped to and what has the focus is seen: never under the header, never out of sight."""

import pytest
from playwright.sync_api import Page

from tests.site.browser import DESKTOP, PHONE, size
from tests.site.build import Site

HEADER = "document.querySelector('.md-header').getBoundingClientRect().bottom"
# A stop is seen when some of it lies in the window, is not hidden, and not under the header.
STOP = """() => {
  const el = document.activeElement;
  const shown = el.matches(".md-option") ? el.nextElementSibling : el;
  const box = shown.getBoundingClientRect();
  const header = document.querySelector(".md-header").getBoundingClientRect().bottom;
  const beside = shown.closest(".md-header, .md-skip, .md-sidebar, .md-search");
  const seen = box.width > 1 && box.height > 1 && box.right > 0 && box.left < innerWidth
    && box.bottom > 0 && box.top < innerHeight && shown.checkVisibility({visibilityProperty: true})
    && (beside || box.top >= header - 1 || box.bottom > innerHeight);
  return seen ? null : shown.outerHTML.slice(0, 120);
}"""


@pytest.mark.parametrize("view", [DESKTOP, PHONE])
@pytest.mark.parametrize(
    "address",
    ["services.html#b-rules", "flannel.html#p-way", "flannel.html#tr-way-2", "docker.html#inwards"],
)
def test_what_an_address_leads_to_stands_below_the_header(
    page: Page, guide: Site, view: tuple[int, int], address: str
) -> None:
    size(page, view)
    path, _, target = address.partition("#")
    page.goto(f"{guide.url}/{path}")
    if page.locator(f"#{target}").count() == 0:
        # Chapters change; any figure will do.
        kind = target.partition("-")[0]
        target = page.locator(f"figure[id^='{kind}-']").nth(1).get_attribute("id") or ""
    page.goto(f"{guide.url}/{path}#{target}")
    page.wait_for_function(
        f"""() => {{
             const top = document.getElementById("{target}").getBoundingClientRect().top;
             return top >= {HEADER} && top < {HEADER} + 60;
           }}"""
    )


def test_a_packet_chosen_in_a_trace_stands_below_the_header(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/flannel.html")
    link = page.locator("#tr-way .tr-labels a").nth(1)
    # The drawing at the lower edge, so that opening the packet scrolls; then from below it.
    page.evaluate("document.querySelector('#tr-way .tr-files').scrollIntoView({block: 'start'})")
    link.evaluate("el => el.dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    top = page.locator("#tr-way-2 > summary").evaluate("el => el.getBoundingClientRect().top")
    assert top >= page.evaluate(HEADER)


def stops(page: Page, key: str, count: int) -> list[str]:
    unseen = []
    for _ in range(count):
        page.keyboard.press(key)
        wrong = page.evaluate(STOP)
        if wrong:
            unseen.append(wrong)
    return unseen


@pytest.mark.parametrize("view", [DESKTOP, PHONE, (1000, 800)])
def test_no_tab_stop_is_out_of_sight(page: Page, guide: Site, view: tuple[int, int]) -> None:
    size(page, view)
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{guide.url}/by-hand.html")
    assert stops(page, "Tab", 45) == []


def test_backwards_the_focus_is_never_under_the_header(page: Page, guide: Site) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{guide.url}/by-hand.html")
    page.locator("article a").last.focus()
    assert stops(page, "Shift+Tab", 60) == []


def test_escape_closes_the_drawer_and_gives_the_focus_back(page: Page, guide: Site) -> None:
    size(page, PHONE)
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{guide.url}/by-hand.html")
    button = page.locator("header").get_by_role("button", name="Contents")
    button.press("Enter")
    assert page.evaluate("!!document.activeElement.closest('.md-sidebar--primary')")
    assert page.evaluate(STOP) is None
    page.keyboard.press("Escape")
    assert not page.locator("#__drawer").is_checked()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Contents"
