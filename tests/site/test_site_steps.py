"""Traces and ways through rules, step by step: by button, by key, by address; upright on a phone."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.site.browser import PHONE, size
from tests.site.build import Site


def test_a_trace_is_walked_by_key_and_each_step_has_an_address(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/flannel.html")
    steps = page.locator("#tr-way .steps")
    steps.get_by_role("button", name="step through").press("Enter")
    status = steps.get_by_role("status")
    expect(status).to_contain_text("No. 1, SYN, place 1 of 10")
    assert page.url.endswith("#tr-way-s1.1")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert page.url.endswith("#tr-way-s1.5")
    expect(status).to_contain_text("wrapped")
    # The drawing has the place, the boxes what is new, the topology the same interface.
    assert page.locator("#tr-way .tr-lanes .is-here").count() == 1
    changed = page.locator("#tr-way .steps-boxes .hd.is-changed > .hd-name > b").all_inner_texts()
    assert changed == ["Ethernet, outer", "IPv4, outer", "UDP", "VXLAN"]
    assert page.locator(".topology .interface.is-step").count() >= 1
    page.keyboard.press("Escape")
    expect(status).to_have_text("")
    assert page.locator(".is-here, .is-step").count() == 0


def test_a_step_can_be_sent_to_somebody(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/flannel.html#tr-way-s3.7")
    expect(page.locator("#tr-way .steps-said")).to_contain_text("place 7 of 10")
    expect(page.locator("#tr-way")).to_be_in_viewport()
    assert page.url.endswith("#tr-way-s3.7")


def test_a_step_that_is_no_more_leads_to_its_drawing(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/flannel.html#tr-way-s99.1")
    expect(page.locator("#tr-way")).to_be_in_viewport()
    expect(page.locator("#tr-way .steps-said")).to_have_text("")


def test_a_way_through_rules_is_walked_in_its_order(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/services.html")
    figure = page.locator("figure.rulepath").first
    figure.get_by_role("button", name="step through").click()
    numbers = []
    while True:
        numbers.append(int(figure.locator("svg:visible .is-here .rp-number").text_content() or 0))
        if figure.locator(".steps-next").is_disabled():
            break
        figure.locator(".steps-next").click()
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 4


def test_nothing_lies_on_the_buttons_of_a_step(page: Page, guide: Site) -> None:
    size(page, PHONE)
    page.goto(f"{guide.url}/services-nftables.html#t-met-s2")
    page.mouse.wheel(0, -40)  # upwards: Material shows its button
    page.wait_for_timeout(300)
    expect(page.locator("#t-met .steps-close")).to_be_in_viewport()
    assert page.locator(".md-top").is_hidden()


def test_without_scripts_there_is_the_whole_picture(browser: Browser, guide: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{guide.url}/flannel.html")
    assert page.locator(".steps").count() == 0
    assert page.locator("#tr-way .tr-lanes").is_visible()
    context.close()


def test_on_a_phone_a_trace_stands_upright_and_is_read_without_scrolling(
    page: Page, guide: Site
) -> None:
    size(page, PHONE)
    for path in guide.pages:
        if 'class="tr-upright"' not in (guide.folder / path).read_text():
            continue
        page.goto(f"{guide.url}/{path}")
        for figure in page.locator("figure.trace:has(.tr-upright)").all():
            upright = figure.locator(".tr-upright")
            assert upright.is_visible()
            assert figure.locator(".tr-scroll").is_hidden()
            assert upright.evaluate("el => el.scrollWidth <= el.clientWidth")
            small = upright.evaluate(
                """el => {
                     const svg = el.querySelector("svg");
                     const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
                     return [...svg.querySelectorAll("text")].map(
                       text => parseFloat(getComputedStyle(text).fontSize) * scale);
                   }"""
            )
            assert min(small) >= 11 * 0.97


def test_both_pictures_of_a_trace_have_the_same_dots(guide: Site) -> None:
    dots = re.compile(r'href="(#tr-[^"]+)" class="tr-dot')
    for path in guide.pages:
        for lanes, upright in re.findall(
            r'class="tr-scroll"(.*?)<div class="tr-upright">(.*?)</svg></div>',
            (guide.folder / path).read_text(),
            re.DOTALL,
        ):
            assert sorted(dots.findall(lanes)) == sorted(dots.findall(upright))
