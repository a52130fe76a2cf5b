"""Signals that ask us to end, as exceptions: what has begun is cleaned up, as after Ctrl-C."""

import contextlib
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end us as Ctrl-C does: by an exception, so that we clean up."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    try:
        old = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    except ValueError:  # not the main thread: whoever is there has to see to it
        old = {}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
