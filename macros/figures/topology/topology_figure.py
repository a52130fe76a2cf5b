"""The figure of a topology: interfaces, namespaces and veth pairs as they were observed.

    topology([read(after)], id="two", title="Two containers", previous=[read(before)])

The same states give the same bytes. Colours and fonts are those of docs/assets/css/topology.css.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from html import escape

from macros.figures.svg import LINE_HEIGHT, number, path, tag, text_lines
from macros.figures.topology import request_way as ways
from macros.figures.topology.geometry import TEXT_PAD, Box, Drawing, Frame, Link, Note, Placed
from macros.figures.topology.labels import Labels
from macros.figures.topology.layout import lay_out
from macros.figures.topology.news import News, compare
from macros.figures.topology.observation import JOINING, STACKED, End, Node
from macros.figures.topology.topology_text import summary, text_equivalent, way_text
from macros.ground.errors import GuideError

Drawn = Callable[..., str]
"""Makes a picture of a drawing; see `_drawn`."""

RADIUS = 6
_BADGE = (32.0, 16.0)
_COLUMN = 726  # px that a page has for a drawing, on a wide screen
_NEAR = 1.1  # times the column: what is drawn a little smaller there, and does not scroll
_PHONE = 384  # and on a phone of 390 px, from edge to edge
_DENSE = 422  # what is drawn there a little smaller, its smallest text a little larger


def topology(
    states: Sequence[Node],
    *,
    id: str,
    title: str,
    previous: Sequence[Node] | None = None,
    highlight: Collection[str] = (),
    leave_out: Collection[str] = (),
    nat: bool = False,
    way: Sequence[str] = (),
    brief: bool = False,
    policy: Collection[str] = (),
) -> str:
    """A complete `<figure class="topology">`: drawing, title and the same as text.

    `states` are nodes, left to right. With `previous`, their earlier states, what is new is drawn
    accented and labelled so. `highlight` names interfaces ("docker0", "web:eth0",
    "node0/web:eth0"), namespaces, addresses or MACs. `leave_out` names interfaces of a node's own
    namespace, or other namespaces, that are not drawn (the text has them); so is, without `nat`,
    the NIC of the lab's NAT network. lo is drawn only with an address of
    its own, IPv6 link-local addresses never. `way`
    is the way of a request, from interface to interface (see `request_way`). `brief` writes names
    and addresses alone, so that three nodes fit side by side. Where nodes side by side are wider
    than a page's column, they stand one below the other. What is wider than a phone is drawn for
    one, too, if it then fits: nodes one below the other, pods' names in two lines, and if need be
    in brief. `policy` names the nodes that have rules and other tables: no state has those, so
    their routes are said to be the main table's.

    Raises GuideError if there is no state or a node twice, or if `highlight`, `leave_out` or `way`
    name what is not there.
    """
    _check(states, id, leave_out)
    news = compare(states, previous or ())
    labels = Labels(news, brief, policy=frozenset(policy), plain=brief and not way)
    drawing = lay_out(states, labels, leave_out=leave_out, nat=nat)
    if drawing.box.w > _COLUMN * _NEAR and len(states) > 1:
        drawing = lay_out(states, labels, leave_out=leave_out, nat=nat, stacked=True)
    taken = ways.ends(states, way)
    drawn = partial(_drawn, news=news, highlight=highlight, way=taken)
    # On a phone each node's NAT would need a bar of its own.
    narrow = "" if nat else _narrow(states, drawing, drawn, labels, leave_out, title)
    return (
        f'<figure class="topology" id="t-{escape(id)}">'
        f'<figcaption class="topology-title">{escape(title)}</figcaption>'
        f"{_wide(states, drawing, drawn, id, title, alone=not narrow)}{narrow}"
        f"{_legend(drawing, news, taken, policy=any(map(labels.tables, states)))}"
        f"{_as_text(states, news, taken)}</figure>"
    )


def _wide(
    states: Sequence[Node], drawing: Drawing, drawn: Drawn, id: str, title: str, *, alone: bool
) -> str:
    """The drawing in a box that scrolls sideways where the page is narrower."""
    heading, description = f"t-{id}-title", f"t-{id}-desc"
    svg = drawn(
        drawing,
        tag("title", escape(title), id=heading),
        tag("desc", escape(summary(states)), id=description),
        aria_labelledby=f"{heading} {description}",
    )
    # topology.css makes such a drawing a little smaller where that saves scrolling.
    kind = " is-near" if _COLUMN < drawing.box.w <= _COLUMN * _NEAR else ""
    # zoom.js opens on a phone what has no form for one.
    kind += " is-big" if drawing.box.w > _PHONE and alone else ""
    return (
        f'<div class="topology-scroll{kind}" role="region" tabindex="0" '
        f'aria-label="Drawing: {escape(title)}">{svg}</div>'
    )


def _narrow(
    states: Sequence[Node],
    drawing: Drawing,
    drawn: Drawn,
    labels: Labels,
    leave_out: Collection[str],
    title: str,
) -> str:
    """The same for a phone, nodes one below the other; "" where it fits, or cannot be made to."""
    if drawing.box.w <= _PHONE:
        return ""
    told = f"{title}. {summary(states)}"
    for less in dict.fromkeys((labels.brief, True)):
        narrow = replace(labels, brief=less, narrow=True)
        upright = lay_out(states, narrow, leave_out=leave_out, nat=False, stacked=True)
        if upright.box.w <= (_DENSE if less else _PHONE):
            kind = "drawn-narrow is-dense" if upright.box.w > _PHONE else "drawn-narrow"
            return f'<div class="{kind}">{drawn(upright, aria_label=told)}</div>'
    return ""


def _as_text(states: Sequence[Node], news: News, way: Sequence[End]) -> str:
    return (
        '<details class="text-equivalent"><summary>The same as text</summary>'
        f"{way_text(way)}{text_equivalent(states, news)}</details>"
    )


def _drawn(
    drawing: Drawing,
    *told: str,
    news: News,
    highlight: Collection[str],
    way: Sequence[End],
    **aria: str,
) -> str:
    """The picture, from what lies at the bottom to what lies on top.

    `told` and `aria` say what it is to who does not see it.
    """
    lit = _Lit(drawing, highlight, way)
    return tag(
        "svg",
        *told,
        *(_frame(frame, news, lit) for frame in drawing.frames),
        *(_note(note, text=not way) for note in drawing.notes),
        *(_link(link, news, lit) for link in drawing.links),
        *(_leg(leg) for leg in ways.legs(drawing, way)),
        # Where a way leads over a band, the band's text stands above it.
        *(_note(note, rect=False) for note in drawing.notes if way),
        *(_interface(placed, news, lit) for placed in drawing.placed),
        *(_place(drawing.of(end), number) for end, number in ways.places(way).items()),
        role="img",
        **aria,
        viewBox=f"0 0 {_whole(drawing.box.w)} {_whole(drawing.box.h)}",
        width=_whole(drawing.box.w),
        height=_whole(drawing.box.h),
    )


class _Lit:
    """What is to be highlighted."""

    def __init__(self, drawing: Drawing, highlight: Collection[str], way: Sequence[End]) -> None:
        wanted = {
            name.removeprefix("if:").removeprefix("ip::").removeprefix("mac::"): name
            for name in highlight
        }
        self.way = frozenset(way)
        self.ends = {placed.end for placed in drawing.placed if wanted.keys() & _names_of(placed)}
        self.frames = {
            (frame.node, frame.namespace)
            for frame in drawing.frames
            if frame.namespace in wanted or (not frame.namespace and frame.node in wanted)
        }
        drawn = {name for placed in drawing.placed for name in _names_of(placed)}
        drawn |= {frame.namespace or frame.node for frame in drawing.frames}
        if unknown := sorted(wanted[name] for name in wanted.keys() - drawn):
            raise GuideError(
                f"highlight names {unknown[0]!r}, which is not in the drawing",
                fix=f"use one of: {', '.join(sorted(drawn))}",
            )


def _names_of(placed: Placed) -> set[str]:
    end, interface = placed.end, placed.interface
    names = {str(end), end.interface, f"{end.namespace}:{end.interface}", interface.mac}
    for address in interface.addresses:
        names |= {address.ip, address.text}
    return names - {""}


def _check(states: Sequence[Node], id: str, leave_out: Collection[str]) -> None:
    if not states:
        raise GuideError(f"topology {id!r} has no observed state to draw")
    names = [node.name for node in states]
    if doubled := next((name for name in names if names.count(name) > 1), ""):
        raise GuideError(f"topology {id!r} has {doubled} twice", fix="give one state for each node")
    _check_names(states, leave_out, "leave_out")


def _check_names(states: Sequence[Node], names: Collection[str], option: str) -> None:
    known = {interface.name for node in states for interface in node.own.interfaces}
    known |= {namespace.name for node in states for namespace in node.namespaces[1:]}
    if unknown := sorted(set(names) - known):
        raise GuideError(
            f"{option} names {unknown[0]!r}, which the state does not have",
            fix=f"use one of: {', '.join(sorted(known))}",
        )


def _frame(frame: Frame, news: News, lit: _Lit) -> str:
    guest = bool(frame.namespace)
    new = (frame.node, frame.namespace) in news.namespaces
    classes = ["namespace" if guest else "node"]
    classes += ["is-new"] if new else []
    classes += ["is-lit"] if (frame.node, frame.namespace) in lit.frames else []
    text = text_lines(frame.lines, frame.box.x + TEXT_PAD + (0 if guest else 6), frame.box.y + 20)
    parts = [_rect(frame.box, RADIUS + 2), text, _badge(frame.box) if new else ""]
    return tag("g", *parts, class_=" ".join(classes))


def _note(note: Note, *, rect: bool = True, text: bool = True) -> str:
    """A band or bar, or one half of it."""
    radius = note.box.h / 2 if note.kind == "network" else RADIUS
    x = note.box.cx if note.kind == "network" else note.box.x + TEXT_PAD + 2
    lines = text_lines(note.lines, x, note.box.y + 17, centred=note.kind == "network")
    parts = [_rect(note.box, min(radius, 12))] if rect else []
    parts += [lines] if text else []
    return tag("g", *parts, class_=note.kind if rect else f"{note.kind} is-above")


def _interface(placed: Placed, news: News, lit: _Lit) -> str:
    end = placed.end
    new = end in news.interfaces
    inside_new = (end.node, end.namespace) in news.namespaces
    classes = ["interface", f"is-{placed.role}"]
    classes += [] if placed.interface.up else ["is-down"]
    classes += ["is-new"] if new or end in news.changed else []
    classes += ["is-lit"] if end in lit.ends else []
    classes += ["is-way"] if end in lit.way else []
    text = text_lines(placed.lines, placed.box.x + TEXT_PAD, placed.box.y + LINE_HEIGHT + 1)
    badge = _badge(placed.box, low=placed.role == "bridge") if new and not inside_new else ""
    return tag(
        "g", _rect(placed.box, RADIUS), text, badge, class_=" ".join(classes), data_end=str(end)
    )


def _is_new(link: Link, news: News) -> bool:
    return any(
        set(link.ends) == {pair.near, *([pair.far] if pair.far else [])} for pair in news.pairs
    ) or (link.kind != "veth" and any(end in news.interfaces for end in link.ends))


def _link(link: Link, news: News, lit: _Lit) -> str:
    new = _is_new(link, news)
    classes = ["link", f"is-{link.kind}"]
    classes += ["is-new"] if new else []
    classes += ["is-lit"] if len(link.ends) > 1 and lit.ends.issuperset(link.ends) else []
    parts = [tag("path", d=path(link.points))]
    if link.kind == "veth":
        names = " and ".join(_plainly(end) for end in link.ends)
        parts.insert(0, tag("title", escape(f"veth pair: {names}")))
    if link.kind == "open":
        x, y = link.points[-1]
        parts.append(tag("circle", cx=x, cy=y, r=4))
    ends = " ".join(str(end) for end in link.ends)
    return tag("g", *parts, class_=" ".join(classes), data_ends=ends)


def _leg(leg: ways.Leg) -> str:
    """A stretch of the way, with an arrow's head at its end."""
    (x0, y0), (x, y) = leg.points[-2:]
    back = 9 if y > y0 or x > x0 else -9
    tips = [(side, -back) if x == x0 else (-back, side) for side in (-6, 6)]
    spots = [(x, y), *((x + dx, y + dy) for dx, dy in tips)]
    head = " ".join(f"{number(a)},{number(b)}" for a, b in spots)
    parts = (tag("path", d=path(leg.points)), tag("polygon", points=head))
    return tag("g", *parts, class_="way", data_ends=f"{leg.start} {leg.stop}")


def _place(placed: Placed, numbers: str) -> str:
    """Where on the way an interface is: its number, at the upper left corner.

    At a bridge's lower one: its ports stand on its upper edge.
    """
    w = 18 + 6 * (len(numbers) - 1)
    low = placed.role == "bridge"
    x, y = placed.box.x - 9, (placed.box.bottom if low else placed.box.y) - 9
    rect = tag("rect", x=x, y=y, width=float(w), height=18.0, rx=9.0)
    text = tag("text", numbers, x=x + w / 2, y=y + 13, text_anchor="middle")
    return tag("g", rect, text, class_="place")


def _plainly(end: End) -> str:
    return f"{end.interface} in {end.namespace}" if end.namespace else end.interface


def _rect(box: Box, radius: float) -> str:
    return tag("rect", x=box.x, y=box.y, width=box.w, height=box.h, rx=float(radius))


def _badge(box: Box, *, low: bool = False) -> str:
    """The word new at the upper edge of a box; of a bridge at the lower, as ports stand on it."""
    w, h = _BADGE
    x, y = box.right - w - 6, box.bottom - 3 if low else box.y - h + 3
    rect = tag("rect", x=x, y=y, width=w, height=h, rx=h / 2)
    text = tag("text", "new", x=x + w / 2, y=y + 12, text_anchor="middle")
    return tag("g", rect, text, class_="badge")


def _legend(drawing: Drawing, news: News, way: Sequence[End], *, policy: bool) -> str:
    """The kinds of line that occur, so that the drawing explains itself."""
    kinds = {link.kind for link in drawing.links}
    old = {link.kind for link in drawing.links if not _is_new(link, news)}
    words = {
        "veth": "veth pair",
        "open": "veth, its other end not seen",
        "routed": "the node's own IP: routed, not bridged",
        "over": _over(drawing),
        "wire": "cable",
    }
    items = [
        f'<li><svg viewBox="0 0 28 8" width="28" height="8" aria-hidden="true">'
        f'<g class="link is-{kind}{"" if kind in old else " is-new"}">{_sample(kind)}</g></svg>'
        f" {text}</li>"
        for kind, text in words.items()
        if kind in kinds
    ]
    if way:
        items.append(
            '<li><svg viewBox="0 0 28 8" width="28" height="8" aria-hidden="true">'
            '<g class="way"><path d="M0 4L28 4"/></g></svg> the path of the request</li>'
        )
    if policy:
        items.append("<li>routes of the main table: rules and other tables are not drawn</li>")
    if news != News():
        items.append('<li class="is-new">new since the step before</li>')
    return f'<ul class="topology-legend">{"".join(items)}</ul>' if items else ""


def _over(drawing: Drawing) -> str:
    """What the lines between an interface and another that it rests on say, in this drawing."""
    kinds = {
        drawing.of(link.ends[0]).interface.kind for link in drawing.links if link.kind == "over"
    }
    words = ["sends by its parent"] if kinds & STACKED else []
    members = [
        drawing.of(link.ends[1]).interface.kind for link in drawing.links
        if link.kind == "over" and drawing.of(link.ends[1]).interface.kind in JOINING
    ]  # fmt: skip
    words += [f"member of the {' or '.join(sorted(set(members)))}"] if members else []
    tunnels = [
        link for link in drawing.links
        if link.kind == "over" and drawing.of(link.ends[0]).interface.kind not in STACKED
        and drawing.of(link.ends[1]).interface.kind not in JOINING
    ]  # fmt: skip
    return ", or ".join([*words, *(["carried by"] if tunnels else [])])


def _sample(kind: str) -> str:
    if kind == "open":
        return '<path d="M0 4L20 4"/><circle cx="24" cy="4" r="3"/>'
    return '<path d="M0 4L28 4"/>'


def _whole(value: float) -> int:
    return int(value + 0.999)
