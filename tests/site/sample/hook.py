"""Puts the figures of the sample where core's hooks put theirs: after the search has its index.

Figures are files under figures/, and, on the page figures.md, what the project's own renderers
make of captures and states under tests/data.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from macros.figures.packets.packet_figure import packet_figure, packet_list
from macros.figures.packets.pair import compare_figure
from macros.figures.topology import observation
from macros.figures.topology.topology_figure import topology
from macros.figures.traces import trace_figure
from macros.packets.dissector import packets
from macros.packets.packet import Packet
from tests import trace_support

FIGURES = Path(__file__).parent / "figures"
DATA = Path(__file__).parents[2] / "data"


def _capture(name: str) -> tuple[Packet, ...]:
    return packets(DATA / f"packets/{name}.pcap")


def _state(name: str) -> observation.Node:
    return observation.read((DATA / f"draw/{name}.json").read_text())


def _packet() -> str:
    return packet_figure(
        _capture("http-nooffload")[3],
        id="one",
        node="node0",
        interface="eth1",
        pcap_href="capture.pcap",
        tcpdump=["a line of tcpdump"],
    )


def _packets() -> str:
    return packet_list(_capture("http-nooffload"), id="all", node="node0", highlight=[1])


def _compared() -> str:
    before, after = _capture("forward-red")[0], _capture("forward-blue")[0]
    return compare_figure(before, after, id="compared")


def _topology() -> str:
    return topology([_state("docker-web-client")], id="web", title="Two containers and docker0")


def _new() -> str:
    return topology(
        [_state("docker-web")],
        id="new",
        title="What starting a container added",
        previous=[_state("docker-started")],
    )


def _vxlan() -> str:
    return packet_figure(_capture("vxlan")[0], id="vxlan", node="node0", all_fields=True)


def _trace() -> str:
    trace = trace_support.trace("flannel")
    commands = [f"tcpdump -nn -e -i {lane.interface}" for lane in trace.lanes]
    made = trace_figure.whole(trace, commands, id="way", title="One request at ten interfaces")
    return re.sub('"guide-trace-[^"]*"', '"capture.pcap"', made)


def _again() -> str:
    trace = trace_support.trace("again")
    made = trace_figure.whole(trace, ["tcpdump"] * 4, id="again", title="A segment is lost")
    return re.sub('"guide-trace-[^"]*"', '"capture.pcap"', made)


def _traced() -> str:
    trace = trace_support.trace("flannel")
    return trace_figure.small(trace, "http GET", id="small", title="The request crosses two nodes")


MADE: dict[str, Callable[[], str]] = {
    "packet": _packet,
    "packets": _packets,
    "compared": _compared,
    "topology": _topology,
    "new": _new,
    "vxlan": _vxlan,
    "trace": _trace,
    "traced": _traced,
    "again": _again,
}


def _figure(found: re.Match[str]) -> str:
    name = found[1]
    return MADE[name]() if name in MADE else (FIGURES / f"{name}.html").read_text()


def on_post_page(output: str, **_: Any) -> str:
    """The page, each placeholder replaced by its figure."""
    return re.sub(r'<div data-figure="([a-z]+)">.*?</div>', _figure, output)
