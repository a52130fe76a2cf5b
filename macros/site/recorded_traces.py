"""A trace's figure from the recordings of its taps, made once and then kept in the cache."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from macros.ground import cache
from macros.ground.bindings import substitute
from macros.ground.errors import FollowsError, GuideError
from macros.ground.model import Block, Recording
from macros.store import naming
from macros.store.guide import Guide
from macros.traces import pcapng
from macros.traces.trace import Clock, Lane, Trace

Taps = Sequence[tuple[Block, Recording]]
"""A trace's taps, in the order of the way, with what was recorded at each."""


@dataclass(frozen=True, slots=True)
class Small:
    """That one packet of the trace is drawn small: the figure's id, and what finds the packet."""

    id: str
    match: str | int


def taps(guide: Guide, reference: str, page: str) -> tuple[Block, ...]:
    """The blocks of the trace that `reference` names: an id of `page`, or `page:id` of another."""
    key, _, trace = reference.rpartition(":")
    key = key or page
    held = guide.holder(key).pages.get(key)
    blocks = held.blocks if held is not None else ()
    tapped = tuple(
        block for block in blocks if block.capture is not None and block.capture.trace == trace
    )
    if not tapped and guide.is_wrong(key, trace):
        raise FollowsError(f"trace {trace} has errors of its own")
    if not tapped:
        raise naming.no_trace(key, trace, held)
    return tapped


def bound(guide: Guide, page: str) -> Mapping[str, str]:
    """All values that the blocks of a page bind."""
    values: dict[str, str] = {}
    for recording in guide.holder(page).recorded(page).blocks.values():
        values |= recording.bound
    return values


def figure(pairs: Taps, values: Mapping[str, str], *, title: str, small: Small | None) -> str:
    """The drawing of a trace with its packets, or of one of its packets."""
    lanes = _lanes(pairs, values)
    pcaps = [_pcap(recording) for _, recording in pairs]
    trace = _trace_id(pairs)

    def make() -> str:
        from macros.figures.traces import trace_figure as figures  # noqa: PLC0415

        made, order = _assembled(lanes, pcaps)
        if small is not None:
            return figures.small(made, small.match, id=small.id, title=title)
        commands = [pairs[at][1].ran for at in order]
        return figures.whole(made, commands, id=trace, title=title, places=order)

    inputs = [
        [astuple(lane) for lane in lanes],
        [cache.file_hash(pcap) for pcap in pcaps],
        [recording.ran for _, recording in pairs],
        [title, trace, None if small is None else astuple(small)],
    ]
    return cache.text("trace", inputs, make)


def addresses(
    pairs: Taps, href: Callable[[Path], str], merged: Callable[[Path, str], str]
) -> Mapping[str, str]:
    """What stands for each capture in a figure, and its address from the page."""
    pcaps = [_pcap(recording) for _, recording in pairs]
    name = f"{_trace_id(pairs)}.pcapng"
    # Longer marks first: one is the beginning of another.
    marks = {pcapng.mark(lane): href(pcap) for lane, pcap in enumerate(pcaps)}
    return {pcapng.MERGED: merged(pcaps[0], name), **dict(reversed(marks.items()))}


def merged(pairs: Taps, values: Mapping[str, str]) -> bytes:
    """A trace's captures in one file."""
    lanes = _lanes(pairs, values)
    pcaps = [_pcap(recording) for _, recording in pairs]

    def make() -> str:
        made, _ = _assembled(lanes, pcaps)
        return json.dumps([astuple(clock) for clock in made.clocks])

    inputs = [
        "clocks",
        [astuple(lane) for lane in lanes],
        [cache.file_hash(pcap) for pcap in pcaps],
    ]
    clocks = [
        Clock(node, ahead, error, trip, (pair[0], pair[1]), via)
        for node, ahead, error, trip, pair, via in json.loads(cache.text("trace", inputs, make))
    ]
    return pcapng.merge(lanes, [pcap.read_bytes() for pcap in pcaps], clocks)


def _assembled(lanes: Sequence[Lane], pcaps: Sequence[Path]) -> tuple[Trace, tuple[int, ...]]:
    """The trace, each node's lanes together, and which of the page's taps each lane is."""
    from macros.packets import dissector as packets  # noqa: PLC0415 scapy is slow to load
    from macros.traces import assembly  # noqa: PLC0415

    captures = [packets.packets(pcap) for pcap in pcaps]
    order = assembly.by_node(lanes, captures)
    return assembly.read([lanes[at] for at in order], [captures[at] for at in order]), order


def way(pairs: Taps, values: Mapping[str, str]) -> list[str]:
    """The interfaces of a trace in order, as `topology` wants a way: node0/client:eth0."""
    lanes = _lanes(pairs, values)
    return [f"{lane.node}/{lane.label}:{lane.interface}" for lane in lanes]


def _lanes(pairs: Taps, values: Mapping[str, str]) -> list[Lane]:
    lanes = []
    for block, _ in pairs:
        of = block.capture
        assert of is not None  # noqa: S101 a tap is a capture
        netns = substitute(block.netns, values)
        interface = substitute(of.interface, values)
        owner = substitute(block.label, values) or netns
        lanes.append(Lane(block.id, block.node, netns, owner, interface, of.packets))
    return lanes


def _trace_id(pairs: Taps) -> str:
    of = pairs[0][0].capture
    assert of is not None  # noqa: S101 a tap is a capture
    return of.trace


def _pcap(recording: Recording) -> Path:
    if recording.pcap is None:
        raise GuideError(f"the recording of {recording.id} has no packets", fix="guide record")
    return recording.pcap
