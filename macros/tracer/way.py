"""The way of a packet as the tables have it: where it should be seen, and what decides that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from macros.figures.topology.observation import End

Trouble = Literal[
    "", "no-route", "blackhole", "wrong-route", "forwarding-off", "rp-filter", "neighbour-failed",
    "neighbour-wrong", "fdb-missing", "fdb-wrong", "link-down", "router",
    "neighbour-shared",
]  # fmt: skip
"""What is wrong with a look-up; "" where nothing is."""
ASTRAY: frozenset[Trouble] = frozenset({"wrong-route", "neighbour-wrong", "fdb-wrong"})
"""What lets a packet go on, to where it should not."""


How = Literal["sent", "cable", "bridged", "up", "routed", "wire", "unwrapped", "below"]
"""How a packet comes from one interface to the next."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """One question to a table, its answer, and what that means.

    `space` is the namespace, "" for the node's own. `output` is what was printed, or the line of it
    that counts; "" where the table has none. `words` say what it means.
    """

    node: str
    space: str
    command: str
    output: str
    words: str
    trouble: Trouble = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """An interface where the packet should be seen.

    `how` is how it comes here from the stop before, and `lookups` what decided that. `wrapped` is
    the kind of the tunnel whose outer packet is seen here. `mtu` is the interface's. `strange` is
    its kind where the tracer does not know what such an interface does.
    """

    end: End
    kind: str
    how: How
    lookups: tuple[Lookup, ...] = ()
    wrapped: str = ""
    mtu: int = 0
    mac: str = ""
    port: int = 0
    strange: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """The stops in order. `ends` says how it ends.

    "there": where it should; "elsewhere": in another namespace or machine; "leaves": it goes to a
    machine that is not known; "dark": to a node that could not be looked at; "broken": a table has
    no way on, `last` being the look-ups that say so.
    """

    source: str
    to: str
    stops: tuple[Stop, ...]
    ends: Literal["there", "elsewhere", "leaves", "dark", "broken", "strange"]
    last: tuple[Lookup, ...] = ()
    words: str = ""
    unseen: str = ""
    """The node that it leads to and that was not looked at."""

    def at(self, end: End) -> int | None:
        """The place of an interface on the way, counted from 0."""
        return next((index for index, stop in enumerate(self.stops) if stop.end == end), None)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes it leads over."""
        return tuple(dict.fromkeys(stop.end.node for stop in self.stops))

    @property
    def troubles(self) -> tuple[Lookup, ...]:
        """What is wrong on it, in order."""
        every = [*(lookup for stop in self.stops for lookup in stop.lookups), *self.last]
        return tuple(lookup for lookup in every if lookup.trouble)


def joined(forward: Way, back: Way | None) -> tuple[Stop, ...]:
    """All stops of the way there and of the way back, in the order of the way there.

    What only the way back has stands after the stop that it leads from, seen from the client.
    """
    stops = list(forward.stops)
    for stop in reversed(back.stops) if back else ():
        turned = replace(stop, lookups=())
        if all(earlier.end != stop.end for earlier in stops):
            stops.insert(_after(stops, back, stop), turned)
    return tuple(stops)


def _after(stops: Sequence[Stop], back: Way | None, stop: Stop) -> int:
    """Where a stop of the way back belongs: behind the one that it leads to."""
    assert back is not None  # noqa: S101
    index = back.at(stop.end) or 0
    for nearer in back.stops[index + 1 :]:
        position = next(
            (number for number, candidate in enumerate(stops) if candidate.end == nearer.end), None
        )
        if position is not None:
            return position + 1
    return 0
