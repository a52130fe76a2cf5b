"""Make the list of what changed between two editions, in words, each with its cause."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from macros.compare import editions
from macros.compare.change import Change
from macros.compare.editions import Purposes, Recorded
from macros.ground.errors import GuideError
from macros.review.causes import Causes, explained
from macros.review.change_file import NAME, Changes, Listed, hash_of
from macros.review.items import Item, items
from macros.store import form, sums

_OWN = frozenset({"version", "page"})
"""Kinds that are no changes of this list: versions are what it comes from, and an edition that
has a base need not have every page."""


def made(old: Recorded, new: Recorded, causes: Causes, keeps: Purposes | None = None) -> Changes:
    """Compare two editions and explain what is found. GuideError where something has no cause."""
    differing = [
        name
        for name in dict.fromkeys((*old.versions, *new.versions))
        if old.versions.get(name) != new.versions.get(name)
    ]
    changes = [change for change in _compared(old, new, keeps) if change.kind not in _OWN]
    by = {id(change): rule for change, rule in explained(changes, causes, differing)}
    rules = list(causes.rules)
    listed = []
    for item in _by_cause(changes, by):
        rule = by[id(item.changes[0])]
        listed.append(Listed(item.page, item.blocks, item.what, rules.index(rule)))
    of = hash_of(old.folder.parent, old.name, new.name)
    whys = tuple((rule.cause, rule.why) for rule in rules)
    ranked = sorted((rule.first, index) for index, rule in enumerate(rules) if rule.first)
    return Changes(old.name, new.name, whys, tuple(listed), of, tuple(index for _, index in ranked))


def _by_cause(changes: list[Change], by: Mapping[int, Any]) -> Iterator[Item]:
    """The same words on one page are listed once for each cause."""
    for item in items(changes):
        left = list(item.changes)
        while left:
            rule = by[id(left[0])]
            mine = tuple(change for change in left if by[id(change)] is rule)
            yield Item(item.page, item.what, mine, item.key)
            left = [change for change in left if by[id(change)] is not rule]


def _compared(old: Recorded, new: Recorded, keeps: Purposes | None) -> Iterator[Change]:
    both = [page for page in old.pages if page in new.pages]
    for page in both:
        yield from editions.pages(
            editions.page(old.folder / page), editions.page(new.folder / page), keeps=keeps
        )


def folder(recordings: Path, old: str, new: str) -> Path:
    """The edition's folder that the list belongs in: that of the two which has the other as base.

    GuideError where neither has.
    """
    for name, other in ((old, new), (new, old)):
        edition = editions.edition(recordings / name)
        if edition.meta.get("base") == other:
            return edition.folder
    raise GuideError(f"neither of {old} and {new} has the other as its base")


def dump(changes: Changes) -> str:
    """The list as YAML."""
    data = {
        "old": changes.old,
        "new": changes.new,
        "of": changes.of,
        **({"first": [number + 1 for number in changes.first]} if changes.first else {}),
        "causes": [{"cause": cause, "why": why} for cause, why in changes.whys],
        "changes": [
            {
                "page": item.page,
                "blocks": list(item.blocks),
                "what": item.what,
                "cause": changes.whys[item.why][0],
                "why": item.why + 1,
            }
            for item in changes.listed
        ],
    }
    return form.dump_yaml(data)


def current(where: Path, changes: Changes) -> bool:
    """Whether the list in an edition's folder is this one."""
    path = where / NAME
    return path.is_file() and path.read_text(encoding="utf-8") == dump(changes)


def write(where: Path, changes: Changes) -> bool:
    """Write the list into an edition's folder, under its checksums. True if it differs."""
    if current(where, changes):
        return False
    (where / NAME).write_text(dump(changes), encoding="utf-8", newline="\n")
    sums.write(where)
    return True
