"""Numbers that have names: only those that a reader of the guide can meet.

Sources: IANA's registries "ieee-802-numbers", "protocol-numbers", "service-names-port-numbers",
"icmp-parameters", "icmpv6-parameters", "arp-parameters", as of 2026.
"""

ETHERTYPES = {
    0x0800: "IPv4",
    0x0806: "ARP",
    0x8035: "RARP",
    0x8100: "VLAN tag",
    0x86DD: "IPv6",
    0x8847: "MPLS",
    0x888E: "802.1X",
    0x88A8: "VLAN tag of a provider",
    0x88B5: "local experiment",
    0x88B6: "local experiment",
    0x88CC: "LLDP",
    0x9000: "loopback test",
    0x9100: "VLAN tag of a provider",
    0x9200: "VLAN tag of a provider",
}

TAGS = (0x8100, 0x88A8, 0x9100, 0x9200)
"""Types of a VLAN tag: IEEE 802.1Q and 802.1ad, and two that were used before the latter."""

PROTOCOLS = {
    0: "hop-by-hop options",
    1: "ICMP",
    2: "IGMP",
    4: "IP-in-IP",
    6: "TCP",
    17: "UDP",
    41: "IPv6",
    43: "routing header",
    44: "fragment",
    47: "GRE",
    50: "ESP",
    51: "AH",
    58: "ICMPv6",
    59: "nothing",
    60: "destination options",
    89: "OSPF",
    112: "VRRP",
    132: "SCTP",
    253: "experiment",
    254: "experiment",
}

PORTS = {
    22: "SSH",
    53: "DNS",
    67: "DHCP server",
    68: "DHCP client",
    80: "HTTP",
    123: "NTP",
    179: "BGP",
    443: "HTTPS",
    2379: "etcd",
    2380: "etcd peers",
    4789: "VXLAN, as IANA assigned it",
    5353: "multicast DNS",
    6443: "the Kubernetes API",
    8080: "HTTP, by custom",
    8472: "VXLAN, Linux's first choice",
    10250: "kubelet",
}

VXLAN_PORTS = frozenset({4789, 8472})

ICMP = {
    0: "echo reply",
    3: "destination unreachable",
    4: "source quench",
    5: "redirect",
    8: "echo request",
    9: "router advertisement",
    10: "router solicitation",
    11: "time exceeded",
    12: "parameter problem",
    13: "timestamp",
    14: "timestamp reply",
}
ICMP_ERRORS = frozenset({3, 4, 5, 11, 12})

ICMP_CODES = {
    (3, 0): "network unreachable",
    (3, 1): "host unreachable",
    (3, 2): "protocol unreachable",
    (3, 3): "port unreachable",
    (3, 4): "fragmentation needed, but DF is set",
    (3, 5): "source route failed",
    (3, 9): "network prohibited",
    (3, 10): "host prohibited",
    (3, 13): "prohibited by a filter",
    (5, 0): "for the network",
    (5, 1): "for the host",
    (11, 0): "TTL used up on the way",
    (11, 1): "fragments missing for too long",
}

ICMPV6 = {
    1: "destination unreachable",
    2: "packet too big",
    3: "time exceeded",
    4: "parameter problem",
    128: "echo request",
    129: "echo reply",
    130: "multicast listener query",
    131: "multicast listener report",
    133: "router solicitation",
    134: "router advertisement",
    135: "neighbor solicitation",
    136: "neighbor advertisement",
    137: "redirect",
    143: "multicast listener report v2",
}

ICMPV6_ERRORS = frozenset({1, 2, 3, 4})
ICMPV6_PINGS = frozenset({128, 129})
PINGS = ICMPV6_PINGS | {0, 8}
"""Types of echoes, of either version."""

ICMPV6_CODES = {
    (1, 0): "no route",
    (1, 1): "prohibited by a filter",
    (1, 2): "beyond the scope of its source",
    (1, 3): "host unreachable",
    (1, 4): "port unreachable",
    (1, 5): "source prohibited by a filter",
    (1, 6): "a route rejects it",
    (3, 0): "hop limit used up on the way",
    (3, 1): "fragments missing for too long",
}

ARP_OPERATIONS = {1: "request", 2: "reply", 3: "RARP request", 4: "RARP reply"}

TCP_FLAGS = ("CWR", "ECE", "URG", "ACK", "PSH", "RST", "SYN", "FIN")

# linux/if_packet.h, PACKET_HOST and so on.
COOKED = {0: "to us", 1: "broadcast", 2: "multicast", 3: "to another station", 4: "from us"}
