"""`guide record --watch`: drafts of a page while it is being written."""

import select
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial

import click

from macros.cli import after_record, show
from macros.ground import block_count
from macros.ground.errors import FollowsError, GuideError
from macros.ground.model import Block, Page
from macros.lab.interrupts import ended_by_signals
from macros.lab.lab import Lab
from macros.plan import planner
from macros.rebuild import advice
from macros.record import fitting
from macros.record.draft_run import DraftRun
from macros.site import claims_check
from macros.store import drafts, writer
from macros.store.guide import Guide

_POLL = 0.2  # seconds between two looks at the page's file


def watch(guide: Guide, lab: Lab, page: Page) -> None:
    """Run a page, and each block again that is edited, until Ctrl-C or a signal; then clean up."""
    fitting.check(lab, page)
    folder = drafts.folder(guide.recordings, guide.edition_name, page.key)
    page = planner.for_versions(page, lab.versions)
    run = DraftRun(
        lab,
        page,
        folder,
        lambda block: click.echo(f"  {block.node} {block.id}"),
        lambda waited: click.echo(f"    {waited}"),
        click.echo,
    )
    with writer.lock(guide.recordings), ended_by_signals():
        run.enter()
        try:
            _timed(run.begin)
            _wrong(guide, page)
            click.echo(
                f"watching {page.source}: save it to record;"
                " Enter runs everything again, Ctrl-C ends"
            )
            _follow(guide, lab, page, run)
        except KeyboardInterrupt:
            pass
        finally:
            click.echo("cleaning up")
            for error in run.end():
                show(error)
    named = f"{advice.option(lab)}{page.key}"
    click.echo(f"these were drafts, for make serve only; next: guide record {named}")


def _follow(guide: Guide, lab: Lab, page: Page, run: DraftRun) -> None:
    seen = page.source.stat().st_mtime_ns
    while True:
        if _enter():
            _timed(run.anew)
            _wrong(guide, page)
        try:
            now = page.source.stat().st_mtime_ns
        except FileNotFoundError:  # an editor that replaces the file
            now = seen
        if now != seen:
            seen = now
            try:
                planned = planner.plan_page(guide.docs, page.source)
            except GuideError as error:
                show(error)
                continue
            fresh = planner.for_versions(planned, lab.versions)
            _timed(partial(run.follow, fresh))
            _wrong(guide, fresh)


def _timed(run: Callable[[], Sequence[Block]]) -> None:
    """Run blocks and say how long it took; what fails is said, and the next edit may mend it."""
    began = time.monotonic()
    try:
        blocks = run()
    except GuideError as error:
        show(error)
        return
    click.echo(f"drafts of {block_count.in_words(blocks)} in {time.monotonic() - began:.1f} s")


def _wrong(guide: Guide, page: Page) -> None:
    """Say which claims of the page do not hold of its drafts, and what of it cannot be shown."""
    if not (guide.recordings / guide.edition_name / "edition.yml").is_file():
        return  # nothing is recorded yet, and no edition has versions to show it by
    now = Guide(guide.docs, guide.recordings, guide.edition_name, partly=True, drafts=True)
    try:
        errors, _, _ = claims_check.page(now, page.source)
    except GuideError as error:
        errors = list(error.all)
    for line in after_record.wrong([e for e in errors if not isinstance(e, FollowsError)]):
        click.echo(line)


def _enter() -> bool:
    """Wait a moment; whether Enter was pressed meanwhile."""
    if not sys.stdin.isatty():
        time.sleep(_POLL)
        return False
    ready, _, _ = select.select([sys.stdin], [], [], _POLL)
    return bool(ready and sys.stdin.readline())
