"""Settle whole runs: a fresh transcript, or one that was kept."""

import shutil
import tempfile
from pathlib import Path

from macros.ground import files, project
from macros.ground.errors import GuideError
from macros.ground.model import Page
from macros.settle import folder as settle_page
from macros.settle.folder import Shared
from macros.store import form, reader, writer
from macros.store.repair import repair


def transcripts(recordings: Path) -> Path:
    """Where what the machines answered is kept, outside git, one folder a run.

    Each checkout has its own: a run settles into no other checkout's recordings.
    """
    return files.user_cache() / "transcripts" / project.tag(recordings)


def publish(page: Page, transcript: Path, edition_folder: Path, shared: Shared) -> bool:
    """Settle one page's transcript and put it in the place of its recording. True if it differs.

    The transcript stays as it is. `shared` are the names found so far in the same run. A page that
    is new in an edition is settled against the edition's base.
    """
    with tempfile.TemporaryDirectory(prefix="guide-settle-") as staged:
        out = Path(staged) / page.key
        out.mkdir()
        settle_page.settle(page, _earlier(edition_folder, page.key), transcript, out, shared)
        return writer.publish(out, edition_folder, page.key)


def _earlier(edition_folder: Path, key: str) -> Path:
    """What a new run of a page is read against: its recording, or that of the base edition."""
    own = edition_folder / key
    if own.is_dir() or not (edition_folder / "edition.yml").is_file():
        return own
    base = reader.edition(edition_folder.parent, edition_folder.name).base
    return edition_folder.parent / base / key if base else own


def kept(page: Page, edition_folder: Path) -> Path:
    """The newest complete transcript of a page. GuideError where none fits the page as it is."""
    folder = transcripts(edition_folder.parent) / edition_folder.name / page.key
    complete = sorted(meta.parent for meta in folder.glob("*/page.yml")) if folder.is_dir() else []
    fix = repair(page, edition_folder)
    if not complete:
        raise GuideError(
            f"no transcript of page {page.key} is kept in {folder}", page=page.source, fix=fix
        )
    newest = complete[-1]
    for block in page.blocks:
        path = newest / f"{block.id}.txt"
        if not path.is_file() or form.read(path, fix).plan != block.plan:
            raise GuideError(
                f"the newest transcript of page {page.key} is older than its block {block.id}",
                page=page.source,
                line=block.line,
                fix=fix,
            )
    return newest


def keep_last(folder: Path, count: int = 5) -> None:
    """Delete all but the newest runs of a page."""
    for old in sorted(folder.iterdir())[:-count]:
        shutil.rmtree(old)
