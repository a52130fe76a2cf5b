"""Pages can be read without JavaScript, by keyboard, on a phone, in print."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.site.browser import DESKTOP, PHONE, open_all, size
from tests.site.build import GUIDE_PAGES, SAMPLE_PAGES, Site

# What is folded has a size, but is not shown: playwright's is_visible() does not see that.
VISIBLE = "el => el.checkVisibility()"


def test_without_javascript_everything_is_there(browser: Browser, sample: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{sample.url}/index.html")
    assert page.locator("#b-fdb .out").is_visible()
    assert "dst 192.168.56.11 self permanent" in page.locator("#b-fdb .out").inner_text()
    assert page.locator(".copy").first.is_hidden(), "a button that can do nothing is not shown"
    folded = page.locator(".fold pre", has_text="default via 10.0.2.2 dev eth0")
    assert not folded.evaluate(VISIBLE)
    page.locator("#b-route summary", has_text="3 lines").click()
    assert folded.evaluate(VISIBLE)
    page.get_by_role("link", name="Other").first.click()
    assert page.url.endswith("/other.html")
    context.close()


@pytest.mark.parametrize("path", GUIDE_PAGES)
def test_without_javascript_the_guide_shows_its_blocks(
    browser: Browser, guide: Site, path: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{guide.url}/{path}")
    assert page.locator("h1").is_visible()
    hidden = page.evaluate(
        """() => [...document.querySelectorAll("article figure")]
             .filter(el => !el.checkVisibility() && !el.closest("details:not([open])"))
             .map(el => el.id)"""
    )
    assert not hidden
    context.close()


@dataclass(frozen=True, slots=True)
class Visit:
    """What is wrong with a page: looked at once, on a narrow phone and then on paper."""

    too_wide: list[str]
    broken: list[str]
    words: int
    not_printed: list[str]


# The site ("guide" or "sample") and the page -> what was seen there; looked at once a process.
Visited = Callable[[str, str], Visit]
ALL_PAGES = [
    *(("guide", path) for path in GUIDE_PAGES),
    *(("sample", path) for path in SAMPLE_PAGES),
]


@pytest.fixture(scope="module")
def visited(context: BrowserContext, guide: Site, sample: Site) -> Iterator[Visited]:
    page = context.new_page()
    size(page, (360, 740))
    sites = {"guide": guide, "sample": sample}
    yield cache(lambda site, path: visit(page, f"{sites[site].url}/{path}"))
    page.close()


def visit(page: Page, address: str) -> Visit:
    page.goto(address)
    broken = page.locator("article .whole").evaluate_all(
        "all => all.filter(el => el.getClientRects().length > 1).map(el => el.textContent)"
    )
    words = page.locator("article .whole").count()
    wide = too_wide(page)
    page.emulate_media(media="print")
    # Paper has a packet's boxes or its line in a list; its other forms stay on the screen, and so
    # does what is there to be pasted.
    not_printed = page.evaluate(
        """() => [...document.querySelectorAll("article details > *:not(summary)")]
             .filter(el => !el.checkVisibility() && !el.closest(".text-equivalent, .pl details, .trace details, .pk-below, .hands, .block .first"))
             .map(el => el.outerHTML.slice(0, 100))"""
    )
    page.emulate_media(media="screen")
    open_all(page)
    return Visit(wide + too_wide(page), broken, words, not_printed)


def too_wide(page: Page) -> list[str]:
    """How wide a page of 360 px is that scrolls sideways, and what makes it so."""
    width = page.evaluate("document.documentElement.scrollWidth")
    if width <= 360:
        return []
    culprit = page.evaluate(
        """() => [...document.querySelectorAll("article *")].filter(
             el => el.getBoundingClientRect().right > 361
               && !el.parentElement.closest("pre, svg, .scroll, [role=region]"))
           .slice(0, 3).map(el => el.outerHTML.slice(0, 120))"""
    )
    return [f"{width} px {culprit}"]


@pytest.mark.parametrize(("site", "path"), ALL_PAGES)
def test_no_page_scrolls_sideways_on_a_narrow_phone(visited: Visited, site: str, path: str) -> None:
    assert visited(site, path).too_wide == []


@pytest.mark.parametrize(("site", "path"), ALL_PAGES)
def test_no_option_is_broken_at_its_hyphen(visited: Visited, site: str, path: str) -> None:
    assert visited(site, path).broken == []


def test_the_guide_has_options_that_could_break(guide: Site) -> None:
    texts = [(guide.folder / path).read_text() for path in guide.pages]
    assert sum(text.count('class="whole"') for text in texts) > 100


@pytest.mark.parametrize(("site", "path"), ALL_PAGES)
def test_print_shows_what_is_folded(visited: Visited, site: str, path: str) -> None:
    assert visited(site, path).not_printed == []


def test_a_fold_that_is_closed_is_printed(page: Page, sample: Site) -> None:
    page.goto(f"{sample.url}/index.html")
    folded = page.locator(".fold pre", has_text="folded one")
    assert not folded.evaluate(VISIBLE)
    page.emulate_media(media="print")
    assert folded.evaluate(VISIBLE)
    assert page.get_by_text("Folded prose, printed as well.").evaluate(VISIBLE)


def test_on_a_phone_a_long_command_has_the_whole_width(page: Page, guide: Site) -> None:
    size(page, PHONE)
    page.goto(f"{guide.url}/by-hand.html")
    boxes = page.evaluate(
        """() => [...document.querySelectorAll(".block-cmd")].map(el => {
             const [prompt, code] = ["span.prompt", "code"].map(
               one => el.querySelector(one).getBoundingClientRect());
             return [code.top >= prompt.bottom, Math.round(code.left - prompt.left)];
           })"""
    )
    assert [True, 0] in boxes, "one goes below its prompt"
    assert any(not below and right > 40 for below, right in boxes), "one fits beside it"


def test_a_shade_says_that_there_is_more_to_the_right(page: Page, sample: Site) -> None:
    page.emulate_media(reduced_motion="reduce")  # it is no motion
    page.goto(f"{sample.url}/index.html")
    shade = "getComputedStyle(document.querySelector('#b-route .out')).boxShadow"
    there, gone = f"/ 0[.][1-9]/.test({shade})", f"/none|[/] 0[)]/.test({shade})"
    size(page, PHONE)
    page.wait_for_function(there)
    page.locator("#b-route .out").evaluate("el => { el.scrollLeft = el.scrollWidth }")
    page.wait_for_function(gone)
    page.locator("#b-route .out").evaluate("el => { el.scrollLeft = 0 }")
    page.wait_for_function(there)
    size(page, DESKTOP)
    page.wait_for_function(gone)


def test_a_wide_table_scrolls_by_keyboard(page: Page, guide: Site) -> None:
    size(page, (360, 740))
    page.goto(f"{guide.url}/by-hand.html")
    box = page.locator(".md-typeset__scrollwrap[tabindex='0']").first
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")


def test_wide_output_scrolls_in_its_own_box_by_keyboard(page: Page, sample: Site) -> None:
    size(page, PHONE)
    page.goto(f"{sample.url}/index.html")
    page.wait_for_timeout(50)
    out = page.locator("#b-fdb .out")
    assert out.get_attribute("tabindex") == "0"
    out.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#b-fdb .out').scrollLeft > 0")


def test_output_that_fits_is_no_tab_stop(page: Page, sample: Site) -> None:
    page.goto(f"{sample.url}/index.html")
    page.locator("#b-stale .out:not([tabindex])").wait_for()


def test_print_is_dark_on_light_whatever_the_screen(page: Page, sample: Site) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(f"{sample.url}/index.html")
    colour = "getComputedStyle(document.querySelector('.out')).color"
    assert page.evaluate(colour) == "rgb(228, 232, 239)"
    page.emulate_media(media="print", color_scheme="dark")
    page.wait_for_timeout(300)  # Material fades colours
    assert page.evaluate(colour) == "rgb(27, 33, 48)"


def test_the_scheme_follows_the_system_and_can_be_chosen(page: Page, sample: Site) -> None:
    scheme = "document.body.dataset.mdColorScheme"
    page.emulate_media(color_scheme="dark")
    page.goto(f"{sample.url}/index.html")
    assert page.evaluate(scheme) == "slate"
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"{scheme} === 'default'")
    page.locator("[data-md-component=palette] label:visible").click()
    page.locator("[data-md-component=palette] label:visible").click()
    page.wait_for_function(f"{scheme} === 'slate'")
    page.reload()
    assert page.evaluate(scheme) == "slate"
    page.evaluate("localStorage.clear()")


def test_the_first_tab_stop_skips_to_the_content(page: Page, sample: Site) -> None:
    page.goto(f"{sample.url}/index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.md-skip')")
    page.keyboard.press("Enter")
    assert "#" in page.url


@pytest.mark.parametrize(("name", "toggle"), [("Contents", "drawer"), ("Search", "search")])
def test_on_a_phone_contents_and_search_open_by_keyboard(
    page: Page, sample: Site, name: str, toggle: str
) -> None:
    size(page, PHONE)
    page.goto(f"{sample.url}/index.html")
    button = page.locator("header").get_by_role("button", name=name)
    assert button.get_attribute("aria-expanded") == "false"
    button.press("Enter")
    assert page.locator(f"#__{toggle}").is_checked()
    assert button.get_attribute("aria-expanded") == "true"


def test_what_has_the_focus_is_seen(page: Page, sample: Site) -> None:
    page.goto(f"{sample.url}/index.html")
    unseen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        style = page.evaluate(
            """() => { const el = document.activeElement, at = el.matches(".md-option")
                 ? el.nextElementSibling : el, css = getComputedStyle(at);
               return [at.outerHTML.slice(0, 100), css.outlineStyle, css.outlineWidth] }"""
        )
        if style[1] == "none" or style[2] == "0px":
            unseen.append(style[0])
    assert not unseen, "\n".join(unseen)
