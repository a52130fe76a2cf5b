"""A packet's next stop, as the kernel looks it up: route, neighbour, forwarding entry.

Each table's answer is the next one's question: the route names a next hop, the neighbour table its
MAC, the forwarding table of a VXLAN device the node behind that MAC, or a bridge's the port. They
are joined by those values, read from recorded outputs, and by nothing else.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

from macros.ground.commandline import call
from macros.ground.errors import GuideError
from macros.ground.model import Recording
from macros.kinds import registry
from macros.kinds.fdb import KIND as ENTRIES
from macros.kinds.fdb import Entry
from macros.kinds.kind import Kind
from macros.kinds.neighbours import KIND as NEIGHBOURS
from macros.kinds.neighbours import Neighbour
from macros.kinds.routes import KIND as ROUTES
from macros.kinds.routes import Route

_Records = TypeVar("_Records")
# rtnl_rtpref of print_rta_pref(), ip/iproute.c of iproute2; what says nothing is medium.
_PREFERENCES = {"high": 0, "low": 2}


@dataclass(frozen=True, slots=True)
class Chain:
    """The answers for `address`, in the order in which the kernel asks.

    `hop` is the next hop: the route's `via`, or the address itself where its network is on the
    link. `entry` has a `dst` in a VXLAN device's table; in a bridge's its `dev` is the port.
    `carrier` is the route to that `dst`, if the recorded routes have one, and one alone.
    """

    address: str
    route: Route
    hop: str
    device: str
    neighbour: Neighbour
    mac: str
    entry: Entry
    carrier: Route | None


def join(address: str, routes: Recording, neighbours: Recording, entries: Recording) -> Chain:
    """Look `address` up in the recorded tables of one node.

    `routes` is an answer of `ip route` (or `ip route get`), `neighbours` of `ip neigh`, `entries`
    of `bridge fdb`. GuideError where one does not lead to the next.
    """
    nodes = {routes.node, neighbours.node, entries.node}
    if len(nodes) > 1:
        raise GuideError(f"these tables are of different nodes: {', '.join(sorted(nodes))}")
    try:
        address = str(ipaddress.ip_address(address))
    except ValueError as error:
        raise GuideError(f"{address!r} is not an address") from error
    table = _read(routes, ROUTES)
    is_ipv6 = _is_ipv6(routes, table)
    route = _only(address, routes.id, _longest(address, table, is_ipv6))
    hop, device = route.via or address, route.dev or ""
    mac, neighbour = _neighbour(address, hop, device, neighbours)
    entry = _entry(hop, device, mac, entries)
    carriers = _longest(entry.dst, table, is_ipv6) if entry.dst else []
    carrier = carriers[0] if len(carriers) == 1 else None
    return Chain(address, route, hop, device, neighbour, mac, entry, carrier)


def _only(address: str, block: str, fitting: Sequence[Route]) -> Route:
    """The one route that a packet takes. GuideError where there is none, or one of several."""
    if not fitting:
        raise GuideError(f"no route in {block} leads to {address}")
    route, *others = fitting
    if route.type != "unicast" or route.dev is None:
        raise GuideError(f"the route to {address} leads nowhere: {route.type} {route.destination}")
    if others:
        listed = ", ".join(_way(way) for way in fitting)
        raise GuideError(
            f"{len(fitting)} routes lead to {address} and none goes before the other: {listed}",
            fix=f"record `ip route get {address}`: its answer names the one that a packet takes",
        )
    return route


def _neighbour(address: str, hop: str, device: str, table: Recording) -> tuple[str, Neighbour]:
    """The next hop's MAC, and the entry that has it."""
    named = _asked(table)
    neighbour = next(
        (
            neighbour
            for neighbour in _read(table, NEIGHBOURS)
            if neighbour.address == hop and (neighbour.dev or named) == device
        ),
        None,
    )
    if neighbour is None or neighbour.mac is None:
        lacks = "no MAC for" if neighbour else "no entry for"
        raise GuideError(
            f"{table.id} has {lacks} {hop} on {device}, where the route to {address} leads"
        )
    return neighbour.mac, neighbour


def _entry(hop: str, device: str, mac: str, table: Recording) -> Entry:
    """The forwarding entry of a MAC."""
    named = _asked(table)
    for entry in _read(table, ENTRIES):
        if entry.mac == mac and _leads(entry, device, named):
            return entry
    raise GuideError(f"{table.id} has no entry on {device} that leads to {mac}, the MAC of {hop}")


def _leads(entry: Entry, device: str, asked: str) -> bool:
    """Whether it is in the device's own table with a destination, or a port's in a bridge's."""
    if entry.dst is not None:
        return (entry.dev or asked) == device
    # What is permanent in a bridge's table is a MAC of the machine itself: no frame leaves there.
    return entry.master == device and entry.state != "permanent"


def _longest(address: str, table: Sequence[Route], is_ipv6: bool) -> list[Route]:
    """The routes of the longest prefix that has `address`, of these those that go before others.

    That is by metric, and of IPv6 by the preference that a router gave itself (RFC 4191). A route
    with several next hops is one for each that is not dead (fib_select_multipath() of
    net/ipv4/fib_semantics.c): which one a packet takes is decided by a hash.
    """
    wanted = ipaddress.ip_address(address)
    fitting: list[tuple[tuple[int, int, int], Route]] = []
    for route in table:
        default = "::/0" if is_ipv6 else "0.0.0.0/0"
        network = ipaddress.ip_network(
            default if route.destination == "default" else route.destination, strict=False
        )
        if network.version == wanted.version and wanted in network:
            preferred = _PREFERENCES.get(str(route.raw.get("pref")), 1)
            order = (-network.prefixlen, route.metric or 0, preferred)
            fitting += [(order, way) for way in _ways(route)]
    best = min((order for order, _ in fitting), default=None)
    ways = [route for order, route in fitting if order == best]
    return [way for number, way in enumerate(ways) if _hop(way) not in map(_hop, ways[:number])]


def _ways(route: Route) -> Sequence[Route]:
    """A route as one for each next hop that it can take."""
    living = [hop for hop in route.nexthops if "dead" not in hop.flags]
    return [replace(route, via=hop.via, dev=hop.dev) for hop in living] or [route]


def _hop(route: Route) -> tuple[str, str | None, str | None]:
    return route.type, route.via, route.dev


def _way(route: Route) -> str:
    to = f"via {route.via} " if route.via else ""
    return f"{route.destination} {to}dev {route.dev}"


def _is_ipv6(recording: Recording, table: Sequence[Route]) -> bool:
    """Whether `default` is that of IPv6: by the command, else by the other routes and next hops."""
    command = call(recording.ran)
    words = command.args if command else ()
    if "-6" in words or "inet6" in words:
        return True
    if any(":" in route.destination for route in table):
        return True
    networks = any("." in route.destination for route in table)
    return not networks and any(":" in str(route.raw.get("gateway", "")) for route in table)


def _read(recording: Recording, kind: Kind[_Records]) -> _Records:
    if registry.kind_of(recording.ran) is not kind:
        raise GuideError(f"block {recording.id} shows no {kind.name}: {recording.ran}")
    records: _Records = registry.read(recording.ran, recording.text, recording.twin)
    return records


def _asked(recording: Recording) -> str:
    """The device that a command asks for: then neither `ip neigh` nor `bridge fdb` repeats it."""
    command = call(recording.ran)
    words = command.args if command else ()
    return next((after for word, after in pairwise(words) if word == "dev"), "")
