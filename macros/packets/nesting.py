"""Which header follows which in a packet, and where each ends: by what the headers say themselves.

Nothing is guessed: what no rule here names, what is too short for its header, and what contradicts
itself is data. Links: https://www.tcpdump.org/linktypes.html; numbers: IANA "ieee-802-numbers" and
"protocol-numbers".
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from macros.packets import dns, encrypted, numbers

# The first header for each link type; "IP" is that of the version which its first bits name. 12
# and 14 are what old writers used for raw IP.
_LINKS = {
    1: "Ethernet",
    12: "IP",
    14: "IP",
    101: "IP",
    113: "Linux cooked",
    228: "IPv4",
    229: "IPv6",
    276: "Linux cooked v2",
}
_BY_TYPE = {
    0x0800: "IPv4",
    0x0806: "ARP",
    0x86DD: "IPv6",
    0x6558: "Ethernet",  # a frame in GRE
    **dict.fromkeys(numbers.TAGS, "VLAN"),
}
_BY_PROTOCOL = {4: "IPv4", 6: "TCP", 17: "UDP", 41: "IPv6", 47: "GRE", 50: encrypted.ESP}
_IN_IPV4 = _BY_PROTOCOL | {1: "ICMP"}
_IN_IPV6 = _BY_PROTOCOL | {0: "IPv6 options", 58: "ICMPv6", 60: "IPv6 options"}
_GROWING = frozenset(_IN_IPV6) - {58}
_MOST_FILLING = 10
"""Bytes behind an IPv6 header in a frame of 60 bytes and a check sequence: 60 + 4 - 14 - 40."""
_DEEPEST = 40
"""So many headers are read in one packet: more are a circle, or made to be one."""


class Piece(NamedTuple):
    """One header: where it is, and where what it carries ends. `why` says why it is only data."""

    name: str
    offset: int
    length: int
    end: int
    quoted: bool = False
    why: str = ""


class _Header(NamedTuple):
    """What a header says of itself: its length, what follows, and how much of that there is.

    `follows` is "" where nothing is known of it. `carries` is None where it does not say how much.
    """

    length: int
    follows: str
    carries: int | None = None
    quotes: bool = False


def known(link: int) -> bool:
    """Whether captures of this link type are read."""
    return link in _LINKS


def pieces(data: bytes, link: int) -> Iterator[Piece]:
    """The headers of a packet from the outside in, and then its data, if there is any.

    What is left behind the end of a header's load, such as padding, belongs to none of them.
    """
    name = _LINKS[link]
    offset, end, quoted, behind = 0, len(data), False, ""
    for _ in range(_DEEPEST):
        if name == "IP":
            name = {4: "IPv4", 6: "IPv6"}.get(data[offset] >> 4 if data else 0, "")
        header = _READ[name](data[offset:end]) if name else None
        if header is None:
            break
        load = offset + header.length
        stop = end if header.carries is None else min(end, load + header.carries)
        yield Piece(name, offset, header.length, max(stop, load), quoted)
        offset, end, name, behind = load, max(stop, load), header.follows, name
        quoted = quoted or header.quotes
        if offset == end:
            return
    else:
        why = f"not decoded: {_DEEPEST} headers lie around it"
        yield Piece("Data", offset, end - offset, end, quoted, why)
        return
    why = f"no whole, well-formed {name} header" if name else ""
    if behind in encrypted.NAMES:
        why = encrypted.why(end - offset)
    yield Piece("Data", offset, end - offset, end, quoted, why)


def _number(data: bytes, offset: int, size: int = 2) -> int:
    return int.from_bytes(data[offset : offset + size], "big")


def _ethernet(data: bytes) -> _Header | None:
    """IEEE 802.3: a type, or below 1536 the length of an IEEE 802.2 frame."""
    if len(data) < 14:
        return None
    return _typed(14, _number(data, 12))


def _vlan(data: bytes) -> _Header | None:
    """IEEE 802.1Q and 802.1ad: behind the tag stands the type of what it is put on."""
    return None if len(data) < 4 else _typed(4, _number(data, 2))


def _typed(length: int, kind: int) -> _Header:
    if kind < 0x600:
        return _Header(length, "", kind)
    return _Header(length, _BY_TYPE.get(kind, ""))


def _cooked(data: bytes) -> _Header | None:
    return None if len(data) < 16 else _Header(16, _BY_TYPE.get(_number(data, 14), ""))


def _cooked2(data: bytes) -> _Header | None:
    return None if len(data) < 20 else _Header(20, _BY_TYPE.get(_number(data, 0), ""))


def _arp(data: bytes) -> _Header | None:
    """RFC 826: two addresses of each sort, of the sizes that it names."""
    size = 8 + 2 * (data[4] + data[5]) if len(data) >= 8 else 8
    return None if len(data) < size else _Header(size, "", 0)


def _ipv4(data: bytes) -> _Header | None:
    """RFC 791. A total length of 0 is left to the network card, and all that is there is meant."""
    if len(data) < 20 or data[0] >> 4 != 4 or data[0] & 15 < 5:
        return None
    length, total = (data[0] & 15) * 4, _number(data, 2)
    later = _number(data, 6) & 0x1FFF
    follows = "" if later else _IN_IPV4.get(data[9], "")
    return _Header(min(length, len(data)), follows, total - length if total >= length else None)


def _ipv6(data: bytes) -> _Header | None:
    """RFC 8200. A length of 0 is meant where nothing else could be; else see `grown`."""
    if len(data) < 40 or data[0] >> 4 != 6:
        return None
    length = _number(data, 4)
    return _Header(40, _IN_IPV6.get(data[6], ""), None if grown(data) else length)


def grown(data: bytes) -> bool:
    """Whether an IPv6 packet is longer than its length can say: that is 0, and there is more.

    It is so with a jumbo payload option (RFC 2675), and with what the network card is to cut
    ("BIG TCP"). What fills an Ethernet frame behind a packet without load is shorter.
    """
    return not _number(data, 4) and data[6] in _GROWING and len(data) - 40 > _MOST_FILLING


def _ipv6_options(data: bytes) -> _Header | None:
    """RFC 8200, sections 4.3 and 4.6."""
    if len(data) < 8:
        return None
    return _Header(min((data[1] + 1) * 8, len(data)), _IN_IPV6.get(data[0], ""))


def _udp(data: bytes) -> _Header | None:
    """RFC 768; VXLAN is what is sent to its port and has its flags, or those of a group policy.

    RFC 7348, section 5; draft-smith-vxlan-group-policy. Others use that port too. WireGuard has no
    port of its own: its messages are known by their form.
    """
    if len(data) < 8:
        return None
    length = _number(data, 4)
    size = length - 8 if length >= 8 else None
    return _Header(8, _in_udp(data, len(data) - 8 if size is None else size), size)


def _in_udp(data: bytes, size: int) -> str:
    """What a datagram carries, if it is a tunnel's; `size` is how many bytes it says they are."""
    ports = {_number(data, 0), _number(data, 2)}
    if _number(data, 2) in numbers.VXLAN_PORTS and data[8:9] in {b"\x08", b"\x88"}:
        return "VXLAN"
    if encrypted.ESP_PORT in ports and encrypted.is_esp(size, data[8:12]):
        return encrypted.ESP
    if dns.PORT not in ports and encrypted.is_wireguard(size, data[8:12]):
        return encrypted.WIREGUARD
    return ""


def _tcp(data: bytes) -> _Header | None:
    if len(data) < 20 or data[12] >> 4 < 5:
        return None
    return _Header(min((data[12] >> 4) * 4, len(data)), "")


def _icmp(data: bytes) -> _Header | None:
    """RFC 792: an error quotes the packet that it is about; a timestamp has three more words."""
    if len(data) < 8:
        return None
    if data[0] in numbers.ICMP_ERRORS:
        return _Header(8, "IPv4" if len(data) >= 28 else "", None, quotes=True)
    longer = {13: 20, 14: 20, 17: 12, 18: 12}.get(data[0], 8)
    return _Header(min(longer, len(data)), "")


def _icmpv6(data: bytes) -> _Header | None:
    """RFC 4443: an error quotes the packet that it is about, a ping has its data behind it."""
    if len(data) < 8 or data[0] not in numbers.ICMPV6_ERRORS | numbers.ICMPV6_PINGS:
        return None if len(data) < 4 else _Header(len(data), "")
    quotes = data[0] in numbers.ICMPV6_ERRORS
    return _Header(8, "IPv6" if quotes and len(data) >= 48 else "", None, quotes)


def _vxlan(data: bytes) -> _Header | None:
    return None if len(data) < 8 else _Header(8, "Ethernet")


def _gre(data: bytes) -> _Header | None:
    """RFC 2784 and 2890: a checksum, a key and a number where the flags say so.

    Version 1 is another header (RFC 2637), and so is one with routing (RFC 1701).
    """
    if len(data) < 4 or data[0] & 0x40 or data[1] & 7:
        return None
    length = 4 + 4 * sum(bool(data[0] & flag) for flag in (0x80, 0x20, 0x10))
    return None if len(data) < length else _typed(length, _number(data, 2))


def _esp(data: bytes) -> _Header | None:
    """RFC 4303: behind the SPI and the sequence number all is encrypted."""
    return None if len(data) < encrypted.ESP_HEADER else _Header(encrypted.ESP_HEADER, "")


def _wireguard(data: bytes) -> _Header | None:
    return _Header(encrypted.header_length(data), "")


_READ: dict[str, Callable[[bytes], _Header | None]] = {
    "Ethernet": _ethernet,
    "VLAN": _vlan,
    "Linux cooked": _cooked,
    "Linux cooked v2": _cooked2,
    "ARP": _arp,
    "IPv4": _ipv4,
    "IPv6": _ipv6,
    "IPv6 options": _ipv6_options,
    "UDP": _udp,
    "TCP": _tcp,
    "ICMP": _icmp,
    "ICMPv6": _icmpv6,
    "VXLAN": _vxlan,
    "GRE": _gre,
    encrypted.ESP: _esp,
    encrypted.WIREGUARD: _wireguard,
}
