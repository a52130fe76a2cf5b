"""Record pages: each into a transcript of its own, then settled into the edition as a whole."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from macros.ground.errors import GuideError
from macros.ground.model import Block, Page
from macros.lab.interrupts import ended_by_signals
from macros.lab.lab import Lab
from macros.rebuild import transcripts as settled
from macros.record import fitting
from macros.record import session as record_page
from macros.record.tcpdump import Waits, silent
from macros.settle.folder import Shared
from macros.store import reader, writer

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
    on_wait: Waits = silent,
    together: bool = False,
) -> None:
    """Record `pages` on `lab` into `recordings/edition`.

    `everything` says that these are all pages of the guide: only then may the edition's versions
    change. `on_page` hears of each finished page, and whether its recordings changed, `on_wait` of
    what is waited for long. Nothing is run when the lab is not what each page asks for. With
    `together`, other recorders put other pages into the same edition meanwhile: each writes alone,
    and waits for that.
    """
    for page in pages:
        fitting.check(lab, page)
    folder = recordings / edition
    shared: Shared = {}
    alone = partial(writer.lock, recordings, waiting=True) if together else nullcontext
    with nullcontext() if together else writer.lock(recordings), ended_by_signals():
        with alone():
            writer.recover(folder) if folder.is_dir() else None
            _check_versions(folder, edition, lab, everything=everything)
        for page in pages:
            transcript = settled.transcripts(recordings) / edition / page.key / _stamp()
            with _says_what_cannot_be_written(page, transcript):
                transcript.mkdir(parents=True)
                record_page.record(lab, page, transcript, partial(on_block, page), on_wait)
                with alone():
                    _write_edition(folder, lab)
                    changed = settled.publish(page, transcript, folder, shared)
            settled.keep_last(transcript.parent)
            on_page(page, changed)


@contextmanager
def _says_what_cannot_be_written(page: Page, transcript: Path) -> Iterator[None]:
    """A file of a page's that cannot be written: an error that says which, and what to do."""
    try:
        yield
    except OSError as error:
        raise GuideError(
            f"cannot write {error.filename or transcript}: {error.strerror};"
            " the earlier recordings are untouched",
            page=page.source,
            fix="make room on the disk, then record again",
        ) from error


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def _check_versions(folder: Path, edition: str, lab: Lab, *, everything: bool) -> None:
    if everything or not (folder / "edition.yml").is_file():
        return
    known = reader.edition(folder.parent, edition).versions
    # What this lab has not is of other pages: one edition's are recorded on several labs.
    differing = sorted(name for name in known if lab.versions.get(name, known[name]) != known[name])
    if differing:
        first = differing[0]
        raise GuideError(
            f"edition {edition} was recorded with {first} {known[first]}, the lab has"
            f" {lab.versions[first]}"
            + (f" (and {len(differing) - 1} more differ)" if len(differing) > 1 else ""),
            fix="one edition is one set of versions: start another for the new ones (guide edition"
            " new), record all pages into it, and compare the two (guide edition compare)",
        )


def _write_edition(folder: Path, lab: Lab) -> None:
    base, known = "", {}
    if (folder / "edition.yml").is_file():
        edition = reader.edition(folder.parent, folder.name)
        base, known = edition.base, dict(edition.versions)
    writer.write_edition(folder, lab=lab.kind, base=base, versions=known | dict(lab.versions))
