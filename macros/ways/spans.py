"""Sets of whole numbers as spans, for what a rule asks: networks, ports, names of interfaces.

All of them become numbers, so that one arithmetic tells whether a test is answered: an address is
the number that it is, a name its bytes. Spans are sorted, do not touch, and have both ends in them.
"""

import hashlib
import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from macros.ways.ruleset import What

Spans = tuple[tuple[int, int], ...]

PORTS: Spans = ((0, 0xFFFF),)
_NAME = 16  # bytes of an interface's name, with the end (IFNAMSIZ)
_NAMES: Spans = ((0, (1 << 8 * _NAME) - 1),)
_TEXTS = 1 << 63  # from here on: texts, by their hash; below: numbers
_ANY: Spans = ((0, 2 * _TEXTS - 1),)
# rtnl_rtntype_n2a(); both tools have these names, iptables in capitals.
_TYPES = [
    "unspec",
    "unicast",
    "local",
    "broadcast",
    "anycast",
    "multicast",
    "blackhole",
    "unreachable",
    "prohibit",
    "throw",
    "nat",
]


def domain(what: What, family: str) -> Spans:
    """All that a field can be."""
    match what:
        case "source" | "destination":
            return ((0, (1 << (128 if family == "ip6" else 32)) - 1),)
        case "source-port" | "destination-port":
            return PORTS
        case "in" | "out":
            return _NAMES
        case "mark":
            return ((0, 0xFFFFFFFF),)
        case "source-type" | "destination-type":
            return ((0, len(_TYPES) - 1),)
        case _:
            return _ANY


def types(address: str) -> Spans:
    """What the routing table can say of an address, where the address alone tells some of it."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return domain("source-type", "")
    if ip.is_loopback:
        return _type("local")
    if ip.is_multicast:
        return _type("multicast")
    if address == "255.255.255.255":
        return _type("broadcast")
    return without(domain("source-type", ""), _type("multicast"))


def _type(name: str) -> Spans:
    number = _TYPES.index(name.lower())
    return ((number, number),)


@lru_cache(maxsize=65536)
def of(what: What, value: str, family: str) -> Spans | None:
    """What a value of a rule allows; None where spans cannot say it (10.0.0.1/255.0.255.0)."""
    if value == "*":
        return domain(what, family)
    try:
        match what:
            case "source" | "destination":
                return _addresses(value, family)
            case "source-port" | "destination-port":
                return both(_numbers(value.replace(":", "-"), 0xFFFF), PORTS)
            case "in" | "out":
                return _names(value)
            case "source-type" | "destination-type":
                return _type(value)
            case _:
                return _texts(value)
    except ValueError:
        return None


def _addresses(value: str, family: str) -> Spans | None:
    first, dash, last = value.partition("-")
    if dash:
        low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
        fits = low.version == high.version == (6 if family == "ip6" else 4)
        return ((int(low), int(high)),) if fits and int(low) <= int(high) else ()
    network = ipaddress.ip_network(value, strict=False)
    if network.version != (6 if family == "ip6" else 4):
        return ()
    return ((int(network.network_address), int(network.broadcast_address)),)


def _numbers(value: str, most: int) -> Spans:
    low, dash, high = value.partition("-")
    first = int(low or "0", 0)
    last = first
    if dash:
        last = int(high, 0) if high else most
    return ((first, last),) if first <= last else ()


def _names(value: str) -> Spans:
    """`cali+` stands for all names that begin so, in nftables `cali*`; a plain `+` for all."""
    many = value[-1:] in ("+", "*")
    name = (value[:-1] if many else value).encode()[:_NAME]
    low = int.from_bytes(name.ljust(_NAME, b"\0"))
    high = int.from_bytes(name.ljust(_NAME, b"\xff")) if many else low
    return ((low, high),)


def _texts(value: str) -> Spans:
    low, dash, high = value.partition("-")
    if low.isdigit() and (not dash or high.isdigit()):
        return ((int(low), int(high or low)),)
    number = _TEXTS + (int.from_bytes(hashlib.sha256(value.encode()).digest()[:8]) >> 1)
    return ((number, number),)


def either(*sets: Iterable[tuple[int, int]]) -> Spans:
    """All that is in one of these."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(span for spans in sets for span in spans):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return tuple(joined)


def both(left: Spans, right: Spans) -> Spans:
    """What is in both."""
    shared = (
        (max(low, other_low), min(high, other_high))
        for low, high in left
        for other_low, other_high in right
    )
    return tuple(sorted((low, high) for low, high in shared if low <= high))


def without(spans: Spans, out: Spans) -> Spans:
    """What is in `spans` and not in `out`."""
    for low, high in out:
        left: list[tuple[int, int]] = []
        for first, last in spans:
            if last < low or first > high:
                left.append((first, last))
                continue
            if first < low:
                left.append((first, low - 1))
            if last > high:
                left.append((high + 1, last))
        spans = tuple(left)
    return spans
