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
_NEAR = 8  # from a row's edge to the first line along it


@dataclass(frozen=True, slots=True)
class Stacks:
    """The pairs of child and parent: in the channel, by a lane, or both in the lower rows."""

    channel: Sequence[tuple[End, End]]
    lanes: Sequence[tuple[End, End]]
    low: Sequence[tuple[End, End]]

    @property
    def margin(self) -> float:
        """How much wider the lanes make a node."""
        return LEVEL * len(self.lanes)


def stacks(scene: Scene, lower: Iterable[Placed], bridges: Iterable[Placed]) -> Stacks:
    """What is drawn of a node's stacked interfaces; `lower` are its devices and NICs."""
    below = {each.end for each in lower}
    bars = {each.end for each in bridges}
    channel, lanes, low = [], [], []
    for child, parent in scene.parents.items():
        if child in below and parent in below:
            low.append((child, parent))
        elif parent in below | bars and (child.namespace or child in below):
            lanes.append((child, parent))
        elif child.namespace:
            channel.append((child, parent))
    return Stacks(channel, lanes, low)


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
    placed = {each.end: each for each in drawing.placed}
    links = []
    for number, (child, parent) in enumerate(of.lanes):
        a, b = placed[child], placed[parent]
        x = right + LEVEL * number
        ends = (child, parent)
        start = _leaving(a, drawing, number, levels.get(ends, 0))
        stop = _leaving(b, drawing, number, 0)
        points = [*start, (x, start[-1][1]), (x, stop[-1][1]), *reversed(stop)]
        links.append(Link("over", points, ends))
    return links


def low_links(of: Stacks, drawing: Drawing) -> list[Link]:
    """Lines between devices, and from a device to the NIC that it sends by."""
    placed = {each.end: each for each in drawing.placed}
    own = [each for each in drawing.placed if not each.end.namespace]
    devices = [each.box.bottom for each in own if each.role == "device"]
    links = []
    for number, (child, parent) in enumerate(of.low):
        a, b = placed[child].box, placed[parent].box
        turn = max((bottom for bottom in devices if bottom >= a.bottom), default=a.bottom)
        y = turn + _NEAR + LEVEL * number
        stop = b.y if placed[parent].role == "physical" else b.bottom
        x, to = a.cx - _IN, b.cx + _IN
        links.append(Link("over", [(x, a.bottom), (x, y), (to, y), (to, stop)], (child, parent)))
    return links


def _leaving(
    placed: Placed, drawing: Drawing, number: int, level: int
) -> list[tuple[float, float]]:
    """The first two points of a line to a lane: at the box, and beside its row."""
    box = placed.box
    if placed.end.namespace:
        return [(box.cx + _IN, box.bottom), (box.cx + _IN, _channel(box, level))]
    if placed.role == "bridge":
        own = [each for each in drawing.placed if not each.end.namespace]
        bottom = max(each.box.bottom for each in own if each.role == "bridge")
        x = box.right - _IN - LEVEL * number
        return [(x, box.bottom), (x, bottom + _NEAR + LEVEL * number)]
    row = [
        each.box.y
        for each in drawing.placed
        if each.role == placed.role and not each.end.namespace
    ]
    x = box.right - _IN - LEVEL * number
    return [(x, box.y), (x, min(row) - _NEAR - LEVEL * number)]


def _channel(guest: Box, level: int) -> float:
    return guest.bottom + 16 + LEVEL * level
