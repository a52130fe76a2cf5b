"""What readers of good documentation are used to: addresses of lines, a sheet of keys, feeds."""

import re
from xml.etree import ElementTree as ET

from playwright.sync_api import Page, expect

from tests.site.build import Site


def test_each_page_says_what_it_is_about(guide: Site) -> None:
    descriptions = {}
    for path in guide.pages:
        if path == "404.html" or path.startswith("editions/"):
            continue
        text = (guide.folder / path).read_text()
        match = re.search(r'<meta name="description" content="([^"]*)"', text)
        assert match, path
        assert 'property="og:description"' in text
        descriptions[path] = match[1]
    assert all(len(words) >= 30 for words in descriptions.values()), descriptions
    assert len(set(descriptions.values())) == len(descriptions)


def test_robots_and_the_feed_are_there(guide: Site) -> None:
    assert "Allow: /" in (guide.folder / "robots.txt").read_text()
    feed = ET.parse(guide.folder / "changes.xml").getroot()  # noqa: S314 our own file
    assert feed.tag.endswith("feed")
    assert len(feed.findall("{http://www.w3.org/2005/Atom}entry")) >= 1


def test_a_line_of_output_has_an_address(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/flannel.html#b-routes-L4")
    lit = "[...CSS.highlights.get('line') ?? []].map(String).join()"
    page.wait_for_function(f"{lit}.includes('via 10.42.1.0')")
    expect(page.locator("#b-routes")).to_be_in_viewport()


def test_a_drawing_shows_its_address(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/flannel.html")
    assert page.locator("#tr-way > figcaption .figure-link").get_attribute("href") == "#tr-way"
    assert page.locator('#b-routes .meta a[href="#b-routes"]').count() == 1


def test_a_question_mark_shows_the_keys(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/index.html")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
