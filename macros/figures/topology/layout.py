"""Where everything goes.

From top to bottom of a node:

    guests        other namespaces, their interfaces at the lower edge
    (veth pairs)
    host ends     veths in the node's own namespace
    bridges       bars, their ports standing on them
    routes        what the node's IP forwards by
    devices       tunnels and the like
    physical      at the node's lower edge, and below it the networks outside

A guest stands above the port that its veth leads to, so most pairs are straight lines. Lines that
cannot be straight turn in the channel between guests and host ends, each on a level of its own.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from macros.figures.svg import LINE_HEIGHT, Line, Run, width
from macros.figures.topology import columns
from macros.figures.topology.cables import lower_links, pair_links, turning
from macros.figures.topology.geometry import (
    GAP,
    LEAST_NODE,
    LEVEL,
    PAD,
    PROTRUDE,
    ROW,
    TITLE,
    Box,
    Drawing,
    Frame,
    Placed,
    Role,
    row,
)
from macros.figures.topology.labels import Labels
from macros.figures.topology.networks import add_networks
from macros.figures.topology.observation import End, Interface, Namespace, Node, bars
from macros.figures.topology.scene import Scene, set_scene
from macros.figures.topology.stacks import Stacks, channel_links, lane_links, low_links, stacks

Levels = Mapping[tuple[End, End], int]
"""On which level of the channel the line between two ends runs."""


def lay_out(
    states: Sequence[Node],
    labels: Labels,
    *,
    leave_out: Collection[str],
    nat: bool,
    stacked: bool = False,
) -> Drawing:
    """Place everything of these nodes, side by side; networks that they share lie below.

    With `stacked`, the nodes stand one below the other.
    """
    drawing = Drawing()
    nodes = [_node(set_scene(node, labels, leave_out, nat=nat)) for node in states]
    bottom = max(node.box.h for node in nodes)
    x = y = 0.0
    for node in nodes:
        less = bottom - node.box.h
        if not stacked and less <= LINE_HEIGHT:  # hardly lower than the highest: as high
            node.move(0, less)
            node.frames[0].box = Box(node.box.w, node.frames[0].box.h + less)
            node.box.h = bottom
        node.move(x, y if stacked else bottom - node.box.h)
        drawing.add(node)
        if stacked:
            y += node.box.h + ROW
        else:
            x += node.box.w + 2 * GAP
    if stacked:
        drawing.box = Box(max(node.box.w for node in nodes), y - ROW)
    else:
        drawing.box = Box(x - 2 * GAP, bottom)
    add_networks(drawing, states)
    drawing.move(1, 1)  # room for the outermost border
    drawing.box.w += 2
    drawing.box.h += 2
    return drawing


class _Above(NamedTuple):
    """What stands above the band of routes: guests, host ends, and bridges below their ports."""

    groups: Sequence[columns.Group]

    @property
    def width(self) -> float:
        return sum(group.width() for group in self.groups) + 2 * GAP * max(0, len(self.groups) - 1)

    @property
    def columns(self) -> list[columns.Column]:
        return [column for group in self.groups for column in group.columns]

    @property
    def inside(self) -> list[Placed]:
        """The interfaces of guests that stand at their lower edge."""
        return [interface for column in self.columns for interface in column.inside()]

    @property
    def hosts(self) -> list[Placed]:
        """The ends of veth pairs in the node's own namespace."""
        return [interface for column in self.columns for interface in column.below()]

    @property
    def bars(self) -> list[Placed]:
        return [group.bridge for group in self.groups if group.bridge is not None]

    @property
    def boxes(self) -> dict[End, Box]:
        """Where the ends of veth pairs stand."""
        return {veth.end: veth.box for veth in (*self.inside, *self.hosts)}


class _Below(NamedTuple):
    """What stands below the band of routes; `bridges` are the names of the node's bridges."""

    devices: Sequence[Placed]
    physical: Sequence[Placed]
    bridges: Collection[str]

    @property
    def ports(self) -> list[Placed]:
        """NICs that are ports of a bridge: on the left, so that their lines pass the band."""
        return [nic for nic in self.physical if nic.interface.master in self.bridges]

    @property
    def free(self) -> list[Placed]:
        return [nic for nic in self.physical if nic.interface.master not in self.bridges]

    @property
    def aside(self) -> float:
        """How far the band is moved to the right for the lines to those ports."""
        return sum(port.box.w + GAP for port in self.ports)

    @property
    def width(self) -> float:
        beside = sum(shape.box.w + GAP for shape in (*self.devices, *self.free))
        return self.aside + beside - GAP


def _node(scene: Scene) -> Drawing:
    """One node; its frame's upper left corner is at 0, 0."""
    out = Drawing()
    own = [
        scene.place("", interface, _role(interface, scene.node.own)) for interface in scene.own()
    ]
    bridges, devices, physical = (
        [shape for shape in own if shape.role == role] for role in ("bridge", "device", "physical")
    )
    below = _Below(devices, physical, {bridge.interface.name for bridge in bridges})
    above = _Above(columns.group(scene, bridges))
    stacked = stacks(scene, [*devices, *physical], bridges)
    band = scene.routes()
    title: list[Line] = [(Run(scene.node.name, "title"),)]
    inner = max(above.width, band.box.w + below.aside, below.width, width(title), LEAST_NODE)

    y, levels = _upper_rows(scene, out, above, PAD + (inner - above.width) / 2, stacked)
    alone = [veth for veth in above.hosts if veth.interface.master not in below.bridges]
    upper = [*bridges, *alone]
    attached = any(scene.speaks_ip(p.interface) for p in (*upper, *devices, *physical))
    empty = scene.labels.plain and not above.groups
    if (attached or len(band.lines) > 1) and not empty:
        y = y + ROW + stacked.room("bridge") if above.groups else TITLE
        out.notes.append(band)
    else:  # nothing for the node's IP to do, or to say
        band.box.h = 0
        y = TITLE - ROW if empty and devices else y
    band.box.x, band.box.w, band.box.y = PAD + below.aside, inner - below.aside, y

    y = _lower_rows(below, band.box, PAD + inner, stacked)
    out.placed += [*devices, *physical]
    links = lower_links(scene, band.box, upper, devices, physical)
    out.links += [link for link in links if link.kind != "routed" or not empty]
    out.links += lane_links(stacked, out, levels, PAD + inner + PAD / 2)
    out.links += low_links(stacked, out)
    full = inner + 2 * PAD + stacked.margin
    out.frames.insert(0, Frame(scene.node.name, "", title, Box(full, y)))
    out.box = Box(full, y + (PROTRUDE if physical else 0))
    return out


def _role(interface: Interface, own: Namespace) -> Role:
    match interface.kind:
        case "veth" | "physical":
            return interface.kind
        case _:
            return "bridge" if interface.name in bars(own, own=True) else "device"


def _upper_rows(
    scene: Scene, out: Drawing, above: _Above, x: float, stacked: Stacks
) -> tuple[float, Levels]:
    """Place guests, host ends and bridges from `x` on.

    The lower edge of the lowest, and on which level each line in the channel runs.
    """
    for group in above.groups:
        columns.spread(group, x)
        x += group.width() + 2 * GAP
    inside, hosts, bars = above.inside, above.hosts, above.bars
    bent = turning(scene, above.boxes, stacked)
    y = _guests(out, above)
    if bent or (inside and hosts):
        # The channel; without host ends below it, it needs less room.
        y += (ROW + 8 if hosts else 20) + LEVEL * max((bend.level for bend in bent), default=0)
    if hosts:
        y += max(host.box.h for host in hosts)
        _end_at(y, hosts)
    for bar in bars:
        bar.box.y = y - 1 if hosts else y  # ports and bridge share a border
    out.placed += [*inside, *hosts, *bars]
    out.links += pair_links(scene, out, bent)
    levels = {(bend.near, bend.far): bend.level for bend in bent}
    out.links += channel_links(stacked, above.boxes, levels)
    return max((bar.box.bottom for bar in bars), default=y), levels


def _guests(out: Drawing, above: _Above) -> float:
    """Place the guests and their frames below the node's title; their lower edge."""
    framed = [column for column in above.columns if column.frame is not None]
    if not framed:
        return TITLE
    y = TITLE + max(column.head() for column in framed)
    y += max((interface.box.h for interface in above.inside), default=PROTRUDE)
    _end_at(y, above.inside)
    for column in framed:
        columns.close(column, y)
        out.placed += column.bars
    out.frames += [column.frame for column in framed if column.frame is not None]
    return y


def _lower_rows(below: _Below, band: Box, right: float, stacked: Stacks) -> float:
    """Place devices and NICs below the band; the lower edge of the node's frame."""
    devices, ports, free = below.devices, below.ports, below.free
    y = band.bottom
    if devices:
        y += ROW + stacked.room("device")
        row((device.box for device in devices), band.x, GAP)
        for device in devices:
            device.box.y = y
        y = max(device.box.bottom for device in devices)
    if not ports and not free:
        return y + PAD + 3 + LEVEL * len(stacked.low)
    row((port.box for port in ports), PAD, GAP)
    start = band.x + sum(device.box.w + GAP for device in devices)
    taken = sum(nic.box.w for nic in free) + GAP * (len(free) - 1)
    row((nic.box for nic in free), start + max(0, (right - start - taken) / 2), GAP)
    y += ROW + stacked.room("physical") + max(nic.box.h for nic in below.physical)
    _end_at(y, below.physical)
    return y - PROTRUDE


def _end_at(y: float, shapes: Sequence[Placed]) -> None:
    for shape in shapes:
        shape.box.y = y - shape.box.h
