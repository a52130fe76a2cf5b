"""How a node is reached: a script is run there, or a program runs there for as long as is wanted.

Two kinds of access do that, over SSH and over kubectl alone. All else asks this one interface.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from macros.ground.errors import GuideError


@dataclass(frozen=True, slots=True)
class Reply:
    """What a script printed, both streams in order, and its exit code."""

    text: str
    exit: int


PATIENCE = 30.0
"""Seconds that a program has to hand over what it still has, once it is told to end: on a busy node
all captures end with their packets waiting in pipes."""


class Stream(Protocol):
    """A program that runs on a node."""

    @property
    def cut(self) -> bool:
        """Whether it was ended before all that it had came."""
        ...

    def said(self) -> str:
        """What it wrote to standard error so far."""
        ...

    def alive(self) -> bool:
        """Whether it still runs."""
        ...


class Access(Protocol):
    """A way to the nodes of a cluster."""

    what: str
    """What it is called in a sentence: "SSH"."""

    @property
    def nodes(self) -> Sequence[str]:
        """The nodes that it reaches."""
        ...

    def plan(self) -> Sequence[str]:
        """What it will create, a line each; nothing where it creates nothing."""
        ...

    def opened(self, nodes: Sequence[str]) -> AbstractContextManager[None]:
        """Ready for these nodes while the block lasts; afterwards nothing of it is left."""
        ...

    def run(self, node: str, script: str, *, timeout: float = 30.0) -> Reply:
        """Run a bash script as root in the node's own namespaces."""
        ...

    def stream(
        self, node: str, command: str, on_data: Callable[[bytes], None]
    ) -> AbstractContextManager[Stream]:
        """Run one program; `on_data` gets what it prints. Leaving the block ends it on the node.

        It also ends where this process is killed or the connection is lost.
        """
        ...


def answered(access: Access, node: str, script: str, what: str, *, timeout: float = 30.0) -> str:
    """What a script printed. GuideError where it did not succeed."""
    reply = access.run(node, script, timeout=timeout)
    if reply.exit != 0:
        printed = reply.text.strip()[-400:] or "nothing"
        raise GuideError(f"{what} failed with exit code {reply.exit}: {printed}", node=node)
    return reply.text


def enter(pids: Mapping[str, Mapping[str, int]], node: str, space: str) -> str:
    """What leads a command into a namespace; "" for the node's own."""
    if not space:
        return ""
    pid = pids.get(node, {}).get(space)
    return f"nsenter -t {pid} -n " if pid else f"ip netns exec {space} "
