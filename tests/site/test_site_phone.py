"""On a phone drawings are read without scrolling sideways; what has no form for that opens whole."""

import pytest
from playwright.sync_api import Page

from tests.site.browser import DESKTOP, PHONE, size
from tests.site.build import GUIDE_PAGES, Site

SMALLEST = """svg => {
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return Math.min(...[...svg.querySelectorAll("text, tspan")].filter(text => text.textContent.trim())
    .map(text => parseFloat(getComputedStyle(text).fontSize) * scale));
}"""
BIG = {("encapsulation", "t-internet"), ("vlans", "t-tagged")}
"""Four and five columns that cables join: 655 and 724 px, where a phone has room for three."""


@pytest.mark.parametrize("path", GUIDE_PAGES)
def test_a_drawing_fits_a_phone_with_text_that_can_be_read(
    page: Page, guide: Site, path: str
) -> None:
    if '<figure class="topology' not in (guide.folder / path).read_text():
        return
    size(page, PHONE)
    page.goto(f"{guide.url}/{path}")
    page.add_style_tag(content="figure { content-visibility: visible !important }")
    for figure in page.locator("figure.topology").all():
        if not figure.is_visible():  # in a fold
            continue
        shown = figure.locator("> :is(.topology-scroll, .drawn-narrow):visible")
        assert shown.count() == 1
        name = (path.removesuffix(".html").split("/")[-1], figure.get_attribute("id"))
        if name in BIG:
            assert figure.get_by_role("button", name="all of the drawing").is_visible()
            continue
        assert shown.evaluate("box => box.scrollWidth <= box.clientWidth"), name
        assert shown.locator("svg").evaluate(SMALLEST) >= 11 * 0.97, name
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_a_big_drawing_opens_as_a_whole_and_closes(page: Page, guide: Site) -> None:
    size(page, PHONE)
    page.goto(f"{guide.url}/vlans.html")
    figure = page.locator("#t-tagged")
    figure.scroll_into_view_if_needed()
    figure.get_by_role("button", name="all of the drawing").click()
    whole = page.get_by_role("dialog", name="Two switches, two networks", exact=True)
    box = whole.locator("svg").bounding_box()
    sheet = whole.locator(".topology").bounding_box()  # what lies outside of it is not seen
    assert box
    assert sheet
    assert box["x"] >= sheet["x"]
    assert box["y"] >= sheet["y"]
    assert box["x"] + box["width"] <= sheet["x"] + sheet["width"] <= PHONE[0]
    assert box["y"] + box["height"] <= sheet["y"] + sheet["height"] <= PHONE[1]
    assert box["height"] > PHONE[0], "turned, it is larger than the phone is wide"
    page.keyboard.press("Escape")
    assert whole.count() == 0
    figure.get_by_role("button", name="all of the drawing").click()
    whole.get_by_role("button", name="close").click()
    assert whole.count() == 0
    assert page.evaluate("document.activeElement.className") == "zoom-open"


def test_on_a_desktop_there_is_one_drawing_and_no_button(page: Page, guide: Site) -> None:
    size(page, DESKTOP)
    for path in ("flannel.html", "vlans.html", "services.html"):
        page.goto(f"{guide.url}/{path}")
        page.add_style_tag(content="figure { content-visibility: visible !important }")
        assert page.locator(".topology-scroll > svg:visible").count() >= 1
        assert page.locator(":is(.drawn-narrow, .zoom-open):visible").count() == 0
