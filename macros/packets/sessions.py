"""What counts of WireGuard's and ESP's headers, among all packets of a capture.

WireGuard's ends each draw an index for a session: which of the sessions that a capture shows it is
counts, and not the number. Counters count from the first that the capture shows of a session: how
many packets went before depends on how long that took.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from macros.packets import encrypted
from macros.packets.packet import Field, Layer, Packet

_Session = tuple[str, str, Any]
"""Whose it is, of which two ends, and its index or SPI."""


class Sessions:
    """The sessions of a capture, by what its packets call them."""

    def __init__(self, packets: Iterable[Packet]) -> None:
        self._places: dict[_Session, int] = {}
        self._first: dict[_Session, int] = {}
        ends: dict[tuple[str, str], int] = {}
        for packet, level, layer in _headers(packets):
            for name in sorted(encrypted.INDEXES):
                session = _session(packet, level, name)
                if layer.get(name) is not None and session not in self._places:
                    self._places[session] = ends.setdefault(session[:2], 0)
                    ends[session[:2]] += 1
            for name in _counters(layer):
                session, count = _session(packet, level), int(layer[name].value)
                self._first[session] = min(self._first.get(session, count), count)

    def value(self, packet: Packet, level: int, field: Field) -> Any:
        """What counts of a field of a header of WireGuard or ESP."""
        layer = packet.layers[level]
        if field.name in _counters(layer):
            return int(field.value) - self._first[_session(packet, level)]
        if layer.name != encrypted.WIREGUARD:
            return field.value
        if field.name in encrypted.INDEXES:
            return self._places[_session(packet, level, field.name)]
        if field.name in encrypted.DRAWN:
            return "there" if any(field.raw) else "0"
        return field.value


def _headers(packets: Iterable[Packet]) -> Iterator[tuple[Packet, int, Layer]]:
    for packet in packets:
        for level, layer in enumerate(packet.layers):
            if layer.name in encrypted.NAMES:
                yield packet, level, layer


def _counters(layer: Layer) -> list[str]:
    return [field.name for field in layer.fields if (layer.name, field.name) in encrypted.COUNTERS]


def _session(packet: Packet, level: int, name: str = "") -> _Session:
    """The session that a header names: by an index in it, or that of what it counts."""
    layer = packet.layers[level]
    under = (outer for outer in reversed(packet.layers[:level]) if outer.name in {"IPv4", "IPv6"})
    address = next(under, None)
    ends = (address["src"].shown, address["dst"].shown) if address is not None else ("", "")
    source, target = ends
    number = layer.get(name or ("receiver" if layer.name == encrypted.WIREGUARD else "spi"))
    owner, other = (source, target) if name == "sender" else (target, source)
    return owner, other, number.value if number is not None else None
