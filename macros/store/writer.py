"""Replace a page's recordings as a whole, or leave them as they were."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from macros.ground import files
from macros.ground.errors import GuideError
from macros.store import form, sums


@contextmanager
def lock(recordings: Path, *, waiting: bool = False) -> Iterator[None]:
    """Keep a second recorder out, or let it wait. The kernel drops the lock when its holder dies.

    GuideError where another recorder is at work and this one is not `waiting`.
    """
    from macros.ground import locks  # noqa: PLC0415 Linux only, as labs are; building the site is not

    recordings.mkdir(parents=True, exist_ok=True)
    busy = None if waiting else f"another recorder is writing to {recordings}"
    with locks.folder_locked(recordings, busy):
        yield


def publish(staged: Path, edition_folder: Path, key: str) -> bool:
    """Put the complete folder `staged` in the place of a page's recordings. True if it differs.

    The new one is copied beside the old, brought to disk, and only then renamed into place. A
    page whose blocks all answered the same keeps its old files, its date among them.
    """
    target = edition_folder / key
    edition_folder.mkdir(parents=True, exist_ok=True)
    recover(edition_folder)
    sums.write(staged)
    if target.is_dir() and _same(staged, target):
        return False
    replace(staged, edition_folder, key)
    return True


def replace(staged: Path, edition_folder: Path, key: str) -> None:
    """Put the complete, summed folder `staged` in the place of a page's recordings, by renames."""
    target = edition_folder / key
    fresh, old = edition_folder / f".{key}.new", edition_folder / f".{key}.old"
    try:
        shutil.copytree(staged, fresh)
        for path in fresh.iterdir():
            files.sync(path)
        files.sync(fresh)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        # copytree gathers what went wrong with each file: (from, to, why).
        why = error.strerror or str(error.args[0][0][2])
        raise GuideError(
            f"{edition_folder} cannot be written: {why}; the earlier recordings of"
            f" {key} are untouched",
            fix="make room or give the right to write, then record again",
        ) from error
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    files.sync(edition_folder)


def recover(edition_folder: Path) -> None:
    """Undo what a recorder left that was killed between two renames."""
    for old in edition_folder.glob(".*.old"):
        target = edition_folder / old.name[1:-4]
        if target.exists():
            shutil.rmtree(old)
        else:
            old.rename(target)
    for fresh in edition_folder.glob(".*.new"):
        shutil.rmtree(fresh)


def write_edition(folder: Path, *, lab: str, base: str, versions: Mapping[str, str]) -> None:
    """Write edition.yml and its checksum, each by one rename."""
    folder.mkdir(parents=True, exist_ok=True)
    data: dict[str, Any] = {"lab": lab, "base": base, "versions": dict(sorted(versions.items()))}
    path = folder / "edition.yml"
    text = form.dump_yaml(data)
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    files.write(path, text, durable=True)
    sums.write(folder)


def _same(staged: Path, other: Path) -> bool:
    """Whether two page folders hold the same answers; when they were made does not count."""
    skipped = {"page.yml", sums.NAME}
    mine = {path.name: path for path in staged.iterdir() if path.name not in skipped}
    theirs = {path.name: path for path in other.iterdir() if path.name not in skipped}
    return (
        not any(sums.problems(other))
        and mine.keys() == theirs.keys()
        and all(path.read_bytes() == theirs[name].read_bytes() for name, path in mine.items())
    )
