"""Headers of ICMP, of both versions."""

from macros.packets import checksum, numbers
from macros.packets.bits import Bits, ipv4_text, named
from macros.packets.transport_headers import carried, in_fragment, judged, network


def icmp(bits: Bits) -> None:
    """RFC 792; fragmentation needed: RFC 1191; numbers: IANA "icmp-parameters"."""
    start = bits.offset
    kind = bits.number("type", "type", 8, named(numbers.ICMP))
    bits.means(_ICMP_MEANINGS.get(kind, ""))
    code = bits.number("code", "code", 8)
    bits.means(numbers.ICMP_CODES.get((kind, code), "no subtype" if code == 0 else ""))
    value = bits.number("checksum", "checksum", 16, "0x{:04x}")
    state, meaning = _icmp_state(bits, value)
    bits.means(meaning, state)
    if kind in {0, 8, 13, 14}:
        _ping(bits)
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
    bits.rest("rest", "rest", f"not decoded here, from byte {bits.byte - start}")


def _ping(bits: Bits) -> None:
    bits.number("id", "identifier", 16, "{}", "one running ping has one")
    bits.number("seq", "sequence", 16, "{}", "counts the requests; the reply repeats it")


_ICMP_MEANINGS = {
    0: "the answer to a ping",
    3: "an error: the packet quoted below could not be delivered",
    5: "there is a better router on this link",
    8: "a ping: asks the receiver to send it back",
    11: "an error: the packet quoted below was given up",
    12: "an error: a header is malformed",
}


def _icmp_state(bits: Bits, value: int) -> tuple[str, str]:
    """The state of ICMP's checksum, which covers no addresses, and a sentence about it."""
    around, ip = bits.around, network(bits)
    if ip is None or ip.name != "IPv4":
        return "unknown", "cannot be checked without the IP header"
    if in_fragment(ip):
        return "unknown", "cannot be checked in one fragment: it covers all of them"
    if bits.offset + carried(bits) > around.end:
        why = "the packet is quoted in part" if around.quoted else "not all bytes are here"
        return "unknown", f"cannot be checked: {why}"
    state, meaning = checksum.state(value, around.data[bits.offset : around.end], 2)
    return state, meaning.replace("over the header", "over header and data")


def icmpv6(bits: Bits) -> None:
    """RFC 4443; of RFC 4861 no further than the first four bytes."""
    kind = bits.number("type", "type", 8, named(numbers.ICMPV6))
    code = bits.number("code", "code", 8)
    bits.means(numbers.ICMPV6_CODES.get((kind, code), ""))
    value = bits.number("checksum", "checksum", 16, "0x{:04x}")
    state, meaning = judged(bits, value, carried(bits), 58, 2)
    bits.means(meaning, state)
    if kind in numbers.ICMPV6_PINGS and bits.left >= 4:
        _ping(bits)
    elif kind == 2 and bits.left >= 4:
        bits.number("mtu", "next hop's MTU", 32, "{}", "no larger packet gets through that way")
    elif kind == 4 and bits.left >= 4:
        bits.number("pointer", "pointer", 32, "{}", "the byte at which it is malformed")
    elif kind in numbers.ICMPV6_ERRORS and bits.left >= 4:
        bits.number("unused", "unused", 32)
    bits.rest("body", "message", "")
