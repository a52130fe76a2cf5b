"""The disk that nodes of a cluster with Calico start from: with its images in it.

Importing them takes every node of a lab minutes of every start, so it is done once, on a copy of
the disk of the cluster's nodes, in the folder of whose parts the result stays. It is named by a
hash of all the files that are in it.
"""

import hashlib
import shlex
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from macros.ground.locks import locked
from macros.lab import paths
from macros.lab.build import built
from macros.lab.kubernetes import disk, parts
from macros.lab.kubernetes.calico_files import Files
from macros.lab.progress import Progress
from macros.lab.tools import disk_named

SCRIPT = paths.SCRIPTS / "calico" / "image.sh"

STEPS = "1"
"""Raised by hand when the code changes what it makes from the same files."""

_KEPT = 2
"""Disks of the same parts that stay: this one, and the one before."""


def made(place: Path, files: Files, progress: Progress) -> Path:
    """The disk with these files, made unless it is there; `place` is the folder of the parts."""
    out = place / f"calico-{_digest(files)}.ext4"
    # Two that want it at once want the same: the second waits.
    with locked(paths.cache() / "calico.lock", None, with_children=True), disk_named():
        if not out.is_file():
            progress.step("calico: importing its images, once for all labs")
            new = out.with_suffix(".new")
            try:
                disk.make(built().kernel, place / parts.DISK, place, new, _script(files))
                new.rename(out)
            finally:
                new.unlink(missing_ok=True)
        _prune(out)
    return out


def _archives(files: Files) -> list[Path]:
    """Those of all images, each once."""
    every = [*files.images.values(), *([files.client_image] if files.client_image else [])]
    return sorted({image.file for image in every})


def _script(files: Files) -> bytes:
    """What runs on the disk: the script, told which files there are."""
    names = " ".join(shlex.quote(file.name) for file in _archives(files))
    client = shlex.quote(files.client.name if files.client else "")
    told = f"files={shlex.quote(str(files.folder))} archives=({names}) client={client}\n"
    return told.encode() + SCRIPT.read_bytes()


def _digest(files: Files) -> str:
    """A hash of what the disk has in it beyond the parts, 16 hex digits."""
    whole = [*_archives(files), *([files.client] if files.client else [])]
    with ThreadPoolExecutor() as pool:
        sums = sorted(pool.map(_sum, whole))
    digest = hashlib.sha256("\0".join([STEPS, *sums]).encode() + SCRIPT.read_bytes())
    return digest.hexdigest()[:16]


def _sum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _prune(current: Path) -> None:
    """Remove disks with other files, all but the newest and what a lab runs on."""
    used = "".join(file.read_text(encoding="utf-8") for file in paths.labs().glob("*/lab.json"))
    olds = [each for each in current.parent.glob("calico-*.ext4") if each != current]
    olds.sort(key=lambda each: each.stat().st_mtime, reverse=True)
    for old in olds[_KEPT - 1 :]:
        if str(old) not in used:
            old.unlink()
