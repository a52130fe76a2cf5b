"""Where everything of a trace's drawing stands, in px: lanes side by side, packets downwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from macros.traces.hops import Step
from macros.traces.trace import Journey, Lane

LABELS = 118  # the column of the packets' names, which stays when the lanes scroll
_COLUMN = 736  # what a page has for a drawing on a wide screen, less the figure's own edge
_LEAST, _MOST = 55.0, 150.0  # from lane to lane; a time and a mark have room in the least
_NODE_GAP = 22.0
_EDGE = 6.0
MONO = 11 * 0.602  # advance of the names' letters (macros/figures/svg.py)
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
    """All of a drawing.

    `edges` are the left and right end of each lane's room, `names` the baseline of the lanes'
    names, `head` where the lanes themselves begin.
    """

    lanes: tuple[Lane, ...]
    x: tuple[float, ...]
    edges: tuple[tuple[float, float], ...]
    names: float
    frames: tuple[Frame, ...]
    rows: tuple[Row, ...]
    head: float
    width: float
    height: float

    def at(self, row: Row, index: int) -> float:
        """Where a journey's visit of that index stands; two at one lane stand side by side."""
        visits = row.journey.visits
        lane = visits[index].lane
        same = [number for number, visit in enumerate(visits) if visit.lane == lane]
        aside = (same.index(index) - (len(same) - 1) / 2) * 18
        return self.x[lane] + (aside if row.journey.forward else -aside)


def lay_out(
    lanes: Sequence[Lane],
    journeys: Sequence[tuple[Journey, tuple[Step, ...]]],
    labels: float = LABELS,
) -> Layout:
    """The layout of these journeys over these lanes; `labels` is the room left of them."""
    x, edges = _spread(lanes, _COLUMN - labels)
    first = 57.0 if any(lane.label for lane in lanes) else 38.0
    head = first + 10
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
        edges=tuple(edges),
        names=first,
        frames=tuple(_frames(lanes, edges)),
        rows=tuple(rows),
        head=head,
        width=edges[-1][1] + _EDGE,
        height=top + 10,
    )


def _spread(lanes: Sequence[Lane], room: float) -> tuple[list[float], list[tuple[float, float]]]:
    """Where each lane stands, and the ends of its room: a long name gets more of it."""
    halves = [max(len(lane.interface) * MONO, len(lane.label[:9]) * 6.4) / 2 + 4 for lane in lanes]
    gaps = [
        _NODE_GAP if lane.node != following.node else 0.0 for lane, following in pairwise(lanes)
    ]
    needed = [max(half + following, _LEAST) for half, following in pairwise(halves)]
    ends = max(halves[0], _LEAST / 2 - 4) + max(halves[-1], _LEAST / 2 - 4) + 2 * _EDGE
    # What is left over is shared, so that a few lanes stand as far apart as they can.
    spare = max(0.0, room - ends - sum(needed) - sum(gaps)) / len(lanes)
    steps = [min(width + spare, max(width, _MOST)) for width in needed]
    x = [_EDGE + max(halves[0], _LEAST / 2 - 4) + (steps[0] - needed[0]) / 2]
    edges = [_EDGE]
    ends_of = []
    for index, step in enumerate(steps):
        share = halves[index] / (halves[index] + halves[index + 1])
        ends_of.append(x[-1] + step * share)
        edges.append(x[-1] + step * share + gaps[index])
        x.append(x[-1] + step + gaps[index])
    ends_of.append(x[-1] + max(halves[-1], _LEAST / 2 - 4) + (steps[-1] - needed[-1]) / 2)
    return x, list(zip(edges, ends_of, strict=True))


def _frames(lanes: Sequence[Lane], edges: Sequence[tuple[float, float]]) -> list[Frame]:
    frames = []
    for inner in (False, True):
        start = 0
        for end in range(1, len(lanes) + 1):
            whole = end == len(lanes)
            if not whole and _frame(lanes[end], inner=inner) == _frame(lanes[start], inner=inner):
                continue
            title = lanes[start].label if inner else lanes[start].node
            if title:
                edge = 3.0 if inner else 0.0
                left = edges[start][0] + edge
                width = edges[end - 1][1] - edges[start][0] - 2 * edge
                y = 26.0 if inner else 4.0
                frames.append(Frame(title, lanes[start].node, left, y, width, inner))
            start = end
    return frames


def _frame(lane: Lane, *, inner: bool) -> tuple[str, str]:
    return (lane.node, lane.label if inner else "")
