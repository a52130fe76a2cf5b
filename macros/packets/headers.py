"""Headers, field by field: what each bit is and what it says.

Each function reads one kind of header from a `Bits`, which hands out its bits in order, so that
every bit belongs to exactly one field. A header that ends too early leaves a field "cut".
Sources stand with each function.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import NoReturn

from macros.ground import ports
from macros.packets import checksum, numbers
from macros.packets.packet import Field, Layer

Text = str | Callable[[int], str]


class CutError(Exception):
    """The header ended before the field that was asked for."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a header is read in: the packet, where the header's payload ends, the layers before."""

    data: bytes
    wire: int
    end: int
    before: tuple[Layer, ...]
    quoted: bool

    @property
    def under(self) -> Layer | None:
        """The header around this one."""
        return self.before[-1] if self.before else None


class Bits:
    """The bits of one header, handed out in order as fields."""

    def __init__(self, around: Around, offset: int, length: int) -> None:
        self.around = around
        self.offset = offset
        self.stop = offset + length
        self.at = offset * 8
        self.fields: list[Field] = []

    @property
    def left(self) -> int:
        """Whole bytes not yet handed out."""
        return self.stop - (self.at + 7) // 8

    def _cut(self) -> NoReturn:
        raise CutError

    def _add(self, name: str, label: str, bits: int, value: int | str, shown: str) -> None:
        raw = self.around.data[self.at // 8 : (self.at + bits + 7) // 8]
        self.fields.append(Field(name, label, self.at, bits, raw, value, shown))
        self.at += bits

    def means(self, meaning: str, state: str = "") -> None:
        """What the field handed out last says."""
        self.fields[-1] = replace(self.fields[-1], meaning=meaning, state=state)

    def number(
        self, name: str, label: str, bits: int, shown: Text = "{}", meaning: Text = ""
    ) -> int:
        """The next `bits` as a number; `shown` and `meaning` are texts or functions of it."""
        if self.at + bits > self.stop * 8:
            self._cut()
        first, last = self.at // 8, (self.at + bits - 1) // 8
        whole = int.from_bytes(self.around.data[first : last + 1], "big")
        value = whole >> ((last + 1) * 8 - self.at - bits) & ((1 << bits) - 1)
        text = shown(value) if callable(shown) else shown.format(value)
        self._add(name, label, bits, value, text)
        self.means(meaning(value) if callable(meaning) else meaning)
        return value

    def bytes(
        self,
        name: str,
        label: str,
        count: int,
        shown: Callable[[bytes], str] = lambda raw: raw.hex(" "),
        meaning: str | Callable[[str], str] = "",
    ) -> bytes:
        """The next `count` bytes; the value is the text that is shown."""
        if self.left < count:
            self._cut()
        raw = self.around.data[self.at // 8 : self.at // 8 + count]
        text = shown(raw)
        self._add(name, label, count * 8, text, text)
        self.means(meaning(text) if callable(meaning) else meaning)
        return raw

    def rest(self, name: str, label: str, meaning: str) -> None:
        """What is left of the header as one field, if anything is."""
        bits = self.stop * 8 - self.at
        if bits > 0:
            raw = self.around.data[self.at // 8 : self.stop]
            self._add(name, label, bits, raw.hex(" "), raw.hex(" "))
            self.means(meaning)


def mac(raw: bytes) -> str:
    """02:42:ac:11:00:02."""
    return raw.hex(":")


def ipv4_text(raw: bytes) -> str:
    """172.17.0.2."""
    return str(IPv4Address(raw))


def ipv6_text(raw: bytes) -> str:
    """fe80::1."""
    return str(IPv6Address(raw))


def named(names_of: dict[int, str], form: str = "{}") -> Callable[[int], str]:
    """Shows a number with its name: "17 UDP"."""
    return lambda value: f"{form.format(value)} {names_of.get(value, '')}".rstrip()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


# --- the link -----------------------------------------------------------------------------------


def _mac_kind(text: str) -> str:
    """IEEE 802-2014, 8.2: the lowest bits of the first byte are group and locally administered."""
    first = int(text[:2], 16)
    if text == "ff:ff:ff:ff:ff:ff":
        return "broadcast"
    if first & 1:
        return "multicast"
    return "local" if first & 2 else "global"


def _target_mac(text: str) -> str:
    return {
        "broadcast": "broadcast: every station on this link takes it",
        "multicast": "a group address: stations that joined the group take it",
        "local": "the station on this link that shall take it: the next hop",
        "global": "the station on this link that shall take it: the next hop",
    }[_mac_kind(text)]


def _source_mac(text: str) -> str:
    kind = _mac_kind(text)
    if kind == "local":
        return "the station that sent it on this link; locally administered: software chose it"
    return "the station that sent it on this link" if kind == "global" else "no valid sender"


def _ethertype(value: int) -> str:
    name = numbers.ETHERTYPES.get(value)
    return f"what follows is {name}" if name else "no type that is known here"


def ethernet(bits: Bits) -> None:
    """IEEE 802.3: the type field is a length where it is below 1536 (0x600)."""
    bits.bytes("dst", "to", 6, mac, _target_mac)
    bits.bytes("src", "from", 6, mac, _source_mac)
    if int.from_bytes(bits.around.data[bits.at // 8 : bits.stop], "big") < 0x600 and bits.left == 2:
        bits.number("size", "length", 16, "{}", "a length, no type: an IEEE 802.2 header follows")
    else:
        bits.number("type", "type", 16, named(numbers.ETHERTYPES, "0x{:04x}"), _ethertype)


def vlan(bits: Bits) -> None:
    """IEEE 802.1Q tag: its first two bytes are the Ethernet type before it."""
    bits.number("priority", "priority", 3, "{}", "0 is best effort")
    bits.number("drop", "drop eligible", 1)
    bits.number("vlan", "VLAN", 12, "{}", lambda v: f"the frame belongs to VLAN {v}")
    bits.number("type", "type", 16, named(numbers.ETHERTYPES, "0x{:04x}"), _ethertype)


def cooked(bits: Bits) -> None:
    """LINKTYPE_LINUX_SLL: tcpdump's stand-in for the link header on "-i any"."""
    bits.number("direction", "direction", 16, named(numbers.COOKED), "written by tcpdump, not sent")
    bits.number("hardware", "hardware", 16, "{}", "1 is Ethernet (ARPHRD_ETHER)")
    size = bits.number("size", "address length", 16)
    _cooked_address(bits, size)
    bits.number("type", "type", 16, named(numbers.ETHERTYPES, "0x{:04x}"), _ethertype)


def cooked2(bits: Bits) -> None:
    """LINKTYPE_LINUX_SLL2: as before, with the interface's index."""
    bits.number("type", "type", 16, named(numbers.ETHERTYPES, "0x{:04x}"), _ethertype)
    bits.number("reserved", "reserved", 16)
    bits.number("index", "interface", 32, "{}", "the index of the interface that saw it")
    bits.number("hardware", "hardware", 16, "{}", "1 is Ethernet (ARPHRD_ETHER)")
    bits.number("direction", "direction", 8, named(numbers.COOKED), "written by tcpdump, not sent")
    size = bits.number("size", "address length", 8)
    _cooked_address(bits, size)


def _cooked_address(bits: Bits, size: int) -> None:
    if size == 6:
        bits.bytes("src", "from", 6, mac, _source_mac)
        bits.bytes("unused", "unused", 2)
    else:
        bits.bytes("src", "from", 8)


def arp(bits: Bits) -> None:
    """RFC 826; numbers: IANA "arp-parameters"."""
    bits.number("hardware", "hardware", 16, "{}", "1 is Ethernet")
    bits.number("protocol", "protocol", 16, named(numbers.ETHERTYPES, "0x{:04x}"), "asked about")
    hardware = bits.number("hardware_size", "MAC length", 8, "{}", "bytes of a MAC address")
    protocol = bits.number("protocol_size", "IP length", 8, "{}", "bytes of an IP address")
    operation = bits.number("operation", "operation", 16, named(numbers.ARP_OPERATIONS))
    bits.means(
        {
            1: "a question to all: who has this IP address?",
            2: "an answer to the one who asked",
        }.get(operation, "")
    )
    if (hardware, protocol) != (6, 4):
        bits.rest("addresses", "addresses", "addresses of other sizes")
        return
    bits.bytes("sender_mac", "sender MAC", 6, mac, "the receiver notes it beside the sender's IP")
    sender = bits.bytes("sender_ip", "sender IP", 4, ipv4_text)
    bits.bytes("target_mac", "target MAC", 6, mac)
    if operation == 1:
        bits.means("unknown: it is what the question is about")
    target = bits.bytes("target_ip", "target IP", 4, ipv4_text)
    if operation == 1:
        bits.means("the address asked for")
    if sender == target:
        bits.means("its own: it announces itself")


# --- IP -----------------------------------------------------------------------------------------

_ECN = {0: "no congestion signal", 1: "can signal congestion", 2: "can signal congestion"}


def _protocol(value: int) -> str:
    name = numbers.PROTOCOLS.get(value)
    return f"protocol {value} is {name} (IANA)" if name else f"protocol {value}: not known here"


def _ttl(value: int) -> str:
    if value <= 1:
        return "the next router drops it and says so (ICMP time exceeded)"
    return f"{_count(value - 1, 'more router')} may forward it; each takes one off"


def ipv4(bits: Bits) -> None:
    """RFC 791; the former type of service: RFC 2474 and 3168; identification: RFC 6864."""
    start, around = bits.offset, bits.around
    bits.number("version", "version", 4, "{}", "IPv4")
    words = bits.number("ihl", "header length", 4, "{}")
    fault = "" if words >= 5 else "; below 5: malformed"
    bits.means(f"in words of 4 bytes: {_count(words * 4, 'byte')}{fault}")
    bits.number("dscp", "DSCP", 6, "{}", lambda v: "no special treatment" if v == 0 else "a class")
    bits.number("ecn", "ECN", 2, "{}", lambda v: _ECN.get(v, "a router met congestion"))
    length = bits.number("length", "total length", 16)
    bits.means(_total_length(length, words * 4, around, start))
    identity = len(bits.fields)
    bits.number("id", "identification", 16, "0x{:04x}")
    flags = bits.number("flags", "flags", 3, _ip_flags)
    bits.means(
        "DF: no router may cut it into fragments"
        if flags & 2
        else "MF: more fragments follow"
        if flags & 1
        else "no flag: a router may cut it into fragments"
    )
    fragment = bits.number("fragment", "fragment offset", 13)
    if fragment:
        bits.means(f"in units of 8 bytes: this part belongs at byte {fragment * 8}")
    else:
        bits.means("the first fragment" if flags & 1 else "0: not a later fragment")
    whole = not flags & 1 and not fragment
    bits.fields[identity] = replace(
        bits.fields[identity],
        meaning="means nothing in a packet that is never cut (DF)"
        if flags & 2 and whole
        else "fragments of one packet carry the same",
    )
    bits.number("ttl", "TTL", 8, "{}", _ttl)
    bits.number("protocol", "protocol", 8, named(numbers.PROTOCOLS), _protocol)
    found = bits.number("checksum", "header checksum", 16, "0x{:04x}")
    size = max(words * 4, 20)
    if bits.stop - start >= size:
        state, meaning = checksum.state(found, around.data[start : start + size], 10)
        if around.quoted and state == "wrong":
            meaning += "; routers on the way changed the TTL before this was quoted"
        bits.means(meaning, state)
    else:
        bits.means("cannot be checked: the header is cut", "unknown")
    bits.bytes("src", "from", 4, ipv4_text, _ipv4_kind)
    bits.bytes("dst", "to", 4, ipv4_text, _ipv4_kind)
    _ip_options(bits)


def _total_length(length: int, header: int, around: Around, start: int) -> str:
    if length < header:
        return "shorter than its own header: malformed"
    text = f"{header} of header, {length - header} carried"
    there = around.wire - start
    if length > there and not around.quoted:
        return f"{text}; but only {there} bytes arrived"
    if length > 1500 and not around.quoted:
        return (
            f"{text}; larger than an MTU of 1500: cut after, or joined before it was seen (offload)"
        )
    return text


def _ip_flags(value: int) -> str:
    return " ".join(
        name for bit, name in ((4, "reserved"), (2, "DF"), (1, "MF")) if value & bit
    ) or ("none")


_PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


def _ipv4_kind(text: str) -> str:
    """IANA "iana-ipv4-special-registry"."""
    address = IPv4Address(text)
    if text == "255.255.255.255":
        return "broadcast on this link"
    if address.is_multicast:
        return "a multicast group"
    if address.is_loopback:
        return "this machine itself"
    if address.is_link_local:
        return "valid on one link only (RFC 3927)"
    if address.is_unspecified:
        return "no address yet"
    if any(address in network for network in _PRIVATE):
        return "a private address (RFC 1918)"
    return ""


def _ip_options(bits: Bits) -> None:
    """RFC 791, section 3.1; router alert: RFC 2113."""
    while bits.left:
        kind = bits.around.data[bits.at // 8]
        if kind == 0:
            bits.bytes("end", "end of options", bits.left, lambda _: "end", "and padding")
            return
        if kind == 1:
            bits.bytes("nop", "no operation", 1, lambda _: "NOP", "fills up to a word")
            continue
        size = bits.around.data[bits.at // 8 + 1] if bits.left > 1 else 0
        if size < 2 or size > bits.left:
            bits.rest("options", "options", "malformed: an option's length leaves the header")
            return
        if kind == 7:
            bits.bytes("record_route", "record route", size, _route, "each router adds its address")
        elif kind == 148:
            bits.bytes("router_alert", "router alert", size, meaning="routers shall look inside")
        else:
            bits.bytes("option", f"option {kind}", size)


def _route(raw: bytes) -> str:
    places = [raw[at : at + 4] for at in range(3, min(raw[2] - 1, len(raw)), 4)] if raw[2:] else []
    return " ".join(ipv4_text(one) for one in places if len(one) == 4) or "empty"


def ipv6(bits: Bits) -> None:
    """RFC 8200, section 3."""
    bits.number("version", "version", 4, "{}", "IPv6")
    bits.number("class", "traffic class", 8)
    bits.number("flow", "flow label", 20, "0x{:05x}", "packets of one flow carry the same")
    bits.number("length", "payload length", 16, "{}", "the bytes after this header")
    bits.number("protocol", "next header", 8, named(numbers.PROTOCOLS), _protocol)
    bits.number("ttl", "hop limit", 8, "{}", _ttl)
    bits.bytes("src", "from", 16, ipv6_text, _ipv6_kind)
    bits.bytes("dst", "to", 16, ipv6_text, _ipv6_kind)


def _ipv6_kind(text: str) -> str:
    address = IPv6Address(text)
    if address.is_multicast:
        return "a multicast group"
    if address.is_link_local:
        return "valid on one link only"
    return "no address yet" if address.is_unspecified else ""


def ipv6_options(bits: Bits) -> None:
    """RFC 8200, sections 4.3 and 4.6."""
    bits.number("protocol", "next header", 8, named(numbers.PROTOCOLS), _protocol)
    bits.number("size", "length", 8, "{}", "in units of 8 bytes, the first not counted")
    bits.rest("options", "options", "for each router, or for the target, to look at")


# --- above IP -----------------------------------------------------------------------------------


def _port(value: int) -> str:
    if value in numbers.PORTS:
        return numbers.PORTS[value]
    return "in the range that Linux gives to clients" if ports.is_chosen(value) else ""


def _carried(bits: Bits) -> int:
    """The bytes from here to the end of the IP packet, as its header says."""
    under = bits.around.under
    if under is None or under.name not in {"IPv4", "IPv6"} or not under["length"].value:
        return bits.around.end - bits.offset
    header_too = under.length if under.name == "IPv4" else 0
    return int(under["length"].value) - header_too


def _transport(bits: Bits, found: int, size: int, protocol: int, at: int) -> tuple[str, str]:
    """The state of a checksum over pseudo-header, header and data, `size` bytes in all."""
    around, start = bits.around, bits.offset
    under = around.under
    if under is None or under.name not in {"IPv4", "IPv6"}:
        return "unknown", "cannot be checked without the IP header"
    if under.name == "IPv4" and (under["fragment"].value or under["flags"].shown.endswith("MF")):
        return "unknown", "cannot be checked in one fragment: it covers all of them"
    if size < 8 or start + size > around.end:
        why = "the packet is quoted in part" if around.quoted else "not all bytes are here"
        return "unknown", f"cannot be checked: {why}"
    front = checksum.pseudo(under["src"].raw, under["dst"].raw, protocol, size)
    return checksum.state(found, around.data[start : start + size], at, front)


def udp(bits: Bits) -> None:
    """RFC 768. VXLAN: no outer checksum, and a hash as source port (RFC 7348, section 5)."""
    source = len(bits.fields)
    bits.number("sport", "from port", 16, "{}", _port)
    if bits.number("dport", "to port", 16, "{}", _port) in numbers.VXLAN_PORTS:
        meaning = "a hash of the packet inside: nobody listens there"
        bits.fields[source] = replace(bits.fields[source], meaning=meaning)
    length = bits.number("length", "length", 16)
    if length < 8:
        bits.means("shorter than its own header: malformed")
    else:
        bits.means(f"8 of header, {length - 8} carried")
    found = bits.number("checksum", "checksum", 16, "0x{:04x}")
    if found == 0:
        bits.means("0: the sender computed none", "none")
    else:
        state, meaning = _transport(bits, found, length, 17, 6)
        bits.means(meaning, state)


def tcp_flags(value: int) -> str:
    """SYN ACK, in the order people say it."""
    found = [name for bit, name in enumerate(reversed(numbers.TCP_FLAGS)) if value >> bit & 1]
    order = ("SYN", "FIN", "RST", "PSH", "URG", "ECE", "CWR", "ACK")
    return " ".join(sorted(found, key=order.index)) or "none"


_TCP_FLAG_MEANINGS = {
    "SYN": "opens a connection",
    "SYN ACK": "accepts the connection",
    "ACK": "confirms what was received",
    "PSH ACK": "carries data that the receiver shall have at once",
    "FIN ACK": "has nothing more to send",
    "FIN PSH ACK": "carries the last data",
    "RST": "breaks the connection off",
    "RST ACK": "refuses, or breaks the connection off",
}


def tcp(bits: Bits) -> None:
    """RFC 9293, section 3.1; options: RFC 7323, RFC 2018; IANA "tcp-parameters"."""
    bits.number("sport", "from port", 16, "{}", _port)
    bits.number("dport", "to port", 16, "{}", _port)
    sequence = len(bits.fields)
    bits.number("seq", "sequence number", 32)
    answered = len(bits.fields)
    bits.number("ack", "acknowledgement", 32)
    words = bits.number("data_offset", "header length", 4)
    fault = "" if words >= 5 else "; below 5: malformed"
    bits.means(f"in words of 4 bytes: {_count(words * 4, 'byte')}{fault}")
    bits.number("reserved", "reserved", 4)
    flags = bits.number(
        "flags", "flags", 8, tcp_flags, lambda v: _TCP_FLAG_MEANINGS.get(tcp_flags(v), "")
    )
    bits.fields[sequence] = replace(
        bits.fields[sequence],
        meaning="chosen at random; data is counted from the next"
        if flags & 2
        else "the place of the first byte carried in the sender's stream",
    )
    bits.fields[answered] = replace(
        bits.fields[answered],
        meaning="the next byte expected from the other side"
        if flags & 16
        else "unused without the flag ACK",
    )
    bits.number(
        "window",
        "window",
        16,
        "{}",
        "room for so many bytes more"
        if flags & 2
        else "room for so many bytes more, times the factor that the SYN agreed on",
    )
    found = bits.number("checksum", "checksum", 16, "0x{:04x}")
    state, meaning = _transport(bits, found, _carried(bits), 6, 16)
    bits.means(meaning, state)
    bits.number(
        "urgent", "urgent pointer", 16, "{}", "" if flags & 32 else "unused without the flag URG"
    )
    _tcp_options(bits)


def _tcp_options(bits: Bits) -> None:
    while bits.left:
        at = bits.at // 8
        kind = bits.around.data[at]
        if kind == 0:
            bits.bytes("end", "end of options", bits.left, lambda _: "end", "and padding")
            return
        if kind == 1:
            bits.bytes("nop", "no operation", 1, lambda _: "NOP", "fills up to a word")
            continue
        size = bits.around.data[at + 1] if bits.left > 1 else 0
        if size < 2 or size > bits.left:
            bits.rest("options", "options", "malformed or cut: an option leaves the header")
            return
        raw = bits.around.data[at + 2 : at + size]
        value = int.from_bytes(raw, "big")
        if (kind, size) == (2, 4):
            _option(bits, "mss", "maximum segment", size, value)
            bits.means(f"takes at most {value} bytes of data a segment: the MTU less 40")
        elif (kind, size) == (3, 3):
            _option(bits, "wscale", "window scale", size, value)
            bits.means(f"its windows count in units of {2**value} bytes" if value < 15 else "")
        elif (kind, size) == (4, 2):
            _option(bits, "sack_permitted", "SACK permitted", size, "yes")
            bits.means("may be told of gaps in what arrived")
        elif (kind, size) == (8, 10):
            sent, echoed = int.from_bytes(raw[:4], "big"), int.from_bytes(raw[4:], "big")
            _option(bits, "timestamps", "timestamps", size, f"{sent} echo {echoed}")
            bits.means("the sender's clock, and the last value that it saw of the other's")
        elif kind == 5:
            edges = [str(int.from_bytes(raw[n : n + 4], "big")) for n in range(0, len(raw), 4)]
            _option(bits, "sack", "SACK", size, " ".join(edges))
            bits.means("has these ranges beyond a gap")
        else:
            _option(bits, "option", f"option {kind}", size, raw.hex(" "))


def _option(bits: Bits, name: str, label: str, size: int, value: int | str) -> None:
    bits.bytes(name, label, size)
    bits.fields[-1] = replace(bits.fields[-1], value=value, shown=str(value))


def icmp(bits: Bits) -> None:
    """RFC 792; fragmentation needed: RFC 1191; numbers: IANA "icmp-parameters"."""
    start = bits.offset
    kind = bits.number("type", "type", 8, named(numbers.ICMP))
    bits.means(_ICMP_MEANINGS.get(kind, ""))
    code = bits.number("code", "code", 8)
    bits.means(numbers.ICMP_CODES.get((kind, code), "no subtype" if code == 0 else ""))
    found = bits.number("checksum", "checksum", 16, "0x{:04x}")
    state, meaning = _icmp_state(bits, found)
    bits.means(meaning, state)
    if kind in {0, 8, 13, 14}:
        bits.number("id", "identifier", 16, "{}", "one running ping has one")
        bits.number("seq", "sequence", 16, "{}", "counts the requests; the reply repeats it")
        if kind in {13, 14}:
            for name in ("originate", "receive", "transmit"):
                bits.number(name, f"{name} time", 32, "{}", "milliseconds since midnight UTC")
    elif (kind, code) == (3, 4):
        bits.number("unused", "unused", 16)
        bits.number("mtu", "next hop's MTU", 16, "{}", "no larger packet gets through that way")
    elif kind == 5:
        bits.bytes("gateway", "gateway", 4, ipv4_text, "the better router on this link")
    else:
        bits.number("unused", "unused", 32)
    bits.rest("rest", "rest", f"not decoded here, from byte {bits.at // 8 - start}")


_ICMP_MEANINGS = {
    0: "the answer to a ping",
    3: "an error: the packet quoted below could not be delivered",
    5: "there is a better router on this link",
    8: "a ping: the receiver shall send it back",
    11: "an error: the packet quoted below was given up",
    12: "an error: a header is malformed",
}


def _icmp_state(bits: Bits, found: int) -> tuple[str, str]:
    around, under = bits.around, bits.around.under
    if under is None or under.name != "IPv4":
        return "unknown", "cannot be checked without the IP header"
    if under["fragment"].value or under["flags"].shown.endswith("MF"):
        return "unknown", "cannot be checked in one fragment: it covers all of them"
    if bits.offset + _carried(bits) > around.end:
        why = "the packet is quoted in part" if around.quoted else "not all bytes are here"
        return "unknown", f"cannot be checked: {why}"
    state, meaning = checksum.state(found, around.data[bits.offset : around.end], 2)
    return state, meaning.replace("over the header", "over header and data")


def icmpv6(bits: Bits) -> None:
    """RFC 4443 and 4861, no further than the first four bytes."""
    bits.number("type", "type", 8, named(numbers.ICMPV6))
    bits.number("code", "code", 8)
    found = bits.number("checksum", "checksum", 16, "0x{:04x}")
    around = bits.around
    address = next((one for one in reversed(around.before) if one.name == "IPv6"), None)
    if address is None or address.offset + 40 + int(address["length"].value) > around.end:
        bits.means("cannot be checked: not all bytes are here", "unknown")
    else:
        data = around.data[bits.offset : around.end]
        front = checksum.pseudo(address["src"].raw, address["dst"].raw, 58, len(data))
        state, meaning = checksum.state(found, data, 2, front)
        bits.means(meaning, state)
    bits.rest("body", "message", "")


def vxlan(bits: Bits) -> None:
    """RFC 7348, section 5."""
    bits.number(
        "flags", "flags", 8, "0x{:02x}", lambda v: "the VNI is valid" if v & 8 else "no valid VNI"
    )
    bits.number("reserved", "reserved", 24)
    bits.number("vni", "VNI", 24, "{}", lambda v: f"the frame inside belongs to network {v}")
    bits.number("reserved2", "reserved", 8)


HEADERS: dict[str, Callable[[Bits], None]] = {
    "Ethernet": ethernet,
    "VLAN": vlan,
    "Linux cooked": cooked,
    "Linux cooked v2": cooked2,
    "ARP": arp,
    "IPv4": ipv4,
    "IPv6": ipv6,
    "IPv6 options": ipv6_options,
    "UDP": udp,
    "TCP": tcp,
    "ICMP": icmp,
    "ICMPv6": icmpv6,
    "VXLAN": vxlan,
}


def header(
    reader: Callable[[Bits], None], around: Around, offset: int, length: int
) -> tuple[Field, ...]:
    """The fields that `reader` finds in a header at `offset`; they tile its `length` bytes."""
    bits = Bits(around, offset, length)
    try:
        reader(bits)
    except CutError:
        bits.rest("cut", "cut", "the header ends here, before its next field does")
    bits.rest("rest", "rest", "belongs to no field that is known here")
    return tuple(bits.fields)
