"""One packet as boxes within boxes, each header with a table of all its fields."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from markupsafe import Markup

from macros.figures import marks as values
from macros.figures.markup import render, safe
from macros.packets.packet import Field, Layer

# (text, key) -> HTML: how a value that occurs elsewhere on the page is marked.
Marks = Callable[[str, str], str]

_TO = "\N{EN DASH}"
_LONG = 17  # characters from which on the content of a cell may be broken
_LONG_BYTES = 19  # and of bytes: six of them, or sixteen bits, are one piece
# The colour of a header: the class that packet.css has for it.
_COLOUR = {
    "Ethernet": "eth",
    "VLAN": "eth",
    "Linux cooked": "eth",
    "Linux cooked v2": "eth",
    "IPv4": "ip",
    "IPv6": "ip",
    "IPv6 options": "ip",
    "VXLAN": "vxlan",
    "GRE": "vxlan",
    "WireGuard": "vxlan",
    "ESP": "vxlan",
    "BGP": "vxlan",  # never in one packet with it
    "DNS": "data",
    "Data": "data",
    "Padding": "data",
}
# What a header is for, in as few words as possible.
_PURPOSE = {
    "Ethernet": "from station to station on one link",
    "VLAN": "one of several networks on the same link",
    "Linux cooked": "tcpdump's stand-in for the link",
    "Linux cooked v2": "tcpdump's stand-in for the link",
    "ARP": "finds the MAC address of an IP address",
    "IPv4": "from host to host",
    "IPv6": "from host to host",
    "IPv6 options": "for routers on the way, or the target",
    "UDP": "from program to program, without promises",
    "TCP": "from program to program, complete and in order",
    "ICMP": "IP's own messages",
    "ICMPv6": "IP's own messages",
    "VXLAN": "carries a whole Ethernet frame",
    "GRE": "carries a packet of the kind that it names",
    "WireGuard": "a tunnel whose load is encrypted",
    "ESP": "carries what it encrypts",
    "BGP": "from router to router: who reaches which networks",
    "DNS": "which address has this name?",
    "Data": "what the program sent",
    "Padding": "fills the frame",
}
# The fields that a box shows; all others are in its table.
_SHOWN = {
    "Ethernet": ("src", "dst", "type", "size"),
    "VLAN": ("vlan", "type"),
    "Linux cooked": ("direction", "src", "type"),
    "Linux cooked v2": ("direction", "src", "index", "type"),
    "ARP": ("operation", "sender_ip", "sender_mac", "target_ip", "target_mac"),
    "IPv4": ("src", "dst", "protocol", "ttl"),
    "IPv6": ("src", "dst", "protocol", "ttl"),
    "IPv6 options": ("protocol",),
    "UDP": ("sport", "dport", "length"),
    "TCP": ("sport", "dport", "flags", "seq", "ack"),
    "ICMP": ("type", "code", "id", "seq", "mtu", "gateway"),
    "ICMPv6": ("type", "code", "id", "seq", "mtu"),
    "VXLAN": ("vni",),
    "GRE": ("protocol", "key", "seq"),
    "WireGuard": (
        *("type", "sender", "receiver", "counter", "static", "timestamp"),
        *("nothing", "cookie"),
    ),
    "ESP": ("spi", "seq"),
    "BGP": ("type", "as", "hold_time", "id", "error", "suberror", "next_hop"),
    "DNS": ("response", "code", "question", "answer"),
}


def colour(layer: Layer) -> str:
    """The class of a header's colour: eth, ip, ip2 (an outer IP header), l4, vxlan, data."""
    name = _COLOUR.get(layer.name, "l4")
    return "ip2" if name == "ip" and layer.role == "outer" else name


def count(number: int) -> str:
    """1 byte, 2 bytes."""
    return f"{number} byte" if number == 1 else f"{number} bytes"


def place(field: Field, base: int = 0) -> str:
    """The bytes that a field touches, counted from byte `base`; hexed() shows which bits.

    Nothing for a field without bytes, such as an empty AS_PATH.
    """
    if not field.length:
        return ""
    first, last = field.first - base, field.last - base
    return f"{first}" if first == last else f"{first}{_TO}{last}"


def hexed(field: Field, most: int = 16) -> str:
    """A field's bytes in hex; of one that is smaller than a byte its bits, the others dotted."""
    if field.length % 8 or field.offset % 8:
        whole = f"{int.from_bytes(field.raw, 'big'):0{len(field.raw) * 8}b}"
        start = field.offset % 8
        shown = "".join(
            bit if start <= index < start + field.length else "·" for index, bit in enumerate(whole)
        )
        return " ".join(shown[index : index + 4] for index in range(0, len(shown), 4))
    return field.raw[:most].hex(" ") + (" …" if len(field.raw) > most else "")


def valued(field: Field, marks: Marks, most: int = 60) -> str | Markup:
    """A field's value, marked where it is an address."""
    text = field.shown if len(field.shown) <= most else f"{field.shown[: most - 1]}…"
    key = values.key_of(field.shown) if field.name not in {"data", "padding"} else None
    return safe(marks(text, key)) if key else text


class Chip(NamedTuple):
    """A field as a box shows it: `number` ties it to its bytes, `say` is what it is said to be."""

    number: str
    label: str
    value: str | Markup
    state: str
    say: str


class Numbers:
    """The number of each field within a figure, by which boxes, table and bytes find each other."""

    def __init__(self, layers: Iterable[Layer], prefix: str = "") -> None:
        fields = (field for layer in layers for field in layer.fields)
        self._of = {id(field): f"{prefix}{index}" for index, field in enumerate(fields)}

    def of(self, field: Field) -> str:
        """The number of a field of these layers."""
        return self._of[id(field)]

    def join(self, field: Field, number: str) -> None:
        """Give a field the number of another that is the same thing elsewhere."""
        self._of[id(field)] = number


def shown_fields(layer: Layer) -> tuple[Field, ...]:
    """The fields that a box shows without being asked."""
    shown = [field for name in _SHOWN.get(layer.name, ()) if (field := layer.get(name))]
    hidden = set()
    flags = layer.get("flags")
    if layer.name == "TCP" and flags is not None and "ACK" not in flags.shown:
        hidden.add("ack")
    if layer.name in {"ICMP", "ICMPv6"} and layer.get("code") and layer["code"].value == 0:
        hidden.add("code")
    shown = [field for field in shown if field.name not in hidden]
    if layer.name == "IPv4" and flags is not None:
        fragment = layer.get("fragment")
        if "MF" in flags.shown or (fragment is not None and fragment.value):
            shown += [field for field in (flags, fragment) if field is not None]
    length = layer.get("length")
    if layer.name == "IPv4" and length is not None and int(length.value) > 1500:
        shown.append(length)
    # An UPDATE can have many of them.
    shown += [field for field in layer.fields if field.name in {"withdrawn", "announced"}][:12]
    shown += [field for field in layer.fields if field.state in {"partial", "wrong", "none"}]
    return tuple(shown)


def state_of(field: Field) -> str:
    """How a checksum is, where that is worth a word beside its value."""
    return field.state if field.state in {"wrong", "partial"} else ""


def _chips(layer: Layer, numbers: Numbers, marks: Marks) -> list[Chip]:
    return [
        Chip(numbers.of(field), field.label, valued(field, marks), state_of(field), "")
        for field in shown_fields(layer)
    ]


def _rows(layer: Layer, numbers: Numbers, marks: Marks, base: int) -> list[dict[str, Any]]:
    """All fields of a header: where, what, its bytes, its value, what it says."""
    return [
        {
            "number": numbers.of(field),
            "place": place(field, base),
            "label": field.label,
            "hex": hexed(field),
            "long_hex": len(hexed(field)) > _LONG_BYTES,
            "value": valued(field, marks),
            "long_value": len(field.shown) > _LONG,
            "state": field.state,
            "meaning": field.meaning,
        }
        for field in layer.fields
    ]


def _text(layer: Layer, numbers: Numbers) -> dict[str, str] | None:
    """What the data is, as text where it is text."""
    field = layer.fields[0]
    if layer.length == 0:
        return None
    text, more = field.shown, ""
    if text == field.raw.hex(" "):
        text, more = field.raw[:16].hex(" "), " …" if layer.length > 16 else ""
    else:
        lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
        if len(lines) > 8 or len(text) > 320:
            more = " …"
        text = "\n".join(lines[:8])[:320]
    return {
        "number": numbers.of(field),
        "say": f"{layer.title} · {count(layer.length)}",
        "words": text,
        "more": more,
        "note": field.meaning,
    }


def _purpose(layer: Layer) -> str:
    """What it is for; data that says something of itself needs no such word."""
    if layer.name == "Data" and (layer.fields[0].meaning or layer.role):
        return ""
    return _PURPOSE.get(layer.name, "")


def boxes(
    layers: Sequence[Layer],
    numbers: Numbers,
    marks: Marks,
    *,
    base: int | None = None,
    opened: Collection[int] = (),
    tables: bool = True,
) -> Markup:
    """Boxes within boxes. Padding lies in the innermost box whose bytes it is among.

    `base` is the byte that offsets count from, if not the first of `layers`; `opened` are the
    offsets of the headers whose tables are shown from the start.
    """
    if base is None:
        base = layers[0].offset if layers else 0
    box = partial(_box, numbers=numbers, marks=marks, base=base, opened=opened, tables=tables)
    drawn: list[Markup] = []
    rest = deque(layers)
    while rest:
        layer = rest.popleft()
        # A segment can carry thousands of messages beside one another: those are not looked at.
        inside = []
        while rest and _is_within(rest[0], layer):
            inside.append(rest.popleft())
        drawn.append(box(layer, inside))
    return Markup().join(drawn)


def _is_within(layer: Layer, around: Layer) -> bool:
    """Whether a header lies among the bytes that another carries."""
    return layer.offset + layer.length <= around.end and around.name != "Data"


def _box(
    layer: Layer,
    inside: Sequence[Layer],
    *,
    numbers: Numbers,
    marks: Marks,
    base: int,
    opened: Collection[int],
    tables: bool,
) -> Markup:
    """One header, and in it the boxes of what it carries."""
    first, last = layer.offset - base, layer.offset + layer.length - 1 - base
    carried = layer.name in {"Data", "Padding"}
    is_data = layer.name == "Data"
    return render(
        "figures/packets/box.html",
        colour=colour(layer),
        title=layer.title,
        kind="" if carried else " header",
        size=count(layer.length),
        span=f"{first}{_TO}{last}" if layer.length > 1 else f"{first}",
        purpose=safe(_purpose(layer)),
        padding=numbers.of(layer.fields[0]) if layer.name == "Padding" else "",
        text=_text(layer, numbers) if is_data else None,
        fields=[] if is_data else _chips(layer, numbers, marks),
        rows=_rows(layer, numbers, marks, base) if tables and not carried else [],
        opened=layer.offset in opened,
        nested=boxes(inside, numbers, marks, base=base, opened=opened, tables=tables),
    )
