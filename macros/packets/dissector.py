"""pcap -> packets. scapy says which headers follow which; headers.py says what their bits mean."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from macros.ground.errors import GuideError
from macros.packets import bgp, checksum, numbers
from macros.packets.bits import Around, header
from macros.packets.headers import HEADERS
from macros.packets.packet import Field, Layer, Packet
from macros.packets.pcap import Record, records

# scapy's class names, and what we call them.
_NAMES = {
    "Ether": "Ethernet",
    "Dot3": "Ethernet",
    "Dot1Q": "VLAN",
    "CookedLinux": "Linux cooked",
    "CookedLinuxV2": "Linux cooked v2",
    "ARP": "ARP",
    "IP": "IPv4",
    "IPv6": "IPv6",
    "IPv6ExtHdrHopByHop": "IPv6 options",
    "IPv6ExtHdrDestOpt": "IPv6 options",
    "UDP": "UDP",
    "TCP": "TCP",
    "ICMP": "ICMP",
    "VXLAN": "VXLAN",
}
_READERS = HEADERS | {bgp.NAME: bgp.message}
# Bytes of the fixed part: less than that is shown as data.
_LEAST = {"IPv4": 20, "TCP": 20, "UDP": 8, "ICMP": 8, "ARP": 8, "IPv6": 40, "VXLAN": 8}


def packets(source: bytes | Path) -> tuple[Packet, ...]:
    """The packets of a pcap file, given as bytes or by its path.

    Headers that are cut or malformed become data, never an error. Raises GuideError where the
    file itself is damaged or has a link type that is not known.
    """
    link, kept = records(source)
    return tuple(packet(number, link, record) for number, record in enumerate(kept, 1))


def packet(number: int, link: int, record: Record) -> Packet:
    """One packet of a capture of that link type; its number counts from 1."""
    layers = _roles(_layers(record, link))
    return Packet(number, record.time, record.wire, len(record.data), record.data, layers)


@cache
def _scapy() -> dict[int, Any]:
    """The first layer for each link type. Imported late, for it takes a quarter of a second.

    https://www.tcpdump.org/linktypes.html; 12 and 14 are what old writers used for raw IP.
    """
    # scapy warns about missing IPv6 routes and libpcap: nothing is sent here.
    logging.getLogger("scapy").setLevel(logging.CRITICAL)
    from scapy.config import conf  # noqa: PLC0415 - see above

    conf.debug_dissector = False
    from scapy.layers import inet, inet6, l2, vxlan  # noqa: PLC0415 - see above
    from scapy.packet import split_layers  # noqa: PLC0415 - see above

    # Ports that only scapy takes for VXLAN; 8472 and 4789 stay.
    for port in (4790, 6633, 48879):
        split_layers(inet.UDP, vxlan.VXLAN, dport=port)
        split_layers(inet.UDP, vxlan.VXLAN, sport=port)
    split_layers(inet.UDP, vxlan.VXLAN, sport=4789)
    split_layers(inet.UDP, vxlan.VXLAN, sport=8472)
    raw = dict.fromkeys((12, 14, 101), inet6.IPv46)
    return raw | {
        1: l2.Ether,
        113: l2.CookedLinux,
        228: inet.IP,
        229: inet6.IPv6,
        276: l2.CookedLinuxV2,
    }


class _Piece(NamedTuple):
    """One header in scapy's reading: where it is, and where what it carries ends."""

    name: str
    offset: int
    length: int
    end: int
    quoted: bool


def _malformed(name: str, data: bytes, size: int) -> bool:
    """Whether a header of `size` bytes is too short, or says so of itself, or is no such header."""
    if size < _LEAST.get(name, 1):
        return True
    if name == "IPv4":
        return data[0] >> 4 != 4 or data[0] & 15 < 5
    return (name == "TCP" and data[12] >> 4 < 5) or (name == "IPv6" and data[0] >> 4 != 6)


def _pieces(data: bytes, link: int) -> Iterator[_Piece]:
    first = _scapy().get(link)
    if first is None:
        raise GuideError(
            f"captures of link type {link} are not read",
            fix="capture on an Ethernet, tunl0 or any interface",
        )
    try:
        layer = first(data)
    except Exception:  # noqa: BLE001 - scapy raises what its fields raise on a first header cut
        yield _Piece("Data", 0, len(data), len(data), quoted=False)
        return
    offset, quoted, quoting = 0, False, False
    while layer:
        kind = type(layer).__name__
        name = _NAMES.get(kind, "ICMPv6" if kind.startswith("ICMPv6") else "Data")
        following = layer.payload
        inside = following if type(following).__name__ not in {"Padding", "NoPayload"} else None
        size = len(layer.raw_packet_cache or b"")
        if kind == "ICMP" and layer.type in numbers.ICMP_ERRORS and len(layer.original) >= 28:
            # scapy takes a long quotation for an extension of RFC 4884, which Linux does not send.
            size, inside = 8, _scapy()[228](layer.original[8:])
            quoting = True
        end = offset + size + (len(inside.original) if inside else 0)
        if kind == "Padding":
            return
        if name in {"Data", "ICMPv6"} or _malformed(name, data[offset:], size):
            # All that is left within the layer around it.
            length = len(layer.original)
            kept = name if name == "ICMPv6" else "Data"
            yield _Piece(kept, offset, length, offset + length, quoted)
            return
        yield _Piece(name, offset, size, end, quoted)
        offset += size
        quoted = quoting
        layer = inside


def _with_messages(data: bytes, pieces: Iterator[_Piece]) -> Iterator[_Piece]:
    """The same, with what TCP carries from or to BGP's port as whole messages, one after another.

    The part of a message that is left, if any, stays data.
    """
    under: _Piece | None = None
    for piece in pieces:
        kept = piece
        if piece.name == "Data" and under and under.name == "TCP" and not piece.quoted:
            ports = data[under.offset : under.offset + 4]
            if bgp.PORT in {int.from_bytes(ports[:2], "big"), int.from_bytes(ports[2:], "big")}:
                at, stop = piece.offset, piece.offset + piece.length
                for size in bgp.sizes(data[at:stop]):
                    yield _Piece(bgp.NAME, at, size, at + size, quoted=False)
                    at += size
                kept = piece._replace(offset=at, length=stop - at)
        if kept.length or kept is piece:
            yield kept
        under = piece


def _layers(record: Record, link: int) -> list[Layer]:
    data = record.data
    layers: list[Layer] = []
    done = 0
    for piece in _with_messages(data, _pieces(data, link)):
        offset, length = piece.offset, piece.length
        done = offset + length
        around = Around(data, record.wire, max(piece.end, done), tuple(layers), piece.quoted)
        if piece.name == "Data":
            fields: tuple[Field, ...] = (_data(record, offset, length, layers),)
        else:
            fields = header(_READERS[piece.name], around, offset, length)
        role = "quoted" if piece.quoted else ""
        layers.append(Layer(piece.name, offset, length, around.end, fields, role))
    # What is left is padding, of the innermost layer whose bytes it is among.
    for end in sorted({one.end for one in layers if one.end > done} | {len(data)}):
        if end > done:
            field = _padding(data, done, end - done)
            layers.append(Layer("Padding", done, end - done, end, (field,)))
            done = end
    return _outer_sums(data, layers)


def _outer_sums(data: bytes, layers: list[Layer]) -> list[Layer]:
    """Explains the checksum of an outer UDP header whose inner one is partial.

    Linux computes such an outer checksum for the packet as it will be when the network card has
    filled in the inner one: "LCO" in the kernel's networking/checksum-offloads.
    """
    partial = next(
        (
            (layer, field)
            for layer in layers
            for field in layer.fields
            if layer.name in {"TCP", "UDP"} and field.state == "partial"
        ),
        None,
    )
    if partial is None:
        return layers
    inner, field = partial
    carrier = next(one for one in reversed(layers[: layers.index(inner)]) if one.get("src"))
    number = 6 if inner.name == "TCP" else 17
    size = int(inner["length"].value) if inner.name == "UDP" else inner.end - inner.offset
    segment = data[inner.offset : inner.offset + size]
    at = field.first - inner.offset
    front = checksum.pseudo(carrier["src"].raw, carrier["dst"].raw, number, size)
    right = checksum.of(front + segment[:at] + b"\0\0" + segment[at + 2 :])
    filled = data[: field.first] + right.to_bytes(2, "big") + data[field.first + 2 :]
    for place, layer in enumerate(layers[: layers.index(inner)]):
        own = layer.get("checksum")
        if layer.name != "UDP" or own is None or own.state != "wrong":
            continue
        under = layers[place - 1]
        size = int(layer["length"].value)
        front = checksum.pseudo(under["src"].raw, under["dst"].raw, 17, size)
        if checksum.total(front + filled[layer.offset : layer.offset + size]) == 0xFFFF:
            mended = replace(
                own,
                state="partial",
                meaning="right as soon as the network card has filled in the inner checksum "
                "(checksum offload)",
            )
            fields = tuple(mended if one is own else one for one in layer.fields)
            layers[place] = replace(layer, fields=fields)
    return layers


def _roles(layers: list[Layer]) -> tuple[Layer, ...]:
    """Says outer and inner where a packet carries another, as with VXLAN and IP-in-IP."""
    seen: dict[str, list[int]] = {}
    for at, layer in enumerate(layers):
        if not layer.role and layer.name not in {"Data", "Padding", "VLAN", bgp.NAME}:
            seen.setdefault(layer.name, []).append(at)
    roles = {
        at: "outer" if at == places[0] else "inner"
        for places in seen.values()
        if len(places) > 1
        for at in places
    }
    return tuple(
        replace(layer, role=roles[at]) if at in roles else layer for at, layer in enumerate(layers)
    )


def text_of(raw: bytes) -> str:
    """`raw` as text where all of it is text, else ""."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if all(char.isprintable() or char in "\r\n\t" for char in text) else ""


def _data(record: Record, offset: int, length: int, before: list[Layer]) -> Field:
    raw = record.data[offset : offset + length]
    under = before[-1] if before else None
    text = text_of(raw)
    shown = text or raw.hex(" ")
    meaning = ""
    if under is not None and under.name == "ICMP" and under["type"].value in {0, 8}:
        meaning = "ping's filling: the time of sending, then a pattern" if length > 16 else ""
    elif under is not None and under.name == "IPv4" and under["fragment"].value:
        meaning = "the middle or the end of a packet: its header is in the first fragment"
    elif under is not None and under.name in {"Ethernet", "VLAN", "IPv4", "IPv6"}:
        kind = under.get("protocol") or under.get("type")
        name = kind.shown.split(" ", 1)[-1] if kind else ""
        if name in _LEAST:
            meaning = f"no whole, well-formed {name} header"
    if not meaning and (under is None or under.name not in {"TCP", "UDP"}):
        meaning = "not decoded here"
    if length and record.wire > len(record.data) == offset + length:
        kept = f"the capture kept {len(record.data)} of {record.wire} bytes"
        meaning = f"{meaning}; {kept}" if meaning else kept
    return Field("data", "data", offset * 8, length * 8, raw, shown, shown, meaning)


def _padding(data: bytes, offset: int, length: int) -> Field:
    raw = data[offset : offset + length]
    meaning = "fills the frame up to Ethernet's least length of 60 bytes" if not any(raw) else ""
    text = raw.hex(" ")
    return Field("padding", "padding", offset * 8, length * 8, raw, text, text, meaning)
