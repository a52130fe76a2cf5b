"""Objects of a tool's JSON, field by field."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from macros.compare import noise_mask
from macros.compare.change import Change, said
from macros.ground.alignment import align
from macros.kinds import iproute
from macros.kinds.kind import Speech
from macros.settle.declaration import WISHES

# Where a key, or an entry of a list, is not there at all.
_ABSENT = object()
_ID = re.compile(r"[0-9a-f]{64}")
# A path into what an author wished for.
_WISHED = re.compile(rf"(?:^|\.){WISHES}[.\[]")
# A word that the next one is the value of.
_KEY = re.compile(r"[a-zA-Z][\w-]*")


@dataclass(frozen=True, slots=True)
class Teller:
    """Says what differs in objects of one kind, by that kind's words.

    `facts` are the kinds of noise that are facts here.
    """

    kind: str
    speech: Speech = iproute.SPEECH
    facts: frozenset[str] = frozenset()

    def differences(self, subject: str, old: Any, new: Any, path: str = "") -> Iterator[Change]:
        """What differs between two values of one field of `subject`, without noise."""
        if old == new and type(old) is type(new):
            return
        key = re.split(r"[.\[]", path)[-1] if not path.endswith("]") else ""
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            before = f"{path}." if path else ""
            members = _by_names(old), _by_names(new)
            yield from self._members(subject, *members, lambda name: f"{before}{name}")
        elif isinstance(old, list) and isinstance(new, list):
            if key in self.speech.sets and _plain(*old, *new):
                sides = self._masked(key, old, path), self._masked(key, new, path)
                yield from self._sets(subject, self.speech.word(path), *sides)
            else:
                yield from self._lists(subject, old, new, path)
        elif self._masked(key, old, path) != self._masked(key, new, path):
            if self._says(old) and self._says(new):
                was, now = self.shown(old) or "none", self.shown(new) or "none"
                what = f"{self.speech.word(path)} of {subject} {was} -> {now}"
                yield said(self.kind, subject, what, was, now)
            else:
                yield from self._one_sided(subject, path, old, new)

    def words(
        self, subject: str, old: Mapping[str, str], new: Mapping[str, str]
    ) -> Iterator[Change]:
        """What differs between words that a kind has chosen: all of it is fact."""
        for word in dict.fromkeys((*old, *new)):
            was, now = old.get(word, ""), new.get(word, "")
            if was != now:
                what = f"{word} of {subject} {was or 'none'} -> {now or 'none'}"
                yield said(self.kind, subject, what, was, now)

    def worded(
        self, subject: str, old: Mapping[str, str], new: Mapping[str, str]
    ) -> Iterator[Change]:
        """What differs between words as printed, each with the word before it; without noise."""
        for label in dict.fromkeys((*old, *new)):
            if label not in new:
                yield from self._one_sided(subject, label, old[label] or label, _ABSENT)
            elif label not in old:
                yield from self._one_sided(subject, label, _ABSENT, new[label] or label)
            elif noise_mask.line(old[label]) != noise_mask.line(new[label]):
                yield from self._words(subject, label, old[label], new[label])

    def printed(
        self, subject: str, old: Mapping[str, str], new: Mapping[str, str]
    ) -> Iterator[Change]:
        """What differs between whole lines, each with what it tells; without noise."""
        for label in dict.fromkeys((*old, *new)):
            was, now = old.get(label, ""), new.get(label, "")
            if noise_mask.line(was) != noise_mask.line(now):
                sides = [line.partition(":")[2].strip() or line.strip() for line in (was, now)]
                what = f"{label} of {subject} {sides[0] or 'none'} -> {sides[1] or 'none'}"
                yield said(self.kind, subject, what, *sides)

    def _words(self, subject: str, label: str, old: str, new: str) -> Iterator[Change]:
        sides = [noise_mask.line(line).split() for line in (old, new)]
        before, after = old.split(), new.split()
        if [len(before), len(after)] != [len(side) for side in sides]:
            # Noise of several words is masked as one.
            before, after = sides
        low = first = 0
        for was, now in [*align(*sides), (len(before), len(after))]:
            gone, come = " ".join(before[low:was]), " ".join(after[first:now])
            key = before[low - 1] if low and _KEY.fullmatch(before[low - 1]) else ""
            name = f"{label} {key}" if key and was - low == now - first == 1 else label
            low, first = was + 1, now + 1
            if gone and come:
                what = f"{name} of {subject} {gone} -> {come}"
                yield said(self.kind, subject, what, gone, come)
            elif gone:
                yield said(self.kind, subject, f"{label} {gone} of {subject} gone", gone)
            elif come:
                yield said(self.kind, subject, f"{label} {come} of {subject} new", "", come)

    def line(self, raw: Mapping[str, Any]) -> str:
        """An object as iproute2 would write it: words and values on one line."""
        return " ".join(
            f"{self.speech.word(key)} {self.shown(value)}"
            for key, value in raw.items()
            if self.shown(value)
        )

    def _one_sided(self, subject: str, path: str, old: Any, new: Any) -> Iterator[Change]:
        what = f"{self.speech.word(path)} of {subject}"
        if self._says(old) and not self._says(new):
            yield said(self.kind, subject, f"{what} gone", self.shown(old), "")
        elif self._says(new) and not self._says(old):
            now = self.shown(new)
            yield said(self.kind, subject, f"{what} new{': ' * bool(now)}{_short(now)}", "", now)

    def _says(self, value: Any) -> bool:
        return value is not _ABSENT and value not in self.speech.silent

    def _masked(self, key: str, value: Any, path: str) -> Any:
        """A value without noise: see `noise_mask.value`."""
        wished = _WISHED.search(path) is not None
        return noise_mask.value(key, value, wished=wished, facts=self.facts)

    def _sets(self, subject: str, word: str, old: Any, new: Any) -> Iterator[Change]:
        for member in dict.fromkeys(map(str, old)):
            if member not in new:
                yield said(self.kind, subject, f"{word} {member} of {subject} gone", member, "")
        for member in dict.fromkeys(map(str, new)):
            if member not in old:
                yield said(self.kind, subject, f"{word} {member} of {subject} new", "", member)

    def _lists(self, subject: str, old: list[Any], new: list[Any], path: str) -> Iterator[Change]:
        names = _names(old, new, self.speech.names)
        if _plain(*old, *new):
            sides = [noise_mask.value(path, side, facts=self.facts) for side in (old, new)]
            if sides[0] != sides[1]:
                was, now = self.shown(old), self.shown(new)
                what = f"{self.speech.word(path)} of {subject} {was} -> {now}"
                yield said(self.kind, subject, what, was, now)
        elif names is not None:
            yield from self._named(subject, *names, path)
        elif len(old) == len(new):
            for number, (was, now) in enumerate(zip(old, new, strict=True), 1):
                yield from self.differences(subject, was, now, f"{path}[{number}]")
        else:
            texts = [[json.dumps(item, sort_keys=True) for item in side] for side in (old, new)]
            pairs = align(*texts)
            kept, stayed = {was for was, _ in pairs}, {now for _, now in pairs}
            for number, item in enumerate(old):
                if number not in kept:
                    yield from self._one_sided(subject, f"{path}[{number + 1}]", item, _ABSENT)
            for number, item in enumerate(new):
                if number not in stayed:
                    yield from self._one_sided(subject, f"{path}[{number + 1}]", _ABSENT, item)

    def _members(
        self,
        subject: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        path: Callable[[str], str],
    ) -> Iterator[Change]:
        """What differs between members of one name, whose paths `path` gives."""
        for name in dict.fromkeys((*old, *new)):
            inner = path(name)
            if name not in new:
                yield from self._one_sided(subject, inner, old[name], _ABSENT)
            elif name not in old:
                yield from self._one_sided(subject, inner, _ABSENT, new[name])
            else:
                yield from self.differences(subject, old[name], new[name], inner)

    def _named(
        self, subject: str, old: Mapping[str, Any], new: Mapping[str, Any], path: str
    ) -> Iterator[Change]:
        """Lists of objects with names of their own."""
        yield from self._members(subject, old, new, lambda name: f"{path}[{name}]")
        was, now = ([name for name in side if name in old and name in new] for side in (old, new))
        if was != now and path.rpartition(".")[2] not in self.speech.sets:
            what = f"order of {self.speech.word(path)} of {subject}"
            sides = ", ".join(was), ", ".join(now)
            yield said(self.kind, subject, f"{what}: {sides[0]} -> {sides[1]}", *sides)

    def shown(self, value: Any) -> str:
        """A value as a person writes it; nothing for what says nothing."""
        if value is None or value in ("", [], {}):
            return ""
        if isinstance(value, bool):
            return self.speech.truth[value]
        if isinstance(value, str | int | float):
            return str(value)
        if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
            return ", ".join(map(str, value))
        return json.dumps(value, ensure_ascii=False, default=str)


def _plain(*items: Any) -> bool:
    return not any(isinstance(item, Mapping | list) for item in items)


def _is_name(value: Any) -> bool:
    """Whether a value can name what it is in: a word, or a list of words."""
    return _plain(*value) if isinstance(value, list) else _plain(value)


def _own_name(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _names(
    old: list[Any], new: list[Any], keys: Iterable[str]
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The objects of two lists by the first key that names each of its list; None without one."""
    if not all(isinstance(item, Mapping) for item in (*old, *new)):
        return None
    for key in keys:
        sides = [
            {_own_name(item[key]): item for item in side if key in item and _is_name(item[key])}
            for side in (old, new)
        ]
        if [len(side) for side in sides] == [len(old), len(new)]:
            return sides[0], sides[1]
    return None


def _by_names(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """A map whose keys are ids, by the names inside."""
    return {
        str(of["Name"])
        if _ID.fullmatch(key) and isinstance(of, Mapping) and "Name" in of
        else key: of
        for key, of in raw.items()
    }


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:99]}…"
