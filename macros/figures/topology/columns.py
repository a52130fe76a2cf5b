"""The upper part of a node: guests in columns, each above the ports that its veths lead to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

from macros.figures.svg import LINE_HEIGHT, Line, Run, width
from macros.figures.topology.geometry import (
    GAP,
    GUEST_PAD,
    PROTRUDE,
    TEXT_PAD,
    Box,
    Frame,
    Placed,
    measure,
)
from macros.figures.topology.observation import End, Interface, Namespace, bars
from macros.figures.topology.scene import Scene


@dataclass(slots=True)
class Column:
    """A guest with its interfaces, or a host end without a guest above it.

    A slot holds the guest's interface and the host's end below it; either can be missing. `bars`
    are bridges inside the guest.
    """

    frame: Frame | None
    slots: list[tuple[Placed | None, Placed | None]]
    bars: list[Placed] = field(default_factory=list)

    def inside(self) -> list[Placed]:
        """The guest's interfaces, left to right."""
        return [placed for placed, _ in self.slots if placed is not None]

    def below(self) -> list[Placed]:
        """The host ends."""
        return [placed for _, placed in self.slots if placed is not None]

    def ports(self, bar: Placed) -> list[int]:
        """Which slots are ports of a bridge inside the guest."""
        name = bar.interface.name
        return [i for i, (p, _) in enumerate(self.slots) if p and p.interface.master == name]

    def slot_widths(self) -> list[float]:
        """How wide each slot has to be."""
        widths = [max(p.box.w for p in slot if p is not None) for slot in self.slots]
        for bar in self.bars:  # its ports carry it, however few they are
            ports = self.ports(bar)
            if ports:
                span = sum(widths[i] for i in ports) + GAP * (len(ports) - 1)
                widths[ports[-1]] += max(0, bar.box.w - span)
        return widths

    def width(self) -> float:
        """With its frame, if it has one."""
        inner = sum(self.slot_widths()) + GAP * max(0, len(self.slots) - 1)
        if self.frame is None:
            return inner
        bars = max((bar.box.w for bar in self.bars), default=0)
        return max(inner, width(self.frame.lines), bars) + 2 * GUEST_PAD

    def head(self) -> float:
        """The height of a guest's frame above its interfaces."""
        lines = len(self.frame.lines) if self.frame else 0
        return 22 + LINE_HEIGHT * lines + max((bar.box.h - 1 for bar in self.bars), default=0)


@dataclass(slots=True)
class Group:
    """A bridge and the columns that stand on it; or, without one, all other columns."""

    bridge: Placed | None
    columns: list[Column]

    def columns_width(self) -> float:
        """Side by side."""
        return sum(c.width() for c in self.columns) + GAP * max(0, len(self.columns) - 1)

    def width(self) -> float:
        """The wider of the bridge and what stands on it."""
        return max(self.columns_width(), self.bridge.box.w if self.bridge else 0)


def group(scene: Scene, bridges: Sequence[Placed]) -> list[Group]:
    """Who stands where: guests with their first bridge, in the order of their ports."""
    veths = [interface for interface in scene.own() if interface.kind == "veth"]
    waiting = list(scene.guests)
    groups = []
    names = [bridge.interface.name for bridge in bridges]
    for index, bridge in enumerate(bridges):
        ports = [veth for veth in veths if veth.master == bridge.interface.name]
        ports.sort(key=partial(_side, scene, names, index))
        groups.append(Group(bridge, _columns(scene, ports, waiting)))
    bridged = {bar.interface.name for bar in bridges}
    loose = _columns(scene, [veth for veth in veths if veth.master not in bridged], waiting)
    loose += [_column(scene, guest, {}) for guest in _in_a_row(scene, waiting)]
    return [*groups, *([Group(None, loose)] if loose else [])]


def _side(scene: Scene, bridges: Sequence[str], index: int, port: Interface) -> int:
    """Where a port stands on its bridge: towards the other bridge that its cable leads to, if any.

    So the cable between two bridges is short, and crosses none that leads to a guest.
    """
    other = scene.other.get(End(scene.node.name, "", port.name))
    peer = scene.node.own.interface(other.interface) if other and not other.namespace else None
    if peer is None or peer.master not in bridges or peer.master == port.master:
        return 0
    return 1 if bridges.index(peer.master) > index else -1


def spread(members: Group, x: float) -> None:
    """The x of everything in a group; a bridge gets as wide as what stands on it."""
    left_edge = x + (members.width() - members.columns_width()) / 2
    for column in members.columns:
        full = column.width()
        if column.frame is not None:
            column.frame.box.x, column.frame.box.w = left_edge, full
        widths = column.slot_widths()
        left = left_edge + (full - sum(widths) - GAP * max(0, len(widths) - 1)) / 2
        lefts = []
        for slot, slot_width in zip(column.slots, widths, strict=True):
            lefts.append(left)
            for member in slot:
                if member is not None:
                    member.box.x = left + (slot_width - member.box.w) / 2
            left += slot_width + GAP
        for bar in column.bars:
            ports = column.ports(bar)
            bar.box.x, bar.box.w = left_edge + GUEST_PAD, full - 2 * GUEST_PAD
            if ports:
                bar.box.x = lefts[ports[0]]
                bar.box.w = lefts[ports[-1]] + widths[ports[-1]] - bar.box.x
            _flatten(bar)
        left_edge += full + GAP
    if members.bridge is not None:
        members.bridge.box.x, members.bridge.box.w = x, members.width()
        _flatten(members.bridge)


def close(column: Column, bottom: float) -> None:
    """Draw a guest's frame around what stands in it; its interfaces end at `bottom`."""
    if column.frame is None:
        return
    tallest = max((p.box.h for p in column.inside()), default=PROTRUDE)
    box = column.frame.box
    box.y = bottom - tallest - column.head()
    box.h = bottom - PROTRUDE - box.y
    for bar in column.bars:
        ports = [column.slots[i][0] for i in column.ports(bar)]
        top = min((p.box.y for p in ports if p is not None), default=bottom - tallest)
        bar.box.y = top - bar.box.h + 1


def _columns(scene: Scene, hosts: Sequence[Interface], waiting: list[Namespace]) -> list[Column]:
    """Columns for these host ends, in their order; takes their guests off `waiting`."""
    placed = [scene.place("", host, "veth") for host in hosts]
    by_end = {host.end: host for host in placed}
    columns: list[Column] = []
    done: set[End] = set()
    for host in placed:
        if host.end in done:
            continue
        other = scene.other.get(host.end)
        guest = next(
            (candidate for candidate in waiting if other and candidate.name == other.namespace),
            None,
        )
        if guest is None:
            columns.append(Column(None, [(None, host)]))
            continue
        waiting.remove(guest)
        columns.append(_column(scene, guest, by_end))
        done |= {standing.end for standing in columns[-1].below()}
    return columns


def _column(scene: Scene, guest: Namespace, hosts: dict[End, Placed]) -> Column:
    frame = Frame(scene.node.name, guest.name, scene.labels.namespace(scene.node, guest), Box(0, 0))
    column = Column(frame, [])
    standing = bars(guest)
    for interface in sorted(guest.interfaces, key=lambda port: (port.master, port.index)):
        if interface.name in standing:
            column.bars.append(scene.place(guest.name, interface, "bridge"))
        elif not interface.plain_loopback:
            placed = scene.place(
                guest.name, interface, "veth" if interface.kind == "veth" else "device"
            )
            other = scene.other.get(placed.end)
            column.slots.append((placed, hosts.get(other) if other else None))
    return column


def _in_a_row(scene: Scene, guests: Iterable[Namespace]) -> list[Namespace]:
    """Guests so that those joined by a pair of their own stand next to each other.

    Otherwise they stand in the order in which they were made, which the inode tells: the kernel
    gives a new namespace the lowest free number (proc_alloc_inum).
    """
    by_name = {guest.name: guest for guest in guests}
    near: dict[str, set[str]] = {name: set() for name in by_name}
    # Who hangs on the first interface of the one in the middle stands on its left.
    first: dict[str, int] = dict.fromkeys(by_name, 0)
    for a, b in scene.other.items():
        if a.namespace in near and b.namespace in near and a.namespace != b.namespace:
            near[a.namespace].add(b.namespace)
            peer = by_name[a.namespace].interface(a.interface)
            first[a.namespace] = peer.peer_index or 0 if peer else 0
    order: list[str] = []
    made = {name: (guest.inode, name) for name, guest in by_name.items()}
    for start in sorted(near, key=lambda name: (len(near[name]) != 1, first[name], made[name])):
        stack = [start]
        while stack:
            name = stack.pop()
            if name not in order:
                order.append(name)
                stack += sorted(near[name], key=lambda other: made[other], reverse=True)
    return [by_name[name] for name in order]


def _flatten(bar: Placed) -> None:
    """Write a bar's text on one line, or two, if it is wide enough."""
    for lines_above in (1, 2):
        head, rest = bar.lines[:lines_above], bar.lines[lines_above:]
        joined = [_join(bar.lines)] if lines_above == 1 else [head[0], _join([*head[1:], *rest])]
        if width(joined) + 2 * TEXT_PAD <= bar.box.w:
            bar.lines = joined
            break
    bar.box.h = measure(bar.lines).h


def _join(lines: Sequence[Line]) -> Line:
    runs = list(lines[0])
    for _, line in pairwise(lines):
        runs += [Run("  ", "mono"), *line]
    return tuple(runs)
