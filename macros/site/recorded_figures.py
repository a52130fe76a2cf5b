"""Packet figures and drawings, each made once and then kept in the cache.

What makes them (scapy, graphviz) is slow to load, so it is imported only where nothing is kept. A
figure of packets holds a mark in the place of each capture's address, which differs from page to
page; `with_addresses` puts the addresses in.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from macros.ground import cache
from macros.ground.bindings import substitute
from macros.ground.model import Block, Recording

_TIME = re.compile(r"\d\d:\d\d:\d\d\.\d+ ")  # what every packet's line begins with

HREF = "guide-capture-1"
OTHER_HREF = "guide-capture-2"


def with_addresses(html: str, addresses: Mapping[str, str]) -> str:
    """`html` with its marks (HREF, OTHER_HREF) replaced by addresses."""
    for mark, address in addresses.items():
        html = html.replace(mark, escape(address))
    return html


def named(block: Block, bound: Mapping[str, str]) -> Block:
    """`block` with the names that its page binds put where a capture of it listens."""
    if block.capture is None:
        return block
    where = replace(block.capture, interface=substitute(block.capture.interface, bound))
    return replace(block, netns=substitute(block.netns, bound), capture=where)


def packet(
    block: Block,
    pcap: Path,
    match: str | int,
    lines: Sequence[str],
    *,
    id: str,
    title: str,
    layers: Sequence[str] | None,
    all_fields: bool | Sequence[str],
) -> str:
    """One packet of a capture as nested boxes; `lines` are tcpdump's, one a packet."""

    def make() -> str:
        from macros.figures.packets import packet_figure  # noqa: PLC0415
        from macros.packets import dissector, purpose  # noqa: PLC0415

        packets = dissector.packets(pcap)
        chosen, message = purpose.drawn(packets, match, block.keep)
        return packet_figure.packet_figure(
            chosen,
            message=message,
            id=id,
            title=title,
            node=block.node,
            netns=block.netns,
            interface=_interface(block),
            total=len(packets),
            layers=layers,
            all_fields=all_fields,
            pcap_href=HREF,
            tcpdump=_printed(lines, chosen.number),
        )

    shown = [id, title, layers, all_fields]
    inputs = ["packet", _of(block, pcap), match, block.keep, list(lines), *shown]
    return cache.text("packets", inputs, make)


def packets(block: Block, pcap: Path, *, id: str, title: str) -> str:
    """All packets of a capture as a table whose rows open."""

    def make() -> str:
        from macros.figures.packets import packet_figure  # noqa: PLC0415
        from macros.packets import dissector  # noqa: PLC0415

        return packet_figure.packet_list(
            dissector.packets(pcap),
            id=id,
            title=title,
            node=block.node,
            netns=block.netns,
            interface=_interface(block),
            pcap_href=HREF,
        )

    return cache.text("packets", ["packets", _of(block, pcap), id, title], make)


def compare(
    before: tuple[Block, Path, str | int],
    after: tuple[Block, Path, str | int],
    *,
    id: str,
    title: str,
) -> str:
    """A packet in two captures, each given with the match that finds it there."""
    (earlier, first, match), (later, second, other_match) = before, after

    def make() -> str:
        from macros.figures.packets import packet_figure  # noqa: PLC0415
        from macros.packets import dissector, selection  # noqa: PLC0415

        return packet_figure.compare_figure(
            selection.pick(dissector.packets(first), match),
            selection.pick(dissector.packets(second), other_match),
            id=id,
            title=title,
            before=_seen_at(earlier),
            after=_seen_at(later),
            a_href=HREF,
            b_href=OTHER_HREF,
        )

    inputs = ["compare", _of(earlier, first), _of(later, second), match, other_match, id, title]
    return cache.text("packets", inputs, make)


def topology(
    states: Sequence[Recording],
    previous: Sequence[Recording],
    *,
    id: str,
    title: str,
    highlight: Sequence[str],
    leave_out: Sequence[str],
    way: Sequence[str] = (),
    brief: bool = False,
    policy: Collection[str] = (),
) -> str:
    """Interfaces, namespaces and veth pairs of observed states; `policy` as the figure has it."""

    def make() -> str:
        from macros.figures.topology import (  # noqa: PLC0415
            observation,
            topology_figure,
        )

        return topology_figure.topology(
            [observation.read(item.twin) for item in states],
            id=id,
            title=title,
            highlight=tuple(highlight),
            leave_out=tuple(leave_out),
            previous=[observation.read(item.twin) for item in previous],
            way=tuple(way),
            brief=brief,
            policy=frozenset(policy),
        )

    chosen = [list(highlight), list(leave_out), list(way), brief, sorted(policy)]
    inputs = ["topology", _read(states), _read(previous), id, title, *chosen]
    return cache.text("draw", inputs, make)


def machines(states: Sequence[Recording], *, id: str, title: str) -> str:
    """Machines and networks of observed states."""

    def make() -> str:
        from macros.figures.topology import machines, observation  # noqa: PLC0415

        things, cables = machines.of_states([observation.read(item.twin) for item in states])
        return machines.machines(things, cables, id=id, title=title)

    return cache.text("draw", ["machines", _read(states), id, title], make)


def _read(states: Sequence[Recording]) -> list[Any]:
    """What a drawing of them depends on."""
    return [recording.digest or recording.twin for recording in states]


def _printed(lines: Sequence[str], number: int) -> list[str]:
    """What tcpdump printed of one packet: its line, and below it one of the frame in a VXLAN."""
    starts = [row for row, line in enumerate(lines) if _TIME.match(line)]
    if number > len(starts):
        return []
    end = starts[number] if number < len(starts) else len(lines)
    return [line for line in lines[starts[number - 1] : end] if line]


def _of(block: Block, pcap: Path) -> list[str]:
    """What a figure shows of a capture beside its packets, and a hash over those."""
    return [cache.file_hash(pcap), block.node, block.netns, _interface(block)]


def _interface(block: Block) -> str:
    return "" if block.capture is None else block.capture.interface


def _seen_at(block: Block) -> str:
    within = f", {block.netns}" if block.netns else ""
    return f"{block.node}{within}, {_interface(block)}"
