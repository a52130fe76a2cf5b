"""Ids of containers, networks, sandboxes and endpoints."""

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from macros.settle.declaration import Evidence, Identity, Named, Token, patterns_of

_HEX = "(?<![0-9A-Za-z])(?P<v>[0-9a-f]{%s})(?![0-9A-Za-z])"
_WHOLE = f"(?<!sha256:){_HEX % 64}"
# A sandbox's namespace has 12 digits of its own.
_NETNS = re.compile(r"netns/(?P<v>[0-9a-f]{12})(?![0-9a-f])")


class _Shown(NamedTuple):
    whole: frozenset[str]
    short: frozenset[str]


@lru_cache(maxsize=2048)
def _shown(text: str) -> _Shown:
    return _Shown(frozenset(re.findall(_WHOLE, text)), frozenset(_NETNS.findall(text)))


def _learn(evidence: Evidence) -> Mapping[str, set[str]]:
    """Whole ids by their first 12 digits; none for those that have no more."""
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for text in evidence.texts:
        shown = _shown(text)
        for whole in shown.whole:
            ids[whole[:12]].add(whole)
        for short in shown.short:
            ids[short].update(())
    return ids


def _read(raw: str, _shape: str, known: Mapping[str, set[str]]) -> Named | None:
    if len(raw) > 13:
        return Named(raw, "hex", "whole")
    wholes = known.get(raw[:12])
    if wholes is None or len(wholes) > 1:
        return None
    value = next(iter(wholes), raw)
    return Named(value, "hex", "first") if value.startswith(raw) else None


def _write(token: Token, value: str) -> str:
    if token.shape == "first":
        return value[: len(token.raw)]
    return value if len(value) > 13 else token.raw


IDENTITY = Identity(
    name="id",
    what="the id of a container, network, sandbox or endpoint: 64 hex digits, or the first 12 or"
    " 13 of them",
    scope="lab",
    rank=20,
    pinned=True,
    learn=_learn,
    read=_read,
    write=_write,
    patterns=patterns_of(
        ("", _WHOLE),
        # crictl prints 13 digits, Docker 12.
        ("", _HEX % "12,13"),
    ),
)
