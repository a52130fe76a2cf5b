"""Why each change between two editions is there: rules that a person writes, checked.

docs/changes/EDITION.yml names the two editions and, for each cause, what it explains. A cause is
something whose version differs between the two. Every change needs one, and every rule a change.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from macros.compare.change import Change
from macros.ground import safe_yaml
from macros.ground.errors import GuideError
from macros.store.reader import shown

_FIELDS = ("kind", "page", "block", "subject", "what")
MOST_FIRST = 5
"""As many causes as a reader is told first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Changes that fit all fields of one of `fits` come from `cause`; `why` is Markdown.

    A field is a regular expression that is searched for; `kind`, `page` and `block` are whole.
    `first` is the rank, from 1, among what a reader is told first; 0 for the rest. `always`: it is
    why any two versions differ so, not only these two.
    """

    cause: str
    why: str
    fits: tuple[Mapping[str, re.Pattern[str]], ...]
    first: int = 0
    always: bool = False

    def explains(self, change: Change) -> bool:
        """Whether this is the cause of `change`."""
        return any(
            all(pattern.search(getattr(change, field)) for field, pattern in fit.items())
            for fit in self.fits
        )


@dataclass(frozen=True, slots=True)
class Causes:
    """The rules of one file, for the changes from edition `old` to edition `new`."""

    path: Path
    old: str
    new: str
    rules: tuple[Rule, ...]

    def rule_of(self, change: Change) -> int | None:
        """The number of the first rule that explains a change."""
        explaining = (index for index, rule in enumerate(self.rules) if rule.explains(change))
        return next(explaining, None)


def read(path: Path) -> Causes:
    """Read a file of causes. GuideError says what is wrong with it."""
    try:
        data = safe_yaml.load(path.read_bytes())
        _check_keys(data, {"old", "new", "causes"})
        rules = tuple(_rule(cause) for cause in data["causes"])
        _check_first(rules)
        return Causes(path, str(data["old"]), str(data["new"]), rules)
    except OSError as error:
        raise GuideError(
            f"{shown(path)}, which says why each change is there, cannot be read: {error.strerror}",
            fix="write it: old: and new: name the editions, causes: has cause, why and changes of"
            " each; docs/changes has those of other editions",
        ) from error
    except (
        safe_yaml.YAMLError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        re.error,
    ) as error:
        raise GuideError(
            f"{shown(path)} is not a list of causes: {error!r}",
            fix="old:, new:, and causes: each with cause, why and changes",
        ) from error


def _rule(data: Mapping[str, Any]) -> Rule:
    _check_keys(data, {"cause", "why", "changes", "first", "always"})
    fits = tuple(map(_fit, data["changes"]))
    first, always = int(data.get("first", 0)), data.get("always", False)
    if not isinstance(always, bool):
        raise TypeError(f"always: is true or false; it is {always!r}")
    return Rule(str(data["cause"]), str(data["why"]).strip(), fits, first, always)


def _check_keys(data: Mapping[str, Any], known: Collection[str]) -> None:
    if unknown := sorted(data.keys() - set(known)):
        raise ValueError(f"unknown {', '.join(unknown)}; known: {', '.join(sorted(known))}")


def _check_first(rules: Sequence[Rule]) -> None:
    ranks = sorted(rule.first for rule in rules if rule.first)
    if ranks != list(range(1, len(ranks) + 1)) or len(ranks) > MOST_FIRST:
        raise ValueError(f"first: is 1, 2, … and at most {MOST_FIRST}, each once; it is {ranks}")


def _fit(data: Mapping[str, str]) -> Mapping[str, re.Pattern[str]]:
    _check_keys(data, _FIELDS)
    if not data:
        raise ValueError("a rule that matches everything")
    whole = {"kind", "page", "block"}
    return {
        field: re.compile(rf"\A(?:{text})\Z" if field in whole else text)
        for field, text in data.items()
    }


def explained(
    changes: Sequence[Change], causes: Causes, differing: Iterable[str]
) -> list[tuple[Change, Rule]]:
    """Each change with the first rule that explains it.

    `differing` are the names of what has another version. GuideError names every change without
    a cause, every rule without a change, and a cause whose version is the same.
    """
    known = set(differing)
    for rule in causes.rules:
        if rule.cause not in known:
            raise GuideError(
                f"{shown(causes.path)}: {rule.cause} is not a cause:"
                " its version is the same in both",
                fix=f"one of: {', '.join(sorted(known))}",
            )
    with_rules, without, used = [], [], set()
    for change in changes:
        if (number := causes.rule_of(change)) is None:
            without.append(change)
        else:
            used.add(number)
            with_rules.append((change, causes.rules[number]))
    if without:
        lines = "\n".join(
            f"    {unexplained.page}#{unexplained.block} [{unexplained.kind}] {unexplained.what}"
            for unexplained in without
        )
        raise GuideError(
            f"{len(without)} changes from {causes.old} to {causes.new} have no cause:\n{lines}",
            fix=f"find out why, and say it in {shown(causes.path)}",
        )
    if idle := [rule for index, rule in enumerate(causes.rules) if index not in used]:
        raise GuideError(
            f"{shown(causes.path)}: no change has this cause any longer: {idle[0].cause},"
            f" {idle[0].why[:80]}",
            fix="remove it",
        )
    return with_rules
