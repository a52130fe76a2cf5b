"""`guide record`: run the pages' commands on a lab and keep what the machines answer."""

from collections.abc import Sequence

import click

from macros.cli import after_record
from macros.cli.settings import guide_of_checkout
from macros.ground.errors import GuideError
from macros.ground.model import Page
from macros.lab import providers
from macros.rebuild import terminal
from macros.store import reader
from macros.store.guide import Guide


@click.command()
@click.argument("pages", nargs=-1, metavar="[PAGE...]")
@click.option("--stale", is_flag=True, help="Only pages whose recordings are missing or stale.")
@click.option("--lab", "name", default="guide", show_default=True, help="The lab to record on.")
@click.option("--edition", help="The edition to record into; default: the one the site shows.")
def record(pages: tuple[str, ...], stale: bool, name: str, edition: str | None) -> None:
    """Record PAGEs (when none is named, all that the lab is made for) on a lab that is up.

    A page is named as its file under docs/: `docker` or `docs/docker.md`. Its recordings are
    replaced as a whole when every command has answered as the page says, or not at all. What
    changed, what the pages say that no longer holds, and what to do next is printed at the end;
    exit code 1 where a claim no longer holds.

    \b
    guide record               every page that this lab is made for, and which it is not for
    guide record docker        one page
    guide record --stale       what `guide check` complains about
    """  # noqa: D301 click's mark for lines to keep
    guide = guide_of_checkout(edition)
    chosen = _chosen(guide, pages)
    if stale:
        folder = guide.recordings / guide.edition_name
        chosen = [page for page in chosen if any(reader.problems(folder, page))]
        if not chosen:
            click.echo("nothing is stale")
            return
    lab = providers.find(name)
    if not pages:
        chosen = terminal.fitting_pages(guide, lab, chosen)
    terminal.run(guide, lab, chosen, everything=terminal.is_everything(guide, chosen))
    lines, broken = after_record.summary(guide_of_checkout(edition), [page.key for page in chosen])
    click.echo("\n".join(lines))
    if broken:
        raise click.exceptions.Exit(1)


def _chosen(guide: Guide, names: Sequence[str]) -> list[Page]:
    if not names:
        return terminal.recordable(guide)
    chosen = []
    for name in names:
        key = name.removeprefix("docs/").removesuffix(".md").replace("/", "-")
        if key not in guide.planned:
            raise GuideError(
                f"there is no page {name!r} with blocks",
                fix=f"one of: {', '.join(guide.planned)}",
            )
        chosen.append(guide.planned[key])
    return chosen
