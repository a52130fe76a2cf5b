"""The ports of bridges: what `bridge link` shows, by interface name.

JSON: iproute2, bridge/link.c. Its `link` (in text: the name after `@`) is not to be trusted: it
looks the index of a veth's other end up in this namespace, though that end may be in another.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from macros.ground.commandline import Call
from macros.kinds import iproute, links
from macros.kinds.fields import Raw, by_name, must, number, objects, string, strings, unreadable
from macros.kinds.kind import Entry, Facts, Kind


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
    found = objects(text, twin, "ports")
    if found is None:
        found = list(_parse(text))
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
        for raw in found
    )
    return by_name("ports", ((port.name, port) for port in ports))


def _parse(text: str) -> Iterator[dict[str, Any]]:
    port: dict[str, Any] | None = None
    for at, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        start = links.head(line)
        if start is not None:
            if port is not None:
                yield port
            port = start
            # `ip link` means the operational state by this word, `bridge link` the port's.
            if "operstate" in port:
                port["state"] = port.pop("operstate")
        elif port is None or not line[0].isspace():
            raise unreadable("ports", line, at)
        else:
            words = line.split()
            said = dict(zip(words[::2], words[1::2], strict=False))
            port |= {
                key: {"on": True, "off": False}.get(value, value) for key, value in said.items()
            }
    if port is not None:
        yield port


def _entries(ports: Mapping[str, Port]) -> Iterator[Entry]:
    for name, port in ports.items():
        yield Entry(name, name, "port", Facts(raw=port.raw))


KIND = Kind(
    name="ports",
    what="ports of bridges",
    asked=iproute.shows("bridge link"),
    read=read,
    twin=iproute.twin,
    entries=_entries,
    speech=iproute.SPEECH,
    wraps=iproute.worded,
)
