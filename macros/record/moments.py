"""Whether a block's text and its JSON are of one moment: they are asked one after the other.

A route that was there for a second stands in one of the two. What both can say must agree: which
records there are, and what the text says of each. Left out is what changes while one looks (how
far a neighbour's state is, how long an address is valid, ages), and what cannot be read as
records: that is compared when it is settled, as ever.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from macros.ground.errors import GuideError
from macros.kinds import registry

_MOVING = frozenset({"state", "probes", "valid", "preferred", "columns"})
_LINKS = frozenset({"links", "addresses", "ports"})
"""Kinds whose `state` is a fact: that of a link, not of a neighbour."""


def differ(command: str, text: str, twin: Any) -> str:
    """What stands in one of the two only, or otherwise; "" where they agree or cannot be read."""
    kind = registry.kind_of(command)
    if kind is None or twin is None:
        return ""
    try:
        printed, asked = registry.read(command, text), registry.read(command, text, twin)
    except (GuideError, ValueError, KeyError, IndexError, TypeError):
        return ""
    moving = _MOVING - {"state"} if kind.name in _LINKS else _MOVING
    return _difference(_by_key(printed), _by_key(asked), moving)


def _by_key(records: Any) -> dict[str, list[Any]]:
    """Records by what they are called; several can be called the same."""
    by_name: dict[str, list[Any]] = {}
    if isinstance(records, Mapping):
        return {str(name): [record] for name, record in records.items()}
    for record in records if isinstance(records, tuple) else (records,):
        name = getattr(record, getattr(type(record), "KEY", ""), "")
        by_name.setdefault(str(name), []).append(record)
    return by_name


def _difference(
    printed: dict[str, list[Any]], asked: dict[str, list[Any]], moving: frozenset[str]
) -> str:
    for name in dict.fromkeys((*printed, *asked)):
        mine, theirs = printed.get(name, []), list(asked.get(name, []))
        if len(mine) != len(theirs):
            more = "text" if len(mine) > len(theirs) else "JSON"
            return (
                f"{name} is in the {more} only"
                if not (mine and theirs)
                else (f"{name} is in the {more} more often")
            )
        for record in mine:
            like = next((other for other in theirs if _says(record, other, moving)), None)
            if like is None:
                return f"{name} differs between the text and the JSON"
            theirs.remove(like)
    return ""


def _says(printed: Any, asked: Any, moving: frozenset[str]) -> bool:
    """Whether all that the text says stands in the JSON, which may say more."""
    if is_dataclass(printed) and not isinstance(printed, type):
        known = (
            field.name for field in fields(printed) if field.compare and field.name not in moving
        )
        return all(_says(getattr(printed, name), getattr(asked, name), moving) for name in known)
    if isinstance(printed, tuple) and isinstance(asked, tuple) and printed:
        return len(printed) == len(asked) and all(
            _says(record, other, moving) for record, other in zip(printed, asked, strict=True)
        )
    return printed in (None, "", (), frozenset()) or bool(printed == asked)
