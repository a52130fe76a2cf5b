"""Below the nodes: the networks that their NICs are in."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from macros.figures.svg import Line, Run
from macros.figures.topology.geometry import (
    GAP,
    ROW,
    Box,
    Drawing,
    Link,
    Note,
    Placed,
    Point,
    measure,
)
from macros.figures.topology.observation import JOINING, Interface, Node
from macros.figures.topology.scene import nat_device

_OF_CLUSTERS = re.compile(r"cni0|flannel.*|cali.*|vxlan\.calico|tunl0|kube-.*|nodelocaldns")


class _Rail(NamedTuple):
    """Where wires lead down beside the nodes, and how far below a NIC they turn to it."""

    x: float
    down: float


def add_networks(drawing: Drawing, states: Sequence[Node]) -> None:
    """Bars below the nodes: each network that a NIC is in, and wires to it.

    Where a node stands below another, the wires of the upper one lead round it, on the right.
    """
    clustered = any(is_cluster(node) for node in states)
    members = _members(drawing.placed, states)
    lowest = drawing.box.h
    rails = _rails(drawing.box, members)
    drawing.box.w += GAP * len(rails)
    y = lowest + ROW
    for key in sorted(members, key=lambda key: (not key.startswith("NAT"), key)):
        box = _bar(drawing, key, members[key], y, clustered=clustered)
        for nic in members[key]:
            rail = rails[key] if nic.box.bottom < lowest - ROW else None
            drawing.links.append(Link("wire", _wire(nic.box, box.y, rail), (nic.end,)))
        drawing.box.h = max(drawing.box.h, box.bottom)
        last_nat = key.startswith("NAT") and any(k > key and k.startswith("NAT") for k in members)
        y = y if last_nat else box.bottom + ROW / 2
    drawing.box.w = max(drawing.box.w, max((note.box.right for note in drawing.notes), default=0))


def _members(placed: Iterable[Placed], states: Sequence[Node]) -> dict[str, list[Placed]]:
    """The NICs by the network that they are in; what it is called, for NAT with its node."""
    nat = {(node.name, nat_device(node)) for node in states}
    members: dict[str, list[Placed]] = {}
    for nic in placed:
        above = joint(states, nic)
        if nic.role == "physical" and (above is not None or not nic.interface.master):
            network = wire(nic.interface, above)
            own = (nic.end.node, nic.end.interface) in nat
            # Each node has a NAT network of its own, although all have the same prefix.
            key = f"NAT {network}|{nic.end.node}" if own else network
            members.setdefault(key, []).append(nic)
    return members


def wire(nic: Interface, above: Interface | None) -> str:
    """What the network that a NIC is in is called; `above` is its bond or VRF.

    A bond has the addresses; of a VRF, its members have.
    """
    known = (*(above.addresses if above else ()), *nic.addresses)
    address = next(iter(known), None)
    return address.network if address else f"the network of {nic.name}"


def _rails(nodes: Box, members: Mapping[str, Sequence[Placed]]) -> dict[str, _Rail]:
    """For each network of a NIC that stands above another node; `nodes` is around all of them."""
    above = [
        key for key, nics in members.items() if any(nic.box.bottom < nodes.h - ROW for nic in nics)
    ]
    # The outermost begins highest, at the NIC that is farthest to the left, so that none cross.
    above.sort(key=lambda key: -max(nic.box.cx for nic in members[key]))
    return {key: _Rail(nodes.w + GAP * n, GAP * n) for n, key in enumerate(above, start=1)}


def _bar(drawing: Drawing, key: str, nics: Sequence[Placed], y: float, *, clustered: bool) -> Box:
    """Put a network's bar below its NICs, a network of several nodes below all of them."""
    nat = key.startswith("NAT")
    name = key.partition("|")[0]
    words = name if nat else f"{'cluster ' * clustered}network {name}"
    lines: list[Line] = [(Run(words, "note"),)]
    box = measure(lines)
    left, right = min(nic.box.x for nic in nics), max(nic.box.right for nic in nics)
    if not nat:
        left, right = min(0, left), max(drawing.box.w, right)
    box.w = max(box.w, right - left)
    box.x = max(0, min(left, drawing.box.w - box.w))
    box.y = y
    drawing.notes.append(Note("network", lines, box))
    return box


def _wire(nic: Box, bar: float, rail: _Rail | None) -> list[Point]:
    """From a NIC straight down to the bar, or round the nodes below it."""
    if rail is None:
        return [(nic.cx, nic.bottom), (nic.cx, bar)]
    level = nic.bottom + rail.down
    return [(nic.cx, nic.bottom), (nic.cx, level), (rail.x, level), (rail.x, bar)]


def is_cluster(node: Node) -> bool:
    """Whether Kubernetes has put something of its own on a node."""
    made = any(_OF_CLUSTERS.fullmatch(interface.name) for interface in node.own.interfaces)
    return made or any(space.pod or space.name.startswith("cni-") for space in node.namespaces)


def joint(states: Sequence[Node], placed: Placed) -> Interface | None:
    """The bond or VRF that a NIC is a member of, which has the addresses in its place."""
    node = next(node for node in states if node.name == placed.end.node)
    above = node.own.interface(placed.interface.master) if not placed.end.namespace else None
    return above if above is not None and above.kind in JOINING else None
