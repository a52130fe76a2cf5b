"""What one block's output is, and how two of a kind are compared."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from macros.compare import common, entries, noise_mask, observations
from macros.compare import lines as text
from macros.compare.change import Change
from macros.compare.objects import Teller
from macros.ground import json_text
from macros.ground.errors import GuideError
from macros.ground.model import Recording
from macros.kinds import registry
from macros.kinds.kind import Kind, plain
from macros.settle import free_order, matches


def records(recording: Recording, *, twin: bool = True) -> tuple[Kind[Any], Any] | None:
    """The kind of a recording and its records; None where it has none or does not read."""
    kind = registry.kind_of(recording.ran)
    if kind is None or recording.pcap is not None:
        return None
    try:
        return kind, registry.read(recording.ran, recording.text, recording.twin if twin else None)
    except GuideError:
        # What is not in its kind's form is text: it is compared line by line, never refused.
        return None


_NONE: frozenset[str] = frozenset()


def compare(old: Recording, new: Recording, facts: frozenset[str] = _NONE) -> Iterator[Change]:
    """What differs between the outputs of one block (captures aside).

    `facts` are the kinds of noise that are facts here: of counters it is how large they are.
    """
    changes = list(_recorded(old, new, facts))
    yield from changes
    if facts:
        told = {change.what for change in changes}
        yield from (change for change in _counted(old, new, facts) if change.what not in told)


def _counted(old: Recording, new: Recording, facts: frozenset[str]) -> Iterator[Change]:
    """What differs in what is noise elsewhere: in lines or in JSON, as it was printed.

    Records leave it out. What a tool was asked for beside its output is told where that is silent.
    """
    printed = [_json(side.text) for side in (old, new)]
    changes = [] if None in printed else _values(printed[0], printed[1], facts)
    changes = changes or list(text.counted(old.text, new.text, facts))
    if not changes and old.twin is not None and new.twin is not None:
        changes = _values(old.twin, new.twin, facts)
    yield from changes


def _values(old: Any, new: Any, facts: frozenset[str]) -> list[Change]:
    plain, whole = (
        list(Teller("text", facts=some).differences("the output", old, new))
        for some in (_NONE, facts)
    )
    return [change for change in whole if change not in plain]


def _recorded(old: Recording, new: Recording, facts: frozenset[str]) -> Iterator[Change]:
    if all(side.command == "observe" and isinstance(side.twin, Mapping) for side in (old, new)):
        yield from observations.compare(old.twin, new.twin)
        return
    both = old.twin is not None and new.twin is not None
    sides = (old, new) if both else _differing(old, new)
    before, after = (records(side, twin=both) for side in sides)
    if before is None or after is None or before[0] is not after[0]:
        if both and registry.kind_of(new.ran) is not None:
            # JSON that is not in its kind's form is compared as JSON; the text need not have it.
            yield from Teller("text").differences("the output", old.twin, new.twin)
        yield from _free(new.ran, old.text, new.text, facts)
        return
    kind = before[0]
    changes = list(_entries(kind, before[1], after[1]))
    yield from changes
    if both:
        # JSON can leave out what the text says.
        told = {change.subject for change in changes}
        printed = records(old, twin=False), records(new, twin=False)
        if printed[0] is not None and printed[1] is not None:
            more = _entries(kind, printed[0][1], printed[1][1])
            changes += (rest := [change for change in more if change.subject not in told])
            yield from rest
    if kind.remark is not plain:
        yield from text.compare(*(_remarks(side.text, kind) for side in (old, new)))
    if not changes and not kind.whole:
        # What the records do not hold, or the tool's looks.
        was, now = (_worded(side.text, kind) for side in (old, new))
        yield from text.unordered(was, now, "text", often=True)


def _differing(old: Recording, new: Recording) -> tuple[Recording, Recording]:
    """Both recordings without what they have alike, where their kind can tell it unread."""
    kind = registry.kind_of(new.ran)
    if kind is None or kind.labels is None or old.ran != new.ran:
        return old, new
    was, now = common.without(old.text, new.text, kind.labels)
    return replace(old, text=was), replace(new, text=now)


def _entries(kind: Kind[Any], old: Any, new: Any) -> Iterator[Change]:
    if kind.entries is not None:
        yield from entries.compare(kind, kind.entries(old), kind.entries(new))


def lines(old: str, new: str, *, often: bool) -> Iterator[Change]:
    """What differs in lines whose order means nothing; `often`: how often each comes does."""
    yield from text.unordered(old.splitlines(), new.splitlines(), "text", often=often)


def _remarks(printed: str, kind: Kind[Any]) -> str:
    return "\n".join(line for line in printed.splitlines() if kind.remark(line))


def _worded(printed: str, kind: Kind[Any]) -> list[str]:
    return [line for line in printed.splitlines() if not kind.remark(line)]


def _free(command: str, old: str, new: str, facts: frozenset[str]) -> Iterator[Change]:
    """Free text; JSON is read as such."""
    if old == new:
        return
    trees = [_json(side) for side in (old, new)]
    if None not in trees:
        changes = list(Teller("text").differences("the output", *trees))
        yield from changes
        masked = [noise_mask.line(json.dumps(noise_mask.within("", tree))) for tree in trees]
        if changes or masked[0] == masked[1]:
            return
    before, after = old.splitlines(), _as_printed(command, old, new, facts)
    new = "\n".join(after)
    spans = free_order.free(command, before, after)
    if spans:
        mask = noise_mask.Masks((old, new))
        masked, others = ([mask(line) for line in side] for side in (before, after))
        order = free_order.in_old_order(masked, others, spans)
        new = "\n".join(after[index] for index in order)
    yield from text.compare(old, new)


def _as_printed(command: str, old: str, new: str, facts: frozenset[str]) -> list[str]:
    """The new lines; the old one where only what differs is noise because the command said it."""
    lines = new.splitlines()
    for expression, kind in matches.printed(command):
        if kind.name in facts:
            continue
        for number, (was, now) in enumerate(zip(old.splitlines(), lines, strict=False)):
            before, after = expression.search(was), expression.search(now)
            if before is None or after is None:
                continue
            # All but the number is the same, and what counts of that.
            (low, high), (first, last) = before.span(1), after.span(1)
            if (was[:low], kind.mask(before[1]), was[high:]) == (
                now[:first],
                kind.mask(after[1]),
                now[last:],
            ):
                lines[number] = was
    return lines


def _json(printed: str) -> Any:
    if printed.lstrip()[:1] not in ("[", "{"):
        return None
    return json_text.value(printed)
