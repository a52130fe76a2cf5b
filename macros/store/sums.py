"""SHA256SUMS beside every recording: in the form that `sha256sum -c` reads."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

NAME = "SHA256SUMS"


def write(folder: Path) -> None:
    """Sum every other file of `folder` into its SHA256SUMS."""
    lines = [f"{_sum(path)}  {path.name}\n" for path in _files(folder)]
    (folder / NAME).write_text("".join(lines), encoding="ascii", newline="\n")


def problems(folder: Path) -> Iterable[tuple[Path, str]]:
    """Each file of `folder` that is not as it was summed, and what is wrong with it."""
    listed: dict[str, str] = {}
    sums = folder / NAME
    if not sums.is_file():
        yield sums, "is missing"
        return
    for line in sums.read_text(encoding="utf-8", errors="replace").split("\n"):
        digest, gap, name = line.partition("  ")
        if gap and len(digest) == 64:
            listed[name] = digest
        elif line:
            yield sums, "was changed by hand: a line of it is no checksum"
            return
    present = {path.name: path for path in _files(folder)}
    for name in sorted(listed.keys() - present.keys()):
        yield folder / name, "is missing"
    for name, path in present.items():
        if name not in listed:
            yield path, "is not of this recording: nothing but the recorder writes here"
        elif listed[name] != _sum(path):
            yield path, "was changed by hand: its checksum differs"


def digest(folder: Path) -> str:
    """A hash over what is in a folder now, whatever was summed."""
    text = "".join(f"{_sum(path)}  {path.name}\n" for path in _files(folder))
    return hashlib.sha256(text.encode()).hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name != NAME)


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
