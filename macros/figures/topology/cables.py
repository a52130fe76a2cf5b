"""The lines of a node: veth pairs, and what joins the node's own IP, bridges and devices."""

from collections.abc import Sequence
from dataclasses import dataclass

from macros.figures.topology.geometry import LEVEL, ROW, Box, Drawing, Link, Placed, levels
from macros.figures.topology.observation import End, Interface
from macros.figures.topology.scene import Scene
from macros.figures.topology.stacks import Stacks


@dataclass(frozen=True, slots=True)
class Turning:
    """A pair that is no straight line, and the level that it runs on."""

    near: End
    far: End
    level: int


def turning(scene: Scene, boxes: dict[End, Box], stacked: Stacks) -> list[Turning]:
    """The pairs that have to turn in the channel, once it is known what stands above what.

    A straight line leads from a guest down to a host end right below it.
    """
    bent = []
    for pair in scene.pairs:
        if pair.far is None or pair.near not in boxes or pair.far not in boxes:
            continue
        same_side = bool(pair.near.namespace) == bool(pair.far.namespace)
        if same_side or boxes[pair.near].cx != boxes[pair.far].cx:
            bent.append((pair.near, pair.far))
    bent += [pair for pair in stacked.channel if pair[0] in boxes and pair[1] in boxes]
    spans = [sorted((boxes[a].cx, boxes[b].cx)) for a, b in bent]
    # What leads to a lane runs to the right edge of the node.
    aside = [pair for pair in stacked.lanes if pair[0].namespace and pair[0] in boxes]
    aside.sort(key=lambda pair: -boxes[pair[0]].cx)  # so that none crosses another
    spans += [[boxes[child].cx, float("inf")] for child, _ in aside]
    bent += aside
    chosen = levels([(low, high) for low, high in spans])
    return [Turning(a, b, level) for (a, b), level in zip(bent, chosen, strict=True)]


def pair_links(scene: Scene, drawing: Drawing, bent: Sequence[Turning]) -> list[Link]:
    """Lines for all pairs whose ends are placed; those without a seen end are stubs."""
    boxes = {placed.end: placed.box for placed in drawing.placed}
    level_of = {(bend.near, bend.far): bend.level for bend in bent}
    links = []
    for pair in scene.pairs:
        if pair.near not in boxes:
            continue
        a = boxes[pair.near]
        if pair.far is None:
            links.append(_stub(pair.near, a))
            continue
        if pair.far not in boxes:
            continue
        b = boxes[pair.far]
        level = level_of.get((pair.near, pair.far))
        if level is None:
            points = [(a.cx, a.bottom), (b.cx, b.y)]
        else:
            guests = [box for box, end in ((a, pair.near), (b, pair.far)) if end.namespace]
            if guests:
                y = max(box.bottom for box in guests) + 16 + LEVEL * level
            else:
                y = min(a.y, b.y) - 16 - LEVEL * level
            start = a.bottom if pair.near.namespace else a.y
            stop = b.bottom if pair.far.namespace else b.y
            points = [(a.cx, start), (a.cx, y), (b.cx, y), (b.cx, stop)]
        links.append(Link("veth", points, (pair.near, pair.far)))
    return links


def lower_links(
    scene: Scene,
    band: Box,
    above: Sequence[Placed],
    devices: Sequence[Placed],
    physical: Sequence[Placed],
) -> list[Link]:
    """Lines to and from the band of routes, to a bridge's other ports, and of tunnels."""
    links = []
    for upper in above:
        if scene.speaks_ip(upper.interface):
            x = min(max(upper.box.cx, band.x + 12), band.right - 12)
            links.append(Link("routed", [(x, upper.box.bottom), (x, band.y)], (upper.end,)))
    bars = {shape.interface.name: shape.box for shape in above if shape.role == "bridge"}
    for lower in (*devices, *physical):
        x = lower.box.cx
        bar = bars.get(lower.interface.master)
        if bar is not None:
            start, turn = max(x, bar.x + 12), bar.bottom + ROW / 2
            points = [(start, bar.bottom), (start, turn), (x, turn), (x, lower.box.y)]
            straight = [points[0], points[-1]]
            links.append(Link("port", straight if start == x else points, (lower.end,)))
        elif scene.speaks_ip(lower.interface):
            links.append(Link("routed", [(x, band.bottom), (x, lower.box.y)], (lower.end,)))
    carriers = {nic.interface.name: nic for nic in physical}
    for tunnel in devices:
        carrier = carriers.get(_carrier(tunnel.interface))
        if carrier is not None:
            turn, to = carrier.box.y - ROW / 2, carrier.box.cx - 24
            x = tunnel.box.cx
            points = [(x, tunnel.box.bottom), (x, turn), (to, turn), (to, carrier.box.y)]
            links.append(Link("over", points, (tunnel.end, carrier.end)))
    return links


def _carrier(tunnel: Interface) -> str:
    """The device that a tunnel was bound to (`dev` of ip link add … type vxlan), if any."""
    return str(tunnel.detail.get("link", ""))


def _stub(end: End, box: Box) -> Link:
    """A veth whose other end was not seen."""
    start, tip = (box.bottom, box.bottom + 18) if end.namespace else (box.y, box.y - 18)
    return Link("open", [(box.cx, start), (box.cx, tip)], (end,))
