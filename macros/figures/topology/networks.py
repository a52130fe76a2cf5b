"""Below the nodes: the networks that their NICs are in."""

from collections.abc import Sequence

from macros.figures.svg import Line, Run
from macros.figures.topology.geometry import ROW, Drawing, Link, Note, Placed, measure
from macros.figures.topology.observation import Node
from macros.figures.topology.scene import nat_device


def add_networks(drawing: Drawing, states: Sequence[Node]) -> None:
    """Bars below the nodes: each network that a NIC is in, and wires to it."""
    nat = {(node.name, nat_device(node)) for node in states}
    members: dict[str, list[Placed]] = {}
    for each in drawing.placed:
        if each.role == "physical" and not each.interface.master:
            address = next(iter(each.interface.addresses), None)
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
        words = name if nat_bar else f"cluster network {name}"
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
