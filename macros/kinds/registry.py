"""Which kind of record a command's output is, its records, and the command of its JSON twin."""

from collections.abc import Mapping, Sequence
from typing import Any

from macros.ground.commandline import Call, call
from macros.ground.errors import GuideError
from macros.kinds import (
    addresses,
    bird_protocols,
    bird_routes,
    bridge_ports,
    bridge_vlans,
    calicoctl,
    conntrack,
    docker,
    fdb,
    ipsets,
    kubernetes_objects,
    links,
    neighbours,
    nft,
    ping,
    policy_rules,
    queues,
    routes,
    rules,
    sockets,
    vrfs,
)
from macros.kinds.kind import Kind, Span

PRINTED_NOTHING = "quote a block that shows what it did; expect_exit= holds its exit code"
"""What to do where a block that is quoted has printed nothing."""

KINDS: tuple[Kind[Any], ...] = (
    links.KIND,
    addresses.KIND,
    routes.KIND,
    fdb.KIND,
    neighbours.KIND,
    bridge_ports.KIND,
    bridge_vlans.KIND,
    rules.KIND,
    nft.KIND,
    conntrack.KIND,
    sockets.KIND,
    docker.KIND,
    kubernetes_objects.KIND,
    ping.KIND,
    bird_protocols.KIND,
    bird_routes.KIND,
    calicoctl.KIND,
    ipsets.KIND,
    policy_rules.KIND,
    vrfs.KIND,
    queues.KIND,
)
"""All kinds. `links` stand before `addresses`: what both show of a link is said of the first."""


def kind_of(command: str) -> Kind[Any] | None:
    """The kind of what `command` prints; None where it has none (its output is free text)."""
    asked = call(command)
    kind = None if asked is None else _kind(asked)
    return None if kind is None or kind.read is None else kind


def read(command: str, text: str, twin: Any = None) -> Any:
    """The records in an answer: from `twin`, the parsed JSON, where there is one, else `text`.

    GuideError where the command has no kind, or its output is not in that kind's form.
    """
    asked = call(command)
    kind = None if asked is None else _kind(asked)
    if kind is None or kind.read is None:
        if not text.strip():
            raise GuideError(
                "the command printed nothing that could be quoted",
                command=command,
                fix=PRINTED_NOTHING,
            )
        raise GuideError(
            "the output of this command is free text, not records",
            command=command,
            fix="find the value by `re:` and a regular expression with one group",
        )
    try:
        return kind.read(text, twin, asked)
    except GuideError as error:
        error.command = error.command or command
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise GuideError(
            f"the output does not read as {kind.name}: {type(error).__name__}: {error}",
            command=command,
        ) from error


def read_observed(state: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The records of what scripts/node/observe.sh printed: by namespace, then by kind.

    The node's own namespace is called as the node is. GuideError where it is no such thing.
    """
    try:
        return {
            str(space["name"] or state["node"]): {
                kind.name: kind.read("", space[kind.name], None)
                for kind in KINDS
                if kind.read is not None and space.get(kind.name)
            }
            for space in state["namespaces"]
        }
    except (KeyError, TypeError, ValueError) as error:
        raise GuideError(f"this is not an observed state: {error!r}") from error


def twin(command: str) -> str | None:
    """The command whose output is the JSON twin of `command`, None where there is none.

    None also for what runs in a container, and for everything that is not one simple command.
    """
    asked = call(command)
    kind = None if asked is None or asked.contained else _kind(asked)
    return None if asked is None or kind is None else kind.twin(command.strip("\n"), asked)


def free(command: str, lines: Sequence[str]) -> list[Span]:
    """Which lines of what `command` printed have no order."""
    asked = call(command)
    kind = None if asked is None else _kind(asked)
    return [] if kind is None else kind.free(lines)


def wraps(command: str) -> bool:
    """Whether the lines of what `command` prints are words in a row, no columns."""
    asked = call(command)
    kind = None if asked is None else _kind(asked)
    return asked is not None and kind is not None and kind.wraps(asked)


def only_looks(command: str) -> bool:
    """Whether a command is known to change nothing: it shows records, and sends no packet."""
    asked = call(command)
    kind = None if asked is None else _kind(asked)
    return kind is not None and not kind.sends


def _kind(asked: Call) -> Kind[Any] | None:
    return next((kind for kind in KINDS if kind.asked(asked)), None)
