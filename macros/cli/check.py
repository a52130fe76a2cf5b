"""`guide check`: every recording is there, fresh and untouched, and every claim holds."""

import json
from pathlib import Path
from textwrap import fill

import click

from macros.cli import show
from macros.cli.settings import guide_of_checkout
from macros.ground.errors import GuideError
from macros.plan import frontmatter, planner
from macros.plan.signatures import Calls
from macros.site.page_macros import PageRenderer
from macros.store.guide import Guide


@click.command()
@click.option("--edition", help="The edition to check; default: all, as the site has all.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def check(edition: str | None, as_json: bool) -> None:
    """Check all recordings and claims without building the site.

    Reads only what is committed; needs no lab. Exit code 1 when anything is amiss.
    """
    shown = guide_of_checkout(edition)
    guides = [shown, *(shown.of_edition(name) for name in (() if edition else shown.others))]
    found = [error for guide in guides for error in guide.problems()]
    if not found:
        found += [
            error for guide in guides for source in guide.sources if (error := _page(guide, source))
        ]
    unrecorded = [
        (
            page,
            [block.id for block in page.blocks if block.id not in shown.recorded(page.key).blocks],
        )
        for page in shown.pages.values()
        if page.needs
    ]
    if as_json:
        click.echo(
            json.dumps(
                {
                    "problems": [_plain(error) for error in found],
                    "unrecorded": [
                        f"{page.key}#{name} (needs {page.needs})"
                        for page, names in unrecorded
                        for name in names
                    ],
                },
                indent=1,
            )
        )
    else:
        for error in found:
            show(error)
        for page, names in unrecorded:
            if names:
                what = f"{page.key}: {len(names)} blocks not recorded yet, as the page declares"
                said = f"{what} (needs: {page.needs}): {', '.join(names)}"
                click.echo(fill(said, 100, break_on_hyphens=False, subsequent_indent="  "))
        for each in guides if not found else ():
            pages = [each.recorded(key) for key in each.pages]
            blocks = sum(len(page.blocks) for page in pages)
            count = sum(bool(page.blocks) for page in pages)
            name = "" if each is shown else f"{each.edition_name}: "
            click.echo(f"{name}{count} pages, {blocks} blocks: all recorded, fresh, untouched")
    if found:
        raise click.exceptions.Exit(1)


def _page(guide: Guide, source: Path) -> GuideError | None:
    """What a build would find wrong with one page's claims, or None."""
    try:
        expand(guide, source)
    except GuideError as error:
        return error
    return None


def expand(guide: Guide, source: Path) -> str:
    """One page's Markdown with its macros evaluated, as a build would, without MkDocs."""
    front = frontmatter.read(source, source.read_text(encoding="utf-8"))
    renderer = PageRenderer(
        guide,
        source,
        front.body_line - 1,
        lambda path: path.name,
        lambda page, _edition="": str(page),
    )
    macros = {name: getattr(renderer, name) for name in Calls.names()}
    return planner.template(front.body, macros).render(page={"title": front.title})


def _plain(error: GuideError) -> dict[str, object]:
    return {
        "message": error.message,
        "page": error.page,
        "line": error.line,
        "node": error.node,
        "command": error.command,
        "fix": error.fix,
    }
