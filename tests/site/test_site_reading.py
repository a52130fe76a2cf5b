"""Pages can be read without JavaScript, by keyboard, on a phone, in print."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.site.browser import DESKTOP, PHONE, size
from tests.site.build import GUIDE_PAGES, SAMPLE_PAGES, Site
from tests.site.visits import Visit

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
    scriptless: BrowserContext, guide: Site, path: str
) -> None:
    page = scriptless.new_page()
    page.goto(f"{guide.url}/{path}")
    assert page.locator("h1").is_visible()
    hidden = page.evaluate(
        """() => [...document.querySelectorAll("article figure")]
             .filter(el => !el.checkVisibility() && !el.closest("details:not([open])"))
             .map(el => el.id)"""
    )
    assert not hidden
    page.close()


ALL_PAGES = [
    *(("guide", path) for path in GUIDE_PAGES),
    *(("sample", path) for path in SAMPLE_PAGES),
]


@pytest.mark.parametrize(("site", "path"), ALL_PAGES)
def test_no_page_scrolls_sideways_on_a_narrow_phone(seen: Visit) -> None:
    assert seen.too_wide == []


@pytest.mark.parametrize(("site", "path"), ALL_PAGES)
def test_a_block_far_below_has_the_size_that_it_will_have(seen: Visit) -> None:
    """Else it lies over the next one, as Lighthouse says of its buttons, or the page jumps."""
    assert seen.misjudged == []


@pytest.mark.parametrize(("site", "path"), ALL_PAGES)
def test_no_option_is_broken_at_its_hyphen(seen: Visit) -> None:
    assert seen.broken == []


def test_the_guide_has_options_that_could_break(guide: Site) -> None:
    texts = [(guide.folder / path).read_text() for path in guide.pages]
    assert sum(text.count('class="whole"') for text in texts) > 100


@pytest.mark.parametrize(("site", "path"), ALL_PAGES)
def test_print_shows_what_is_folded(seen: Visit) -> None:
    assert seen.not_printed == []


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
