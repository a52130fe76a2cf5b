"""Ids of containers, networks, sandboxes and endpoints."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from macros.settle.declaration import Evidence, Identity, Named, Near, Token, any_of, patterns_of

_HEX = "(?<![0-9A-Za-z])(?P<v>[0-9a-f]{%s})(?![0-9A-Za-z])"
_WHOLE = f"(?<!sha256:){_HEX % 64}"
_WHOLES = re.compile(_WHOLE)
# As long, but of what something says: sha256sum's, an annotation `checksum/config`, a token.
_DIGEST = re.compile(
    r"(?:(?:checksum|digest|fingerprint|hash|key|secret|sum|token)[\w./-]*\"?[:=] ?\"?"
    r"(?P<said>[0-9a-f]{64})(?![0-9A-Za-z])|^(?P<first>[0-9a-f]{64}) [ *](?=\S))",
    re.MULTILINE,
)
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


_AS_ONE = {ord(digit): "0" for digit in "123456789abcdef"}


def _in_hex(count: int) -> Near:
    """The search for so many hex digits in a row."""
    row = "0" * count
    return lambda text: row in text.translate(_AS_ONE)


_is_whole = _in_hex(64)
_is_said = any_of("br-", "root@", "Hostname: ")


class _Shown(NamedTuple):
    """What one text shows: whole ids, short ones, and what is as long and no id."""

    whole: frozenset[str]
    short: frozenset[str]
    digests: frozenset[str]


class _Known(NamedTuple):
    """Whole ids by their first 12 digits, none for those that have no more; and what is none."""

    ids: Mapping[str, set[str]]
    digests: frozenset[str]


@lru_cache(maxsize=2048)
def _shown(text: str) -> _Shown:
    short = set(_NETNS.findall(text)) if "netns/" in text else set()
    if _is_said(text):
        short.update(_SHORT.findall(text))
    if "CONTAINER" in text or " ID" in text:
        short.update(_cells(text))
    whole: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()
    if _is_whole(text):
        whole = frozenset(_WHOLES.findall(text))
        digests = frozenset(named or first for named, first in _DIGEST.findall(text))
    return _Shown(whole - digests, frozenset(short), digests)


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


def _learn(evidence: Evidence) -> _Known:
    ids: defaultdict[str, set[str]] = defaultdict(set)
    every = [_shown(text) for text in evidence.texts]
    for shown in every:
        for whole in shown.whole:
            ids[whole[:12]].add(whole)
        for short in shown.short:
            ids[short[:12]].update(())
    for recording in evidence.recordings:
        if _ASKED.search(recording.ran):
            for short in _ALONE.findall(recording.text):
                ids[short[:12]].update(())
    # What is an id elsewhere is one here, too.
    wholes = frozenset().union(*(shown.whole for shown in every))
    digests = frozenset().union(*(shown.digests for shown in every))
    return _Known(ids, digests - wholes)


def _read(raw: str, _shape: str, known: _Known) -> Named | None:
    if len(raw) > 13:
        return None if raw in known.digests else Named(raw, "hex", "whole")
    wholes = known.ids.get(raw[:12])
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
    " CONTAINER ID, NETWORK ID and POD ID, behind `br-`, in a prompt. An image's id is a fact, and"
    " so is what something says by its digest: a file's checksum, a key, a token",
    scope="lab",
    rank=20,
    pinned=True,
    learn=_learn,
    read=_read,
    write=_write,
    patterns=patterns_of(
        (_in_hex(64), _WHOLE),
        # crictl prints 13 digits, Docker 12.
        (_in_hex(12), _HEX % "12,13"),
    ),
)
