"""Indexes of interfaces."""

import re

from macros.settle.declaration import Identity, Where, by_form, patterns_of

_PRINTED = re.compile(r"/sys/class/net/\S+/(iflink|ifindex)\b")
"""A command that prints an interface's index, or its peer's, and nothing else."""


def index_form(value: str) -> str:
    """The form of an interface's index: the first that a namespace gets after lo is a fact.

    Every namespace counts from 1 (dev_index_reserve in net/core/dev.c). An interface made inside
    has 2; one that was made elsewhere and moved in keeps the number that it had there.
    """
    return "number" if value not in {"0", "1", "2"} else ""


def _alone(where: Where) -> str | None:
    printed = _PRINTED.search(where.command)
    if printed is None:
        return None
    # The other end of a container's or a pod's interface is one of the node's own.
    return f"{where.node}/{where.netns if printed[1] == 'ifindex' else ''}"


IDENTITY = Identity(
    name="ifindex",
    what="the index of an interface, which the kernel counts up; the first after lo, 2, is a fact",
    scope="namespace",
    rank=40,
    read=by_form(index_form),
    patterns=patterns_of((": <", r"^(?P<v>\d+): (?=[^ \n]+: <)")),
    keys=("ifindex",),
    alone=_alone,
)
