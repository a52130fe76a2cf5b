"""One packet as boxes within boxes, each header with a table of all its fields."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from html import escape

from macros.figures import marks as values
from macros.packets.packet import Field, Layer

# (text, key) -> HTML: how a value that occurs elsewhere on the page is marked.
Marks = Callable[[str, str], str]

_TO = "\N{EN DASH}"
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
    "BGP": "vxlan",  # never in one packet with it
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
    "UDP": "from program to program, no more",
    "TCP": "from program to program, complete and in order",
    "ICMP": "IP's own messages",
    "ICMPv6": "IP's own messages",
    "VXLAN": "carries a whole Ethernet frame",
    "BGP": "from router to router: which networks are whose",
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
    "ICMPv6": ("type", "code"),
    "VXLAN": ("vni",),
    "BGP": ("type", "as", "hold_time", "id", "error", "suberror", "next_hop"),
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
            bit if start <= at < start + field.length else "·" for at, bit in enumerate(whole)
        )
        return " ".join(shown[at : at + 4] for at in range(0, len(shown), 4))
    return field.raw[:most].hex(" ") + (" …" if len(field.raw) > most else "")


def valued(field: Field, marks: Marks, most: int = 60) -> str:
    """A field's value, escaped, and marked where it is an address."""
    text = field.shown if len(field.shown) <= most else f"{field.shown[: most - 1]}…"
    key = values.key_of(field.shown) if field.name not in {"data", "padding"} else None
    return marks(text, key) if key else escape(text)


class Numbers:
    """The number of each field within a figure, by which boxes, table and bytes find each other."""

    def __init__(self, layers: Iterable[Layer], prefix: str = "") -> None:
        fields = (field for layer in layers for field in layer.fields)
        self._of = {id(field): f"{prefix}{at}" for at, field in enumerate(fields)}

    def of(self, field: Field) -> str:
        """The number of a field of these layers."""
        return self._of[id(field)]

    def join(self, field: Field, number: str) -> None:
        """Give a field the number of another that is the same thing elsewhere."""
        self._of[id(field)] = number


def shown_fields(layer: Layer) -> tuple[Field, ...]:
    """The fields that a box shows without being asked."""
    found = [field for name in _SHOWN.get(layer.name, ()) if (field := layer.get(name))]
    hidden = set()
    flags = layer.get("flags")
    if layer.name == "TCP" and flags is not None and "ACK" not in flags.shown:
        hidden.add("ack")
    if layer.name in {"ICMP", "ICMPv6"} and layer.get("code") and layer["code"].value == 0:
        hidden.add("code")
    found = [field for field in found if field.name not in hidden]
    if layer.name == "IPv4" and flags is not None:
        fragment = layer.get("fragment")
        if "MF" in flags.shown or (fragment is not None and fragment.value):
            found += [field for field in (flags, fragment) if field is not None]
    length = layer.get("length")
    if layer.name == "IPv4" and length is not None and int(length.value) > 1500:
        found.append(length)
    # An UPDATE can have many of them.
    found += [one for one in layer.fields if one.name in {"withdrawn", "announced"}][:12]
    found += [one for one in layer.fields if one.state in {"partial", "wrong", "none"}]
    return tuple(found)


def state_of(field: Field) -> str:
    """How a checksum is, beside its value."""
    if field.state not in {"wrong", "partial"}:
        return ""
    return f' <span class="st st-{field.state}">{field.state}</span>'


def _chips(layer: Layer, numbers: Numbers, marks: Marks) -> str:
    chips = [
        f'<li class="fd" data-f="{numbers.of(field)}"><span class="fd-l">{escape(field.label)}'
        f'</span> <span class="fd-v">{valued(field, marks)}</span>{state_of(field)}</li>'
        for field in shown_fields(layer)
    ]
    return f'<ul class="fds">{"".join(chips)}</ul>' if chips else ""


def _long(what: str, most: int) -> str:
    """The class of a cell whose content may be broken."""
    return " c-long" if len(what) > most else ""


def table(layer: Layer, numbers: Numbers, marks: Marks, *, base: int = 0) -> str:
    """All fields of a header: where, what, its bytes, its value, what it says."""
    rows = []
    for field in layer.fields:
        state = f' class="st-{field.state}"' if field.state else ""
        rows.append(
            f'<tr role="row" data-f="{numbers.of(field)}">'
            f'<td role="cell" class="c-at">{place(field, base)}</td>'
            f'<th role="rowheader" scope="row">{escape(field.label)}</th>'
            f'<td role="cell" class="c-hex{_long(hexed(field), 17)}">{hexed(field)}</td>'
            f'<td role="cell" class="c-val{_long(field.shown, 17)}">{valued(field, marks)}</td>'
            f'<td role="cell"{state}>{escape(field.meaning)}</td></tr>'
        )
    head = "".join(
        f'<th role="columnheader" scope="col">{name}</th>'
        for name in ("offset", "field", "bytes", "value", "meaning")
    )
    return (
        f'<table class="fields" role="table" aria-label="{escape(layer.title)}: all fields">'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{"".join(rows)}</tbody></table>'
    )


def _text(layer: Layer, numbers: Numbers) -> str:
    """What the data is, as text where it is text."""
    field = layer.fields[0]
    if layer.length == 0:
        return ""
    text, more = field.shown, ""
    if text == field.raw.hex(" "):
        text, more = field.raw[:16].hex(" "), " …" if layer.length > 16 else ""
    else:
        lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
        if len(lines) > 8 or len(text) > 320:
            more = " …"
        text = "\n".join(lines[:8])[:320]
    say = escape(f"{layer.title} · {count(layer.length)}")
    note = f'<p class="hd-note">{escape(field.meaning)}</p>' if field.meaning else ""
    return (
        f'<pre class="hd-text" data-f="{numbers.of(field)}" data-say="{say}">'
        f"{escape(text)}{more}</pre>{note}"
    )


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
    base: int = 0,
    opened: Collection[int] = (),
    tables: bool = True,
) -> str:
    """Boxes within boxes. Padding lies in the innermost box whose bytes it is among.

    `base` is the byte that offsets count from, `opened` are the offsets of
    the headers whose tables are shown from the start.
    """
    box = partial(_box, numbers=numbers, marks=marks, base=base, opened=opened, tables=tables)
    drawn = []
    rest = list(layers)
    while rest:
        layer, *others = rest
        # A segment can carry hundreds of messages beside one another.
        within = [_is_within(other, layer) for other in others]
        inside = [other for other, held in zip(others, within, strict=True) if held]
        rest = [other for other, held in zip(others, within, strict=True) if not held]
        drawn.append(box(layer, inside))
    return "".join(drawn)


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
) -> str:
    """One header, and in it the boxes of what it carries."""
    body = _text(layer, numbers) if layer.name == "Data" else _chips(layer, numbers, marks)
    if tables and layer.name not in {"Data", "Padding"}:
        word = "fields" if len(layer.fields) > 1 else "field"
        shown = " open" if layer.offset in opened else ""
        body += (
            f'<details class="hd-all"{shown}><summary>all {len(layer.fields)} '
            f'{word}<span class="visually-hidden"> of {escape(layer.title)}</span></summary>'
            f"{table(layer, numbers, marks, base=base)}</details>"
        )
    nested = boxes(inside, numbers, marks, base=base, opened=opened, tables=tables)
    first, last = layer.offset - base, layer.offset + layer.length - 1 - base
    span = f"{first}{_TO}{last}" if layer.length > 1 else f"{first}"
    kind = "" if layer.name in {"Data", "Padding"} else " header"
    padding = (
        f' data-f="{numbers.of(layer.fields[0])}" data-say="Padding · {count(layer.length)}"'
        if layer.name == "Padding"
        else ""
    )
    return (
        f'<div class="hd hd-{colour(layer)}{" hd-thin" if layer.name == "Padding" else ""}" '
        f'role="group" aria-label="{escape(layer.title)}{kind}, {count(layer.length)}"{padding}>'
        f'<p class="hd-name"><b>{escape(layer.title)}</b> '
        f'<span class="hd-for">{_purpose(layer)}</span> '
        f'<span class="hd-size"><b>{count(layer.length)}</b> '
        f'<span class="hd-at">{span}</span></span></p>{body}{nested}</div>'
    )
