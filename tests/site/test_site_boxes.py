"""Everything keeps to its box, at every width and on paper, and says what the terminal said."""

import re

import pytest
from playwright.sync_api import Browser, Page

from tests.site.browser import PHONE, open_all, size
from tests.site.build import Site

WIDTHS = (320, 390, 640, 720, 800, 1024, 1220, 1280, 1440, 2560)
STICKS_OUT = """() => {
  const out = [];
  for (const inner of document.querySelectorAll(".fields, .dump, .tr-form, .hands pre, .rp-table")) {
    const outer = inner.parentElement.closest(".hd, .cmp, details, figure");
    if (!outer || !inner.checkVisibility()) continue;
    const over = inner.getBoundingClientRect().right - outer.getBoundingClientRect().right;
    if (over > 1) out.push(`${outer.closest("[id]")?.id} ${inner.className} ${Math.round(over)} px`);
  }
  const page = document.documentElement.scrollWidth - innerWidth;
  return page > 0 ? [...out, `the page by ${page} px`] : out;
}"""


@pytest.mark.parametrize("path", ["flannel.html", "docker.html"])
def test_open_tables_stay_in_their_boxes_at_every_width(page: Page, guide: Site, path: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{guide.url}/{path}")
    open_all(page)
    faults = []
    for width in WIDTHS:
        size(page, (width, 900))
        page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")
        faults += [f"{width}: {line}" for line in page.evaluate(STICKS_OUT)]
    page.emulate_media(media="print")
    size(page, (695, 900))  # what A4 has between its margins
    faults += [f"paper: {line}" for line in page.evaluate(STICKS_OUT)]
    assert faults == []


def test_tabs_are_those_of_a_terminal(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/services-nftables.html")
    for view in ((1280, 900), (800, 900)):
        size(page, view)
        columns = page.evaluate(
            """() => [...document.querySelectorAll(".out.wrap .line")].flatMap(line => {
                 const text = line.textContent.match(/^ +/)?.[0].length ?? 0;
                 const node = document.createTreeWalker(line, NodeFilter.SHOW_TEXT).nextNode();
                 if (text < 8 || !node || node.length <= text) return [];
                 const range = document.createRange();
                 range.setStart(node, text); range.setEnd(node, text + 1);
                 const first = line.closest("pre").getBoundingClientRect().left;
                 const letter = range.getBoundingClientRect().width;
                 const pad = parseFloat(getComputedStyle(line.closest("pre")).paddingLeft);
                 return [[text, (range.getBoundingClientRect().left - first - pad) / letter]];
               })"""
        )
        assert len(columns) > 10, "nft's output is set in by tabs"
        assert {text for text, _ in columns} >= {8, 16}
        assert all(abs(text - seen) < 0.2 for text, seen in columns), columns[:9]


def test_notes_are_numbered_from_the_top(guide: Site) -> None:
    wrong = []
    for path in guide.pages:
        text = (guide.folder / path).read_text()
        for out in re.findall(r'<div class="out.*?<ol class="notes">', text, re.DOTALL):
            numbers = [
                int(number) for number in re.findall(r'class="note-ref" data-n="(\d+)"', out)
            ]
            wrong += [path] if numbers != sorted(numbers) else []
    assert not wrong


@pytest.mark.parametrize("path", ["flannel.html"])
def test_a_chapter_prints_on_few_pages(browser: Browser, guide: Site, path: str) -> None:
    page = browser.new_page()
    page.goto(f"{guide.url}/{path}")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) <= 14
    page.close()


def test_setup_commands_are_whole_and_can_be_copied(page: Page, guide: Site) -> None:
    size(page, PHONE)
    page.goto(f"{guide.url}/flannel.html")
    page.locator("#before-you-start summary").click()
    cut = page.locator(".hands pre code").evaluate_all(
        "all => all.filter(code => code.scrollWidth > code.clientWidth).length"
    )
    assert cut == 0
    first = page.locator("#before-you-start li").first
    first.get_by_role("button").click()
    first.locator(".copy[data-done]").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == first.locator("pre").inner_text()


def test_code_in_the_text_can_be_copied_and_scrolled_by_key(page: Page, guide: Site) -> None:
    size(page, PHONE)
    page.goto(f"{guide.url}/lab.html")
    box = page.locator(".md-content .highlight").first
    box.locator("code[tabindex='0']").wait_for()
    box.get_by_role("button").click()
    box.locator(".copy[data-done]").wait_for()
    assert "make site" in page.evaluate("navigator.clipboard.readText()")


def test_a_trace_fills_its_figure_and_stands_in_its_middle(page: Page, guide: Site) -> None:
    size(page, (1440, 900))
    page.goto(f"{guide.url}/flannel.html")
    box, lanes, labels = (
        page.locator(f"#tr-way {part}").evaluate(
            "el => (({left, right, width}) => ({left, right, width}))(el.getBoundingClientRect())"
        )
        for part in (".tr-scroll", ".tr-lanes", ".tr-labels")
    )
    assert lanes["width"] + labels["width"] > 0.9 * box["width"]
    left, right = labels["left"] - box["left"], box["right"] - lanes["right"]
    assert abs(left - right) < 16


def test_folds_of_a_page_are_of_one_width(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/faults.html")
    widths = page.locator(".md-content__inner > details").evaluate_all(
        "all => all.map(el => Math.round(el.getBoundingClientRect().width))"
    )
    assert len(widths) > 2
    assert len(set(widths)) == 1


def test_two_packets_bytes_stand_beside_each_other(page: Page, guide: Site) -> None:
    size(page, (1440, 900))
    for path in guide.pages:
        if 'class="cmp-bytes"' not in (guide.folder / path).read_text():
            continue
        page.goto(f"{guide.url}/{path}")
        tops = (
            page.locator(".cmp-bytes")
            .first.locator("> div")
            .evaluate_all("all => all.map(el => el.getBoundingClientRect().top)")
        )
        assert len(tops) == 2
        assert tops[0] == tops[1]
        return
    pytest.fail("no page compares two packets")


def test_the_same_as_text_of_rules_has_cells_and_code(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/services.html")
    open_all(page)
    cell = page.locator(".rp-table td:nth-child(3)").first
    assert cell.evaluate("el => parseFloat(getComputedStyle(el).paddingRight)") >= 8
    font = "el => getComputedStyle(el).fontFamily"
    assert "Mono" in cell.locator("code").evaluate(font)
    assert "Mono" in page.locator(".tr-captures code").first.evaluate(font)


def test_the_index_of_commands_has_tools_and_the_commands_that_ran(page: Page, guide: Site) -> None:
    page.goto(f"{guide.url}/reference/commands.html")
    heads = page.locator(".commands h2").all_inner_texts()
    assert len(heads) > 30
    assert not [head for head in heads if not re.fullmatch(r"[a-z][\w.-]*( [a-z][\w-]*)?", head)]
    assert not {"chain", "until", "for", "done"} & set(heads)
    commands = page.locator(".commands li > code").all_inner_texts()
    assert not [command for command in commands if "$SVC" in command]
    links = page.locator(".commands-tools a").evaluate_all("all => all.map(a => a.hash.slice(1))")
    assert links == page.locator(".commands h2").evaluate_all("all => all.map(el => el.id)")
    page.get_by_label("Only commands with").fill("bridge fdb")
    shown = page.locator(".commands li:visible").all_inner_texts()
    assert shown
    assert all("bridge fdb" in line for line in shown)


def test_pages_have_one_name_and_lead_on(guide: Site) -> None:
    for path in guide.pages:
        text = (guide.folder / path).read_text()
        links = re.findall(r'md-footer__link--(prev|next)" aria-label="([^"]*)', text)
        if path.startswith("editions/"):
            assert [way for way, _ in links] == ["prev", "next"], path
            assert "This page in edition" in text
    nav = re.findall(
        r'md-nav__link">\s*<span class="md-ellipsis">\s*([^<]*?)\s*<',
        (guide.folder / "404.html").read_text(),
    )
    assert len(nav) == len(set(nav)) > 15
    assert "From node to node" not in nav


def test_without_scripts_a_dark_system_gets_dark_colours(browser: Browser, guide: Site) -> None:
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{guide.url}/flannel.html")
    ground = page.locator("body").evaluate("el => getComputedStyle(el).backgroundColor")
    assert ground == "rgb(16, 20, 27)"
    context.close()


def test_forced_colours_keep_the_marks(page: Page, sample: Site) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(f"{sample.url}/index.html")
    page.locator(".md-content .v").first.click()
    style = page.locator(".v[data-lit]").first.evaluate("el => getComputedStyle(el).outlineStyle")
    assert style == "solid"
    page.emulate_media(forced_colors="none")
