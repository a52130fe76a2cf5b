"""Material's style sheets lose what no page of the guide has, and nothing else."""

import pytest

from macros.site.unused_styles import has_unused, without_unused


@pytest.mark.parametrize(
    ("sheet", "left"),
    [
        (".md-tabs{color:red}.md-nav{color:red}", ".md-nav{color:red}"),
        (".md-tabs__link--active:hover{color:red}", ""),
        (".md-tabs,.md-nav{color:red}", ".md-nav{color:red}"),
        ("[dir=rtl] .md-nav{left:0}[dir=ltr] .md-nav{right:0}", "[dir=ltr] .md-nav{right:0}"),
        ("[data-md-color-primary=red]{color:red}", ""),
        ("[data-md-color-primary=custom]{color:red}", "[data-md-color-primary=custom]{color:red}"),
        ("@media print{.md-tabs{color:red}}", ""),
        ("@media print{.md-tabs,p{color:red}}", "@media print{p{color:red}}"),
        ("@keyframes x{0%{color:red}to{color:blue}}", "@keyframes x{0%{color:red}to{color:blue}}"),
    ],
)
def test_rules_for_what_no_page_has_go(sheet: str, left: str) -> None:
    assert without_unused(sheet) == left


@pytest.mark.parametrize(
    "sheet",
    [
        ".md-nav:not(.md-tabs,.md-tag){color:red}",
        ".md-tabsy{color:red}",
        ".cardigan,.my-card{color:red}",
        "p:is(.a,.b),q{color:red;width:calc(1px + (2 * var(--x)));top:0}",
        "p{background:url('data:image/svg+xml;charset=utf-8,<svg d=\"M0,0(1)\"/>');color:red}",
    ],
)
def test_what_a_page_may_have_stays_as_it_is(sheet: str) -> None:
    assert without_unused(sheet) == sheet


def test_a_property_that_nothing_asks_for_goes() -> None:
    sheet = ":root{--a:url('x;y');--b:var(--c);--c:1px;--d:2px;--e:var(--d)}p{top:var(--b)}"
    assert without_unused(sheet) == ":root{--b:var(--c);--c:1px}p{top:var(--b)}"
    assert without_unused(sheet, beside="p{left:var( --a )}").startswith(":root{--a:url('x;y');")


def test_a_class_is_told_by_its_whole_name() -> None:
    assert has_unused("md-nav md-tabs__item") == "md-tabs__item"
    assert has_unused("question md-nav--primary carded") == ""
