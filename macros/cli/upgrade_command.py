"""`guide upgrade`: record the guide with another version, and say what that does to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from macros.cli import check, show
from macros.cli.path_table import page_named
from macros.cli.settings import guide_of_checkout
from macros.ground import cache, files
from macros.ground.errors import GuideError
from macros.lab.tools import disk_named
from macros.rebuild import new_edition
from macros.store.guide import Guide
from macros.store.reader import shown
from macros.upgrade import outcome_report, request, upgrading


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="NAME=VERSION...")
@click.option("--page", "pages", multiple=True, metavar="PAGE", help="Only this page; repeatable.")
@click.option("--edition", help="What to call the new edition; default: by the versions.")
@click.option(
    "--labs", "at_once", type=click.IntRange(1, 9),
    help="Labs at once; default: 2, or 1 where memory has no room for two.",
)  # fmt: skip
@click.option(
    "--name", default="upgrade", show_default=True,
    help="What to call the labs: NAME-1, NAME-2.",
)  # fmt: skip
@click.option(
    "--report", "path", type=click.Path(path_type=Path), help="Where to write the report."
)
def upgrade(
    words: tuple[str, ...],
    pages: tuple[str, ...],
    edition: str | None,
    at_once: int | None,
    name: str,
    path: Path | None,
) -> None:
    """Record all pages with another version, and report what that changes.

    \b
    guide upgrade kubernetes=v1.34.4       clusters of that release
    guide upgrade docker=26.1.5            the Debian suite that has that Docker
    guide upgrade kubernetes=v1.34.4 --page services    one page, for a first look

    It builds what is not built yet, starts the labs that the pages' front matter asks for, two at
    once, and records into an edition of its own, settled against the one that the site shows.
    That one is not touched. Then it compares the two and checks every claim. The report says which
    facts changed, page by page, with the cause where docs/changes/*.yml has it; which sentences
    no longer hold; which pages could not be recorded, and at which command; and the time that
    each stage took. It is printed, and written as Markdown for a pull request.

    Ctrl-C takes its labs down. The same command again goes on: what is built and recorded is kept.

    Exit code 0: nothing to decide. 1: facts changed, or claims fail. 2: not done, or not all of it.
    """  # noqa: D301 click's mark for lines to keep
    with _undone(), disk_named():
        asked = request.read(words)
        guide = guide_of_checkout()
        chosen = tuple(page_named(guide.planned, page).key for page in pages)
        called = new_edition.named(edition or asked.edition(guide.edition_name))
        options = upgrading.Options(called, chosen, name, at_once)
        report = upgrading.upgrade(guide, asked, options, Console(stderr=True), _problems)
        where = path or cache.folder().parent / "upgrade" / f"{called}.md"
        files.write(where, outcome_report.markdown(report))
    click.echo(outcome_report.text(report))
    click.echo(f"report: {shown(where)}")
    raise click.exceptions.Exit(report.code)


@contextmanager
def _undone() -> Iterator[None]:
    """An error is shown, and ends with the exit code of what could not be done."""
    try:
        yield
    except GuideError as error:
        show(error)
        raise click.exceptions.Exit(outcome_report.UNDONE) from None


def _problems(guide: Guide) -> list[GuideError]:
    """All that a build of that edition would refuse, with what only follows from that."""
    return check.everything([replace(guide, partly=True)])
