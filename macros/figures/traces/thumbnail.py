"""One packet of a trace, drawn small: its way, and its headers at each interface as bands."""

from collections.abc import Sequence
from html import escape

from macros.figures import marks
from macros.figures.svg import tag
from macros.figures.traces import captions
from macros.figures.traces import lanes as draw
from macros.figures.traces.bands import Band, Piece, bands
from macros.figures.traces.trace_layout import Layout, Row, lay_out
from macros.packets import selection
from macros.traces import hops
from macros.traces.trace import Journey, Trace

_NAMES = 78  # the column of the headers' names
_LINE = 14.0
_ADVANCE = 11 * 0.602
_GAP = 3.0
_ASIDE = 10.0  # px that a header without neighbours takes at either side


def find(trace: Trace, match: str | int) -> Journey:
    """The packet that `match` finds in the first lane's capture. GuideError where none is."""
    seen = {}
    for journey in trace.journeys:
        packet = next(iter(journey.at(0)), journey.visits[0]).packet
        seen[id(packet)] = (journey, packet)
    packet = selection.pick([packet for _, packet in seen.values()], match)
    return seen[id(packet)][0]


def drawing(trace: Trace, journey: Journey, title: str) -> str:
    """The packet's way and its bands, in a box that scrolls."""
    steps = hops.steps(journey, trace.lanes)
    layout = lay_out(trace.lanes, [(journey, steps)], labels=_NAMES)
    (row,) = layout.rows
    drawn = bands(journey)
    tops = _tops(drawn, layout, row)
    size = (int(layout.width + 0.999), int(tops[-1] + 12.999))
    lanes = tag(
        "svg",
        *draw.ground(layout, size[1]),
        draw.way(layout, row),
        *(
            _piece(band, piece, layout, row, tops[index])
            for index, band in enumerate(drawn)
            for piece in band.pieces
        ),
        class_="tr-lanes",
        role="img",
        aria_label=f"{title}: the packet's headers at each interface",
        width=size[0],
        style=f"--w:{size[0]}",
        height=size[1],
        viewBox=f"0 0 {size[0]} {size[1]}",
    )
    labels = tag(
        "svg",
        *(_name(band, tops[index], tops[index + 1]) for index, band in enumerate(drawn)),
        class_="tr-labels",
        aria_hidden="true",
        width=_NAMES,
        style=f"--w:{_NAMES}",
        height=size[1],
        viewBox=f"0 0 {_NAMES} {size[1]}",
    )
    return (
        f'<div class="tr-scroll" role="region" tabindex="0" aria-label="Drawing: {escape(title)}">'
        f"{labels}{lanes}</div>"
    )


def stack(trace: Trace, journey: Journey) -> str:
    """The same for a narrow screen: each stretch of the way where the headers are the same."""
    drawn = bands(journey)
    stretches: list[tuple[list[int], list[tuple[Band, Piece]]]] = []
    for index in range(len(journey.visits)):
        heads = [
            (band, piece)
            for band in drawn
            for piece in band.pieces
            if piece.first <= index <= piece.last
        ]
        if stretches and stretches[-1][1] == heads:
            stretches[-1][0].append(index)
        else:
            stretches.append(([index], heads))
    parts = []
    for visits, heads in stretches:
        lanes = [trace.lanes[journey.visits[index].lane] for index in visits]
        where = ", ".join(
            f"{escape(lane.node)} {escape(captions.lane_name(lane))}" for lane in lanes
        )
        boxes = "".join(
            f'<span class="tr-head hd-{band.colour}"><b>{escape(band.name)}</b> '
            f"{escape(' '.join(piece.lines))}</span>"
            for band, piece in heads
        )
        parts.append(f'<li><span class="tr-where">{where}</span>{boxes}</li>')
    return (
        f'<ol class="tr-stack" aria-label="Its headers, stretch by stretch">{"".join(parts)}</ol>'
    )


def _tops(drawn: Sequence[Band], layout: Layout, row: Row) -> list[float]:
    """Where each band begins, and where the last ends."""
    tops = [row.bottom + 4]
    for band in drawn:
        lines = max((len(_fitted(band, piece, layout, row)) for piece in band.pieces), default=1)
        tops.append(tops[-1] + lines * _LINE + 8 + _GAP)
    return tops


def _span(band: Band, piece: Piece, layout: Layout, row: Row) -> tuple[float, float]:
    """The left and the right edge of a piece: those of its lanes' room.

    Headers that were wrapped around the others for a stretch have no neighbours, and take some of
    the room beside it: whole addresses fit.
    """
    visits = row.journey.visits
    first, last = sorted((visits[piece.first].lane, visits[piece.last].lane))
    left, right = layout.edges[first][0] + 2, layout.edges[last][1] - 2
    if len(band.pieces) == 1 and first > 0 and last < len(layout.x) - 1:
        aside = min(_ASIDE, left - layout.x[first - 1] - 6, layout.x[last + 1] - right - 6)
        return left - aside, right + aside
    return left, right


def _fitted(band: Band, piece: Piece, layout: Layout, row: Row) -> list[str]:
    """A piece's lines: joined where there is room, shortened where there is not."""
    left, right = _span(band, piece, layout, row)
    room = int((right - left - 3) / _ADVANCE)
    lines: list[str] = []
    for line in piece.lines:
        if lines and len(lines[-1]) + 1 + len(line) <= room:
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return [_short(line, room) for line in lines]


def _short(line: str, room: int) -> str:
    """A line cut to its room: of an address its end, which tells it from others."""
    if len(line) <= room:
        return line
    arrow = "→" if line.startswith("→ ") else ""
    rest = line.removeprefix("→ ")
    if marks.key_of(rest) is None:
        return f"{line[: room - 1]}…"
    left = room - len(arrow)
    if len(rest) <= left:
        return f"{arrow}{rest}"
    mark = ":" if ":" in rest else "."
    end = rest[-(left - 1) :]
    return f"{arrow}…{end[end.find(mark) + 1 :] if mark in end else end}"


def _piece(band: Band, piece: Piece, layout: Layout, row: Row, top: float) -> str:
    left, right = _span(band, piece, layout, row)
    lines = _fitted(band, piece, layout, row)
    height = max(len(_fitted(band, part, layout, row)) for part in band.pieces) * _LINE + 8
    rect = tag("rect", x=left, y=top, width=right - left, height=height, rx=4.0)
    middle = (left + right) / 2
    first = top + (height - len(lines) * _LINE) / 2 + 10.5
    text = "".join(
        tag(
            "text",
            _marked(line),
            x=middle,
            y=float(first + index * _LINE),
            text_anchor="middle",
        )
        for index, line in enumerate(lines)
    )
    title = tag("title", escape(f"{band.name}: {' '.join(piece.lines)}"))
    return tag("g", title, rect, text, class_=f"band hd-{band.colour}")


def _marked(line: str) -> str:
    """A line whose addresses are marked, as drawings mark them."""
    words = []
    for word in line.split(" "):
        key = marks.key_of(word)
        shown = escape(word)
        words.append(f'<tspan class="v" data-v="{escape(key)}">{shown}</tspan>' if key else shown)
    return " ".join(words)


def _name(band: Band, top: float, bottom: float) -> str:
    y = (top + bottom - _GAP) / 2 + 4
    text = tag("text", escape(band.name), x=_NAMES - 8, y=float(y), text_anchor="end")
    return tag("g", text, class_=f"band-name hd-{band.colour}")


def text(trace: Trace, journey: Journey) -> list[tuple[str, ...]]:
    """The same as rows of a table, as HTML: where, what happened, the headers there."""
    steps = hops.steps(journey, trace.lanes)
    drawn = bands(journey)
    rows: list[tuple[str, ...]] = []
    for index, visit in enumerate(journey.visits):
        lane = trace.lanes[visit.lane]
        heads = [
            f"{band.name} {' '.join(piece.lines)}"
            for band in drawn
            for piece in band.pieces
            if piece.first <= index <= piece.last
        ]
        rows.append(
            (
                f"{escape(lane.node)} {escape(captions.lane_name(lane))}",
                marks.mark_text(steps[index - 1].words if index else "", "", "", ()),
                marks.mark_text("; ".join(heads), "", "", ()),
            )
        )
    return rows
