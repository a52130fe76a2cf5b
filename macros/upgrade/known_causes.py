"""Causes that the guide's lists name already, of those that can be one of other editions' changes.

A list says why 1.37 differs from 1.36; what changed between these two cannot be why 1.36 differs
from 1.35, although the words of a change may be the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from macros.ground import conditions
from macros.ground.errors import GuideError
from macros.review import causes
from macros.review.causes import Causes, Rule
from macros.store import reader
from macros.store.reader import shown

Step = tuple[str, str]
"""The two versions of something that has another one."""


@dataclass(frozen=True, slots=True)
class Known:
    """A cause that an earlier list names: what it is, why it changes things, and which list."""

    cause: str
    why: str
    listed: str


@dataclass(frozen=True, slots=True)
class Listed:
    """The causes of one list, and which step each of its programs took between its editions."""

    causes: Causes
    steps: Mapping[str, Step]


def lists(docs: Path, recordings: Path) -> list[Listed]:
    """The lists of causes that the guide has, the newest name first."""
    return [
        Listed(known, _steps_of(known, recordings))
        for known in map(causes.read, sorted((docs / "changes").glob("*.yml"), reverse=True))
    ]


def _steps_of(known: Causes, recordings: Path) -> Mapping[str, Step]:
    """None where one of its editions is here no longer."""
    try:
        old, new = (reader.edition(recordings, name).versions for name in (known.old, known.new))
    except GuideError:
        return {}
    return {name: (was, now) for name, was, now in differing(old, new)}


def differing(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """What both name and has another version; what only other pages run is no difference."""
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            yield name, old[name], new[name]


def rules(lists: Sequence[Listed], steps: Mapping[str, Step]) -> list[tuple[Rule, Known]]:
    """The rules whose cause can be one where programs take these steps."""
    return [
        (
            rule,
            Known(
                rule.cause,
                rule.why,
                f"{shown(listed.causes.path)}, {listed.causes.old} to {listed.causes.new}",
            ),
        )
        for listed in lists
        for rule in listed.causes.rules
        if rule.cause in steps
        and (rule.always or _share(steps[rule.cause], listed.steps.get(rule.cause)))
    ]


def _share(one: Step, other: Step | None) -> bool:
    """Whether two steps have a part in common, in whichever direction each goes."""
    if other is None:
        return False
    (low, high), (from_, to) = (sorted(map(conditions.parts, step)) for step in (one, other))
    return max(low, from_) < min(high, to)
