"""Addresses: what `ip addr` shows, by interface name.

JSON: iproute2, ip/ipaddress.c, print_addrinfo(); text is read into the same words first.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.kinds import iproute, links
from macros.kinds.fields import Raw, by_name, must, number, objects, string, unreadable
from macros.kinds.kind import Entry, Facts, Kind, Mac, Part
from macros.kinds.links import Link

# INFINITY_LIFE_TIME of linux/if_addr.h, which iproute2's text calls `forever`.
_FOREVER = 0xFFFFFFFF
# `ip -o addr`: `2: eth0    inet 10.1.0.2/24 …`
_ONE_LINE = re.compile(r"(\d+): (\S+)\s+(inet6? .*)")


@dataclass(frozen=True, slots=True)
class Address:
    """One address.

    `peer` is the other end of a point-to-point one; lifetimes are seconds, None for ever.
    `flags` are iproute2's words: `dynamic`, `noprefixroute`, `nodad`, `deprecated`.
    """

    family: str
    address: str
    prefix: int
    peer: str | None = None
    broadcast: str | None = None
    scope: str | None = None
    label: str | None = None
    flags: tuple[str, ...] = ()
    valid: int | None = None
    preferred: int | None = None
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    @property
    def cidr(self) -> str:
        """The address with its prefix length: `172.17.0.1/16`."""
        return f"{self.address}/{self.prefix}"

    @property
    def network(self) -> str:
        """The network it is in: `172.17.0.0/16`."""
        return str(ipaddress.ip_interface(f"{self.peer or self.address}/{self.prefix}").network)


@dataclass(frozen=True, slots=True)
class Addresses:
    """An interface and its addresses, in the order printed.

    A path that is no field here is looked for in `interface`: `docker0.mtu`. `ipv4`, `prefix`,
    `cidr`, `network` and `broadcast` are of the first IPv4 address, None without one.
    """

    INSIDE: ClassVar = ("interface",)

    interface: Link
    all: tuple[Address, ...] = ()

    @property
    def name(self) -> str:
        """The interface's name."""
        return self.interface.name

    @property
    def mac(self) -> str | None:
        """The interface's link-layer address."""
        return self.interface.mac

    @property
    def first(self) -> Address | None:
        """The first IPv4 address."""
        return next((each for each in self.all if each.family == "inet"), None)

    @property
    def ipv4(self) -> str | None:
        """The first IPv4 address, without its prefix length."""
        return self.first.address if self.first else None

    @property
    def ipv6(self) -> str | None:
        """The first IPv6 address, without its prefix length."""
        return next((each.address for each in self.all if each.family == "inet6"), None)

    @property
    def prefix(self) -> int | None:
        """The prefix length of the first IPv4 address."""
        return self.first.prefix if self.first else None

    @property
    def cidr(self) -> str | None:
        """The first IPv4 address with its prefix length."""
        return self.first.cidr if self.first else None

    @property
    def network(self) -> str | None:
        """The network of the first IPv4 address."""
        return self.first.network if self.first else None

    @property
    def broadcast(self) -> str | None:
        """The broadcast address that goes with the first IPv4 address."""
        return self.first.broadcast if self.first else None


def read(text: str, twin: Any = None, _call: Call | None = None) -> dict[str, Addresses]:
    """The interfaces in the JSON of `ip addr` or in its text, by name, in the order printed."""
    found = objects(text, twin, "addresses")
    if found is None:
        found = list(parse(text))
    namespaces = links.namespaces_of(text)
    interfaces = (_addresses(raw, namespaces) for raw in found)
    return by_name("links", ((interface.name, interface) for interface in interfaces))


def _addresses(raw: Raw, namespaces: Mapping[str, str]) -> Addresses:
    addresses = tuple(_address(each) for each in raw.get("addr_info") or () if each)
    return Addresses(links.link_of(raw, namespaces), addresses)


def _address(raw: Raw) -> Address:
    return Address(
        family=must(raw, "family", "addresses"),
        address=must(raw, "local", "addresses"),
        prefix=int(must(raw, "prefixlen", "addresses")),
        peer=string(raw, "address"),
        broadcast=string(raw, "broadcast"),
        scope=string(raw, "scope"),
        label=string(raw, "label"),
        flags=tuple(key for key, value in raw.items() if value is True),
        valid=_seconds(raw, "valid_life_time"),
        preferred=_seconds(raw, "preferred_life_time"),
        raw=raw,
    )


def _seconds(raw: Raw, key: str) -> int | None:
    value = number(raw, key)
    return None if value == _FOREVER else value


def parse(text: str) -> Iterator[dict[str, Any]]:
    """The output of `ip addr` as the objects that `ip -j addr` would have printed."""
    current: dict[str, Any] | None = None
    for at, line in enumerate(links.unfold(text), 1):
        if not line.strip():
            continue
        start = links.head(line) or _brief(line, at)
        one_line = _ONE_LINE.match(line)
        if one_line is not None:
            index, name, line = one_line.groups()  # noqa: PLW2901 the address is read below
            if current is None or current["ifname"] != name:
                start = {"ifindex": int(index), "ifname": name}
            line = f" {line}"  # noqa: PLW2901
        if start is not None:
            if current is not None:
                yield current
            current = start
            current.setdefault("addr_info", [])
        if current is None or (start is None and not line[0].isspace()):
            raise unreadable("addresses", line, at)
        if start is None or one_line is not None:
            _detail(current, line, at)
    if current is not None:
        yield current


def _detail(current: dict[str, Any], line: str, at: int) -> None:
    words = line.split()
    if words[0] in ("inet", "inet6"):
        current["addr_info"].append(_inet(words, line, at))
    elif words[0] == "valid_lft" and current["addr_info"]:
        life = dict(zip(words[::2], words[1::2], strict=False))
        for key in ("valid", "preferred"):
            said = life.get(f"{key}_lft", "forever")
            try:
                seconds = _FOREVER if said == "forever" else int(said.removesuffix("sec"))
            except ValueError as error:
                raise unreadable("addresses", line, at) from error
            current["addr_info"][-1][f"{key}_life_time"] = seconds
    else:
        links.detail(current, line)


def _inet(words: list[str], line: str, at: int) -> dict[str, Any]:
    family, address, *rest = words
    raw: dict[str, Any] = {"family": family, "local": address}
    if rest[:1] == ["peer"]:
        raw["address"], rest = rest[1], rest[2:]
        address = raw["address"]
    host, _, prefix = address.partition("/")
    raw["address" if "address" in raw else "local"] = host
    try:
        raw["prefixlen"] = int(prefix) if prefix else ipaddress.ip_address(host).max_prefixlen
    except ValueError as error:
        raise unreadable("addresses", line, at) from error
    values = {"brd": "broadcast", "any": "anycast", "scope": "scope", "metric": "metric"}
    while rest and rest[0] in values:
        raw[values[rest[0]]], rest = rest[1], rest[2:]
    if family == "inet" and rest:
        *rest, raw["label"] = rest
    raw |= dict.fromkeys(rest, True)
    return raw


def _brief(line: str, at: int) -> dict[str, Any] | None:
    found = links.brief(line)
    if found is None:
        return None
    raw, rest = found
    raw["addr_info"] = []
    # `10.9.0.1 peer 10.9.0.2/32 10.9.1.1/24 metric 100`: an address begins where no word needs it.
    words, held = rest.split(), list[str]()
    for word in [*words, ""]:
        open_ = held and held[-1] in ("peer", "metric")
        if held and not open_ and word not in ("peer", "metric"):
            family = "inet6" if ":" in held[0] else "inet"
            raw["addr_info"].append(_inet([family, *held], line, at))
            held = []
        if word:
            held.append(word)
    return raw


def _entries(interfaces: Mapping[str, Addresses]) -> Iterator[Entry]:
    """The first address of a network is the source that the kernel chooses: order is a fact.

    Source: ip-address(8), primary address.
    """
    apart = frozenset({"local", "prefixlen"})
    for name, interface in interfaces.items():
        items = {address.cidr: Facts(raw=address.raw, apart=apart) for address in interface.all}
        part = Part("address", items, "addresses", pairs=True, by="family", bare=True)
        yield Entry(name, name, "link", links.facts(interface.interface), (part,))


def _macs(interfaces: Mapping[str, Addresses]) -> Iterator[Mac]:
    return links.macs_of(interface.interface for interface in interfaces.values())


KIND = Kind(
    name="addresses",
    what="links and their addresses",
    asked=iproute.shows("ip address"),
    read=read,
    twin=iproute.twin,
    entries=_entries,
    speech=iproute.SPEECH,
    wraps=iproute.worded,
    macs=_macs,
)
