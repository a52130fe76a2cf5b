"""One at a time: a lock that the kernel releases when its holders end, however they end."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from macros.errors import GuideError

inherited: set[int] = set()
"""Descriptors of locks that programs we run are to hold with us (`tools.call` passes them on)."""


@contextlib.contextmanager
def locked(path: Path, busy: str | None, *, with_children: bool = False) -> Iterator[None]:
    """Hold the lock file `path`; when another does, GuideError(busy), or wait if `busy` is None.

    `with_children`: programs that we run hold it too, so that one that outlives us, as after
    `kill -9`, does not get a rival in the same files.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
        except BlockingIOError:
            raise GuideError(busy or "", fix="wait until the other has ended") from None
        if not with_children:
            yield
            return
        os.set_inheritable(file.fileno(), True)
        inherited.add(file.fileno())
        try:
            yield
        finally:
            inherited.discard(file.fileno())
