"""What is written on each thing of a drawing: lines of text, their values marked."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from macros.figures.marks import key_of
from macros.figures.svg import Line, Run
from macros.figures.topology.news import News, status
from macros.figures.topology.observation import (
    STACKED,
    Address,
    End,
    Interface,
    Namespace,
    Node,
    default_device,
)

ETHERNET_MTU = 1500
"""The usual payload of a frame (RFC 894); another value is worth saying."""

_TUNNELS = {
    "ipip": "IP in IP",
    "sit": "IPv6 in IPv4 (sit)",
    "gre": "GRE",
    "gretap": "GRE, Ethernet",
    "ip6gre": "GRE over IPv6",
    "ip6gretap": "GRE over IPv6, Ethernet",
    "ip6tnl": "tunnel over IPv6",
    "geneve": "Geneve",
    "wireguard": "WireGuard",
}

# What a Deployment puts after its pods' names: the template's hash and five characters, both in the
# alphabet of k8s.io/apimachinery/pkg/util/rand, which has no vowels and no 0, 1 and 3.
_LETTER = "[b-df-hj-np-tv-xz2456789]"
_GENERATED = re.compile(rf"(?P<name>.+-)(?P<suffix>{_LETTER}{{6,10}}-{_LETTER}{{5}})")

_LONG = 12  # letters of a name from which on it is broken on a phone: cali28530044424


@dataclass(frozen=True, slots=True)
class Labels:
    """Writes labels; knows what is new.

    `policy` are the nodes that have rules and tables which no observed state has, `plain` says that
    a band of routes without a word in it is not drawn.
    """

    news: News
    brief: bool = False
    narrow: bool = False
    policy: frozenset[str] = frozenset()
    plain: bool = False

    def interface(self, end: End, interface: Interface) -> list[Line]:
        """Name, state, addresses, MAC and what is special, a line each.

        In brief: name, state and addresses.
        """
        lines = self._names(end, interface)
        if what := kind_text(interface):
            short = "VXLAN" if interface.kind == "vxlan" else what
            lines.append((Run(short if self.brief else what, "note"),))
        if change := self.news.changed.get(end):
            lines.append((Run(change, "state", new=True),))
        elif state := status(interface):
            lines.append((Run(state, "state"),))
        lines += [(Run(text, "note"),) for text in _vlan_lines(interface)]
        lines += [self._address(end, address) for address in drawn_addresses(interface)]
        if self.brief:
            return lines
        if interface.mac:
            lines.append((Run(interface.mac, "mac", key_of(interface.mac) or ""),))
        if interface.mtu != ETHERNET_MTU and interface.kind != "loopback":
            lines.append((Run(f"mtu {interface.mtu}", "note"),))
        return lines

    def namespace(self, node: Node, namespace: Namespace, *, routes: bool = True) -> list[Line]:
        """Title and kind of a guest's frame, and the way its packets leave by default."""
        name, suffix = self._title(namespace)
        lines: list[Line] = [(Run(name, "title"),)]
        if suffix:
            lines.append((Run(suffix, "note"),))
        if namespace.pod:
            within = "" if namespace.group == "default" else f"in {namespace.group}"
            words = ["pod", within] if self.narrow else [f"pod {within}".strip()]
            lines += [(Run(word, "note"),) for word in words if word]
        elif namespace.container:
            short = namespace.container[:12]
            lines.append((Run("container ", "note"), Run(short, "mono", f"ctr::{short}")))
        else:
            words = ["network", "namespace"] if self.narrow else ["network namespace"]
            lines += [(Run(word, "note"),) for word in words]
        if routes and not self.brief and default_device(namespace):
            lines += [
                self.route(node, namespace, route.text, device=len(namespace.interfaces) > 2)
                for route in namespace.routes
                if route.to == "default"
            ]
        return lines

    def _title(self, namespace: Namespace) -> tuple[str, str]:
        """A guest's name; where room is short, what Kubernetes made up for a pod's is below it."""
        made = _GENERATED.fullmatch(namespace.pod) if self.brief or self.narrow else None
        if made is None:
            return namespace.pod or namespace.name, ""
        return made["name"], made["suffix"]

    def routes(self, node: Node) -> Line:
        """The title of a node's band of routes: of which table, where there are others."""
        table = ", main table" if self.tables(node) else ""
        return (Run(f"IP routes of {node.name}{table}", "note"),)

    def tables(self, node: Node) -> bool:
        """Whether a node is known to look up routes in tables that the state does not have."""
        vrfs = any(interface.kind == "vrf" for interface in node.own.interfaces)
        return vrfs or node.name in self.policy

    def route(self, node: Node, namespace: Namespace, text: str, *, device: bool = True) -> Line:
        """A route as `ip route` has it; without its device where there is only one."""
        new = (node.name, namespace.name, text) in self.news.routes
        shown = text if device else text.partition(" dev ")[0]
        words = shown.split(" ")
        runs = []
        for i, word in enumerate(words):
            named = word if i and words[i - 1] == "dev" else ""
            key = f"if:{node.name}/{namespace.name}:{named}" if named else key_of(word) or ""
            runs.append(Run(word, "mono", key, new))
            if i + 1 < len(words):
                runs.append(Run(" ", "mono", new=new))
        return tuple(runs)

    def _names(self, end: End, interface: Interface) -> list[Line]:
        """The line with the name; a long one takes two where room is short."""
        text = interface.name
        if not (self.narrow and self.brief) or len(text) <= _LONG:
            return [self._name(end, interface)]
        key, cut = f"if:{end.node}/{end.namespace}:{end.interface}", (len(text) + 1) // 2
        return [(Run(part, "name", key),) for part in (text[:cut], text[cut:])]

    def _name(self, end: End, interface: Interface) -> Line:
        name = Run(interface.name, "name", f"if:{end.node}/{end.namespace}:{end.interface}")
        if interface.kind not in STACKED | {"veth"} or self.brief:
            return (name,)
        # As ip prints it: the index that the peer names, and the peer's index.
        return (
            Run(f"{interface.index}: ", "index"),
            name,
            Run(f"@if{interface.peer_index}", "index"),
        )

    def _address(self, end: End, address: Address) -> Line:
        new = (end, address.text) in self.news.addresses and end not in self.news.interfaces
        shown = address.ip if self.brief else address.text
        return (Run(shown, "ip", key_of(address.text) or f"ip::{address.ip}", new),)


def drawn_addresses(interface: Interface) -> tuple[Address, ...]:
    """All but IPv6 link-local ones and lo's 127.0.0.1 and ::1, which are there by themselves.

    The text has them too.
    """
    return tuple(
        address
        for address in interface.addresses
        if not address.link_local and not (interface.kind == "loopback" and address.loopback)
    )


def kind_text(interface: Interface) -> str:
    """What an interface is, where its name and place do not say it."""
    detail = interface.detail
    match interface.kind:
        case "loopback" | "physical" | "veth":
            return ""
        case "vxlan":
            return f"VXLAN {detail.get('id', '')}, UDP port {detail.get('port', 4789)}"
        case "vlan":
            tag = detail.get("protocol", "802.1Q")
            return f"VLAN {detail.get('id', '')}" + (f", {tag}" if tag != "802.1Q" else "")
        case "vrf":
            return f"VRF, table {detail.get('table', '')}"
        case other:
            name = _TUNNELS.get(other, other)
            mode = f", mode {detail['mode']}" if "mode" in detail else ""
            number = f" {detail['id']}" if other == "geneve" and "id" in detail else ""
            remote = detail.get("remote") or detail.get("remote6") or "any"
            return name + number + mode + (f" to {remote}" if remote != "any" else "")


def vlan_texts(interface: Interface) -> list[str]:
    """What the port of a bridge lets through, one line for those with a tag, one for others."""
    bare = [vlan for vlan in interface.vlans if "untagged" in vlan]
    tagged = [vlan for vlan in interface.vlans if "untagged" not in vlan]
    return [f"VLAN {vlan}" for vlan in bare] + (
        [f"VLAN {', '.join(tagged)} tagged"] if tagged else []
    )


def _vlan_lines(interface: Interface) -> list[str]:
    """The same, and what a port does with frames without a tag in a line of its own: it is long."""
    lines = []
    for text in vlan_texts(interface):
        number, flags, rest = text.partition(" PVID")
        lines += [number, f"{flags}{rest}".strip()] if flags else [text]
    return lines


def veth_name(interface: Interface) -> str:
    """A veth as `ip link` calls it: eth0@if7."""
    return f"{interface.name}@if{interface.peer_index}"


def is_hidden(interface: Interface, names: Collection[str]) -> bool:
    """Is lo as it always is, or was to be left out."""
    return interface.plain_loopback or interface.name in names
