"""Packets as HTML: one as nested boxes over its bytes, all of a capture, two compared.

Everything here is a string for one `<figure>`, styled by packet.css; packet.js lets fields and
bytes light up together and is not needed to read them.
"""

from collections.abc import Collection, Iterator, Sequence
from html import escape
from typing import Any

from markupsafe import Markup

from macros.figures import marks as values
from macros.figures.markup import render, safe
from macros.figures.packets.boxes import Marks, Numbers, boxes, count
from macros.figures.packets.dump import dump
from macros.figures.packets.pair import compare_figure
from macros.ground.errors import GuideError
from macros.packets import bgp, conversations, summary
from macros.packets.names import SHORT
from macros.packets.packet import Layer, Packet

__all__ = ["compare_figure", "packet_figure", "packet_list"]


def packet_figure(
    packet: Packet,
    *,
    id: str,
    message: Layer | None = None,
    title: str = "",
    node: str = "",
    interface: str = "",
    netns: str = "",
    total: int | None = None,
    layers: Sequence[str] | None = None,
    all_fields: bool | Sequence[str] = False,
    pcap_href: str | None = None,
    tcpdump: Sequence[str] = (),
    marks: Marks = values.mark,
) -> str:
    """One packet as nested boxes, its bytes below, tcpdump's lines and the file beside.

    `node`, `netns` (a namespace or container, "" for the node's own) and `interface` say where it
    was seen; `total` is the number of packets in the capture. `layers` names the headers to draw
    (`UDP`, `udp`, `IPv4, inner`); the bytes of all others are left out, and offsets count from
    the first that is drawn. `all_fields` opens the tables, or those of the headers that
    it names. With `message`, one of a segment's, the others are left out, and a line says what
    they are. GuideError where a name of `layers` or `all_fields` is not in the packet.
    """
    drawn, beside = _drawn(packet, layers, message)
    numbers = Numbers(drawn)
    opened = drawn if all_fields is True else _chosen(packet, all_fields or ())
    return render(
        "figures/packets/packet_figure.html",
        id=id,
        node=node,
        title=title or summary.summary(packet),
        facts=[*_seen_at(node, netns, interface, marks), *_sizes(packet, drawn, total)],
        boxes=boxes(drawn, numbers, marks, opened={layer.offset for layer in opened}),
        **_others(beside),
        dump=dump(drawn, packet.data, numbers),
        tcpdump=_lines(node, netns, tcpdump),
        href=pcap_href,
    )


def _sizes(packet: Packet, drawn: Sequence[Layer], total: int | None) -> Iterator[str]:
    """Its number, and its bytes: all of them, those that are drawn, those that were captured."""
    yield f"packet {packet.number}" + (f" of {total}" if total else "")
    size = sum(layer.length for layer in drawn)
    whole = len(drawn) == len(packet.layers)
    yield count(packet.wire) if whole else f"{size} of {count(packet.wire)}"
    if packet.captured < packet.wire:
        yield f"{packet.captured} captured"


def _drawn(
    packet: Packet, names: Sequence[str] | None, message: Layer | None
) -> tuple[tuple[Layer, ...], list[Layer]]:
    """The headers to draw, and what else than `message` its segment carries, which is left out."""
    beside = [layer for layer in packet.layers if message is not None and _beside(layer, message)]
    return tuple(layer for layer in _chosen(packet, names) if layer not in beside), beside


def _others(beside: Sequence[Layer]) -> dict[str, str]:
    """What is said of what is left out: what it is, and how many bytes."""
    size = sum(layer.length for layer in beside)
    return {"others": ", ".join(map(_message, beside)), "others_size": count(size)}


def _beside(layer: Layer, message: Layer) -> bool:
    """Whether a layer shares a segment with the message, and is not of it."""
    return layer.name in {bgp.NAME, "Data"} and layer.role != "quoted" and layer is not message


def _message(layer: Layer) -> str:
    """What else a segment carries than the message that is drawn."""
    return bgp.what(layer) if layer.name == bgp.NAME else "a part of a message"


def packet_list(
    packets: Sequence[Packet],
    *,
    id: str,
    title: str = "",
    node: str = "",
    interface: str = "",
    netns: str = "",
    highlight: Collection[int] = (),
    pcap_href: str | None = None,
    tcpdump: Sequence[str] = (),
    marks: Marks = values.mark,
) -> str:
    """All packets of a capture: number, time since the first, from, to, what; each row opens.

    `highlight` are numbers of packets that the page speaks of.
    """
    facts: list[str] = [*_seen_at(node, netns, interface, marks)]
    facts.append(f"{len(packets)} packet{'' if len(packets) == 1 else 's'}")
    return render(
        "figures/packets/packet_list.html",
        id=id,
        node=node,
        title=title or "All packets",
        facts=facts,
        rows=[
            _row(packet, packets[0].time, packet.number in highlight, marks) for packet in packets
        ],
        tcpdump=_lines(node, netns, tcpdump),
        href=pcap_href,
    )


def _row(packet: Packet, start: int, lit: bool, marks: Marks) -> dict[str, Any]:
    numbers = Numbers(packet.layers, f"{packet.number}-")
    source, target = (_end(end, marks) for end in conversations.ends(packet))
    return {
        "number": packet.number,
        "lit": lit,
        "time": since(packet.time - start),
        "source": source,
        "target": target,
        "what": summary.what(packet),
        "carrier": summary.carrier(packet).removeprefix(", "),
        "boxes": boxes(packet.layers, numbers, marks, tables=False),
        "dump": dump(packet.layers, packet.data, numbers, steps=False),
    }


def _end(text: str, marks: Marks) -> dict[str, str | Markup]:
    """An address, marked, and its port."""
    address, colon, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
    key = values.key_of(address)
    return {"address": safe(marks(address, key)) if key else address, "port": colon + port}


def since(time: int) -> str:
    """Nanoseconds as milliseconds: "+0.085 ms"."""
    return f"+{time / 1_000_000:.3f} ms" if time < 10_000_000_000 else f"+{time / 1e9:.3f} s"


def _seen_at(node: str, netns: str, interface: str, marks: Marks) -> list[Markup]:
    """The namespace and interface, as a fact of a figure; none where it is not known."""
    if not interface:
        return []
    key = values.key_of(interface, node, netns) if node else None
    shown = marks(interface, key) if key else escape(interface)
    return [safe(f"{escape(netns)} {shown}" if netns else shown)]


def readout() -> Markup:
    """The line that says what the byte under the pointer is; packet.js fills it."""
    return safe('<p class="pk-say" role="status" hidden></p>')


def _lines(node: str, netns: str, tcpdump: Sequence[str]) -> list[Markup]:
    return [safe(values.mark_text(line, node, netns, ())) for line in tcpdump]


def _chosen(packet: Packet, names: Sequence[str] | None) -> tuple[Layer, ...]:
    if names is None:
        return packet.layers
    wanted = {name.lower() for name in names}
    called = {
        index: {layer.name.lower(), layer.title.lower(), SHORT[layer.name]}
        for index, layer in enumerate(packet.layers)
    }
    known = set().union(*called.values()) if called else set()
    unknown = [name for name in names if name.lower() not in known]
    if unknown:
        there = ", ".join(layer.title for layer in packet.layers)
        raise GuideError(f"packet {packet.number} has no layer {unknown[0]}; it has {there}")
    return tuple(layer for index, layer in enumerate(packet.layers) if called[index] & wanted)
