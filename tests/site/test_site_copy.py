"""The copy button copies the command, nothing else, and tells that it did."""

import html
import re

import pytest
from playwright.sync_api import Browser, Page

from tests.site.build import Site

LOOP = 'for name in red blue; do\n  ip netns add "$name"\ndone && ip netns list'


def clipboard(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


@pytest.mark.parametrize(
    ("block", "command"), [("route", "ip -4 route show table main"), ("loop", LOOP)]
)
def test_the_command_alone_is_copied(page: Page, sample: Site, block: str, command: str) -> None:
    page.goto(f"{sample.url}/index.html")
    page.locator(f"#b-{block} .copy").click()
    page.locator(f"#b-{block} .copy[data-done]").wait_for()
    assert clipboard(page) == command


def test_it_tells_eyes_and_screen_readers(page: Page, sample: Site) -> None:
    page.goto(f"{sample.url}/index.html")
    button = page.locator("#b-route .copy")
    before = button.bounding_box()
    button.press("Enter")
    page.get_by_text("copied", exact=True).wait_for()
    page.locator("[role=status]", has_text="Command copied").wait_for(state="attached")
    assert button.bounding_box() == before


@pytest.mark.parametrize("why", ["absent", "refused"])
def test_without_the_clipboard_api_the_old_way_copies(page: Page, sample: Site, why: str) -> None:
    page.goto(f"{sample.url}/index.html")
    page.evaluate("navigator.clipboard.writeText('something else')")
    page.evaluate(
        "const read = navigator.clipboard.readText.bind(navigator.clipboard);"
        "window.read = read;"
        "Object.defineProperty(navigator, 'clipboard', {configurable: true, value: "
        + ("undefined" if why == "absent" else "{writeText: () => Promise.reject(Error())}")
        + "})"
    )
    page.locator("#b-loop .copy").click()
    page.locator("#b-loop .copy[data-done]").wait_for()
    assert page.evaluate("read()") == LOOP
    assert page.evaluate("document.activeElement.className") == "copy"


def test_from_a_file_it_copies_too(browser: Browser, sample: Site) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{sample.file_url}/index.html")
    page.locator("#b-route .copy").click()
    page.locator("#b-route .copy[data-done]").wait_for()
    context.close()


def test_where_nothing_can_be_copied_the_command_is_selected(page: Page, sample: Site) -> None:
    page.goto(f"{sample.url}/index.html")
    page.evaluate(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined});"
        "document.execCommand = () => false"
    )
    page.locator("#b-route .copy").click()
    page.locator("[role=status]", has_text="Ctrl+C").wait_for(state="attached")
    assert page.evaluate("getSelection().toString()") == "ip -4 route show table main"


def test_every_block_of_the_guide_copies_its_own_command(guide: Site) -> None:
    wrong = []
    for path in guide.pages:
        text = (guide.folder / path).read_text()
        # A manifest's button copies the file, not its name; its own test has that.
        text = re.sub(
            r'<figure class="block block-manifest".*?</figcaption>', "", text, flags=re.DOTALL
        )
        for head in re.findall(r'<figcaption class="block-cmd">.*?</figcaption>', text, re.DOTALL):
            code = re.search(r"<code[^>]*>(.*?)</code>", head, re.DOTALL)
            data = re.search(r'data-copy="([^"]*)"', head)
            shown = html.unescape(re.sub(r"<[^>]+>", "", code[1])) if code else ""
            if not data or html.unescape(data[1]) != shown:
                wrong.append(f"{path}: {head[:200]}")
    assert not wrong, "\n".join(wrong)
