"""Neighbours: what `ip neigh` shows, the kernel's ARP and NDP table.

JSON: iproute2, ip/ipneigh.c, print_neigh(). busybox prints the text form of `ip -s neigh`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.kinds import iproute
from macros.kinds.fields import (
    Raw,
    any_of,
    is_address,
    must,
    number,
    objects,
    pairs,
    string,
    strings,
    unreadable,
)
from macros.kinds.kind import Entry, Facts, Mac, by_first_word, in_any_order

# NUD_* of linux/neighbour.h as ip/ipneigh.c prints them.
_STATES = any_of("INCOMPLETE REACHABLE STALE DELAY PROBE FAILED NOARP PERMANENT NONE")
_FLAGS = any_of("router proxy managed extern_learn offload extern_valid")
_KNOWN = _FLAGS | _STATES | any_of("dev lladdr ref used probes proto nud")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One entry.

    `mac` is None while the address is not resolved; `state` is the kernel's word
    (`REACHABLE`, `STALE`, …), empty for a proxy entry.
    """

    KEY: ClassVar = "address"

    address: str
    dev: str | None = None
    mac: str | None = None
    state: str = ""
    flags: tuple[str, ...] = ()
    probes: int | None = None
    raw: Raw = field(default_factory=dict, compare=False, repr=False)


def read(text: str, twin: Any = None, _call: Call | None = None) -> tuple[Neighbour, ...]:
    """The entries in the JSON of `ip neigh` or in its text, in the order printed."""
    raws = objects(text, twin, "neighbours")
    return tuple(
        Neighbour(
            address=must(raw, "dst", "neighbours"),
            dev=string(raw, "dev"),
            mac=string(raw, "lladdr"),
            state=" ".join(strings(raw, "state")),
            flags=tuple(flag for flag in sorted(_FLAGS) if flag in raw),
            probes=number(raw, "probes"),
            raw=raw,
        )
        for raw in (parse(text) if raws is None else raws)
    )


def parse(text: str) -> Iterator[dict[str, Any]]:
    """The output of `ip neigh` as the objects that `ip -j neigh` would have printed."""
    for line_number, line in enumerate(text.splitlines(), 1):
        # iproute2 forgets a space: `used 1/61/1probes 5`.
        words = re.sub(r"(\d)probes ", r"\1 probes ", line).split()
        if not words:
            continue
        try:
            yield _entry(words)
        except ValueError as error:
            raise unreadable("neighbours", line, line_number) from error


def _entry(words: list[str]) -> dict[str, Any]:
    if not is_address(words[0]):
        raise ValueError("an entry begins with its address")
    raw: dict[str, Any] = {"dst": words[0]}
    if len(words) > 1 and words[1] not in _KNOWN:
        # `ip -br neigh`: address, device and MAC in columns.
        return raw | dict(zip(("dev", "lladdr"), words[1:], strict=len(words) > 2))
    for key, value in pairs(words[1:], _FLAGS | _STATES):
        if key in _STATES:
            raw.setdefault("state", []).append(key)
        elif key not in _KNOWN or key in raw or (value is None and key not in _FLAGS):
            raise ValueError(f"{key} is not known")
        elif key == "used" and value is not None:
            raw |= dict(
                zip(("used", "confirmed", "updated"), map(int, value.split("/")), strict=True)
            )
        elif value is not None and key in ("ref", "probes"):
            raw[{"ref": "refcnt"}.get(key, key)] = int(value)
        else:
            raw[{"proto": "protocol"}.get(key, key)] = value
    return raw


def _entries(neighbours: Iterable[Neighbour]) -> Iterator[Entry]:
    for neighbour in neighbours:
        yield Entry(
            key=(neighbour.dev, neighbour.address),
            name=neighbour.address,
            noun="neighbour",
            facts=Facts(raw=neighbour.raw),
            traits={"proxy": ("proxy" in neighbour.flags and "entry") or ""},
        )


def _macs(neighbours: Iterable[Neighbour]) -> Iterator[Mac]:
    for neighbour in neighbours:
        if neighbour.mac is not None:
            owner = ("neighbour", str(neighbour.dev), neighbour.address)
            yield Mac(owner, neighbour.mac, neighbour.address)


KIND = iproute.Listing(
    name="neighbours",
    what="neighbours",
    asked=iproute.shows("ip neighbour"),
    read=read,
    entries=_entries,
    labels=by_first_word,
    free=in_any_order,
    macs=_macs,
)
