"""The ports of bridges: what `bridge link` shows, by interface name.

JSON: iproute2, bridge/link.c. Its `link` (in text: the name after `@`) is not to be trusted: it
looks the index of a veth's other end up in this namespace, though that end may be in another.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from macros.ground.commandline import Call
from macros.kinds import iproute, link_lines
from macros.kinds.fields import Raw, by_name, must, number, objects, setting, string, strings
from macros.kinds.kind import Entry, Facts


@dataclass(frozen=True, slots=True)
class Port:
    """One port. `state` is that of the spanning tree (`forwarding`, `disabled`, …)."""

    name: str
    index: int | None = None
    master: str | None = None
    state: str | None = None
    mtu: int | None = None
    priority: int | None = None
    cost: int | None = None
    link: str | None = None
    flags: tuple[str, ...] = ()
    raw: Raw = field(default_factory=dict, compare=False, repr=False)


def read(text: str, twin: Any = None, _call: Call | None = None) -> dict[str, Port]:
    """The ports in the JSON of `bridge link` or in its text, by name, in the order printed."""
    raws = objects(text, twin, "ports")
    ports = (
        Port(
            name=must(raw, "ifname", "ports"),
            index=number(raw, "ifindex"),
            master=string(raw, "master"),
            state=string(raw, "state"),
            mtu=number(raw, "mtu"),
            priority=number(raw, "priority"),
            cost=number(raw, "cost"),
            link=string(raw, "link"),
            flags=strings(raw, "flags"),
            raw=raw,
        )
        for raw in (_parse(text) if raws is None else raws)
    )
    return by_name("ports", ((port.name, port) for port in ports))


def _parse(text: str) -> Iterator[dict[str, Any]]:
    for raw, lines in link_lines.blocks(text, "ports", link_lines.head):
        # `ip link` means the operational state by this word, `bridge link` the port's.
        if "operstate" in raw:
            raw["state"] = raw.pop("operstate")
        for _, line in lines:
            words = line.split()
            while len(words) > 1 and words[0] not in raw:
                word, value = words.pop(0), words.pop(0)
                raw[word] = setting(value)
            if words:
                link_lines.keep(raw, "words", words)
        yield raw


def _entries(ports: Mapping[str, Port]) -> Iterator[Entry]:
    for name, port in ports.items():
        words = port.raw.get("words", {})
        facts = Facts(raw=port.raw, apart=frozenset({"words"}), worded=words)
        yield Entry(name, name, "port", facts)


KIND = iproute.Listing(
    name="ports",
    what="ports of bridges",
    asked=iproute.shows("bridge link"),
    read=read,
    entries=_entries,
)
