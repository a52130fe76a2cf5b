"""Ports that the kernel chose for who connects.

A number in the kernel's range says nothing by itself: servers listen there too. So a port is a
name only where the page tells that something connects from it, and nothing listens on it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from macros.ground import ports
from macros.settle import connections
from macros.settle.connections import Connection
from macros.settle.declaration import Evidence, Identity, Named, Token, like, patterns_of


class _Ports(NamedTuple):
    """The ports that something connects from, and pairs of which one is such."""

    chosen: frozenset[str]
    unsure: frozenset[Connection]


def _learn(evidence: Evidence) -> _Ports:
    told = [connections.of_text(text) for text in evidence.texts]
    rewritten: frozenset[str] = frozenset()
    captures = list(evidence.captures())
    if captures:
        from macros.settle import translation  # noqa: PLC0415 reading packets is slow to import

        rewritten = translation.chosen(captures)
        told.append(translation.connections(captures))
    served = frozenset().union(*(text.served for text in told))
    seen = dict.fromkeys(connection for text in told for connection in text.connections)
    chosen, unsure = _split(seen, served)
    free = frozenset().union(rewritten, chosen, *(text.chosen for text in told))
    return _Ports(free - served, unsure)


def _split(
    seen: Iterable[Connection], served: frozenset[str]
) -> tuple[set[str], frozenset[Connection]]:
    """The ports that connections come from; and the two ends of those that do not tell."""
    chosen: set[str] = set()
    unsure: dict[Connection, None] = {}
    left = []
    for connection in seen:
        if connection.sure:
            chosen.add(connection.source)
        else:
            left.append(connection)
    for connection in left:
        source, target = connection[:2]
        servers = [end for end in (source, target) if end in served or not _in_range(end)]
        if len(servers) == 2 or {source, target} & chosen:
            continue
        if servers:
            chosen.add(target if source == servers[0] else source)
        else:
            answer = connection.first and connection._replace(source=target, target=source)
            if answer not in unsure:
                unsure[connection] = None
    return {port for port in chosen if _in_range(port)}, frozenset(unsure)


def _in_range(port: str) -> bool:
    return ports.is_chosen(int(port))


def _meet(old: _Ports, new: _Ports) -> tuple[_Ports, _Ports]:
    """Of two ends that do not tell who connects, the server's port is the one both runs have."""
    ends = [frozenset(port for pair in side.unsure for port in pair[:2]) for side in (old, new)]
    both = ends[0] & ends[1]
    return _without(old, both), _without(new, both)


def _without(side: _Ports, servers: frozenset[str]) -> _Ports:
    more = {
        port
        for connection in side.unsure
        if len(servers & {connection.source, connection.target}) == 1
        # Who sends first does not answer.
        for port in (
            connection.source,
            connection.source if connection.first else connection.target,
        )
        if port not in servers
    }
    return side._replace(chosen=side.chosen | more)


def _read(raw: str, shape: str, known: _Ports) -> Named | None:
    port = str(int(raw, 16)) if shape == "hexadecimal" else raw
    return Named(port, "chosen by the kernel", shape) if port in known.chosen else None


def _write(token: Token, value: str) -> str:
    return f"{int(value):04X}" if token.shape == "hexadecimal" else value


_OF_PROC = like(r":[0-9A-F]{4} [0-9A-F]{2} [0-9A-F]{8}:")


IDENTITY = Identity(
    name="port",
    what="a port that the kernel chose for an outgoing connection (32768 to 60999), or when it"
    " masqueraded one: where the page tells that something connects from it (a tracked"
    " connection's first sport, the sender of a SYN or of the first datagram, a socket that does"
    " not listen), and nothing listens there; containerd's own. Any other listener's, a DNAT"
    " target's, an endpoint's and WireGuard's port is a fact",
    scope="lab",
    rank=80,
    learn=_learn,
    meet=_meet,
    read=_read,
    write=_write,
    patterns=patterns_of(
        ("port=", r"\b[sd]port=(?P<v>\d{4,5})\b"),
        # nft's trace
        ("trace id ", r"^trace id .*? sport (?P<v>\d{4,5})(?!\d)"),
        ("trace id ", r"^trace id .*? dport (?P<v>\d{4,5})(?!\d)"),
        # xtables-monitor's
        ("SPORT=", r"^PACKET: .*\bSPORT=(?P<v>\d{4,5})(?!\d)"),
        ("DPORT=", r"^PACKET: .*\bDPORT=(?P<v>\d{4,5})(?!\d)"),
        # the kernel's log, by LOG and nft's log
        ("SPT=", r"\bSPT=(?P<v>\d{4,5})(?!\d)"),
        ("DPT=", r"\bDPT=(?P<v>\d{4,5})(?!\d)"),
        # tshark's
        (" Port: ", r"\b(?:Src|Dst) Port: (?P<v>\d{4,5})(?!\d)"),
        (" → ", r"(?<!\S)(?P<v>\d{4,5}) → \d"),
        (" → ", r"(?<=\d → )(?P<v>\d{4,5})(?!\S)"),
        # tcpdump's
        (like(r"\.\d{4,5}[: ]"), r"(?<=[0-9a-f]\.)(?P<v>\d{4,5})(?=[: ])(?! ms)"),
        (like(r":\d{4,5}(?!\w)"), r"(?<=[\d\]]:)(?P<v>\d{4,5})(?![\w:.])"),
        ("from ", r"\bfrom [0-9a-f.:]+ (?:port )?(?P<v>\d{4,5})(?![\d.])"),
        # iperf3's
        ("local ", r"\blocal [0-9a-f.:]+ port (?P<v>\d{4,5})(?!\d)"),
        # /proc/net/tcp and udp
        (
            _OF_PROC,
            r"^ *\d+: [0-9A-F]+:(?P<v>[0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} [0-9A-F]{2} ",
            "hexadecimal",
        ),
        (
            _OF_PROC,
            r"^ *\d+: [0-9A-F]+:[0-9A-F]{4} [0-9A-F]+:(?P<v>[0-9A-F]{4}) [0-9A-F]{2} ",
            "hexadecimal",
        ),
        ("local port ", r"\blocal port (?P<v>\d{4,5})(?!\d)"),
    ),
)
