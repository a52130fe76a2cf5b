"""Python's search for objects that refer to each other in circles, put off for a while."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Search no cycles meanwhile.

    What is read of a large output is millions of objects that are all still needed: searching them
    again and again takes a quarter of the time, and finds nothing.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
