"""Which kind of record a command's output is, and its records."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from macros.ground.commandline import Call, call
from macros.ground.errors import GuideError
from macros.kinds import (
    addresses,
    bird,
    bridge_ports,
    calicoctl,
    conntrack,
    docker,
    fdb,
    ipsets,
    kubernetes_objects,
    links,
    neighbours,
    ping,
    routes,
    rules,
    sockets,
    twins,
)

Kind = Literal[
    "links",
    "addresses",
    "routes",
    "neighbours",
    "fdb",
    "ports",
    "rules",
    "sockets",
    "conntrack",
    "docker",
    "kubernetes",
    "ping",
    "bird-protocols",
    "bird-routes",
    "calicoctl",
    "ipsets",
]
Records: TypeAlias = (
    Mapping[str, links.Link]
    | Mapping[str, addresses.Addresses]
    | Mapping[str, bridge_ports.Port]
    | Mapping[str, rules.Table]
    | Mapping[str, docker.Container | docker.Network]
    | Mapping[str, kubernetes_objects.Object]
    | Mapping[str, bird.Protocol]
    | Mapping[str, ipsets.IpSet]
    | Mapping[str, Any]
    | tuple[bird.Way, ...]
    | tuple[routes.Route, ...]
    | tuple[neighbours.Neighbour, ...]
    | tuple[fdb.Entry, ...]
    | tuple[sockets.Socket, ...]
    | tuple[conntrack.Flow, ...]
    | ping.Ping
)

_OBJECTS: dict[twins.Object, Kind] = {
    "link": "links",
    "address": "addresses",
    "route": "routes",
    "neighbour": "neighbours",
    "fdb": "fdb",
    "ports": "ports",
}


def kind_of(command: str) -> Kind | None:
    """The kind of what `command` prints; None where it has none (its output is free text)."""
    found = call(command)
    return None if found is None else _kind(found)


def read(command: str, text: str, twin: Any = None) -> Records:
    """The records in an answer: from `twin`, the parsed JSON, where there is one, else `text`.

    GuideError where the command has no kind, or its output is not in that kind's form.
    """
    found = call(command)
    kind = None if found is None else _kind(found)
    if found is None or kind is None:
        raise GuideError(
            "the output of this command is free text, not records",
            command=command,
            fix="find the value by `re:` and a regular expression with one group",
        )
    try:
        if kind == "rules":
            return rules.read(text, twin, _table(found))
        return _READ[kind](text, twin)
    except GuideError as error:
        error.command = error.command or command
        raise


_READ: dict[Kind, Callable[[str, Any], Records]] = {
    "links": links.read,
    "addresses": addresses.read,
    "routes": routes.read,
    "neighbours": neighbours.read,
    "fdb": fdb.read,
    "ports": bridge_ports.read,
    "sockets": sockets.read,
    "conntrack": conntrack.read,
    "docker": docker.read,
    "kubernetes": kubernetes_objects.read,
    "ping": ping.read,
    "bird-protocols": bird.protocols,
    "bird-routes": bird.routes,
    "calicoctl": calicoctl.read,
    "ipsets": ipsets.read,
}


def _kind(found: Call) -> Kind | None:
    if found.tool in ("ip", "bridge"):
        question = twins.asked(found)
        return _OBJECTS[question.object] if question else None
    if _TABLES.fullmatch(found.tool):
        listed = found.tool.endswith("-save") or "S" in _letters(found.args)
        return "rules" if listed or "--list-rules" in found.args else None
    match found.tool:
        case "ping" | "ping4" | "ping6":
            return "ping"
        case "conntrack" if {"-L", "--dump"} & {*found.args}:
            return None if {"expect", "xml"} & {*found.args} else "conntrack"
        case "docker":
            return "docker" if _inspects(found.args) else None
        case "birdcl" | "birdc":
            return _bird(found.args)
        case "calicoctl" if found.args[:1] == ("get",) or {"ipam", "show"} <= {*found.args}:
            return "calicoctl"
        case "ipset" if found.args[:1] == ("list",):
            return "ipsets"
        case "kubectl":
            return "kubernetes" if twins.gets(found) else None
        case "ss":
            return "sockets" if _internet(found.args) else None
    return None


_TABLES = re.compile(r"ip6?tables(-nft|-legacy)?(-save)?")


def _letters(args: tuple[str, ...]) -> frozenset[str]:
    """The one-letter options, also where several share a dash."""
    return frozenset("".join(a[1:] for a in args if a.startswith("-") and not a.startswith("--")))


def _inspects(args: tuple[str, ...]) -> bool:
    after = args[1:] if args[:1] in (("container",), ("network",)) else args
    formatted = any(arg.startswith(("-f", "--format")) for arg in after)
    return after[:1] == ("inspect",) and not formatted


def _bird(args: tuple[str, ...]) -> Kind | None:
    """What BIRD was asked to show; its options stand before that."""
    asked = args[args.index("show") :][1:2] if "show" in args else ()
    if asked == ("protocols",):
        return "bird-protocols"
    return "bird-routes" if asked == ("route",) and "all" not in args else None


def _internet(args: tuple[str, ...]) -> bool:
    """Whether `ss` shows TCP or UDP, with its header, and nothing else."""
    letters = _letters(args)
    wanted = letters & {"t", "u"} or {"--tcp", "--udp"} & {*args}
    return bool(wanted) and not letters & set("HxwdSs0f") and "--no-header" not in args


def _table(found: Call) -> str:
    """The table that an iptables command names; filter is the default."""
    for at, arg in enumerate(found.args):
        if arg in ("-t", "--table"):
            return found.args[at + 1] if at + 1 < len(found.args) else "filter"
        if arg.startswith("--table="):
            return arg.partition("=")[2]
    return "filter"
