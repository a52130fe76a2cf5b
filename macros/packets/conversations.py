"""Conversations: which packets belong together, how to name one, and what prose can quote of it."""

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from macros.ground.errors import GuideError
from macros.packets import bgp, numbers
from macros.packets.packet import Field, Layer, Packet

# What a header is called in paths and matches.
SHORT = {
    "Ethernet": "eth",
    "VLAN": "vlan",
    "Linux cooked": "sll",
    "Linux cooked v2": "sll",
    "ARP": "arp",
    "IPv4": "ip",
    "IPv6": "ip6",
    "IPv6 options": "ip6opts",
    "UDP": "udp",
    "TCP": "tcp",
    "ICMP": "icmp",
    "ICMPv6": "icmp6",
    "VXLAN": "vxlan",
    "BGP": "bgp",
    "Data": "data",
    "Padding": "padding",
}
_FLAGS = frozenset(flag.lower() for flag in numbers.TCP_FLAGS)


@dataclass(frozen=True, slots=True, order=True)
class Flow:
    """A conversation: protocol and its two ends, in an order that does not depend on direction.

    An end is an address, for TCP and UDP with its port, for ICMP echoes with their identifier.
    Of a packet that carries another, the inner one counts.
    """

    protocol: str
    one: str
    other: str


def _ends(packet: Packet) -> tuple[str, str, str]:
    """Protocol, sender and receiver of the innermost packet, as text."""
    arp = packet.last("ARP")
    if arp is not None and arp.get("sender_ip"):
        return "ARP", arp["sender_ip"].shown, arp["target_ip"].shown
    address = _address(packet)
    if address is None:
        link = packet.last("Ethernet")
        if link is None:
            return "unknown", "", ""
        kind = link.get("type")
        name = kind.shown.split(" ", 1)[-1] if kind else "IEEE 802.2"
        return name, link["src"].shown, link["dst"].shown
    source, target = address["src"].shown, address["dst"].shown
    above = _above(packet, address)
    if above is None:
        number = int(address["protocol"].value)
        return numbers.PROTOCOLS.get(number, f"protocol {number}"), source, target
    if above.get("sport"):
        bracket = "[{}]:{}" if ":" in source else "{}:{}"
        return (
            above.name,
            bracket.format(source, above["sport"].value),
            bracket.format(target, above["dport"].value),
        )
    return above.name, source, target


def _address(packet: Packet) -> Layer | None:
    found = [one for one in packet.layers if one.name in {"IPv4", "IPv6"} and one.role != "quoted"]
    return next((one for one in reversed(found) if one.get("dst")), None)


def _above(packet: Packet, address: Layer) -> Layer | None:
    at = packet.layers.index(address)
    return next(
        (
            one
            for one in packet.layers[at + 1 :]
            if one.name in {"TCP", "UDP", "ICMP", "ICMPv6"} and one.role != "quoted"
        ),
        None,
    )


def flow(packet: Packet) -> Flow:
    """The conversation that a packet belongs to; both directions give the same."""
    protocol, source, target = _ends(packet)
    icmp = packet.last("ICMP")
    if protocol == "ICMP" and icmp is not None and icmp.get("id"):
        source, target = (f"{end} id {icmp['id'].value}" for end in (source, target))
    first, second = sorted((source, target))
    return Flow(protocol, first, second)


def conversations(packets: Iterable[Packet]) -> dict[Flow, tuple[Packet, ...]]:
    """The packets of each conversation, in the order in which those began."""
    found: dict[Flow, list[Packet]] = {}
    for packet in packets:
        found.setdefault(flow(packet), []).append(packet)
    return {key: tuple(value) for key, value in found.items()}


def closed(packets: Iterable[Packet]) -> bool:
    """Whether some TCP conversation has ended: reset, or both FINs sent and acknowledged."""
    for key, found in conversations(packets).items():
        if key.protocol != "TCP":
            continue
        owed: dict[str, int] = {}  # by who sent a FIN: the acknowledgement that confirms it
        confirmed = set()
        for packet in found:
            segment, (_, source, target) = packet.last("TCP"), _ends(packet)
            if segment is None or segment.get("flags") is None:
                continue
            flags = set(segment["flags"].shown.split())
            if "RST" in flags:
                return True
            if "FIN" in flags:
                carried = segment.end - segment.offset - segment.length
                owed[source] = (int(segment["seq"].value) + carried + 1) % 2**32
            if "ACK" in flags and int(segment["ack"].value) == owed.get(target):
                confirmed.add(target)
        if len(confirmed) == 2:
            return True
    return False


# --- one line ---------------------------------------------------------------------------------


def what(packet: Packet) -> str:
    """What a packet is, without its addresses: "ICMP echo request, seq 1"."""
    arp = packet.last("ARP")
    if arp is not None:
        return _what_arp(arp)
    address = _address(packet)
    protocol, _, _ = _ends(packet)
    if address is None:
        return f"{protocol} frame" if protocol != "unknown" else "data"
    above = _above(packet, address)
    fragment = address.get("fragment")
    if fragment is not None and fragment.value:
        return f"{protocol}, a later fragment (from byte {int(fragment.value) * 8})"
    text = protocol if above is None else _what_above(packet, above)
    if address.get("flags") and "MF" in address["flags"].shown:
        text += ", first fragment"
    return text


def _what_arp(arp: Layer) -> str:
    operation, asked = arp.get("operation"), arp.get("target_ip")
    if operation is None or asked is None:
        return "ARP"
    sender = arp["sender_ip"].shown
    if sender == asked.shown:
        return f"ARP {sender} announces itself: {arp['sender_mac'].shown}"
    if operation.value == 1:
        return f"ARP request: who has {asked.shown}? Tell {sender}"
    return f"ARP reply: {sender} is at {arp['sender_mac'].shown}"


def _what_above(packet: Packet, above: Layer) -> str:
    data = next((one for one in packet.layers if one.name == "Data" and not one.role), None)
    carried = _announced(packet, above)
    if above.name == "TCP":
        text = f"TCP {above['flags'].shown}" if above.get("flags") else "TCP"
    elif above.name in {"ICMP", "ICMPv6"}:
        text = _what_icmp(above)
        carried = 0
    else:
        text = above.name
    if carried > 0:
        text += f", {carried} {'byte' if carried == 1 else 'bytes'}"
        line = _messages(packet) or first_line(data)
        if line:
            text += f": {line}"
    return text


def _messages(packet: Packet) -> str:
    """The BGP messages in a segment: "BGP UPDATE, UPDATE, End-of-RIB"."""
    found = ", ".join(bgp.what(one) for one in packet.all(bgp.NAME))
    return f"BGP {found}" if found else ""


def _announced(packet: Packet, above: Layer) -> int:
    """The bytes above carries by what its IP header says: a capture may have kept fewer."""
    address = _address(packet)
    if address is None or address.name != "IPv4" or not address["length"].value:
        return _inside(above)
    words = above.get("data_offset")
    header = int(words.value) * 4 if words is not None else above.length
    return int(address["length"].value) - address.length - header


def _what_icmp(above: Layer) -> str:
    kind, code = int(above["type"].value), int(above["code"].value)
    table = numbers.ICMP if above.name == "ICMP" else numbers.ICMPV6
    text = f"{above.name} {table.get(kind, f'type {kind}')}"
    detail = numbers.ICMP_CODES.get((kind, code)) if above.name == "ICMP" else None
    if detail:
        text += f": {detail}"
    if above.get("mtu"):
        text += f", MTU {above['mtu'].value}"
    if above.get("seq"):
        text += f", seq {above['seq'].value}"
    return text


def first_line(data: Layer | None) -> str:
    """The first line of the data where that is text, else nothing."""
    if data is None:
        return ""
    raw = data.fields[0].raw
    line = raw[:200].split(b"\n", 1)[0].strip(b"\r")
    try:
        text = line.decode("ascii")
    except UnicodeDecodeError:
        return ""
    if not text.isprintable():
        return ""
    return text if len(text) <= 48 else f"{text[:47]}…"


def summary(packet: Packet) -> str:
    """One line for a packet: "ICMP echo request 172.17.0.2 > 172.17.0.3, seq 1"."""
    _, source, target = _ends(packet)
    text = what(packet)
    if source and packet.last("ARP") is None:
        cut = re.search(r"[:,] ", text)
        at = cut.start() if cut else len(text)
        text = f"{text[:at]} {source} > {target}{text[at:]}"
    return text + carrier(packet)


def carrier(packet: Packet) -> str:
    """How the packet travels inside another, or nothing: ", in VXLAN 1, 10.0.0.1 > 10.0.0.2"."""
    outer = next((one for one in packet.layers if one.role == "outer" and one.get("src")), None)
    addressed = next(
        (one for one in packet.layers if one.role == "outer" and one.name.startswith("IP")), outer
    )
    tunnel = packet.first("VXLAN")
    if tunnel is None and (addressed is None or not addressed.name.startswith("IP")):
        return ""
    kind = (
        f"VXLAN {tunnel['vni'].value}" if tunnel is not None and tunnel.get("vni") else "IP-in-IP"
    )
    way = f", {addressed['src'].shown} > {addressed['dst'].shown}" if addressed else ""
    return f", in {kind}{way}"


def ends(packet: Packet) -> tuple[str, str]:
    """Sender and receiver of the innermost packet: addresses, with ports where it has them."""
    _, source, target = _ends(packet)
    return source, target


# --- matching ---------------------------------------------------------------------------------

_TERMS = (
    "a number, arp request, icmp echo reply, tcp syn, tcp syn ack, udp, http GET, an address, "
    "from ADDRESS, to ADDRESS, port NUMBER, vxlan, bgp open, and #2 for the second of those"
)


def select(packets: Sequence[Packet], match: str | int) -> tuple[Packet, ...]:
    """The packets that `match` means; GuideError, with a list of what there is, where none does.

    A match is a packet's number, or words that must all fit: protocols (`arp`, `ip`, `icmp`,
    `udp`, `tcp`, `vxlan`, `http`), words of the packet's summary (`echo request`), TCP flags
    (`syn` alone is the SYN without ACK, `ack` alone one that carries nothing), an address
    anywhere, `from` or `to` an address, `port 80`. `#2` takes the second of what the rest
    matches. Capitals do not count, except in quoted text, which is looked for in the data.
    """
    if isinstance(match, int) or match.strip().isdecimal():
        found = tuple(one for one in packets if one.number == int(match))
    else:
        found = _select_words(packets, match)
    if not found:
        raise GuideError(f"no packet matches {match!r} {_there(packets)}", fix=f"use {_TERMS}")
    return found


def pick(packets: Sequence[Packet], match: str | int) -> Packet:
    """The one packet that `match` means; GuideError where none or several do."""
    found = select(packets, match)
    if len(found) > 1:
        raise GuideError(
            f"{len(found)} packets match {match!r} {_there(found)}",
            fix="say more, or add #1 for the first of them",
        )
    return found[0]


def _there(packets: Sequence[Packet]) -> str:
    if not packets:
        return "(the capture has no packets)"
    lines = [f"\n    {one.number}: {summary(one)}" for one in packets[:20]]
    if len(packets) > 20:
        lines.append(f"\n    and {len(packets) - 20} more")
    return "among" + "".join(lines)


def _select_words(packets: Sequence[Packet], match: str) -> tuple[Packet, ...]:
    try:
        terms = shlex.split(match, posix=False)
    except ValueError as error:
        raise GuideError(f"packet match {match!r}: {error}") from error
    place = next((term for term in terms if re.fullmatch(r"#\d+", term)), None)
    words = [term for term in terms if term != place]
    found = tuple(one for one in packets if _fits(one, words))
    if place is None:
        return found
    at = int(place[1:])
    return found[at - 1 : at] if at else ()


def _fits(packet: Packet, words: list[str]) -> bool:
    has = _words(packet)
    _, source, target = _ends(packet)
    flags = {word.lower() for word in words} & _FLAGS
    if flags and not _fits_flags(packet, flags):
        return False
    rest = iter(words)
    for word in rest:
        lower = word.lower()
        if lower in {"from", "to"}:
            end = source if lower == "from" else target
            wanted = next(rest, "")
            if wanted not in {end, end.rpartition(":")[0].strip("[]")}:
                return False
        elif lower == "port":
            wanted = next(rest, "")
            if wanted not in {end.rpartition(":")[2] for end in (source, target) if ":" in end}:
                return False
        elif word[0] in "'\"":
            if word[1:-1].encode() not in _carried(packet):
                return False
        elif lower not in flags and lower not in has:
            return False
    return True


def _fits_flags(packet: Packet, wanted: set[str]) -> bool:
    segment = packet.last("TCP")
    if segment is None or segment.get("flags") is None:
        return False
    found = set(segment["flags"].shown.lower().split())
    if not wanted <= found:
        return False
    if "syn" in found:
        return found == wanted
    if wanted == {"ack"}:
        return found == {"ack"} and segment.end == segment.offset + segment.length
    return True


def _carried(packet: Packet) -> bytes:
    return b"".join(one.fields[0].raw for one in packet.layers if one.name == "Data")


def _words(packet: Packet) -> set[str]:
    """All words that can name the packet, in small letters."""
    found = {SHORT[one.name] for one in packet.layers if one.role != "quoted"}
    found |= {one.name.lower() for one in packet.layers if one.role != "quoted"}
    found |= set(re.findall(r"[\w.-]+", what(packet).lower()))
    if any(one.role == "outer" and one.name == "IPv4" for one in packet.layers):
        found |= set() if packet.first("VXLAN") else {"ipip", "ip-in-ip"}
    for layer in packet.layers:
        if layer.role == "quoted":
            continue
        for name in ("src", "dst", "sender_ip", "target_ip", "sender_mac", "target_mac"):
            field = layer.get(name)
            if field is not None:
                found.add(field.shown)
    if re.match(rb"(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH) |HTTP/", _carried(packet)):
        found |= {"http", *_carried(packet)[:40].decode("ascii", "replace").lower().split()[:2]}
    return found


# --- paths ------------------------------------------------------------------------------------


def record(packets: Iterable[Packet]) -> list[dict[str, Any]]:
    """Packets as plain lists and mappings, for paths in prose: `[1].ip.ttl`.

    Each has number, time (ns since 1970), length (on the wire), captured, summary and its layers
    by short name: eth, ip, udp, tcp, icmp, arp, vxlan, data, … An inner header is below its outer
    one (`ip.inner.ttl`), one quoted by an ICMP error below `quoted`. Plain numbers are numbers;
    everything else is the text that the figures show (`0x0800 IPv4`, `SYN ACK`). A header that
    has a checksum has `checksum_state`: right, wrong, partial, none or unknown. `bgp` is a list of
    messages, whose `announced` and `withdrawn` are prefixes with commas between them.
    """
    return [_record(packet) for packet in packets]


def _record(packet: Packet) -> dict[str, Any]:
    found: dict[str, Any] = {
        "number": packet.number,
        "time": packet.time,
        "length": packet.wire,
        "captured": packet.captured,
        "summary": summary(packet),
    }
    for layer in packet.layers:
        key, values = SHORT[layer.name], _values(layer)
        if layer.name == bgp.NAME:
            values |= {name: bgp.routes(layer, name) for name in ("announced", "withdrawn")}
            found.setdefault(key, []).append(values | {"message": bgp.what(layer)})
        elif layer.role in {"", "outer"} and key not in found:
            found[key] = values
        else:
            found.setdefault(key, {}).setdefault(layer.role or "next", values)
    return found


def _values(layer: Layer) -> dict[str, Any]:
    values: dict[str, Any] = {"header": layer.length, "carried": _inside(layer)}
    for field in layer.fields:
        values.setdefault(field.name, _value(field))
        if field.state:
            values[f"{field.name}_state"] = field.state
    if layer.name == "Data":
        values = {"length": layer.length, "text": layer.fields[0].shown}
    if layer.name == "Padding":
        values = {"length": layer.length}
    return values


def _inside(layer: Layer) -> int:
    return layer.end - layer.offset - layer.length


def _value(field: Field) -> int | str:
    return field.value if field.shown == str(field.value) else field.shown
