"""Which function reads which header, field by field; sources stand with each function."""

from collections.abc import Callable

from macros.packets.bits import Bits
from macros.packets.encrypted import ESP, WIREGUARD, esp, wireguard
from macros.packets.icmp_headers import icmp, icmpv6
from macros.packets.link_headers import arp, cooked, cooked2, ethernet, vlan
from macros.packets.network_headers import ipv4, ipv6, ipv6_options
from macros.packets.transport_headers import gre, tcp, udp, vxlan

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
    "GRE": gre,
    WIREGUARD: wireguard,
    ESP: esp,
}
