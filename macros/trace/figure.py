"""A trace as a figure: the drawing, its packets, its captures."""

from collections.abc import Sequence

from macros.trace.model import Trace


def whole(trace: Trace, commands: Sequence[str], *, id: str, title: str) -> str:
    """The whole trace; `commands` are the lanes' tcpdump commands."""
    return f"{id}{title}{len(commands)}{len(trace.lanes)}"


def small(trace: Trace, match: str | int, *, id: str, title: str) -> str:
    """One packet of it."""
    return f"{id}{title}{match}{len(trace.lanes)}"
