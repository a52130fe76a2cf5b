"""Signals that ask us to end, as exceptions: what has begun is cleaned up, as after Ctrl-C."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any


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


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Signals that end us wait until the block is done, and come then.

    For what starts a program by a fork: logging takes its lock before it and gives it back after
    it, and Python ignores an exception there. So Ctrl-C could be lost, and the lock taken for ever:
    sh's threads waited for it, and we for them.
    """
    came: list[int] = []
    old: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            old[ending] = signal.signal(ending, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        for ending, handler in old.items():
            signal.signal(ending, handler)
        for number in came:
            signal.raise_signal(number)
