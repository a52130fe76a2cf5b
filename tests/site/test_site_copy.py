"""The copy button copies the command, nothing else, and tells that it did."""

import html
import re

import pytest
from playwright.sync_api import Browser, Page

from macros.cli.settings import guide_of_checkout
from macros.handson import copied
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


def test_every_block_of_the_guide_copies_what_a_reader_types(guide: Site) -> None:
    wrong = []
    for path in guide.pages:
        text = (guide.folder / path).read_text()
        forms = _typed(path)
        figures = re.findall(
            r'<figure class="block[^"]*" id="b-([^"]+)"(.*?)</figcaption>', text, re.DOTALL
        )
        for name, head in figures:
            command = head.partition('<figcaption class="block-cmd">')[2]
            code = re.search(r"<code[^>]*>(.*?)</code>", command, re.DOTALL)
            data = re.search(r'data-copy="([^"]*)"', command)
            shown = html.unescape(re.sub(r"<[^>]+>", "", code[1])) if code else ""
            if not data or html.unescape(data[1]) != forms.get(name, shown):
                wrong.append(f"{path}: {name}")
    assert not wrong, "\n".join(wrong)


def _typed(path: str) -> dict[str, str]:
    """What a reader types for the blocks of a page of the site, by their ids."""
    *folders, name = path.removesuffix(".html").split("/")
    shown = guide_of_checkout(folders[1] if folders[:1] == ["editions"] else None)
    key = name if folders[:1] == ["editions"] else "-".join([*folders, name])
    held = shown.held.get(key)
    if held is None:
        return {}
    forms = copied.of_page(held.pages[key], held.recorded(key).blocks)
    return {typed.block.id: typed.copied for form in forms for typed in form.all}


def test_a_value_of_the_recording_is_marked_and_copied_as_the_line_that_finds_it(
    page: Page, guide: Site
) -> None:
    page.goto(f"{guide.url}/docker.html")
    block = page.locator("#b-web-outside")
    assert block.locator(".block-cmd .own-value").text_content() == "8"
    block.locator(".block-cmd .copy").click()
    block.locator(".copy[data-done]").wait_for()
    value, command = clipboard(page).splitlines()
    assert value.startswith("WEBIF=$(docker exec web ip addr show eth0 | ")
    assert command == 'ip link | grep "^$WEBIF: "'


def test_a_capture_can_be_copied_above_its_command(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/by-hand.html")
    first = page.locator("#b-ping-blue .first")
    assert "terminal 2, node0" in (first.text_content() or "")
    first.get_by_role("button").click()
    first.locator(".copy[data-done]").wait_for()
    assert clipboard(page) == "tcpdump -nn -e -i br0 -c 4 arp or icmp"


@pytest.mark.parametrize("name", ["node0", "node1"])
def test_all_commands_of_a_page_are_copied_for_one_machine(
    page: Page, guide: Site, name: str
) -> None:
    page.goto(f"{guide.url}/docker.html")
    page.locator(".hands-all").get_by_role("button", name=name).click()
    page.locator(".hands-all .copy[data-done]").wait_for()
    copied_text = clipboard(page)
    assert ("systemctl start docker" in copied_text) == (name == "node0")
    assert ("ip route add 172.17.0.0/16 via" in copied_text) == (name == "node1")
