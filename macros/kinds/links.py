"""Links: what `ip link` shows, by interface name.

JSON: iproute2, ip/ipaddress.c, print_linkinfo(). Text is read into the same JSON words first
(`link_lines`), so both ways end in one place.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from macros.ground.commandline import Call
from macros.kinds import iproute, link_lines
from macros.kinds.fields import (
    Raw,
    by_name,
    inside,
    must,
    number,
    objects,
    string,
    strings,
)
from macros.kinds.kind import Entry, Facts, Mac


@dataclass(frozen=True, slots=True)
class Link:
    """One network interface.

    `state` is its operational state (`UP`, `DOWN`, `UNKNOWN`: RFC 2863), `flags` what stands in
    angle brackets. `link` names the interface it stands on or is paired with in the same
    namespace; where that is in another one, `link_index` is its index there and `link_netnsid`
    (as this namespace counts others) and `link_netns` (its name; only text has it) say which.
    `kind` is the driver's (`veth`, `bridge`, `vxlan`), known only with `-d`. `permaddr` is the MAC
    that the device was made with, where it has another now; `protodown`: it is held down. None
    means that the tool did not say.
    """

    name: str
    index: int | None = None
    mac: str | None = None
    mtu: int | None = None
    state: str | None = None
    flags: tuple[str, ...] = ()
    master: str | None = None
    kind: str | None = None
    port_kind: str | None = None
    type: str | None = None
    broadcast: str | None = None
    link: str | None = None
    link_index: int | None = None
    link_netnsid: int | None = None
    link_netns: str | None = None
    qdisc: str | None = None
    qlen: int | None = None
    altnames: tuple[str, ...] = ()
    permaddr: str | None = None
    protodown: bool = False
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    @property
    def up(self) -> bool:
        """Whether it was set up (the flag, not the operational state)."""
        return "UP" in self.flags

    @property
    def info(self) -> Raw:
        """What its driver says, in iproute2's words: `info.id` is a VXLAN's VNI. JSON only."""
        return inside(self.raw, "linkinfo", "info_data")

    @property
    def port(self) -> Raw:
        """Its settings as a port of its master: `port.state`, `port.hairpin`. JSON only."""
        return inside(self.raw, "linkinfo", "info_slave_data")


def read(text: str, twin: Any = None, _call: Call | None = None) -> dict[str, Link]:
    """The links in the JSON of `ip -d link` or in its text, by name, in the order printed."""
    raws = objects(text, twin, "links")
    namespaces = link_lines.namespaces(text)
    links = (link_of(raw, namespaces) for raw in (link_lines.links(text) if raws is None else raws))
    return by_name("links", ((link.name, link) for link in links))


def link_of(raw: Raw, namespaces: Mapping[str, str]) -> Link:
    """One object of `ip -j link` or `ip -j addr` as a Link.

    `namespaces` has for a name the namespace of its other end, which JSON leaves out.
    """
    name = must(raw, "ifname", "links")
    return Link(
        name=name,
        index=number(raw, "ifindex"),
        mac=string(raw, "address"),
        mtu=number(raw, "mtu"),
        state=string(raw, "operstate"),
        flags=strings(raw, "flags"),
        master=string(raw, "master"),
        kind=string(inside(raw, "linkinfo"), "info_kind"),
        port_kind=string(inside(raw, "linkinfo"), "info_slave_kind"),
        type=string(raw, "link_type"),
        broadcast=string(raw, "broadcast"),
        link=string(raw, "link"),
        link_index=number(raw, "link_index"),
        link_netnsid=number(raw, "link_netnsid"),
        link_netns=string(raw, "link_netns") or namespaces.get(name),
        qdisc=string(raw, "qdisc"),
        qlen=number(raw, "txqlen"),
        altnames=strings(raw, "altnames"),
        permaddr=string(raw, "permaddr"),
        protodown=bool(raw.get("proto_down")),
        raw=raw,
    )


def facts(link: Link) -> Facts:
    """A link's own fields; its `address` is a MAC in the field's words."""
    return Facts(
        words={"mac": link.mac or "", "link-netns": link.link_netns or ""},
        raw=link.raw,
        apart=frozenset({"address", "addr_info", "link_netns", "words"}),
        worded=link.raw.get("words", {}),
    )


def macs_of(links: Iterable[Link]) -> Iterator[Mac]:
    """The addresses of the links that have one."""
    for link in links:
        if link.mac is not None:
            yield Mac(("link", link.name), link.mac, link.name, here=True)


def _entries(links: Mapping[str, Link]) -> Iterator[Entry]:
    for name, link in links.items():
        yield Entry(name, name, "link", facts(link))


def _macs(links: Mapping[str, Link]) -> Iterator[Mac]:
    return macs_of(links.values())


def _labels(lines: Sequence[str]) -> list[str | None]:
    """By the whole name, which the first line of a link has behind its index."""
    names: list[str | None] = []
    for line in lines:
        words = line.split(" ", 2)
        first = words[0][:-1].isdigit() and words[0].endswith(":") and len(words) > 1
        names.append(words[1].partition("@")[0] if first else (names or [None])[-1])
    return names


KIND = iproute.Listing(
    name="links",
    what="links",
    asked=iproute.shows("ip link"),
    read=read,
    twin=iproute.detailed_twin,
    entries=_entries,
    labels=_labels,
    macs=_macs,
)
