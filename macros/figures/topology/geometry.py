"""Things with a place: what a layout is made of. All lengths are px, y grows downwards."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from macros.figures.svg import LINE_HEIGHT, Line, width
from macros.figures.topology.observation import End, Interface

Point = tuple[float, float]
TEXT_PAD = 8  # between the border of a box and its text
PAD = 9  # inside a node's frame
GUEST_PAD = 7  # inside a guest's frame
GAP = 10  # between things side by side
ROW = 30  # between rows that lines join
LEVEL = 14  # between lines that run side by side
PROTRUDE = 10  # how far an interface stands out of the edge it leads through
TITLE = 34  # a node's name
LEAST_NODE = 204  # width inside the smallest node: the name of a network fits below it
LEAST = 96  # width of the smallest interface box


@dataclass(slots=True)
class Box:
    """A rectangle. It is placed after it is measured, so this one can change."""

    w: float
    h: float
    x: float = 0
    y: float = 0

    @property
    def cx(self) -> float:
        """The middle."""
        return self.x + self.w / 2

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.h

    def move(self, dx: float, dy: float) -> None:
        """Shift the box."""
        self.x += dx
        self.y += dy

    def covers(self, other: "Box") -> bool:
        """Both share some area."""
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )


Role = Literal["veth", "bridge", "device", "physical"]


@dataclass(slots=True)
class Placed:
    """An interface and its box. `role` says where it stands and how it looks."""

    end: End
    interface: Interface
    role: Role
    lines: list[Line]
    box: Box


@dataclass(slots=True)
class Frame:
    """A frame around a node (`namespace` is empty) or one of its other namespaces."""

    node: str
    namespace: str
    lines: list[Line]
    box: Box


@dataclass(slots=True)
class Note:
    """A band or bar with text that is no interface: a node's routes, a network outside."""

    kind: Literal["routes", "network"]
    lines: list[Line]
    box: Box


LinkKind = Literal["veth", "port", "routed", "over", "wire", "open"]


@dataclass(slots=True)
class Link:
    """A line. `ends` are the interfaces that it joins: two of a veth pair, else one or two.

    veth: a pair; port: an interface enslaved to a bridge; routed: between an interface and its
    node's IP; over: a tunnel and the device that carries it; wire: a NIC and its network; open: a
    veth whose other end was not seen.
    """

    kind: LinkKind
    points: list[Point]
    ends: tuple[End, ...]


@dataclass(slots=True)
class Drawing:
    """Everything at its place."""

    box: Box = field(default_factory=lambda: Box(0, 0))
    frames: list[Frame] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    def boxes(self) -> Iterator[Box]:
        """Every rectangle."""
        yield from (frame.box for frame in self.frames)
        yield from (interface.box for interface in self.placed)
        yield from (note.box for note in self.notes)

    def move(self, dx: float, dy: float) -> None:
        """Shift all of it."""
        for box in self.boxes():
            box.move(dx, dy)
        for link in self.links:
            link.points = [(x + dx, y + dy) for x, y in link.points]

    def add(self, other: "Drawing") -> None:
        """Take in what another drawing has."""
        self.frames += other.frames
        self.placed += other.placed
        self.notes += other.notes
        self.links += other.links

    def of(self, end: End) -> Placed:
        """The interface with that name."""
        return next(interface for interface in self.placed if interface.end == end)


def measure(lines: list[Line], *, least: float = 0) -> Box:
    """A box that holds these lines."""
    return Box(max(least, width(lines) + 2 * TEXT_PAD), len(lines) * LINE_HEIGHT + 10)


def row(boxes: Iterable[Box], x: float, gap: float) -> float:
    """Put boxes side by side from `x` on; the right edge of the last."""
    for box in boxes:
        box.x = x
        x += box.w + gap
    return x - gap


def levels(spans: list[tuple[float, float]]) -> list[int]:
    """For each horizontal stretch a level, so that no two on one level touch."""
    taken: list[list[tuple[float, float]]] = []
    chosen = []
    for low, high in spans:
        free = (
            level
            for level, others in enumerate(taken)
            if all(high < a - 4 or b + 4 < low for a, b in others)
        )
        level = next(free, len(taken))
        if level == len(taken):
            taken.append([])
        taken[level].append((low, high))
        chosen.append(level)
    return chosen
