"""Below the nodes: the networks that their NICs are in."""

import re
from collections.abc import Sequence

from macros.figures.svg import Line, Run
from macros.figures.topology.geometry import ROW, Drawing, Link, Note, Placed, measure
from macros.figures.topology.observation import JOINING, Interface, Node
from macros.figures.topology.scene import nat_device

_OF_CLUSTERS = re.compile(r"cni0|flannel.*|cali.*|vxlan\.calico|tunl0|kube-.*|nodelocaldns")


def add_networks(drawing: Drawing, states: Sequence[Node]) -> None:
    """Bars below the nodes: each network that a NIC is in, and wires to it."""
    clustered = any(is_cluster(node) for node in states)
    nat = {(node.name, nat_device(node)) for node in states}
    members: dict[str, list[Placed]] = {}
    for each in drawing.placed:
        above = joint(states, each)
        if each.role == "physical" and (above is not None or not each.interface.master):
            # A bond has the addresses; of a VRF, its members have.
            known = (*(above.addresses if above else ()), *each.interface.addresses)
            address = next(iter(known), None)
            network = address.network if address else f"the network of {each.interface.name}"
            own = (each.end.node, each.end.interface) in nat
            # Each node has a NAT network of its own, although all have the same prefix.
            key = f"NAT {network}|{each.end.node}" if own else network
            members.setdefault(key, []).append(each)
    y = drawing.box.h + ROW
    for key in sorted(members, key=lambda key: (not key.startswith("NAT"), key)):
        placed = members[key]
        nat_bar = key.startswith("NAT")
        name = key.partition("|")[0]
        words = name if nat_bar else f"{'cluster ' * clustered}network {name}"
        lines: list[Line] = [(Run(words, "note"),)]
        box = measure(lines)
        left, right = min(p.box.x for p in placed), max(p.box.right for p in placed)
        if not nat_bar:
            left, right = min(0, left), max(drawing.box.w, right)
        box.w = max(box.w, right - left)
        box.x = max(0, min(left, drawing.box.w - box.w))
        box.y = y
        drawing.notes.append(Note("network", lines, box))
        for each in placed:
            points = [(each.box.cx, each.box.bottom), (each.box.cx, box.y)]
            drawing.links.append(Link("wire", points, (each.end,)))
        drawing.box.h = max(drawing.box.h, box.bottom)
        last_nat = nat_bar and any(k > key and k.startswith("NAT") for k in members)
        y = y if last_nat else box.bottom + ROW / 2
    drawing.box.w = max(drawing.box.w, max((note.box.right for note in drawing.notes), default=0))


def is_cluster(node: Node) -> bool:
    """Whether Kubernetes has put something of its own on a node."""
    made = any(_OF_CLUSTERS.fullmatch(each.name) for each in node.own.interfaces)
    return made or any(each.pod or each.name.startswith("cni-") for each in node.namespaces)


def joint(states: Sequence[Node], placed: Placed) -> Interface | None:
    """The bond or VRF that a NIC is a member of, which has the addresses in its place."""
    node = next(node for node in states if node.name == placed.end.node)
    above = node.own.interface(placed.interface.master) if not placed.end.namespace else None
    return above if above is not None and above.kind in JOINING else None
