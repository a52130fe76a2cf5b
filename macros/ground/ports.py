"""Ports that the kernel chooses for who connects."""

FIRST, LAST = 32768, 60999
"""What Linux takes outgoing connections' ports from (net.ipv4.ip_local_port_range)."""
MASQUERADED_FROM = 1024
"""With --random-fully a rewritten port is any from here on (net/netfilter/nf_nat_core.c)."""
BOTH_ENDS = frozenset({51820, 51821, 51871})
"""Ports that WireGuard sends from as well: its own, flannel's and Calico's for IPv6, Cilium's."""


def is_chosen(port: int) -> bool:
    """Whether a port is one that Linux gives to who connects."""
    return FIRST <= port <= LAST
