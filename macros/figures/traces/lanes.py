"""The drawing of a trace: interfaces as lanes, packets as arrows from lane to lane, in order.

It is two pictures side by side, so that the packets' names stay in sight when the lanes are moved
on a narrow screen. Every name and every dot is a link to what the packet was there; docs/assets/
css/trace.css has the colours.
"""

from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise

from macros.figures.svg import number, tag
from macros.figures.traces import captions
from macros.figures.traces.trace_layout import LABELS, MONO, Frame, Layout, Row
from macros.traces import hops, oddities
from macros.traces.trace import Journey, Trace, Visit

_DOT, _HIT = 5, 12
_PILL = 15.0
_LETTERS = 14  # of a packet's name, beside its row


Address = Callable[[int, Visit | None], str]
"""Where a packet, or what it was at one visit, stands on the page."""


def drawing(trace: Trace, layout: Layout, title: str, address: Address) -> str:
    """Both pictures, in a box that scrolls."""
    return (
        f'<div class="tr-scroll" role="region" tabindex="0" aria-label="Drawing: {escape(title)}">'
        f"{_labels(trace, layout, address)}{_lanes(layout, title, address)}</div>"
    )


def _labels(trace: Trace, layout: Layout, address: Address) -> str:
    first = layout.lanes[0]
    head = [
        tag("text", "time at", class_="time", x=10, y=float(layout.head - 16)),
        tag(
            "text", escape(captions.lane_name(first)), class_="time", x=10, y=float(layout.head - 3)
        ),
    ]
    rows = [_label(trace, row, address) for row in layout.rows]
    return tag(
        "svg",
        *head,
        *rows,
        class_="tr-labels",
        role="group",
        aria_label="The packets, in order",
        width=LABELS,
        style=f"--w:{LABELS}",
        height=_whole(layout.height),
        viewBox=f"0 0 {LABELS} {_whole(layout.height)}",
    )


def _label(trace: Trace, row: Row, address: Address) -> str:
    journey = row.journey
    packet = journey.visits[0].packet
    name = captions.titled(packet)
    if len(name) > _LETTERS:
        name = captions.short(packet)
        name = name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…"
    digits = 9 + 8 * len(str(len(trace.journeys)))
    parts = [
        tag("rect", class_="hit", x=0, y=row.top, width=LABELS, height=row.bottom - row.top),
        tag("text", str(journey.number), class_="no", x=10, y=row.y - 2),
        tag("text", escape(name), class_="name", x=10 + digits, y=row.y - 2),
        tag(
            "text", captions.since_first(trace, journey), class_="time", x=10 + digits, y=row.y + 13
        ),
    ]
    if journey.notes:
        word = escape(captions.note_word(journey.notes[0]))
        parts.append(tag("text", word, class_="odd", x=10 + digits, y=row.y + 28))
    # What is seen comes first: who speaks to a browser says what stands there (WCAG 2.5.3).
    label = f"{journey.number} {name} {captions.since_first(trace, journey)}"
    label += "".join(f", {captions.note_word(note)}" for note in journey.notes[:1])
    if name != captions.titled(packet):
        label += f": {captions.titled(packet)}"
    label += "".join(f", {note}" for note in journey.notes)
    return tag(
        "a",
        " ".join(parts),  # as words, so that the name has them as they are seen
        href=address(journey.number, None),
        class_=row_class(row.journey),
        data_n=journey.number,
        aria_label=label,
    )


def _lanes(layout: Layout, title: str, address: Address) -> str:
    size = (_whole(layout.width), _whole(layout.height))
    return tag(
        "svg",
        *ground(layout, layout.height),
        *(_row(layout, row, address) for row in layout.rows),
        class_="tr-lanes",
        role="group",
        aria_label=f"{title}: interfaces side by side, each packet from one to the next",
        width=size[0],
        style=f"--w:{size[0]}",
        height=size[1],
        viewBox=f"0 0 {size[0]} {size[1]}",
    )


def ground(layout: Layout, height: float) -> list[str]:
    """What packets cross: nodes, namespaces, and the lanes with their names."""
    return [
        *(_frame(frame, height) for frame in layout.frames),
        *(_lane(layout, index, height) for index in range(len(layout.lanes))),
    ]


def way(layout: Layout, row: Row) -> str:
    """A packet's arrow with what happens to it, without links."""
    x = [layout.at(row, index) for index in range(len(row.journey.visits))]
    dots = "".join(
        tag(
            "g",
            tag("circle", class_="dot", cx=across, cy=row.y, r=_DOT),
            class_=dot_class(visit),
        )
        for across, visit in zip(x, row.journey.visits, strict=True)
    )
    steps = _steps(layout, row, x)
    return tag("g", *_arrows(row, x), steps, dots, class_=row_class(row.journey))


def _frame(frame: Frame, height: float) -> str:
    bottom = height - (8 if frame.inner else 2)
    rect = tag(
        "rect",
        x=frame.x,
        y=frame.y,
        width=frame.w,
        height=float(bottom - frame.y),
        rx=6.0 if frame.inner else 8.0,
    )
    most = int(frame.w / 6.2)
    shown = frame.title if len(frame.title) <= most else f"{frame.title[: most - 1]}…"
    middle = frame.x + frame.w / 2
    text = tag("text", escape(shown), x=middle, y=frame.y + 15, text_anchor="middle")
    whole = tag("title", escape(frame.title)) if shown != frame.title else ""
    return tag("g", whole, rect, text, class_="place" if frame.inner else "node")


def _lane(layout: Layout, index: int, height: float) -> str:
    lane = layout.lanes[index]
    key = f"if:{lane.node}/{lane.netns}:{lane.interface}"
    name = f'<tspan class="v" data-v="{escape(key)}">{escape(lane.interface)}</tspan>'
    text = tag("text", name, class_="if", x=layout.x[index], y=layout.names, text_anchor="middle")
    line = tag(
        "path",
        class_="lane",
        d=f"M{number(layout.x[index])} {number(layout.head)}V{number(height - 14)}",
    )
    return text + line


def _row(layout: Layout, row: Row, address: Address) -> str:
    visits = row.journey.visits
    x = [layout.at(row, index) for index in range(len(visits))]
    room = {"width": float(layout.width), "height": row.bottom - row.top}
    body = tag(
        "a",
        tag("rect", class_="hit", x=0, y=row.top, **room),
        *_arrows(row, x),
        href=address(row.journey.number, None),
        tabindex="-1",
        aria_hidden="true",
    )
    dots = "".join(_dot(layout, row, index, x[index], address) for index in range(len(visits)))
    return tag(
        "g",
        body,
        _steps(layout, row, x),
        dots,
        class_=row_class(row.journey),
        data_n=row.journey.number,
    )


def _arrows(row: Row, x: list[float]) -> list[str]:
    parts = [_tubes(row, x)]
    sealed = sealed_ends(x, row.steps)
    parts += [_arrow(leg, row.y, sealed=tuple(leg) in sealed) for leg in legs(x, row.steps)]
    if captions.is_gone(row.journey):
        parts.append(_cross(x, row))
    return parts


def _steps(layout: Layout, row: Row, x: list[float]) -> str:
    parts = []
    for index, step in enumerate(row.steps):
        ends = stretch(layout.x, step, x[index], x[index + 1])
        time = captions.took(step.time) if step.time is not None else ""
        parts.append(_step(row, step, sum(ends) / 2, time, _clear(layout, ends, time)))
    return "".join(parts)


def stretch(
    lanes: Sequence[float], step: hops.Step, start: float, end: float
) -> tuple[float, float]:
    """Between which two places stands what is said of a step from `start` to `end`.

    Where it goes past other lanes, that is between the last of them and its end.
    """
    first, last = step.before.lane, step.after.lane
    if abs(last - first) > 1:
        start = lanes[last - (1 if last > first else -1)]
    return start, end


def _clear(layout: Layout, ends: tuple[float, float], time: str) -> float:
    """Where a time stands: beside a namespace's frame that would cut it, if there is room."""
    left, right = (min(ends) + _DOT + 2, max(ends) - _DOT - 2)
    frames = [frame for frame in layout.frames if frame.inner]
    cuts = sorted(
        edge for frame in frames for edge in (frame.x, frame.x + frame.w) if left < edge < right
    )
    start, end = max(pairwise([left, *cuts, right]), key=lambda part: (part[1] - part[0], part))
    return (start + end if end - start >= len(time) * MONO + 2 else left + right) / 2


def dot_class(visit: Visit) -> str:
    """The classes of a packet at one interface: what it is wrapped in there."""
    kind = hops.wrapping(visit.packet)
    return f"tr-dot is-{kind}" if kind else "tr-dot"


def row_class(journey: Journey) -> str:
    """The classes of a packet's row: which way it goes, and whether something is odd about it."""
    way = "is-there" if journey.forward else "is-back"
    odd = any(not note.startswith(oddities.UNREADABLE) for note in journey.notes)
    return f"tr-row {way}{' is-odd' if odd else ''}"


def pill_class(step: hops.Step, mark: hops.Mark) -> str:
    """The classes of what happened in a step: a tunnel has the colour of its kind."""
    kind = hops.wrapping(step.after.packet) or hops.wrapping(step.before.packet)
    return f"pill is-{mark.kind}" + (f" in-{kind}" if mark.kind == "wrap" else "")


def _tubes(row: Row, x: list[float]) -> str:
    """Behind the arrow, where the packet is wrapped in another: a tunnel."""
    parts = []
    start = 0
    kinds = [hops.wrapping(visit.packet) for visit in row.journey.visits]
    for end in range(1, len(kinds) + 1):
        if end < len(kinds) and kinds[end] == kinds[start]:
            continue
        if kinds[start]:
            d = f"M{number(x[start])} {number(row.y)}H{number(x[end - 1] + 0.1)}"
            parts.append(tag("path", class_=f"tube is-{kinds[start]}", d=d))
        start = end
    return "".join(parts)


def legs(places: Sequence[float], steps: Sequence[hops.Step]) -> list[list[float]]:
    """A way in pieces that each go in one direction; the next begins where one ends.

    A bridge's own copy is beside the way. A step that was taken encrypted is a piece of its own.
    """
    sealed = sealed_ends(places, steps)
    beside = {
        index for index, step in enumerate(steps, 1) if any(m.kind == "copy" for m in step.marks)
    }
    on_way = [place for index, place in enumerate(places) if index not in beside]
    pieces: list[list[float]] = []
    for before, after in pairwise(on_way):
        straight = pieces and (after >= before) == (pieces[-1][-1] >= pieces[-1][0])
        if straight and not sealed & {(before, after), tuple(pieces[-1])}:
            pieces[-1].append(after)
        else:
            pieces.append([before, after])
    return pieces


def sealed_ends(
    places: Sequence[float], steps: Sequence[hops.Step]
) -> frozenset[tuple[float, ...]]:
    """From where to where a packet went encrypted, inside of another."""
    return frozenset(
        (places[index], places[index + 1])
        for index, step in enumerate(steps)
        if any(mark.kind == "sealed" for mark in step.marks)
    )


def way_class(*, sealed: bool) -> str:
    """The classes of an arrow's line: dotted where another packet carried this one."""
    return "way is-sealed" if sealed else "way"


def _arrow(x: list[float], y: float, *, sealed: bool) -> str:
    sign = 1 if x[-1] >= x[-2] else -1
    tip = x[-1] - sign * (_DOT + 2)
    d = f"M{number(x[0])} {number(y)}H{number(tip - sign * 6)}"
    line = tag("path", class_=way_class(sealed=sealed), d=d)
    back = number(tip - sign * 10)
    head = f"M{number(tip)} {number(y)}L{back} {number(y - 5.5)}V{number(y + 5.5)}Z"
    return line + tag("path", class_="head", d=head)


def _cross(x: list[float], row: Row) -> str:
    """The end of a packet that was seen no further."""
    back = x[-1] < x[-2] if len(x) > 1 else not row.journey.forward
    sign = -1 if back else 1
    middle = x[-1] + sign * 18
    left, right = number(middle - 5), number(middle + 5)
    top, low = number(row.y - 5), number(row.y + 5)
    line = tag(
        "path",
        class_="way is-lost",
        d=f"M{number(x[-1] + sign * 6)} {number(row.y)}H{number(middle)}",
    )
    return line + tag(
        "path", class_="cross", d=f"M{left} {top}L{right} {low}M{right} {top}L{left} {low}"
    )


def _step(row: Row, step: hops.Step, middle: float, time: str, beside: float) -> str:
    """The time of a step, at `beside`, and below the way what happened, at `middle`."""
    parts = []
    if time:
        took = escape(time)
        parts.append(tag("text", took, class_="took", x=beside, y=row.y - 7, text_anchor="middle"))
    for index, mark in enumerate(step.marks):
        wide = len(mark.short) * 6.6 + 9
        y = row.y + 8 + index * 17
        box = tag("rect", x=middle - wide / 2, y=y, width=wide, height=_PILL, rx=_PILL / 2)
        text = tag("text", escape(mark.short), x=middle, y=y + 11.2, text_anchor="middle")
        classes = pill_class(step, mark)
        parts.append(tag("g", tag("title", escape(mark.words)), box, text, class_=classes))
    return "".join(parts)


def _dot(layout: Layout, row: Row, index: int, x: float, address: Address) -> str:
    visit = row.journey.visits[index]
    label = f"{captions.titled(visit.packet)} at {layout.lanes[visit.lane].where}"
    return tag(
        "a",
        tag("title", escape(f"{label}, {visit.packet.wire} bytes")),
        tag("circle", class_="hit", cx=x, cy=row.y, r=_HIT),
        tag("circle", class_="dot", cx=x, cy=row.y, r=_DOT),
        href=address(row.journey.number, visit),
        class_=dot_class(visit),
        tabindex="-1",
        aria_label=f"No. {row.journey.number}, {label}",
    )


def _whole(value: float) -> int:
    return int(value + 0.999)
