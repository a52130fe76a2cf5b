"""Where a trace listens: taps, as a page's author writes them, and the capture block of each.

A tap is `node/interface` or `node/namespace/interface`; `docker:web` for a namespace is that of a
container. Each becomes a capture block of its own, so a trace's captures are recorded, settled,
compared and quoted like any other.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from macros.ground.errors import GuideError
from macros.ground.model import CaptureOf

TapSpec = str | Sequence[str | int]
"""A tap, or a tap and what it has instead of the trace's own: a filter, a number of packets."""

_CONTAINER = "docker:"


@dataclass(frozen=True, slots=True)
class Tap:
    """One interface of one namespace of one node, as written: `$NAME` is still to be bound."""

    node: str
    namespace: str
    interface: str
    filter: str
    packets: int | None = None

    @property
    def written(self) -> str:
        """The tap as a page writes it."""
        return "/".join(part for part in (self.node, self.namespace, self.interface) if part)

    @property
    def container(self) -> str:
        """The container whose namespace it is, or nothing."""
        return self.namespace.removeprefix(_CONTAINER) if self._contained else ""

    @property
    def netns(self) -> str:
        """The named network namespace, or nothing."""
        return "" if self._contained else self.namespace

    @property
    def _contained(self) -> bool:
        return self.namespace.startswith(_CONTAINER)


def read(taps: Sequence[TapSpec], filter: str, packets: int | None = None) -> tuple[Tap, ...]:
    """The taps in the order of the way. GuideError for one that is not written as a tap."""
    in_order = []
    for spec in taps:
        text, *own = (spec, filter) if isinstance(spec, str) else spec or [""]
        filters = [word for word in own if isinstance(word, str)]
        counts = [count for count in own if isinstance(count, int)]
        if not isinstance(text, str) or not own or own != [*filters[:1], *counts[:1]]:
            raise GuideError(
                f"{spec!r} is not a tap, nor a tap with a filter, a number of packets, or both",
                fix='write "node0/eth1", ("node0/eth1", "icmp"), or ("node0/eth1", "icmp", 1)',
            )
        if counts and counts[0] < 1:
            raise GuideError(f"{spec!r} ends after one packet at least")
        parts = text.split("/")
        if not 2 <= len(parts) <= 3 or not all(parts):
            raise GuideError(
                f"{text!r} is not a tap",
                fix="write node/interface or node/namespace/interface: node0/eth1, node0/$POD/eth0",
            )
        namespace = parts[1] if len(parts) == 3 else ""
        count = counts[0] if counts else packets
        in_order.append(
            Tap(parts[0], namespace, parts[-1], filters[0] if filters else filter, count)
        )
    if len(in_order) < 2:
        raise GuideError("a trace has two taps at least", fix="one place alone is a capture(...)")
    alike = [replace(tap, packets=None) for tap in in_order]
    if twice := next((tap for tap in alike if alike.count(tap) > 1), None):
        raise GuideError(f"a trace has the tap {_words(twice)} twice")
    return tuple(in_order)


def block_id(trace: str, tap: Tap) -> str:
    """The id of a tap's block: `way-node0-cni0`, `way-node0-client-eth0` of node0/$CLIENT/eth0."""
    return f"{trace}-{_words(tap)}"


def file_words(tap_netns: str, interface: str) -> str:
    """How a tap's file is called behind its node: its namespace as written, and its interface.

    A pod's namespace has a name that never comes twice, so the name that a page gave it stays.
    """
    within = re.sub(r"[^a-z0-9]+", "-", tap_netns.lower()).strip("-")
    return f"{within}-{interface}" if within else interface


def captures(
    trace: str, taps: Sequence[Tap], *, during: str, closed: bool
) -> tuple[tuple[str, str, CaptureOf], ...]:
    """For each tap the id of its block, its node, and what it listens to."""
    return tuple(
        (
            block_id(trace, tap),
            tap.node,
            CaptureOf(
                interface=tap.interface,
                during=during,
                filter=tap.filter,
                packets=tap.packets,
                closed=closed and tap.packets is None,
                netns=tap.netns,
                container=tap.container,
                trace=trace,
            ),
        )
        for tap in taps
    )


def _words(tap: Tap) -> str:
    text = "-".join(part for part in (tap.node, tap.namespace, tap.interface) if part)
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
