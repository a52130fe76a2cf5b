"""What kernels say of the packets that they drop: when, why and where, but not of which packet."""

from collections.abc import Iterable, Sequence

from macros.tracer.cause import Evidence
from macros.tracer.listening import Drop
from macros.tracer.story import Sight

_BEFORE, _AFTER = 50_000_000, 30_000_000
"""Nanoseconds around a packet's last sight in which a word on a drop can be about it. The clock of
the trace is known as well as a node is quick: 33 ms were missed on a slow one (drops.sh)."""


def is_near(drop: Drop, time: int) -> bool:
    """Whether a drop can be that of a packet that was seen at a time."""
    return -_BEFORE <= drop.time - time <= _AFTER


def of_every(drops: Iterable[Drop], times: Sequence[int]) -> bool:
    """Whether each of these packets has such a drop."""
    known = list(drops)
    return bool(times) and all(any(is_near(drop, time) for drop in known) for time in times)


def tries(sights: Iterable[Sight], of: Sight) -> list[int]:
    """When it, and what was sent again, was last seen where it was lost."""
    last = of.stops[-1].end
    return [
        sight.journey.visits[-1].packet.time
        for sight in sights
        if sight.forward == of.forward and sight.stops[-1].end == last
    ]


def is_on_its_way(drop: Drop) -> bool:
    """Whether a packet was dropped before its end: TCP itself drops doubles and what comes late."""
    return not drop.reason.startswith("TCP_")


def kind(drop: Drop) -> str:
    """The word for programs."""
    return f"kernel-{drop.reason.lower().replace('_', '-')}"


def evidence(drop: Drop) -> Evidence:
    """The line of the trace."""
    return Evidence(drop.node, "cat /sys/kernel/tracing/trace_pipe  # skb:kfree_skb", drop.line)
