"""Ids of containers, networks, sandboxes and endpoints."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from macros.settle.declaration import Evidence, Identity, Named, Token, patterns_of

_HEX = "(?<![0-9A-Za-z])(?P<v>[0-9a-f]{%s})(?![0-9A-Za-z])"
_WHOLE = f"(?<!sha256:){_HEX % 64}"
# A sandbox's namespace has 12 digits of its own.
_NETNS = re.compile(r"netns/(?P<v>[0-9a-f]{12})(?![0-9a-f])")


# A short id alone: Docker's bridges; a container's name for itself, in a prompt or as it says it.
_SHORT = re.compile(r"(?<![0-9A-Za-z])(?:br-|root@|Hostname: )(?P<v>[0-9a-f]{12})(?![0-9A-Za-z])")
# Not under IMAGE: what an image's id is of is its contents.
_HEADS = re.compile(r"(?<!\S)(?:CONTAINER ID|NETWORK ID|POD ID|CONTAINER)(?= {2,}|$)")
_CELL = re.compile(r"[0-9a-f]{12,13}(?![0-9A-Za-z])")
_ASKED = re.compile(
    r"\bdocker (?:(?:container|network) )?(?:ps|ls|list)\b(?:.* )?-(?:\w*q\w*|-quiet)\b"
    r"|\bcrictl (?:.* )?(?:ps|pods)\b(?:.* )?-(?:\w*q\w*|-quiet)\b"
)
"""Commands that print ids and nothing else."""
_ALONE = re.compile(r"^(?P<v>[0-9a-f]{12,13})$", re.MULTILINE)


class _Shown(NamedTuple):
    whole: frozenset[str]
    short: frozenset[str]


@lru_cache(maxsize=2048)
def _shown(text: str) -> _Shown:
    short = {*_NETNS.findall(text), *_SHORT.findall(text)}
    if "CONTAINER" in text or " ID" in text:
        short.update(_cells(text))
    return _Shown(frozenset(re.findall(_WHOLE, text)), frozenset(short))


def _cells(text: str) -> Iterator[str]:
    """The short ids in tables, below the heads that name them."""
    starts: list[int] = []
    for line in text.split("\n"):
        heads = [head.start() for head in _HEADS.finditer(line)]
        if heads or not line:
            starts = heads
        for start in starts:
            cell = _CELL.match(line, start)
            if cell is not None and line[start - 1 : start] in {"", " "}:
                yield cell[0]


def _learn(evidence: Evidence) -> Mapping[str, set[str]]:
    """Whole ids by their first 12 digits; none for those that have no more."""
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for text in evidence.texts:
        shown = _shown(text)
        for whole in shown.whole:
            ids[whole[:12]].add(whole)
        for short in shown.short:
            ids[short[:12]].update(())
    for recording in evidence.recordings:
        if _ASKED.search(recording.ran):
            for short in _ALONE.findall(recording.text):
                ids[short[:12]].update(())
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
    " 13 of them, where the page shows the whole one, or where only an id can stand: below"
    " CONTAINER ID, NETWORK ID and POD ID, behind `br-`, in a prompt. An image's id is a fact",
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
