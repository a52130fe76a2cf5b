"""Where everything of a trace's drawing stands, in px: lanes side by side, packets downwards."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from macros.trace.hops import Step
from macros.trace.model import Journey, Lane

LABELS = 124  # the column of the packets' names, which stays when the lanes scroll
_COLUMN = 704  # what a page has for a drawing on a wide screen, less the figure's own edge
_PITCH = (56.0, 118.0)  # the least and the most from lane to lane
_NODE_GAP = 12.0
_EDGE = 6.0
_MONO = 10.5 * 0.602  # advance of the names' letters (macros/draw/svg.py)
_ROW, _PILL_ROW = 44.0, 17.0


@dataclass(frozen=True, slots=True)
class Frame:
    """A node, or a namespace on it, around its lanes."""

    title: str
    node: str
    x: float
    y: float
    w: float
    inner: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A packet: the height of its line, and where its room begins and ends."""

    journey: Journey
    steps: tuple[Step, ...]
    top: float
    y: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Layout:
    """All of a drawing. `names` has the baseline of each lane's name, `head` where lanes begin."""

    lanes: tuple[Lane, ...]
    x: tuple[float, ...]
    names: tuple[float, ...]
    frames: tuple[Frame, ...]
    rows: tuple[Row, ...]
    head: float
    width: float
    height: float
    pitch: float

    def at(self, row: Row, index: int) -> float:
        """Where a journey's visit of that index stands; two at one lane stand side by side."""
        visits = row.journey.visits
        lane = visits[index].lane
        same = [at for at, one in enumerate(visits) if one.lane == lane]
        aside = (same.index(index) - (len(same) - 1) / 2) * 18
        return self.x[lane] + (aside if row.journey.forward else -aside)


def lay_out(
    lanes: Sequence[Lane],
    journeys: Sequence[tuple[Journey, tuple[Step, ...]]],
    labels: float = LABELS,
) -> Layout:
    """The layout of these journeys over these lanes; `labels` is the room left of them."""
    nodes = [lane.node for lane in lanes]
    gaps = sum(one != two for one, two in itertools.pairwise(nodes))
    room = _COLUMN - labels - gaps * _NODE_GAP - 2 * _EDGE
    pitch = min(max(room / len(lanes), _PITCH[0]), _PITCH[1])
    x: list[float] = []
    at = _EDGE + pitch / 2
    for number, node in enumerate(nodes):
        if number and node != nodes[number - 1]:
            at += _NODE_GAP
        x.append(at)
        at += pitch
    placed = any(lane.place for lane in lanes)
    first = 57.0 if placed else 38.0
    names = _names(lanes, pitch, first)
    head = max(names) + 10
    rows = []
    top = head + 8
    for journey, steps in journeys:
        pills = max((len(step.marks) for step in steps), default=0)
        notes = 1 if journey.notes else 0
        bottom = top + _ROW + max(pills - 1, notes, 0) * _PILL_ROW + (6 if pills else 0)
        rows.append(Row(journey, steps, top, top + 25, bottom))
        top = bottom
    return Layout(
        lanes=tuple(lanes),
        x=tuple(x),
        names=tuple(names),
        frames=tuple(_frames(lanes, x, pitch)),
        rows=tuple(rows),
        head=head,
        width=at - pitch / 2 + _EDGE,
        height=top + 10,
        pitch=pitch,
    )


def _names(lanes: Sequence[Lane], pitch: float, first: float) -> list[float]:
    """Baselines of the lanes' names: on two levels, where neighbours have no room for theirs."""
    widths = [len(lane.interface) * _MONO for lane in lanes]
    near = itertools.pairwise(widths)
    if all((one + two) / 2 + 4 <= pitch for one, two in near):
        return [first] * len(lanes)
    return [first + 15 * (number % 2) for number in range(len(lanes))]


def _frames(lanes: Sequence[Lane], x: Sequence[float], pitch: float) -> list[Frame]:
    found = []
    for inner in (False, True):
        start = 0
        for end in range(1, len(lanes) + 1):
            whole = end == len(lanes)
            if not whole and _frame(lanes[end], inner=inner) == _frame(lanes[start], inner=inner):
                continue
            title = lanes[start].place if inner else lanes[start].node
            if title:
                edge = 3.0 if inner else 0.0
                left = x[start] - pitch / 2 + edge
                width = x[end - 1] - x[start] + pitch - 2 * edge
                y = 26.0 if inner else 4.0
                found.append(Frame(title, lanes[start].node, left, y, width, inner))
            start = end
    return found


def _frame(lane: Lane, *, inner: bool) -> tuple[str, str]:
    return (lane.node, lane.place if inner else "")
