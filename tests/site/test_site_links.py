"""Every link of a built page leads somewhere, captures included."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.site.build import GUIDE_PAGES, SAMPLE_PAGES, Site

# pcap in both byte orders and both resolutions of time, and pcapng.
MAGIC = {bytes.fromhex(m) for m in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "0a0d0d0a")}


class Links(HTMLParser):
    """The ids of a page, and what its attributes point to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            elif name in {"href", "src"} and value and tag != "image":
                self.targets.append(value)


def pages(site: Site) -> dict[Path, Links]:
    return {
        site.folder / path: Links((site.folder / path).read_text())
        for path in site.pages
        if path != "404.html"  # its links are absolute: it is shown at any address
    }


def broken(site: Site) -> list[str]:
    """Links to files or ids that are not there."""
    all_pages = pages(site)
    wrong = []
    for page, links in all_pages.items():
        for target in links.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if path.is_dir():
                path /= "index.html"
            if not path.is_file():
                wrong.append(f"{page.relative_to(site.folder)}: {target}")
            elif parts.fragment and path in all_pages:
                # The labels of Material's switches start with two underscores.
                ids = all_pages[path].ids
                if unquote(parts.fragment) not in ids and not parts.fragment.startswith("__"):
                    wrong.append(f"{page.relative_to(site.folder)}: {target}")
    return wrong


def test_tests_that_go_through_the_pages_know_them_all(guide: Site, sample: Site) -> None:
    assert guide.pages == GUIDE_PAGES
    assert sample.pages == SAMPLE_PAGES


def test_every_link_of_the_guide_leads_somewhere(guide: Site) -> None:
    wrong = broken(guide)
    assert not wrong, "\n".join(wrong)


def test_every_link_of_the_sample_leads_somewhere(sample: Site) -> None:
    assert broken(sample) == []


def test_a_broken_link_would_be_seen(own_sample: Site) -> None:
    folder, url, pages = own_sample.folder, own_sample.url, own_sample.pages
    (folder / "broken.html").write_text(
        '<a href="nowhere.pcap">x</a><a href="index.html#no-such-id">y</a>'
    )
    wrong = broken(Site(folder, url, (*pages, "broken.html")))
    assert wrong == ["broken.html: nowhere.pcap", "broken.html: index.html#no-such-id"]


def test_captures_that_can_be_downloaded_are_captures(guide: Site, sample: Site) -> None:
    for site in (guide, sample):
        for page, links in pages(site).items():
            for target in links.targets:
                if target.endswith((".pcap", ".pcapng")):
                    path = (page.parent / unquote(target)).resolve()
                    assert path.read_bytes()[:4] in MAGIC, f"{page.name}: {target}"


def test_ids_are_unique_on_every_page(guide: Site, sample: Site) -> None:
    for site in (guide, sample):
        for page, links in pages(site).items():
            twice = {i for i in links.ids if links.ids.count(i) > 1}
            assert not twice, f"{page.name}: {twice}"
