"""Drafts: what blocks answered while their page was being written. No edition holds them.

They lie in the user's cache, beside the transcripts, and are shown by `make serve` alone: a
recording comes from one whole run on one lab.
"""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from macros.ground import files, project
from macros.ground.errors import GuideError
from macros.ground.model import Block, Page, PageRecording, Recording
from macros.store import form

_FIX = "guide record --watch makes new drafts"


def folder(recordings: Path, edition: str, key: str = "") -> Path:
    """Where the drafts of a page are, or those of all pages of an edition."""
    return files.user_cache() / "drafts" / project.tag(recordings) / edition / key


def read(drafts: Path, page: Page) -> Mapping[str, Recording]:
    """The drafts of a page that are of its blocks as they are now, by id."""
    drafted = {}
    for block in page.blocks:
        recording = one(drafts, block.id)
        if recording is not None and recording.plan == block.plan:
            drafted[block.id] = recording
    return drafted


def one(drafts: Path, block: str) -> Recording | None:
    """The draft of one block, whatever it was planned as; None where there is none to read."""
    path = drafts / f"{block}.txt"
    try:
        return replace(form.read(path, _FIX), draft=True) if path.is_file() else None
    except GuideError:
        return None


def stamp(drafts: Path, blocks: Iterable[Block]) -> None:
    """Say of the drafts of these blocks that they are of the page as it is planned now."""
    for block in blocks:
        recording = one(drafts, block.id)
        if recording is not None and recording.plan != block.plan:
            form.write(drafts, replace(recording, plan=block.plan))


def over(recorded: PageRecording, drafts: Path, page: Page) -> PageRecording:
    """What is recorded of a page with its drafts in the place of what they are newer than."""
    drafted = read(drafts, page)
    if not drafted:
        return recorded
    return replace(
        recorded,
        recorded=recorded.recorded or "draft",
        lab=recorded.lab or "draft",
        nodes=recorded.nodes or page.machines,
        blocks={**recorded.blocks, **drafted},
    )


def forget(drafts: Path) -> None:
    """Delete the drafts of a page, or all."""
    shutil.rmtree(drafts, ignore_errors=True)
