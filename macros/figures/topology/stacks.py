"""Interfaces that send by another one, their parent: VLANs, macvlan, ipvlan, members of a bond.

Such a pair may lie anywhere: both in a node's lower rows, both above, or the child in a guest and
the parent below everything. What is far apart is joined by a lane on the right of the node, so
that no line crosses a box.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from macros.figures.topology.geometry import LEVEL, Box, Drawing, Link, Placed
from macros.figures.topology.observation import End
from macros.figures.topology.scene import Scene

_IN = 12  # from the corner of a bridge to the line that leaves below it
_APART = 8  # between lines that leave one box downwards
_NEAR = 8  # from a row's edge to the first line along it


@dataclass(frozen=True, slots=True)
class Stacks:
    """The pairs of child and parent: in the channel, by a lane, or both in the lower rows."""

    channel: Sequence[tuple[End, End]]
    lanes: Sequence[tuple[End, End]]
    low: Sequence[tuple[End, End]]

    rows: Mapping[End, str]
    """What kind of row each end in the node's own namespace stands in."""

    @property
    def margin(self) -> float:
        """How much wider the lanes make a node."""
        return LEVEL * len(self.lanes)

    def room(self, row: str) -> float:
        """How much lower the lines along a row make what is below them."""
        beside = [pair for pair in self.lanes if row in (self.rows.get(end) for end in pair)]
        between = self.low if row == "physical" else ()
        return LEVEL * (len(beside) + len(between))


def stacks(scene: Scene, lower: Iterable[Placed], bridges: Iterable[Placed]) -> Stacks:
    """What is drawn of a node's stacked interfaces; `lower` are its devices and NICs."""
    rows = {shape.end: str(shape.role) for shape in (*lower, *bridges)}
    below = {end for end, row in rows.items() if row != "bridge"}
    bars = rows.keys() - below
    channel, lanes, low = [], [], []
    for child, parent in scene.parents.items():
        if child in below and parent in below:
            low.append((child, parent))
        elif parent in below | bars and (child.namespace or child in below):
            lanes.append((child, parent))
        elif child.namespace:
            channel.append((child, parent))
    return Stacks(channel, lanes, low, rows)


def channel_links(
    of: Stacks, boxes: Mapping[End, Box], levels: Mapping[tuple[End, End], int]
) -> list[Link]:
    """Lines from a guest's interface to another's, or to a veth of the node."""
    links = []
    for child, parent in of.channel:
        if child not in boxes or parent not in boxes:
            continue
        a, b = boxes[child], boxes[parent]
        y = _channel(a, levels[child, parent])
        stop = b.bottom if parent.namespace else b.y
        # Not where the veth of either leaves its box.
        x, to = a.cx + _IN, b.cx - _IN
        links.append(Link("over", [(x, a.bottom), (x, y), (to, y), (to, stop)], (child, parent)))
    return links


def lane_links(
    of: Stacks,
    drawing: Drawing,
    levels: Mapping[tuple[End, End], int],
    right: float,
) -> list[Link]:
    """Lines by the lanes, whose first is at `right`: down from a guest, or from a bridge."""
    placed = {shape.end: shape for shape in drawing.placed}

    def upper(ends: tuple[End, End]) -> float:
        return min((placed[end].box for end in ends), key=lambda box: box.y).cx

    links = []
    # From the left the first is the innermost, and the uppermost where the lanes end.
    for number, ends in enumerate(sorted(of.lanes, key=upper)):
        a, b = (placed[end] for end in ends)
        x = right + LEVEL * number
        left = len(of.lanes) - 1 - number
        start = _leaving(a, drawing, left, levels.get(ends, 0))
        stop = _leaving(b, drawing, left, 0)
        points = [*start, (x, start[-1][1]), (x, stop[-1][1]), *reversed(stop)]
        links.append(Link("over", points, ends))
    return links


def low_links(of: Stacks, drawing: Drawing) -> list[Link]:
    """Lines between devices, and from a device to the NIC that it sends by, or that is its own."""
    placed = {shape.end: shape for shape in drawing.placed}
    own = [shape for shape in drawing.placed if not shape.end.namespace]
    bottom = max((shape.box.bottom for shape in own if shape.role == "device"), default=0)

    def order(ends: tuple[End, End]) -> tuple[bool, float]:
        to_nic = any(placed[end].role == "physical" for end in ends)
        return to_nic, -abs(placed[ends[0]].box.cx - placed[ends[1]].box.cx)

    links = []
    # Devices beside each other are nearest to their row; of NICs the farthest is, and its line
    # leaves on the right of the others: so none crosses another.
    for number, ends in enumerate(sorted(of.low, key=order)):
        left, right = sorted((placed[end] for end in ends), key=lambda shape: shape.box.cx)
        y = bottom + _NEAR + LEVEL * number
        x = left.box.cx + 2 * _IN - _APART * number
        to = right.box.cx - _IN - _APART * number
        points = [(x, _lower_edge(left)), (x, y), (to, y), (to, _lower_edge(right))]
        links.append(Link("over", points, ends))
    return links


def _lower_edge(placed: Placed) -> float:
    """Where a line between the lower rows meets a box: NICs stand below it, devices above."""
    return placed.box.y if placed.role == "physical" else placed.box.bottom


def _leaving(
    placed: Placed, drawing: Drawing, number: int, level: int
) -> list[tuple[float, float]]:
    """The first two points of a line to a lane: at the box, and beside its row."""
    box = placed.box
    if placed.end.namespace:
        return [(box.cx + _IN, box.bottom), (box.cx + _IN, _channel(box, level))]
    if placed.role == "bridge":
        own = [shape for shape in drawing.placed if not shape.end.namespace]
        bottom = max(shape.box.bottom for shape in own if shape.role == "bridge")
        x = box.right - _IN - LEVEL * number
        return [(x, box.bottom), (x, bottom + _NEAR + LEVEL * number)]
    row = [
        shape.box.y
        for shape in drawing.placed
        if shape.role == placed.role and not shape.end.namespace
    ]
    x = box.right - _IN - LEVEL * number
    return [(x, box.y), (x, min(row) - _NEAR - LEVEL * number)]


def _channel(guest: Box, level: int) -> float:
    return guest.bottom + 16 + LEVEL * level
