"""What only somebody who looks at the pages sees: words on words, lines through words, cut edges."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from playwright.sync_api import Page, expect

from tests.site.browser import DESKTOP, PHONE, size
from tests.site.build import GUIDE_PAGES, Site

ALL = "figure { content-visibility: visible !important }"
TRACED = [
    "index.html", "flannel.html", "services.html", "vlans.html", "macvlan.html", "calico.html",
]  # fmt: skip

# Texts of drawings that lie on each other, or leave the drawing.
COLLIDING = """figure => [...figure.querySelectorAll("svg")].filter(svg => svg.checkVisibility())
  .flatMap(svg => {
    const edge = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].map(text => [text.textContent,
      text.getBoundingClientRect()]).filter(([, box]) => box.width);
    // On a phone a trace's frames are as wide as the drawing: no words touch them.
    const room = svg.closest(".tr-upright") ? 3 : -1;
    const out = texts.filter(([, box]) => box.left < edge.left - 1 || box.right > edge.right - room)
      .map(([words]) => `${words} leaves the drawing`);
    const on = texts.flatMap(([words, one], at) => texts.slice(at + 1)
      .filter(([, other]) => one.left < other.right - 1 && other.left < one.right - 1
        && one.top < other.bottom - 3 && other.top < one.bottom - 3)
      .map(([others]) => `${words} lies on ${others}`));
    return [...out, ...on];
  })"""

# Times that the edge of a namespace's frame runs through.
CUT = """figure => {
  const edges = [...figure.querySelectorAll(".tr-lanes .place > rect")].flatMap(rect => {
    const box = rect.getBoundingClientRect();
    return [box.left, box.right];
  });
  return [...figure.querySelectorAll(".tr-lanes .took")].filter(text => {
    const box = text.getBoundingClientRect();
    return edges.some(edge => box.left + 1 < edge && edge < box.right - 1);
  }).map(text => text.textContent);
}"""

# Texts of a path through rules that leave their box, or are smaller than 11 px as shown.
LEAVING = """svg => {
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return [...svg.querySelectorAll("text")].flatMap(text => {
    const box = text.closest(".rp-chain, .rp-packet, .rp-end").querySelector("rect")
      .getBoundingClientRect();
    const own = text.getBoundingClientRect();
    const runs = [text, ...text.querySelectorAll("tspan")].filter(run => run.textContent);
    const size = scale * Math.min(...runs.map(run => parseFloat(getComputedStyle(run).fontSize)));
    const inside = own.left >= box.left && own.right <= box.right - 2
      && own.top >= box.top - 1 && own.bottom <= box.bottom + 1;
    return inside && size > 10.99 ? [] : [`${text.textContent}: ${size} px`];
  });
}"""


def visit(page: Page, guide: Site, path: str) -> None:
    page.goto(f"{guide.url}/{path}")
    page.add_style_tag(content=ALL)


@pytest.mark.parametrize("path", TRACED)
def test_words_of_a_trace_lie_on_nothing(page: Page, guide: Site, path: str) -> None:
    for view in (DESKTOP, PHONE):
        size(page, view)
        visit(page, guide, path)
        for figure in page.locator("figure.trace").all():
            assert figure.evaluate(COLLIDING) == [], view
            assert figure.evaluate(CUT) == []


@pytest.mark.parametrize(
    "path",
    [
        "services.html",
        "services-nftables.html",
        # Its chains have the longest names.
        "editions/2026-11-kubernetes-1.34/services-nftables.html",
    ],
)
def test_words_of_a_path_through_rules_stay_in_their_boxes(
    page: Page, guide: Site, path: str
) -> None:
    for view in (DESKTOP, PHONE):
        size(page, view)
        visit(page, guide, path)
        drawing = page.locator("figure.rulepath svg:visible")
        assert drawing.count() == 1
        assert drawing.evaluate(LEAVING) == [], view


@pytest.mark.parametrize("path", GUIDE_PAGES)
def test_drawings_fit_a_window_of_1280(page: Page, guide: Site, path: str) -> None:
    if not re.search(r'class="(tr-scroll|topology-scroll)', (guide.folder / path).read_text()):
        return
    size(page, DESKTOP)
    visit(page, guide, path)
    wide = page.evaluate(
        """() => [...document.querySelectorAll(".tr-scroll, .topology-scroll")]
             .filter(box => box.scrollWidth > box.clientWidth)
             .map(box => `${box.closest("figure").id} ${box.scrollWidth} ${box.clientWidth}`)"""
    )
    assert wide == []


def test_the_numbers_of_a_way_are_whole(page: Page, guide: Site) -> None:
    for view in (DESKTOP, PHONE):
        size(page, view)
        visit(page, guide, "flannel.html")
        cut = page.evaluate(
            """() => [...document.querySelectorAll("#t-on-its-way svg .place rect")]
                 .filter(rect => rect.checkVisibility()).filter(rect => {
                   const box = rect.getBoundingClientRect();
                   const svg = rect.ownerSVGElement.getBoundingClientRect();
                   return box.left < svg.left - 0.5 || box.right > svg.right + 0.5
                     || box.bottom > svg.bottom + 0.5;
                 }).map(rect => rect.nextElementSibling.textContent)"""
        )
        assert cut == []


def test_a_tag_is_drawn_and_said_where_it_is_put_in_and_taken_out(page: Page, guide: Site) -> None:
    visit(page, guide, "vlans.html")
    marks = page.locator("#tr-way .tr-lanes .pill text").all_text_contents()
    assert marks == ["+tag 10", "−tag 10", "+tag 10", "−tag 10"]  # noqa: RUF001 a minus
    assert page.locator("#tr-way .tr-legend").inner_text().startswith("+ tag")
    steps = page.locator("#tr-way .steps")
    steps.get_by_role("button", name="step through").click()
    page.keyboard.press("ArrowRight")
    expect(steps.get_by_role("status")).to_contain_text("tagged: VLAN 10, 4 bytes")
    assert page.locator(".cmp td", has_text="a VLAN tag follows").count() == 1


def test_a_legend_names_what_the_drawing_has(page: Page, guide: Site) -> None:
    visit(page, guide, "flannel.html")
    assert page.locator("#tr-out .tr-legend .is-nat").inner_text() == "SNAT"
    page.goto(f"{guide.url}/services.html")
    assert page.locator("#tr-way .tr-legend .is-nat").inner_text() == "DNAT"


def test_packets_of_a_trace_line_up(page: Page, guide: Site) -> None:
    size(page, DESKTOP)
    for path in ("flannel.html", "calico.html"):
        visit(page, guide, path)
        for figure in page.locator("figure.trace:has(.tr-packets)").all():
            lefts = figure.evaluate(
                """figure => [...figure.querySelectorAll(".tr-packets .tr-what")]
                     .map(what => Math.round(what.getBoundingClientRect().left))"""
            )
            assert len(set(lefts)) == 1, (path, lefts)


def test_a_few_bytes_stand_in_one_line(page: Page, guide: Site) -> None:
    size(page, DESKTOP)
    visit(page, guide, "encapsulation.html")
    broken = page.evaluate(
        """() => [...document.querySelectorAll(".fields .c-hex:not(.c-long)")]
             .filter(cell => cell.checkVisibility() && cell.clientHeight > 40)
             .filter(cell => {
               const range = document.createRange();
               range.selectNodeContents(cell);
               return new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1;
             }).map(cell => cell.textContent)"""
    )
    assert page.locator(".fields .c-hex:not(.c-long):visible").count() > 10
    assert broken == []


def sentences(html: str) -> Iterator[str]:
    """The text of each element that stands in a block of its own."""
    prose = re.sub(r"<(script|style|pre|svg|code)\b.*?</\1>", " x ", html, flags=re.DOTALL)
    prose = re.sub(r"</?(?:em|strong|b|i|a|span)\b[^>]*>", "", prose)
    yield from (unescape(text) for text in re.findall(r">([^<>]+)<", prose))


@pytest.mark.parametrize("path", GUIDE_PAGES)
def test_a_space_stands_between_sentences(guide: Site, path: str) -> None:
    article = (guide.folder / path).read_text().partition("<article")[2]
    joined = [
        found
        for text in sentences(article)
        for found in re.findall(r"\b[a-z]{2,}[.:;?!][A-Z][a-z]+ [a-z]", text)
    ]
    assert joined == []


def test_no_markup_is_left_in_sentences(guide: Site) -> None:
    for path in GUIDE_PAGES:
        article = (guide.folder / path).read_text().partition("<article")[2]
        left = [text for text in sentences(article) if re.search(r"`\S+`|\*\*\w", text)]
        assert left == [], path


def test_a_line_that_wraps_goes_on_further_in(page: Page, guide: Site) -> None:
    """Of outputs and of commands, however far in they begin: nft's rules, a loop's body."""
    for view in (DESKTOP, (800, 900)):
        size(page, view)
        for path in ("services-nftables.html", "reference/node.html"):
            visit(page, guide, path)
            out = page.evaluate(
                """() => [...document.querySelectorAll(".out.wrap .line, .block-cmd .cmd")]
                     .flatMap(line => {
                       const range = document.createRange();
                       range.selectNodeContents(line);
                       const rows = new Map();
                       for (const box of range.getClientRects()) if (box.width > 4) {
                         const y = Math.round(box.top / 12);
                         rows.set(y, Math.min(rows.get(y) ?? Infinity, box.left));
                       }
                       const text = line.textContent, set = text.match(/^ */)[0].length;
                       const letter = document.createElement("span");
                       letter.textContent = "x"; line.append(letter);
                       const wide = letter.getBoundingClientRect().width; letter.remove();
                       const [first, ...more] = [...rows.values()];
                       const begins = first + set * wide;
                       return more.some(left => left < begins + wide) ? [text.slice(0, 60)] : [];
                     })"""
            )
            assert out == [], (path, view)


def test_a_capture_to_start_first_is_read_on_a_phone(page: Page, guide: Site) -> None:
    size(page, PHONE)
    visit(page, guide, "encapsulation.html")
    entry = page.locator(".first li").first
    where, code, copy = (
        entry.locator(part).bounding_box() for part in (".first-where", "code", ".copy")
    )
    assert where
    assert code
    assert copy
    assert copy["x"] > where["x"] + where["width"]
    assert copy["y"] < code["y"]
    # An option is one word.
    assert entry.locator("code .whole", has_text="-nn").count() == 1


def test_an_option_to_be_typed_is_one_word(page: Page, guide: Site) -> None:
    size(page, PHONE)
    visit(page, guide, "flannel.html")
    undo = page.locator(".hands-task code", has_text="--undo")
    assert undo.locator(".whole", has_text="--undo").bounding_box()["height"] < 25  # type: ignore[index]


@pytest.mark.parametrize("view", [DESKTOP, PHONE])
def test_the_key_for_search_works_at_every_width(
    page: Page, guide: Site, view: tuple[int, int]
) -> None:
    size(page, view)
    page.goto(f"{guide.url}/flannel.html")
    page.keyboard.press("/")
    page.keyboard.type("no route")
    assert page.url.endswith("flannel.html")
    expect(page.get_by_role("textbox", name="Search")).to_have_value("no route")


def test_columns_of_ports_and_their_vlans_are_kept(guide: Site) -> None:
    text = (guide.folder / "vlans.html").read_text()
    tables = re.findall(r'<div class="(out[^"]*)"[^>]*aria-label="output [^"]*bridge vlan', text)
    assert tables == ["out", "out"]


def test_the_map_of_netfilter_has_a_title_and_filled_boxes(page: Page, guide: Site) -> None:
    visit(page, guide, "docker.html")
    ground = "el => getComputedStyle(el).backgroundColor"
    assert page.locator(".nf-forward").evaluate(ground) != page.locator(".nf-input").evaluate(
        ground
    )
    assert page.locator(".netfilter-title").evaluate("el => getComputedStyle(el).fontWeight > 600")


def test_a_value_within_code_is_as_large_as_the_rest_of_it(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/calico.html")
    sizes = page.locator("article code > code.value").evaluate_all(
        """all => all.map(el => [el, el.parentElement].map(code => getComputedStyle(code).fontSize))"""
    )
    assert len(sizes) > 2
    assert all(own == around for own, around in sizes), sizes


def test_a_key_has_all_its_edges(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/404.html")
    edge = "el => [getComputedStyle(el).borderTopStyle, getComputedStyle(el).borderTopWidth]"
    assert page.locator("kbd").first.evaluate(edge) == ["solid", "1px"]


@pytest.mark.parametrize(
    "path",
    ["lab.html", "services-nftables.html", "reference/calico-files.html", "own-cluster.html"],
)
def test_what_is_to_be_typed_is_seen_whole(page: Page, guide: Site, path: str) -> None:
    size(page, DESKTOP)
    visit(page, guide, path)
    cut = page.evaluate(
        """() => [...document.querySelectorAll(".highlight pre > code")]
             .filter(code => code.scrollWidth > code.clientWidth)
             .map(code => code.textContent.slice(0, 60))"""
    )
    assert cut == []


@pytest.mark.parametrize("path", ["reference/talk.html", "reference/options.html"])
def test_tables_of_words_fit_a_phone(page: Page, guide: Site, path: str) -> None:
    size(page, PHONE)
    visit(page, guide, path)
    wide = page.evaluate(
        """() => [...document.querySelectorAll("article .md-typeset__scrollwrap")]
             .filter(box => box.scrollWidth > innerWidth)
             .map(box => `${box.scrollWidth}: ${box.textContent.trim().slice(0, 60)}`)"""
    )
    assert wide == []


def test_a_link_that_is_a_cell_is_not_cut_within_a_word(page: Page, guide: Site) -> None:
    size(page, PHONE)
    visit(page, guide, "own-cluster.html")
    cells = page.locator("article td:last-child > a:only-child", has_text="Faults")
    assert cells.count() > 3
    assert set(cells.evaluate_all("all => all.map(el => el.getClientRects().length)")) == {1}


def test_what_a_command_tells_apart_is_no_command(guide: Site) -> None:
    text = (guide.folder / "reference/commands.html").read_text()
    assert 'id="ip-link"' in text
    assert not {"clsact", "erspan", "gre", "make"} & set(re.findall(r'<h2 id="([^"]+)"', text))
