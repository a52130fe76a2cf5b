"""Routes: what `ip route` and `ip route get` show.

JSON: iproute2, ip/iproute.c, print_route(). The fields have the words of the text (`via`, `dev`,
`proto`, `scope`, `src`, `metric`), for that is what a reader sees.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.kinds import iproute
from macros.kinds.fields import (
    Raw,
    any_of,
    inside,
    is_address,
    must,
    number,
    objects,
    string,
    strings,
    unreadable,
    whole,
)
from macros.kinds.kind import Entry, Facts, Kind, Part

# rtnl_rtntype_n2a() of lib/rt_names.c.
_TYPES = any_of(
    "unicast local broadcast anycast multicast blackhole unreachable prohibit throw nat"
)
# print_rt_flags() of ip/iproute.c: these stand alone, all else in pairs.
_FLAGS = any_of(
    "dead onlink pervasive offload trap notify linkdown unresolved rt_offload rt_trap "
    "rt_offload_failed cloned"
)
# mx_names[] of ip/iproute.c: the metrics that stand in the list `metrics` in JSON.
_METRICS = any_of(
    "mtu window rtt rttvar ssthresh cwnd advmss reordering hoplimit initcwnd features rto_min "
    "initrwnd quickack congctl"
)
_WORDS = {"via": "gateway", "proto": "protocol", "src": "prefsrc"}


@dataclass(frozen=True, slots=True)
class Nexthop:
    """One of several ways that a route has."""

    via: str | None
    dev: str | None
    weight: int | None
    flags: tuple[str, ...] = ()
    raw: Raw = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Route:
    """One route, or the answer of `ip route get`.

    `destination` is as printed: `default`, `172.17.0.0/16`, or a single address. `type` is
    `unicast` where nothing is printed (`blackhole`, `unreachable`, `local`, … else). `proto` says
    who made it, `src` which source address a packet gets.
    """

    KEY: ClassVar = "destination"

    destination: str
    via: str | None = None
    dev: str | None = None
    proto: str | None = None
    scope: str | None = None
    src: str | None = None
    metric: int | None = None
    type: str = "unicast"
    table: str | None = None
    mtu: int | None = None
    flags: tuple[str, ...] = ()
    nexthops: tuple[Nexthop, ...] = ()
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    @property
    def onlink(self) -> bool:
        """Whether the next hop is taken to be on the link without a route that says so."""
        return "onlink" in self.flags


def read(text: str, twin: Any = None, _call: Call | None = None) -> tuple[Route, ...]:
    """The routes in the JSON of `ip route` or in its text, in the order printed."""
    found = objects(text, twin, "routes")
    if found is None:
        found = list(parse(text))
    return tuple(_route(each) for each in found)


def _route(raw: Raw) -> Route:
    metrics = raw.get("metrics") or [{}]
    return Route(
        destination=must(raw, "dst", "routes"),
        via=_via(raw),
        dev=string(raw, "dev"),
        proto=string(raw, "protocol"),
        scope=string(raw, "scope"),
        src=string(raw, "prefsrc"),
        metric=number(raw, "metric"),
        type=string(raw, "type") or "unicast",
        table=string(raw, "table"),
        mtu=number(metrics[0], "mtu"),
        flags=strings(raw, "flags"),
        nexthops=tuple(
            Nexthop(
                _via(hop),
                string(hop, "dev"),
                number(hop, "weight"),
                strings(hop, "flags"),
                hop,
            )
            for hop in raw.get("nexthops") or ()
        ),
        raw=raw,
    )


def _via(raw: Raw) -> str | None:
    # A next hop of another family than the route (RFC 8950) is an object of its own.
    return string(raw, "gateway") or string(inside(raw, "via"), "host")


def parse(text: str) -> Iterator[dict[str, Any]]:
    """The output of `ip route` as the objects that `ip -j route` would have printed."""
    route: dict[str, Any] | None = None
    for at, line in enumerate(text.replace("\\", "\n").splitlines(), 1):
        said = line.split()
        if not said:
            continue
        if line[0].isspace():
            if route is None:
                raise unreadable("routes", line, at)
            if said[0] == "nexthop":
                hop: dict[str, Any] = {"flags": []}
                _words(hop, said[1:])
                route.setdefault("nexthops", []).append(hop)
            elif said[0] == "cache":
                route["cache"] = []
                _words(route, said[1:])
            else:
                _words(route, said)
            continue
        if route is not None:
            yield route
        route = {"type": said.pop(0)} if said[0] in _TYPES else {}
        if not said or not (said[0] == "default" or is_address(said[0])):
            raise unreadable("routes", line, at)
        route |= {"dst": said[0], "flags": []}
        _words(route, said[1:])
    if route is not None:
        yield route


def _words(found: dict[str, Any], said: list[str]) -> None:
    rest = iter(said)
    for word in rest:
        if word in _FLAGS:
            found["flags"].append(word)
            continue
        value = next(rest, "")
        if word == "via" and value in ("inet", "inet6"):
            found["via"] = {"family": value, "host": next(rest, "")}
        elif word in _METRICS:
            # `mtu lock 1400`: not to be lowered by path MTU discovery.
            value = next(rest, "") if value == "lock" else value
            found.setdefault("metrics", [{}])[0][word] = whole(value)
        elif word in ("proto", "table"):
            # These are names, also where the name is a number.
            found[_WORDS.get(word, word)] = value
        else:
            found[_WORDS.get(word, word)] = whole(value)


def _entries(routes: Iterable[Route]) -> Iterator[Entry]:
    """Routes by destination, table, type and metric; next hops in words."""
    for route in routes:
        if route.nexthops:
            items = {_hop(hop): _hop_facts(hop) for hop in route.nexthops}
        else:
            items = {route.via: Facts()} if route.via else {}
        yield Entry(
            key=tuple(route.raw.get(name) for name in ("dst", "table", "type", "metric", "tos")),
            name=route.destination,
            noun="route to",
            facts=Facts(raw=route.raw, apart=frozenset({"gateway", "via", "nexthops"})),
            parts=(Part("next hop", items, pairs=True, alone=True),),
        )


def _hop(hop: Nexthop) -> str:
    words = (hop.via or "", f"dev {hop.dev}" if hop.dev else "")
    return " ".join(word for word in (*words, f"weight {hop.weight}" if hop.weight else "") if word)


def _hop_facts(hop: Nexthop) -> Facts:
    return Facts({"flags": ", ".join(sorted(hop.flags))})


KIND = Kind(
    name="routes",
    what="routes",
    asked=iproute.shows("ip route", get=True),
    read=read,
    twin=iproute.twin,
    entries=_entries,
    speech=iproute.SPEECH,
    wraps=iproute.worded,
)
