"""What a page's calls come to without a build: its Markdown, and all that is wrong with them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from macros.ground.errors import FollowsError, GuideError
from macros.plan import frontmatter
from macros.plan.frontmatter import FrontMatter
from macros.plan.templates import evaluate
from macros.site.page_macros import PageRenderer
from macros.store.guide import Guide


def expand(guide: Guide, source: Path) -> str:
    """One page's Markdown with its macros evaluated, as a build would, without MkDocs."""
    front = frontmatter.of_file(source)
    return evaluate(source, front, _renderer(guide, source, front).call)


def page(
    guide: Guide, source: Path, *, lenient: bool = False, partly: bool = False
) -> tuple[list[GuideError], str, PageRenderer]:
    """All that a build would find wrong with one page's calls, and what they come to.

    `lenient` as of `PageRenderer`. `partly`: the page has errors that planning has said, and what
    fails in a way that no macro should follows from those.
    """
    front = frontmatter.of_file(source)
    renderer = _renderer(guide, source, front, lenient=lenient)
    errors: list[GuideError] = []

    def call(name: str, place: tuple[int, int], /, *values: Any, **options: Any) -> Any:
        try:
            return renderer.call(name, place, *values, **options)
        except GuideError as error:
            errors.append(error)
        except Exception as error:  # noqa: BLE001 it has a place, and the rest is looked at too
            if not partly:
                errors.append(renderer.broken(name, place, error))
        return ""

    text = ""
    try:
        text = evaluate(source, front, call)
    except GuideError as error:
        errors += error.all
    return errors, text, renderer


def unplanned(guide: Guide, source: Path) -> list[GuideError]:
    """All that is wrong with a page that cannot be planned: its claims and references, too."""
    errors = list(guide.unplanned[source].all)
    part = guide.with_part_of(source)
    if part is None:
        return errors
    known_lines = {error.line for error in errors}
    try:
        errors_of_page, _, _ = page(part, source, partly=True)
    except GuideError:
        return errors  # its front matter is wrong, which has been said
    errors += [
        error
        for error in errors_of_page
        if error.line not in known_lines and not isinstance(error, FollowsError)
    ]
    return sorted(errors, key=lambda error: (error.line or 0, error.column or 0))


def broken(guide: Guide, keys: Sequence[str]) -> list[GuideError]:
    """What no longer holds on these pages, and on those that quote them: claims and references."""
    errors = []
    for source in guide.sources:
        if source in guide.unplanned or not _about(guide, source, keys):
            continue
        errors_of_page, _, _ = page(guide, source)
        errors += [error for error in errors_of_page if not isinstance(error, FollowsError)]
    return errors


def _about(guide: Guide, source: Path, keys: Sequence[str]) -> bool:
    if any(page.source == source for key, page in guide.pages.items() if key in keys):
        return True
    text = source.read_text(encoding="utf-8")
    return any(f'"{key}:' in text for key in keys)


def _renderer(
    guide: Guide, source: Path, front: FrontMatter, *, lenient: bool = False
) -> PageRenderer:
    return PageRenderer(
        guide,
        source,
        front.body_line - 1,
        lambda path: path.name,
        lambda page, _edition="": str(page),
        lenient=lenient,
    )
