"""BIRD, Calico's BGP speaker: its protocols and its routes, as `birdcl` prints them.

Text only. Sources: BIRD 1.6, nest/proto.c, proto_cmd_show(); nest/rt-table.c, rt_show_rte();
proto/bgp/bgp.c, bgp_show_proto_info().
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.ground.errors import GuideError
from macros.kinds.fields import unreadable
from macros.kinds.kind import Kind

_BANNER = re.compile(r"BIRD (\S+ )?ready\.|Access restricted|.*: (restarted|disabled|enabled)$")
_COLUMNS = re.compile(r"name\s+proto\s+table\s+state\s+since\s+info")
# A time of today, or the date; "up", "start", "down" and so on.
_PROTOCOL = re.compile(
    r"(?P<name>\S+)\s+(?P<proto>\S+)\s+(?P<table>\S+)\s+(?P<state>[a-z]+)"
    r"\s+(?P<since>\d[\d:-]+)(?P<info>.*)"
)
_DETAIL = re.compile(r"\s{2,}(?P<name>[A-Z][\w ]*):\s*(?P<text>.*)")
# 10.42.104.0/26  via 192.168.56.12 on eth1 [Mesh_… 03:12:23 from 192.168.56.11] * (200/0) [i]
_WAY = re.compile(
    r"(?P<prefix>\S+/\d+)?\s+(?:via (?P<via>\S+) on (?P<on>\S+)|dev (?P<dev>\S+)|(?P<type>\w+))"
    r" \[(?P<protocol>\S+) (?P<since>\S+)(?: from (?P<source>\S+))?\](?P<best> \*)?"
    r" \((?P<preference>\d+)(?:/\S+)?\)"
)


@dataclass(frozen=True, slots=True)
class Protocol:
    """One source or sink of routes: a BGP session, the kernel's table, interfaces, static routes.

    `details` are the lines of `show protocols all`, by their names in small letters with dashes:
    `neighbor-address`, `bgp-state`, `hold-timer`, `routes`.
    """

    KEY: ClassVar = "name"
    INSIDE: ClassVar = ("details",)

    name: str
    proto: str
    table: str
    state: str
    since: str
    info: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a prefix that BIRD knows; `best` is the one that it would use.

    `type` is `unicast`, or `blackhole`. `source` is the router that told it, where that is not
    the one that the session is with.
    """

    KEY: ClassVar = "prefix"

    prefix: str
    protocol: str
    since: str
    best: bool
    preference: int
    via: str | None = None
    dev: str | None = None
    type: str = "unicast"
    source: str | None = None


def protocols(text: str, _twin: Any = None, _call: Call | None = None) -> dict[str, Protocol]:
    """The answer of `show protocols`, with or without `all`."""
    found: dict[str, Protocol] = {}
    details: dict[str, str] = {}
    for at, line in enumerate(text.splitlines(), 1):
        if not line.strip() or _BANNER.match(line) or _COLUMNS.match(line):
            continue
        if not line[0].isspace():
            said = _PROTOCOL.match(line)
            if said is None:
                raise unreadable("BIRD's protocols", line, at)
            details = {}
            found[said["name"]] = Protocol(
                name=said["name"],
                proto=said["proto"],
                table=said["table"],
                state=said["state"],
                since=said["since"],
                info=said["info"].strip() or None,
                details=details,
            )
        elif detail := _DETAIL.match(line):
            details.setdefault(detail["name"].lower().replace(" ", "-"), detail["text"].strip())
    if not found:
        raise GuideError("BIRD named no protocol")
    return found


def routes(text: str, _twin: Any = None, _call: Call | None = None) -> tuple[Way, ...]:
    """The answer of `show route`, a way a line, in the order printed."""
    found: list[Way] = []
    for at, line in enumerate(text.splitlines(), 1):
        if not line.strip() or _BANNER.match(line):
            continue
        way = _WAY.match(line)
        prefix = way["prefix"] if way and way["prefix"] else (found[-1].prefix if found else None)
        if way is None or prefix is None:
            raise unreadable("BIRD's routes", line, at)
        found.append(
            Way(
                prefix=prefix,
                protocol=way["protocol"],
                since=way["since"],
                best=way["best"] is not None,
                preference=int(way["preference"]),
                via=way["via"],
                dev=way["dev"] or way["on"],
                type=way["type"] or "unicast",
                source=way["source"],
            )
        )
    return tuple(found)


def _shows(call: Call) -> tuple[str, ...]:
    """What BIRD was asked to show; its options stand before that."""
    if call.tool not in ("birdcl", "birdc") or "show" not in call.args:
        return ()
    return call.args[call.args.index("show") + 1 :]


def _asks_protocols(call: Call) -> bool:
    return _shows(call)[:1] == ("protocols",)


def _asks_routes(call: Call) -> bool:
    return _shows(call)[:1] == ("route",) and "all" not in call.args


PROTOCOLS = Kind(
    name="bird-protocols", what="protocols of BIRD", asked=_asks_protocols, read=protocols
)
ROUTES = Kind(name="bird-routes", what="routes of BIRD", asked=_asks_routes, read=routes)
