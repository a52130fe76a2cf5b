"""Paths to one value in records: `docker0.mtu`, `nat.POSTROUTING[target=MASQUERADE].source`.

A path is steps. A name stands alone or after a dot; `[ ]` holds a name that has dots in it
(`[flannel.1].mtu`, `[172.17.0.0/16].dev`), a place counted from 1 (`[2]`), or a choice by a field
(`[dev=docker0]`, `[original.dport=80]`; several, separated by commas, must all hold), which must
fit exactly one. `-` and `_` in a field's name are the same. In a list of one the entry need not be
chosen.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeAlias, TypeGuard, cast

from macros.ground import enumeration
from macros.ground.errors import BeyondError, GuideError

_STEP = re.compile(r"\.?(?P<name>[^.\[\]\s]+)|\.?\[(?P<inside>[^\[\]]+)\]")
_CHOICE = re.compile(
    r"(?:^|,)\s*(?P<field>[A-Za-z_][\w.-]*)=(?P<value>.*?)(?=,\s*[A-Za-z_][\w.-]*=|$)"
)


@dataclass(frozen=True, slots=True)
class _Name:
    text: str


@dataclass(frozen=True, slots=True)
class _Inside:
    text: str


_Step: TypeAlias = _Name | _Inside


class _Missing(Exception):  # noqa: N818 no error yet: another place may have the value
    """A step that leads nowhere, with the names that would have led somewhere.

    `beyond`: it counts further than there are entries.
    """

    def __init__(self, message: str, names: Sequence[str] = (), *, beyond: bool = False) -> None:
        super().__init__(message)
        self.names = names
        self.beyond = beyond


def lookup(record: object, path: str) -> Any:
    """What `path` names in `record`: a dataclass, a mapping, a sequence, or JSON.

    GuideError names the first step that does not exist, or whose value was not given (None), and
    the nearest names that do exist.
    """
    value: object = record
    gone = ""
    for step, text in _steps(path):
        try:
            value = _inside(value, step.text) if isinstance(step, _Inside) else _named(value, step)
        except _Missing as missing:
            raise _error(path, text, gone, missing) from None
        gone += text
        if value is None:
            raise GuideError(f"{path!r}: {gone} was not given there")
    return value


def exists(record: object, path: str) -> bool:
    """Whether `path` leads to a value; GuideError only where it is not a path at all."""
    _steps(path)
    try:
        lookup(record, path)
    except GuideError:
        return False
    return True


def shown(record: object, path: str) -> str:
    """The value at `path` as it stands in a sentence: text, a number, or words with commas.

    GuideError where `path` ends at a whole record, naming what can follow.
    """
    value = lookup(record, path)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, Sequence) and all(isinstance(item, str | int | float) for item in value):
        return ", ".join(str(item) for item in value)
    raise GuideError(
        f"{path!r} is not a single value; one of these can follow: {_list(_names(value))}"
    )


def following(record: object) -> list[str]:
    """All names that can follow, as they are written; none behind a single value."""
    return [] if isinstance(record, str | int | float) else _names(record)


def _steps(path: str) -> list[tuple[_Step, str]]:
    steps: list[tuple[_Step, str]] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        plain = match is not None and match["name"] is not None
        dotted = path[position] == "."
        # A dot stands before every name but the first; before [ ] it may.
        if match is None or (dotted and not steps) or (plain and steps and not dotted):
            raise GuideError(
                f"{path!r} is not a path: it cannot go on at {path[position:]!r}",
                fix="names separated by dots; [ ] around a name with dots, a number or field=value",
            )
        inside = match["inside"]
        steps.append((_Name(match["name"]) if plain else _Inside(inside), match[0]))
        position = match.end()
    if not steps:
        raise GuideError("an empty path names no value")
    return steps


def _error(path: str, step: str, gone: str, missing: _Missing) -> GuideError:
    where = f"{gone} has" if gone else "there is"
    if missing.beyond and not gone:
        return BeyondError(f"{path!r}: {where} no {step}{missing}")
    near = difflib.get_close_matches(step.strip(".[]").lower(), missing.names, 4, 0.5)
    # A name inside a longer one, or the other way round, is near too: `eth` and `eth0@if3`.
    near += [n for n in missing.names if step.strip(".[]").lower() in n.lower() and n not in near]
    message = f"{path!r}: {where} no {step.lstrip('.')}{missing}"
    if near:
        return GuideError(f"{message}; nearest: {_list(near)}")
    return GuideError(f"{message}; there is: {_list(missing.names)}" if missing.names else message)


def _list(names: Sequence[str], most: int = 12) -> str:
    return enumeration.first(names, most) or "nothing"


def _named(value: object, step: _Name) -> object:
    """A name after a dot: a field first, then what the record holds, then the tool's own words."""
    name = step.text
    for holder in (*_held(value), *_own_words(value)):
        if isinstance(holder, Mapping):
            for key in (name, name.replace("_", "-")):
                if key in holder:
                    return cast("object", holder[key])
        elif is_dataclass(holder):
            if (field := name.replace("-", "_")) in _fields(holder):
                return cast("object", getattr(holder, field))
        elif _is_list(holder):
            if entries := _keyed(holder, name):
                return entries
            if len(holder) == 1:
                return _named(holder[0], step)
    several = next((len(holder) for holder in _held(value) if _is_list(holder)), 0)
    choose = (
        f" (of {several} entries one is chosen by [number] or [field=value])" if several else ""
    )
    raise _Missing(choose, _names(value))


def _inside(value: object, text: str) -> object:
    """What stands in brackets: a name, else a place, else a choice, else a field."""
    for holder in _held(value):
        if isinstance(holder, Mapping) and text in holder:
            return cast("object", holder[text])
        if _is_list(holder) and (entries := _keyed(holder, text)):
            return entries
    holders = [holder for holder in _held(value) if isinstance(holder, Mapping) or _is_list(holder)]
    if holders:
        first = holders[0]
        held = list(first.values()) if isinstance(first, Mapping) else first
        if text.isdigit():
            if 1 <= int(text) <= len(held):
                return cast("object", held[int(text) - 1])
            count = enumeration.counted(len(held), "entries")
            raise _Missing(f" (of {count})", _names(value), beyond=int(text) > len(held))
        if _CHOICE.match(text):
            return _chosen(held, text)
    return _named(value, _Name(text))


def _chosen(entries: Sequence[object], text: str) -> object:
    wanted = [(match["field"], match["value"].strip()) for match in _CHOICE.finditer(text)]
    fit = [
        index
        for index, entry in enumerate(entries)
        if all(_fits(entry, field, value) for field, value in wanted)
    ]
    if len(fit) == 1:
        return entries[fit[0]]
    if fit:
        places = ", ".join(f"[{index + 1}]" for index in fit[:12])
        raise _Missing(f" alone (it matches {len(fit)} entries: {places})", ())
    field, _ = wanted[0]
    values = dict.fromkeys(
        f"{field}={shown(entry, field)}" for entry in entries if exists(entry, field)
    )
    raise _Missing("", tuple(values))


def _fits(entry: object, field: str, value: str) -> bool:
    try:
        return shown(entry, field) == value
    except GuideError:
        return False


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _keyed(entries: Sequence[object], name: str) -> object:
    """The entries whose key is `name`, as a tuple; None where there are none."""
    entries_of_key = tuple(
        entry for entry in entries if (key := _key(entry)) is not None and key == name
    )
    return entries_of_key or None


def _key(entry: object) -> object:
    key = getattr(type(entry), "KEY", None)
    return None if key is None else getattr(entry, key)


def _held(value: object) -> list[object]:
    """Where a name is looked for: the record, then what it says is inside it."""
    inside = [getattr(value, name) for name in getattr(type(value), "INSIDE", ())]
    return [value, *inside]


def _own_words(value: object) -> list[object]:
    """What the tool's own JSON says of the record: it has more than our fields."""
    return [
        holder.raw for holder in _held(value) if is_dataclass(holder) and hasattr(holder, "raw")
    ]


def _fields(record: object) -> tuple[str, ...]:
    """The names of a record's fields and properties, without `raw`."""
    kind = type(record)
    own = [field.name for field in fields(record)] if is_dataclass(record) else []
    derived = [name for name, value in vars(kind).items() if isinstance(value, property)]
    return tuple(name for name in (*own, *derived) if name != "raw" and not name.startswith("_"))


def _names(value: object) -> list[str]:
    """All names that can follow here."""
    names: dict[str, None] = {}
    for holder in (*_held(value), *_own_words(value)):
        if isinstance(holder, Mapping):
            names |= dict.fromkeys(map(_written, holder))
        elif is_dataclass(holder):
            names |= dict.fromkeys(_fields(holder))
        elif _is_list(holder):
            keys = [key for entry in holder if (key := _key(entry)) is not None]
            # Of several with one key only the place tells them apart.
            if len(set(keys)) > 1 or len(holder) == 1:
                names |= dict.fromkeys(map(_written, keys))
            else:
                names |= {f"[{number}]": None for number in range(1, len(holder) + 1)}
            if len(holder) == 1:
                names |= dict.fromkeys(_names(holder[0]))
    return list(names)


def _written(name: object) -> str:
    """A name as it is written in a path."""
    return f"[{name}]" if "." in str(name) else str(name)
