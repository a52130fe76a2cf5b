"""A tool's JSON as a tree whose words are cut as a text's lines are."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from macros.settle import identities, noise, scan, skeleton
from macros.settle.declaration import WISHES, Identity, Key, Noise, Token
from macros.settle.matches import Mark
from macros.settle.scan import Part, Place, Side

_KEYS: Mapping[str, Identity] = {key: kind for kind in identities.ALL for key in kind.keys}
# What names an element of a list: when all else of it changed, it is still that element.
_OWN_NAMES = ("ifname", "name", "Name", "dst", "dev", "mac", "local", "nsid")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A word, a number, or a list of words that means one state."""

    value: Any
    parts: tuple[Part, ...]
    skeleton: str | None


@dataclass(frozen=True, slots=True)
class Object:
    """A mapping; its keys are cut too, for some are ids."""

    entries: tuple[tuple[str, tuple[Part, ...], "Node"], ...]
    skeleton: str | None


@dataclass(frozen=True, slots=True)
class Array:
    """A list; `ordered` unless its elements come in an order that means nothing."""

    items: tuple["Node", ...]
    ordered: bool
    skeleton: str | None


Node = Leaf | Object | Array
"""A node has a `skeleton` where nothing in it is an identity, so that it never changes."""

_ENTRIES = (
    {"mac", "ifname"},
    {"dst", "state"},
    {"metadata", "kind"},
    {"addresses", "conditions"},
    {"type", "status"},
    {"inode", "links"},
)


@dataclass(frozen=True, slots=True)
class _Around:
    """What the JSON around a value says about it: where it is, and who its numbers name."""

    place: Place
    side: Side
    peers: Mapping[int, str]
    wished: bool = False
    """Whether it is what an author wished for: see `WISHES`."""


def build(value: Any, place: Place, side: Side) -> Node:
    """The tree of a twin."""
    inodes = {}
    if isinstance(value, dict) and isinstance(value.get("namespaces"), list):
        inodes = {
            namespace.get("inode"): namespace.get("name", "") for namespace in value["namespaces"]
        }
    return _build(value, "", _Around(place, side, {}), inodes)


def _build(value: Any, key: str, around: _Around, inodes: Mapping[Any, str]) -> Node:
    if isinstance(value, dict):
        around = _within(value, around, inodes)
        scope = _peer_scope(value, around)
        entries = tuple(
            (
                name,
                scan.cut(name, around.place, around.side),
                _number(name, inner, around, scope)
                if _is_named(name, inner, around)
                else _build(inner, name, _inside(name, around), inodes),
            )
            for name, inner in value.items()
        )
        return _settled(Object(entries, None))
    if isinstance(value, list):
        for kind in _noises(key):
            if value and kind.words.issuperset(map(str, value)):
                return _leaf(value, (Mark(json.dumps(value), f"{kind.name} ?"),))
        items = tuple(_build(inner, key, around, inodes) for inner in value)
        return _settled(Array(items, not (value and all(map(_loose, value))), None))
    for kind in _noises(key):
        if (
            _is_noise(kind, value)
            and kind.name not in around.place.facts
            and (kind.in_spec or not around.wished)
        ):
            return _leaf(value, (Mark(str(value), f"{kind.name} {kind.mask(str(value))}"),))
    if isinstance(value, str):
        return _leaf(value, scan.cut(value, around.place, around.side))
    return _leaf(value, (json.dumps(value),))


def _is_named(name: str, value: Any, around: _Around) -> bool:
    """Whether a value is an identity by its key."""
    kind = _KEYS.get(name)
    if kind is None or (around.wished and not kind.in_spec):
        return False
    return _is_whole(value) or _is_text(kind, value)


def _inside(name: str, around: _Around) -> _Around:
    """What is around the value of a key."""
    return replace(around, wished=True) if name == WISHES and not around.wished else around


def _leaf(value: Any, parts: tuple[Part, ...]) -> Leaf:
    if any(isinstance(part, Token) for part in parts):
        return Leaf(value, parts, None)
    return Leaf(value, parts, _said_by(value, parts, _nobody))


def _settled(node: Object | Array) -> Object | Array:
    """The node with its skeleton, where no identity is in it."""
    if isinstance(node, Array):
        known = all(item.skeleton is not None for item in node.items)
    else:
        known = all(
            inner.skeleton is not None and not any(isinstance(part, Token) for part in key)
            for _, key, inner in node.entries
        )
    return replace(node, skeleton=text(node, _nobody)) if known else node


def _nobody(_token: Token) -> None:
    """The names of identities where there are none."""


def _is_number(value: Any) -> bool:
    """Numbers alone: `"multicast": "on"` is no counter, and `true` is one only to Python."""
    return isinstance(value, int | float) and not isinstance(value, bool)


@lru_cache(maxsize=4096)
def _noises(key: str) -> tuple[Noise, ...]:
    """The kinds of noise that a key's value may be."""
    return tuple(kind for kind in noise.ALL if kind.keys is not None and kind.keys.fullmatch(key))


def _is_noise(kind: Noise, value: Any) -> bool:
    """Whether a value may be noise of a kind: a number, or text in the form that it declares."""
    if isinstance(value, str):
        return kind.in_text is not None and kind.in_text.fullmatch(value) is not None
    return _is_number(value) and not kind.words


def _is_whole(value: Any) -> bool:
    """A number, or one that is written as text."""
    if isinstance(value, str):
        return value.isdigit()
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(kind: Identity, value: Any) -> bool:
    """A value of letters and digits that nothing but its key tells from others."""
    return kind.in_text and isinstance(value, str)


def _within(value: Mapping[str, Any], around: _Around, inodes: Mapping[Any, str]) -> _Around:
    """A namespace of an observation has its own place, and numbers the others its own way."""
    if not inodes or "links" not in value or not isinstance(value.get("name"), str):
        return around
    peers = {
        nsid["nsid"]: inodes[nsid["inode"]]
        for nsid in value.get("nsids", [])
        if nsid.get("inode") in inodes and "nsid" in nsid
    }
    return replace(around, place=replace(around.place, netns=value["name"]), peers=peers)


def _peer_scope(value: Mapping[str, Any], around: _Around) -> str:
    number, name = value.get("link_netnsid"), value.get("link_netns")
    if isinstance(name, str):
        return scan.peer_scope(around.place, name, named=True)
    if number is None:
        return f"{around.place.node}/{around.place.netns}"
    if number in around.peers:
        return f"{around.place.node}/{around.peers[number]}"
    return scan.peer_scope(around.place, str(number), named=False)


def _number(key: str, value: int | str, around: _Around, peer: str) -> Leaf:
    kind = _KEYS[key]
    scope = peer if kind.scope == "peer" else scan.scope_of(kind, around.place, "")
    token = scan.token_of(kind, str(value), scope, around.side)
    return _leaf(value, (token or str(value),))


def _loose(value: Any) -> bool:
    """Whether `value` is an entry of a list without order.

    Forwarding entries and neighbours; Kubernetes' lists of objects, which are sorted by names that
    may be of chance, of endpoints and of conditions; an observation's namespaces, sorted by name
    too.
    """
    if not isinstance(value, dict):
        return False
    return any(keys <= value.keys() for keys in _ENTRIES)


def parts(node: Node) -> Iterator[tuple[Part, ...]]:
    """All cut texts in a tree."""
    if isinstance(node, Leaf):
        yield node.parts
    elif isinstance(node, Array):
        for item in node.items:
            yield from parts(item)
    else:
        for _, key, inner in node.entries:
            yield key
            yield from parts(inner)


def text(node: Node, value: skeleton.Value) -> str:
    """A node's skeleton: that of all it holds."""
    if node.skeleton is not None:
        return node.skeleton
    if isinstance(node, Leaf):
        return _said_by(node.value, node.parts, value)
    if isinstance(node, Array):
        items = [text(item, value) for item in node.items]
        return f"[{''.join(items if node.ordered else sorted(items))}]\n"
    entries = sorted(
        f"{skeleton.of(key, value)}: {text(inner, value)}" for _, key, inner in node.entries
    )
    return f"{{{''.join(entries)}}}\n"


def _said_by(word: Any, parts: tuple[Part, ...], value: skeleton.Value) -> str:
    return f"{type(word).__name__} {skeleton.of(parts, value)}\n"


def own_name(node: Node, value: skeleton.Value) -> str:
    """What names an element among its list's others; "" where nothing does.

    Kubernetes' objects have kind, namespace and name, the last two in their metadata; a condition
    has its type.
    """
    if not isinstance(node, Object):
        return ""
    inner = {name: child for name, _, child in node.entries}
    named = {name: inner[name] for name in _OWN_NAMES if name in inner}
    if {"type", "status"} <= inner.keys():
        named["type"] = inner["type"]
    metadata = inner.get("metadata")
    if isinstance(metadata, Object):
        named |= {
            name: child for name, _, child in metadata.entries if name in {"namespace", "name"}
        }
        named |= {"kind": inner["kind"]} if "kind" in inner else {}
    return "".join(f"{name}={text(named[name], value)}" for name in sorted(named))


def plain(node: Node, mapping: Mapping[Key, str]) -> Any:
    """The JSON of a node, identities under their old names."""
    if isinstance(node, Leaf):
        if not any(isinstance(part, Token) for part in node.parts):
            return node.value
        word = scan.renamed(node.parts, mapping)
        return int(word) if isinstance(node.value, int) else word
    if isinstance(node, Array):
        return [plain(item, mapping) for item in node.items]
    return {scan.renamed(key, mapping): plain(inner, mapping) for _, key, inner in node.entries}
