"""Start an edition: named, empty, and with the edition that it is settled against."""

import re
from pathlib import Path

from macros.ground.errors import GuideError
from macros.store import reader, sums, writer


def named(name: str) -> str:
    """The name. GuideError where no edition can have it."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name):
        raise GuideError(
            f"{name!r} is not a name for an edition: use small letters, digits, - and ."
        )
    return name


def start(recordings: Path, name: str, *, base: str, lab: str) -> None:
    """Write the edition `name`, without pages. GuideError where there is one, or no `base`."""
    if (recordings / named(name)).exists():
        raise GuideError(f"edition {name} exists already", fix=f"guide record --edition {name}")
    _ = reader.edition(recordings, base)
    with writer.lock(recordings):
        writer.write_edition(recordings / name, lab=lab, base=base, versions={})


def remove_empty(folder: Path) -> None:
    """Take an edition without pages away again."""
    if any(path.is_dir() for path in folder.iterdir()):
        return
    for name in ("edition.yml", sums.NAME):
        (folder / name).unlink(missing_ok=True)
    folder.rmdir()
