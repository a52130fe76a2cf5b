"""Sockets: what `ss` shows of TCP and UDP. It has no JSON.

Columns, and what follows them (tcp_stats_print(), print_skmeminfo()): iproute2, misc/ss.c. Netid
and State are left out where all sockets have the same; the
header says so.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.kinds.fields import any_of, letters, unreadable
from macros.kinds.kind import Entry, Facts, Kind, in_any_order

# Words of -i, -m and -e that say how a socket is at this moment; those whose next word is a rate.
FIGURES = any_of(
    "rto backoff rtt ato qack rcvmss cwnd ssthresh bytes_sent bytes_retrans bytes_acked "
    "bytes_received segs_out segs_in data_segs_out data_segs_in lastsnd lastrcv lastack delivered "
    "delivered_ce busy rwnd_limited sndbuf_limited unacked retrans lost sacked dsack_dups fackets "
    "reordering reord_seen rcv_rtt rcv_space rcv_ssthresh notsent minrtt rcv_ooopack snd_wnd rehash"
)
# Of these, what has been counted since the connection began.
COUNTS = any_of(
    "bytes_sent bytes_retrans bytes_acked bytes_received segs_out segs_in data_segs_out "
    "data_segs_in retrans delivered delivered_ce dsack_dups reord_seen rcv_ooopack rehash"
)
RATES = any_of("send pacing_rate delivery_rate")
_FIGURE = re.compile(r"[\d./]+(?:ms)?(?:\([\d.]+%\))?")
_RATE = re.compile(r"[\d.]+[KMGTP]?bps(?:/[\d.]+[KMGTP]?bps)?")
_MOMENT = re.compile(r"app_limited|(?:bbr|dctcp):\([\w.:,]*\)|ino:\d+|sk:[0-9a-f]+")
_MEMORY = re.compile(r"skmem:\((?:[a-z]+\d+,)*d(\d+)\)")
# A word with what is in its brackets.
_DETAIL = re.compile(r"[^\s(]+(?:\([^)]*\))?(?:\)\))?")
_USERS = re.compile(r"users:\((?:\(.*?\),?)*\)")
# Only Netid and State can stand before Recv-Q.
_HEADER = re.compile(
    r"((?:Netid +)?(?:State +)?)Recv-Q +Send-Q +Local Address:Port +Peer Address:Port *"
    r"(?:Process *)?"
)
_PROCESS = re.compile(r'\("((?:[^"\\]|\\.)*)",pid=(\d+),fd=(\d+)\)')


@dataclass(frozen=True, slots=True)
class Process:
    """A process that holds a socket, and its file descriptor there."""

    name: str
    pid: int
    fd: int


@dataclass(frozen=True, slots=True)
class Socket:
    """One socket. Addresses and ports are as printed: `0.0.0.0`, `[::]`, `*`, `8080`, `http`.

    `local` is address and port together, the name of the socket in a path. `details` are the
    words after the columns and the lines of `-i`, as printed.
    """

    KEY: ClassVar = "local"

    local: str
    peer: str
    netid: str | None = None
    state: str | None = None
    recv_q: int = 0
    send_q: int = 0
    processes: tuple[Process, ...] = ()
    details: tuple[str, ...] = field(default=(), repr=False)

    @property
    def address(self) -> str:
        """The local address, an interface (`%eth0`) left on."""
        return self.local.rpartition(":")[0]

    @property
    def port(self) -> str:
        """The local port."""
        return self.local.rpartition(":")[2]

    @property
    def peer_address(self) -> str:
        """The peer's address; `0.0.0.0`, `[::]` or `*` where any may connect."""
        return self.peer.rpartition(":")[0]

    @property
    def peer_port(self) -> str:
        """The peer's port; `*` where there is none."""
        return self.peer.rpartition(":")[2]

    @property
    def process(self) -> str | None:
        """The name of the first process that holds it; None where `-p` was not given."""
        return self.processes[0].name if self.processes else None


def read(text: str, twin: Any = None, _call: Call | None = None) -> tuple[Socket, ...]:
    """The sockets in an output of `ss` with its header, in the order printed."""
    del twin
    lines = text.splitlines()
    header = _HEADER.fullmatch(lines[0]) if lines else None
    if header is None:
        raise unreadable("sockets", lines[0] if lines else "", 1)
    before = header[1].split()
    sockets: list[Socket] = []
    details: list[list[str]] = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        if line[0].isspace():
            if not details:
                raise unreadable("sockets", line, number)
            details[-1].append(line.strip())
            continue
        words = line.split(maxsplit=len(before) + 4)
        try:
            named = dict(zip(before, words, strict=False))
            recv_q, send_q, local, peer, *rest = words[len(before) :]
            queues = int(recv_q), int(send_q)
        except ValueError as error:
            raise unreadable("sockets", line, number) from error
        detail = " ".join(rest).strip()
        sockets.append(
            Socket(
                local,
                peer,
                named.get("Netid"),
                named.get("State"),
                *queues,
                tuple(Process(n, int(pid), int(fd)) for n, pid, fd in _PROCESS.findall(detail)),
            )
        )
        details.append([detail] if detail else [])
    return tuple(
        replace(socket, details=tuple(told)) for socket, told in zip(sockets, details, strict=True)
    )


def _asked(call: Call) -> bool:
    """Whether `ss` shows TCP or UDP, with its header, and nothing else."""
    options = letters(call.args)
    wanted = options & {"t", "u"} or {"--tcp", "--udp"} & {*call.args}
    other = options & set("HxwdSs0f") or "--no-header" in call.args
    return call.tool == "ss" and bool(wanted) and not other


def _entries(sockets: Iterable[Socket]) -> Iterator[Entry]:
    """Sockets by protocol and addresses; which process number holds one is noise."""
    for socket in sockets:
        listens = socket.state in ("LISTEN", "UNCONN")
        netid = f"{socket.netid} socket" if socket.netid else "socket"
        way = f"{socket.local}, which listens," if listens else f"{socket.local} > {socket.peer}"
        # A queue that waits to be read means nothing; of one that listens it is how long it may be.
        queues = {"recv_q": socket.recv_q, "send_q": socket.send_q}
        words = {
            "state": socket.state or "",
            **{word: str(size if listens else _some(size)) for word, size in queues.items()},
            "process": ", ".join(sorted({process.name for process in socket.processes})),
            **_details(socket.details),
        }
        described = " ".join(f"{word} {value}" for word, value in words.items() if value)
        yield Entry(
            key=(socket.netid, socket.local, socket.peer),
            name=f"{netid} {way}",
            facts=Facts(words),
            line=f"{socket.local} {socket.peer} {described}",
        )


def _labels(lines: Sequence[str]) -> list[str | None]:
    """By protocol and addresses; an indented line says more of the socket above it."""
    header = _HEADER.fullmatch(lines[0])
    if header is None:
        return [None] * len(lines)
    before = len(header[1].split())
    netid = slice(header[1].startswith("Netid"))
    labels: list[str | None] = [None]
    for line in lines[1:]:
        if not line.strip() or line[0].isspace():
            labels.append(labels[-1])
        else:
            words = line.split(maxsplit=before + 4)
            ends = words[before + 2 : before + 4]
            labels.append(" ".join(words[netid] + ends) if len(ends) == 2 else None)
    return labels


def _details(printed: Iterable[str]) -> dict[str, str]:
    """The words behind the columns that tell what a socket is, not how it is at this moment."""
    values: dict[str, list[str]] = {}
    words = _DETAIL.findall(_USERS.sub("", " ".join(printed)))
    for index, word in enumerate(words):
        name, colon, value = word.partition(":")
        memory = _MEMORY.fullmatch(word)
        rate = _RATE.fullmatch(word) and index and words[index - 1] in RATES
        if rate or _MOMENT.fullmatch(word) or (name in FIGURES and _FIGURE.fullmatch(value)):
            continue
        if memory is not None:
            values["dropped"] = [_some(int(memory[1]))]
        elif name == "timer":
            values.setdefault(name, []).append(value.strip("()").partition(",")[0])
        elif word not in RATES:
            values.setdefault(name if colon else "options", []).append(value if colon else word)
    return {name: " ".join(values) for name, values in values.items()}


def _some(size: int) -> str:
    return "some" if size else "0"


KIND = Kind(
    name="sockets",
    what="sockets",
    asked=_asked,
    read=read,
    entries=_entries,
    labels=_labels,
    whole=True,
    free=in_any_order,
)
