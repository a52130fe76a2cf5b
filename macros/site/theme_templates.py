"""The template of the theme that a page asks for in its front matter."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, TemplateError, TemplateNotFound

from macros.ground.errors import GuideError


def problem(env: Environment, meta: Mapping[str, Any], source: Path) -> GuideError | None:
    """What is wrong with `template:` in a page's front matter: MkDocs ends in a traceback there."""
    name = meta.get("template")
    if not name:
        return None
    try:
        env.get_template(str(name))
    except TemplateError as error:
        absent = isinstance(error, TemplateNotFound)
        what = "the theme does not have it" if absent else error.message
        known = ", ".join(
            sorted(template for template in env.list_templates() if _is_for_pages(template))
        )
        return GuideError(
            f"front matter: template {name!r} cannot be used: {what}",
            page=source,
            line=_line(source),
            fix=f"leave the key out, or take one of {known}",
        )
    return None


def _is_for_pages(name: str) -> bool:
    return "/" not in name and name.endswith(".html") and name not in {"base.html", "404.html"}


def _line(source: Path) -> int:
    lines = source.read_text(encoding="utf-8-sig").splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.startswith("template:")), 1)
