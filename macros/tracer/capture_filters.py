"""What tcpdump is told at each stop: the request and its answers, whatever is around them.

Behind a tunnel the inner packet is looked for at fixed places, which holds where the outer IP
header has no options: pcap-filter(7). What cannot be told there is left to who reads the packets.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from macros.tracer.way import Stop

_UDP, _VXLAN, _ETHERNET = 8, 8, 14  # bytes of headers
_IPIP = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the request can look like: who asks, who is asked, under all their addresses."""

    clients: tuple[str, ...]
    servers: tuple[str, ...]
    ports: tuple[int, ...]
    protocol: str


def expressions(stops: Sequence[Stop], wanted: Wanted) -> str:
    """The filter of an interface that the packet passes more than once, in a tunnel or not."""
    every = list(dict.fromkeys(expression(stop, wanted) for stop in stops))
    return every[0] if len(every) == 1 else " or ".join(f"({one})" for one in every)


def expression(stop: Stop, wanted: Wanted) -> str:
    """The filter of a stop."""
    if stop.wrapped == "vxlan":
        return f"udp port {stop.port or 4789} and ({_inside_vxlan(wanted)})"
    if stop.wrapped == "ipip":
        inside = _words(_pairs(wanted, 4), "ip", _IPIP + 12)
        return f"(ip proto 4 and ({inside}))" if inside else "ip proto 4"
    if stop.wrapped == "geneve":
        return f"udp port {stop.port or 6081}"
    if stop.wrapped == "wireguard":
        return f"udp port {stop.port or 51820}"
    if stop.wrapped:
        numbers = (4, 41, 47)  # IPv4, IPv6, GRE
        return " or ".join(f"{ip} proto {number}" for ip in ("ip", "ip6") for number in numbers)
    ports = " or ".join(f"port {port}" for port in wanted.ports)
    servers = " or ".join(f"host {server}" for server in wanted.servers)
    clients = " or ".join(f"host {client}" for client in wanted.clients)
    own = {"icmp": "(icmp or icmp6)", "": "(tcp or udp)"}.get(wanted.protocol, wanted.protocol)
    condition = f"{own} and ({servers})" + (f" and ({ports})" if ports else "")
    errors = f"(icmp or icmp6) and ({clients} or {servers})" if clients else "icmp or icmp6"
    return f"({condition}) or ({errors}) or arp"


def _pairs(wanted: Wanted, version: int) -> list[tuple[str, str]]:
    """All pairs of a client's and a server's address, of one family."""
    return [
        (client, other)
        for client in wanted.clients
        for other in wanted.servers
        if ipaddress.ip_address(client).version == ipaddress.ip_address(other).version == version
    ]


def _inside_vxlan(wanted: Wanted) -> str:
    start = _UDP + _VXLAN + _ETHERNET
    tests = [_words(_pairs(wanted, 4), "udp", start + 12)] if _pairs(wanted, 4) else []
    tests += [_words(_pairs(wanted, 6), "udp", start + 8)] if _pairs(wanted, 6) else []
    # libpcap looks for a UDP header behind IPv4 only: what IPv6 carries is taken as it is.
    return " or ".join([*tests, "ip6"])


def _words(pairs: Sequence[tuple[str, str]], header: str, start: int) -> str:
    """That the addresses at a place of a header are one of these pairs, in either order."""
    tests = []
    for client, other in pairs:
        for first, second in ((client, other), (other, client)):
            raw = ipaddress.ip_address(first).packed + ipaddress.ip_address(second).packed
            tests.append(
                " and ".join(
                    f"{header}[{start + offset}:4] = 0x{raw[offset : offset + 4].hex()}"
                    for offset in range(0, len(raw), 4)
                )
            )
    return " or ".join(f"({test})" for test in tests)
