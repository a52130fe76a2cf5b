"""The forwarding database of bridges and VXLAN devices: what `bridge fdb` shows.

JSON: iproute2, bridge/fdb.c, print_fdb().
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.kinds import iproute, kind
from macros.kinds.fields import (
    Raw,
    any_of,
    must,
    number,
    objects,
    pairs,
    string,
    strings,
    unreadable,
)

_FLAGS = any_of("self router extern_learn offload sticky locked added_by_user")
_STATES = any_of("permanent static stale noarp")
_WORDS = {"dev": "ifname"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: frames for `mac` leave by `dev`.

    `master` is the bridge whose table it is in; an entry with the flag `self` is the device's
    own (a VXLAN's, or a NIC's filter). `dst` is the address a VXLAN sends to. `state` is empty
    for an entry that ages, `permanent` for an address of the machine itself, `static` for one
    that neither ages nor is local.
    """

    KEY: ClassVar = "mac"

    mac: str
    dev: str | None = None
    master: str | None = None
    vlan: int | None = None
    dst: str | None = None
    state: str = ""
    flags: tuple[str, ...] = ()
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    @property
    def learned(self) -> bool:
        """Whether a bridge learnt it from a frame's source."""
        return not self.state and not self.flags and self.master is not None


def read(text: str, twin: Any = None, _call: Call | None = None) -> tuple[Entry, ...]:
    """The entries in the JSON of `bridge fdb` or in its text, in the order printed.

    A MAC can have several entries: one a VLAN, one a device.
    """
    found = objects(text, twin, "fdb")
    if found is None:
        found = list(parse(text))
    return tuple(
        Entry(
            mac=must(raw, "mac", "fdb"),
            dev=string(raw, "ifname"),
            master=string(raw, "master"),
            vlan=number(raw, "vlan"),
            dst=string(raw, "dst"),
            state=string(raw, "state") or "",
            flags=strings(raw, "flags"),
            raw=raw,
        )
        for raw in found
    )


def parse(text: str) -> Iterator[dict[str, Any]]:
    """The output of `bridge fdb` as the objects that `bridge -j fdb` would have printed."""
    for at, line in enumerate(text.splitlines(), 1):
        said = line.split()
        if not said:
            continue
        if said[0].count(":") != 5:
            raise unreadable("fdb", line, at)
        raw: dict[str, Any] = {"mac": said[0], "flags": [], "state": ""}
        for key, value in pairs(said[1:], _FLAGS | _STATES):
            if key in _FLAGS:
                raw["flags"].append(key)
            elif key in _STATES:
                raw["state"] = key
            elif key == "used" and value is not None:
                raw |= dict(zip(("used", "updated"), map(int, value.split("/")), strict=False))
            else:
                raw[_WORDS.get(key, key)] = value
        yield raw


def _entries(entries: Iterable[Entry]) -> Iterator[kind.Entry]:
    for entry in entries:
        raw = entry.raw
        where = [raw.get(name) for name in ("mac", "ifname", "vlan", "dst", "master")]
        port = f"{raw.get('ifname')}" + (f" to {raw['dst']}" if raw.get("dst") else "")
        yield kind.Entry(
            key=(*where, "self" in entry.flags),
            name=entry.mac,
            noun="fdb entry of",
            tail=f"behind {port}",
            of=f"fdb entry {entry.mac} dev {raw.get('ifname')}",
            facts=kind.Facts(raw=raw, apart=frozenset({"ifname", "dst"})),
            # One MAC that is behind another port of its table has moved.
            moves=(entry.mac, raw.get("vlan"), raw.get("master"), bool(raw.get("state"))),
            spot=port,
        )


KIND = kind.Kind(
    name="fdb",
    what="forwarding entries",
    asked=iproute.shows("bridge fdb", get=True),
    read=read,
    twin=iproute.twin,
    entries=_entries,
    speech=iproute.SPEECH,
    free=kind.in_any_order,
    wraps=iproute.worded,
)
