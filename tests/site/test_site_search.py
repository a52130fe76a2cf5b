"""The search finds prose and commands, served and from the disk, and has no hex in its index."""

import html
import json
import re

import pytest
from playwright.sync_api import Page

from tests.site.build import Site

# Bytes as a dump prints them, and hashes. One MAC address in a sentence is no hex dump.
# A namespace's name in a command ends in twelve of them too, after a hyphen.
BYTES = re.compile(
    r"\b(?:[0-9a-f]{2} ){5,}[0-9a-f]{2}\b|(?<![\w-])(?=[a-f]*[0-9])[0-9a-f]{12,64}\b"
)


def raw_index(site: Site) -> list[dict[str, str]]:
    entries: list[dict[str, str]] = json.loads(
        (site.folder / "search/search_index.json").read_text()
    )["docs"]
    return entries


def unmarked(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def index(site: Site) -> list[dict[str, str]]:
    index_entries = raw_index(site)
    for entry in index_entries:
        entry["text"] = html.unescape(entry["text"])
    return index_entries


def results(page: Page, words: str) -> list[str]:
    """The addresses that the search box lists for `words`, typed as a reader would."""
    page.keyboard.press("/")
    page.keyboard.type(words)
    page.wait_for_function(
        "() => /match|no /i.test(document.querySelector('.md-search-result__meta').innerText)"
    )
    shown: list[str] = page.evaluate(
        "[...document.querySelectorAll('.md-search-result__link')].map(a => a.getAttribute('href'))"
    )
    return shown


@pytest.mark.parametrize("way", ["served", "file"])
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("bridge fdb", "index.html"),  # a command
        ("encapsulation", "other.html"),  # prose
        ("nothinghasthisword", ""),
    ],
)
def test_typing_finds_commands_and_prose(
    page: Page, sample: Site, way: str, words: str, found: str
) -> None:
    base = sample.url if way == "served" else sample.file_url
    page.goto(f"{base}/index.html")
    listed = results(page, words)
    assert any(found in address for address in listed) if found else listed == []


def test_output_is_not_in_the_index(sample: Site) -> None:
    text = json.dumps(index(sample))
    assert "bridge fdb show dev flannel.1" in text
    assert "self permanent" not in text


def test_the_index_of_the_guide_has_no_hex(guide: Site) -> None:
    hexes = [
        f"{entry['location']}: {match[0]}"
        for entry in index(guide)
        for match in BYTES.finditer(entry["text"])
    ]
    assert not hexes, "\n".join(hexes)


def test_what_commands_printed_is_not_in_the_index(guide: Site) -> None:
    entries = index(guide)
    missing = []
    for path in guide.pages:
        words = " ".join(e["text"] for e in entries if e["location"].split("#")[0] == path)
        page = (guide.folder / path).read_text()
        for out in re.findall(
            r'<div class="out[ "].*?</pre>(?:</details>)?</div>', page, re.DOTALL
        ):
            lines = html.unescape(re.sub(r"<[^>]+>", "", out)).splitlines()
            # Short lines may well stand in prose too.
            missing += [f"{path}: {line}" for line in lines if len(line) > 40 and line in words]
    assert not missing, "\n".join(missing)


def test_the_commands_of_the_guide_are_in_its_index(guide: Site) -> None:
    # Without marks first: what is escaped below is no mark. `<manifests/hello.yaml` is none.
    text = " ".join(unmarked(entry["text"]) for entry in raw_index(guide))
    words = " ".join(text.split())
    missing = []
    for path in guide.pages:
        if path.startswith("editions/"):  # a word is found once, in the edition shown by default
            continue
        page = (guide.folder / path).read_text()
        for head in re.findall(r'<figcaption class="block-cmd">.*?</figcaption>', page, re.DOTALL):
            command = " ".join(
                unmarked(re.findall(r"<code[^>]*>(.*?)</code>", head, re.DOTALL)[0]).split()
            )
            if command not in words:
                missing.append(f"{path}: {command}")
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("way", ["served", "file"])
def test_typing_finds_a_page_of_the_guide(page: Page, guide: Site, way: str) -> None:
    base = guide.url if way == "served" else guide.file_url
    page.goto(f"{base}/index.html")
    assert any("encapsulation" in address for address in results(page, "encapsulation"))


def test_the_index_check_would_see_hex() -> None:
    assert BYTES.search("02 42 ac 11 00 02 02 42")
    assert BYTES.search("385d43cc7ae5")
    assert not BYTES.search("iptables -t nat -S on 172.17.0.2, defaced, 2026-11-23")
