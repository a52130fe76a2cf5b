"""Cut a line into what is said and what only names: literal text, identities, noise."""

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from macros.settle import identities, noise

Key = tuple[str, str, str]
"""An identity: kind, scope, value. The value of an id is the whole of it, where that is known."""


class Token(NamedTuple):
    """An identity in a text. `shape` says how it is written there: see `write`."""

    raw: str
    key: Key
    form: str
    shape: str


class Mark(NamedTuple):
    """Noise in a text, and what of it counts."""

    raw: str
    mask: str


Part = str | Token | Mark


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line was printed: which node, and which namespace's interfaces it shows."""

    node: str
    netns: str


@dataclass(slots=True)
class Names:
    """What one side names: whole ids by their first 12 digits, MACs by their last three bytes."""

    ids: dict[str, set[str]] = field(default_factory=dict)
    tails: dict[str, set[str]] = field(default_factory=dict)
    cut: dict[tuple[str, "Place"], tuple["Part", ...]] = field(default_factory=dict)
    """Lines that were cut already: what machines print repeats itself."""


_ID = identities.ID.patterns[0][1]
_BRIDGE, _MAC = (pattern for _, pattern in identities.MAC.patterns[:2])
_IDENTITIES = [(hint, pattern, kind) for kind in identities.ALL for hint, pattern in kind.patterns]
_NOISE = [(hint, pattern, kind) for kind in noise.ALL for hint, pattern in kind.patterns]
# No kind is written without one of these.
_ANY = re.compile(r"\d|REACHABLE|DELAY|STALE|bout an? | than a |veth|[0-9a-f]{12}")
_NETNS = re.compile(r"netns/(?P<v>[0-9a-f]{12})(?![0-9a-f])")
_PEER_NETNS = re.compile(r"link-netns(id)? (\S+)")


def learn(names: Names, text: str) -> None:
    """Add the ids and MACs of `text` to what its side names."""
    for found in _ID.finditer(text):
        names.ids.setdefault(found["v"][:12], set()).add(found["v"])
    for found in _NETNS.finditer(text):
        names.ids.setdefault(found["v"], set())
    for found in _MAC.finditer(text):
        if identities.mac_form(found["v"]):
            names.tails.setdefault(found["v"][9:], set()).add(found["v"])


def cut(line: str, place: Place, names: Names) -> tuple[Part, ...]:
    """The parts of `line`, in order; together they are the line.

    All that a side names must have been learned before.
    """
    known = names.cut.get((line, place))
    if known is None:
        known = names.cut[line, place] = _cut(line, place, names)
    return known


def _cut(line: str, place: Place, names: Names) -> tuple[Part, ...]:
    if not _ANY.search(line):
        return (line,) if line else ()
    spans = sorted(_tokens(line, place, names), key=lambda span: (span[0], -span[1]))
    spans += _marks(line)
    if not spans:
        return (line,) if line else ()
    spans.sort(key=lambda span: span[0])
    parts: list[Part] = []
    at = 0
    for start, end, part in spans:
        if start < at:
            continue
        if start > at:
            parts.append(line[at:start])
        parts.append(part)
        at = end
    if at < len(line):
        parts.append(line[at:])
    return tuple(parts)


def _tokens(line: str, place: Place, names: Names) -> Iterator[tuple[int, int, Part]]:
    for hint, pattern, kind in _IDENTITIES:
        if hint in line:
            for found in pattern.finditer(line):
                scope = scope_of(kind, place, line)
                token = token_of(kind, found["v"], scope, names, short=pattern is _BRIDGE)
                if token is not None:
                    yield found.start("v"), found.end("v"), token


def _marks(line: str) -> Iterator[tuple[int, int, Part]]:
    for hint, pattern, kind in _NOISE:
        if hint in line:
            for found in pattern.finditer(line):
                for group in range(1, pattern.groups + 1):
                    if found[group] is not None:
                        mark = Mark(found[group], f"{kind.name} {kind.mask(found[group])}")
                        yield found.start(group), found.end(group), mark


def scope_of(kind: identities.Identity, place: Place, line: str) -> str:
    """Within what a value of `kind` is unique, for one found in `line`."""
    if kind.scope == "lab":
        return ""
    if kind.scope == "node":
        return place.node
    if kind.scope == "namespace":
        return f"{place.node}/{place.netns}"
    found = _PEER_NETNS.search(line)
    return peer_scope(place, found[2] if found else "", named=bool(found and not found[1]))


def peer_scope(place: Place, other: str, *, named: bool) -> str:
    """The scope of a link's other end: the namespace it is said to be in, by name or by number.

    A number says something only to who knows the namespace that counts. All that containers and
    namespaces of the pages' labs reach this way is the node's own namespace.
    """
    if other and named:
        return f"{place.node}/{other}"
    if place.netns:
        return f"{place.node}/"
    return f"{place.node}/{place.netns}" if not other else f"{place.node}/#{other}"


def token_of(
    kind: identities.Identity, raw: str, scope: str, names: Names, *, short: bool = False
) -> Token | None:
    """The identity that `raw` is; None for a fact. `short`: a MAC without leading zeros."""
    if kind is identities.MAC:
        return _mac_token(raw, names, short=short)
    form = kind.form(raw)
    if not form:
        return None
    if kind is identities.ID:
        wholes = {raw} if len(raw) > 12 else names.ids.get(raw)
        if wholes is None or len(wholes) > 1:
            return None
        value = next(iter(wholes), raw)
        return Token(raw, (kind.name, scope, value), form, "whole" if len(raw) > 12 else "first")
    # An interface's index and its peer's view of it are one number.
    name = identities.INDEX.name if kind is identities.PEER else kind.name
    return Token(raw, (name, scope, raw), form, "")


def _mac_token(raw: str, names: Names, *, short: bool) -> Token | None:
    if raw.startswith("fe80:"):
        mac, shape = identities.mac_of(raw), "link-local"
    elif raw.startswith(("33:33:ff", "ff02:")):
        tail = _tail(raw)
        macs: Collection[str] = names.tails.get(tail, ())
        if len(macs) != 1:
            return None
        mac, shape = next(iter(macs)), "33:33" if raw.startswith("33") else "solicited"
    elif short:
        mac, shape = ":".join(byte.zfill(2) for byte in raw.split(":")), "short"
    else:
        mac, shape = raw, ""
    if not mac or not identities.mac_form(mac):
        return None
    return Token(raw, ("mac", "", mac), "random", shape)


def _tail(raw: str) -> str:
    if raw.startswith("33:33"):
        return raw[9:]
    high, _, low = raw.removeprefix("ff02::1:ff").partition(":")
    return f"{high}:{low.zfill(4)[:2]}:{low.zfill(4)[2:]}"


def write(token: Token, value: str) -> str:
    """`token` as it is written for another value of its kind."""
    match token.shape:
        case "link-local":
            return identities.link_local(value)
        case "33:33":
            return f"33:33:ff:{value[9:]}"
        case "solicited":
            tail = f"{value[9:11]}:{value[12:].replace(':', '')}"
            return str(ipaddress.IPv6Address(f"ff02::1:ff{tail}"))
        case "short":
            return ":".join(byte.removeprefix("0") for byte in value.split(":"))
        case "whole":
            return value if len(value) > 12 else token.raw
        case "first":
            return value[:12]
        case _:
            return value


def renamed(parts: tuple[Part, ...], mapping: Mapping[Key, str]) -> str:
    """The line with every identity that has an old name under that name."""
    return "".join(
        part
        if isinstance(part, str)
        else part.raw
        if isinstance(part, Mark) or part.key not in mapping
        else write(part, mapping[part.key])
        for part in parts
    )
