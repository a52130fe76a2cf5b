"""Reads what scripts/node/observe.sh printed into typed records.

The two ends of a veth pair are joined by what the kernel says, never by a guess: an end knows the
interface index of its peer (`link_index`, IFLA_LINK) and, if the peer lives in another network
namespace, the number by which its own namespace knows that one (`link_netnsid`,
IFLA_LINK_NETNSID). `nsids` says which namespace bears which number; see rtnetlink(7) and
net/core/net_namespace.c in Linux.
"""

import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from macros.ground.errors import GuideError

_FLAGS = {"Egress Untagged": "untagged"}
STACKED = frozenset({"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"})
"""Kinds of interface that send by another one, which IFLA_LINK names."""
BOUND = frozenset({"gre", "gretap", "ip6gre", "ip6gretap", "ip6tnl", "ipip", "sit"})
"""Tunnels that may be bound to a device, which IFLA_LINK names then."""
JOINING = frozenset({"bond", "team", "vrf"})
"""Kinds of master, besides a bridge, that interfaces are members of."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address of an interface: `ip` alone, and with its prefix length in `text`."""

    ip: str
    prefix: int

    @property
    def text(self) -> str:
        """As `ip addr` prints it: 172.17.0.1/16."""
        return f"{self.ip}/{self.prefix}"

    @property
    def link_local(self) -> bool:
        """An IPv6 address that only this link knows (RFC 4291, 2.5.6)."""
        address = ipaddress.ip_address(self.ip)
        return address.version == 6 and address.is_link_local

    @property
    def loopback(self) -> bool:
        """An address in 127.0.0.0/8, or ::1."""
        return ipaddress.ip_address(self.ip).is_loopback

    @property
    def network(self) -> str:
        """The network it lies in: 172.17.0.0/16."""
        return str(ipaddress.ip_interface(self.text).network)


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface, as its namespace sees it.

    `kind` is "loopback", the kernel's name (veth, bridge, vxlan, ipip, dummy, …), or "physical" for
    what has no driver in rtnetlink: a network card, also a virtual machine's.
    `up` is the administrator's switch (IFF_UP); `operstate` what came of it (RFC 2863), e.g. DOWN
    for a bridge without an active port. `peer_index` and `peer_nsid` are where the other end is
    (or, of a VLAN and the like, the interface below); `peer_nsid` is None for the own namespace.
    `detail` holds the kind's own settings (`info_data` of `ip -d -j link`), `vlans` what the port
    of a bridge lets through: "10 PVID untagged", "20".
    """

    name: str
    index: int
    kind: str
    mac: str
    mtu: int
    up: bool
    operstate: str
    addresses: tuple[Address, ...]
    master: str
    peer_index: int | None
    peer_nsid: int | None
    detail: Mapping[str, Any]
    vlans: tuple[str, ...] = ()

    @property
    def plain_loopback(self) -> bool:
        """A loopback interface with the addresses that each has (RFC 1122, 3.2.1.3; RFC 4291)."""
        return self.kind == "loopback" and all(address.loopback for address in self.addresses)


@dataclass(frozen=True, slots=True)
class Route:
    """A route: `to` is a prefix or "default"; `via` is empty when the network is on the link."""

    to: str
    via: str
    device: str
    type: str

    @property
    def text(self) -> str:
        """As `ip route` prints its essence: default via 172.17.0.1 dev eth0."""
        words = [] if self.type == "unicast" else [self.type]
        words += [self.to]
        words += ["via", self.via] if self.via else []
        words += ["dev", self.device] if self.device else []
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace; `name` is empty for the node's own. `container` is a container's id.

    `pod` is the name of the pod that it is, `group` that pod's (Kubernetes) namespace.
    """

    name: str
    inode: int
    container: str
    interfaces: tuple[Interface, ...]
    routes: tuple[Route, ...]
    nsids: Mapping[int, int | str]
    pod: str = ""
    group: str = ""

    def interface(self, name: str) -> Interface | None:
        """The interface of that name, if there is one."""
        return next((interface for interface in self.interfaces if interface.name == name), None)

    @property
    def anonymous(self) -> bool:
        """Nobody uses it: no interface but lo (systemd's PrivateNetwork=, for instance)."""
        return bool(self.name) and all(
            interface.kind == "loopback" for interface in self.interfaces
        )


@dataclass(frozen=True, slots=True, order=True)
class End:
    """Where an interface is: names only, so that it is the same from one state to the next."""

    node: str
    namespace: str
    interface: str

    def __str__(self) -> str:
        return f"{self.node}/{self.namespace}:{self.interface}"


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """A veth pair. `far` is None if the state does not say where the other end is."""

    near: End
    far: End | None


@dataclass(frozen=True, slots=True)
class Node:
    """What was observed on one node; the node's own namespace comes first."""

    name: str
    namespaces: tuple[Namespace, ...]

    @property
    def own(self) -> Namespace:
        """The node's own namespace."""
        return self.namespaces[0]

    def namespace(self, name: str) -> Namespace | None:
        """The namespace of that name, if there is one."""
        return next((namespace for namespace in self.namespaces if namespace.name == name), None)


def read(observed: str | bytes | Mapping[str, Any]) -> Node:
    """A node from the JSON of observe.sh, text or parsed. GuideError when it is no such thing."""
    try:
        state = json.loads(observed) if isinstance(observed, str | bytes) else observed
        namespaces = tuple(
            sorted(
                (_namespace(record) for record in state["namespaces"]),
                key=lambda namespace: namespace.name,
            )
        )
        node = Node(name=state["node"], namespaces=namespaces)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GuideError(
            f"this is not an observed state: {type(error).__name__}: {error}",
            fix="record the block again; its command is scripts/node/observe.sh",
        ) from error
    if not namespaces or namespaces[0].name:
        raise GuideError(f"the state of {node.name} lacks the node's own, nameless namespace")
    names = [namespace.name for namespace in namespaces]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise GuideError(f"two namespaces of {node.name} have the same name: {doubled[0]!r}")
    return node


def pairs(node: Node) -> tuple[Pair, ...]:
    """All veth pairs of a node, each once. The end in the node's own namespace is `far`."""
    own_last = {inside.name: (not inside.name, inside.name) for inside in node.namespaces}
    joined_pairs: set[Pair] = set()
    alone: set[End] = set()
    for namespace, interface in _veths(node):
        end = End(node.name, namespace.name, interface.name)
        other = _peer(node, namespace, interface)
        if other is None:
            alone.add(end)
            continue
        near, far = sorted((end, other), key=lambda e: (own_last[e.namespace], e.interface))
        joined_pairs.add(Pair(near, far))
    # One end may know its peer's namespace while the other does not: that is enough.
    joined = {end for pair in joined_pairs for end in (pair.near, pair.far)}
    joined_pairs |= {Pair(end, None) for end in alone - joined}
    return tuple(sorted(joined_pairs, key=lambda pair: (pair.near, str(pair.far))))


def parents(node: Node) -> Mapping[End, End]:
    """The interface that each VLAN, macvlan, ipvlan, or member of a bond or VRF is joined to.

    By child: of the first three it is the interface below, of a member the bond or VRF above it.
    """
    parent_of: dict[End, End] = {}
    for namespace in node.namespaces:
        joints = {interface.name for interface in namespace.interfaces if interface.kind in JOINING}
        for interface in namespace.interfaces:
            end = End(node.name, namespace.name, interface.name)
            home = _home(node, namespace, interface)
            if interface.kind in STACKED | BOUND and home is not None:
                for other in home.interfaces:
                    if other.index == interface.peer_index:
                        parent_of[end] = End(node.name, home.name, other.name)
            elif interface.master in joints:
                parent_of[end] = End(node.name, namespace.name, interface.master)
    return parent_of


def bars(namespace: Namespace, *, own: bool = False) -> frozenset[str]:
    """What is drawn as a bar that others stand on: bridges, and bonds and VRFs with members there.

    In a node's `own` namespace only veths stand on one: NICs and devices lie below it.
    """
    above = {
        interface.master
        for interface in namespace.interfaces
        if interface.kind == "veth" or not own
    }
    return frozenset(
        interface.name
        for interface in namespace.interfaces
        if interface.kind == "bridge" or (interface.kind in JOINING and interface.name in above)
    )


def default_device(namespace: Namespace) -> str:
    """The interface that the default route leaves by, or ""."""
    return next((route.device for route in namespace.routes if route.to == "default"), "")


def _veths(node: Node) -> Iterator[tuple[Namespace, Interface]]:
    for namespace in node.namespaces:
        for interface in namespace.interfaces:
            if interface.kind == "veth":
                yield namespace, interface


def _peer(node: Node, namespace: Namespace, interface: Interface) -> End | None:
    """The other end of a veth, if both ends say that they are each other's."""
    home = _home(node, namespace, interface)
    if home is None:
        return None
    for other in home.interfaces:
        if (
            other.index == interface.peer_index
            and other.kind == "veth"
            and other.peer_index == interface.index
            and other is not interface
        ):
            return End(node.name, home.name, other.name)
    return None


def _home(node: Node, namespace: Namespace, interface: Interface) -> Namespace | None:
    """The namespace that the interface at the other end, or below, lives in; None: not known."""
    if interface.peer_nsid is None:
        return namespace
    key = namespace.nsids.get(interface.peer_nsid)
    match = [
        namespace for namespace in node.namespaces if key is not None and key in _names(namespace)
    ]
    return match[0] if len(match) == 1 else None


def _names(namespace: Namespace) -> tuple[int | str, ...]:
    # The nameless one is known by its inode only: no nsid is called "".
    return (namespace.inode, namespace.name) if namespace.name else (namespace.inode,)


def _namespace(state: Mapping[str, Any]) -> Namespace:
    addresses = {record["ifindex"]: record.get("addr_info", ()) for record in state["addresses"]}
    # In JSON, ip gives the number of a peer elsewhere, but the name of one in the same namespace.
    indexes = {record["ifname"]: record["ifindex"] for record in state["links"]}
    vlans = {record["ifname"]: record.get("vlans", ()) for record in state.get("vlans", ())}
    interfaces = [
        replace(
            _interface(link, addresses.get(link["ifindex"], ()), indexes),
            vlans=_vlans(vlans.get(link["ifname"], ())),
        )
        for link in state["links"]
    ]
    nsids: dict[int, int | str] = {}
    for record in state.get("nsids", ()):
        known = record.get("inode") or record.get("name")
        if known:
            nsids[record["nsid"]] = known
    return Namespace(
        name=state["name"],
        inode=state["inode"],
        container=state.get("container", ""),
        interfaces=tuple(sorted(interfaces, key=lambda interface: interface.index)),
        routes=tuple(_route(route) for route in state["routes"]),
        nsids=nsids,
        pod=state.get("pod", {}).get("name", ""),
        group=state.get("pod", {}).get("namespace", ""),
    )


def _interface(
    link: Mapping[str, Any], addresses: Sequence[Mapping[str, Any]], indexes: Mapping[str, int]
) -> Interface:
    info = link.get("linkinfo", {})
    kind = "loopback" if link.get("link_type") == "loopback" else info.get("info_kind", "physical")
    return Interface(
        name=link["ifname"],
        index=link["ifindex"],
        kind=kind,
        # Of a tunnel, `address` is an IP address (its local end), not a MAC.
        mac=link.get("address", "") if link.get("link_type") == "ether" else "",
        mtu=link["mtu"],
        up="UP" in link["flags"],
        operstate=link.get("operstate", "UNKNOWN"),
        addresses=tuple(Address(address["local"], address["prefixlen"]) for address in addresses),
        master=link.get("master", ""),
        peer_index=link.get("link_index") or indexes.get(link.get("link", "")),
        peer_nsid=link.get("link_netnsid"),
        detail=info.get("info_data", {}),
    )


def _vlans(port: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The VLANs of a port as `bridge -j vlan` has them; none where all is as a bridge makes it."""
    texts = []
    for vlan in port:
        flags = [_FLAGS.get(flag, flag) for flag in vlan.get("flags", ())]
        last = f"-{vlan['vlanEnd']}" if "vlanEnd" in vlan else ""
        texts.append(" ".join([f"{vlan['vlan']}{last}", *flags]))
    return () if texts == ["1 PVID untagged"] else tuple(texts)


def _route(route: Mapping[str, Any]) -> Route:
    return Route(
        to=route["dst"],
        via=route.get("gateway", ""),
        device=route.get("dev", ""),
        type=route.get("type", "unicast"),
    )
