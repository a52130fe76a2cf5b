"""Captures at all stops of a way at once, and the kernels' words on drops beside them."""

import base64
import re
import shlex
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Self

from macros.ground import tcpdump_words
from macros.ground.errors import GuideError
from macros.ground.places import SCRIPTS
from macros.packets.pcap import Reader
from macros.tracer.access import Access, Stream, enter
from macros.tracer.capture_filters import Wanted, expressions
from macros.tracer.way import Stop

MOST = 4000
"""Packets that one capture keeps; what comes after is counted, and said."""
LONGEST = 600
"""Seconds after which a capture ends by itself, whatever happens to us."""
_DROPS = SCRIPTS / "node" / "drops.sh"
_LISTEN = SCRIPTS / "node" / "listen.sh"
_PATIENCE = 20.0
_MARK = re.compile(r" (?P<at>\d+\.\d+): tracing_mark_write: guide (?P<now>\d+)")
_DROP = re.compile(
    r" (?P<at>\d+\.\d+): kfree_skb: .*location=(?P<place>\S+)(?: reason: (?P<reason>\w+))?"
)
_NO_DROP = frozenset(
    {"NOT_SPECIFIED", "SKB_CONSUMED", "CONSUMED", "NOT_DROPPED_YET", "QUEUE_PURGE", ""}
)
"""No packet was lost on its way: it was used up, or a socket was closed with it in a queue."""


@dataclass
class Heard:
    """What one capture has kept. `why` says why there is none, or not all of it.

    `more` came than is kept; `missed` passed while tcpdump had no time for them.
    """

    stop: Stop
    command: str
    why: str = ""
    more: int = 0
    missed: int = 0
    filter: str = ""
    _reader: Reader = field(default_factory=Reader)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, chunk: bytes) -> None:
        """Keep what came."""
        with self._lock:
            if len(self._reader.ends) >= MOST:
                self.more += 1
                return
            try:
                self._reader.take(chunk)
            except GuideError as error:
                self.why = error.message

    def take_text(self, line: bytes) -> None:
        """Keep what came as base64."""
        self.take(base64.b64decode(line))

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
    drops = []
    for line in text.splitlines():
        if mark := _MARK.search(line):
            offset = int(mark["now"]) - int(float(mark["at"]) * 1e9)
        elif (drop := _DROP.search(line)) and offset is not None:
            reason = drop["reason"] or ""
            if reason not in _NO_DROP:
                moment = int(float(drop["at"]) * 1e9) + offset
                drops.append(Drop(node, moment, reason, drop["place"], line.strip()))
    return drops


@contextmanager
def listening(
    access: Access,
    stops: Sequence[Sequence[Stop]],
    wanted: Wanted,
    pids: Mapping[str, Mapping[str, int]],
    nodes: Sequence[str],
) -> Iterator[tuple[list[Heard], list[Dropped]]]:
    """Listen at all stops, and to the kernels of `nodes`, by one program a node.

    Each of `stops` is an interface, as often as the packet passes it. One that cannot be heard says
    why.
    """
    heard = [_heard(same[0], expressions(same, wanted), pids) for same in stops]
    kernels = [Dropped(node) for node in nodes]
    with _Together() as together:
        begun = []
        for kernel in kernels:
            here = [listener for listener in heard if listener.stop.end.node == kernel.node]
            parts = {
                0: kernel.take,
                **{index: listener.take_text for index, listener in enumerate(here, 1)},
            }
            script = _script(here, pids)
            started = together.enter(access.stream(kernel.node, script, _Numbered(parts).take))
            begun.append((kernel, here, started))
        limit = time.monotonic() + _PATIENCE
        for kernel, here, stream in begun:
            kernel.why, *others = _await(stream, len(here) + 1, limit)
            for listener, why in zip(here, others, strict=True):
                listener.why = why
        yield heard, kernels
    for _, here, stream in begun:
        for number, listener in enumerate(here, 1):
            _whole(listener, _words(stream.said(), number), cut=stream.cut)


def _whole(listener: Heard, printed: str, *, cut: bool) -> None:
    """See whether a capture has all that passed: what it has not is not known to be lost."""
    listener.missed = tcpdump_words.missed(printed)
    if cut and not listener.why:
        listener.why = "its node was too busy to hand over all that it had captured"


def _script(heard: Sequence["Heard"], pids: Mapping[str, Mapping[str, int]]) -> str:
    """listen.sh for the captures of one node."""
    rows = []
    for number, listener in enumerate(heard, 1):
        end = listener.stop.end
        within = enter(pids, end.node, end.namespace).strip() or "-none-"
        rows.append("\t".join([str(number), within, end.interface, listener.filter]))
    settings = (
        f"LONGEST={LONGEST} WANTED={shlex.quote(chr(10).join(rows))} "
        f"DROPS={shlex.quote(_DROPS.read_text(encoding='utf-8'))}"
    )
    return f"bash -c {shlex.quote(settings + chr(10) + _LISTEN.read_text(encoding='utf-8'))}"


def _heard(stop: Stop, expression: str, pids: Mapping[str, Mapping[str, int]]) -> Heard:
    """A capture of one stop, with the command as a person would run it."""
    within = enter(pids, stop.end.node, stop.end.namespace)
    command = f"{within}tcpdump -nn -p -U -i {stop.end.interface} -w - {shlex.quote(expression)}"
    return Heard(stop, command, filter=expression)


class _Numbered:
    """Takes lines that begin with a number to whom the number belongs."""

    def __init__(self, parts: Mapping[int, Callable[[bytes], None]]) -> None:
        self._parts = parts
        self._rest = b""

    def take(self, chunk: bytes) -> None:
        """The next bytes of all of them."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            number, _, text = line.partition(b" ")
            if number.isdigit() and int(number) in self._parts:
                self._parts[int(number)](text + b"\n")


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
                list(pool.map(lambda context: context.__exit__(None, None, None), self._open))


def _await(stream: Stream, count: int, limit: float) -> list[str]:
    """Wait until all parts listen; of each why it does not, or ""."""
    while True:
        over = not stream.alive() or time.monotonic() > limit
        states = [_state(stream.said(), number) for number in range(count)]
        if over or None not in states:
            return ["it did not begin to listen" if state is None else state for state in states]
        time.sleep(0.02)


def _words(printed: str, number: int) -> str:
    """What a part said: the lines with its number before them."""
    head = f"{number} "
    return "\n".join(
        line.removeprefix(head) for line in printed.splitlines() if line.startswith(head)
    )


def _state(printed: str, number: int) -> str | None:
    """What a part said where it failed, or "" where it listens; None while neither is known."""
    lines = _words(printed, number).splitlines()
    if any(tcpdump_words.READY in line for line in lines):
        return ""
    failed = [line for line in lines if "WARNING" not in line]
    return failed[0].removeprefix("tcpdump: ") if failed else None
