"""Routes: what `ip route` and `ip route get` show.

JSON: iproute2, ip/iproute.c, print_route(). The fields have the words of the text (`via`, `dev`,
`proto`, `scope`, `src`, `metric`), for that is what a reader sees.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.kinds import iproute, route_lines
from macros.kinds.fields import (
    Raw,
    inside,
    must,
    number,
    objects,
    string,
    strings,
)
from macros.kinds.kind import Entry, Facts, Part, by_first_word


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
    """The routes in the JSON of `ip route` or in its text, in the order printed.

    Before 6.3 iproute2 wrote an encapsulation's `dst` over the route's own in JSON (0f32ef97): of
    such an answer the text is read.
    """
    raws = objects(text, twin, "routes")
    if raws is not None and text and any(isinstance(raw.get("encap"), str) for raw in raws):
        raws = None
    return tuple(_route(raw) for raw in (route_lines.routes(text) if raws is None else raws))


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


# What tells routes to one destination apart, in the order in which a sentence names it.
_TRAITS = {
    **{word: word for word in ("type", "from", "tos")},
    "via": "gateway",
    **{word: word for word in ("dev", "table", "metric")},
}
# Said otherwise; and how often, and how long ago, a route that is kept was used (-s).
_APART = frozenset({"gateway", "via", "nexthops", "users", "used", "age", "tsage"})
# Routes to these are of one interface, and a packet to them names it.
_ON_LINK = ("fe80:", "ff0")


def _entries(routes: Iterable[Route]) -> Iterator[Entry]:
    """Routes by destination; those to one by what tells them apart; next hops in words.

    Of those that differ in their next hop alone the first is used: their order is a fact
    (net/ipv4/fib_trie.c, fib_table_lookup(); net/ipv6/route.c, find_rr_leaf()).
    """
    for route in routes:
        if route.nexthops:
            items = {_hop(hop): _hop_facts(hop) for hop in route.nexthops}
        else:
            items = {route.via: Facts()} if route.via else {}
        traits = {word: str(route.raw.get(name) or "") for word, name in _TRAITS.items()}
        traits["type"] = "" if route.type == "unicast" else route.type
        rank = tuple(traits[word] for word in traits if word not in ("via", "dev"))
        yield Entry(
            key=route.destination,
            name=route.destination,
            noun="route to",
            facts=Facts(raw=route.raw, apart=_APART),
            parts=(Part("next hop", items, pairs=True, alone=True),),
            traits=traits,
            rank=None if route.destination.startswith(_ON_LINK) else rank,
        )


def _hop(hop: Nexthop) -> str:
    words = (hop.via or "", f"dev {hop.dev}" if hop.dev else "")
    return " ".join(word for word in (*words, f"weight {hop.weight}" if hop.weight else "") if word)


def _hop_facts(hop: Nexthop) -> Facts:
    apart = frozenset({"flags", "gateway", "via", "dev", "weight"})
    return Facts({"flags": ", ".join(sorted(hop.flags))}, hop.raw, apart)


def _labels(lines: Sequence[str]) -> list[str | None]:
    """By destination; a type may stand before it."""
    return by_first_word([_from_destination(line) for line in lines])


def _from_destination(line: str) -> str:
    word, _, rest = line.partition(" ")
    return rest if rest and word in route_lines.TYPES else line


KIND = iproute.Listing(
    name="routes",
    what="routes",
    asked=iproute.shows("ip route", get=True),
    read=read,
    entries=_entries,
    labels=_labels,
)
