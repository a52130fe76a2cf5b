"""What can be said to have gone wrong, and what it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from macros.tracer.cluster_facts import Facts
from macros.tracer.listening import Drop
from macros.tracer.node_look import Look
from macros.tracer.request_ends import Client, Target
from macros.tracer.story import Story
from macros.tracer.terrain import Terrain
from macros.tracer.way import Way

_CHAPTERS = {
    "no-route": "faults.md#one-nodes-pods-are-gone",
    "router": "faults.md#one-nodes-pods-are-gone",
    "wrong-route": "faults.md#one-nodes-pods-are-gone",
    "blackhole": "faults.md#one-nodes-pods-are-gone",
    "mtu": "faults.md#small-requests-work-large-ones-hang",
    "fdb-wrong": "faults.md#the-packets-leave-and-nobody-answers",
    "fdb-missing": "faults.md#the-packets-leave-and-nobody-answers",
    "neighbour-wrong": "faults.md#the-packets-leave-and-nobody-answers",
    "neighbour-shared": "faults.md#the-packets-leave-and-nobody-answers",
    "neighbour-failed": "faults.md#right-on-one-node-wrong-on-another",
    "no-endpoint": "faults.md#a-service-that-refuses",
    "stale-rules": "faults.md#right-on-one-node-wrong-on-another",
    "rule-dropped": "faults.md#silence-for-one-pod-only",
    "rule-rejected": "faults.md#a-service-that-refuses",
    "forwarding-off": "docker.md#outwards",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was run, on which node, and what it printed."""

    node: str
    command: str
    output: str


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause. `kind` is a word for programs, `words` a sentence; `sure` is False for a guess."""

    kind: str
    node: str
    words: str
    evidence: tuple[Evidence, ...] = ()
    sure: bool = True

    @property
    def chapter(self) -> str:
        """Where the guide explains it; "" where it does not."""
        return _CHAPTERS.get(self.kind, "")


@dataclass(frozen=True)
class Case:
    """All that is known of one request when it has been sent."""

    client: Client
    target: Target
    terrain: Terrain
    facts: Facts
    after: Mapping[str, Look]
    story: Story
    drops: Sequence[Drop] = ()
    stale: Sequence[Cause] = ()
    empty: Sequence[Cause] = ()
    back: Way | None = None
    said: str = ""
    """What the sender was told."""
