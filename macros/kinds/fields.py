"""Typed access to the JSON of other tools, and what their text formats have in common."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import yaml

from macros.ground.errors import GuideError

# Loose where the kernel has already checked, strict enough to refuse a word of an error.
_ADDRESS = re.compile(r"\d+(\.\d+){3}|[0-9a-f]*:[0-9a-f:.]*")
# One object of a tool's JSON. Records keep it whole as `raw`, so that nothing is lost.
Raw: TypeAlias = Mapping[str, Any]
Named = TypeVar("Named")


def objects(text: str, twin: Any, kind: str) -> list[Raw] | None:
    """The list of JSON objects in `twin`, or else in `text` if that is JSON itself; else None.

    iproute2 prints `{}` for what a filter left out: those are dropped.
    """
    if twin is None and text.lstrip()[:1] in ("[", "{"):
        try:
            # What a tool says on standard error can follow its JSON.
            twin, _ = json.JSONDecoder().raw_decode(text.lstrip())
        except ValueError:
            return None
    if twin is None:
        return None
    raws = twin if isinstance(twin, list) else [twin]
    if not all(isinstance(raw, dict) for raw in raws):
        raise GuideError(f"the JSON recorded for {kind} is no list of objects")
    return [raw for raw in raws if raw]


class _Loader(yaml.SafeLoader):
    """YAML's own types but for times, which stay as written."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def yaml_objects(text: str, kind: str) -> list[Raw]:
    """The objects in YAML (or JSON): one, a list of them, or the `items` of one.

    GuideError where it is something else.
    """
    try:
        parts = list(yaml.load_all(text, Loader=_Loader))
    except (yaml.YAMLError, ValueError) as error:
        raise GuideError(f"the output is no YAML of {kind}: {error}") from error
    members: list[Raw] = []
    for part in parts:
        items = part.get("items", [part]) if isinstance(part, dict) else part
        members += items if isinstance(items, list) else [items]
    if not members or not all(isinstance(item, dict) for item in members):
        raise GuideError(f"the YAML recorded for {kind} has no objects")
    return members


def string(raw: Raw, key: str) -> str | None:
    """The string under `key`, or None where there is none. Numbers are given as printed."""
    value = raw.get(key)
    return None if value is None else str(value)


def number(raw: Raw, key: str) -> int | None:
    """The whole number under `key`, or None where there is none."""
    value = raw.get(key)
    if value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise GuideError(f"{key} is {value!r}, not a number") from error


def strings(raw: Raw, key: str) -> tuple[str, ...]:
    """The list of strings under `key`; empty where there is none."""
    return tuple(str(item) for item in raw.get(key) or ())


def must(raw: Raw, key: str, kind: str) -> str:
    """The string under `key`. GuideError where there is none."""
    value = string(raw, key)
    if value is None:
        raise GuideError(f"an entry of {kind} has no {key!r}: {json.dumps(raw)[:120]}")
    return value


def inside(raw: Raw, *keys: str) -> Raw:
    """The object found by going through `keys`; empty where one is missing."""
    for key in keys:
        inner = raw.get(key)
        if not isinstance(inner, Mapping):
            return {}
        raw = inner
    return raw


def is_address(word: str) -> bool:
    """Whether a word is an IP address or a network, as iproute2 prints them."""
    host, _, length = word.partition("/")
    return _ADDRESS.fullmatch(host) is not None and (not length or length.isdigit())


def any_of(text: str) -> frozenset[str]:
    """A set of words, written as they are said."""
    return frozenset(text.split())


def counted(value: str) -> str:
    """What counts of a counter: whether it is zero."""
    return "some" if value.strip("0") else "0"


def whole(value: str) -> int | str:
    """A word as a number if it is one: tools print both as words."""
    return int(value) if value.isdigit() else value


def setting(value: str) -> bool | int | str:
    """A word as a switch or a number if it is one: iproute2's JSON has true for its "on"."""
    return {"on": True, "off": False}.get(value, whole(value))


def pairs(words: Sequence[str], bare: frozenset[str]) -> Iterator[tuple[str, str | None]]:
    """iproute2's `key value` words one after the other; those in `bare` stand alone.

    A word at the end of the line stands alone too.
    """
    position = 0
    while position < len(words):
        word = words[position]
        if word in bare or position + 1 == len(words):
            yield word, None
            position += 1
        else:
            yield word, words[position + 1]
            position += 2


def letters(args: Iterable[str]) -> frozenset[str]:
    """The one-letter options, also where several share a dash."""
    return frozenset("".join(a[1:] for a in args if a.startswith("-") and not a.startswith("--")))


def by_name(kind: str, records: Iterable[tuple[str, Named]]) -> dict[str, Named]:
    """Records by name, in the order given. GuideError where two have one name."""
    named: dict[str, Named] = {}
    for name, record in records:
        if name in named:
            raise GuideError(f"two {kind} in the output are named {name}")
        named[name] = record
    return named


def unreadable(kind: str, line: str, number: int) -> GuideError:
    """The error for a line of output that is not in the form of its kind."""
    return GuideError(
        f"line {number} of the output does not read as {kind}: {line.strip()[:100]!r}",
        fix="check what the command answered; a value in free text is found by `re:`",
    )
