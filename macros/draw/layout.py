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

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from macros.draw.geometry import (
    TEXT_PAD,
    Box,
    Drawing,
    Frame,
    Link,
    Note,
    Placed,
    Point,
    Role,
    levels,
    measure,
    row,
)
from macros.draw.labels import Labels
from macros.draw.news import shown_namespaces
from macros.draw.state import End, Interface, Namespace, Node, Pair, default_device, pairs
from macros.draw.svg import LINE_HEIGHT, Line, Run, width

PAD = 9  # inside a node's frame
GUEST_PAD = 7  # inside a guest's frame
GAP = 10  # between things side by side
ROW = 30  # between rows that lines join
LEVEL = 14  # between levels of the channel
PROTRUDE = 10  # how far an interface stands out of the edge it leads through
TITLE = 34  # a node's name
LEAST_NODE = 172  # width inside the smallest node: the name of a network fits below it
LEAST = 96  # width of the smallest interface box


@dataclass(slots=True)
class _Column:
    """A guest with its interfaces, or a host end without a guest above it."""

    frame: Frame | None
    slots: list[tuple[Placed | None, Placed | None]]  # the guest's interface, the host's end
    bars: list[Placed] = field(default_factory=list)  # bridges inside the guest

    def slot_widths(self) -> list[float]:
        widths = [max(p.box.w for p in slot if p is not None) for slot in self.slots]
        for bar in self.bars:  # its ports carry it, however few they are
            ports = self.ports(bar)
            if ports:
                over = sum(widths[i] for i in ports) + GAP * (len(ports) - 1)
                widths[ports[-1]] += max(0, bar.box.w - over)
        return widths

    def ports(self, bar: Placed) -> list[int]:
        """Which slots are ports of a bridge inside the guest."""
        name = bar.interface.name
        return [i for i, (p, _) in enumerate(self.slots) if p and p.interface.master == name]

    def width(self) -> float:
        inner = sum(self.slot_widths()) + GAP * max(0, len(self.slots) - 1)
        if self.frame is None:
            return inner
        bars = max((bar.box.w for bar in self.bars), default=0)
        return max(inner, width(self.frame.lines), bars) + 2 * GUEST_PAD


@dataclass(slots=True)
class _Group:
    """A bridge and the columns that stand on it; or, without one, all other columns."""

    bridge: Placed | None
    columns: list[_Column]

    def width(self) -> float:
        inner = sum(c.width() for c in self.columns) + GAP * max(0, len(self.columns) - 1)
        return max(inner, self.bridge.box.w if self.bridge else 0)


def lay_out(
    states: Sequence[Node], labels: Labels, *, leave_out: Collection[str], nat: bool
) -> Drawing:
    """Place everything of these nodes, side by side; networks that they share lie below."""
    drawing = Drawing()
    nodes = [_NodeLayout(node, labels, leave_out, nat=nat).drawing() for node in states]
    bottom = max(each.box.h for each in nodes)
    x = 0.0
    for each in nodes:
        each.move(x, bottom - each.box.h)
        x += each.box.w + 2 * GAP
        drawing.add(each)
    drawing.box = Box(x - 2 * GAP, bottom)
    _networks(drawing, states)
    drawing.move(1, 1)  # room for the outermost border
    drawing.box.w += 2
    drawing.box.h += 2
    return drawing


def nat_device(node: Node) -> str:
    """The NIC of a lab's NAT network: the default route leaves by it, and there is another NIC."""
    physical = [each.name for each in node.own.interfaces if each.kind == "physical"]
    device = default_device(node.own)
    return device if device in physical and len(physical) > 1 else ""


class _NodeLayout:
    """One node; its frame's upper left corner is at 0, 0."""

    def __init__(
        self, node: Node, labels: Labels, leave_out: Collection[str], *, nat: bool
    ) -> None:
        self.node = node
        self.labels = labels
        self.out = Drawing()
        self.hidden = {*leave_out, *([] if nat else [nat_device(node)])}
        self.guests = [each for each in shown_namespaces(node)[1:] if each.name not in self.hidden]
        shown = {"", *(each.name for each in self.guests)}
        self.other: dict[End, End] = {}
        self.pairs: list[Pair] = []
        for pair in pairs(node):
            ends = [end for end in (pair.near, pair.far) if end is not None]
            if any(e.namespace not in shown or self._is_hidden(e.interface, e) for e in ends):
                continue
            self.pairs.append(pair)
            if pair.far is not None:
                self.other |= {pair.near: pair.far, pair.far: pair.near}

    def drawing(self) -> Drawing:
        bridges = [self._place("", each, "bridge") for each in self._own() if each.kind == "bridge"]
        devices = [self._place("", each, "device") for each in self._own() if _is_device(each)]
        physical = [
            self._place("", each, "physical") for each in self._own() if each.kind == "physical"
        ]
        slaves = [each for each in physical if each.interface.master]
        groups = self._groups(bridges)
        band = self._band()

        total = sum(g.width() for g in groups) + 2 * GAP * max(0, len(groups) - 1)
        aside = sum(each.box.w + GAP for each in slaves)
        free = [each for each in physical if not each.interface.master]
        below = sum(each.box.w + GAP for each in (*devices, *free)) - GAP + aside
        title: list[Line] = [(Run(self.node.name, "title"),)]
        inner = max(total, band.box.w + aside, below, width(title), LEAST_NODE)
        node_width = inner + 2 * PAD

        y = self._upper_rows(groups, PAD + (inner - total) / 2)
        # Down here the node's own IP is in charge.
        upper = [*bridges, *self._free_veths(groups)]
        attached = [p for p in (*upper, *devices, *physical) if self._speaks_ip(p.interface)]
        if attached or len(band.lines) > 1:
            y = y + ROW if groups else TITLE
            self.out.notes.append(band)
        else:
            band.box.h = 0
        band.box.x, band.box.w, band.box.y = PAD + aside, inner - aside, y
        y = band.box.bottom
        if devices:
            y += ROW
            row((each.box for each in devices), PAD + aside, GAP)
            for each in devices:
                each.box.y = y
            y = max(each.box.bottom for each in devices)
        if physical:
            y += ROW
            tallest = max(each.box.h for each in physical)
            row((each.box for each in slaves), PAD, GAP)
            start = PAD + aside + sum(each.box.w + GAP for each in devices)
            room = PAD + inner - start
            taken = sum(each.box.w for each in free) + GAP * (len(free) - 1)
            row((each.box for each in free), start + max(0, (room - taken) / 2), GAP)
            for each in physical:
                each.box.y = y + tallest - each.box.h
            y += tallest - PROTRUDE
        else:
            y += PAD + 3
        self.out.placed += [*devices, *physical]
        self._lower_links(band.box, upper, devices, physical)
        frame = Frame(self.node.name, "", title, Box(node_width, y))
        self.out.frames.insert(0, frame)
        self.out.box = Box(node_width, y + (PROTRUDE if physical else 0))
        return self.out

    # Who is there

    def _is_hidden(self, name: str, end: End | None = None) -> bool:
        own = end is None or not end.namespace
        return own and name in self.hidden

    def _own(self) -> list[Interface]:
        return [
            each
            for each in self.node.own.interfaces
            if each.kind != "loopback" and not self._is_hidden(each.name)
        ]

    def _end(self, namespace: str, interface: Interface) -> End:
        return End(self.node.name, namespace, interface.name)

    def _place(self, namespace: str, interface: Interface, role: Role) -> Placed:
        end = self._end(namespace, interface)
        lines = self.labels.interface(end, interface)
        if role == "bridge":
            lines[0] = (*lines[0], Run("  bridge", "note"))
            lines = [line for line in lines if line != (Run("bridge", "note"),)]
        return Placed(end, interface, role, lines, measure(lines, least=LEAST))

    def _band(self) -> Note:
        own = self.node.own
        lines: list[Line] = [(Run(f"IP routes of {self.node.name}", "note"),)]
        lines += [
            self.labels.route(self.node, own, route.text)
            for route in own.routes
            if route.device not in self.hidden
        ]
        return Note("routes", lines, measure(lines, least=LEAST))

    # Guests, host ends and bridges

    def _groups(self, bridges: Sequence[Placed]) -> list[_Group]:
        veths = [each for each in self._own() if each.kind == "veth"]
        waiting = list(self.guests)
        groups = []
        for bridge in bridges:
            ports = [each for each in veths if each.master == bridge.interface.name]
            groups.append(_Group(bridge, self._columns(ports, waiting)))
        rest = [each for each in veths if each.master not in {b.interface.name for b in bridges}]
        loose = self._columns(rest, waiting)
        loose += [self._column(guest, {}) for guest in self._in_a_row(waiting)]
        return [*groups, *([_Group(None, loose)] if loose else [])]

    def _columns(self, hosts: Sequence[Interface], waiting: list[Namespace]) -> list[_Column]:
        """Columns for these host ends, in their order; takes their guests off `waiting`."""
        placed = {self._end("", each): self._place("", each, "veth") for each in hosts}
        columns, done = [], set[End]()
        for end, host in placed.items():
            if end in done:
                continue
            other = self.other.get(end)
            guest = next((g for g in waiting if other and g.name == other.namespace), None)
            if guest is None:
                done.add(end)
                columns.append(_Column(None, [(None, host)]))
                continue
            waiting.remove(guest)
            column = self._column(guest, placed)
            done |= {below.end for _, below in column.slots if below is not None}
            columns.append(column)
        return columns

    def _column(self, guest: Namespace, hosts: dict[End, Placed]) -> _Column:
        bars: list[Placed] = []
        slots: list[tuple[Placed | None, Placed | None]] = []
        ordered = sorted(guest.interfaces, key=lambda each: (each.master, each.index))
        for each in ordered:
            if each.kind == "loopback":
                continue
            if each.kind == "bridge":
                bars.append(self._place(guest.name, each, "bridge"))
                continue
            placed = self._place(guest.name, each, "veth" if each.kind == "veth" else "device")
            other = self.other.get(placed.end)
            slots.append((placed, hosts.get(other) if other else None))
        lines = self.labels.namespace(self.node, guest)
        frame = Frame(self.node.name, guest.name, lines, Box(0, 0))
        return _Column(frame, slots, bars)

    def _in_a_row(self, guests: Iterable[Namespace]) -> list[Namespace]:
        """Guests so that those joined by a pair of their own stand next to each other."""
        by_name = {each.name: each for each in guests}
        near: dict[str, set[str]] = {name: set() for name in by_name}
        # Who hangs on the first interface of the one in the middle stands on its left.
        first: dict[str, int] = dict.fromkeys(by_name, 0)
        for a, b in self.other.items():
            if a.namespace in near and b.namespace in near and a.namespace != b.namespace:
                near[a.namespace].add(b.namespace)
                peer = by_name[a.namespace].interface(a.interface)
                first[a.namespace] = peer.peer_index or 0 if peer else 0
        order: list[str] = []
        for start in sorted(near, key=lambda name: (len(near[name]) != 1, first[name], name)):
            stack = [start]
            while stack:
                name = stack.pop()
                if name not in order:
                    order.append(name)
                    stack += sorted(near[name], reverse=True)
        return [by_name[name] for name in order]

    def _upper_rows(self, groups: Sequence[_Group], x: float) -> float:
        """Place guests, host ends and bridges; the lower edge of the lowest."""
        columns = [column for group in groups for column in group.columns]
        inside = [p for column in columns for p, _ in column.slots if p is not None]
        hosts = [p for column in columns for _, p in column.slots if p is not None]
        for group in groups:
            self._across(group, x)
            x += group.width() + 2 * GAP

        y: float = TITLE
        if inside or any(column.frame for column in columns):
            heads = max(self._head(column) for column in columns if column.frame)
            y += heads + max((p.box.h for p in inside), default=PROTRUDE)
            for each in inside:
                each.box.y = y - each.box.h
            for column in columns:
                self._close(column, y)
        bent = self._bent()
        if inside and (hosts or bent):
            y += (ROW + 8 if hosts else 20) + LEVEL * max(0, len(bent) - 1)
        if hosts:
            y += max(p.box.h for p in hosts)
            for each in hosts:
                each.box.y = y - each.box.h
        self.out.placed += [*inside, *hosts]
        bars = [group.bridge for group in groups if group.bridge is not None]
        for bar in bars:
            bar.box.y = y - 1 if hosts else y
        self.out.placed += bars
        self._pair_links(bent)
        return max((bar.box.bottom for bar in bars), default=y)

    def _across(self, group: _Group, x: float) -> None:
        """The x of everything in a group; a bar gets as wide as what stands on it."""
        wide = group.width()
        taken = sum(c.width() for c in group.columns) + GAP * max(0, len(group.columns) - 1)
        at = x + (wide - taken) / 2
        for column in group.columns:
            full = column.width()
            if column.frame is not None:
                column.frame.box.x, column.frame.box.w = at, full
            widths = column.slot_widths()
            left = at + (full - sum(widths) - GAP * max(0, len(widths) - 1)) / 2
            lefts = []
            for slot, slot_width in zip(column.slots, widths, strict=True):
                lefts.append(left)
                for each in slot:
                    if each is not None:
                        each.box.x = left + (slot_width - each.box.w) / 2
                left += slot_width + GAP
            for bar in column.bars:
                ports = column.ports(bar)
                bar.box.x, bar.box.w = at + GUEST_PAD, full - 2 * GUEST_PAD
                if ports:
                    bar.box.x = lefts[ports[0]]
                    bar.box.w = lefts[ports[-1]] + widths[ports[-1]] - bar.box.x
                _flatten(bar)
            at += full + GAP
        if group.bridge is not None:
            group.bridge.box.x, group.bridge.box.w = x, wide
            _flatten(group.bridge)

    def _head(self, column: _Column) -> float:
        """The height of a guest's frame above its interfaces."""
        assert column.frame is not None  # noqa: S101 only called for guests
        bars = max((bar.box.h - 1 for bar in column.bars), default=0)
        return 10 + LINE_HEIGHT * len(column.frame.lines) + 12 + bars

    def _close(self, column: _Column, bottom: float) -> None:
        """Draw a guest's frame around what stands in it; its interfaces end at `bottom`."""
        if column.frame is None:
            return
        inside = [p for p, _ in column.slots if p is not None]
        tallest = max((p.box.h for p in inside), default=PROTRUDE)
        box = column.frame.box
        box.y = bottom - tallest - self._head(column)
        box.h = bottom - PROTRUDE - box.y
        for bar in column.bars:
            ports = [column.slots[i][0] for i in column.ports(bar)]
            top = min((p.box.y for p in ports if p is not None), default=bottom - tallest)
            bar.box.y = top - bar.box.h + 1
        self.out.frames.append(column.frame)
        self.out.placed += column.bars

    # Lines

    def _bent(self) -> list[Pair]:
        """Pairs that are no straight line from a guest down to its host end."""
        placed = set()
        for pair in self.pairs:
            if pair.far is None:
                continue
            if (not pair.near.namespace) == (not pair.far.namespace):
                placed.add(pair)
        return sorted(placed)

    def _pair_links(self, bent: Sequence[Pair]) -> None:
        where = {each.end: each.box for each in self.out.placed}
        straight, turning = [], []
        for pair in self.pairs:
            if pair.near not in where or (pair.far is not None and pair.far not in where):
                continue
            if pair.far is None:
                self._stub(pair.near, where[pair.near])
            elif pair not in bent and where[pair.near].cx == where[pair.far].cx:
                straight.append(pair)
            else:
                turning.append(pair)
        for pair in straight:
            assert pair.far is not None  # noqa: S101 open ends went to _stub
            a, b = where[pair.near], where[pair.far]
            points = [(a.cx, a.bottom), (b.cx, b.y)]
            self.out.links.append(Link("veth", points, (pair.near, pair.far)))
        ends = [(where[p.near], where[p.far], p) for p in turning if p.far is not None]
        spans = [tuple(sorted((a.cx, b.cx))) for a, b, _ in ends]
        for (a, b, pair), level in zip(ends, levels([(s[0], s[1]) for s in spans]), strict=True):
            assert pair.far is not None  # noqa: S101 as above
            in_guest = [box for box, end in ((a, pair.near), (b, pair.far)) if end.namespace]
            if in_guest:
                y = max(box.bottom for box in in_guest) + 16 + LEVEL * level
            else:
                y = min(a.y, b.y) - 16 - LEVEL * level
            start = (a.cx, a.bottom if pair.near.namespace else a.y)
            stop = (b.cx, b.bottom if pair.far.namespace else b.y)
            points = [start, (a.cx, y), (b.cx, y), stop]
            self.out.links.append(Link("veth", points, (pair.near, pair.far)))

    def _stub(self, end: End, box: Box) -> None:
        """A veth whose other end was not seen."""
        tip: Point = (box.cx, box.bottom + 18) if end.namespace else (box.cx, box.y - 18)
        start: Point = (box.cx, box.bottom) if end.namespace else (box.cx, box.y)
        self.out.links.append(Link("open", [start, tip], (end,)))

    def _free_veths(self, groups: Sequence[_Group]) -> list[Placed]:
        bridged = {group.bridge.interface.name for group in groups if group.bridge}
        return [
            host
            for group in groups
            for column in group.columns
            for _, host in column.slots
            if host is not None and host.interface.master not in bridged
        ]

    def _lower_links(
        self,
        band: Box,
        above: Sequence[Placed],
        devices: Sequence[Placed],
        physical: Sequence[Placed],
    ) -> None:
        links = self.out.links
        for each in above:
            if self._speaks_ip(each.interface):
                x = min(max(each.box.cx, band.x + 12), band.right - 12)
                links.append(Link("routed", [(x, each.box.bottom), (x, band.y)], (each.end,)))
        bars = {each.interface.name: each.box for each in above if each.role == "bridge"}
        for each in (*devices, *physical):
            if each.interface.master in bars:
                bar = bars[each.interface.master]
                x = max(each.box.cx, bar.x + 12)
                turn = bar.bottom + ROW / 2
                points = [
                    (x, bar.bottom),
                    (x, turn),
                    (each.box.cx, turn),
                    (each.box.cx, each.box.y),
                ]
                straight = [points[0], points[-1]] if x == each.box.cx else points
                links.append(Link("port", straight, (each.end,)))
            elif self._speaks_ip(each.interface):
                x = each.box.cx
                links.append(Link("routed", [(x, band.bottom), (x, each.box.y)], (each.end,)))
        carriers = {each.interface.name: each for each in physical}
        for each in devices:
            carrier = carriers.get(str(each.interface.detail.get("link", "")))
            if carrier is not None:
                turn = carrier.box.y - ROW / 2
                to = carrier.box.cx - 24
                a = (each.box.cx, each.box.bottom)
                points = [a, (each.box.cx, turn), (to, turn), (to, carrier.box.y)]
                links.append(Link("over", points, (each.end, carrier.end)))

    def _speaks_ip(self, interface: Interface) -> bool:
        """Has an address, or a route leads to it."""
        routed = any(route.device == interface.name for route in self.node.own.routes)
        return routed or any(not each.link_local for each in interface.addresses)


def _is_device(interface: Interface) -> bool:
    return interface.kind not in {"loopback", "physical", "veth", "bridge"}


def _flatten(bar: Placed) -> None:
    """Write a bar's text on one line, or two, if it is wide enough."""
    for at in (1, 2):
        head, rest = bar.lines[:at], bar.lines[at:]
        joined = [_join(bar.lines)] if at == 1 else [head[0], _join([*head[1:], *rest])]
        if width(joined) + 2 * TEXT_PAD <= bar.box.w:
            bar.lines = joined
            break
    bar.box.h = measure(bar.lines).h


def _join(lines: Sequence[Line]) -> Line:
    runs = list(lines[0])
    for _, line in pairwise(lines):
        runs += [Run("  ", "mono"), *line]
    return tuple(runs)


def _networks(drawing: Drawing, states: Sequence[Node]) -> None:
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
