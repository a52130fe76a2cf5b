"""One at a time: a lock that the kernel releases when its holder ends, however it ends."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from macros.errors import GuideError


@contextlib.contextmanager
def locked(path: Path, busy: str | None) -> Iterator[None]:
    """Hold the lock file `path`; when another does, GuideError(busy), or wait if `busy` is None."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
        except BlockingIOError:
            raise GuideError(busy or "", fix="wait until the other has ended") from None
        yield
