"""Record pages: each into a transcript of its own, then into the edition, whole or not at all."""

import os
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from macros.errors import GuideError
from macros.lab import Lab
from macros.model import Block, Page
from macros.record import page as record_page
from macros.store import read, write

OnBlock = Callable[[Page, Block], None]
OnPage = Callable[[Page, bool], None]


def record(
    lab: Lab,
    pages: Sequence[Page],
    recordings: Path,
    edition: str,
    *,
    everything: bool,
    on_block: OnBlock,
    on_page: OnPage,
) -> None:
    """Record `pages` on `lab` into `recordings/edition`.

    `everything` says that these are all pages of the guide: only then may the edition's versions
    change. `on_page` hears of each finished page, and whether its recordings changed.
    """
    folder = recordings / edition
    with write.lock(recordings):
        write.recover(folder) if folder.is_dir() else None
        _check_versions(folder, edition, lab, everything=everything)
        for page in pages:
            transcript = transcripts() / edition / page.key / _stamp()
            transcript.mkdir(parents=True)
            try:
                record_page.record(lab, page, transcript, partial(on_block, page))
                _write_edition(folder, lab)
                changed = write.publish(transcript, folder, page.key)
            except OSError as error:
                raise GuideError(
                    f"cannot write {error.filename or transcript}: {error.strerror};"
                    " the earlier recordings are untouched",
                    page=page.source,
                    fix="make room on the disk, then record again",
                ) from error
            _keep_last(transcript.parent)
            on_page(page, changed)


def transcripts() -> Path:
    """Where what the machines answered is kept, outside git, one folder a run."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "packet-by-packet" / "transcripts"


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def _keep_last(folder: Path, count: int = 5) -> None:
    for old in sorted(folder.iterdir())[:-count]:
        shutil.rmtree(old)


def _check_versions(folder: Path, edition: str, lab: Lab, *, everything: bool) -> None:
    if everything or not (folder / "edition.yml").is_file():
        return
    known = read.edition(folder.parent, edition).versions
    differing = sorted(name for name in known if known[name] != lab.versions.get(name))
    if differing:
        first = differing[0]
        raise GuideError(
            f"edition {edition} was recorded with {first} {known[first]}, the lab has"
            f" {lab.versions.get(first, 'none')}"
            + (f" (and {len(differing) - 1} more differ)" if len(differing) > 1 else ""),
            fix="record all pages (guide record, without a page), so that one edition is one set"
            " of versions",
        )


def _write_edition(folder: Path, lab: Lab) -> None:
    base = (
        read.edition(folder.parent, folder.name).base if (folder / "edition.yml").is_file() else ""
    )
    write.write_edition(folder, lab=lab.kind, base=base, versions=lab.versions)
