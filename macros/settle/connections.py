"""Who connects to whom, as tools' texts tell it: what makes a port a name."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from macros.ground import ports
from macros.settle.declaration import any_of

_PRIVILEGED = 1024
"""No port below it is anybody's choice by chance (net.ipv4.ip_unprivileged_port_start)."""


class Connection(NamedTuple):
    """The ports of two ends; `sure`: something connects from the source to the target.

    `first`: of a datagram that was sent before any the other way, so that it is no answer.
    """

    source: str
    target: str
    sure: bool
    first: bool = False


@dataclass(frozen=True, slots=True)
class Connections:
    """What one text tells: connections, ports that are listened on, and the kernel's choices."""

    connections: tuple[Connection, ...] = ()
    served: frozenset[str] = frozenset()
    chosen: frozenset[str] = frozenset()


_TRACKED = re.compile(
    r"^[^\n]*?\bsport=(\d+) dport=(\d+)(?:[^\n]*? sport=\d+ dport=(\d+))?", re.MULTILINE
)
_DUMPED = re.compile(
    r"(?<=[\w:]\.)(\d+) > [\w.:-]*?[\w:]\.(\w[\w-]*)(?=: )(?:: Flags \[([^\]]*)\])?"
)
_TRACED = re.compile(
    r"^trace id .*? sport (\d+) .*?\bdport (\d+)(?: tcp flags == (\S+))?", re.MULTILINE
)
_LOGGED = re.compile(r"\bS(?:POR|P)T=(\d+) DP(?:OR)?T=(\d+)([^\n]*)")
_DISSECTED = re.compile(r"\bSrc Port: (\d+), Dst Port: (\d+)([^\n]*)")
_SUMMED = re.compile(r"(?<!\S)(\d+) → (\d+)(?: \[([A-Z, ]+)\])?(?!\S)")
_SOCKET = re.compile(
    r"^(?:(?:tcp|udp|mptcp|sctp|dccp)\S* +)?(?:([A-Z][A-Z0-9_-]+) +)?\d+ +\d+ +"
    r"\S*:(\S+) +\S*:(\S+)(?: +([A-Z_]+[0-9]?))?",
    re.MULTILINE,
)
_STREAMS = re.compile(
    r"^\S* *LISTEN +\d+ +\d+ +127\.0\.0\.1:(\d+) .*\(\(\"(?:containerd|cri-dockerd)\"",
    re.MULTILINE,
)
"""Where a container runtime serves its streams: it asks the kernel for any port."""
_is_of_sockets = any_of(
    "Recv-Q", "LISTEN", "UNCONN", "ESTAB", "TIME-WAIT", "TIME_WAIT", "CLOSE", "SYN-"
)
_OF_PROC = re.compile(
    r"^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]{2} [0-9A-F]{8}:",
    re.MULTILINE,
)
_WIREGUARD = re.compile(r"^  (?:listening port: (\d+)|endpoint: \S+:(\d+))$", re.MULTILINE)
_ARROW = re.compile(r":(\d+)(?:->| -> )\S+:(\d+) (?:\(|expires=)")
"""lsof's, cilium's."""
_FROM = re.compile(
    r"from (?:\[[0-9a-f:.]+\]|(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f:]+)"
    r"(?::| port | )(\d{4,5})(?![\d.])"
    r"|local (?:[0-9a-f.:]+ )?port (\d{4,5})(?!\d)"
)


@lru_cache(maxsize=2048)
def of_text(text: str) -> Connections:
    """The connections in a text, in the forms of the tools that print them."""
    told: list[Connection] = []
    served: set[str] = set()
    chosen: set[str] = set()
    streams = set(_STREAMS.findall(text)) if "LISTEN" in text else set()
    if "sport=" in text:
        for sport, dport, reply in _TRACKED.findall(text):
            # One that was first seen when it was answered has the server's port as its first.
            told.append(Connection(sport, dport, sure=int(sport) >= _PRIVILEGED))
            if reply not in {"", sport} and int(reply) >= ports.MASQUERADED_FROM:
                chosen.add(reply)
    told += _packets(text)
    for before, local, peer, behind in _SOCKET.findall(text) if _is_of_sockets(text) else ():
        state = (before or behind).replace("_", "-")
        if peer == "*" and local.isdigit():
            served.add(local)
        elif local.isdigit() and peer.isdigit():
            # One that is being opened tells who connects.
            ends = (peer, local) if state == "SYN-RECV" else (local, peer)
            told.append(Connection(*ends, sure=state in {"SYN-SENT", "SYN-RECV"}))
    for end, other in _OF_PROC.findall(text) if "  local_address " in text else ():
        local, peer = str(int(end, 16)), str(int(other, 16))
        if peer == "0":
            served.add(local)
        else:
            told.append(Connection(local, peer, sure=False))
    if "->" in text or "expires=" in text:
        told += [Connection(end, other, sure=False) for end, other in _ARROW.findall(text)]
    if "endpoint: " in text or "listening port: " in text:
        served.update(chain(*_WIREGUARD.findall(text)))
        served.discard("")
    if "from " in text or "local " in text:
        told += [
            Connection(match[1] or match[2], "0", sure=True)
            for match in _FROM.finditer(text)
            # Where kubectl listens for who is to be forwarded.
            if text[max(0, match.start() - 11) : match.start()] != "Forwarding "
        ]
    return _sorted(told, served - streams, chosen | streams)


def _sorted(told: Iterable[Connection], served: set[str], chosen: set[str]) -> Connections:
    """The connections, with targets, and ports at both ends, as what is listened on."""
    kept = []
    for connection in dict.fromkeys(told):
        source, target, sure, _ = connection
        # Name servers among themselves; WireGuard's: each listens where it sends from.
        served |= {end for end in (source, target) if int(end) in ports.BOTH_ENDS}
        if sure or source == target:
            served.add(target)
        if source != target:
            kept.append(connection)
    return Connections(tuple(kept), frozenset(served), frozenset(chosen))


def _packets(text: str) -> Iterator[Connection]:
    """Packets' two ends: a SYN tells who connects, of datagrams the first one does."""
    if " > " in text:
        for source, target, flags in _DUMPED.findall(text):
            if source.isdigit():
                yield from _sent(source, target, flags)
    if "trace id " in text:
        for source, target, flags in _TRACED.findall(text):
            yield from _sent(source, target, {"syn": "S", "syn,ack": "S."}.get(flags, "."))
    if "PT=" in text or "PORT=" in text:
        for source, target, rest in _LOGGED.findall(text):
            words = rest.split()
            flags = "S" * ("SYN" in words) + "." * ("ACK" in words)
            yield from _sent(source, target, flags)
    if "Src Port: " in text:
        for source, target, _ in _DISSECTED.findall(text):
            yield Connection(source, target, sure=False)
    if " → " in text:
        for source, target, flags in _SUMMED.findall(text):
            yield from _sent(source, target, {"SYN": "S", "SYN, ACK": "S."}.get(flags, "."))


def _sent(source: str, target: str, flags: str) -> Iterator[Connection]:
    # tcpdump names ports that it knows: those are no choice of the kernel's.
    other = target if target.isdigit() else "0"
    if flags.startswith("S"):
        ends = (other, source) if "." in flags else (source, other)
        yield Connection(*ends, sure=True)
    else:
        yield Connection(source, other, sure=False, first=not flags)
