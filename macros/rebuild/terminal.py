"""Record the pages that a lab is made for, and say on the terminal how far that has come."""

import sys
import time
from collections.abc import Sequence

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from macros.ground import block_count
from macros.ground.enumeration import counted
from macros.ground.errors import GuideError
from macros.ground.model import Block, Page
from macros.lab import providers
from macros.lab.lab import Lab
from macros.plan import planner
from macros.rebuild import recording
from macros.record import fitting
from macros.store.guide import Guide


def record_all(guide: Guide, kind: str) -> None:
    """What `LAB=uml mkdocs build` does before it renders: record every page on the lab."""
    lab = providers.find("guide")
    if lab.kind != kind:
        raise GuideError(f"LAB={kind}, but the lab that is up is of kind {lab.kind}")
    chosen = fitting_pages(guide, lab, recordable(guide))
    run(guide, lab, chosen, everything=is_everything(guide, chosen))


def recordable(guide: Guide) -> list[Page]:
    """The pages that any lab of their kind can record: those that declare no `needs:`."""
    return [page for page in guide.pages.values() if not page.needs]


def fitting_pages(guide: Guide, lab: Lab, pages: Sequence[Page]) -> list[Page]:
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


def is_everything(guide: Guide, pages: Sequence[Page]) -> bool:
    """Whether these are all pages that can be recorded: only then may versions change."""
    return {page.key for page in recordable(guide)} <= {page.key for page in pages}


def block_bar(console: Console) -> Progress:
    """A bar of blocks, on a terminal only, which is gone when it is done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        console=console,
        disable=not sys.stderr.isatty(),
        transient=True,
    )


def run(guide: Guide, lab: Lab, pages: Sequence[Page], *, everything: bool) -> None:
    """Record `pages` on `lab` into the guide's edition, with a bar on a terminal."""
    console = Console(stderr=True)
    # What a lab has decides what is `only` for it, not what the edition had before.
    pages = [planner.for_versions(guide.planned[page.key], lab.versions) for page in pages]
    blocks = [block for page in pages for block in page.blocks]
    started = time.monotonic()
    with block_bar(console) as progress:
        task = progress.add_task("recording", total=len(blocks))
        recording.record(
            lab,
            pages,
            guide.recordings,
            guide.edition_name,
            everything=everything,
            on_block=lambda page, block: _on_block(progress, task, page, block),
            on_page=lambda page, changed: _on_page(console, page, changed),
            on_wait=_Waiting(progress, task, console),
        )
    seconds = time.monotonic() - started
    console.print(
        f"{block_count.in_words(blocks)} on {counted(len(pages), 'pages')}"
        f" recorded in {seconds:.1f} s",
        highlight=False,
    )


def _on_block(progress: Progress, task: TaskID, page: Page, block: Block) -> None:
    progress.update(task, advance=1, description=f"{page.key} {block.node} {block.id}")


class _Waiting:
    """Says what is waited for: in the bar, or without a terminal on a line, each thing once."""

    def __init__(self, progress: Progress, task: TaskID, console: Console) -> None:
        self._progress, self._task, self._console = progress, task, console
        self._said = ""

    def __call__(self, what: str) -> None:
        self._progress.update(self._task, description=what)
        thing = what.partition(":")[0]
        if self._progress.disable and thing != self._said:
            self._said = thing
            self._console.print(what, highlight=False, markup=False, soft_wrap=True)


def _on_page(console: Console, page: Page, changed: bool) -> None:
    what = "recorded" if changed else "recorded, unchanged"
    console.print(f"{page.key}: {block_count.in_words(page.blocks)} {what}", highlight=False)
