"""The page of a trace: one HTML file that asks for nothing else, with the guide's own figures."""

import base64
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from macros.figures.markup import render, safe
from macros.figures.topology import topology_figure
from macros.figures.traces import trace_figure
from macros.figures.ways import rules_drawing
from macros.ground.errors import GuideError
from macros.ground.places import CHECKOUT
from macros.tracer import answer_text, service_ends
from macros.tracer.cause import Cause
from macros.tracer.dark_boxes import dark_box
from macros.tracer.judging import Traced
from macros.tracer.node_look import Look
from macros.tracer.way import Lookup, Stop
from macros.traces import pcapng
from macros.traces.trace import Trace
from macros.ways import evidence
from macros.ways.packet_way import taken

_SHEETS = ("tokens", "figure", "packet", "trace", "topology", "paths", "block")
_SCRIPTS = ("trace", "packet", "values")
_ASSETS = CHECKOUT / "docs" / "assets"
_COLOURS = (
    'if (matchMedia("(prefers-color-scheme: dark)").matches) '
    'addEventListener("DOMContentLoaded", () => '
    'document.body.setAttribute("data-md-color-scheme", "slate"));'
)
_HOW = {
    "sent": "sent", "cable": "over the cable", "bridged": "by the bridge, to a port",
    "up": "into the bridge", "routed": "routed", "wire": "over the wire",
    "unwrapped": "unwrapped", "below": "by the interface below",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One stop in the table."""

    where: str
    seen: str
    how: str
    lookups: Sequence[Lookup]
    mark: str


def page(traced: Traced, merged: bytes, *, guide: str = "") -> str:
    """The page. `merged` are the captures in one file, `guide` the address of the guide's site."""
    missing: list[str] = list(traced.notes)
    figures = [safe(figure) for figure in _figures(traced, merged, missing)]
    return render(
        "tracer/page.html",
        title=f"{traced.client.words} to {traced.target.words}",
        verdict=verdict(traced), state="came" if traced.came else "lost",
        facts=list(_facts(traced)), causes=[_cause(cause) for cause in traced.causes],
        way=list(_rows(traced)), figures=figures, missing=missing, guide=_site(guide),
        nodes=[(node, list(_listings(look))) for node, look in traced.terrain.looks.items()],
        styles=safe(_styles()), colours=safe(_COLOURS), scripts=safe(_scripts()),
    )  # fmt: skip


def verdict(traced: Traced) -> str:
    """What came of it, in a sentence."""
    if traced.came:
        detours = [f" It made a detour: {words}." for words in answer_text.detour(traced)]
        return f"It arrived and was answered.{''.join(detours)}"
    loss = traced.loss
    if not traced.sent:
        return answer_text.NOTHING.capitalize()
    if traced.elsewhere:
        return answer_text.ELSEWHERE.capitalize()
    if loss is None:
        return "It was not answered, although every packet that was seen got through."
    words = answer_text.WHAT[loss.what].capitalize()
    last = answer_text.where(loss.last) if loss.last else "nowhere"
    then = f"; expected next at {answer_text.where(loss.next)}" if loss.next else ""
    return f"{words} Last seen: {last}{then}."


def _listings(look: Look) -> Iterator[tuple[str, str]]:
    """What a person reads of what a node said, by the part of it."""
    unread = {"observe", "end", "nftjson"}
    yield from ((name, text) for name, text in look.parts.items() if name not in unread)


def _site(guide: str) -> str:
    return f"{guide.rstrip('/')}/" if guide else ""


def _cause(cause: Cause) -> Mapping[str, object]:
    name, _, anchor = cause.chapter.partition("#")
    return {
        "words": cause.words, "sure": cause.sure, "evidence": cause.evidence,
        "chapter": cause.chapter.replace(".md", ".html"),
        "title": f"{name.removesuffix('.md').capitalize()}, {anchor.replace('-', ' ')}",
    }  # fmt: skip


def _facts(traced: Traced) -> Iterator[tuple[str, str]]:
    yield "sent", f"{traced.client.node}$ {traced.outcome.command}"
    yield "the sender saw", traced.outcome.text.strip()[-300:] or f"exit code {traced.outcome.exit}"
    parts = [f"{part} {took:.1f} s" for part, took in traced.seconds.items()]
    yield "it took", ", ".join(parts)


def _rows(traced: Traced) -> Iterator[Row]:
    way = traced.loss.way if traced.loss else traced.forward
    seen = {stop.end for sight in traced.story.sights for stop in sight.stops}
    for index, stop in enumerate(way.stops):
        mark = "is-last" if traced.loss and traced.loss.last_index == index else ""
        how = _HOW[stop.how] + (f", inside {stop.wrapped}" if stop.wrapped else "")
        strange = (
            f" (of the kind {stop.strange}, which is not understood here)" if stop.strange else ""
        )
        yield Row(
            _name(stop) + strange, "yes" if stop.end in seen else "no", how, stop.lookups, mark
        )
    if way.last:
        yield Row(way.words or "the end", "", "", way.last, "")


def _name(stop: Stop) -> str:
    within = f"{stop.end.namespace}: " if stop.end.namespace else ""
    return f"{stop.end.node}: {within}{stop.end.interface}"


def _figures(traced: Traced, merged: bytes, missing: list[str]) -> Iterator[str]:
    """The figures that can be drawn; of the others `missing` gets why not."""
    makers: list[tuple[str, Callable[[], str]]] = [
        ("the trace", lambda: _trace(traced, merged)),
        ("the machines", lambda: _topology(traced)),
        ("the Service's rules", lambda: _rules(traced)),
    ]
    for what, make in makers:
        try:
            made = make()
        except GuideError as error:
            missing.append(f"{what}: {error.message}")
        else:
            if made:
                yield made


def _trace(traced: Traced, merged: bytes) -> str:
    story = traced.story
    if story.trace is None or not story.trace.journeys:
        raise GuideError(story.note or "no packet of the request was seen")
    drawn = trace_figure.whole(
        _ended(traced, story.trace),
        story.commands,
        id="request",
        title="The request, at every interface",
    )
    for lane in range(len(story.stops) - 1, -1, -1):  # the longer marks first
        drawn = drawn.replace(pcapng.mark(lane), _data(story.captures[lane], "vnd.tcpdump.pcap"))
    return drawn.replace(pcapng.MERGED, _data(merged, "octet-stream"))


def _ended(traced: Traced, trace: Trace) -> Trace:
    """The trace with a cross where the request was lost, at every try of it."""
    loss = traced.loss
    if loss is None or loss.last is None or loss.what in ("silent", "refused", "reset", "unseen"):
        return trace
    last_seen = next(
        (n for n, stop in enumerate(traced.story.stops) if stop.end == loss.last.end), -1
    )
    gone = {
        sight.journey.number
        for sight in traced.story.sights
        if sight.stops[-1].end == loss.last.end
    }
    note = f"not seen any more after {trace.lanes[last_seen].where}"
    journeys = [
        replace(journey, notes=(*journey.notes, note))
        if journey.number in gone
        and not any(known.startswith("not seen") for known in journey.notes)
        else journey
        for journey in trace.journeys
    ]
    return replace(trace, journeys=tuple(journeys))


def _data(raw: bytes, kind: str) -> str:
    return f"data:application/{kind};base64,{base64.b64encode(raw).decode()}"


def _topology(traced: Traced) -> str:
    way, terrain = traced.forward, traced.terrain
    seen = [terrain.states[name] for name in way.nodes if name in terrain.states]
    dark = [dark_box(terrain, name) for name in terrain.dark if name in terrain.facts.nodes]
    states = [*seen, *dark]
    on_way = {stop.end for stop in way.stops}
    leave = {
        space.name for state in states for space in state.namespaces[1:]
        if all((end.node, end.namespace) != (state.name, space.name) for end in on_way)
    }  # fmt: skip
    leave |= {
        face.name for state in seen for face in state.own.interfaces
        if face.kind != "loopback"
        and all(end.interface != face.name or end.namespace for end in on_way)
    }  # fmt: skip
    known = {face.name for state in states for face in state.own.interfaces} | leave
    return topology_figure.topology(
        states, id="nodes", title="The machines, and the way", brief=True, nat=True,
        leave_out=sorted(leave & known), way=[str(stop.end) for stop in way.stops],
    )  # fmt: skip


def _rules(traced: Traced) -> str:
    target, look = traced.target, traced.terrain.looks.get(traced.client.node)
    if target.kind != "service" or look is None:
        return ""
    after = traced.after.get(traced.client.node)
    told = after.parts["conntrack"] if after else ""
    rules, _ = service_ends.of_node(look, target)
    own = "\n".join(
        line
        for line in told.splitlines()
        if any(f"src={a} " in line for a in traced.client.addresses)
    )
    if not own:
        raise GuideError("conntrack has no entry of the connection any more")
    last = own.splitlines()[-1]
    way = taken(rules, [evidence.read(last)], service_ends.asked_as(target))
    return rules_drawing.figure(way, id="rules", title="The way through the rules of the Service")


def _styles() -> str:
    sheets = [(_ASSETS / "css" / f"{name}.css").read_text(encoding="utf-8") for name in _SHEETS]
    return re.sub(r"/\*.*?\*/", "", "\n".join(sheets), flags=re.DOTALL).replace("</", "<\\/")


def _scripts() -> str:
    return "\n".join(
        (_ASSETS / "js" / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS
    ).replace("</", "<\\/")
