"""A packet's next stop, as the kernel looks it up: route, neighbour, forwarding entry.

Each table's answer is the next one's question: the route names a next hop, the neighbour table its
MAC, the forwarding table of a VXLAN device the node behind that MAC, or a bridge's the port. They
are joined by those values, read from recorded outputs, and by nothing else.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Chain:
    """The answers for `address`, in the order in which the kernel asks.

    `hop` is the next hop: the route's `via`, or the address itself where its network is on the
    link. `entry` has a `dst` in a VXLAN device's table; in a bridge's its `dev` is the port.
    `carrier` is the route to that `dst`, if the recorded routes have one.
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
    table = _read(routes, ROUTES)
    route = _longest(address, table)
    if route is None:
        raise GuideError(f"no route in {routes.id} leads to {address}")
    if route.type != "unicast" or route.dev is None:
        raise GuideError(f"the route to {address} leads nowhere: {route.type} {route.destination}")
    hop, device = route.via or address, route.dev
    neighbour = next(
        (
            each
            for each in _read(neighbours, NEIGHBOURS)
            if each.address == hop and (each.dev or _asked(neighbours)) == device
        ),
        None,
    )
    if neighbour is None or neighbour.mac is None:
        lacks = "no MAC for" if neighbour else "no entry for"
        raise GuideError(
            f"{neighbours.id} has {lacks} {hop} on {device}, where the route to {address} leads"
        )
    mac = neighbour.mac
    entry = next(
        (
            each
            for each in _read(entries, ENTRIES)
            if each.mac == mac and _leads(each, device, _asked(entries))
        ),
        None,
    )
    if entry is None:
        raise GuideError(
            f"{entries.id} has no entry on {device} that leads to {mac}, the MAC of {hop}"
        )
    carrier = _longest(entry.dst, table) if entry.dst else None
    return Chain(address, route, hop, device, neighbour, mac, entry, carrier)


def _leads(entry: Entry, device: str, asked: str) -> bool:
    """Whether it is in the device's own table with a destination, or a port's in a bridge's."""
    if entry.dst is not None:
        return (entry.dev or asked) == device
    # What is permanent in a bridge's table is a MAC of the machine itself: no frame leaves there.
    return entry.master == device and entry.state != "permanent"


def _longest(address: str, table: Sequence[Route]) -> Route | None:
    """The route of the longest prefix that has `address`, of several the first by its metric."""
    wanted = ipaddress.ip_address(address)
    fit = []
    for route in table:
        network = ipaddress.ip_network(
            ("::/0" if wanted.version == 6 else "0.0.0.0/0")
            if route.destination == "default"
            else route.destination
        )
        if network.version == wanted.version and wanted in network:
            fit.append((-network.prefixlen, route.metric or 0, route))
    return min(fit, key=lambda each: each[:2], default=(0, 0, None))[2]


def _read(recording: Recording, kind: Kind[_Records]) -> _Records:
    if registry.kind_of(recording.ran) is not kind:
        raise GuideError(f"block {recording.id} shows no {kind.name}: {recording.ran}")
    records: _Records = registry.read(recording.ran, recording.text, recording.twin)
    return records


def _asked(recording: Recording) -> str:
    """The device that a command asks for: then neither `ip neigh` nor `bridge fdb` repeats it."""
    found = call(recording.ran)
    words = found.args if found else ()
    return next((after for word, after in pairwise(words) if word == "dev"), "")
