"""BIRD's routes: what `birdcl show route` prints, of BIRD 1.6 and of BIRD 2.

Text only. Source: BIRD, nest/rt-table.c (1.6) and nest/rt-show.c (2), rt_show_rte():
`10.42.104.0/26  via 192.0.2.12 on eth1 [Mesh_… 03:12:23 from 192.0.2.11] * (200/0) [i]` in 1.6;
in 2 the next hops stand in lines of their own below `10.42.104.0/26  unicast [Mesh_… 03:12:23]`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.kinds.bird_protocols import BANNER, banner, shows
from macros.kinds.fields import unreadable
from macros.kinds.kind import Entry, Facts, Kind, Part, by_first_word

_WAY = re.compile(
    r"(?P<prefix>\S+/\d+)?\s+(?:via (?P<via>\S+) on (?P<on>\S+)|dev (?P<dev>\S+)|(?P<type>\w+))"
    r"(?P<words>(?: [a-z]\S*(?: \d\S*)?)*)"
    r" \[(?P<protocol>\S+) (?P<since>\d[\d:. -]*?)(?: from (?P<source>\S+))?\](?P<best> [*!])?"
    r"(?P<kind>(?: [A-Z]\w*)?) \((?P<preference>\d+)(?:/(?P<igp>\S+))?\)(?P<rest>.*)"
)
_HOP = re.compile(r"\s+(?:via (?P<via>\S+) on (?P<on>\S+)|dev (?P<dev>\S+))(?P<words>.*)")
_TABLE = re.compile(r"Table (?P<name>\S+):$")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a prefix that BIRD knows; `best` is the one that it would use.

    `type` is `unicast`, `blackhole`, … . `source` is the router that told it, where that is not
    the one that the session is with. `more` are the words behind the preference (`[i]`,
    `[AS64513i]`) and of a next hop (`onlink`), `hops` the next hops where there are several.
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
    table: str = ""
    metric: str = ""
    more: str = ""
    hops: tuple[str, ...] = ()


def read(text: str, _twin: Any = None, _call: Call | None = None) -> tuple[Way, ...]:
    """The answer of `show route`, a way a line, in the order printed."""
    ways: list[Way] = []
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or BANNER.match(line):
            continue
        begins, way, hop = (pattern.fullmatch(line.rstrip()) for pattern in (_TABLE, _WAY, _HOP))
        if begins is not None:
            table = begins["name"]
        elif way is not None and (way["prefix"] or ways):
            ways.append(_way(way, way["prefix"] or ways[-1].prefix, table))
        elif hop is not None and ways:
            ways[-1] = _with_hop(ways[-1], hop)
        else:
            raise unreadable("BIRD's routes", line, number)
    return tuple(ways)


def _way(match: re.Match[str], prefix: str, table: str) -> Way:
    return Way(
        prefix=prefix,
        protocol=match["protocol"],
        since=match["since"],
        best=match["best"] == " *",
        preference=int(match["preference"]),
        via=match["via"],
        dev=match["dev"] or match["on"],
        type=match["type"] or "unicast",
        source=match["source"],
        table=table,
        metric=match["igp"] or "",
        more=" ".join(
            (match["words"] + match["kind"] + match["rest"]).split()
            + ["!"] * (match["best"] == " !")
        ),
    )


def _with_hop(way: Way, hop: re.Match[str]) -> Way:
    """A way with one more next hop; a single one is the way's own."""
    via, dev = hop["via"], hop["dev"] or hop["on"]
    words = hop["words"].strip()
    hops = (*way.hops, " ".join(word for word in (via, f"dev {dev}", words) if word))
    if len(hops) == 1:
        return replace(way, via=via, dev=dev, more=f"{words} {way.more}".strip(), hops=hops)
    # The words of the first stand with it now.
    first = way.hops[0].partition(f"dev {way.dev}")[2].strip()
    return replace(way, via=None, dev=None, more=way.more.removeprefix(first).strip(), hops=hops)


def _asked(call: Call) -> bool:
    return shows(call)[:1] == ("route",) and "all" not in call.args and "count" not in call.args


def _entries(ways: Iterable[Way]) -> Iterator[Entry]:
    """Prefixes, each with its ways by their next hops; since when they are known means nothing."""
    prefixes: dict[tuple[str, str], list[Way]] = {}
    for way in ways:
        prefixes.setdefault((way.table, way.prefix), []).append(way)
    for (table, prefix), held in prefixes.items():
        items = dict(zip(_labels(held), map(_facts, held), strict=True))
        yield Entry(
            key=(table, prefix),
            name=prefix,
            noun="route to",
            tail=f"in table {table}" if table else "",
            parts=(Part("next hop", items, pairs=True, alone=True),),
            line=", ".join(items),
        )


def _labels(ways: Sequence[Way]) -> list[str]:
    """What tells the ways to a prefix apart: the next hop, and the protocol where need be."""
    hops = [
        ", ".join(way.hops)
        if len(way.hops) > 1
        else way.via or (f"dev {way.dev}" if way.dev else way.type)
        for way in ways
    ]
    full = [
        hop if hops.count(hop) == 1 else f"{hop} by {way.protocol}"
        for hop, way in zip(hops, ways, strict=True)
    ]
    return [
        label if full.count(label) == 1 else f"{label} ({number})"
        for number, label in enumerate(full, 1)
    ]


def _facts(way: Way) -> Facts:
    return Facts(
        {
            "type": way.type,
            "dev": way.dev or "",
            "protocol": way.protocol,
            "source": way.source or "",
            "best": "yes" if way.best else "no",
            "preference": str(way.preference),
            "metric": way.metric,
            "words": way.more,
        }
    )


def _networks(lines: Sequence[str]) -> list[str | None]:
    """By network and table; a table's name stands above its routes."""
    marks: list[str | None] = []
    table = ""
    for line, word in zip(lines, by_first_word(lines), strict=True):
        table = line if line.startswith("Table ") else table
        marks.append(None if word is None or line is table else f"{table} {word}")
    return marks


KIND = Kind(
    name="bird-routes",
    what="routes of BIRD",
    asked=_asked,
    read=read,
    entries=_entries,
    labels=_networks,
    whole=True,
    remark=banner,
)
