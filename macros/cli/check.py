"""`guide check`: every recording is there, fresh and untouched, and every claim holds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import fill

import click

from macros.cli import show
from macros.cli.settings import guide_of_checkout
from macros.ground import block_count, project
from macros.ground.enumeration import counted
from macros.ground.errors import FollowsError, GuideError
from macros.ground.model import Block, Page
from macros.rebuild import advice
from macros.site import claims_check
from macros.site.page_macros import PageRenderer
from macros.store.guide import Guide


@click.command()
@click.option("--edition", help="The edition to check; default: all, as the site has all.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def check(edition: str | None, as_json: bool) -> None:
    """Check all recordings and claims without building the site.

    Reads the pages and their recordings, committed or not; needs no lab. Exit code 1 when anything
    is wrong; every finding is printed, not only the first.
    """
    shown = replace(guide_of_checkout(edition), partly=True)
    guides = [shown, *(shown.beside(name) for name in (() if edition else shown.others))]
    errors = problems(guides, None if edition else project.root())
    errors = advice.in_view_of_labs(errors, _pages(shown))
    unrecorded = _unrecorded(shown)
    if as_json:
        lacking = [
            f"{page.key}#{block.id} (needs {page.needs})"
            for page, blocks in unrecorded
            for block in blocks
        ]
        plain = {"problems": list(map(_plain, errors)), "unrecorded": lacking}
        click.echo(json.dumps(plain, indent=1))
    else:
        for error in errors:
            show(error)
        for page, blocks in unrecorded:
            many = block_count.in_words(blocks)
            what = f"{page.key}: {many} not recorded yet, as the page declares"
            line = f"{what} (needs: {page.needs}): {', '.join(block.id for block in blocks)}"
            click.echo(fill(line, 100, break_on_hyphens=False, subsequent_indent="  "))
        for guide in guides if not errors else ():
            click.echo(_counted(guide, "" if guide is shown else f"{guide.edition_name}: "))
    if errors:
        raise click.exceptions.Exit(1)


def problems(guides: Sequence[Guide], root: Path | None = None) -> list[GuideError]:
    """All that a build would refuse, in the order of pages: plans, recordings, claims, links.

    What only follows from something else is left out where that is said. With `root`, the
    project's folder, also what MkDocs would refuse of the site as a whole.
    """
    errors = everything(guides, root)
    causes = [error for error in errors if not isinstance(error, FollowsError)]
    return causes or errors


def everything(guides: Sequence[Guide], root: Path | None = None) -> list[GuideError]:
    """As `problems`, each said once, with what only follows from something else."""
    shown = guides[0]
    errors = [
        error for source in shown.unplanned for error in claims_check.unplanned(shown, source)
    ]
    written: dict[Path, tuple[str, PageRenderer]] = {}
    for guide in guides:
        try:
            errors += guide.problems()
        except GuideError as error:
            errors += error.all
        for source in guide.sources:
            if source not in shown.unplanned:
                broken, text, renderer = claims_check.page(guide, source)
                errors += broken
                if guide is shown and not broken:
                    written[source.resolve()] = (text, renderer)
    if root is not None:
        from macros.cli import site_check  # noqa: PLC0415 half a second, for MkDocs itself

        errors += site_check.problems(root, written)
    return list({str(error): error for error in errors}.values())


def _pages(guide: Guide) -> Mapping[str, Page]:
    try:
        return guide.pages
    except GuideError:
        return {}  # the pages themselves are wrong, which `problems` says


def _unrecorded(guide: Guide) -> list[tuple[Page, list[Block]]]:
    """Pages that may be unrecorded, and are, each with the blocks that it lacks."""
    lacking = []
    for page in _pages(guide).values():
        if not page.needs:
            continue
        held = guide.holder(page.key).recorded(page.key).blocks
        blocks = [block for block in page.blocks if block.id not in held]
        if blocks:
            lacking.append((page, blocks))
    return lacking


def _counted(guide: Guide, name: str) -> str:
    held_by = {key: guide.recorded(key).blocks for key in guide.pages}
    blocks = [b for key, page in guide.pages.items() for b in page.blocks if b.id in held_by[key]]
    held = f"{counted(sum(map(bool, held_by.values())), 'pages')}, {block_count.in_words(blocks)}"
    return f"{name}{held}: all recorded, fresh, untouched"


def _plain(error: GuideError) -> dict[str, object]:
    return {
        "message": error.message,
        "page": error.page,
        "line": error.line,
        "column": error.column,
        "node": error.node,
        "command": error.command,
        "fix": error.fix,
    }
