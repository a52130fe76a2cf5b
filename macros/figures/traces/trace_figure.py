"""A trace as a figure: the drawing, every packet with its hops and its boxes, the captures."""

from collections.abc import Sequence
from html import escape

from macros.figures import marks as values
from macros.figures.packets.boxes import Numbers, boxes, count
from macros.figures.packets.dump import dump
from macros.figures.packets.packet_figure import readout
from macros.figures.traces import captions, upright
from macros.figures.traces import lanes as draw
from macros.figures.traces import thumbnail as one_packet
from macros.figures.traces.trace_layout import lay_out
from macros.packets import conversations
from macros.packets.packet import Packet
from macros.traces import hops, pcapng
from macros.traces.hops import Step
from macros.traces.trace import Journey, Lane, Trace, Visit

Told = tuple[Journey, tuple[Step, ...]]
"""A packet, and what happened to it between its visits."""


def whole(
    trace: Trace, commands: Sequence[str], *, id: str, title: str, places: Sequence[int] = ()
) -> str:
    """A complete `<figure class="trace">`; `commands` are the lanes' tcpdump commands.

    `places` says which of the page's taps each lane is, where they are not in the page's order.
    """
    told = [(journey, hops.steps(journey, trace.lanes)) for journey in trace.journeys]
    layout = lay_out(trace.lanes, told)

    def address(number: int, visit: Visit | None) -> str:
        if visit is None:
            return f"#tr-{id}-{number}"
        journey = trace.journeys[number - 1]
        forms = [form for form, _ in _forms(journey)]
        return f"#tr-{id}-{number}-{forms.index(visit.packet.data) + 1}"

    packets = "".join(_packet(trace, walked, id, title) for walked in told)
    return (
        f'<figure class="trace" id="tr-{escape(id)}">'
        f'<figcaption class="tr-title">{escape(title)}</figcaption>'
        f"{draw.drawing(trace, layout, title, address)}"
        f"{upright.drawing(trace, told, title, address)}"
        f"{legend(told)}{_clocks(trace)}"
        f'<ol class="tr-packets" aria-label="The packets, in order">{packets}</ol>'
        '<details class="text-equivalent"><summary>The same as text</summary>'
        f"{_text(trace, told, title)}</details>"
        f"{_captures(trace, commands, places or range(len(commands)))}</figure>"
    )


def _forms(journey: Journey) -> list[tuple[bytes, list[Visit]]]:
    """The packet as it was at each stretch of its way: the same bytes are the same form."""
    forms: dict[bytes, list[Visit]] = {}
    for visit in journey.visits:
        forms.setdefault(visit.packet.data, []).append(visit)
    return list(forms.items())


def _packet(trace: Trace, told: Told, id: str, title: str) -> str:
    journey = told[0]
    own = f"tr-{escape(id)}-{journey.number}"
    packet = journey.visits[0].packet
    source, target = (_end(end) for end in conversations.ends(packet))
    notes = "".join(f'<span class="tr-odd">{escape(note)}</span>' for note in journey.notes)
    forms = _forms(journey)
    widest = max(range(len(forms)), key=lambda index: (len(forms[index][0]), -index))
    drawn = "".join(
        _form(trace, visits, f"{own}-{index + 1}", widest=index == widest)
        for index, (_, visits) in enumerate(forms)
    )
    return (
        f'<li><details id="{own}"><summary>'
        f'<span class="tr-no">{journey.number}</span>'
        f'<span class="tr-time">{escape(captions.since_first(trace, journey))}</span>'
        f'<span class="tr-ends">{source}<span class="tr-to"> → </span>{target}</span>'
        f'<span class="tr-what">{escape(captions.titled(packet))}{notes}</span></summary>'
        f"{_hops(trace, told, own, title)}{drawn}</details></li>"
    )


def _hops(trace: Trace, told: Told, own: str, title: str) -> str:
    """A table of where the packet was seen, and what had happened on the way there."""
    journey, steps = told
    forms = [form for form, _ in _forms(journey)]
    rows = []
    for index, visit in enumerate(journey.visits):
        step = steps[index - 1] if index else None
        time = captions.took(step.time) if step is not None and step.time is not None else ""
        form = forms.index(visit.packet.data) + 1
        where = f'<a href="#{own}-{form}">{_where(trace.lanes[visit.lane])}</a>'
        words = _marked(step.words) if step is not None else ""
        rows.append((where, time, f"{visit.packet.wire} B", words))
    columns = ("seen at", "after", "size", "what happened on the way")
    return _table(f"The path of no. {journey.number}", columns, rows, title)


def _form(trace: Trace, visits: Sequence[Visit], id: str, *, widest: bool) -> str:
    """The packet's boxes as it was at these interfaces; where it was widest its bytes too."""
    packet = visits[0].packet
    numbers = Numbers(packet.layers)
    lanes = [trace.lanes[lane] for lane in dict.fromkeys(visit.lane for visit in visits)]
    inside = boxes(packet.layers, numbers, values.mark, tables=False)
    shown = ""
    if widest:
        held = dump(packet.layers, packet.data, numbers)
        shown = f'<div class="pk-bytes">{held}{readout()}</div>'
    return (
        f'<details class="tr-form" id="{id}"{" open" if widest else ""}><summary>'
        f"as seen at <b>{_at(lanes)}</b> "
        f'<span class="tr-size">{_size(packet)}</span></summary>'
        f'<figure class="packet"><div class="pk-boxes">{inside}</div>{shown}</figure></details>'
    )


def _size(packet: Packet) -> str:
    kept = f", {packet.captured} captured" if packet.captured < packet.wire else ""
    return f"{count(packet.wire)}{kept}"


def _at(lanes: Sequence[Lane]) -> str:
    """Where: "node0: veth1, cni0; node1: eth1"."""
    nodes = dict.fromkeys(lane.node for lane in lanes)
    parts = []
    for node in nodes:
        here = ", ".join(_interface(lane) for lane in lanes if lane.node == node)
        parts.append(f"{escape(node)}: {here}")
    return "; ".join(parts)


def _where(lane: Lane) -> str:
    return f"{escape(lane.node)} {_interface(lane)}"


def _interface(lane: Lane) -> str:
    key = f"if:{lane.node}/{lane.netns}:{lane.interface}"
    prefix = f"{escape(lane.label)} " if lane.label else ""
    return f"{prefix}{values.mark(lane.interface, key)}"


def _end(text: str) -> str:
    """An address with its port, the address marked."""
    address, colon, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
    key = values.key_of(address)
    shown = values.mark(address, key) if key else escape(address)
    return f'{shown}<span class="tr-port">{colon}{port}</span>'


def _marked(words: str) -> str:
    return values.mark_text(words, "", "", ())


def legend(told: Sequence[Told]) -> str:
    """What the drawing's signs mean: those that it has."""
    shorts: dict[str, list[str]] = {}
    for mark in (mark for _, steps in told for step in steps for mark in step.marks):
        shorts.setdefault(mark.kind, []).append(mark.short.removeprefix("un-"))
    wrapped = {
        kind
        for journey, _ in told
        for visit in journey.visits
        if (kind := hops.wrapping(visit.packet))
    }
    words = {
        "hop": ("routed", "the TTL one less, new MACs where there are any"),
        "nat": (
            ", ".join(dict.fromkeys(shorts.get("nat", ()))),
            "an address or port translated; un-: translated back",
        ),
        "tag": ("+ tag", "a VLAN's number put into the frame; \N{MINUS SIGN}: taken out"),
        "sealed": (
            "in no.",
            "encrypted inside another packet; dotted: no tap saw it there",
        ),
        "mac": ("MACs", "sent on to another station"),
        "copy": ("copy", "a bridge's own, of a frame that it had passed on"),
        "other": ("…", "another field changed"),
    }
    items = [
        f'<li><b class="tr-key is-{kind}">{short}</b> {text}</li>'
        for kind, (short, text) in words.items()
        if kind in shorts
    ]
    tunnels = {"vxlan": "inside a VXLAN packet", "ip2": "inside another IP packet"}
    items += [
        f'<li><b class="tr-key is-wrap in-{kind}">+ B</b> {text}, from there to '
        f'<b class="tr-key is-wrap in-{kind}">\N{MINUS SIGN} B</b></li>'
        for kind, text in tunnels.items()
        if kind in wrapped
    ]
    return f'<ul class="tr-legend">{"".join(items)}</ul>' if items else ""


def _clocks(trace: Trace) -> str:
    """How times compare, and what cannot be told."""
    others = [clock for clock in trace.clocks if clock.via]
    unknown = dict.fromkeys(lane.node for lane in trace.lanes if trace.clock(lane.node) is None)
    if not others and not unknown:
        return '<p class="tr-clocks">All times are of one clock, to the microsecond.</p>'
    parts = ["Times between two interfaces of one node are exact to the microsecond."]
    parts += [
        f"{captions.clock_words(clock)}. {captions.round_trip_words(clock)}." for clock in others
    ]
    if unknown:
        parts.append(f"The clock of {' and '.join(unknown)} could not be compared.")
    return f'<p class="tr-clocks">{escape(" ".join(parts))}</p>'


def _text(trace: Trace, told: Sequence[Told], title: str) -> str:
    """The drawing as tables: the packets, and for all that went alike, what happened where."""
    rows = [
        (
            str(journey.number),
            escape(captions.since_first(trace, journey)),
            escape(captions.titled(journey.visits[0].packet)),
            *(_end(end) for end in conversations.ends(journey.visits[0].packet)),
            escape("; ".join(journey.notes)),
        )
        for journey, _ in told
    ]
    columns = ("no.", "time", "packet", "from", "to", "note")
    parts = [_table("The packets", columns, rows, f"{title}, as text")]
    alike: dict[object, list[Told]] = {}
    for journey, steps in told:
        way = tuple(visit.lane for visit in journey.visits)
        alike.setdefault((way, tuple(step.words for step in steps)), []).append((journey, steps))
    for group in alike.values():
        journey, steps = group[0]
        times = [f"no. {member.number}: after" for member, _ in group]
        rows = []
        for index, visit in enumerate(journey.visits):
            before = [_took(own[index - 1]) if index else "" for _, own in group]
            words = _marked(steps[index - 1].words) if index else ""
            rows.append((_where(trace.lanes[visit.lane]), words, *before))
        numbers = ", ".join(str(member.number) for member, _ in group)
        which = f"The path of no. {numbers}" if len(group) == 1 else f"The path of nos. {numbers}"
        seen = ("seen at", "what happened on the way", *times)
        parts.append(_table(which, seen, rows, f"{title}, as text"))
    left = ", ".join(f"{number} of {kind}" for kind, number in trace.left_out)
    if left:
        parts.append(f"<p>Left out: packets of other conversations, {escape(left)}.</p>")
    return "".join(parts)


def _table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], within: str = ""
) -> str:
    """A table with a heading, in a box of its own to scroll in; cells are HTML.

    `within` is the figure that it is part of: it tells tables of one heading apart where a screen
    reader lists what there is to scroll.
    """
    label = f"{title}: {within}" if within else title
    head = "".join(f'<th role="columnheader" scope="col">{name}</th>' for name in columns)
    body = "".join(
        f'<tr role="row"><th role="rowheader" scope="row">{row[0]}</th>'
        + "".join(f'<td role="cell">{cell}</td>' for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="tr-wide" role="region" tabindex="0" aria-label="{escape(label)}">'
        f'<table class="tr-table" role="table"><caption>{escape(title)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table></div>'
    )


def _took(step: Step) -> str:
    return captions.took(step.time) if step.time is not None else "not told"


def _captures(trace: Trace, commands: Sequence[str], places: Sequence[int]) -> str:
    """The captures, to download, and how they were made."""
    rows = "".join(
        f'<li><a class="tr-file" href="{pcapng.mark(place)}" download>'
        f"{escape(lane.where)} (pcap)</a> "
        f'<code><span class="prompt">{escape(lane.node)}$</span> {escape(command)}</code></li>'
        for place, lane, command in zip(places, trace.lanes, commands, strict=True)
    )
    return (
        '<div class="tr-files">'
        f'<a class="tr-file" href="{pcapng.MERGED}" download>all captures in one (pcapng)</a>'
        f'<details class="tr-captures"><summary>each of the {len(trace.lanes)} captures, and its '
        f"command</summary><ul>{rows}</ul></details></div>"
    )


def small(trace: Trace, match: str | int, *, id: str, title: str) -> str:
    """One packet of it: its way, and its headers at each interface."""
    journey = one_packet.find(trace, match)
    told = [(journey, hops.steps(journey, trace.lanes))]
    columns = ("seen at", "what happened on the way", "its headers there")
    return (
        f'<figure class="trace trace-small" id="tr-{escape(id)}">'
        f'<figcaption class="tr-title">{escape(title)}</figcaption>'
        f"{one_packet.drawing(trace, journey, title)}{one_packet.stack(trace, journey)}"
        f"{legend(told)}"
        '<details class="text-equivalent"><summary>The same as text</summary>'
        f"{_table(title, columns, one_packet.text(trace, journey))}</details></figure>"
    )
