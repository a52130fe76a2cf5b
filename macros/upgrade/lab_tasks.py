"""Which labs an upgrade starts, and which pages are recorded on each.

A page's recordings come from one lab, and pages that ask for the same sort of lab can share one.
Where that makes one cluster's work longer than its share, its pages are shared out among two. Plain
machines are not: they number their links from page to page, and Docker 26 shows these numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from macros.ground import suites
from macros.ground.model import Cluster, Page
from macros.lab import doctor, uml
from macros.lab.kubernetes import cluster
from macros.lab.wanted import Wanted

AT_ONCE = 2
"""Labs at once unless told otherwise: two clusters keep two cores busy."""

_PER_BLOCK, _PER_CLUSTER_BLOCK = 0.5, 2.5
"""Seconds that a block takes about, of a page that no upgrade has recorded yet."""
_WORTH_A_LAB = 40.0
"""Seconds of work that another lab is worth: so long takes the start of a cluster."""
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Task:
    """The pages that are recorded on one lab, one after the other; `name` is the lab's."""

    name: str
    lab: Wanted
    pages: tuple[Page, ...]

    @property
    def memory(self) -> int:
        """MiB that the lab may take at most."""
        machines = self.lab.nodes + self.lab.outside
        return machines * (cluster.MEMORY if self.lab.cluster else uml.MEMORY)


def tasks(
    pages: Iterable[Page],
    *,
    kubernetes: str,
    suite: str,
    at_once: int,
    names: Iterable[str],
    seconds: Mapping[str, float],
) -> list[Task]:
    """The labs that these pages need, that with the most work first.

    `kubernetes` is the version of their clusters, `suite` that of their programs; `names` are what
    the labs may be called, `seconds` how long pages took earlier.
    """
    shared: dict[Cluster | None, list[Page]] = {}
    works = {}
    for page in pages:
        shared.setdefault(page.cluster, []).append(page)
        works[page.key] = seconds.get(page.key) or _guessed(page)
    share = sum(works.values()) / at_once
    parts = [part for group in shared.values() for part in _parts(group, works, share)]
    parts.sort(key=lambda part: _total(part, works), reverse=True)
    return [
        Task(name, _lab(part, kubernetes, suite), tuple(sorted(part, key=lambda page: page.key)))
        for name, part in zip(names, parts, strict=False)
    ]


def fitting(pages: Iterable[Page], suite: str) -> tuple[list[Page], dict[str, str]]:
    """The pages that labs with the programs of that suite can record, and why not, by other page.

    `cluster` labs exist for one suite only.
    """
    fit, others = [], {}
    for page in pages:
        if page.cluster and suite != suites.SUITE:
            others[page.key] = f"clusters are built for {suites.SUITE} only, not for {suite}"
        else:
            fit.append(page)
    return fit, others


def room(asked: Sequence[Task], at_once: int | None) -> int:
    """How many of these labs run at once: as many as said, else as memory has room for."""
    if at_once:
        return at_once
    largest = max((task.memory for task in asked), default=1)
    return max(1, min(AT_ONCE, doctor.available_memory() // _MIB // largest))


def _lab(pages: Sequence[Page], kubernetes: str, suite: str) -> Wanted:
    lab = Wanted(
        nodes=max(page.nodes for page in pages),
        suite=suite,
        cluster=pages[0].cluster,
        outside=any(page.outside for page in pages),
    )
    return replace(lab, kubernetes=kubernetes) if lab.cluster else lab


def _parts(pages: Sequence[Page], works: Mapping[str, float], share: float) -> list[list[Page]]:
    """The pages as one part, or as two where one would be longer than its share of all work."""
    if not pages[0].cluster:
        return [list(pages)]
    parts: list[list[Page]] = [[], []]
    for page in sorted(pages, key=lambda page: works[page.key], reverse=True):
        min(parts, key=lambda part: _total(part, works)).append(page)
    shorter = min(_total(part, works) for part in parts)
    return parts if _total(pages, works) > share and shorter > _WORTH_A_LAB else [list(pages)]


def _total(pages: Sequence[Page], works: Mapping[str, float]) -> float:
    return sum(works[page.key] for page in pages)


def _guessed(page: Page) -> float:
    return len(page.blocks) * (_PER_CLUSTER_BLOCK if page.cluster else _PER_BLOCK)
