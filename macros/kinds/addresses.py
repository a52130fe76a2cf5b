"""Addresses: what `ip addr` shows, by interface name.

JSON: iproute2, ip/ipaddress.c, print_addrinfo(); text is read into the same words first.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.kinds import iproute, link_lines, links
from macros.kinds.fields import (
    Raw,
    any_of,
    by_name,
    must,
    number,
    objects,
    string,
    unreadable,
    whole,
)
from macros.kinds.kind import Entry, Facts, Mac, Part
from macros.kinds.links import Link

# INFINITY_LIFE_TIME of linux/if_addr.h, which iproute2's text calls `forever`.
_FOREVER = 0xFFFFFFFF
# `ip -o addr`: `2: eth0    inet 10.1.0.2/24 …`; and such an interface on a line of its own.
_ONE_LINE = re.compile(r"(\d+): (\S+)\s+(inet6? .*)")
_ALONE = re.compile(r"(\d+): (\S+)")
# print_addrinfo(): words with a value, by their names in JSON, and print_ifa_flags()'s that stand
# alone.
_VALUED = {
    "brd": "broadcast",
    "any": "anycast",
    "mcast": "multicast",
    "scope": "scope",
    "metric": "metric",
    "proto": "protocol",
    "flags": "ifa_flags",
}
_FLAGS = any_of(
    "secondary temporary nodad optimistic dadfailed home deprecated tentative permanent dynamic "
    "mngtmpaddr noprefixroute autojoin stable-privacy"
)


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
        return next((address for address in self.all if address.family == "inet"), None)

    @property
    def ipv4(self) -> str | None:
        """The first IPv4 address, without its prefix length."""
        return self.first.address if self.first else None

    @property
    def ipv6(self) -> str | None:
        """The first IPv6 address, without its prefix length."""
        return next((address.address for address in self.all if address.family == "inet6"), None)

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
    raws = objects(text, twin, "addresses")
    namespaces = link_lines.namespaces(text)
    interfaces = (_addresses(raw, namespaces) for raw in (parse(text) if raws is None else raws))
    return by_name("links", ((interface.name, interface) for interface in interfaces))


def _addresses(raw: Raw, namespaces: Mapping[str, str]) -> Addresses:
    addresses = tuple(_address(address) for address in raw.get("addr_info") or () if address)
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
    for raw, lines in link_lines.blocks(_unfolded(text), "addresses", _start):
        raw.setdefault("addr_info", [])
        details = link_lines.Details(raw)
        for line_number, line in lines:
            try:
                _detail(details, line)
            except (ValueError, IndexError) as error:
                raise unreadable("addresses", line, line_number) from error
        yield raw


def _start(line: str) -> dict[str, Any] | None:
    alone = _ALONE.fullmatch(line)
    if alone is not None:
        return {"ifindex": int(alone[1]), "ifname": alone[2]}
    return link_lines.head(line) or _brief(line)


def _unfolded(text: str) -> str:
    """The output of `ip -o addr`, where each address repeats its interface, in the usual form."""
    lines: list[str] = []
    current = ""
    for line in text.splitlines():
        match = _ONE_LINE.match(line)
        if match is None:
            lines.append(line)
            start = link_lines.head(line.partition("\\")[0])
            current = start["ifname"] if start else current
            continue
        if match[2] != current:
            lines.append(f"{match[1]}: {match[2]}")
        current = match[2]
        lines.append(f"    {match[3]}")
    return "\n".join(lines)


def _detail(details: link_lines.Details, line: str) -> None:
    words = line.split()
    addresses = details.raw["addr_info"]
    if words[0] in ("inet", "inet6"):
        addresses.append(_inet(words))
    elif words[0] == "valid_lft" and addresses:
        addresses[-1] |= {
            f"{key.removesuffix('_lft')}_life_time": (
                _FOREVER if life == "forever" else int(life.removesuffix("sec"))
            )
            for key, life in zip(words[::2], words[1::2], strict=True)
        }
    else:
        details.read(line)


def _inet(words: Sequence[str]) -> dict[str, Any]:
    """`inet 10.1.0.1/24 brd 10.1.0.255 scope global noprefixroute proto kernel_lo eth0`."""
    family, address, *rest = words
    raw: dict[str, Any] = {"family": family, "local": address}
    if rest[:1] == ["peer"]:
        raw["address"], rest = rest[1], rest[2:]
    ends = "address" if "address" in raw else "local"
    host, _, prefix = raw[ends].partition("/")
    raw[ends] = host
    raw["prefixlen"] = int(prefix) if prefix else ipaddress.ip_address(host).max_prefixlen
    while rest:
        word = rest.pop(0)
        if word in _VALUED and rest:
            raw[_VALUED[word]] = whole(rest.pop(0)) if word == "metric" else rest.pop(0)
        elif word in _FLAGS:
            raw[word] = True
        elif not rest and family == "inet":
            raw["label"] = word
        else:
            link_lines.keep(raw, "words", [word, *rest])
            break
    return raw


def _brief(line: str) -> dict[str, Any] | None:
    parts = link_lines.brief(line)
    if parts is None:
        return None
    raw, rest = parts
    raw["addr_info"] = []
    # `10.9.0.1 peer 10.9.0.2/32 10.9.1.1/24 metric 100`: an address begins where no word needs it.
    held: list[str] = []
    for word in [*rest.split(), ""]:
        open_ = held and held[-1] in ("peer", "metric")
        if held and not open_ and word not in ("peer", "metric"):
            raw["addr_info"].append(_inet(["inet6" if ":" in held[0] else "inet", *held]))
            held = []
        if word:
            held.append(word)
    return raw


def _entries(interfaces: Mapping[str, Addresses]) -> Iterator[Entry]:
    """The first address of a network is the source that the kernel chooses: order is a fact.

    Source: ip-address(8), primary address.
    """
    for name, interface in interfaces.items():
        items = {
            address.cidr: Facts(
                words={"valid lifetime": _life(address.raw, "valid_life_time")}
                | {"preferred lifetime": _life(address.raw, "preferred_life_time")},
                raw=address.raw,
                apart=_SAID,
                worded=address.raw.get("words", {}),
            )
            for address in interface.all
        }
        part = Part("address", items, "addresses", pairs=True, by="family", bare=True)
        yield Entry(name, name, "link", links.facts(interface.interface), (part,))


_SAID = frozenset({"local", "prefixlen", "words", "valid_life_time", "preferred_life_time"})


def _life(raw: Raw, key: str) -> str:
    """That a lifetime ends, or has ended, is a fact; when it does is not."""
    seconds = number(raw, key)
    if seconds is None:
        return ""
    return "forever" if seconds == _FOREVER else "limited" if seconds > 0 else "over"


def _macs(interfaces: Mapping[str, Addresses]) -> Iterator[Mac]:
    return links.macs_of(interface.interface for interface in interfaces.values())


KIND = iproute.Listing(
    name="addresses",
    what="links and their addresses",
    asked=iproute.shows("ip address"),
    read=read,
    entries=_entries,
    macs=_macs,
)
