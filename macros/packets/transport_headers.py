"""Headers of UDP and TCP, of VXLAN, which lies in UDP, and of GRE."""

from dataclasses import replace

from macros.ground import ports
from macros.packets import checksum, encrypted, numbers
from macros.packets.bits import Bits, counted, named
from macros.packets.packet import Layer


def _port(value: int) -> str:
    return numbers.PORTS.get(value, "")


def _ports(bits: Bits) -> None:
    """The two ports; one in the range for clients is a client's if the other one is not in it.

    Of two in that range nobody knows here which end listens.
    """
    both = [
        bits.number(name, label, 16, "{}", _port)
        for name, label in (("sport", "from port"), ("dport", "to port"))
    ]
    for field, port, other in zip((-2, -1), both, reversed(both), strict=True):
        if port not in numbers.PORTS and ports.is_chosen(port) and not ports.is_chosen(other):
            meaning = "in the range that Linux gives to clients"
            bits.fields[field] = replace(bits.fields[field], meaning=meaning)


def _is_wireguard(bits: Bits, length: int) -> bool:
    """Whether a datagram's load is of WireGuard's form; other tunnels have ports of their own."""
    load = bits.around.data[bits.offset + 8 : bits.offset + 12]
    return encrypted.is_wireguard(length - 8, load)


def network(bits: Bits) -> Layer | None:
    """The IP header that this one lies in; between them may be options of IPv6."""
    for layer in reversed(bits.around.before):
        if layer.name in {"IPv4", "IPv6"}:
            return layer
        if layer.name != "IPv6 options":
            return None
    return None


def carried(bits: Bits) -> int:
    """The bytes from here to the end of the IP packet, as its header says; all, where that is 0."""
    around = network(bits)
    length = None if around is None else int(around["length"].value)
    if around is None or not length:
        return bits.around.end - bits.offset
    before = around.length if around.name == "IPv4" else 0
    return length - before - (bits.offset - around.offset - around.length)


def judged(bits: Bits, value: int, size: int, protocol: int, start: int) -> tuple[str, str]:
    """The state of a checksum over pseudo-header, header and data, `size` bytes in all.

    It stands at byte `start` of the header. The second is a sentence about it.
    """
    ip, first, end = network(bits), bits.offset, bits.around.end
    if ip is None:
        return "unknown", "cannot be checked without the IP header"
    if in_fragment(ip):
        return "unknown", "cannot be checked in one fragment: it covers all of them"
    if size < 4 or first + size > end:
        why = "the packet is quoted in part" if bits.around.quoted else "not all bytes are here"
        return "unknown", f"cannot be checked: {why}"
    front = checksum.pseudo(ip["src"].raw, ip["dst"].raw, protocol, size)
    state, meaning = checksum.state(value, bits.around.data[first : first + size], start, front)
    if state == "wrong" and not ip["length"].value:
        return "unknown", UNFINISHED
    return state, meaning


UNFINISHED = "cannot be checked: the network card fills in length and checksum (offload)"


def in_fragment(ip: Layer) -> bool:
    """Whether an IPv4 packet is one part of a larger one."""
    if ip.name != "IPv4":
        return False
    return bool(ip["fragment"].value) or ip["flags"].shown.endswith("MF")


def udp(bits: Bits) -> None:
    """RFC 768. VXLAN's source port is a hash that stands for the flow inside (RFC 7348)."""
    _ports(bits)
    source, target = bits.fields
    length = bits.number("length", "length", 16)
    if target.value in numbers.VXLAN_PORTS:
        meaning = "stands for the connection inside: nobody listens there"
        bits.fields[0] = replace(source, meaning=meaning)
    elif _is_wireguard(bits, length):
        meaning = "WireGuard sends from the port at which it listens"
        bits.fields[0] = replace(source, meaning=meaning)
        bits.fields[1] = replace(target, meaning="")
    ip = network(bits)
    unfinished = not length and ip is not None and not ip["length"].value
    if unfinished:
        bits.means("0: left to the network card (offload)")
    elif length < 8:
        bits.means("shorter than its own header: malformed")
    else:
        bits.means(f"8 of header, {length - 8} carried")
    value = bits.number("checksum", "checksum", 16, "0x{:04x}")
    if value == 0:
        bits.means("0: the sender computed none", "none")
    else:
        size = carried(bits) if unfinished else length if length >= 8 else 0
        state, meaning = judged(bits, value, size, 17, 6)
        bits.means(meaning, state)


def tcp_flags(value: int) -> str:
    """SYN ACK, in the order people say it."""
    names = [name for bit, name in enumerate(reversed(numbers.TCP_FLAGS)) if value >> bit & 1]
    order = ("SYN", "FIN", "RST", "PSH", "URG", "ECE", "CWR", "ACK")
    return " ".join(sorted(names, key=order.index)) or "none"


_TCP_FLAG_MEANINGS = {
    "SYN": "opens a connection",
    "SYN ACK": "accepts the connection",
    "ACK": "confirms what was received",
    "PSH ACK": "carries data, to be handed to the program at once",
    "FIN ACK": "has nothing more to send",
    "FIN PSH ACK": "carries the last data",
    "RST": "breaks the connection off",
    "RST ACK": "refuses, or breaks the connection off",
}


def tcp(bits: Bits) -> None:
    """RFC 9293, section 3.1; options: RFC 7323, RFC 2018; IANA "tcp-parameters"."""
    _ports(bits)
    numbers_of = len(bits.fields)
    bits.number("seq", "sequence number", 32)
    bits.number("ack", "acknowledgement", 32)
    words = bits.number("data_offset", "header length", 4)
    fault = "" if words >= 5 else "; below 5: malformed"
    bits.means(f"in words of 4 bytes: {counted(words * 4, 'byte')}{fault}")
    bits.number("reserved", "reserved", 4)
    flags = bits.number(
        "flags", "flags", 8, tcp_flags, lambda v: _TCP_FLAG_MEANINGS.get(tcp_flags(v), "")
    )
    for number, meaning in enumerate(_numbers_mean(flags), numbers_of):
        bits.fields[number] = replace(bits.fields[number], meaning=meaning)
    room = "room for so many bytes more"
    later = "" if flags & 2 else ", times the factor that the SYN agreed on"
    bits.number("window", "window", 16, "{}", f"{room}{later}")
    value = bits.number("checksum", "checksum", 16, "0x{:04x}")
    state, meaning = judged(bits, value, carried(bits), 6, 16)
    bits.means(meaning, state)
    bits.number(
        "urgent", "urgent pointer", 16, "{}", "" if flags & 32 else "unused without the flag URG"
    )
    _tcp_options(bits)


def _numbers_mean(flags: int) -> tuple[str, str]:
    """What the sequence number and the acknowledgement say, by the flags."""
    return (
        "chosen at random; data is counted from the next"
        if flags & 2
        else "the place of the first byte carried in the sender's stream",
        "the next byte expected from the other side"
        if flags & 16
        else "unused without the flag ACK",
    )


def _tcp_options(bits: Bits) -> None:
    while bits.left:
        start = bits.byte
        kind = bits.around.data[start]
        if kind == 0:
            bits.bytes("end", "end of options", bits.left, lambda _: "end", "and padding")
            return
        if kind == 1:
            bits.bytes("nop", "no operation", 1, lambda _: "NOP", "fills up to a word")
            continue
        size = bits.around.data[start + 1] if bits.left > 1 else 0
        if size < 2 or size > bits.left:
            bits.rest("options", "options", "malformed or cut: an option leaves the header")
            return
        raw = bits.around.data[start + 2 : start + size]
        value = int.from_bytes(raw, "big")
        if (kind, size) == (2, 4):
            _option(bits, "mss", "maximum segment", size, value)
            bits.means(
                f"takes at most {value} bytes of data a segment: the MTU less {_without(bits)}"
            )
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


def _without(bits: Bits) -> int:
    """The bytes of the MTU that a segment's data cannot have: an IP and a TCP header, bare."""
    ip = network(bits)
    return 60 if ip is not None and ip.name == "IPv6" else 40


def _option(bits: Bits, name: str, label: str, size: int, value: int | str) -> None:
    bits.bytes(name, label, size)
    bits.fields[-1] = replace(bits.fields[-1], value=value, shown=str(value))


def vxlan(bits: Bits) -> None:
    """RFC 7348, section 5."""
    bits.number(
        "flags", "flags", 8, "0x{:02x}", lambda v: "the VNI is valid" if v & 8 else "no valid VNI"
    )
    bits.number("reserved", "reserved", 24)
    bits.number("vni", "VNI", 24, "{}", lambda v: f"the frame inside belongs to network {v}")
    bits.number("reserved2", "reserved", 8)


def gre(bits: Bits) -> None:
    """RFC 2784; key and sequence number: RFC 2890."""
    flags = bits.number("flags", "flags", 13, "0x{:04x}")
    names = [name for bit, name in _GRE_FLAGS if flags & bit]
    bits.means(", ".join(names) or "no optional fields")
    bits.number("version", "version", 3)
    bits.number("protocol", "carries", 16, named(_IN_GRE, "0x{:04x}"))
    if flags & 0x1000:
        bits.number("checksum", "checksum", 16, "0x{:04x}")
        bits.number("reserved", "reserved", 16)
    if flags & 0x400:
        bits.number("key", "key", 32, "{}", lambda key: f"both ends of this tunnel have key {key}")
    if flags & 0x200:
        bits.number("seq", "sequence number", 32)


_GRE_FLAGS = ((0x1000, "checksum"), (0x400, "key"), (0x200, "sequence number"))
_IN_GRE = {0x0800: "IPv4", 0x86DD: "IPv6", 0x6558: "an Ethernet frame"}
