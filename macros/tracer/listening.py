"""Captures at all stops of a way at once, and the kernels' words on drops beside them."""

import re
import shlex
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Self

from macros.ground.errors import GuideError
from macros.ground.places import SCRIPTS
from macros.packets.pcap import Reader
from macros.tracer.access import Access, Stream
from macros.tracer.capture_filters import Wanted, expression
from macros.tracer.way import Stop

MOST = 4000
"""Packets that one capture keeps; what comes after is counted, and said."""
_DROPS = SCRIPTS / "node" / "drops.sh"
_READY = "listening on"
_PATIENCE = 20.0
_MARK = re.compile(r" (?P<at>\d+\.\d+): tracing_mark_write: guide (?P<now>\d+)")
_DROP = re.compile(
    r" (?P<at>\d+\.\d+): kfree_skb: .*location=(?P<place>\S+)(?: reason: (?P<reason>\w+))?"
)
_NO_DROP = frozenset({"NOT_SPECIFIED", "SKB_CONSUMED", "CONSUMED", "NOT_DROPPED_YET", ""})


@dataclass
class Heard:
    """What one capture has kept. `why` says why there is none, where there is none."""

    stop: Stop
    command: str
    why: str = ""
    last: float = 0.0
    more: int = 0
    _reader: Reader = field(default_factory=Reader)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, chunk: bytes) -> None:
        """Keep what came."""
        with self._lock:
            if len(self._reader.ends) >= MOST:
                self.more += 1
                return
            try:
                if self._reader.take(chunk):
                    self.last = time.monotonic()
            except GuideError as error:
                self.why = error.message

    @property
    def count(self) -> int:
        """How many packets it has."""
        return len(self._reader.ends)

    def pcap(self) -> bytes:
        """The capture as a file; empty where nothing listened."""
        with self._lock:
            return self._reader.bytes() if self._reader.link else b""


@dataclass(frozen=True, slots=True)
class Drop:
    """A packet that a kernel threw away: when, in nanoseconds since 1970, why, and where."""

    node: str
    time: int
    reason: str
    place: str
    line: str


@dataclass
class Dropped:
    """The words of one node's kernel."""

    node: str
    why: str = ""
    _text: bytearray = field(default_factory=bytearray)

    def take(self, chunk: bytes) -> None:
        """Keep what came, to a limit: a busy node drops much."""
        if len(self._text) < 4_000_000:
            self._text += chunk

    def drops(self) -> list[Drop]:
        """What was dropped for a reason."""
        return read_drops(self.node, self._text.decode("utf-8", "replace"))


def read_drops(node: str, text: str) -> list[Drop]:
    """The drops in what the trace printed, by the time of day that its first line tells."""
    offset: int | None = None
    found = []
    for line in text.splitlines():
        if mark := _MARK.search(line):
            offset = int(mark["now"]) - int(float(mark["at"]) * 1e9)
        elif (drop := _DROP.search(line)) and offset is not None:
            reason = drop["reason"] or ""
            if reason not in _NO_DROP:
                at = int(float(drop["at"]) * 1e9) + offset
                found.append(Drop(node, at, reason, drop["place"], line.strip()))
    return found


def enter(pids: Mapping[str, Mapping[str, int]], node: str, space: str) -> str:
    """What leads a command into a namespace; "" for the node's own."""
    if not space:
        return ""
    pid = pids.get(node, {}).get(space)
    return f"nsenter -t {pid} -n " if pid else f"ip netns exec {space} "


@contextmanager
def listening(
    access: Access,
    stops: Sequence[Stop],
    wanted: Wanted,
    pids: Mapping[str, Mapping[str, int]],
    nodes: Sequence[str],
) -> Iterator[tuple[list[Heard], list[Dropped]]]:
    """Listen at all stops, and to the kernels of `nodes`. A stop that cannot be heard says why."""
    heard = [Heard(stop, _command(stop, wanted, pids)) for stop in stops]
    kernels = [Dropped(node) for node in nodes]
    drops = f"bash -c {shlex.quote(_DROPS.read_text(encoding='utf-8'))}"
    with _Together() as together:
        streams = [
            *(together.enter(access.stream(one.stop.end.node, one.command, one.take))
              for one in heard),
            *(together.enter(access.stream(one.node, drops, one.take)) for one in kernels),
        ]  # fmt: skip
        limit = time.monotonic() + _PATIENCE
        said = [_ready(stream, limit) for stream in streams]
        for one, why in zip(heard, said, strict=False):
            one.why = why
        for kernel, why in zip(kernels, said[len(heard) :], strict=True):
            kernel.why = why
        yield heard, kernels


def _command(stop: Stop, wanted: Wanted, pids: Mapping[str, Mapping[str, int]]) -> str:
    within = enter(pids, stop.end.node, stop.end.namespace)
    return (
        f"{within}tcpdump -nn -p -U --immediate-mode -s 0 -i {stop.end.interface} -w - "
        f"{shlex.quote(expression(stop, wanted))}"
    )


class _Together:
    """Streams that all end at once: one after the other each would take its time."""

    def __init__(self) -> None:
        self._open: list[AbstractContextManager[Stream]] = []

    def __enter__(self) -> Self:
        return self

    def enter(self, stream: AbstractContextManager[Stream]) -> Stream:
        """Begin one."""
        begun = stream.__enter__()
        self._open.append(stream)
        return begun

    def __exit__(self, *_: object) -> None:
        if self._open:
            with ThreadPoolExecutor(len(self._open)) as pool:
                list(pool.map(lambda one: one.__exit__(None, None, None), self._open))


def _ready(stream: Stream, limit: float) -> str:
    """Wait until it listens; why it does not, or ""."""
    while _READY not in stream.said():
        if not stream.alive() or time.monotonic() > limit:
            said = stream.said().strip().splitlines()
            return said[-1] if said else "it did not begin to listen"
        time.sleep(0.01)
    return ""


def settle(heard: Sequence[Heard], *, quiet: float = 0.3, most: float = 2.0) -> None:
    """Return when no capture has had a packet for a moment: what is under way arrives."""
    start = time.monotonic()
    while (now := time.monotonic()) - start < most:
        if now - max([start, *(one.last for one in heard)]) >= quiet:
            return
        time.sleep(0.02)
