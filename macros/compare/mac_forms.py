"""MAC addresses by form: a form that changed is said once, and the values follow it.

Settle renames only within a form, so a new form differs in every place that shows such a MAC.
Old and new MACs are paired by what they belong to (an interface's name, a neighbour's address, a
container's name). A pair whose form changed, and that holds in the whole page, is one change of
each block that shows it; all other differences are facts of their own.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from macros.compare import outputs
from macros.compare.change import Change, said
from macros.ground import mac as macs
from macros.ground.commandline import call
from macros.ground.model import PageRecording, Recording
from macros.kinds import docker
from macros.kinds.kind import Mac
from macros.kinds.registry import KINDS


@dataclass(frozen=True)
class Forms:
    """The MACs of a page whose form changed: old to new, whose each is, and what it was.

    `described` has for an old MAC its owner, its old form and its new form.
    """

    renamed: Mapping[str, str]
    described: Mapping[str, tuple[str, str, str]]

    @cached_property
    def _words(self) -> Mapping[str, str]:
        words: dict[str, str] = {}
        for old, new in self.renamed.items():
            for make in (str, macs.link_local, macs.solicited, macs.multicast, _bridge_id):
                words[make(old)] = make(new)
        return words

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        words = sorted(self._words, key=len, reverse=True)
        return re.compile("(?<![0-9a-f:])(?:" + "|".join(map(re.escape, words)) + ")(?![0-9a-f:])")

    def text(self, old: str) -> str:
        """An old text with the new MACs."""
        if not self.renamed:
            return old
        return self._pattern.sub(lambda word: self._words[word[0]], old)

    def recording(self, old: Recording) -> Recording:
        """An old recording with the new MACs; its capture is left as it is."""
        if not self.renamed:
            return old
        twin = old.twin
        if twin is not None:
            twin = json.loads(self.text(json.dumps(twin)))
        return replace(old, text=self.text(old.text), twin=twin)

    def changes(self, old: Recording) -> Iterator[Change]:
        """What of this the block shows, one change for each kind of owner."""
        if not self.described:
            return
        shown = old.text + (json.dumps(old.twin) if old.twin is not None else "")
        changed: dict[tuple[str, str, str], list[str]] = {}
        for mac in dict.fromkeys(macs.PATTERN.findall(shown)):
            if mac in self.described:
                changed.setdefault(self.described[mac], []).append(mac)
        for (owner, was, now), olds in changed.items():
            news = [self.renamed[mac] for mac in olds]
            yield said(
                "mac",
                owner,
                f"MAC{'s' if owner == 'containers' or len(olds) > 1 else ''} of {owner}:"
                f" from {was} to {now}",
                ", ".join(olds),
                ", ".join(news),
            )


def forms(old: PageRecording, new: PageRecording) -> Forms:
    """The MACs whose form changed from one recording of a page to another."""
    pairs = _pairs(old, new)
    before, after = ([_whole(block) for block in page.blocks.values()] for page in (old, new))
    shown = [frozenset(macs.PATTERN.findall("\n".join(texts))) for texts in (before, after)]
    computed = macs.tails(before, shown[0]), macs.tails(after, shown[1])
    renamed, changes = {}, {}
    several = Counter(pair.new for pair in pairs.values())
    for mac, pair in pairs.items():
        was, becomes = macs.form(mac, computed[0]).words, macs.form(pair.new, computed[1]).words
        steady = mac not in shown[1] and pair.new not in shown[0] and several[pair.new] == 1
        if was != becomes and steady and not pair.broken:
            renamed[mac] = pair.new
            changes[mac] = (pair.owner, was, becomes)
    return Forms(renamed, changes)


@dataclass(slots=True)
class _Pair:
    """The new MAC of what had an old one, and whose it is; `broken` if places disagree."""

    new: str
    owner: str
    broken: bool = False


def _pairs(old: PageRecording, new: PageRecording) -> Mapping[str, _Pair]:
    """By old MAC."""
    pairs: dict[str, _Pair] = {}
    for key, block in old.blocks.items():
        if key not in new.blocks:
            continue
        after = dict(_owned(new.blocks[key]))
        for where, (mac, owner) in dict(_owned(block)).items():
            if where not in after:
                continue
            now = after[where][0]
            pair = pairs.setdefault(mac, _Pair(now, owner))
            pair.broken |= pair.new != now
            pair.owner = owner if owner == _CONTAINERS else pair.owner
    return pairs


def _whole(block: Recording) -> str:
    return block.text + (json.dumps(block.twin) if block.twin is not None else "")


_CONTAINERS = "containers"
"""Whose the MACs are that containers have: said of all at once."""

Owned = tuple[tuple[str, ...], tuple[str, str]]


def _owned(recording: Recording) -> Iterator[Owned]:
    """What has which MAC: a place that has the same name in both runs, the MAC, whose it is."""
    if recording.command == "observe" and isinstance(recording.twin, Mapping):
        yield from _observed(recording.twin)
        return
    records = outputs.records(recording)
    if records is not None and records[0].macs is not None:
        asked = call(recording.ran)
        inside = asked is not None and asked.contained
        yield from _of(records[0].macs(records[1]), inside=inside)


def _observed(seen: Mapping[str, Any]) -> Iterator[Owned]:
    for space in seen.get("namespaces") or ():
        for kind in KINDS:
            if kind.macs is not None and kind.read is not None and space.get(kind.name):
                owned = kind.macs(kind.read("", space[kind.name], None))
                for owner, of in _of(owned, inside=bool(space.get("container"))):
                    yield (str(space.get("name")), *owner), of
    for things in (seen.get("docker") or {}).values():
        yield from _of(docker.macs_of(things or ()), inside=False)


def _of(owned: Iterable[Mac], *, inside: bool) -> Iterator[Owned]:
    for mac in owned:
        if macs.PATTERN.fullmatch(mac.mac):
            yield mac.path, (mac.mac, "containers" if mac.here and inside else mac.owner)


def _bridge_id(mac: str) -> str:
    return f"8000.{macs.short(mac)}"
