"""The figure of a packet's way through rules: chains as boxes, each below the rule leading there.

    figure(taken(rules, evidence), id="way", title="…")

From top to bottom: the packet as it was sent; the chains of the first hook; the endpoints that
chance chose from; the packet as it was rewritten; the chains of postrouting; the packet as it
leaves. Numbers count the rules that it fitted. Colours are those of docs/assets/css/paths.css.

It is drawn twice, as wide as a page's column and as wide as a phone: there lines wrap, and the
endpoints stand one below the other. CSS shows one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape

from macros.figures.marks import key_of
from macros.figures.markup import render, safe
from macros.figures.svg import LINE_HEIGHT, Line, Run, number, path, tag, text_lines, width
from macros.figures.ways.rule_rows import Row, pieces, rows, wrapped
from macros.figures.ways.rules_text import equivalent, new_source, summary
from macros.ways.ends import parsed
from macros.ways.packet_way import Taken
from macros.ways.ruleset import Packet
from macros.ways.visits import Visit, ended, visits
from macros.ways.walk import Way

WIDTH = 722  # px that a page has for a drawing, on a wide screen
NARROW = 346  # and on a phone of 390 px
_GUTTER = 30  # of a box: the numbers of its rules
_AXIS = 15  # their middle
_HEAD = 26
_GAP = 14
_CHARACTER = 11 * 0.602  # px of a character of the rules
_NOTE = 11 * 0.56  # and of a note
_DOT = 9.0

_NOT = "\u00d7"  # a small cross
_EVIDENCE = {
    "trace": "a trace of it",
    "conntrack": "conntrack's entry for its connection",
}

Point = tuple[float, float]


@dataclass(slots=True)
class _Sheet:
    """What is drawn so far. `lines` are the packet's way, drawn below everything else."""

    width: int
    y: float = 1
    lines: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)

    @property
    def narrow(self) -> bool:
        """Too narrow for two things side by side."""
        return self.width < WIDTH

    @property
    def indent(self) -> int:
        """Of a chain under the rule that leads to it."""
        return 12 if self.narrow else 30

    @property
    def across(self) -> int:
        """How many endpoints stand side by side."""
        return 1 if self.narrow else 3

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
    first = visits(way.rules, way.first, way.rules.bases(way.hook), 1)
    last = visits(way.rules, way.last, way.rules.bases("postrouting"), len(way.first.steps) + 1)
    heading, description = f"t-{id}-title", f"t-{id}-desc"
    wide = _drawn(
        _Sheet(WIDTH), way, first, last,
        tag("title", escape(title), id=heading),
        tag("desc", escape(summary(way)), id=description),
        aria_labelledby=f"{heading} {description}",
    )  # fmt: skip
    narrow = _drawn(_Sheet(NARROW), way, first, last, aria_label=f"{title}. {summary(way)}")
    return render(
        "figures/ways/rules_drawing.html",
        id=id,
        title=title,
        svg=safe(wide),
        narrow=safe(narrow),
        told_by=" and ".join(_EVIDENCE[sort] for sort in way.told_by),
        crossed=_NOT,
        **equivalent(way, first, last),
    )


def _drawn(
    sheet: _Sheet,
    way: Taken,
    first: Sequence[Visit],
    last: Sequence[Visit],
    *told: str,
    **aria: str,
) -> str:
    """The drawing on a sheet; `told` and `aria` say what it is to who does not see it."""
    foot = _packet(sheet, way.before, None, f"The packet as it reaches the {way.hook} hook")
    foot = _hook(sheet, first, way.first, foot, way.choices)
    out = f"; routing sends it out by {way.middle.leaves}" if way.middle.leaves else ""
    rewriting = "Its destination is rewritten" if way.first.dnat else "Its destination is unchanged"
    foot = _packet(sheet, way.middle, way.before, f"{rewriting}{out}", foot)
    foot = _hook(sheet, last, way.last, foot)
    rewriting = (
        "Its source is rewritten" if way.last.source_rewritten else "Its source is unchanged"
    )
    after = way.after or replace(way.last.packet, source=None, source_port=None)
    _packet(
        sheet, after, way.middle, f"{rewriting}: the packet as it leaves", foot, new_source(way)
    )
    height = int(sheet.y + 2)
    return tag(
        "svg",
        *told,
        *sheet.lines,
        *sheet.boxes,
        role="img",
        **aria,
        viewBox=f"0 0 {sheet.width} {height}",
        width=sheet.width,
        height=height,
    )


def _packet(
    sheet: _Sheet,
    packet: Packet,
    before: Packet | None,
    caption: str,
    above: Point | None = None,
    unknown: str = "",
) -> Point:
    """A bar with the packet's addresses, what was rewritten marked; where the way goes on.

    `unknown` stands for a source that is not known.
    """
    if above is not None:
        sheet.y += _GAP + 4
        sheet.line(above, (above[0], sheet.y))
    source_new = before is not None and packet.from_text != before.from_text
    target_new = before is not None and packet.to_text != before.to_text
    source: Line = (
        _ends(packet.source, packet.source_port, new=source_new)
        if packet.source
        else (Run(unknown, "note", new=True),)
    )
    start: Line = (Run(f"{packet.protocol}  ", "mono"), *source)
    target: Line = (
        Run("  →  ", "mono"),
        *_ends(packet.destination, packet.destination_port, new=target_new),
        Run(f"   mark {packet.mark:#x}" if packet.mark else "", "mono"),
    )
    ends: list[Line] = [start, target] if sheet.narrow else [(*start, *target)]
    room = int((sheet.width - 28) / _NOTE)
    lines: list[Line] = [*((Run(text, "note"),) for text in wrapped(caption, room)), *ends]
    box_height = len(lines) * LINE_HEIGHT + 12
    rect = tag("rect", x=1.0, y=float(sheet.y), width=float(sheet.width - 2),
               height=float(box_height), rx=10.0)  # fmt: skip
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
    sheet: _Sheet, visits: Sequence[Visit], way: Way, above: Point, offered: Sequence[Way] = ()
) -> Point:
    """The chains of a hook, one below the other; where the packet leaves them.

    `offered` are the ways that chance chose from; they stand below the chain where it did.
    """
    marks: dict[int, Point] = {}
    end = above
    for visit in visits:
        x = 1.0 + visit.depth * sheet.indent
        sheet.y += _GAP
        top = sheet.y
        if visit.caller is None or visit.caller.number is None:
            sheet.line(above, (above[0], top))
        else:
            start = marks[visit.caller.number]
            y = top + _HEAD / 2
            sheet.line(start, *([(start[0], top)] if start[0] > x else [(start[0], y), (x, y)]))
        _chain(sheet, visit, x, marks)
        chosen_by = _decided(visit)
        if chosen_by is not None and len(offered) > 1:
            marks[chosen_by] = _chance(sheet, way, offered, marks[chosen_by], (x + _AXIS, sheet.y))
        if visit.depth == 0:
            end = (x + _AXIS, sheet.y)
    if ended(way) is not None:
        end = marks[max(marks)]
    return end


def _chain(sheet: _Sheet, visit: Visit, x: float, marks: dict[int, Point]) -> None:
    """One chain's box; notes where the marks of its rules are."""
    w = sheet.width - 1 - x
    top = sheet.y
    shown = rows(visit, int((w - _GUTTER - 12) / _CHARACTER), tag_below=sheet.narrow)
    parts: list[str] = []
    heads = _heading(sheet, visit, w)
    y = top + _HEAD + (len(heads) - 1) * LINE_HEIGHT
    for row in shown:
        height = row.height * LINE_HEIGHT + 4
        parts.append(_row(row, x, y, w, height))
        judged = row.judged
        if judged is not None and judged.number is not None:
            marks[judged.number] = (x + _AXIS, y + height / 2)
        y += height
    if not shown:
        note: list[Line] = [(Run("no rules: back to the chain that called it", "note"),)]
        parts.append(text_lines(note, x + _GUTTER, y + 12))
        y += LINE_HEIGHT + 4
    y += 4
    rect = tag("rect", x=x, y=top, width=w, height=y - top, rx=6.0)
    title = text_lines(heads, x + 10, top + 17)
    sheet.boxes.append(tag("g", rect, title, *parts, class_="rp-chain"))
    sheet.y = y


def _heading(sheet: _Sheet, visit: Visit, w: float) -> list[Line]:
    """A chain's name and what calls it, beside each other where the box has room for that."""
    name, about = Run(visit.chain.name, "name"), _about(visit)
    beside: Line = (name, Run(f"   {about}", "note"))
    if not sheet.narrow and width([beside]) <= w - 20:
        return [beside]
    names = pieces(name.text, int((w - 20) / name.width * len(name.text)))
    below = wrapped(about, int((w - 20) / _NOTE))
    return [*((Run(part, "name"),) for part in names), *((Run(text, "note"),) for text in below)]


def _about(visit: Visit) -> str:
    if visit.chain.hook:
        return f"called by the {visit.chain.hook} hook"
    return visit.caller.rule.comment if visit.caller else ""


def _row(row: Row, x: float, y: float, w: float, height: float) -> str:
    judged = row.judged
    middle = y + height / 2
    parts = []
    if judged is not None and judged.number is not None:
        parts.append(tag("rect", x=x + 1, y=y, width=w - 2, height=height))
        parts.append(tag("circle", cx=x + _AXIS, cy=middle, r=_DOT))
        parts.append(
            tag("text", str(judged.number), x=x + _AXIS, y=middle + 4, text_anchor="middle",
                class_="rp-number")
        )  # fmt: skip
    elif row.verdict in ("misses", "chance"):
        parts.append(tag("text", _NOT, x=x + _AXIS, y=middle + 4, text_anchor="middle"))
    style = "mono" if judged else "note"
    lines: list[Line] = [(Run(line, style),) for line in row.lines]
    parts.append(text_lines(lines, x + _GUTTER, y + LINE_HEIGHT - 2))
    if row.tag:
        parts.append(
            tag("text", escape(row.tag), x=x + w - 10, text_anchor="end", class_="rp-share",
                y=y + (row.height if row.tag_below else 1) * LINE_HEIGHT - 2)
        )  # fmt: skip
    return tag("g", *parts, class_=f"rp-row is-{row.verdict}")


def _decided(visit: Visit) -> int | None:
    """The place of the rule by which chance led the packet on, if it did in this chain."""
    for judged in visit.rules:
        by_chance = judged.share or (judged.step and judged.step.branch.share < 1)
        if by_chance and judged.number is not None:
            return judged.number
    return None


def _chance(sheet: _Sheet, way: Way, offered: Sequence[Way], start: Point, foot: Point) -> Point:
    """The endpoints that chance chose from; where the way leaves the chosen one.

    `start` is the mark of the rule by which it was chosen, `foot` a place below it at the chain's
    lower edge, where the lines to the others begin.
    """
    left = foot[0] + 18
    across = min(sheet.across, len(offered))
    w = (sheet.width - 1 - left - (across - 1) * _GAP) / across
    room = int((w - 20) / _CHARACTER)
    height = (2 + max(len(pieces(_name(offer), room)) for offer in offered)) * LINE_HEIGHT + 10
    top = sheet.y + 2 * _GAP
    leaves = start
    # Where they stand below each other, the way goes on from the lowest.
    placed = sorted(offered, key=lambda offer: offer.dnat == way.dnat) if across == 1 else offered
    for index, offer in enumerate(placed):
        x = left + index % across * (w + _GAP)
        y = top + index // across * (height + 2 * _GAP)
        chosen = offer.dnat == way.dnat
        turn = y - _GAP
        points = [(foot[0], turn), (x + w / 2, turn), (x + w / 2, y)]
        sheet.line(start if chosen else foot, *points, faint=not chosen)
        lines: list[Line] = [
            (Run(f"{offer.share} of all", "title"),),
            _ends(*_split(offer.dnat), new=False),
            *((Run(part, "mono"),) for part in pieces(_name(offer), room)),
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


def _head(before: Point, end: Point, *, faint: bool) -> str:
    """An arrow's head at the end of a line."""
    (x0, y0), (x, y) = before, end
    down = abs(x - x0) < abs(y - y0)
    back: Sequence[Point] = (
        ((x - 4, y - 7), (x + 4, y - 7)) if down else ((x - 7, y - 4), (x - 7, y + 4))
    )
    spots = " ".join(f"{number(px)},{number(py)}" for px, py in ((x, y), *back))
    return tag("polygon", points=spots, class_="rp-head is-faint" if faint else "rp-head")
