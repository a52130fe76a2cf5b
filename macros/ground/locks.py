"""One at a time: a lock that the kernel releases when its holders end, however they end."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from macros.ground.errors import GuideError

inherited: set[int] = set()
"""Descriptors of locks that programs we run are to hold with us (`tools.call` passes them on)."""


@contextlib.contextmanager
def locked(
    path: Path, busy: str | None, *, with_children: bool = False, passing: bool = False
) -> Iterator[None]:
    """Hold the lock file `path`; when another does, GuideError(busy), or wait if `busy` is None.

    `with_children`: programs that we run hold it too, so that one that outlives us, as after
    `kill -9`, does not get a rival in the same files. `passing`: the file goes when it is released.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _held(path, busy) as file:
        if with_children:
            os.set_inheritable(file.fileno(), True)
            inherited.add(file.fileno())
        try:
            yield
        finally:
            inherited.discard(file.fileno())
            if passing:
                path.unlink(missing_ok=True)


@contextlib.contextmanager
def folder_locked(folder: Path, busy: str | None) -> Iterator[None]:
    """Hold a folder itself as a lock, so that no file of a lock lies in it.

    When another holds it, GuideError(busy), or wait if `busy` is None.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(handle, busy)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, busy: str | None) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
    except BlockingIOError:
        raise GuideError(busy or "", fix="wait until the other has ended") from None


def _held(path: Path, busy: str | None) -> IO[str]:
    """The lock file, open and locked. One that another removed meanwhile locks nobody out."""
    while True:
        file = path.open("a", encoding="ascii")
        try:
            _lock(file.fileno(), busy)
        except GuideError:
            file.close()
            raise
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                return file
        file.close()
