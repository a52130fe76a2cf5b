"""The netfilter map: hooks and tables in their order, with what one traced packet met laid on it.

    figure(evidence, id="map", title="…")

Hooks and the order of their tables are those of the kernel (include/uapi/linux/netfilter_ipv4.h:
raw -300, connection tracking -200, mangle -150, destination NAT -100, filter 0, source NAT 100).
A tap is where tcpdump listens: before all hooks on the way in, behind all on the way out
(net/core/dev.c, ptype_all).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from macros.figures.markup import render
from macros.ground.errors import GuideError
from macros.ways.evidence import Evidence, Stage
from macros.ways.ruleset import Packet

_TABLES: Mapping[str, tuple[str, ...]] = {
    "prerouting": ("raw", "conntrack", "mangle", "nat"),
    "input": ("mangle", "filter", "nat"),
    "forward": ("mangle", "filter"),
    "output": ("raw", "conntrack", "mangle", "nat", "filter"),
    "postrouting": ("mangle", "nat"),
}
# The ways through a machine, by their hooks.
_WAYS = (
    ("prerouting", "forward", "postrouting"),
    ("prerouting", "input"),
    ("output", "postrouting"),
)
_PURPOSE = {
    "raw": "before connections are looked up",
    "conntrack": "the connection table: known, or new?",
    "mangle": "headers and marks",
    "nat": "new addresses, once per connection",
    "filter": "may it pass?",
}
_ASKED = {
    "prerouting": "what comes in",
    "input": "what is for this machine",
    "forward": "what goes on to another",
    "output": "what this machine sends",
    "postrouting": "what goes out",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table at a hook: what it is for, and the rules that the packet fitted there.

    `reported` says that the trace has a line of this table at this hook.
    """

    name: str
    purpose: str
    rules: tuple[str, ...]
    reported: bool


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook, its tables in order, and the packet as it came to it, empty if it did not."""

    name: str
    asked: str
    tables: tuple[Table, ...]
    packet: str
    rewritten: bool

    @property
    def passed(self) -> bool:
        """Whether the packet came by."""
        return bool(self.packet)


def figure(packets: Sequence[Evidence], *, id: str, title: str) -> str:
    """A complete `<figure class="netfilter">` of the first packet of a trace.

    GuideError where its hooks are not known, or on none of the ways through a machine.
    """
    stages = packets[0].stages if packets else ()
    if not stages:
        raise GuideError("this is not a trace of a packet; xtables-monitor --trace prints one")
    hooks = list(dict.fromkeys(stage.hook for stage in stages))
    if strange := [hook for hook in hooks if hook not in _TABLES]:
        raise GuideError(
            f"chain {', '.join(strange)} of the trace: its name does not tell which hook calls it;"
            " the map needs a trace of iptables' own chains (xtables-monitor --trace)"
        )
    if not any(set(hooks) <= set(way) for way in _WAYS):
        raise GuideError(
            f"the trace passes {', '.join(hooks)}, which is not a path through one machine;"
            " trace one packet"
        )
    drawn = {name: _hook(name, stages) for name in _TABLES}
    first, last = stages[0].packet, stages[-1].packet
    return render(
        "figures/ways/netfilter.html",
        id=id,
        title=title,
        hooks=drawn,
        arrives=first.arrives,
        leaves=last.leaves,
    )


def _hook(name: str, stages: Sequence[Stage]) -> Hook:
    here = [stage for stage in stages if stage.hook == name]
    tables = []
    for table in _TABLES[name]:
        reports = [stage for stage in here if stage.table == table]
        rules = tuple(fitted.text for stage in reports for fitted in stage.fitted)
        tables.append(Table(table, _PURPOSE[table], rules, bool(reports)))
    before = stages[max(stages.index(here[0]) - 1, 0)].packet if here else None
    packet = here[0].packet if here else None
    rewritten = bool(packet and before and _ends(packet) != _ends(before))
    return Hook(name, _ASKED[name], tuple(tables), _ends(packet) if packet else "", rewritten)


def _ends(packet: Packet) -> str:
    return f"{packet.from_text} → {packet.to_text}"
