"""The way of a request over a drawing: which interfaces, in order, and the lines between them.

A way names the interfaces that matter (`node0/client:eth0`). Between two of them the other end of a
veth pair, the ports of a bridge and the NICs below two interfaces of one VLAN are found from the
state, for there is no choice; a hop that routing decides has to be named.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from macros.figures.topology.geometry import Box, Drawing, LinkKind, Note, Point
from macros.figures.topology.networks import wire
from macros.figures.topology.observation import End, Interface, Node, pairs, parents
from macros.figures.topology.scene import nat_device
from macros.ground.errors import GuideError


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch between two interfaces."""

    start: End
    stop: End
    points: tuple[Point, ...]


def ends(states: Sequence[Node], way: Sequence[str]) -> tuple[End, ...]:
    """The interfaces of a way, those found between two of them included.

    Each is written as in the text of a drawing, node0/client:eth0, or node0/:cni0 for one of the
    node itself. GuideError where one is not in the states, or two have nothing between them.
    """
    named = [_end(states, name) for name in way]
    along = named[:1]
    for start, stop in pairwise(named):
        along += _between(states, start, stop)
    return tuple(along)


def legs(drawing: Drawing, way: Sequence[End]) -> tuple[Leg, ...]:
    """The lines of a way, along those of the drawing. GuideError where one of its ends is left out.

    Where two boxes share a border, as a bridge and its port, there is no line to draw.
    """
    drawn = {placed.end for placed in drawing.placed}
    if missing := next((end for end in way if end not in drawn), None):
        raise GuideError(f"way= passes {missing}, which the drawing leaves out")
    return tuple(
        Leg(start, stop, points)
        for start, stop in pairwise(way)
        if (points := tuple(_points(drawing, start, stop)))
    )


def _end(states: Sequence[Node], text: str) -> End:
    node, _, rest = text.partition("/")
    namespace, _, interface = rest.rpartition(":")
    known = [
        End(state.name, inside.name, inner.name)
        for state in states
        for inside in state.namespaces
        for inner in inside.interfaces
    ]
    end = End(node, namespace, interface)
    if end not in known:
        near = ", ".join(str(candidate) for candidate in known if candidate.interface == interface)
        raise GuideError(
            f"way= names {text!r}, which no state contains",
            fix=f"write node0/pod:eth0 or node0/:cni0; there is {near or 'none of that name'}",
        )
    return end


def _between(states: Sequence[Node], start: End, stop: End) -> Iterator[End]:
    """What lies between two ends, and the second."""
    joined = _layer_two(states)
    waiting: list[tuple[End, ...]] = [(start,)]
    seen = {start}
    while waiting:
        path = waiting.pop(0)
        if path[-1] == stop:
            yield from path[1:]
            return
        for end in sorted(joined.get(path[-1], ()), key=str):
            if end not in seen:
                seen.add(end)
                waiting.append((*path, end))
    # Nothing leads there without routing: then the step is the kernel's, or a cable's.
    yield from _by_parents(states, start, stop)
    yield stop


def _by_parents(states: Sequence[Node], start: End, stop: End) -> Iterator[End]:
    """What two VLAN interfaces of one VLAN on two nodes send by, where one cable joins it."""
    below, numbers, wires = [], [], []
    for end in (start, stop):
        node = next(state for state in states if state.name == end.node)
        parent = parents(node).get(end)
        own = node.own.interface(parent.interface) if parent and not parent.namespace else None
        child = _interface(node, end)
        if parent is None or own is None or child is None or child.kind != "vlan":
            return
        if own.kind != "physical" or own.name == nat_device(node):
            return
        below.append(parent)
        numbers.append((child.detail.get("id"), child.detail.get("protocol")))
        wires.append(wire(own, node.own.interface(own.master)))
    if start.node != stop.node and numbers[0] == numbers[1] and wires[0] == wires[1]:
        yield from below


def _interface(node: Node, end: End) -> Interface | None:
    inside = node.namespace(end.namespace)
    return inside.interface(end.interface) if inside else None


def _layer_two(states: Sequence[Node]) -> dict[End, set[End]]:
    """Of each end those next to it: the peer of a veth, the bridge of a port, its ports."""
    joined: dict[End, set[End]] = {}
    for node in states:
        edges = [(pair.near, pair.far) for pair in pairs(node) if pair.far is not None]
        for namespace in node.namespaces:
            edges += [
                (
                    End(node.name, namespace.name, interface.name),
                    End(node.name, namespace.name, interface.master),
                )
                for interface in namespace.interfaces
                if interface.master
            ]
        for a, b in edges:
            joined.setdefault(a, set()).add(b)
            joined.setdefault(b, set()).add(a)
    return joined


def _points(drawing: Drawing, start: End, stop: End) -> Sequence[Point]:
    """The line from one interface to the next; empty where they touch."""
    for link in drawing.links:
        if set(link.ends) == {start, stop} and len(link.ends) == 2:
            return link.points if link.ends[0] == start else link.points[::-1]
    a, b = drawing.of(start), drawing.of(stop)
    if a.interface.master == stop.interface or b.interface.master == start.interface:
        return _own(drawing, "port", start) or _own(drawing, "port", stop)
    if start.node == stop.node:
        return _through(drawing, "routed", start, stop)
    return _through(drawing, "wire", start, stop)


def _through(drawing: Drawing, kind: LinkKind, start: End, stop: End) -> Sequence[Point]:
    """From an interface to a band or bar, along it, and to the other interface."""
    out, into = _own(drawing, kind, start), _own(drawing, kind, stop)
    bar = _bar(drawing, out)
    if not out or not into or bar is None or bar is not _bar(drawing, into):
        raise GuideError(
            f"way= goes from {start} to {stop}, but nothing in the state joins them",
            fix="name the interfaces between them too",
        )
    out = _toward(out, bar.box)
    into = _toward(into, bar.box)
    # Along the lower edge of the routes, where no text is; of a network along the upper one.
    y = bar.box.bottom - 4 if kind == "routed" else bar.box.y + 4
    return (*out, (out[-1][0], y), (into[-1][0], y), *into[::-1])


def _own(drawing: Drawing, kind: LinkKind, end: End) -> Sequence[Point]:
    """The line of one interface alone."""
    return next(
        (link.points for link in drawing.links if link.kind == kind and link.ends == (end,)), ()
    )


def _bar(drawing: Drawing, points: Sequence[Point]) -> Note | None:
    """The band or bar that a line ends at."""
    for note in drawing.notes:
        for x, y in (points[0], points[-1]) if points else ():
            if note.box.x <= x <= note.box.right and y in (note.box.y, note.box.bottom):
                return note
    return None


def _toward(points: Sequence[Point], box: Box) -> Sequence[Point]:
    """The line so that it ends at the box."""
    x, y = points[-1]
    at_box = y in (box.y, box.bottom) and box.x <= x <= box.right
    return points if at_box else points[::-1]


def places(way: Sequence[End]) -> dict[End, str]:
    """The number of each interface on the way; of one that is met twice, both: `3, 5`."""
    numbers: dict[End, str] = {}
    for number, end in enumerate(way, 1):
        numbers[end] = f"{numbers[end]}, {number}" if end in numbers else str(number)
    return numbers
