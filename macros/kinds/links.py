"""Links: what `ip link` shows, by interface name.

JSON: iproute2, ip/ipaddress.c, print_linkinfo(). Text is read into the same JSON words first, so
both ways end in one place.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from macros.ground.commandline import Call
from macros.kinds import iproute
from macros.kinds.fields import (
    Raw,
    by_name,
    inside,
    must,
    number,
    objects,
    pairs,
    string,
    strings,
    unreadable,
    whole,
)
from macros.kinds.kind import Entry, Facts, Kind, Mac

# `6: vethdd93b3d@if3: <BROADCAST,UP> mtu 1500 …`
_HEAD = re.compile(r"(\d+): ([^\s@]+?)(?:@(\S+))?: <([^>]*)> ?(.*)")
# `ip -br`: name, operstate, the rest. The states of linux/if.h, IF_OPER_*.
_BRIEF = re.compile(
    r"([^\s@]+)(?:@(\S+))?\s+"
    r"(UNKNOWN|NOTPRESENT|DOWN|LOWERLAYERDOWN|TESTING|DORMANT|UP)(?:\s+(.*))?$"
)
_NETNS = re.compile(r" link-netns (\S+)")
_WORDS = {"state": "operstate", "mode": "linkmode", "qlen": "txqlen", "link-netns": "link_netns"}
_WORDS |= {"link-netnsid": "link_netnsid", "brd": "broadcast", "peer": "broadcast"}
_BARE = frozenset({"netns-immutable", "permaddr", "protodown"})


@dataclass(frozen=True, slots=True)
class Link:
    """One network interface.

    `state` is its operational state (`UP`, `DOWN`, `UNKNOWN`: RFC 2863), `flags` what stands in
    angle brackets. `link` names the interface it stands on or is paired with in the same
    namespace; where that is in another one, `link_index` is its index there and `link_netnsid`
    (as this namespace counts others) and `link_netns` (its name; only text has it) say which.
    `kind` is the driver's (`veth`, `bridge`, `vxlan`), known only with `-d`. None means that the
    tool did not say.
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
    found = objects(text, twin, "links")
    if found is None:
        found = list(parse(text))
    namespaces = namespaces_of(text)
    links = (link_of(raw, namespaces) for raw in found)
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
        raw=raw,
    )


def namespaces_of(text: str) -> dict[str, str]:
    """Which namespace the text of `ip link` or `ip addr` names as that of an other end."""
    found: dict[str, str] = {}
    name = None
    for line in unfold(text):
        start = _HEAD.match(line)
        name = start[2] if start else name
        said = _NETNS.search(line)
        if name is not None and said is not None:
            found[name] = said[1]
    return found


def parse(text: str) -> Iterator[dict[str, Any]]:
    """The output of `ip link` as the objects that `ip -j link` would have printed."""
    link: dict[str, Any] | None = None
    for at, line in enumerate(unfold(text), 1):
        if not line.strip():
            continue
        start = head(line) or _brief(line)
        if start is not None:
            if link is not None:
                yield link
            link = start
        elif link is None or not line[0].isspace():
            raise unreadable("links", line, at)
        else:
            detail(link, line)
    if link is not None:
        yield link


def unfold(text: str) -> list[str]:
    r"""The lines of an output; `ip -o` writes `\` where a line would end."""
    return text.replace("\\", "\n").splitlines()


def head(line: str) -> dict[str, Any] | None:
    """The first line of an interface (`1: lo: <LOOPBACK> mtu 65536 …`), or None if it is none."""
    match = _HEAD.match(line)
    if match is None:
        return None
    index, name, peer, flags, rest = match.groups()
    raw: dict[str, Any] = {"ifindex": int(index), "ifname": name, **_peer(peer)}
    raw["flags"] = [flag for flag in flags.split(",") if flag]
    raw |= _worded(rest)
    return raw


def brief(line: str) -> tuple[dict[str, Any], str] | None:
    """A line of `ip -br`: the interface and the rest of the line, or None if it is none."""
    match = _BRIEF.match(line)
    if match is None:
        return None
    name, peer, state, rest = match.groups()
    return {"ifname": name, **_peer(peer), "operstate": state}, rest or ""


def detail(link: dict[str, Any], line: str) -> None:
    """Read one of the indented lines under an interface into `link`.

    Of the driver's own line only its name is read: its words have no common form.
    """
    words = line.split()
    if words[0].startswith("link/"):
        link["link_type"] = words[0].removeprefix("link/")
        if len(words) > 1:
            link["address"] = words[1]
        link.update(_worded(" ".join(words[2:])))
    elif words[0] == "altname":
        link.setdefault("altnames", []).append(words[1])
    elif words[0] == "alias":
        link["ifalias"] = line.strip().removeprefix("alias ")
    elif words[0] in ("RX:", "TX:"):
        link["stats64"] = {**link.get("stats64", {}), words[0][:2].lower(): None}
    elif words[0].isdigit():
        _count(link, [int(word) for word in words])
    elif words[0].endswith("_slave"):
        link.setdefault("linkinfo", {})["info_slave_kind"] = words[0].removesuffix("_slave")
    else:
        link.setdefault("linkinfo", {}).setdefault("info_kind", words[0])


def _brief(line: str) -> dict[str, Any] | None:
    found = brief(line)
    if found is None:
        return None
    raw, rest = found
    words = rest.split()
    if words and not words[0].startswith("<"):
        raw["address"] = words[0]
    raw["flags"] = [flag for word in words if word[0] == "<" for flag in word[1:-1].split(",")]
    return raw


def _peer(name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    if name == "NONE":
        return {"link": None}
    if re.fullmatch(r"if\d+", name):
        return {"link_index": int(name[2:])}
    return {"link": name}


def _worded(rest: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs(rest.split(), _BARE):
        found[_WORDS.get(key, key)] = True if value is None else whole(value)
    return found


def _count(link: dict[str, Any], values: list[int]) -> None:
    # The first columns of `ip -s link`, the same for both directions.
    names = ("bytes", "packets", "errors", "dropped")
    counters = link.get("stats64", {})
    for direction, held in counters.items():
        if held is None:
            counters[direction] = dict(zip(names, values, strict=False))


def facts(link: Link) -> Facts:
    """A link's own fields; its `address` is a MAC in the field's words."""
    return Facts({"mac": link.mac or ""}, link.raw, frozenset({"address", "addr_info"}))


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


KIND = Kind(
    name="links",
    what="links",
    asked=iproute.shows("ip link"),
    read=read,
    twin=iproute.detailed_twin,
    entries=_entries,
    speech=iproute.SPEECH,
    wraps=iproute.worded,
    macs=_macs,
)
