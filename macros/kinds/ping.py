"""What ping printed: iputils' ping and busybox's.

Text: iputils, ping/ping_common.c and ping/ping4_common.c; busybox, networking/ping.c.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from macros.ground.commandline import Call
from macros.ground.errors import GuideError
from macros.kinds.kind import Entry, Facts, Kind, Part

_START = re.compile(
    r"PING (?P<target>[^\s(]+) ?\((?:[^()]*\()?(?P<address>[^()]+)\)+"
    r"(?: from (?P<source>\S+)[^:]*)?:? (?P<size>\d+)(?:\(\d+\))? (?:data bytes|bytes of data)"
)
_REPLY = re.compile(
    r"(?:\[[\d.]+\] )?(?P<size>\d+) bytes from (?P<source>.+?): (?:icmp_)?seq=(?P<seq>\d+)"
    r"(?: ttl=(?P<ttl>\d+))?(?: time=(?P<time>[\d.]+) ms)?(?P<rest>.*)"
)
_FAILURE = re.compile(r"[Ff]rom (?P<source>.+?):? icmp_seq=(?P<seq>\d+) (?P<text>.+)")
_OWN = re.compile(r"ping6?: (?P<text>.+)")
_MTU = re.compile(r"\bmtu ?= ?(\d+)")
_COUNTS = re.compile(
    r"(?P<transmitted>\d+) packets transmitted, (?P<received>\d+)(?: packets)? received"
)
_DUPLICATES = re.compile(r"\+?(\d+) duplicates")
_ERRORS = re.compile(r"\+(\d+) errors")
_LOSS = re.compile(r"([\d.]+)% packet loss")
_TIMES = re.compile(r"(?:rtt|round-trip) min/avg/max(?:/mdev)? = ([\d.]+)/([\d.]+)/([\d.]+)")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `size` counts ICMP header and data; `time` is in milliseconds."""

    seq: int
    ttl: int | None
    size: int
    time: float | None
    address: str
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """An ICMP error that came back (`address`: from whom), or, without one, a refusal to send.

    `mtu` is the size that would pass, where it was said.
    """

    text: str
    address: str | None = None
    seq: int | None = None
    mtu: int | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """A run of ping.

    `size` is the data asked for, without headers; `loss` is in percent, the
    round-trip times `min`, `avg`, `max` in milliseconds (None where nothing came back).
    """

    target: str | None
    address: str | None
    source: str | None
    size: int | None
    transmitted: int
    received: int
    replies: tuple[Reply, ...] = ()
    failures: tuple[Failure, ...] = ()
    errors: int = 0
    duplicates: int = 0
    loss: float | None = None
    min: float | None = None
    avg: float | None = None
    max: float | None = None

    @property
    def mtu(self) -> int | None:
        """The first MTU that was said to be in the way."""
        return next((failure.mtu for failure in self.failures if failure.mtu is not None), None)


def read(text: str, twin: Any = None, _call: Call | None = None) -> Ping:
    """A run of ping from what it printed.

    Without the closing statistics (nothing could be sent) both counts are 0.
    """
    del twin
    start = _START.search(text)
    replies, failures = [], []
    for line in text.splitlines():
        if (match := _REPLY.match(line)) is not None:
            replies.append(_reply(match))
        elif (match := _FAILURE.match(line)) is not None:
            failures.append(
                Failure(match["text"], _host(match["source"]), int(match["seq"]), _mtu(line))
            )
        elif (match := _OWN.match(line)) is not None:
            failures.append(Failure(match["text"], mtu=_mtu(line)))
    counts = _COUNTS.search(text)
    if start is None and not failures:
        raise GuideError(f"the output does not read as ping's: {text.strip()[:100]!r}")
    times = _TIMES.search(text)
    loss = _LOSS.search(text)
    low, middle, high = (float(time) for time in times.groups()) if times else (None, None, None)
    return Ping(
        target=start["target"] if start else None,
        address=start["address"] if start else None,
        source=start["source"] if start else None,
        size=int(start["size"]) if start else None,
        transmitted=int(counts["transmitted"]) if counts else 0,
        received=int(counts["received"]) if counts else 0,
        replies=tuple(replies),
        failures=tuple(failures),
        errors=_count(_ERRORS, text),
        duplicates=_count(_DUPLICATES, text),
        loss=_percent(loss[1]) if loss else None,
        min=low,
        avg=middle,
        max=high,
    )


def _reply(match: re.Match[str]) -> Reply:
    return Reply(
        seq=int(match["seq"]),
        ttl=int(match["ttl"]) if match["ttl"] else None,
        size=int(match["size"]),
        time=float(match["time"]) if match["time"] else None,
        address=_host(match["source"]),
        duplicate="DUP!" in match["rest"],
    )


def _host(text: str) -> str:
    """The address in `10.1.0.3` or `localhost (127.0.0.1)`."""
    inside = re.search(r"\(([^()]+)\)", text)
    return inside[1] if inside else text


def _percent(text: str) -> float:
    # As printed: `0%` is 0 in a sentence too, not 0.0.
    return int(text) if text.isdigit() else float(text)


def _mtu(line: str) -> int | None:
    match = _MTU.search(line)
    return int(match[1]) if match else None


def _count(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.search(text)
    return int(match[1]) if match else 0


_WORDS = (
    *("source", "size", "transmitted", "received", "loss", "errors"),
    "duplicates",
)


def _asked(call: Call) -> bool:
    return call.tool in ("ping", "ping4", "ping6")


def _entries(run: Ping) -> Iterator[Entry]:
    """A run of ping without its times."""
    target = _target(run)
    words = {"target": target} | {name: _text(getattr(run, name)) for name in _WORDS}
    answers = {
        f"{reply.seq}{' again' if reply.duplicate else ''}": Facts(
            {"ttl": _text(reply.ttl), "size": _text(reply.size), "sender": reply.address}
        )
        for reply in run.replies
    }
    counts = Counter(map(_error, run.failures))
    errors = {error: Facts({"count": str(count)}) for error, count in counts.items()}
    yield Entry(
        key="ping",
        name=f"ping of {target or 'nothing'}",
        facts=Facts(words),
        parts=(
            Part("answer", answers, unless="received"),
            Part("error", errors, "errors", says=True),
        ),
    )


def _target(run: Ping) -> str:
    """What was asked for, with its address where that is not the same: as ping prints them."""
    target, address = _text(run.target), _text(run.address)
    return target if address in ("", target) else f"{target} ({address})"


def _error(failure: Failure) -> str:
    way = f"{failure.address}: " if failure.address else ""
    return f"{way}{failure.text}"


def _text(value: object) -> str:
    return "" if value is None else str(value)


KIND = Kind(name="ping", what="runs of ping", asked=_asked, read=read, entries=_entries, sends=True)
