"""A packet that is chosen in a trace's drawing opens below it: by mouse, by key, without scripts."""

from playwright.sync_api import Browser, Page, expect

from tests.site.build import Site


def test_a_dot_opens_what_the_packet_was_there(page: Page, sample: Site) -> None:
    page.goto(f"{sample.url}/figures.html")
    dots = page.locator('#tr-way .tr-lanes .tr-row[data-n="4"] .tr-dot')
    assert dots.count() == 10
    # At eth1 it is wrapped: its third form, after the pod's side and flannel.1.
    dots.nth(4).click()
    expect(page.locator("#tr-way-4-3")).to_have_attribute("open", "")
    expect(page.locator("#tr-way-4-3 .hd-name", has_text="VXLAN")).to_be_visible()
    expect(page.locator('#tr-way svg .is-on[data-n="4"]')).to_have_count(3)
    page.locator("#tr-way-4 > summary").click()
    expect(page.locator("#tr-way svg .is-on")).to_have_count(0)


def test_keys_go_from_packet_to_packet_and_open_one(page: Page, sample: Site) -> None:
    page.goto(f"{sample.url}/figures.html")
    names = page.locator("#tr-way .tr-labels a")
    names.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#tr-way-3")).to_have_attribute("open", "")
    expect(page.locator("#tr-way-3 > summary")).to_be_focused()


def test_an_address_with_a_packet_opens_it(page: Page, sample: Site) -> None:
    page.goto(f"{sample.url}/figures.html#tr-way-6-2")
    expect(page.locator("#tr-way-6-2")).to_have_attribute("open", "")
    expect(page.locator("#tr-way-6-2 figure.packet")).to_be_visible()


def test_without_scripts_a_name_leads_to_its_packet(browser: Browser, sample: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{sample.url}/figures.html")
    page.locator("#tr-way .tr-labels a").nth(4).click()
    assert page.url.endswith("#tr-way-5")
    expect(page.locator("#tr-way-5 > summary")).to_be_in_viewport()
    context.close()


def test_the_names_stay_when_the_lanes_are_moved(page: Page, sample: Site) -> None:
    page.set_viewport_size({"width": 740, "height": 800})
    page.goto(f"{sample.url}/figures.html")
    labels, box = page.locator("#tr-way .tr-labels"), page.locator("#tr-way .tr-scroll")
    before = labels.bounding_box()
    box.evaluate("element => { element.scrollLeft = 20 }")
    assert labels.bounding_box() == before
    assert box.evaluate("element => element.scrollLeft") == 20
