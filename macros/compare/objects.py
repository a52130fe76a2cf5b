"""Objects of a tool's JSON, field by field."""

import json
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any

from macros.compare import noise_mask
from macros.compare.change import Change, said
from macros.ground.alignment import align

# What the tools' JSON calls by other words than their text, which is the field's.
WORDS = {
    "operstate": "state",
    "linkmode": "mode",
    "txqlen": "qlen",
    "ifindex": "index",
    "link_index": "index of the other end",
    "link_netnsid": "namespace of the other end",
    "gateway": "next hop",
    "protocol": "proto",
    "prefsrc": "src",
    "lladdr": "mac",
    "info_kind": "kind",
    "prefixlen": "prefix length",
    "flags": "flag",
    "altnames": "other name",
    "valid_life_time": "valid lifetime",
    "preferred_life_time": "preferred lifetime",
}
_SETS = frozenset({"flags", "state", "altnames"})
_SILENT = ("linkinfo.", "info_data.")
_ID = re.compile(r"[0-9a-f]{64}")


def differences(kind: str, subject: str, old: Any, new: Any, path: str = "") -> Iterator[Change]:
    """What differs between two values at one place, without noise."""
    if old == new and type(old) is type(new):
        return
    key = re.split(r"[.\[]", path)[-1] if not path.endswith("]") else ""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        old, new = _named(old), _named(new)
        for name in dict.fromkeys((*old, *new)):
            inner = f"{path}.{name}" if path else name
            if name not in new:
                yield from _one_sided(kind, subject, inner, old[name], "")
            elif name not in old:
                yield from _one_sided(kind, subject, inner, "", new[name])
            else:
                yield from differences(kind, subject, old[name], new[name], inner)
    elif isinstance(old, list) and isinstance(new, list):
        if key in _SETS:
            yield from _sets(
                kind, subject, _word(path), noise_mask.value(key, old), noise_mask.value(key, new)
            )
        else:
            yield from _lists(kind, subject, old, new, path)
    elif noise_mask.value(key, old) != noise_mask.value(key, new):
        one, other = shown(old), shown(new)
        if not one or not other:
            yield from _one_sided(kind, subject, path, old, new)
        else:
            what = f"{_word(path)} of {subject} {one} -> {other}"
            yield said(kind, subject, what, one, other)


def shown(value: Any) -> str:
    """A value as a person writes it; nothing for what says nothing."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False)


def line(raw: Mapping[str, Any], leave_out: Iterable[str] = ()) -> str:
    """An object as iproute2 would write it: words and values on one line."""
    out = set(leave_out)
    return " ".join(
        f"{WORDS.get(key, key)} {shown(value)}"
        for key, value in raw.items()
        if key not in out and shown(value)
    )


def keyed(
    raws: Iterable[Mapping[str, Any]], key: Callable[[Mapping[str, Any]], Hashable]
) -> dict[Hashable, Mapping[str, Any]]:
    """Objects by their key; of those with one key, each by its place among them."""
    found: dict[Hashable, Mapping[str, Any]] = {}
    seen: dict[Hashable, int] = {}
    for raw in raws:
        own = key(raw)
        seen[own] = seen.get(own, 0) + 1
        found[own if seen[own] == 1 else (own, seen[own])] = raw
    return found


def _one_sided(kind: str, subject: str, path: str, old: Any, new: Any) -> Iterator[Change]:
    one, other = shown(old), shown(new)
    if one and not other:
        yield said(kind, subject, f"{_word(path)} of {subject} gone", one, "")
    elif other and not one:
        yield said(kind, subject, f"{_word(path)} of {subject} new: {_short(other)}", "", other)


def _sets(kind: str, subject: str, word: str, old: Any, new: Any) -> Iterator[Change]:
    for one in dict.fromkeys(map(str, old)):
        if one not in new:
            yield said(kind, subject, f"{word} {one} of {subject} gone", one, "")
    for one in dict.fromkeys(map(str, new)):
        if one not in old:
            yield said(kind, subject, f"{word} {one} of {subject} new", "", one)


def _lists(kind: str, subject: str, old: list[Any], new: list[Any], path: str) -> Iterator[Change]:
    plain = not any(isinstance(one, Mapping | list) for one in (*old, *new))
    if plain:
        if noise_mask.value(path, old) != noise_mask.value(path, new):
            one, other = shown(old), shown(new)
            yield said(kind, subject, f"{_word(path)} of {subject} {one} -> {other}", one, other)
    elif len(old) == len(new):
        for at, (one, other) in enumerate(zip(old, new, strict=True), 1):
            yield from differences(kind, subject, one, other, f"{path}[{at}]")
    else:
        one_by_one = [json.dumps(one, sort_keys=True) for one in old]
        others = [json.dumps(one, sort_keys=True) for one in new]
        pairs = align(one_by_one, others)
        kept, stayed = {one for one, _ in pairs}, {other for _, other in pairs}
        for at, one in enumerate(old):
            if at not in kept:
                yield from _one_sided(kind, subject, f"{path}[{at + 1}]", one, "")
        for at, one in enumerate(new):
            if at not in stayed:
                yield from _one_sided(kind, subject, f"{path}[{at + 1}]", "", one)


def _named(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """A map whose keys are ids, by the names inside."""
    return {
        str(of["Name"])
        if _ID.fullmatch(key) and isinstance(of, Mapping) and "Name" in of
        else key: of
        for key, of in raw.items()
    }


def _word(path: str) -> str:
    for silent in _SILENT:
        path = path.removeprefix(silent)
    if path.startswith("info_slave_data."):
        return f"{path.removeprefix('info_slave_data.')} as a port"
    return WORDS.get(path, path)


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:99]}…"
