"""The figure of a packet's way through rules: chains as boxes, each below the rule leading there.

    figure(taken(rules, evidence), id="way", title="…")

From top to bottom: the packet as it was sent; the chains of the first hook; the endpoints that
chance chose from; the packet as it was rewritten; the chains of postrouting; the packet as it
leaves. Numbers count the rules that it fitted. Colours are those of docs/assets/css/paths.css.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape

from macros.figures.marks import key_of
from macros.figures.markup import render, safe
from macros.figures.svg import LINE_HEIGHT, Line, Run, number, path, tag, text_lines
from macros.figures.ways.rule_rows import Row, rows
from macros.figures.ways.rules_text import equivalent, new_source, summary
from macros.ways.ends import parsed
from macros.ways.packet_way import Taken
from macros.ways.ruleset import Packet
from macros.ways.visits import Visit, ended, visits
from macros.ways.walk import Way

WIDTH = 722  # px that a page has for a drawing, on a wide screen
_INDENT = 30  # of a chain under the rule that leads to it
_GUTTER = 30  # of a box: the numbers of its rules
_AXIS = 15  # their middle
_HEAD = 26
_GAP = 14
_CHARACTER = 11 * 0.602  # px of a character of the rules
_DOT = 9.0
_ACROSS = 3  # endpoints side by side

_NOT = "\u00d7"  # a small cross
_EVIDENCE = {
    "trace": "a trace of it",
    "conntrack": "conntrack's entry for its connection",
}

Point = tuple[float, float]


@dataclass(slots=True)
class _Sheet:
    """What is drawn so far. `lines` are the packet's way, drawn below everything else."""

    y: float = 0
    lines: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)

    def line(self, *points: Point, faint: bool = False, arrow: bool = True) -> None:
        """A part of the way; `faint` is one that chance did not choose."""
        kind = "rp-way is-faint" if faint else "rp-way"
        drawn = tag("path", d=path(points, 6), class_=kind)
        # What chance did not choose lies below what it did.
        self.lines.insert(0 if faint else len(self.lines), drawn)
        if arrow:
            self.boxes.append(_head(points[-2], points[-1], faint=faint))


def figure(way: Taken, *, id: str, title: str) -> str:
    """A complete `<figure class="topology rulepath">`: drawing, title and the same as a table."""
    sheet = _Sheet(y=1)
    heading, description = f"t-{id}-title", f"t-{id}-desc"
    at = _packet(sheet, way.before, None, f"The packet as it reaches the {way.hook} hook")
    found = visits(way.rules, way.first, way.rules.bases(way.hook), 1)
    at = _hook(sheet, found, way.first, at, way.choices)
    out = f"; routing sends it out by {way.middle.leaves}" if way.middle.leaves else ""
    said = "Its destination is rewritten" if way.first.dnat else "Its destination is unchanged"
    at = _packet(sheet, way.middle, way.before, f"{said}{out}", at)
    after = visits(way.rules, way.last, way.rules.bases("postrouting"), len(way.first.steps) + 1)
    at = _hook(sheet, after, way.last, at)
    said = "Its source is rewritten" if way.last.source_rewritten else "Its source is unchanged"
    last = way.after or replace(way.last.packet, source=None, source_port=None)
    _packet(sheet, last, way.middle, f"{said}: the packet as it leaves", at, new_source(way))
    height = int(sheet.y + 2)
    svg = tag(
        "svg",
        tag("title", escape(title), id=heading),
        tag("desc", escape(summary(way)), id=description),
        *sheet.lines,
        *sheet.boxes,
        role="img",
        aria_labelledby=f"{heading} {description}",
        viewBox=f"0 0 {WIDTH} {height}",
        width=WIDTH,
        height=height,
    )
    return render(
        "figures/ways/rules_drawing.html",
        id=id,
        title=title,
        svg=safe(svg),
        told_by=" and ".join(_EVIDENCE[sort] for sort in way.told_by),
        crossed=_NOT,
        **equivalent(way, found, after),
    )


def _packet(
    sheet: _Sheet,
    packet: Packet,
    before: Packet | None,
    said: str,
    at: Point | None = None,
    unknown: str = "",
) -> Point:
    """A bar with the packet's addresses, what was rewritten marked; where the way goes on.

    `unknown` stands for a source that is not known.
    """
    if at is not None:
        sheet.y += _GAP + 4
        sheet.line(at, (at[0], sheet.y))
    source_new = before is not None and packet.from_text != before.from_text
    target_new = before is not None and packet.to_text != before.to_text
    source: Line = (
        _ends(packet.source, packet.source_port, new=source_new)
        if packet.source
        else (Run(unknown, "note", new=True),)
    )
    ends: Line = (
        Run(f"{packet.protocol}  ", "mono"),
        *source,
        Run("  →  ", "mono"),
        *_ends(packet.destination, packet.destination_port, new=target_new),
        Run(f"   mark {packet.mark:#x}" if packet.mark else "", "mono"),
    )
    box_height = 2 * LINE_HEIGHT + 12
    rect = tag("rect", x=1.0, y=float(sheet.y), width=float(WIDTH - 2), height=float(box_height),
               rx=10.0)  # fmt: skip
    lines: list[Line] = [(Run(said, "note"),), ends]
    sheet.boxes.append(
        tag("g", rect, text_lines(lines, 14, sheet.y + LINE_HEIGHT + 1), class_="rp-packet")
    )
    sheet.y += box_height
    return (_AXIS + 1.0, sheet.y)


def _ends(address: str, port: int | None, *, new: bool) -> Line:
    whole: list[Run] = [Run(address, "ip", key_of(address) or "", new)]
    if port is not None:
        whole.append(Run(f":{port}", "ip", "", new))
    return tuple(whole)


def _hook(
    sheet: _Sheet, found: Sequence[Visit], way: Way, at: Point, offered: Sequence[Way] = ()
) -> Point:
    """The chains of a hook, one below the other; where the packet leaves them.

    `offered` are the ways that chance chose from; they stand below the chain where it did.
    """
    marks: dict[int, Point] = {}
    end = at
    for visit in found:
        x = 1.0 + visit.depth * _INDENT
        sheet.y += _GAP
        top = sheet.y
        if visit.caller is None or visit.caller.place is None:
            sheet.line(at, (at[0], top))
        else:
            start = marks[visit.caller.place]
            y = top + _HEAD / 2
            sheet.line(start, *([(start[0], top)] if start[0] > x else [(start[0], y), (x, y)]))
        _chain(sheet, visit, x, marks)
        place = _decided(visit)
        if place is not None and len(offered) > 1:
            marks[place] = _chance(sheet, way, offered, marks[place], (x + _AXIS, sheet.y))
        if visit.depth == 0:
            end = (x + _AXIS, sheet.y)
    if ended(way) is not None:
        end = marks[max(marks)]
    return end


def _chain(sheet: _Sheet, visit: Visit, x: float, marks: dict[int, Point]) -> None:
    """One chain's box; notes where the marks of its rules are."""
    w = WIDTH - 1 - x
    top = sheet.y
    shown = rows(visit, int((w - _GUTTER - 12) / _CHARACTER))
    parts: list[str] = []
    y = top + _HEAD
    for row in shown:
        height = len(row.lines) * LINE_HEIGHT + 4
        parts.append(_row(row, x, y, w, height))
        judged = row.judged
        if judged is not None and judged.place is not None:
            marks[judged.place] = (x + _AXIS, y + height / 2)
        y += height
    if not shown:
        note: list[Line] = [(Run("no rules: back to the chain that called it", "note"),)]
        parts.append(text_lines(note, x + _GUTTER, y + 12))
        y += LINE_HEIGHT + 4
    y += 4
    head: Line = (Run(visit.chain.name, "name"), Run(f"   {_about(visit)}", "note"))
    rect = tag("rect", x=x, y=top, width=w, height=y - top, rx=6.0)
    title = text_lines([head], x + 10, top + 17)
    sheet.boxes.append(tag("g", rect, title, *parts, class_="rp-chain"))
    sheet.y = y


def _about(visit: Visit) -> str:
    if visit.chain.hook:
        return f"called by the {visit.chain.hook} hook"
    return visit.caller.rule.comment if visit.caller else ""


def _row(row: Row, x: float, y: float, w: float, height: float) -> str:
    judged = row.judged
    middle = y + height / 2
    parts = []
    if judged is not None and judged.place is not None:
        parts.append(tag("rect", x=x + 1, y=y, width=w - 2, height=height))
        parts.append(tag("circle", cx=x + _AXIS, cy=middle, r=_DOT))
        parts.append(
            tag("text", str(judged.place), x=x + _AXIS, y=middle + 4, text_anchor="middle",
                class_="rp-number")
        )  # fmt: skip
    elif row.verdict in ("misses", "chance"):
        parts.append(tag("text", _NOT, x=x + _AXIS, y=middle + 4, text_anchor="middle"))
    style = "mono" if judged else "note"
    lines: list[Line] = [(Run(line, style),) for line in row.lines]
    parts.append(text_lines(lines, x + _GUTTER, y + LINE_HEIGHT - 2))
    if row.tag:
        parts.append(
            tag("text", escape(row.tag), x=x + w - 10, y=y + LINE_HEIGHT - 2, text_anchor="end",
                class_="rp-share")
        )  # fmt: skip
    return tag("g", *parts, class_=f"rp-row is-{row.verdict}")


def _decided(visit: Visit) -> int | None:
    """The place of the rule by which chance led the packet on, if it did in this chain."""
    for judged in visit.rules:
        by_chance = judged.share or (judged.step and judged.step.branch.share < 1)
        if by_chance and judged.place is not None:
            return judged.place
    return None


def _chance(sheet: _Sheet, way: Way, offered: Sequence[Way], start: Point, foot: Point) -> Point:
    """The endpoints that chance chose from; where the way leaves the chosen one.

    `start` is the mark of the rule by which it was chosen, `foot` a place below it at the chain's
    lower edge, where the lines to the others begin.
    """
    left = foot[0] + 18
    across = min(_ACROSS, len(offered))
    w = (WIDTH - 1 - left - (across - 1) * _GAP) / across
    height = 3 * LINE_HEIGHT + 10
    top = sheet.y + 2 * _GAP
    leaves = start
    for place, each in enumerate(offered):
        x = left + place % across * (w + _GAP)
        y = top + place // across * (height + 2 * _GAP)
        chosen = each.dnat == way.dnat
        turn = y - _GAP
        points = [(foot[0], turn), (x + w / 2, turn), (x + w / 2, y)]
        sheet.line(start if chosen else foot, *points, faint=not chosen)
        lines: list[Line] = [
            (Run(f"{each.share} of all", "title"),),
            _ends(*_split(each.dnat), new=False),
            (Run(_name(each), "mono"),),
        ]
        rect = tag("rect", x=x, y=y, width=w, height=float(height), rx=6.0)
        kind = "rp-end is-chosen" if chosen else "rp-end"
        sheet.boxes.append(tag("g", rect, text_lines(lines, x + 10, y + 18), class_=kind))
        if chosen:
            leaves = (x + w / 2, y + height)
        sheet.y = y + height
    return leaves


def _split(text: str) -> tuple[str, int | None]:
    """An end's address and port; a range of ports stays with its address."""
    end = parsed(text)
    if end.port != end.last_port:
        return text, None
    return end.address or "", end.port


def _name(way: Way) -> str:
    """What the rules call an endpoint: its chain, or its number in a map."""
    last = way.steps[-1]
    return f"element {last.branch.element.partition(' ')[0]}" if last.branch.element else last.chain


def _head(before: Point, at: Point, *, faint: bool) -> str:
    """An arrow's head at the end of a line."""
    (x0, y0), (x, y) = before, at
    down = abs(x - x0) < abs(y - y0)
    back: Sequence[Point] = (
        ((x - 4, y - 7), (x + 4, y - 7)) if down else ((x - 7, y - 4), (x - 7, y + 4))
    )
    spots = " ".join(f"{number(px)},{number(py)}" for px, py in ((x, y), *back))
    return tag("polygon", points=spots, class_="rp-head is-faint" if faint else "rp-head")
