"""What one block's output is, and how two of a kind are compared."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from macros.compare import connections, noise_mask, rule_changes, tables
from macros.compare import lines as text
from macros.compare import objects as fields
from macros.compare.change import Change
from macros.ground.errors import GuideError
from macros.ground.model import Recording
from macros.kinds import addresses, bridge_ports, fdb, links, neighbours, registry, routes
from macros.kinds.fields import Raw
from macros.kinds.fields import objects as objects_in

_TABLES: dict[str, Callable[[Iterable[Raw], Iterable[Raw], str], Iterator[Change]]] = {
    "links": tables.links,
    "addresses": tables.addresses,
    "routes": tables.routes,
    "neighbours": tables.neighbours,
    "fdb": tables.fdb,
    "ports": tables.ports,
}
_PARSE: dict[str, Callable[[str], Iterator[dict[str, Any]]]] = {
    "links": links.parse,
    "addresses": addresses.parse,
    "routes": routes.parse,
    "neighbours": neighbours.parse,
    "fdb": fdb.parse,
}


def objects(one: Recording, *, twin: bool = True) -> tuple[str, Any] | None:
    """The kind of a recording and its JSON objects; None where it has none or they do not read."""
    if one.command == "observe" and isinstance(one.twin, Mapping):
        return "observed", one.twin
    kind = registry.kind_of(one.ran)
    if kind is None or one.pcap is not None:
        return None
    given = one.twin if twin else None
    try:
        if kind in _PARSE:
            found = objects_in(one.text, given, kind)
            return kind, list(_PARSE[kind](one.text)) if found is None else found
        if kind == "ports":
            return kind, [each.raw for each in bridge_ports.read(one.text, given).values()]
        if kind == "docker":
            return kind, objects_in(one.text, given, kind) or []
        return kind, registry.read(one.ran, one.text, given)
    except (GuideError, ValueError, KeyError, IndexError, TypeError):
        # What is not in its kind's form is text: it is compared line by line, never refused.
        return None


def compare(old: Recording, new: Recording) -> Iterator[Change]:
    """What differs between the outputs of one block (captures aside)."""
    both = old.twin is not None and new.twin is not None
    one, other = objects(old, twin=both), objects(new, twin=both)
    found: list[Change] = []
    kind = "text"
    if one is not None and other is not None and one[0] == other[0]:
        kind = one[0]
        found = list(_compare(kind, one[1], other[1]))
    yield from found
    if kind == "rules":
        # Which iptables wrote it stands in comments.
        yield from text.compare(*(_comments(each.text) for each in (old, new)))
    if kind == "text":
        yield from _free(old.text, new.text)
    elif not found and kind != "observed":
        # What the records do not hold, or the tool's looks.
        before, after = (_worded(each.text, kind) for each in (old, new))
        yield from text.unordered(before, after, "text", often=True)


def lines(old: str, new: str, *, often: bool) -> Iterator[Change]:
    """What differs in lines whose order means nothing; `often`: how often each comes does."""
    yield from text.unordered(old.splitlines(), new.splitlines(), "text", often=often)


def _compare(kind: str, old: Any, new: Any) -> Iterator[Change]:
    if kind in _TABLES:
        yield from _TABLES[kind](old, new, "")
    elif kind == "rules":
        yield from rule_changes.compare(old, new)
    elif kind == "conntrack":
        yield from connections.connections(old, new)
    elif kind == "sockets":
        yield from connections.sockets(old, new)
    elif kind == "ping":
        yield from connections.ping(old, new)
    elif kind == "docker":
        yield from _docker(old, new)
    elif kind == "observed":
        yield from _observed(old, new)


def _docker(old: Iterable[Raw], new: Iterable[Raw]) -> Iterator[Change]:
    """Containers and networks by name; the order in which Docker lists them means nothing."""
    yield from tables.named("docker", old, new, _noun)


def _noun(raw: Raw) -> str:
    return "network" if "IPAM" in raw else "container"


def _observed(old: Raw, new: Raw) -> Iterator[Change]:
    """What scripts/node/observe.sh saw: namespaces by name, each with its tables, and Docker."""
    before, after = (
        {str(space.get("name")): space for space in each.get("namespaces") or ()}
        for each in (old, new)
    )
    one_, other_ = (
        [{"Name": name or "the node's own"} for name in side] for side in (before, after)
    )
    yield from tables.named("namespaces", one_, other_, lambda _raw: "namespace")
    for name, one in before.items():
        if name not in after:
            continue
        told: set[str] = set()
        for kind, table in _TABLES.items():
            sides_of = one.get(kind) or (), after[name].get(kind) or ()
            found = list(table(*sides_of, name))
            # `ip addr` says of links what `ip link` has said.
            yield from (each for each in found if each.what not in told)
            told |= {each.what for each in found}
        rest = [
            {key: value for key, value in space.items() if key not in (*_TABLES, "name")}
            for space in (one, after[name])
        ]
        yield from fields.differences("namespaces", name or "the node", rest[0], rest[1])
    whole = [
        {key: value for key, value in each.items() if key not in ("namespaces", "docker")}
        for each in (old, new)
    ]
    yield from fields.differences("namespaces", "the observation", whole[0], whole[1])
    sides = [each.get("docker") or {} for each in (old, new)]
    for part in ("containers", "networks"):
        yield from _docker(*(side.get(part) or () for side in sides))


def _comments(printed: str) -> str:
    return "\n".join(line for line in printed.splitlines() if line.startswith("#"))


def _worded(printed: str, kind: str) -> list[str]:
    lines = printed.splitlines()
    return [line for line in lines if kind != "rules" or not line.startswith("#")]


def _free(old: str, new: str) -> Iterator[Change]:
    """Free text; JSON is read as such."""
    if old == new:
        return
    trees = [_json(each) for each in (old, new)]
    if None not in trees:
        found = list(fields.differences("text", "the output", *trees))
        yield from found
        if found or noise_mask.line(json.dumps(trees[0])) == noise_mask.line(json.dumps(trees[1])):
            return
    yield from text.compare(old, new)


def _json(printed: str) -> Any:
    if printed.lstrip()[:1] not in ("[", "{"):
        return None
    try:
        return json.loads(printed)
    except json.JSONDecodeError:
        return None
