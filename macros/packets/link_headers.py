"""Headers of a link: Ethernet, its tags, tcpdump's stand-ins for it, and ARP."""

from macros.packets import numbers
from macros.packets.bits import Bits, ipv4_text, mac, named


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
        "local": "the station on this link that is to take it: the next hop",
        "global": "the station on this link that is to take it: the next hop",
    }[_mac_kind(text)]


def _source_mac(text: str) -> str:
    kind = _mac_kind(text)
    if kind == "local":
        return "the station that sent it on this link; locally administered: software chose it"
    return "the station that sent it on this link" if kind == "global" else "no valid sender"


def _ethertype(value: int) -> str:
    name = numbers.ETHERTYPES.get(value)
    if not name:
        return "no type that is known here"
    # A protocol has a name, IPv4; what has several words is a thing, and takes an article.
    return f"what follows is a {name}" if " " in name else f"what follows is {name}"


def ethernet(bits: Bits) -> None:
    """IEEE 802.3: the type field is a length where it is below 1536 (0x600)."""
    bits.bytes("dst", "to", 6, mac, _target_mac)
    bits.bytes("src", "from", 6, mac, _source_mac)
    if int.from_bytes(bits.around.data[bits.byte : bits.stop], "big") < 0x600 and bits.left == 2:
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
