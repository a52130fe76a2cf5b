"""Markup by templates: values are text unless they are said to be markup; seams leave nothing."""

import re
from pathlib import Path

import jinja2
import pytest

from macros.figures import markup
from macros.ground.places import PACKAGE

TEMPLATES = sorted(PACKAGE.rglob("*.html"))


def render(text: str, **values: object) -> str:
    return markup._environment().from_string(text).render(values)


def test_lines_are_joined_without_what_is_between_them() -> None:
    assert (
        render("<ul>\n  <li>{{ x }}</li>\n\n  <li>b c</li>\n</ul>\n", x=1)
        == "<ul><li>1</li><li>b c</li></ul>"
    )


def test_spaces_that_belong_to_the_page_are_written_as_values() -> None:
    assert render('<b>a</b>{{ " " }}\n  <i>b</i>{{ "\\n" }}\n') == "<b>a</b> <i>b</i>\n"


def test_an_expression_may_go_over_lines() -> None:
    assert render("{{ 'a'\n   if x\n   else 'b' }}", x=True) == "a"


def test_lines_of_values_stay() -> None:
    assert render("<pre>{{ x }}</pre>", x="a\n  b") == "<pre>a\n  b</pre>"


def test_values_are_escaped_as_the_rest_of_the_site_is() -> None:
    assert render("{{ x }}", x="""<a href="b">'&""") == "&lt;a href=&quot;b&quot;&gt;&#x27;&amp;"


def test_markup_is_not_escaped_twice() -> None:
    inner = markup.safe("<b>&amp;</b>")
    assert (
        render("{% set y %}{{ x }}{{ z }}{% endset %}{{ y }}", x=inner, z="<") == "<b>&amp;</b>&lt;"
    )
    assert render("{{ x | join(', ') }}", x=["<", inner]) == "&lt;, <b>&amp;</b>"


def test_a_value_that_is_not_given_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render("{{ x }}")


def test_an_error_names_the_line_of_the_file() -> None:
    with pytest.raises(jinja2.TemplateSyntaxError) as caught:
        render("<p>\n  a\n  {{ x | }}\n</p>")
    assert caught.value.lineno == 3


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_say_nothing_safe_by_themselves(path: Path) -> None:
    """Only code says what is markup: a filter in a template would be overlooked."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_template_compiles(path: Path) -> None:
    name = path.relative_to(PACKAGE).as_posix()
    assert markup._environment().get_template(name)
