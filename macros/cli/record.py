"""`guide record`: run the pages' commands on a lab and keep what the machines answer."""

import sys
import time
from collections.abc import Sequence

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from macros import lab as labs
from macros import plan
from macros.cli.settings import guide_of_checkout
from macros.errors import GuideError
from macros.guide import Guide
from macros.lab import Lab
from macros.model import Block, Page
from macros.record import fitting, run
from macros.store import read


@click.command()
@click.argument("pages", nargs=-1, metavar="[PAGE...]")
@click.option("--stale", is_flag=True, help="Only pages whose recordings are missing or stale.")
@click.option("--lab", "name", default="guide", show_default=True, help="The lab to record on.")
@click.option("--edition", help="The edition to record into; default: the one the site shows.")
def record(pages: tuple[str, ...], stale: bool, name: str, edition: str | None) -> None:
    """Record PAGEs (when none is named, all that the lab is made for) on a lab that is up.

    A page is named as its file under docs/: `docker` or `docs/docker.md`. Its recordings are
    replaced as a whole when every command has answered as the page says, or not at all.

    \b
    guide record               every page that this lab is made for, and which it is not for
    guide record docker        one page
    guide record --stale       what `guide check` complains about
    """  # noqa: D301 click's mark for lines to keep
    guide = guide_of_checkout(edition)
    chosen = _chosen(guide, pages)
    if stale:
        folder = guide.recordings / guide.edition_name
        chosen = [page for page in chosen if any(read.problems(folder, page))]
        if not chosen:
            click.echo("nothing is stale")
            return
    lab = labs.find(name)
    if not pages:
        chosen = _fitting(guide, lab, chosen)
    _record(guide, lab, chosen, everything=_all(guide, chosen))


def record_all(guide: Guide, kind: str) -> None:
    """What `LAB=uml mkdocs build` does before it renders: record every page on the lab."""
    found = labs.find("guide")
    if found.kind != kind:
        raise GuideError(f"LAB={kind}, but the lab that is up is of kind {found.kind}")
    chosen = _fitting(guide, found, _recordable(guide))
    _record(guide, found, chosen, everything=_all(guide, chosen))


def _recordable(guide: Guide) -> list[Page]:
    return [page for page in guide.pages.values() if not page.needs]


def _fitting(guide: Guide, lab: Lab, pages: Sequence[Page]) -> list[Page]:
    """The pages that this lab is made for; the others, with what they need, are said."""
    fit = [page for page in pages if fitting.fits(lab, guide.planned[page.key])]
    others: dict[str, list[str]] = {}
    for page in pages:
        if page not in fit:
            others.setdefault(page.lab_options, []).append(page.key)
    for options, keys in others.items():
        click.echo(f"not on this lab: {', '.join(keys)} (guide lab up{options})", err=True)
    if not fit:
        raise GuideError(
            f"lab {lab.name} is made for none of the pages", fix="one of the labs named above"
        )
    return fit


def _all(guide: Guide, pages: Sequence[Page]) -> bool:
    return {page.key for page in _recordable(guide)} <= {page.key for page in pages}


def _chosen(guide: Guide, names: Sequence[str]) -> list[Page]:
    if not names:
        return _recordable(guide)
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


def _record(guide: Guide, lab: Lab, pages: Sequence[Page], *, everything: bool) -> None:
    console = Console(stderr=True)
    # What a lab has decides what is `only` for it, not what the edition had before.
    pages = [plan.for_versions(guide.planned[page.key], lab.versions) for page in pages]
    total = sum(len(page.blocks) for page in pages)
    started = time.monotonic()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        console=console,
        disable=not sys.stderr.isatty(),
        transient=True,
    ) as progress:
        task = progress.add_task("recording", total=total)
        run.record(
            lab,
            pages,
            guide.recordings,
            guide.edition_name,
            everything=everything,
            on_block=lambda page, block: _on_block(progress, task, page, block),
            on_page=lambda page, changed: _on_page(console, page, changed),
        )
    seconds = time.monotonic() - started
    console.print(
        f"{total} blocks on {len(pages)} pages recorded in {seconds:.1f} s", highlight=False
    )


def _on_block(progress: Progress, task: TaskID, page: Page, block: Block) -> None:
    progress.update(task, advance=1, description=f"{page.key} {block.node} {block.id}")


def _on_page(console: Console, page: Page, changed: bool) -> None:
    what = "recorded" if changed else "recorded, unchanged"
    console.print(f"{page.key}: {len(page.blocks)} blocks {what}", highlight=False)
