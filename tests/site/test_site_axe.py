"""axe finds nothing (WCAG A and AA) on any page, in both schemes, on a desktop and on a phone."""

import re

import pytest
from playwright.sync_api import Page

from tests.site.axe import ALL, COLOURS, Options, Styles, look, start, violations
from tests.site.browser import SCHEMES, size
from tests.site.build import GUIDE_PAGES, SAMPLE_PAGES, Site
from tests.site.visits import LOOKS, Visited


@pytest.mark.parametrize("path", GUIDE_PAGES)
def test_axe_finds_nothing_in_the_guide(visited: Visited, path: str) -> None:
    faults = visited(path).axe
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("path", SAMPLE_PAGES)
def test_axe_finds_nothing_in_figures(visited_sample: Visited, path: str) -> None:
    faults = visited_sample(path).axe
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_while_values_are_lit(page: Page, sample: Site, scheme: str) -> None:
    look(page, scheme)
    start(page, f"{sample.url}/index.html")
    for key in page.evaluate(
        "[...new Set([...document.querySelectorAll('.v')].map(el => el.dataset.v))].slice(0, 4)"
    ):
        page.locator(f'.md-content span.v[data-v="{key}"]').first.click()
    assert page.locator("[data-lit='4']").count()
    assert violations(page, ALL, Styles()) == []


@pytest.mark.parametrize(("scheme", "view", "options"), LOOKS)
def test_axe_would_find_a_fault(
    page: Page, sample: Site, scheme: str, view: tuple[int, int], options: Options
) -> None:
    size(page, view)
    look(page, scheme)
    start(page, f"{sample.url}/index.html")
    page.evaluate(
        """() => {
             const fault = (id, selector) =>
               Object.assign(document.querySelector(selector), {id: `fault-${id}`});
             fault("prose", "article > p").style.color = "var(--g-line)";
             fault("figure", ".prompt").style.color = "var(--g-line)";
             const button = fault("button", "button.copy");
             button.textContent = "";
             button.removeAttribute("aria-label");
           }"""
    )
    seen = set(re.findall(r"#fault-(\w+)", "".join(violations(page, options, Styles()))))
    assert seen == {"prose", "figure"} | ({"button"} if options is ALL else set())


# Each makes one element's text too weak in a way of its own, and gives the element an id.
PLANT = """() => {
  const texts = [...styleOf.keys()].filter(el => !el.children.length && el.closest("figure")
    && !el.closest("svg, a, button") && /[a-z]{3}/.test(el.textContent));
  const nth = (id, share) =>
    Object.assign(texts[Math.floor(texts.length * share)], {id: `fault-${id}`});
  nth("colour", 0.1).style.color = "var(--g-line)";
  nth("ground", 0.25).style.background = "#555";
  nth("faded", 0.4).style.opacity = 0.3;
  Object.assign(nth("small", 0.55).style, {background: "#fff", color: "#888"});
  Object.assign(nth("large", 0.7).style, {background: "#fff", color: "#888", fontSize: "30px"});
  const over = nth("over", 0.85), box = over.getBoundingClientRect();
  over.style.position = "relative";
  over.style.zIndex = 2;
  const sheet = document.createElement("div");
  sheet.style = `position: absolute; z-index: 1; background: #555;
    left: ${box.left + scrollX - 9}px; top: ${box.top + scrollY - 9}px;
    width: ${box.width + 18}px; height: ${box.height + 18}px`;
  document.body.append(sheet);
  document.querySelector("article p").insertAdjacentHTML("beforeend", `and <a id=fault-link
    href=index.html style="color: #444; text-decoration: none; border: 0">a link</a> in it`);
  return texts.length;
}"""


def test_one_element_of_hundreds_that_is_too_weak_is_found(page: Page, guide: Site) -> None:
    styles = Styles()
    look(page, "light")
    start(page, f"{guide.url}/ips.html")
    assert violations(page, COLOURS, styles) == []
    assert page.evaluate(PLANT) > 300
    match = set(re.findall(r"#fault-(\w+)", "".join(violations(page, COLOURS, styles))))
    assert match == {"colour", "ground", "faded", "small", "over", "link"}


def test_what_axe_finds_in_all_elements_it_finds_in_those_of_each_style(
    page: Page, sample: Site
) -> None:
    look(page, "light")
    start(page, f"{sample.url}/index.html")
    page.evaluate(
        """() => {
             for (const name of ["muted", "accent", "ip", "ok"])
               document.body.style.setProperty(`--g-${name}`, "var(--g-line)");
           }"""
    )
    few, every = page.evaluate(
        """async options => {
             const weak = async () => new Set((await axe.run(options)).violations.flatMap(
               rule => rule.nodes.map(node =>
                 `${rule.id} ${styleOf.get(document.querySelector(node.target[0]))}`)));
             markStyles([]);
             const few = await weak();
             axe.configure({rules: [{id: "color-contrast", selector: "*"},
               {id: "link-in-text-block", selector: "a[href], [role=link]"}]});
             return [[...few], [...await weak()]];
           }""",
        COLOURS,
    )
    assert len(few) >= 10
    assert set(few) == set(every)
