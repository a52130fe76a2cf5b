"""One command at a time that changes a lab."""

import contextlib
from collections.abc import Iterator

from macros.ground.locks import locked
from macros.lab import paths
from macros.lab.interrupts import ended_by_signals
from macros.lab.state import folder


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """Keep every other `up`, `down` or `reset` of this lab out; one that is ended gives way.

    GuideError where another is at work, and for what cannot be a lab's name.
    """
    folder(name)
    busy = f"another command is working on the lab {name!r}"
    with ended_by_signals(), locked(paths.labs() / f"{name}.lock", busy, passing=True):
        yield
