"""Links, addresses, routes, neighbours, forwarding entries and ports: entries by their keys.

The order of entries means nothing in any of them, but that of one interface's addresses does:
the first of a network is the source that the kernel chooses (ip-address(8), primary address).
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any

from macros.compare import objects
from macros.compare.change import Change, said
from macros.kinds.fields import Raw


def place(name: str, within: str) -> str:
    """A thing and the namespace it is in: "eth0 in web"."""
    return f"{name} in {within}" if within else name


def links(old: Iterable[Raw], new: Iterable[Raw], within: str = "") -> Iterator[Change]:
    """Interfaces by name."""
    yield from _entries("links", "link", old, new, _ifname, within, "ifname", _link)


def addresses(old: Iterable[Raw], new: Iterable[Raw], within: str = "") -> Iterator[Change]:
    """Interfaces by name, and of each its addresses."""
    old, new = list(old), list(new)
    yield from _entries("addresses", "link", old, new, _ifname, within, "ifname", _link)
    before, after = objects.keyed(old, _ifname), objects.keyed(new, _ifname)
    for key, one in before.items():
        if key in after:
            name = place(str(one.get("ifname")), within)
            yield from _of_interface(name, _infos(one), _infos(after[key]))


def routes(old: Iterable[Raw], new: Iterable[Raw], within: str = "") -> Iterator[Change]:
    """Routes by destination, table, type and metric; next hops in words."""
    yield from _entries("routes", "route to", old, new, _route_key, within, "dst", _route)


def neighbours(old: Iterable[Raw], new: Iterable[Raw], within: str = "") -> Iterator[Change]:
    """Neighbours by interface and address."""

    def key(raw: Raw) -> Hashable:
        return raw.get("dev"), raw.get("dst")

    yield from _entries("neighbours", "neighbour", old, new, key, within, "dst", _plain)


def fdb(old: Iterable[Raw], new: Iterable[Raw], within: str = "") -> Iterator[Change]:
    """Forwarding entries; one MAC that is behind another port has moved."""

    def key(raw: Raw) -> Hashable:
        flags = "self" in (raw.get("flags") or ())
        return (
            *(raw.get(name) for name in ("mac", "ifname", "vlan", "dst", "master")),
            flags,
        )

    def table(raw: Raw) -> Hashable:
        return raw.get("mac"), raw.get("vlan"), raw.get("master"), bool(raw.get("state"))

    before, after = objects.keyed(old, key), objects.keyed(new, key)
    gone = [one for key_, one in before.items() if key_ not in after]
    come = [one for key_, one in after.items() if key_ not in before]
    left, arrived = Counter(map(table, gone)), Counter(map(table, come))
    by_table = {table(one): one for one in come}
    moved: set[Hashable] = set()
    for one in gone:
        mac, own = place(str(one["mac"]), within), table(one)
        if left[own] == arrived[own] == 1:
            now = by_table[own]
            moved.add(own)
            sides = _port(one), _port(now)
            what = f"fdb entry of {mac} moved from {sides[0]} to {sides[1]}"
            yield said("fdb", mac, what, *sides)
            yield from objects.differences("fdb", mac, _but(one, _PORT), _but(now, _PORT))
        else:
            yield said(
                "fdb", mac, f"fdb entry of {mac} behind {_port(one)} gone", objects.line(one)
            )
    for one in come:
        if table(one) not in moved:
            mac = place(str(one["mac"]), within)
            what = f"fdb entry of {mac} behind {_port(one)} new"
            yield said("fdb", mac, what, "", objects.line(one))
    for key_, one in before.items():
        if key_ in after:
            mac = place(f"fdb entry {one['mac']} dev {one.get('ifname')}", within)
            yield from objects.differences("fdb", mac, one, after[key_])


def ports(old: Iterable[Raw], new: Iterable[Raw], within: str = "") -> Iterator[Change]:
    """Ports of bridges by interface name."""
    yield from _entries("ports", "port", old, new, _ifname, within, "ifname", _plain)


_PORT = ("ifname", "dst")


def _port(raw: Raw) -> str:
    way = f"{raw.get('ifname')}"
    return f"{way} to {raw['dst']}" if raw.get("dst") else way


def _but(raw: Raw, keys: Iterable[str]) -> Raw:
    return {key: value for key, value in raw.items() if key not in keys}


def _ifname(raw: Raw) -> Hashable:
    return raw.get("ifname")


Inside = Callable[[str, str, Raw, Raw], Iterator[Change]]


def _entries(
    kind: str,
    noun: str,
    old: Iterable[Raw],
    new: Iterable[Raw],
    key: Callable[[Mapping[str, Any]], Hashable],
    within: str,
    name: str,
    inside: Inside,
) -> Iterator[Change]:
    before, after = objects.keyed(old, key), objects.keyed(new, key)
    for own, one in before.items():
        subject = place(str(one.get(name)), within)
        if own not in after:
            yield said(kind, subject, f"{noun} {subject} gone", objects.line(one))
        else:
            yield from inside(kind, subject, one, after[own])
    for own, one in after.items():
        if own not in before:
            subject = place(str(one.get(name)), within)
            yield said(kind, subject, f"{noun} {subject} new", "", objects.line(one))


def _plain(kind: str, subject: str, old: Raw, new: Raw) -> Iterator[Change]:
    yield from objects.differences(kind, subject, old, new)


def _link(kind: str, subject: str, old: Raw, new: Raw) -> Iterator[Change]:
    """A link's own fields; its `address` is a MAC in the field's words."""
    one, other = _but(old, ("addr_info",)), _but(new, ("addr_info",))
    macs = one.get("address"), other.get("address")
    if macs[0] != macs[1]:
        what = f"mac of {subject} {macs[0] or 'none'} -> {macs[1] or 'none'}"
        yield said(kind, subject, what, str(macs[0] or ""), str(macs[1] or ""))
    yield from objects.differences(
        kind, subject, _but(one, ("address",)), _but(other, ("address",))
    )


def _infos(raw: Raw) -> list[Raw]:
    return [one for one in raw.get("addr_info") or () if one]


def _cidr(raw: Raw) -> str:
    return f"{raw.get('local')}/{raw.get('prefixlen')}"


def _of_interface(name: str, old: list[Raw], new: list[Raw]) -> Iterator[Change]:
    before, after = {_cidr(one): one for one in old}, {_cidr(one): one for one in new}
    gone = [key for key in before if key not in after]
    come = [key for key in after if key not in before]
    for family in ("inet", "inet6"):
        was = [key for key in gone if before[key].get("family") == family]
        now = [key for key in come if after[key].get("family") == family]
        if len(was) == len(now) == 1:
            what = f"address of {name} {was[0]} -> {now[0]}"
            yield said("addresses", name, what, was[0], now[0])
            rest = ("local", "prefixlen")
            one, other = _but(before[was[0]], rest), _but(after[now[0]], rest)
            yield from objects.differences("addresses", f"{now[0]} of {name}", one, other)
            continue
        for key in was:
            yield said("addresses", name, f"address {key} of {name} gone", key)
        for key in now:
            yield said("addresses", name, f"address {key} of {name} new", "", key)
    for key, one in before.items():
        if key in after:
            yield from objects.differences("addresses", f"{key} of {name}", one, after[key])
    order = [key for key in before if key in after], [key for key in after if key in before]
    if order[0] != order[1]:
        one_, other_ = ", ".join(order[0]), ", ".join(order[1])
        what = f"order of the addresses of {name}: {one_} -> {other_}"
        yield said("addresses", name, what, one_, other_)


def _route_key(raw: Raw) -> Hashable:
    return tuple(raw.get(name) for name in ("dst", "table", "type", "metric", "tos"))


def _via(raw: Raw) -> str:
    # A next hop of another family than the route (RFC 8950) is an object of its own.
    return str(raw.get("gateway") or (raw.get("via") or {}).get("host") or "")


def _hop(raw: Raw) -> str:
    return " ".join(
        f"{word} {value}".strip()
        for word, value in (("", _via(raw)), ("dev", raw.get("dev")), ("weight", raw.get("weight")))
        if value
    )


def _route(kind: str, subject: str, old: Raw, new: Raw) -> Iterator[Change]:
    was, now = ([_via(raw)] if _via(raw) else [] for raw in (old, new))
    if old.get("nexthops") or new.get("nexthops"):
        was, now = (
            [_hop(hop) for hop in raw.get("nexthops") or ()] or ([_hop(raw)] if _hop(raw) else [])
            for raw in (old, new)
        )
    gone = [hop for hop in was if hop not in now]
    come = [hop for hop in now if hop not in was]
    if len(gone) == len(come) == 1:
        what = f"next hop of {subject} {gone[0]} -> {come[0]}"
        yield said(kind, subject, what, gone[0], come[0])
    else:
        several = max(len(was), len(now)) > 1
        for hop in gone:
            word = f"next hop {hop} of" if several else "next hop of"
            yield said(kind, subject, f"{word} {subject} gone", hop)
        for hop in come:
            yield said(kind, subject, f"next hop {hop} of {subject} new", "", hop)
    hops: tuple[str, ...] = ("gateway", "via", "nexthops")
    if bool(old.get("nexthops")) != bool(new.get("nexthops")):
        hops = (*hops, "dev")
    elif old.get("nexthops"):
        flags = [
            {_hop(hop): sorted(hop.get("flags") or ()) for hop in raw["nexthops"]}
            for raw in (old, new)
        ]
        for hop, words in flags[0].items():
            if hop in flags[1] and words != flags[1][hop]:
                one, other = ", ".join(words), ", ".join(flags[1][hop])
                what = f"flags of next hop {hop} of {subject} {one or 'none'} -> {other or 'none'}"
                yield said(kind, subject, what, one, other)
    yield from objects.differences(kind, subject, _but(old, hops), _but(new, hops))


def named(
    kind: str, old: Iterable[Raw], new: Iterable[Raw], noun: Callable[[Raw], str]
) -> Iterator[Change]:
    """Docker's objects, and namespaces: by their name."""

    def key(raw: Raw) -> Hashable:
        return noun(raw), str(raw.get("Name")).lstrip("/")

    before, after = objects.keyed(old, key), objects.keyed(new, key)
    for own, one in before.items():
        subject = f"{noun(one)} {str(one.get('Name')).lstrip('/')}"
        if own not in after:
            yield said(kind, subject, f"{subject} gone", objects.line(one))
        else:
            yield from objects.differences(kind, subject, one, after[own])
    for own, one in after.items():
        if own not in before:
            subject = f"{noun(one)} {str(one.get('Name')).lstrip('/')}"
            yield said(kind, subject, f"{subject} new", "", objects.line(one))
