"""Drawings on a page: topologies, packets, traces and ways, each from the recordings it names."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from macros.figures.markup import render
from macros.ground.errors import GuideError
from macros.ground.model import Block, Recording
from macros.plan.drawings import (
    Compare,
    Lookup,
    Machines,
    Netfilter,
    Packet,
    Packets,
    Rulepath,
    Topology,
    Traced,
)
from macros.plan.signatures import Trace
from macros.site import recorded_figures, recorded_traces, recorded_ways
from macros.site.capture_ends import told
from macros.site.page_context import PageContext

_RULES = re.compile(
    r"\bip\b[^\n;|&]*\s(?:rule\s+a(?:dd?)?\b|route\s+(?:a|c|r)\w*\b[^\n;|&]*\stable\s)"
)
"""What makes a rule, or a route of another table: ip-rule(8), ip-route(8)."""


def topology(page: PageContext, call: Topology) -> str:
    """Interfaces, namespaces and veth pairs as observed; what `previous` lacks is new."""
    earlier = (call.previous,) if isinstance(call.previous, str) else tuple(call.previous)
    states = page.recorded(call.title, *call.observed, *earlier)
    if isinstance(states, str):
        return states
    recordings = [recording for _, recording in states]
    html = recorded_figures.topology(
        recordings[: len(call.observed)],
        recordings[len(call.observed) :],
        id=call.id or _slug(call.observed[0]),
        title=call.title,
        highlight=[page.filled(name) for name in call.highlight],
        leave_out=[page.filled(name) for name in call.leave_out],
        way=_way(page, call),
        brief=call.brief,
        policy=_policy(page, [block for block, _ in states[: len(call.observed)]]),
    )
    return _figure(page, html, call.title)


def _policy(page: PageContext, observed: Sequence[Block]) -> frozenset[str]:
    """The nodes that were given rules or other tables before they were observed."""
    nodes = set()
    for block in observed:
        whole = page.guide.holder(block.page).pages[block.page]
        names = [other.id for other in whole.blocks]
        done = [(step.node, step.command) for step in whole.setup]
        done += [
            (earlier.node, earlier.command) for earlier in whole.blocks[: names.index(block.id)]
        ]
        if any(node == block.node and _RULES.search(command) for node, command in done):
            nodes.add(block.node)
    return frozenset(nodes)


def _way(page: PageContext, call: Topology) -> list[str]:
    """The interfaces of a way: those named, or those of the trace whose id it is."""
    if not isinstance(call.way, str):
        return [page.filled(interface) for interface in call.way]
    taps = recorded_traces.taps(page.guide, call.way, page.key)
    recorded = page.recorded(call.title, *(f"{tap.page}:{tap.id}" for tap in taps))
    bound = recorded_traces.bound(page.guide, taps[0].page)
    return [] if isinstance(recorded, str) else recorded_traces.way(recorded, bound)


def machines(page: PageContext, call: Machines) -> str:
    """The machines and networks of a lab."""
    states = page.recorded(call.title, *call.observed)
    if isinstance(states, str):
        return states
    recordings = [recording for _, recording in states]
    html = recorded_figures.machines(recordings, id=call.id or "machines", title=call.title)
    return _figure(page, html, call.title)


def lookup(page: PageContext, call: Lookup) -> str:
    """The next stop of a packet to an address."""
    address = page.filled(call.address)
    title = call.title or f"Where a packet to {address} goes"
    recorded = page.recorded(title, call.route, call.neighbour, call.fdb)
    if isinstance(recorded, str):
        return recorded
    outputs = [recording for _, recording in recorded]
    links = [page.link(block) for block, _ in recorded]
    name = call.id or _slug("to", address)
    html = recorded_ways.lookup(address, outputs, links, id=name, title=title)
    return _figure(page, html, title)


def rulepath(page: PageContext, call: Rulepath) -> str:
    """The way of one packet through rules."""
    evidence = (call.evidence,) if isinstance(call.evidence, str) else tuple(call.evidence)
    recorded = page.recorded(call.title, call.rules, *evidence)
    if isinstance(recorded, str):
        return recorded
    (_, rules), *rest = recorded
    html = recorded_ways.rulepath(
        rules,
        [recording for _, recording in rest],
        table=call.table,
        service=page.filled(call.service),
        id=call.id or _slug(*evidence),
        title=call.title,
    )
    return _figure(page, html, call.title)


def netfilter(page: PageContext, call: Netfilter) -> str:
    """What one traced packet met at the hooks of netfilter."""
    recorded = page.recorded(call.title, call.evidence)
    if isinstance(recorded, str):
        return recorded
    ((_, trace),) = recorded
    html = recorded_ways.netfilter(trace, id=call.id or _slug(call.evidence), title=call.title)
    return _figure(page, html, call.title)


def packet(page: PageContext, call: Packet) -> str:
    """One captured packet as nested boxes over its bytes."""
    recorded = page.recorded(call.title or f"a packet of {call.capture}", call.capture)
    if isinstance(recorded, str):
        return recorded
    ((block, recording),) = recorded
    pcap = _pcap(recording)
    with told(page.key, block):
        html = recorded_figures.packet(
            block,
            pcap,
            call.match,
            recording.text.splitlines(),
            id=call.id or _slug(block.id, *(call.layers or ())),
            title=call.title,
            layers=call.layers,
            all_fields=call.all_fields,
        )
    return _figure(page, html, call.title, {recorded_figures.HREF: page.href(pcap)})


def packets(page: PageContext, call: Packets) -> str:
    """All packets of a capture as a table whose rows open."""
    recorded = page.recorded(call.title or f"the packets of {call.capture}", call.capture)
    if isinstance(recorded, str):
        return recorded
    ((block, recording),) = recorded
    pcap = _pcap(recording)
    name = call.id or f"{block.id}-all"
    html = recorded_figures.packets(block, pcap, id=name, title=call.title)
    return _figure(page, html, call.title, {recorded_figures.HREF: page.href(pcap)})


def compare(page: PageContext, call: Compare) -> str:
    """The same packet in two captures."""
    title = call.title or f"{call.before} and {call.after} compared"
    recorded = page.recorded(title, call.before, call.after)
    if isinstance(recorded, str):
        return recorded
    (block, recording), (later_block, later_recording) = recorded
    pcap, later_pcap = _pcap(recording), _pcap(later_recording)
    later_match = call.match if call.after_match is None else call.after_match
    with told(page.key, block, later_block):
        html = recorded_figures.compare(
            (block, pcap, call.match),
            (later_block, later_pcap, later_match),
            id=call.id or f"{block.id}-{later_block.id}",
            title=call.title,
        )
    addresses = {
        recorded_figures.HREF: page.href(pcap),
        recorded_figures.OTHER_HREF: page.href(later_pcap),
    }
    return _figure(page, html, call.title, addresses)


def trace(page: PageContext, call: Trace) -> str:
    """One request at every interface it crosses."""
    return _trace(page, call.id, call.title, None) if call.show else ""


def traced(page: PageContext, call: Traced) -> str:
    """One packet of a trace, drawn small."""
    small = recorded_traces.Small(call.id or _slug(call.trace, str(call.match)), call.match)
    return _trace(page, call.trace, call.title, small)


def _trace(
    page: PageContext, reference: str, title: str, small: recorded_traces.Small | None
) -> str:
    taps = recorded_traces.taps(page.guide, reference, page.key)
    recorded = page.recorded(title, *(f"{tap.page}:{tap.id}" for tap in taps))
    if isinstance(recorded, str):
        return recorded
    bound = recorded_traces.bound(page.guide, taps[0].page)

    def merged(pcap: Path, name: str) -> str:
        """The address of a trace's captures in one file, beside each of them."""
        return f"{page.href(pcap).rpartition('/')[0]}/{name}"

    with told(page.key, *taps):
        html = recorded_traces.figure(recorded, bound, title=title, small=small)
    return _figure(page, html, title, recorded_traces.addresses(recorded, page.href, merged))


def _figure(
    page: PageContext, html: str, title: str, addresses: Mapping[str, str] | None = None
) -> str:
    """A figure in a slot, its marks replaced by addresses; search finds its title."""
    whole = recorded_figures.with_addresses(html, addresses or {})
    search = render("site/found.html", command="", texts=[title]) if title else ""
    return page.slot(whole, search)


def _pcap(recording: Recording) -> Path:
    if recording.pcap is None:
        raise GuideError(f"block {recording.id} is not a capture")
    return recording.pcap


def _slug(*words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower())
