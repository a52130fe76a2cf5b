"""Paper: pages that are full, words that can be read, and nothing cut by a page's end."""

import re

import pytest
from playwright.sync_api import Browser, Page

from tests.site import handout
from tests.site.build import Site

POINT = 96 / 72  # px
A4 = {"width": 695, "height": 900}  # what there is between the margins

# Sheets of paper, as columns beside each other: Chromium breaks both alike. What begins there and
# what it begins; both are to be on one sheet. The result names those that are apart.
STRANDED = """height => {
  const wide = 710, gap = 40, article = document.querySelector("article");
  article.style.cssText = `columns: ${wide}px auto; column-gap: ${gap}px; column-fill: auto;
    height: ${height}px; width: ${wide}px`;
  const left = article.getBoundingClientRect().left;
  const sheets = el => [...el.getClientRects()].filter(box => box.width && box.height)
    .map(box => Math.floor((box.left - left) / (wide + gap)));
  const next = el => el.nextElementSibling;
  const pairs = [
    [".nf-in", () => article.querySelector(".nf-prerouting")],
    [".fields tbody > tr:first-child", next],
    [".cmp-kept > :first-child", el => el.parentElement.lastElementChild],
    [".cmp-where", next],
    [".pl-head", el => article.querySelector(".pl > li")],
    [".packet .pl > li:first-child", next],
    ["ol.notes > li:first-child", next],
    [".block > figcaption:has(+ .silent)", next],
    ["details.question > summary", next],
    [".md-content__inner > :is(ul, ol) > li:first-child", next],
  ];
  return pairs.flatMap(([first, following]) => [...article.querySelectorAll(first)].flatMap(el => {
    const from = sheets(el).at(-1), to = sheets(following(el) ?? el)[0];
    return from === to || from === undefined || to === undefined ? []
      : [`${first}: ${el.textContent.trim().slice(0, 60)}`];
  }));
}"""


def paper(page: Page, guide: Site, path: str) -> None:
    page.set_viewport_size({"width": A4["width"], "height": A4["height"]})
    page.goto(f"{guide.url}/{path}")
    page.emulate_media(media="print")


@pytest.mark.parametrize("path", ["404.html", "reference/credits.html"])
def test_a_short_page_is_one_sheet(browser: Browser, guide: Site, path: str) -> None:
    page = browser.new_page()
    page.goto(f"{guide.url}/{path}")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1
    page.close()


def test_numbers_of_notes_do_not_lie_on_each_other(page: Page, guide: Site) -> None:
    paper(page, guide, "flannel.html")
    tall = page.evaluate(
        """() => [...document.querySelectorAll("ol.notes > li")].filter(note => {
             const mark = getComputedStyle(note, "::before");
             return parseFloat(mark.height) + 2 > parseFloat(getComputedStyle(note).lineHeight)
               || getComputedStyle(note).breakInside !== "avoid";
           }).length"""
    )
    assert page.locator("ol.notes > li").count() > 10
    assert tall == 0


@pytest.mark.parametrize("path", ["services.html", "services-nftables.html"])
def test_a_way_through_rules_can_be_read(page: Page, guide: Site, path: str) -> None:
    paper(page, guide, path)
    smallest = page.locator("figure.rulepath .topology-scroll > svg").evaluate(
        """svg => Math.min(...[...svg.querySelectorAll("text, tspan")]
             .filter(text => text.textContent.trim())
             .map(text => parseFloat(getComputedStyle(text).fontSize)))
           * Math.min(svg.getBoundingClientRect().width / svg.viewBox.baseVal.width,
                      svg.getBoundingClientRect().height / svg.viewBox.baseVal.height)"""
    )
    assert smallest >= 5.5 * POINT


def test_a_list_of_packets_has_a_line_for_each(page: Page, guide: Site) -> None:
    paper(page, guide, "calico.html")
    rows = page.locator(".pl > li > details")
    assert rows.count() == 7
    shown = page.evaluate(
        """() => [...document.querySelectorAll(".pl > li > details > :not(summary)")]
             .filter(el => el.checkVisibility()).length"""
    )
    assert shown == 0
    assert rows.first.bounding_box()["height"] < 60  # type: ignore[index]


def test_what_belongs_together_stays_together(page: Page, guide: Site) -> None:
    def style(path: str, what: str, name: str) -> str:
        paper(page, guide, path)
        return str(page.locator(what).first.evaluate("(el, n) => getComputedStyle(el)[n]", name))

    assert style("reference/glossary.html", "dt", "breakAfter") == "avoid"
    assert style("ips.html", ".handover-rows > li", "breakInside") == "avoid"
    assert style("docker.html", ".nf-hook", "breakInside") == "avoid"
    assert style("reference/options.html", "article h3 + p", "breakAfter") == "avoid"


@pytest.mark.parametrize(
    "path", ["ips.html", "docker.html", "services.html", "flannel.html", "calico.html"]
)
def test_nothing_stands_alone_before_a_page_ends(page: Page, guide: Site, path: str) -> None:
    """Wherever the pages end: sheets of ten heights have other ends."""
    paper(page, guide, path)
    alone = {height: page.evaluate(STRANDED, height) for height in range(840, 1040, 20)}
    assert {height: found for height, found in alone.items() if found} == {}


def test_what_stays_together_on_paper_is_small(page: Page, guide: Site) -> None:
    """A long output, a table, and a fold with a figure go on overleaf."""
    paper(page, guide, "calico.html")
    tall = page.evaluate(
        """() => [...document.querySelectorAll("article *")]
             .filter(el => getComputedStyle(el).breakInside === "avoid"
               && !el.closest("figure:is(.topology, .trace, .netfilter)"))
             .map(el => [el.offsetHeight, el.tagName, el.className])
             .filter(([height]) => height > 250)"""
    )
    assert tall == []


def test_links_of_the_whole_guide_lead_within_it(guide: Site) -> None:
    html = handout.whole(guide.folder)
    links = set(re.findall(r' href="([^"]*)"', html.partition("</head>")[2]))
    assert {"#flannel", "#services--the-rules"} <= links
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    lost = [link for link in links if link.startswith("#") and link[1:] not in ids]
    assert lost == []
    assert all(link.startswith(("#", "https://", "http://", "data:image/")) for link in links)
    assert html.count("Packet by Packet - Packet by Packet") == 0


def test_the_title_page_says_what_the_guide_is_in_whole_sentences(guide: Site) -> None:
    title = re.search(r'title-page">(.*?)</article>', handout.whole(guide.folder), re.DOTALL)
    assert title
    about = re.findall(r"<p>(.*?)</p>", title[1], re.DOTALL)[0]
    assert about.startswith("A guide to Kubernetes networking")
    assert about.endswith(".")
    assert "…" not in about


def test_lists_of_the_whole_guide_are_set_in(page: Page, guide: Site) -> None:
    head, _, body = handout.whole(guide.folder).partition("<body")
    sheet = re.search(r'<link rel="stylesheet" href="([^"]+)"', head)
    assert sheet
    page.goto(f"{guide.url}/404.html")
    page.set_content(
        f'<link rel="stylesheet" href="{guide.url}/{sheet[1]}"><body{body.partition(">")[0]}>'
        '<article class="md-typeset"><ul><li>one</li></ul></article>'
    )
    assert page.locator("li").evaluate("li => parseFloat(getComputedStyle(li).marginLeft) > 8")


def test_small_print_ends_with_what_it_says(page: Page, guide: Site) -> None:
    paper(page, guide, "services.html")
    left = page.evaluate(
        """() => [...document.querySelectorAll(".block .meta dl")].map(list =>
             [...list.children].filter(el => el.checkVisibility()).at(-1))
           .filter(last => last && getComputedStyle(last, "::after").content.includes("\\u00b7"))
           .length"""
    )
    assert left == 0
