"""The drawing of a trace for a narrow screen: interfaces one below the other, packets side by side.

As many packets as fit stand beside each other; the next ones begin below, with the interfaces named
again. It is a second picture of what `lanes` draws, and CSS shows one of them.
"""

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from macros.figures.svg import number, tag
from macros.figures.traces import captions
from macros.figures.traces.lanes import (
    Address,
    dot_class,
    legs,
    pill_class,
    row_class,
    sealed_ends,
    stretch,
    way_class,
)
from macros.traces import hops
from macros.traces.hops import Step
from macros.traces.trace import Journey, Lane, Trace, Visit

WIDTH = 376  # what a phone of 390 px has for it
_NAMES = 112.0
_ACROSS = 4
_BEFORE = 4.0  # a packet's line in its column: un-DNAT behind it has room before the frame
_HEAD, _ROW, _NODE = 50.0, 42.0, 24.0
_DOT, _HIT = 5, 12
_MARKS = 2  # of one step: what has room between two interfaces
_MOST = 15  # letters of an interface's name: as many as Linux allows
_LETTER = 7.2  # of a packet's name, px: more than most

Told = tuple[Journey, tuple[Step, ...]]


def drawing(trace: Trace, told: Sequence[Told], title: str, address: Address) -> str:
    """The picture: a band for each four packets."""
    parts: list[str] = []
    top = 4.0
    for start in range(0, len(told), _ACROSS):
        band = told[start : start + _ACROSS]
        rows, bottom = _rows(trace.lanes, top + _HEAD)
        parts += _ground(trace.lanes, rows, bottom)
        column = (WIDTH - _NAMES) / min(_ACROSS, len(told))
        most = int((column - 6) / _LETTER)
        for index, journey in enumerate(band):
            x = _NAMES + index * column + _BEFORE
            parts.append(_packet(trace, journey, x, top, rows, address, most))
        top = bottom + 18
    height = int(top)
    svg = tag(
        "svg",
        *parts,
        role="group",
        aria_label=f"{title}: interfaces one below the other, packets side by side",
        width=WIDTH,
        height=height,
        viewBox=f"0 0 {WIDTH} {height}",
    )
    return f'<div class="tr-upright">{svg}</div>'


def _rows(lanes: Sequence[Lane], top: float) -> tuple[list[float], float]:
    """The height of each lane, with room for its node's name above the first; where they end."""
    rows: list[float] = []
    y = top
    for index, lane in enumerate(lanes):
        if index == 0 or lane.node != lanes[index - 1].node:
            y += _NODE
        rows.append(y + 12)
        y += _ROW
    return rows, y


def _ground(lanes: Sequence[Lane], rows: Sequence[float], bottom: float) -> list[str]:
    """The nodes as frames, the interfaces as lines with their names."""
    parts: list[str] = []
    starts = [
        index
        for index, lane in enumerate(lanes)
        if index == 0 or lane.node != lanes[index - 1].node
    ]
    for start, end in zip(starts, [*starts[1:], len(lanes)], strict=True):
        top = rows[start] - 12 - _NODE + 4
        low = rows[end] - 12 - _NODE if end < len(lanes) else bottom
        rect = tag("rect", x=1, y=top, width=WIDTH - 2, height=low - top - 3, rx=7.0)
        name = tag("text", escape(lanes[start].node), x=9, y=top + 15)
        parts.append(tag("g", rect, name, class_="node"))
    for lane, y in zip(lanes, rows, strict=True):
        key = f"if:{lane.node}/{lane.netns}:{lane.interface}"
        shown = (
            lane.interface if len(lane.interface) <= _MOST else f"{lane.interface[: _MOST - 1]}…"
        )
        name = f'<tspan class="v" data-v="{escape(key)}">{escape(shown)}</tspan>'
        parts.append(tag("text", name, class_="if", x=9, y=y + 4))
        if lane.label:
            parts.append(tag("text", escape(lane.label[:14]), class_="time", x=9, y=y + 17))
        d = f"M{number(_NAMES)} {number(y)}H{WIDTH - 8}"
        parts.append(tag("path", class_="lane", d=d))
    return parts


def _packet(
    trace: Trace,
    told: Told,
    x: float,
    top: float,
    rows: Sequence[float],
    address: Address,
    most: int,
) -> str:
    """A packet's name at the top, its way down or up, its dots, and what happens between them.

    `most` is how many letters of its name there is room for.
    """
    journey, steps = told
    head = _head(journey, x, top, address, most)
    heights = _heights(journey, rows)
    sealed = sealed_ends(heights, steps)
    arrows = [
        part
        for leg in legs(heights, steps) or ([] if captions.is_gone(journey) else [heights * 2])
        for part in _arrow(leg, x, sealed=tuple(leg) in sealed)
    ]
    if captions.is_gone(journey):
        arrows.append(_cross(heights, x, forward=journey.forward))
    dots = "".join(
        _dot(trace, journey, visit, x, y, address)
        for visit, y in zip(journey.visits, heights, strict=True)
    )
    words = "".join(
        _step(step, x + 7, sum(stretch(rows, step, heights[index], heights[index + 1])) / 2)
        for index, step in enumerate(steps)
    )
    drawn = [*_tubes(journey, x, heights), *arrows, words, dots]
    return tag("g", head, *drawn, class_=row_class(journey), data_n=journey.number)


def _head(journey: Journey, x: float, top: float, address: Address, most: int) -> str:
    """A packet's number, its name in at most so many letters, and what is odd about it."""
    name = captions.short(journey.visits[0].packet)
    shown = name if len(name) <= most else f"{name[: most - 1]}…"
    notes = [captions.note_word(note)[: most + 1] for note in journey.notes[:1]]
    return tag(
        "a",
        tag("rect", class_="hit", x=x - 12, y=top, width=58, height=34),
        tag("text", str(journey.number), class_="no", x=x - 8, y=top + 14),
        " ",
        tag("text", escape(shown), class_="name", x=x - 8, y=top + 29),
        *(f" {tag('text', escape(note), class_='odd', x=x - 8, y=top + 43)}" for note in notes),
        href=address(journey.number, None),
        aria_label=", ".join(
            (
                " ".join((str(journey.number), shown, *notes)),
                captions.titled(journey.visits[0].packet),
                *journey.notes,
            )
        ),
    )


def _cross(heights: Sequence[float], x: float, *, forward: bool) -> str:
    """The end of a packet that was seen no further."""
    back = heights[-1] < heights[-2] if len(heights) > 1 else not forward
    sign = -1 if back else 1
    middle = heights[-1] + sign * 18
    d = f"M{number(x)} {number(heights[-1] + sign * 6)}V{number(middle)}"
    top, low = number(middle - 5), number(middle + 5)
    left, right = number(x - 5), number(x + 5)
    cross = f"M{left} {top}L{right} {low}M{right} {top}L{left} {low}"
    return tag("path", class_="way is-lost", d=d) + tag("path", class_="cross", d=cross)


def _arrow(leg: Sequence[float], x: float, *, sealed: bool) -> tuple[str, str]:
    """A line down or up, and its head."""
    first, last = leg[0], leg[-1]
    sign = 1 if last >= first else -1
    d = f"M{number(x)} {number(first)}V{number(last - sign * 12)}"
    line = tag("path", class_=way_class(sealed=sealed), d=d)
    tip, back = last - sign * (_DOT + 2), last - sign * (_DOT + 10)
    head = f"M{number(x)} {number(tip)}L{number(x - 5.5)} {number(back)}H{number(x + 5.5)}Z"
    return line, tag("path", class_="head", d=head)


def _tubes(journey: Journey, x: float, heights: Sequence[float]) -> list[str]:
    """Behind the way, where the packet is wrapped in another: a tunnel."""
    parts = []
    kinds = [hops.wrapping(visit.packet) for visit in journey.visits]
    for (wrapping, y), (other, below) in pairwise(zip(kinds, heights, strict=True)):
        if wrapping and wrapping == other:
            d = f"M{number(x)} {number(y)}V{number(below)}"
            parts.append(tag("path", class_=f"tube is-{wrapping}", d=d))
    return parts


def _heights(journey: Journey, rows: Sequence[float]) -> list[float]:
    """Where each visit stands; two at one interface stand one below the other."""
    heights = []
    for index, visit in enumerate(journey.visits):
        same = [n for n, other in enumerate(journey.visits) if other.lane == visit.lane]
        aside = (same.index(index) - (len(same) - 1) / 2) * 13
        heights.append(rows[visit.lane] + (aside if journey.forward else -aside))
    return heights


def _step(step: Step, x: float, y: float) -> str:
    """What had happened between two interfaces: the time, and up to two marks below it."""
    parts = []
    time = captions.took(step.time) if step.time is not None else ""
    shown = step.marks[:_MARKS]
    # Base lines, below the middle: of the time, and of each mark.
    first, *others = ((4,), (-4, 10), (-9, 4, 16))[len(shown)]
    if time:
        parts.append(tag("text", escape(time), class_="took", x=x, y=y + first))
    left = len(step.marks) - len(shown)
    for mark, low in zip(shown, others, strict=True):
        more = f" +{left}" if left and mark is shown[-1] else ""
        words = tag("title", escape("; ".join(note.words for note in step.marks)))
        text = tag("text", escape(f"{mark.short}{more}"), x=x, y=y + low)
        parts.append(tag("g", words, text, class_=pill_class(step, mark)))
    return "".join(parts)


def _dot(trace: Trace, journey: Journey, visit: Visit, x: float, y: float, address: Address) -> str:
    label = f"{captions.titled(visit.packet)} at {trace.lanes[visit.lane].where}"
    return tag(
        "a",
        tag("title", escape(f"{label}, {visit.packet.wire} bytes")),
        tag("circle", class_="hit", cx=x, cy=y, r=_HIT),
        tag("circle", class_="dot", cx=x, cy=y, r=_DOT),
        href=address(journey.number, visit),
        class_=dot_class(visit),
        tabindex="-1",
        aria_label=f"No. {journey.number}, {label}",
    )
