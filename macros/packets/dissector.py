"""pcap -> packets: nesting.py says which headers there are, headers.py what their bits mean."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from macros.ground.errors import GuideError
from macros.packets import bgp, checksum, dns, nesting, numbers
from macros.packets.bits import Around, header
from macros.packets.headers import HEADERS
from macros.packets.names import PINGS
from macros.packets.nesting import Piece
from macros.packets.packet import Field, Layer, Packet
from macros.packets.pcap import Record, records

_READERS = HEADERS | {bgp.NAME: bgp.message, dns.NAME: dns.datagram}
_LEAST_FRAME = 60
"""Bytes of an Ethernet frame without its check sequence: a shorter one is filled up."""


def packets(source: bytes | Path) -> tuple[Packet, ...]:
    """The packets of a pcap file, given as bytes or by its path.

    Headers that are cut or malformed become data, never an error. Raises GuideError where the
    file itself is damaged or has a link type that is not known.
    """
    return _packets(*records(source))


@lru_cache(maxsize=128)  # one capture is looked at in several ways
def _packets(link: int, kept: tuple[Record, ...]) -> tuple[Packet, ...]:
    return tuple(packet(number, link, record) for number, record in enumerate(kept, 1))


def packet(number: int, link: int, record: Record) -> Packet:
    """One packet of a capture of that link type; its number counts from 1."""
    if not nesting.known(link):
        raise GuideError(
            f"captures of link type {link} are not read",
            fix="capture on an Ethernet, tunl0 or any interface",
        )
    layers = _roles(_layers(record, link))
    return Packet(number, record.time, record.wire, len(record.data), record.data, layers)


def _with_messages(data: bytes, pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The same, with what is carried from or to the port of BGP or DNS as whole messages.

    TCP carries BGP's one after another; the part of a message that is left, if any, stays data. A
    datagram is one message of DNS, or data.
    """
    under: Piece | None = None
    for piece in pieces:
        if piece.name == "Data" and under and under.name == "TCP" and not piece.quoted:
            yield from _messages(data, under, piece)
        elif piece.name == "Data" and under and under.name == "UDP" and not piece.quoted:
            yield _datagram(data, under, piece)
        else:
            yield piece
        under = piece


def _ports(data: bytes, header: Piece) -> set[int]:
    both = data[header.offset : header.offset + 4]
    return {int.from_bytes(both[:2], "big"), int.from_bytes(both[2:], "big")}


def _datagram(data: bytes, header: Piece, load: Piece) -> Piece:
    whole = data[load.offset : load.offset + load.length]
    if dns.PORT in _ports(data, header) and dns.is_datagram(whole):
        return Piece(dns.NAME, load.offset, load.length, load.offset + load.length)
    return load


def _messages(data: bytes, segment: Piece, load: Piece) -> Iterator[Piece]:
    if bgp.PORT not in _ports(data, segment):
        yield load
        return
    offset, end = load.offset, load.offset + load.length
    for size in bgp.sizes(data[offset:end]):
        yield Piece(bgp.NAME, offset, size, offset + size)
        offset += size
    if offset < end:
        yield load._replace(offset=offset, length=end - offset)


def _layers(record: Record, link: int) -> list[Layer]:
    data = record.data
    layers: list[Layer] = []
    done = 0
    for piece in _with_messages(data, nesting.pieces(data, link)):
        offset, length = piece.offset, piece.length
        done = offset + length
        around = Around(data, record.wire, max(piece.end, done), tuple(layers), piece.quoted)
        if piece.name == "Data":
            fields: tuple[Field, ...] = (_data(record, piece, layers),)
        else:
            fields = header(_READERS[piece.name], around, offset, length)
        role = "quoted" if piece.quoted else ""
        layers.append(Layer(piece.name, offset, length, around.end, fields, role))
    # What is left is padding, of the innermost layer whose bytes it is among.
    for end in sorted({layer.end for layer in layers if layer.end > done} | {len(data)}):
        if end > done:
            field = _padding(record, done, end, layers)
            layers.append(Layer("Padding", done, end - done, end, (field,)))
            done = end
    return _outer_sums(data, layers)


def _outer_sums(data: bytes, layers: list[Layer]) -> list[Layer]:
    """Explains the checksum of an outer UDP header whose inner one is partial.

    Linux computes such an outer checksum for the packet as it will be when the network card has
    filled in the inner one: "LCO" in the kernel's networking/checksum-offloads.
    """
    inner = next((number for number, layer in enumerate(layers) if _partial(layer)), None)
    if inner is None:
        return layers
    filled = _filled(data, layers, inner)
    for number, layer in enumerate(layers[:inner]):
        own = layer.get("checksum")
        if layer.name != "UDP" or own is None or own.state != "wrong":
            continue
        size = int(layer["length"].value)
        front = _front(layers, number, 17, size)
        if checksum.total(front + filled[layer.offset : layer.offset + size]) == 0xFFFF:
            mended = replace(
                own,
                state="partial",
                meaning="right as soon as the network card has filled in the inner checksum "
                "(checksum offload)",
            )
            fields = tuple(mended if field is own else field for field in layer.fields)
            layers[number] = replace(layer, fields=fields)
    return layers


def _partial(layer: Layer) -> bool:
    field = layer.get("checksum")
    return layer.name in {"TCP", "UDP"} and field is not None and field.state == "partial"


def _filled(data: bytes, layers: list[Layer], number: int) -> bytes:
    """The packet as it is when its network card has filled in the checksum of that layer."""
    inner, field = layers[number], layers[number]["checksum"]
    protocol = 6 if inner.name == "TCP" else 17
    size = int(inner["length"].value) if inner.name == "UDP" else inner.end - inner.offset
    segment, start = data[inner.offset : inner.offset + size], field.first - inner.offset
    front = _front(layers, number, protocol, size)
    right = checksum.of(front + segment[:start] + b"\0\0" + segment[start + 2 :])
    return data[: field.first] + right.to_bytes(2, "big") + data[field.first + 2 :]


def _front(layers: list[Layer], number: int, protocol: int, size: int) -> bytes:
    """The pseudo-header of what layer `number` is: from the IP header around it."""
    network = next(layer for layer in reversed(layers[:number]) if layer.name in {"IPv4", "IPv6"})
    return checksum.pseudo(network["src"].raw, network["dst"].raw, protocol, size)


def _roles(layers: list[Layer]) -> tuple[Layer, ...]:
    """Says outer and inner where a packet carries another: IP in IP of either version, VXLAN, GRE.

    Of each sort of header the first is the outer one, if the packet has another behind it. An IP
    header is an outer one too where the frame that it carries has none.
    """
    framed = [number for number, layer in enumerate(layers[:-1]) if layer.name in {"VXLAN", "GRE"}]
    sorts: dict[str, list[int]] = {}
    for number, layer in enumerate(layers):
        if not layer.role and layer.name not in {
            "Data",
            "Padding",
            "IPv6 options",
            bgp.NAME,
            dns.NAME,
        }:
            sort = "IP" if layer.name in {"IPv4", "IPv6"} else layer.name
            sorts.setdefault(sort, []).append(number)
    roles: dict[int, str] = {}
    for sort, places in sorts.items():
        carries = sort == "IP" and framed and layers[framed[0] + 1].name == "Ethernet"
        if len(places) > 1 or (carries and places[0] < framed[0]):
            roles |= dict.fromkeys(places[1:], "inner") | {places[0]: "outer"}
    for number, layer in enumerate(layers):
        if layer.name == "IPv6 options" and number - 1 in roles:
            roles[number] = roles[number - 1]
    return tuple(
        replace(layer, role=roles[number]) if number in roles else layer
        for number, layer in enumerate(layers)
    )


def text_of(raw: bytes) -> str:
    """`raw` as text where all of it is text, else ""."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if all(char.isprintable() or char in "\r\n\t" for char in text) else ""


def _data(record: Record, piece: Piece, before: list[Layer]) -> Field:
    offset, length = piece.offset, piece.length
    raw = record.data[offset : offset + length]
    under = before[-1] if before else None
    shown = text_of(raw) or raw.hex(" ")
    meaning = piece.why
    if under is not None and under.name in PINGS and under["type"].value in numbers.PINGS:
        meaning = "ping's filling: the time of sending, then a pattern" if length > 16 else ""
    elif under is not None and under.name == "IPv4" and under["fragment"].value:
        meaning = "the middle or the end of a packet: its header is in the first fragment"
    if not meaning and (under is None or under.name not in {"TCP", "UDP"}):
        meaning = "not decoded here"
    if length and record.wire > len(record.data) == offset + length:
        kept = f"the capture kept {len(record.data)} of {record.wire} bytes"
        meaning = f"{meaning}; {kept}" if meaning else kept
    return Field("data", "data", offset * 8, length * 8, raw, shown, shown, meaning)


def _padding(record: Record, offset: int, end: int, layers: list[Layer]) -> Field:
    """Bytes that no header counts; zeros at the end of a short frame fill that up."""
    raw = record.data[offset:end]
    frame = next((layer for layer in reversed(layers) if layer.name == "Ethernet"), None)
    fills = frame is not None and end - frame.offset <= _LEAST_FRAME and not any(raw)
    meaning = (
        "fills the frame up to Ethernet's least length of 60 bytes"
        if fills
        else "no header counts these bytes as its own"
    )
    text = raw.hex(" ")
    return Field("padding", "padding", offset * 8, (end - offset) * 8, raw, text, text, meaning)
