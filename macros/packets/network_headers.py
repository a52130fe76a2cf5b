"""Headers of IP: version 4 with options, version 6 with the headers between it and its load."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address

from macros.packets import checksum, numbers
from macros.packets.bits import Around, Bits, counted, ipv4_text, ipv6_text, named
from macros.packets.transport_headers import UNFINISHED

_ECN = {0: "no congestion signal", 1: "can signal congestion", 2: "can signal congestion"}


_OFFLOADED = "0: left to the network card (offload)"


def _protocol(value: int) -> str:
    name = numbers.PROTOCOLS.get(value)
    return f"protocol {value} is {name} (IANA)" if name else f"protocol {value}: not known here"


def _ttl(value: int) -> str:
    if value <= 1:
        return "the next router drops it and says so (ICMP time exceeded)"
    return f"{counted(value - 1, 'more router')} may forward it; each takes one off"


def ipv4(bits: Bits) -> None:
    """RFC 791; the former type of service: RFC 2474 and 3168; identification: RFC 6864."""
    bits.number("version", "version", 4, "{}", "IPv4")
    words = bits.number("ihl", "header length", 4, "{}")
    fault = "" if words >= 5 else "; below 5: malformed"
    bits.means(f"in words of 4 bytes: {counted(words * 4, 'byte')}{fault}")
    bits.number("dscp", "DSCP", 6, "{}", lambda v: "no special treatment" if v == 0 else "a class")
    bits.number("ecn", "ECN", 2, "{}", lambda v: _ECN.get(v, "a router met congestion"))
    length = bits.number("length", "total length", 16)
    bits.means(_total_length(length, words * 4, bits.around, bits.offset))
    _fragmentation(bits)
    bits.number("ttl", "TTL", 8, "{}", _ttl)
    bits.number("protocol", "protocol", 8, named(numbers.PROTOCOLS), _protocol)
    value = bits.number("checksum", "header checksum", 16, "0x{:04x}")
    state, meaning = _header_sum(bits, value, max(words * 4, 20), unfinished=not length)
    bits.means(meaning, state)
    bits.bytes("src", "from", 4, ipv4_text, _ipv4_kind)
    bits.bytes("dst", "to", 4, ipv4_text, _ipv4_kind)
    _ip_options(bits)


def _fragmentation(bits: Bits) -> None:
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


def _header_sum(bits: Bits, value: int, size: int, *, unfinished: bool) -> tuple[str, str]:
    """The state of the header's checksum, and a sentence about it."""
    start, around = bits.offset, bits.around
    if bits.stop - start < size:
        return "unknown", "cannot be checked: the header is cut"
    state, meaning = checksum.state(value, around.data[start : start + size], 10)
    if state == "wrong" and unfinished:
        return "unknown", UNFINISHED
    if state == "wrong" and around.quoted:
        meaning += "; routers on the way changed the TTL before this was quoted"
    return state, meaning


def _total_length(length: int, header: int, around: Around, start: int) -> str:
    if not length:
        return _OFFLOADED
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
        kind = bits.around.data[bits.byte]
        if kind == 0:
            bits.bytes("end", "end of options", bits.left, lambda _: "end", "and padding")
            return
        if kind == 1:
            bits.bytes("nop", "no operation", 1, lambda _: "NOP", "fills up to a word")
            continue
        size = bits.around.data[bits.byte + 1] if bits.left > 1 else 0
        if size < 2 or size > bits.left:
            bits.rest("options", "options", "malformed: an option's length leaves the header")
            return
        if kind == 7:
            bits.bytes("record_route", "record route", size, _route, "each router adds its address")
        elif kind == 148:
            bits.bytes("router_alert", "router alert", size, meaning="asks routers to look inside")
        else:
            bits.bytes("option", f"option {kind}", size)


def _route(raw: bytes) -> str:
    starts = range(3, min(raw[2] - 1, len(raw)), 4) if raw[2:] else ()
    addresses = [raw[start : start + 4] for start in starts]
    return " ".join(ipv4_text(address) for address in addresses if len(address) == 4) or "empty"


def _flow(value: int) -> str:
    """RFC 6437, section 2."""
    return "packets of one flow carry the same" if value else "0: the sender gave none"


def ipv6(bits: Bits) -> None:
    """RFC 8200, section 3."""
    bits.number("version", "version", 4, "{}", "IPv6")
    bits.number("class", "traffic class", 8)
    bits.number("flow", "flow label", 20, "0x{:05x}", _flow)
    length = bits.number("length", "payload length", 16, "{}", "the bytes after this header")
    if not length and bits.around.end > bits.stop:
        jumbo = bits.around.data[bits.byte] == 0  # hop-by-hop options follow
        option = "0: too large for these bits, an option has the length (RFC 2675)"
        bits.means(option if jumbo else _OFFLOADED)
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
