"""BGP messages, field by field. A TCP segment can carry several, or a part of one.

RFC 4271, section 4; capabilities: RFC 5492; multiprotocol: 4760; route refresh: 2918; graceful
restart and End-of-RIB: 4724; four-byte AS numbers: 6793; several paths (ADD-PATH): 7911; enhanced
refresh: 7313; long-lived graceful restart: 9494; reasons to cease: 4486.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from macros.packets.bits import Bits, ipv4_text
from macros.packets.packet import Layer

NAME = "BGP"
PORT = 179
MARKER = b"\xff" * 16
_HEAD = 19
_LONGEST = 4096

TYPES = {1: "OPEN", 2: "UPDATE", 3: "NOTIFICATION", 4: "KEEPALIVE", 5: "ROUTE-REFRESH"}
_TYPE_MEANINGS = {
    1: "who I am, and what I can do",
    2: "routes that hold from now on, or no longer",
    3: "an error, or the wish to end: the session closes",
    4: "nothing new, but I am still here",
    5: "say all your routes again",
}
_ERRORS = {
    1: "a malformed header",
    2: "an OPEN that is not acceptable",
    3: "a malformed UPDATE",
    4: "nothing was heard for the hold time",
    5: "a message that does not belong here",
    6: "cease",
}
_CEASE = {
    1: "too many routes",
    2: "shut down by the operator",
    3: "no longer configured",
    4: "reset by the operator",
    5: "connection rejected",
    6: "configuration changed",
    7: "two connections at once",
    8: "out of resources",
}
_ORIGINS = {0: "IGP", 1: "EGP", 2: "incomplete"}
_ATTRIBUTES = {
    1: ("origin", "ORIGIN"),
    2: ("as_path", "AS_PATH"),
    3: ("next_hop", "NEXT_HOP"),
    4: ("med", "MULTI_EXIT_DISC"),
    5: ("local_pref", "LOCAL_PREF"),
    8: ("communities", "COMMUNITIES"),
    9: ("originator_id", "ORIGINATOR_ID"),
    10: ("cluster_list", "CLUSTER_LIST"),
}


def sizes(data: bytes) -> Iterator[int]:
    """The lengths of the whole messages that `data` begins with, one after the other."""
    offset = 0
    while len(data) - offset >= _HEAD and data[offset : offset + 16] == MARKER:
        size = int.from_bytes(data[offset + 16 : offset + 18], "big")
        if not _HEAD <= size <= min(_LONGEST, len(data) - offset) or data[offset + 18] not in TYPES:
            return
        yield size
        offset += size


def what(layer: Layer) -> str:
    """A message in a word or two: "UPDATE", "End-of-RIB"."""
    kind = layer.get("type")
    if kind is None:
        return NAME
    if kind.value == 2 and layer.length == _HEAD + 4:
        return "End-of-RIB"
    return TYPES.get(int(kind.value), f"type {kind.value}")


def routes(layer: Layer, name: str) -> str:
    """The prefixes of an UPDATE in the fields `name` (announced, withdrawn), with commas."""
    return ", ".join(field.shown for field in layer.fields if field.name == name)


def message(bits: Bits) -> None:
    """One message, from its marker to its end."""
    bits.bytes("marker", "marker", 16, lambda _: "all ones", "here a message begins")
    bits.number("length", "length", 16, "{}", "of the whole message")
    kind = bits.number("type", "type", 8, lambda v: f"{v} {TYPES.get(v, '')}".rstrip())
    bits.means(_TYPE_MEANINGS.get(kind, ""))
    reader = _MESSAGES.get(kind)
    if reader is not None:
        reader(bits)


def _open(bits: Bits) -> None:
    bits.number("version", "version", 8)
    bits.number("as", "my AS", 16, "{}", _as_kind)
    bits.number("hold_time", "hold time", 16, "{}", "seconds of silence after which I am gone")
    bits.bytes("id", "BGP identifier", 4, ipv4_text, "one of the sender's addresses, as its name")
    bits.number("options_length", "parameters' length", 8)
    while bits.left:
        kind = bits.number("parameter", "parameter", 8, "{}")
        bits.means("capabilities" if kind == 2 else "")
        left = bits.number("parameter_length", "its length", 8)
        stop = bits.left - left
        if kind != 2 or stop < 0:
            bits.rest("parameters", "parameters", "not decoded here")
            return
        while bits.left > stop:
            _capability(bits)


def _as_kind(value: int) -> str:
    # RFC 6996; RFC 6793 for 23456.
    if 64512 <= value <= 65534:
        return "from the range for private use"
    return "stands for a number of four bytes" if value == 23456 else ""


def _capability(bits: Bits) -> None:
    first = bits.byte
    code = bits.around.data[first]
    size = bits.around.data[first + 1] if bits.left > 1 else 0
    if size + 2 > bits.left:
        bits.rest("capability", "capability", "malformed or cut")
        return
    value = bits.around.data[first + 2 : first + 2 + size]
    name, label, read = _CAPABILITIES.get(code, ("capability", f"capability {code}", None))
    shown = read(value) if read is not None else value.hex(" ")
    bits.bytes(name, label, size + 2)
    bits.fields[-1] = replace(bits.fields[-1], value=shown or "yes", shown=shown or "yes")
    bits.means(_CAPABILITY_MEANINGS.get(code, ""))


def _family(value: bytes) -> str:
    """Address family and subsequent family, as IANA numbers them."""
    family = {1: "IPv4", 2: "IPv6"}.get(int.from_bytes(value[:2], "big"), value[:2].hex())
    kind = {1: "unicast", 2: "multicast"}.get(value[-1], str(value[-1]))
    return f"{family} {kind}"


def _multiprotocol(value: bytes) -> str:
    return _family(value) if len(value) == 4 else value.hex(" ")


def _restart(value: bytes) -> str:
    if len(value) < 2:
        return value.hex(" ")
    word = int.from_bytes(value[:2], "big")
    just = ", has just restarted" if word & 0x8000 else ""
    return f"{word & 0xFFF} seconds{just}"


def _four_bytes(value: bytes) -> str:
    return str(int.from_bytes(value, "big")) if len(value) == 4 else value.hex(" ")


def _paths(value: bytes) -> str:
    words = {1: "receives", 2: "sends", 3: "receives and sends"}
    return words.get(value[3], value.hex(" ")) if len(value) == 4 else value.hex(" ")


_Read = Callable[[bytes], str]
_CAPABILITIES: dict[int, tuple[str, str, _Read | None]] = {
    1: ("multiprotocol", "can: multiprotocol", _multiprotocol),
    2: ("refresh", "can: route refresh", None),
    64: ("restart", "can: graceful restart", _restart),
    65: ("as4", "can: four-byte AS", _four_bytes),
    69: ("add_path", "can: several paths", _paths),
    70: ("enhanced_refresh", "can: enhanced refresh", None),
    71: ("long_restart", "can: long-lived restart", None),
}
_CAPABILITY_MEANINGS = {
    1: "which routes the session is for",
    2: "sends its routes again when asked to",
    64: "keep my routes that long if the session breaks off: I will be back",
    65: "the AS number in full",
    69: "more than one way to a destination, each with a path id",
    70: "marks where a repetition begins and ends",
    71: "keeps routes for longer still",
}


def _update(bits: Bits) -> None:
    gone = bits.number("withdrawn_length", "withdrawn: length", 16)
    bits.means("nothing is withdrawn" if gone == 0 else "bytes of routes that no longer hold")
    if gone > bits.left:
        bits.rest("withdrawn", "withdrawn", "malformed: it leaves the message")
        return
    _prefixes(bits, gone, "withdrawn")
    length = bits.number("attributes_length", "attributes: length", 16)
    if gone == length == bits.left == 0:
        bits.means("nothing withdrawn, nothing announced: End-of-RIB, that was my whole table")
    elif length > bits.left:
        bits.rest("attributes", "attributes", "malformed: they leave the message")
        return
    stop = bits.left - length
    while bits.left > stop:
        _attribute(bits, bits.left - stop)
    _prefixes(bits, bits.left, "announced")


def _attribute(bits: Bits, room: int) -> None:
    first = bits.byte
    data = bits.around.data[first : first + room]
    wide = bool(data[0] & 0x10)  # the flag "extended length"
    head = 4 if wide else 3
    size = int.from_bytes(data[2:head], "big") if len(data) >= head else room
    if head + size > room:
        bits.bytes("attribute", "attribute", room)
        bits.means("malformed: it leaves its place")
        return
    name, title = _ATTRIBUTES.get(data[1], ("attribute_value", f"attribute {data[1]}"))
    bits.bytes("attribute", "attribute", head, lambda _: title)
    bits.means(_flags(data[0]))
    value = data[head : head + size]
    shown, meaning = _value(data[1], value)
    bits.bytes(name, title, size)
    bits.fields[-1] = replace(bits.fields[-1], value=shown, shown=shown)
    bits.means(meaning)


def _flags(value: int) -> str:
    known = "optional" if value & 0x80 else "well-known"
    passed = "transitive" if value & 0x40 else "not transitive"
    return f"{known}, {passed}"


def _value(kind: int, value: bytes) -> tuple[str, str]:
    """What an attribute says, and what that means."""
    number = str(int.from_bytes(value, "big"))
    if kind == 1 and len(value) == 1:
        return _ORIGINS.get(value[0], number), "how the route came into BGP"
    if kind == 2:
        return (
            (value.hex(" "), "the AS numbers on the way")
            if value
            else ("empty", "no AS on the way: it begins in ours")
        )
    if kind in {3, 9} and len(value) == 4:
        return ipv4_text(value), "the machine to send to" if kind == 3 else "who announced it first"
    if kind in {4, 5} and len(value) == 4:
        better = "smaller" if kind == 4 else "larger"
        return number, f"where there are several, the {better} one wins"
    return value.hex(" ") or "empty", ""


def _prefixes(bits: Bits, size: int, name: str) -> None:
    """`size` bytes of prefixes; with path ids (RFC 7911) where they can be read in no other way.

    Whether ids are there was agreed on in the OPENs, which a capture need not have. Prefixes whose
    bits beyond their length are not zero, or that come twice, show that they are.
    """
    data = bits.around.data[bits.byte : bits.byte + size]
    prefixes = _read(data, ids=False) or _read(data, ids=True)
    if prefixes is None:
        bits.bytes(name, name, size)
        bits.means("not decoded here")
        return
    says = {"announced": "this way there from now on", "withdrawn": "no longer this way there"}
    for number, prefix, length in prefixes:
        if number is not None:
            bits.number("path_id", "path id", 32, "{}", "tells the sender's ways there apart")
        bits.bytes(name, name, length)
        bits.fields[-1] = replace(bits.fields[-1], value=prefix, shown=prefix)
        bits.means(says[name])


def _read(data: bytes, *, ids: bool) -> list[tuple[int | None, str, int]] | None:
    """Path id, prefix and its bytes, for each; None where `data` is no such list."""
    prefixes: list[tuple[int | None, str, int]] = []
    offset = 0
    while offset < len(data):
        number = None
        if ids:
            number, offset = int.from_bytes(data[offset : offset + 4], "big"), offset + 4
        if offset >= len(data) or data[offset] > 32:
            return None
        bits, size = data[offset], 1 + (data[offset] + 7) // 8
        if offset + size > len(data):
            return None
        address = IPv4Address(data[offset + 1 : offset + size].ljust(4, b"\0"))
        try:
            prefixes.append((number, str(IPv4Network((address, bits))), size))
        except ValueError:  # bits beyond the prefix are set
            return None
        offset += size
    twice = len({(number, prefix) for number, prefix, _ in prefixes}) < len(prefixes)
    return None if twice else prefixes


def _notification(bits: Bits) -> None:
    code = bits.number("error", "error", 8, lambda v: f"{v} {_ERRORS.get(v, '')}".rstrip())
    table = _CEASE if code == 6 else {}
    bits.number("suberror", "detail", 8, lambda v: f"{v} {table.get(v, '')}".rstrip())
    bits.rest("details", "details", "")


def _refresh(bits: Bits) -> None:
    bits.number("afi", "address family", 16)
    bits.number("subtype", "subtype", 8)
    bits.number("safi", "subsequent family", 8)


_MESSAGES: dict[int, Callable[[Bits], None]] = {
    1: _open,
    2: _update,
    3: _notification,
    5: _refresh,
}
