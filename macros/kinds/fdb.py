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
    string,
    strings,
    unreadable,
    whole,
)

_FLAGS = any_of("self router extern_learn offload master sticky locked added_by_user")
_STATES = any_of("permanent static stale noarp")
# Words with a value, by their names in JSON.
_VALUED = {
    **{word: word for word in ("dst", "vlan", "port", "vni", "src_vni", "nhid", "master")},
    "dev": "ifname",
    "link-netnsid": "linkNetNsId",
}
_BARE = frozenset({"activity_notify", "inactive"})


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
    raws = objects(text, twin, "fdb")
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
        for raw in (parse(text) if raws is None else raws)
    )


def parse(text: str) -> Iterator[dict[str, Any]]:
    """The output of `bridge fdb` as the objects that `bridge -j fdb` would have printed."""
    for line_number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words:
            continue
        try:
            yield _entry(words)
        except ValueError as error:
            raise unreadable("fdb", line, line_number) from error


def _entry(words: list[str]) -> dict[str, Any]:
    if words[0].count(":") != 5:
        raise ValueError("an entry begins with its MAC")
    raw: dict[str, Any] = {"mac": words[0], "flags": [], "state": ""}
    rest = words[1:]
    while rest:
        word = rest.pop(0)
        named = word == "master" and rest and rest[0] not in _FLAGS | _STATES
        if word in _FLAGS and not named:
            raw["flags"].append(word)
        elif word in _BARE:
            raw[word] = True
        elif word in _STATES or word.startswith("state="):
            _put(raw, "state", word)
        elif word == "used":
            used, updated = rest.pop(0).split("/")
            raw |= {"used": int(used), "updated": int(updated)}
        elif word == "via":
            # An index where the device is in another namespace.
            far = rest[:1] == ["ifindex"]
            _put(raw, "viaIfIndex" if far else "viaIf", rest.pop(1) if far else rest.pop(0))
        elif word in _VALUED and rest:
            value = rest.pop(0)
            _put(raw, _VALUED[word], value if word in ("dev", "dst", "master") else whole(value))
        else:
            raise ValueError(f"{word} is not known")
    return raw


def _put(raw: dict[str, Any], key: str, value: int | str) -> None:
    if raw.get(key):
        raise ValueError(f"{key} comes twice")
    raw[key] = value


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


KIND = iproute.Listing(
    name="fdb",
    what="forwarding entries",
    asked=iproute.shows("bridge fdb", get=True),
    read=read,
    entries=_entries,
    labels=kind.by_first_word,
    free=kind.in_any_order,
)
