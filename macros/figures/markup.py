"""Markup by templates: HTML files beside the code that fills them.

Every value is escaped unless it is `safe`. The lines of a template are joined without what stands
between them, so that it can be set in as its elements are; a space or a line end that belongs to
the page is written as a value: `{{ " " }}`.
"""

import re
from functools import cache
from html import escape
from typing import Any

import jinja2
from jinja2.ext import Extension
from markupsafe import Markup

from macros.ground.places import PACKAGE

_SEAM = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})|\n[ \t]*", re.DOTALL)


def render(template: str, **values: Any) -> Markup:
    """A template of the package, such as "site/block.html", filled with these values."""
    return safe(_template(template).render(values))


def safe(html: str) -> Markup:
    """Text that is HTML already: its makers have escaped what they put into it."""
    return Markup(html)  # noqa: S704 the one place where this is said


class _Joined(Extension):
    """Takes line ends and indentation out of a template's text, not out of its expressions."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        # As comments they still count as lines, for errors.
        return _SEAM.sub(lambda seam: seam[1] or "{#\n#}", source.rstrip("\n"))


@cache
def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(PACKAGE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=[_Joined],
        finalize=_escaped,
    )


def _escaped(value: Any) -> Any:
    """As `html.escape` writes it, which what is not made by templates uses too."""
    return value if hasattr(value, "__html__") else safe(escape(str(value)))
