"""Which VLANs the ports of bridges let through: what `bridge vlan` shows.

JSON: iproute2, bridge/vlan.c, print_vlan_port() and print_vlan_info().
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.kinds import iproute, kind
from macros.kinds.fields import Raw, must, number, objects, setting, strings, unreadable

_HEADS = (["port", "vlan-id"], ["port", "vlan", "ids"])
"""Of iproute2 since 5.8, and before."""

_FLAGS = {("PVID",): "PVID", ("Egress", "Untagged"): "Egress Untagged"}
_DETAILS = frozenset({"state", "mcast_router", "neigh_suppress", "neigh_forward_grat"})


@dataclass(frozen=True, slots=True)
class Membership:
    """One VLAN at one port, or a range of them; `vlan` is 0 for a port that is in none.

    `pvid`: what comes in without a tag belongs to this VLAN. `untagged`: its frames leave without
    a tag; else they leave with one.
    """

    KEY: ClassVar = "port"

    port: str
    vlan: int
    last: int
    flags: tuple[str, ...] = ()
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    @property
    def pvid(self) -> bool:
        """Whether untagged frames that come in are of this VLAN."""
        return "PVID" in self.flags

    @property
    def untagged(self) -> bool:
        """Whether its frames leave without a tag."""
        return "Egress Untagged" in self.flags


def read(text: str, twin: Any = None, _call: Call | None = None) -> tuple[Membership, ...]:
    """The VLANs in the JSON of `bridge vlan` or in its text, in the order printed."""
    ports = objects(text, twin, "VLANs of ports")
    return tuple(
        Membership(
            port=must(port, "ifname", "VLANs of ports"),
            vlan=vlan["vlan"],
            last=number(vlan, "vlanEnd") or vlan["vlan"],
            flags=strings(vlan, "flags"),
            raw=vlan,
        )
        for port in (list(_parse(text)) if ports is None else ports)
        for vlan in port["vlans"] or [{"vlan": 0}]
    )


def _parse(text: str) -> Iterator[dict[str, Any]]:
    """The output of `bridge vlan` as the objects that `bridge -j vlan` would have printed."""
    lines = text.splitlines()
    if lines and lines[0].split() not in _HEADS:
        raise unreadable("VLANs of ports", lines[0], 1)
    ports: list[dict[str, Any]] = []
    for line_number, line in enumerate(lines[1:], 2):
        words = line.split()
        if words and not line[0].isspace():
            ports.append({"ifname": words.pop(0), "vlans": []})
        try:
            _keep(ports[-1]["vlans"] if ports or words else [], words)
        except (ValueError, IndexError) as error:
            raise unreadable("VLANs of ports", line, line_number) from error
    yield from ports


def _keep(vlans: list[dict[str, Any]], words: list[str]) -> None:
    """Add to the VLANs of a port what a line says: one more, or, with `-d`, more of the last."""
    if not words or words == ["None"]:
        return
    if words[0][0].isdigit():
        vlans.append(_vlan(words))
        return
    for name, value in zip(words[::2], words[1::2], strict=True):
        if name not in _DETAILS or name in vlans[-1]:
            raise ValueError(f"{name} is not known")
        vlans[-1][name] = setting(value)


def _vlan(words: list[str]) -> dict[str, Any]:
    first, dash, last = words[0].partition("-")
    raw: dict[str, Any] = {"vlan": int(first)}
    if dash:
        raw["vlanEnd"] = int(last)
    rest = words[1:]
    flags = []
    while rest:
        flag = next((known for known in _FLAGS if tuple(rest[: len(known)]) == known), ())
        if not flag:
            raise ValueError(f"{rest[0]} is not known")
        flags.append(_FLAGS[flag])
        del rest[: len(flag)]
    return raw | ({"flags": flags} if flags else {})


def _entries(memberships: Iterable[Membership]) -> Iterator[kind.Entry]:
    for membership in memberships:
        ids = f"VLAN {membership.vlan}" if membership.vlan else "no VLAN"
        if membership.last != membership.vlan:
            ids += f"-{membership.last}"
        yield kind.Entry(
            key=(membership.port, membership.vlan, membership.last),
            name=membership.port,
            noun="port",
            tail=f"in {ids}",
            of=f"{ids} at {membership.port}",
            facts=kind.Facts(raw=membership.raw, apart=frozenset({"vlan", "vlanEnd"})),
            moves=(membership.port, membership.flags),
            spot=ids,
        )


KIND = iproute.Listing(
    name="vlans",
    what="port VLANs",
    asked=iproute.shows("bridge vlan"),
    read=read,
    entries=_entries,
    wraps=kind.never,
)
