"""What a header is called in paths and matches, and which are alike."""

PINGS = frozenset({"ICMP", "ICMPv6"})
"""The headers that a ping has: with an id, which is a name, and a number."""

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
    "GRE": "gre",
    "WireGuard": "wireguard",
    "ESP": "esp",
    "BGP": "bgp",
    "DNS": "dns",
    "Data": "data",
    "Padding": "padding",
}
