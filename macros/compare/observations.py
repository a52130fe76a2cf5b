"""Observations: namespaces by name, each with its tables, and Docker's objects."""

from collections.abc import Iterator
from typing import Any

from macros.compare import entries
from macros.compare.change import Change
from macros.compare.objects import Teller
from macros.kinds import docker
from macros.kinds.fields import Raw
from macros.kinds.kind import Entry, Facts, Kind, never
from macros.kinds.registry import KINDS

_SPACES: Kind[Any] = Kind("namespaces", "namespaces", asked=never)


def compare(old: Raw, new: Raw) -> Iterator[Change]:
    """What differs in what scripts/node/observe.sh saw."""
    teller = Teller(_SPACES.name)
    before, after = (
        {str(space.get("name")): space for space in side.get("namespaces") or ()}
        for side in (old, new)
    )
    yield from entries.compare(_SPACES, map(_space, before), map(_space, after))
    for name, space in before.items():
        if name in after:
            yield from _tables(name, space, after[name])
            rest = _but(space, *_TABLES, "name"), _but(after[name], *_TABLES, "name")
            yield from teller.differences(name or "the node", *rest)
    rest = _but(old, "namespaces", "docker"), _but(new, "namespaces", "docker")
    yield from teller.differences("the observation", *rest)
    for part in ("containers", "networks"):
        was, now = (
            docker.entries((side.get("docker") or {}).get(part) or ()) for side in (old, new)
        )
        yield from entries.compare(docker.KIND, was, now)


_TABLES = frozenset(kind.name for kind in KINDS)


def _but(raw: Raw, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key not in keys}


def _space(name: str) -> Entry:
    own = name or "the node's own"
    return Entry(name, f"namespace {own}", facts=Facts({"Name": own}, {"Name": own}))


def _tables(name: str, old: Raw, new: Raw) -> Iterator[Change]:
    told: set[str] = set()
    for kind in KINDS:
        if kind.name in old or kind.name in new:
            changes = list(_table(kind, name, old.get(kind.name), new.get(kind.name)))
            # `ip addr` says of links what `ip link` has said.
            yield from (change for change in changes if change.what not in told)
            told |= {change.what for change in changes}


def _table(kind: Kind[Any], within: str, old: Any, new: Any) -> Iterator[Change]:
    if kind.read is None or kind.entries is None:
        return
    was, now = (kind.entries(kind.read("", side, None)) if side else () for side in (old, new))
    yield from entries.compare(kind, was, now, within)
