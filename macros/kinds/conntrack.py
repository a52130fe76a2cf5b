"""Connection tracking: what `conntrack -L` shows.

Text: libnetfilter_conntrack, src/conntrack/snprintf_default.c. Its XML says no more.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from macros.ground.commandline import Call
from macros.kinds.fields import any_of, unreadable
from macros.kinds.kind import Entry, Facts, Kind, always, in_any_order

# Keys that occur once a direction.
_DIRECTION = any_of("src dst sport dport type code id srckey dstkey packets bytes")
_SUMMARY = re.compile(r"conntrack v\S+ .*\bflow entr")


@dataclass(frozen=True, slots=True)
class Direction:
    """The addresses and ports of one direction; ICMP has type, code and id instead of ports.

    `packets` and `bytes` are there where the kernel counts (nf_conntrack_acct).
    """

    src: str
    dst: str
    sport: int | None = None
    dport: int | None = None
    type: int | None = None
    code: int | None = None
    id: int | None = None
    packets: int | None = None
    bytes: int | None = None
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flow:
    """One connection: `original` as its first packet was sent, `reply` as answers are expected.

    `state` is TCP's (or SCTP's), None for others; `timeout` is in seconds, None where the entry
    is offloaded; `flags` are the words in brackets (`ASSURED`, `UNREPLIED`).
    """

    protocol: str
    number: int
    timeout: int | None
    state: str | None
    original: Direction
    reply: Direction
    flags: tuple[str, ...] = ()
    mark: str | None = None
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def assured(self) -> bool:
        """Whether it has seen enough to be kept when the table is full."""
        return "ASSURED" in self.flags

    @property
    def replied(self) -> bool:
        """Whether an answer was seen."""
        return "UNREPLIED" not in self.flags

    @property
    def dnat(self) -> str | None:
        """Where the destination was rewritten to (`172.17.0.3:8080`), None if it was not."""
        sent = (self.original.dst, self.original.dport)
        real = (self.reply.src, self.reply.sport)
        return None if sent == real else _end(*real)

    @property
    def snat(self) -> str | None:
        """What the source was rewritten to, None if it was not."""
        sent = (self.original.src, self.original.sport)
        seen = (self.reply.dst, self.reply.dport)
        return None if sent == seen else _end(*seen)


def _end(address: str, port: int | None) -> str:
    host = f"[{address}]" if ":" in address and port is not None else address
    return host if port is None else f"{host}:{port}"


def read(text: str, twin: Any = None, _call: Call | None = None) -> tuple[Flow, ...]:
    """The connections in an output of `conntrack -L`, in the order printed (no meaning in it)."""
    del twin
    flows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or _SUMMARY.match(line):
            continue
        try:
            flows.append(_flow(line.split()))
        except (ValueError, IndexError, KeyError) as error:
            raise unreadable("conntrack", line, number) from error
    return tuple(flows)


def _flow(words: list[str]) -> Flow:
    more: dict[str, str] = {}
    # `-o extended` puts the family first: `ipv4     2 tcp      6 …`
    if words[0] in ("ipv4", "ipv6"):
        more["family"], words = words[0], words[2:]
    protocol, number, *words = words
    bare = [word for word in words if "=" not in word and not word.startswith("[")]
    timeout = int(bare.pop(0)) if bare and bare[0].isdigit() else None
    directions: list[dict[str, str]] = []
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            continue
        if key == "src":
            directions.append({})
        # After both directions `id` is the entry's own (`-o id`).
        if key in _DIRECTION and directions and key not in directions[-1] and not _closed(more):
            directions[-1][key] = value
        else:
            more[key] = value
    original, reply = (_direction(direction) for direction in directions)
    flags = tuple(word.strip("[]") for word in words if word.startswith("["))
    state = next((word for word in bare if word.isupper()), None)
    return Flow(
        protocol, int(number), timeout, state, original, reply, flags, more.pop("mark", None), more
    )


def _closed(more: Mapping[str, str]) -> bool:
    return any(key in more for key in ("mark", "use"))


def _direction(words: dict[str, str]) -> Direction:
    src, dst = words.pop("src"), words.pop("dst")
    names = ("sport", "dport", "type", "code", "id", "packets", "bytes")
    numbers = {name: int(words.pop(name)) for name in names if name in words}
    return Direction(src, dst, **numbers, more=words)


def _asked(call: Call) -> bool:
    listed = call.tool == "conntrack" and bool({"-L", "--dump"} & {*call.args})
    return listed and not {"expect", "xml"} & {*call.args}


def _entries(flows: Iterable[Flow]) -> Iterator[Entry]:
    """Tracked connections by their original direction; how long they stay is noise."""
    for flow in flows:
        sent = flow.original
        name = f"{flow.protocol} {_end(sent.src, sent.sport)} > {_end(sent.dst, sent.dport)}"
        words = _words(flow)
        yield Entry(
            key=(flow.protocol, sent.src, sent.sport, sent.dst, sent.dport, sent.type, sent.code),
            name=name,
            noun="connection",
            of=f"connection {name}",
            facts=Facts(words),
            line=" ".join((name, *(f"{word} {value}" for word, value in words.items() if value))),
        )


_ORIGINAL = re.compile(
    r"(?:ipv[46] +\d+ +)?(\S+) .*?\bsrc=(\S+) dst=(\S+) "
    r"(?:sport=(\d+) dport=(\d+) |type=(\d+) code=(\d+) )?.*?\bsrc="
)


def _labels(lines: Sequence[str]) -> list[str | None]:
    """By protocol and original direction."""
    matches = map(_ORIGINAL.match, lines)
    return [sent and " ".join(word or "" for word in sent.groups()) for sent in matches]


def _words(flow: Flow) -> dict[str, str]:
    ways = (("there", flow.original), ("back", flow.reply))
    counted = {
        f"{word} counted {way}": _some(getattr(direction, word))
        for way, direction in ways
        for word in ("packets", "bytes")
    }
    more = {f"{key} {way}": value for way, sent in ways for key, value in sent.more.items()}
    return {
        "state": flow.state or "",
        "new source": flow.snat or "",
        "new destination": flow.dnat or "",
        "answer's type": _text(flow.reply.type),
        "answer's code": _text(flow.reply.code),
        "flags": " ".join(flow.flags),
        "mark": flow.mark or "",
        **counted,
        **more,
        **{key: value for key, value in flow.more.items() if key not in ("use", "id")},
    }


def _text(value: int | None) -> str:
    return "" if value is None else str(value)


def _some(count: int | None) -> str:
    """Whether a counter is zero is a fact, how large it is is not."""
    return "" if count is None else "some" if count else "0"


KIND = Kind(
    name="conntrack",
    what="tracked connections",
    asked=_asked,
    read=read,
    entries=_entries,
    labels=_labels,
    free=in_any_order,
    wraps=always,
)
