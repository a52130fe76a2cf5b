"""`guide record`: run the pages' commands on a lab and keep what the machines answer."""

from collections.abc import Sequence

import click

from macros.cli import after_record, lab_choice, watch
from macros.cli.path_table import page_named
from macros.cli.settings import guide_of_checkout
from macros.ground.model import Page
from macros.rebuild import terminal
from macros.store import drafts, reader
from macros.store.guide import Guide


@click.command()
@click.argument("pages", nargs=-1, metavar="[PAGE...]")
@click.option("--stale", is_flag=True, help="Only pages whose recordings are missing or stale.")
@click.option("--lab", "name", help="The lab to record on; default: the one that is up.")
@click.option("--watch", "watched", is_flag=True, help="Record drafts of PAGE while you write it.")
@click.option("--edition", help="The edition to record into; default: the one the site shows.")
def record(
    pages: tuple[str, ...], stale: bool, name: str | None, watched: bool, edition: str | None
) -> None:
    """Record PAGEs (default: all that the lab is made for) on a lab that is up.

    A page is named by its file under docs/: `docker` or `docs/docker.md`. Its recordings are
    replaced as a whole if every command answers as the page says, or not at all. At the end it
    prints what changed, which claims do not hold, what cannot be shown, and what to do next; exit
    code 1 if a claim does not hold or something cannot be shown.

    \b
    guide record               every page that this lab is made for; the others are named
    guide record docker        one page
    guide record --stale       what `guide check` calls missing or stale
    guide record --watch docker    each block you edit, as a draft for `make serve`
    """  # noqa: D301 click's mark for lines to keep
    guide = guide_of_checkout(edition)
    if watched:
        if len(pages) != 1 or stale:
            raise click.UsageError("--watch takes one PAGE")
        watch.watch(
            guide, lab_choice.find(name, spelled="--lab"), page_named(guide.planned, pages[0])
        )
        return
    chosen = _chosen(guide, pages, stale=stale)
    if stale and not chosen:
        click.echo("nothing is stale")
        return
    lab = lab_choice.find(name, spelled="--lab")
    if not pages:
        chosen = terminal.fitting_pages(guide, lab, chosen)
    terminal.run(guide, lab, chosen, everything=terminal.is_everything(guide, chosen))
    for page in chosen:
        drafts.forget(drafts.folder(guide.recordings, guide.edition_name, page.key))
    lines, broken = after_record.summary(guide_of_checkout(edition), [page.key for page in chosen])
    click.echo("\n".join(lines))
    if broken:
        raise click.exceptions.Exit(1)


def _chosen(guide: Guide, names: Sequence[str], *, stale: bool) -> list[Page]:
    """The named pages, or all; with `stale` only those whose recordings are missing or stale."""
    named = [page_named(guide.planned, name) for name in names]
    pages = named or terminal.recordable(guide)
    folder = guide.recordings / guide.edition_name
    return [page for page in pages if not stale or any(reader.problems(folder, page))]
