"""All nodes that were looked at, as one: who has an address or a MAC, and what joins them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from macros.figures.topology.observation import End, Interface, Namespace, Node, pairs, parents
from macros.kinds.fdb import Entry
from macros.kinds.neighbours import Neighbour
from macros.tracer.cluster_facts import Facts
from macros.tracer.node_look import Look

DEFAULT_ENTRY = "00:00:00:00:00:00"
"""The MAC under which a VXLAN has where it sends what it has no entry for."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One interface, with its namespace and node."""

    node: str
    space: Namespace
    interface: Interface

    @property
    def end(self) -> End:
        """Its names."""
        return End(self.node, self.space.name, self.interface.name)


@dataclass(frozen=True)
class Terrain:
    """The nodes by name. `dark` are those that could not be looked at, each with why."""

    looks: Mapping[str, Look]
    facts: Facts
    dark: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def states(self) -> Mapping[str, Node]:
        """What was observed on each node, namespaces of pods called after them."""
        return {name: _named(look.state, self.facts) for name, look in self.looks.items()}

    @cached_property
    def pids(self) -> Mapping[str, Mapping[str, int]]:
        """A process in each namespace, by node and the namespace's name."""
        by_node: dict[str, dict[str, int]] = {}
        for node, look in self.looks.items():
            by_inode = {part["inode"]: part["pid"] for part in look.raw["namespaces"]}
            by_node[node] = {
                space.name: by_inode[space.inode]
                for space in self.states[node].namespaces
                if space.name and by_inode.get(space.inode)
            }
        return by_node

    def spots(self) -> Iterator[Spot]:
        """All interfaces."""
        for name, node in self.states.items():
            for space in node.namespaces:
                for interface in space.interfaces:
                    yield Spot(name, space, interface)

    @cached_property
    def _by_address(self) -> Mapping[str, tuple[Spot, ...]]:
        spots_of: dict[str, list[Spot]] = {}
        for spot in self.spots():
            for address in spot.interface.addresses:
                if not address.link_local and spot.interface.kind != "loopback":
                    spots_of.setdefault(address.ip, []).append(spot)
        return {address: tuple(spots) for address, spots in spots_of.items()}

    @cached_property
    def _by_mac(self) -> Mapping[str, tuple[Spot, ...]]:
        spots_of: dict[str, list[Spot]] = {}
        for spot in self.spots():
            if spot.interface.mac:
                spots_of.setdefault(spot.interface.mac, []).append(spot)
        return {mac: tuple(spots) for mac, spots in spots_of.items()}

    def owner(self, address: str) -> Spot | None:
        """Who has an address; None where nobody or several have."""
        spots = self._by_address.get(address, ())
        return spots[0] if len(spots) == 1 else None

    def owner_of_mac(self, mac: str) -> Spot | None:
        """Who has a MAC; None where nobody or several have."""
        spots = self._by_mac.get(mac, ())
        return spots[0] if len(spots) == 1 else None

    def spot(self, end: End | None) -> Spot | None:
        """The interface of these names."""
        node = self.states.get(end.node) if end else None
        space = node.namespace(end.namespace) if node and end else None
        interface = space.interface(end.interface) if space and end else None
        return Spot(end.node, space, interface) if end and space and interface else None

    def peer(self, spot: Spot) -> Spot | None:
        """The other end of a veth pair."""
        for pair in self._pairs.get(spot.node, ()):
            if pair[0] == spot.end:
                return self.spot(pair[1])
            if pair[1] == spot.end:
                return self.spot(pair[0])
        return None

    @cached_property
    def _pairs(self) -> Mapping[str, tuple[tuple[End, End | None], ...]]:
        return {
            name: tuple((pair.near, pair.far) for pair in pairs(node))
            for name, node in self.states.items()
        }

    def below(self, spot: Spot) -> Spot | None:
        """The interface that a VLAN, macvlan or ipvlan sends by."""
        return self.spot(parents(self.states[spot.node]).get(spot.end))

    def neighbour(self, spot: Spot, address: str) -> Neighbour | None:
        """What the kernel has for an address on that interface."""
        entries = self.looks[spot.node].neighbours(spot.space)
        return next(
            (
                entry
                for entry in entries
                if (entry.address, entry.dev) == (address, spot.interface.name)
            ),
            None,
        )

    def entry(self, spot: Spot, mac: str) -> Entry | None:
        """Where a bridge or VXLAN has a MAC: a port, or a remote address."""
        name = spot.interface.name
        entries = self.looks[spot.node].entries(spot.space)
        if spot.interface.kind == "bridge":
            own = [
                entry for entry in entries if entry.master == name and entry.state != "permanent"
            ]
            return next((entry for entry in own if entry.mac == mac), None)
        own = [entry for entry in entries if entry.dev == name and entry.dst is not None]
        return next((entry for entry in own if entry.mac == mac), None) or next(
            (entry for entry in own if entry.mac == DEFAULT_ENTRY), None
        )

    def place_of(self, address: str) -> tuple[str, str]:
        """Node and namespace that have an address, by what was seen, else by the API."""
        spot = self.owner(address)
        if spot is not None:
            return spot.node, spot.space.name
        pod = self.facts.pod_at(address)
        return (pod.node, pod.known_as) if pod else (self.facts.node_at(address), "")


def _named(node: Node, facts: Facts) -> Node:
    """The node with the namespaces of pods called after the pods, which their addresses tell."""
    spaces: list[Namespace] = []
    for space in node.namespaces:
        addresses = [
            address.ip for interface in space.interfaces for address in interface.addresses
        ]
        pods = [pod for address in addresses if (pod := facts.pod_at(address))]
        pod = next(
            (candidate for candidate in pods if space.name and candidate.node == node.name), None
        )
        if pod is not None and all(namespace.name != pod.known_as for namespace in spaces):
            space = replace(space, name=pod.known_as, pod=pod.name, group=pod.group)  # noqa: PLW2901
        spaces.append(space)
    return Node(node.name, tuple(spaces))
