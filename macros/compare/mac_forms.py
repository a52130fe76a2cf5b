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
from macros.ground.commandline import call
from macros.ground.model import PageRecording, Recording
from macros.kinds import docker
from macros.kinds.kind import Mac
from macros.kinds.registry import KINDS
from macros.settle.identities import link_local

_MAC = re.compile(r"(?<![0-9a-f:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![0-9a-f:])")
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")


def form(mac: str, addresses: Iterable[str]) -> str:
    """The form of a MAC in words, IEEE 802: bit 0 of the first byte is group, bit 1 local.

    `addresses` are the IPv4 addresses that the page shows: Docker before 28 made the MAC of a
    container of 02:42 and its address, and that of a bridge of 02:42 and four random bytes.
    """
    first, last = int(mac[:2], 16), bytes.fromhex(mac[6:].replace(":", ""))
    if first & 1:
        return "group"
    if mac == "ee:ee:ee:ee:ee:ee":
        return "ee:ee:ee:ee:ee:ee"
    if mac[:5] in ("02:42", "52:55"):
        known = ".".join(map(str, last)) in addresses
        return f"{mac[:5]} + {'address' if known else 'random'}"
    if mac[:5] in ("02:00", "52:54"):
        return "set by hand"
    return "random" if first & 2 else "fixed by its maker"


@dataclass(frozen=True)
class Forms:
    """The MACs of a page whose form changed: old to new, whose each is, and what it was.

    `said` has for an old MAC its owner, its old form and its new form.
    """

    renamed: Mapping[str, str]
    said: Mapping[str, tuple[str, str, str]]

    @cached_property
    def _words(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for old, new in self.renamed.items():
            for make in (str, link_local, _group, _multicast, _bridge_id):
                found[make(old)] = make(new)
        return found

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        words = sorted(self._words, key=len, reverse=True)
        return re.compile("(?<![0-9a-f:])(?:" + "|".join(map(re.escape, words)) + ")(?![0-9a-f:])")

    def text(self, old: str) -> str:
        """An old text with the new MACs."""
        return self._pattern.sub(lambda found: self._words[found[0]], old) if self.renamed else old

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
        shown = old.text + (json.dumps(old.twin) if old.twin is not None else "")
        found: dict[tuple[str, str, str], list[str]] = {}
        for mac in dict.fromkeys(_MAC.findall(shown)):
            if mac in self.said:
                found.setdefault(self.said[mac], []).append(mac)
        for (owner, was, now), macs in found.items():
            news = [self.renamed[mac] for mac in macs]
            yield said(
                "mac",
                owner,
                f"MAC{'s' if owner == 'containers' or len(macs) > 1 else ''} of {owner}:"
                f" from {was} to {now}",
                ", ".join(macs),
                ", ".join(news),
            )


def forms(old: PageRecording, new: PageRecording) -> Forms:
    """The MACs whose form changed from one recording of a page to another."""
    pairs: dict[str, str] = {}
    owners: dict[str, str] = {}
    broken: set[str] = set()
    for key, one in old.blocks.items():
        other = new.blocks.get(key)
        if other is None:
            continue
        before, after = dict(_owned(one)), dict(_owned(other))
        for place, (mac, owner) in before.items():
            if place not in after:
                continue
            now = after[place][0]
            if pairs.setdefault(mac, now) != now:
                broken.add(mac)
            if owners.setdefault(mac, owner) != owner and owner == "containers":
                owners[mac] = owner
    texts = ["\n".join(map(_all, each.blocks.values())) for each in (old, new)]
    addresses = [frozenset(_IPV4.findall(text)) for text in texts]
    shown = [frozenset(_MAC.findall(text)) for text in texts]
    renamed, said_ = {}, {}
    several = Counter(pairs.values())
    for mac, now in pairs.items():
        was, becomes = form(mac, addresses[0]), form(now, addresses[1])
        steady = mac not in shown[1] and now not in shown[0] and several[now] == 1
        if was != becomes and steady and mac not in broken:
            renamed[mac] = now
            said_[mac] = (owners[mac], was, becomes)
    return Forms(renamed, said_)


def _all(one: Recording) -> str:
    return one.text + (json.dumps(one.twin) if one.twin is not None else "")


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
                macs = kind.macs(kind.read("", space[kind.name], None))
                for place, of in _of(macs, inside=bool(space.get("container"))):
                    yield (str(space.get("name")), *place), of
    for things in (seen.get("docker") or {}).values():
        yield from _of(docker.macs_of(things or ()), inside=False)


def _of(macs: Iterable[Mac], *, inside: bool) -> Iterator[Owned]:
    for mac in macs:
        if _MAC.fullmatch(mac.mac):
            yield mac.place, (mac.mac, "containers" if mac.here and inside else mac.owner)


def _group(mac: str) -> str:
    """The group that solicits its neighbour, as an address (RFC 4291 section 2.7.1)."""
    tail = mac.split(":")[3:]
    return f"ff02::1:ff{tail[0]}:{(tail[1] + tail[2]).lstrip('0') or '0'}"


def _multicast(mac: str) -> str:
    """The same as a MAC (RFC 2464 section 7)."""
    return f"33:33:ff{mac[8:]}"


def _bridge_id(mac: str) -> str:
    """As iproute2 writes it in a bridge's id: without leading zeros."""
    return "8000." + ":".join(f"{int(byte, 16):x}" for byte in mac.split(":"))
