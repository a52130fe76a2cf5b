"""Files that are there as a whole or not at all, and the user's cache folder."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


def user_cache() -> Path:
    """The user's cache folder for this project: XDG_CACHE_HOME, or ~/.cache.

    A relative XDG_CACHE_HOME is ignored, as the XDG Base Directory Specification says.
    """
    base = os.environ.get("XDG_CACHE_HOME") or ""
    root = Path(base) if base.startswith("/") else Path.home() / ".cache"
    return root / "packet-by-packet"


def write(path: Path, content: str | bytes, *, durable: bool = False) -> None:
    """Write a file as a whole or not at all; its folder is made where it is missing.

    Two processes that write it at once do not meet; the last one wins. `durable`: it has reached
    the disk before it takes the name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        fresh.write_bytes(content.encode() if isinstance(content, str) else content)
        if durable:
            sync(fresh)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder` that takes its name when the block ends without an error.

    An error removes it; what a process left that was killed is removed by the next.
    """
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        yield fresh
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    fresh.rename(folder)


def sync(path: Path) -> None:
    """Return when a file, or a folder's list of names, has reached the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
