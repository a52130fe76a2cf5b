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

from macros.figures.svg import Line, Run, width
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
    bottom = max(each.box.h for each in nodes)
    x = y = 0.0
    for each in nodes:
        each.move(x, y if stacked else bottom - each.box.h)
        drawing.add(each)
        if stacked:
            y += each.box.h + ROW
        else:
            x += each.box.w + 2 * GAP
    if stacked:
        drawing.box = Box(max(each.box.w for each in nodes), y - ROW)
    else:
        drawing.box = Box(x - 2 * GAP, bottom)
    add_networks(drawing, states)
    drawing.move(1, 1)  # room for the outermost border
    drawing.box.w += 2
    drawing.box.h += 2
    return drawing


def _node(scene: Scene) -> Drawing:
    """One node; its frame's upper left corner is at 0, 0."""
    out = Drawing()
    own = [scene.place("", each, _role(each, scene.node.own)) for each in scene.own()]
    bridges = [each for each in own if each.role == "bridge"]
    devices = [each for each in own if each.role == "device"]
    physical = [each for each in own if each.role == "physical"]
    stacked = stacks(scene, [*devices, *physical], bridges)
    groups = columns.group(scene, bridges)
    band = scene.routes()
    title: list[Line] = [(Run(scene.node.name, "title"),)]

    # NICs that are ports of a bridge stand on the left, so that their lines pass the band.
    names = {each.interface.name for each in bridges}
    ports = [each for each in physical if each.interface.master in names]
    free = [each for each in physical if each.interface.master not in names]
    aside = sum(each.box.w + GAP for each in ports)
    total = sum(each.width() for each in groups) + 2 * GAP * max(0, len(groups) - 1)
    below = aside + sum(each.box.w + GAP for each in (*devices, *free)) - GAP
    inner = max(total, band.box.w + aside, below, width(title), LEAST_NODE)

    y, levels = _upper_rows(scene, out, groups, PAD + (inner - total) / 2, stacked)
    veths = [each for group in groups for column in group.columns for each in column.below()]
    bridged = {each.interface.name for each in bridges}
    upper = [*bridges, *(each for each in veths if each.interface.master not in bridged)]
    attached = any(scene.speaks_ip(p.interface) for p in (*upper, *devices, *physical))
    if attached or len(band.lines) > 1:
        y = y + ROW + stacked.room("bridge") if groups else TITLE
        out.notes.append(band)
    else:  # nothing for the node's IP to do
        band.box.h = 0
    band.box.x, band.box.w, band.box.y = PAD + aside, inner - aside, y

    y = _lower_rows(devices, ports, free, band.box, PAD + inner, stacked)
    out.placed += [*devices, *physical]
    out.links += lower_links(scene, band.box, upper, devices, physical)
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
    scene: Scene, out: Drawing, groups: Sequence[columns.Group], x: float, stacked: Stacks
) -> tuple[float, Levels]:
    """Place guests, host ends and bridges from `x` on.

    The lower edge of the lowest, and on which level each line in the channel runs.
    """
    for group in groups:
        columns.spread(group, x)
        x += group.width() + 2 * GAP
    every = [column for group in groups for column in group.columns]
    inside = [each for column in every for each in column.inside()]
    hosts = [each for column in every for each in column.below()]
    bars = [group.bridge for group in groups if group.bridge is not None]
    bent = turning(scene, {each.end: each.box for each in (*inside, *hosts)}, stacked)

    y: float = TITLE
    framed = [column for column in every if column.frame is not None]
    if framed:
        y += max(column.head() for column in framed)
        y += max((each.box.h for each in inside), default=PROTRUDE)
        _end_at(y, inside)
        for column in framed:
            columns.close(column, y)
            out.placed += column.bars
        out.frames += [column.frame for column in framed if column.frame is not None]
    if bent or (inside and hosts):
        # The channel; without host ends below it, it needs less room.
        y += (ROW + 8 if hosts else 20) + LEVEL * max((each.level for each in bent), default=0)
    if hosts:
        y += max(each.box.h for each in hosts)
        _end_at(y, hosts)
    for bar in bars:
        bar.box.y = y - 1 if hosts else y  # ports and bridge share a border
    out.placed += [*inside, *hosts, *bars]
    out.links += pair_links(scene, out, bent)
    levels = {(each.near, each.far): each.level for each in bent}
    out.links += channel_links(stacked, {each.end: each.box for each in (*inside, *hosts)}, levels)
    return max((bar.box.bottom for bar in bars), default=y), levels


def _lower_rows(
    devices: Sequence[Placed],
    ports: Sequence[Placed],
    free: Sequence[Placed],
    band: Box,
    right: float,
    stacked: Stacks,
) -> float:
    """Place devices and NICs below the band; the lower edge of the node's frame."""
    y = band.bottom
    if devices:
        y += ROW + stacked.room("device")
        row((each.box for each in devices), band.x, GAP)
        for each in devices:
            each.box.y = y
        y = max(each.box.bottom for each in devices)
    if not ports and not free:
        return y + PAD + 3 + LEVEL * len(stacked.low)
    row((each.box for each in ports), PAD, GAP)
    start = band.x + sum(each.box.w + GAP for each in devices)
    taken = sum(each.box.w for each in free) + GAP * (len(free) - 1)
    row((each.box for each in free), start + max(0, (right - start - taken) / 2), GAP)
    y += ROW + stacked.room("physical") + max(each.box.h for each in (*ports, *free))
    _end_at(y, [*ports, *free])
    return y - PROTRUDE


def _end_at(y: float, things: Sequence[Placed]) -> None:
    for each in things:
        each.box.y = y - each.box.h
