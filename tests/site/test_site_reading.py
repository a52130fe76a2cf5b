"""Pages can be read without JavaScript, by keyboard, on a phone, in print."""

import pytest
from playwright.sync_api import Browser, Page

from tests.site.browser import PHONE, open_all, size
from tests.site.build import Site

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


def test_without_javascript_the_guide_shows_its_blocks(browser: Browser, guide: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for path in guide.pages:
        page.goto(f"{guide.url}/{path}")
        assert page.locator("h1").is_visible(), path
        hidden = page.evaluate(
            """() => [...document.querySelectorAll("article figure")]
                 .filter(el => !el.checkVisibility() && !el.closest("details:not([open])"))
                 .map(el => el.id)"""
        )
        assert not hidden, f"{path}: {hidden}"
    context.close()


@pytest.mark.parametrize("opened", [False, True])
def test_no_page_scrolls_sideways_on_a_narrow_phone(
    page: Page, guide: Site, sample: Site, opened: bool
) -> None:
    size(page, (360, 740))
    wide = []
    for site in (guide, sample):
        for path in site.pages:
            page.goto(f"{site.url}/{path}")
            if opened:
                open_all(page)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > 360:
                culprit = page.evaluate(
                    """() => [...document.querySelectorAll("article *")].filter(
                         el => el.getBoundingClientRect().right > 361
                           && !el.parentElement.closest("pre, svg, .scroll, [role=region]"))
                       .slice(0, 3).map(el => el.outerHTML.slice(0, 120))"""
                )
                wide.append(f"{path}: {width} px {culprit}")
    assert not wide, "\n".join(wide)


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


def test_print_shows_what_is_folded(page: Page, guide: Site, sample: Site) -> None:
    page.goto(f"{sample.url}/index.html")
    folded = page.locator(".fold pre", has_text="folded one")
    assert not folded.evaluate(VISIBLE)
    page.emulate_media(media="print")
    assert folded.evaluate(VISIBLE)
    assert page.get_by_text("Folded prose, printed as well.").evaluate(VISIBLE)
    hidden = []
    for path in guide.pages:
        page.goto(f"{guide.url}/{path}")
        hidden += page.evaluate(
            """path => [...document.querySelectorAll("article details > *:not(summary)")]
                 .filter(el => !el.checkVisibility())
                 .map(el => path + ": " + el.outerHTML.slice(0, 100))""",
            path,
        )
    assert not hidden, "\n".join(hidden)


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
