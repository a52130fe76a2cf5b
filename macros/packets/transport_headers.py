"""Headers of UDP and TCP, and of VXLAN, which lies in UDP."""

from dataclasses import replace

from macros.packets import checksum, numbers
from macros.packets.bits import Bits, counted


def _port(value: int) -> str:
    if value in numbers.PORTS:
        return numbers.PORTS[value]
    return "in the range that Linux gives to clients" if numbers.chosen_by_kernel(value) else ""


def carried(bits: Bits) -> int:
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
    bits.means(f"in words of 4 bytes: {counted(words * 4, 'byte')}{fault}")
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
    state, meaning = _transport(bits, found, carried(bits), 6, 16)
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


def vxlan(bits: Bits) -> None:
    """RFC 7348, section 5."""
    bits.number(
        "flags", "flags", 8, "0x{:02x}", lambda v: "the VNI is valid" if v & 8 else "no valid VNI"
    )
    bits.number("reserved", "reserved", 24)
    bits.number("vni", "VNI", 24, "{}", lambda v: f"the frame inside belongs to network {v}")
    bits.number("reserved2", "reserved", 8)
