"""What of a node is to be drawn: its guests, interfaces and pairs, without what is left out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from macros.figures.svg import Line, Run
from macros.figures.topology.geometry import LEAST, Note, Placed, Role, measure
from macros.figures.topology.labels import Labels
from macros.figures.topology.news import shown_namespaces
from macros.figures.topology.observation import (
    End,
    Interface,
    Namespace,
    Node,
    Pair,
    bars,
    default_device,
    pairs,
    parents,
)

_NAT = "10.0.2.0/24"  # what slirp and VirtualBox give a machine behind their NAT


@dataclass(frozen=True, slots=True)
class Scene:
    """One node. `guests` are its other namespaces; `other` leads from each end of a pair across."""

    node: Node
    labels: Labels
    hidden: frozenset[str]
    guests: tuple[Namespace, ...]
    pairs: tuple[Pair, ...]
    other: Mapping[End, End]
    parents: Mapping[End, End]

    def own(self) -> list[Interface]:
        """The interfaces of the node's own namespace that are drawn."""
        return [
            interface
            for interface in self.node.own.interfaces
            if not interface.plain_loopback and interface.name not in self.hidden
        ]

    def place(self, namespace: str, interface: Interface, role: Role) -> Placed:
        """An interface with its labels, measured but nowhere yet."""
        end = End(self.node.name, namespace, interface.name)
        lines = self.labels.interface(end, interface)
        if interface.kind == "bridge":
            lines[0] = (*lines[0], Run("  bridge", "note"))
            lines = [line for line in lines if line != (Run("bridge", "note"),)]
        return Placed(end, interface, role, lines, measure(lines, least=LEAST))

    def routes(self) -> Note:
        """The band that stands for the node's own IP: its routes."""
        own = self.node.own
        lines: list[Line] = [self.labels.routes(self.node)]
        if self.labels.brief:
            return Note("routes", lines, measure(lines, least=LEAST))
        lines += [
            self.labels.route(self.node, own, route.text)
            for route in own.routes
            if route.device not in self.hidden
        ]
        return Note("routes", lines, measure(lines, least=LEAST))

    def speaks_ip(self, interface: Interface) -> bool:
        """The node's own IP uses it: it has an address, or a route leads to it."""
        routed = any(route.device == interface.name for route in self.node.own.routes)
        return routed or any(not address.link_local for address in interface.addresses)


def set_scene(node: Node, labels: Labels, leave_out: Collection[str], *, nat: bool) -> Scene:
    """Choose what is drawn. A pair is left out with either of its ends."""
    hidden = frozenset({*leave_out, *([] if nat else [nat_device(node)])})
    guests = tuple(guest for guest in shown_namespaces(node)[1:] if guest.name not in hidden)
    names = {guest.name for guest in guests}

    def drawn(end: End | None) -> bool:
        if end is None:
            return True
        return end.namespace in names if end.namespace else end.interface not in hidden

    joined = pairs(node)
    kept = tuple(pair for pair in joined if drawn(pair.near) and drawn(pair.far))
    # The node's end of a pair goes with a namespace that is left out.
    left = {end.interface for pair in joined if pair not in kept
            for end in (pair.near, pair.far) if end and not end.namespace}  # fmt: skip
    hidden |= left
    other: dict[End, End] = {}
    for pair in kept:
        if pair.far is not None:
            other |= {pair.near: pair.far, pair.far: pair.near}
    standing = {space.name: bars(space, own=not space.name) for space in node.namespaces}

    def stands(child: End, parent: End) -> bool:
        """Whether it is a port, or a member, that the bar it belongs to shows as such."""
        member = node.namespace(child.namespace)
        known = member.interface(child.interface) if member else None
        master = known.master if known else ""
        return master == parent.interface and master in standing[parent.namespace]

    stacked = {
        child: parent
        for child, parent in parents(node).items()
        if not stands(child, parent)
        and all(drawn(end) for end in (child, parent))
        and not any(end.interface in hidden for end in (child, parent) if not end.namespace)
    }
    return Scene(node, labels, hidden, guests, kept, other, stacked)


def nat_device(node: Node) -> str:
    """The NIC of a lab's NAT network, where there is another NIC.

    The default route leaves by it. Where a page took that route away, the network tells.
    """
    physical = [interface for interface in node.own.interfaces if interface.kind == "physical"]
    if len(physical) < 2:
        return ""
    device = default_device(node.own)
    for nic in physical:
        in_nat = any(address.network == _NAT for address in nic.addresses)
        if nic.name == device or (not device and in_nat):
            return nic.name
    return ""
