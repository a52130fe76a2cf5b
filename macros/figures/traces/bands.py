"""One packet's headers along its way: each a band over the interfaces that have it.

A band is cut where what it says is rewritten. From the innermost outwards, headers keep their
identity: what wraps a packet lies above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from macros.figures.packets.boxes import colour
from macros.packets import summary
from macros.packets.packet import Layer, Packet
from macros.traces.trace import Journey

_Key = tuple[str, int]
"""A header's name, and how many of that name are inside of it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A band between two cuts: the visits that it spans (first and last), and what it says."""

    first: int
    last: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A header along the way. `colour` is its class in packet.css: eth, ip, ip2, l4 and so on."""

    name: str
    colour: str
    pieces: tuple[Piece, ...]


def bands(journey: Journey) -> tuple[Band, ...]:
    """The headers of a packet along its way, outermost first."""
    keyed = [_keyed(visit.packet) for visit in journey.visits]
    return tuple(_band(key, keyed) for key in _order(keyed))


def _keyed(packet: Packet) -> dict[_Key, Layer]:
    seen: dict[str, int] = {}
    by_key = {}
    for layer in reversed(packet.layers):
        if layer.name == "Padding" or layer.role == "quoted":
            continue
        inside = seen.get(layer.name, 0)
        seen[layer.name] = inside + 1
        by_key[layer.name, inside] = layer
    return dict(reversed(by_key.items()))


def _order(keyed: Sequence[dict[_Key, Layer]]) -> list[_Key]:
    """All headers in one order that agrees with that of each packet."""
    order: list[_Key] = []
    for layers in sorted(keyed, key=lambda visited: -len(visited)):
        keys = list(layers)
        for index, key in enumerate(keys):
            if key not in order:
                inner = next((other for other in keys[index + 1 :] if other in order), None)
                order.insert(order.index(inner) if inner is not None else len(order), key)
    return order


def _band(key: _Key, keyed: Sequence[dict[_Key, Layer]]) -> Band:
    pieces: list[Piece] = []
    shade, name = "", key[0]
    for index, layers in enumerate(keyed):
        layer = layers.get(key)
        if layer is None:
            continue
        own = colour(layer)
        shade = own if own == "ip2" or not shade else shade
        lines = _lines(layer)
        last = pieces[-1] if pieces else None
        if last is not None and last.last == index - 1 and last.lines == lines:
            pieces[-1] = Piece(last.first, index, lines)
        else:
            pieces.append(Piece(index, index, lines))
    return Band(name, shade, tuple(pieces))


def _lines(layer: Layer) -> tuple[str, ...]:
    """What a header says, in a few words a line."""
    if layer.name == "Data":
        text = summary.first_line(layer)
        size = f"{layer.length} bytes"
        return (text, size) if text else (size,)
    if layer.name == "VXLAN":
        return (f"VNI {layer['vni'].shown}",) if layer.get("vni") else ()
    if layer.get("sport") and layer.get("dport"):
        ends = (str(layer["sport"].value), f"→ {layer['dport'].value}")
        flags = layer.get("flags")
        return (*ends, flags.shown) if flags is not None else ends
    if layer.get("src") and layer.get("dst"):
        ends = (layer["src"].shown, f"→ {layer['dst'].shown}")
        ttl = layer.get("ttl")
        return (*ends, f"TTL {ttl.value}") if ttl is not None else ends
    if layer.get("spi"):
        return (f"SPI {layer['spi'].shown}",)
    if layer.get("operation"):
        return (layer["operation"].shown,)
    kind = layer.get("type")
    return (kind.shown,) if kind is not None else ()
