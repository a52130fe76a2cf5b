"""Captures: packets at an interface while another block runs.

tcpdump writes pcap to its standard output, so no file is left on a node and the end of a capture
is judged here, packet by packet, as they come.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from macros.ground import tcpdump_words
from macros.ground.bindings import substitute
from macros.ground.errors import GuideError
from macros.ground.model import Block, CaptureOf
from macros.lab import ssh
from macros.lab.lab import Lab
from macros.packets import dissector
from macros.packets.conversations import Ending
from macros.packets.pcap import Reader, Record
from macros.packets.selection import Match
from macros.record import unended
from macros.record.troubles import at

SAID_EVERY = 2.0  # seconds between two words about what is waited for

Waits = Callable[[str], None]
"""Hears what a recording waits for."""


def silent(_waited: str) -> None:
    """Nobody hears it."""


class _Awaited:
    """What a capture waits for, told of its packets one by one, so each is read once."""

    def __init__(self, of: CaptureOf) -> None:
        self._of = of
        self._match = Match(of.until) if of.until else None
        self._ending = Ending()

    def by(self, number: int, link: int, record: Record) -> bool:
        """Whether the capture is complete with this packet."""
        if self._match is None and self._of.packets is not None:
            return number >= self._of.packets
        packet = dissector.packet(number, link, record)
        if self._match is not None:
            return bool(self._match.among(packet))
        return self._ending.by(packet)


@dataclass(slots=True)
class Listener:
    """A capture under way. `wrong` is why what came is no capture, if so.

    Chunks come in a thread of their own, so whoever looks at them holds the lock.
    """

    block: Block
    done: threading.Event = field(default_factory=threading.Event)
    asked: bool = True  # whether packets are looked at as they come
    wrong: GuideError | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _reader: Reader = field(default_factory=Reader)
    _waiting: list[Record] = field(default_factory=list)
    _awaited: _Awaited | None = None
    _count: int | None = None  # of the packets that count, once that is known

    @property
    def seen(self) -> int:
        """How many packets came so far."""
        return len(self._reader.ends)

    def take(self, chunk: bytes) -> None:
        """Keep a chunk of pcap and see whether the capture is complete with it."""
        with self._lock:
            self._take(chunk)

    def ask(self) -> None:
        """Begin to see whether the capture is complete: by what has come, and by what comes."""
        with self._lock:
            self.asked = True
            self._take(b"")

    def _take(self, chunk: bytes) -> None:
        if self.wrong is not None:
            return
        try:
            self._waiting += self._reader.take(chunk)
            if self.asked:
                self._judge()
        except GuideError as error:
            # It is raised by who waits: here it would end the thread that reads, and no more.
            self.wrong = error
            self.done.set()

    def _judge(self) -> None:
        """See whether the capture is complete with the packets that were not looked at yet."""
        if self._awaited is None:
            self._awaited = _Awaited(_captured_by(self.block))
        waiting, self._waiting = self._waiting, []
        if self.done.is_set():
            return
        first = self.seen - len(waiting) + 1
        for number, record in enumerate(waiting, first):
            if self._awaited.by(number, self._reader.link, record):
                # A conversation's last packets can come at once with what closes it.
                of = _captured_by(self.block)
                self._count = number if of.until or of.packets is not None else None
                self.done.set()
                return

    def finished(self) -> bytes:
        """The packets that count: no more than the block asked for."""
        with self._lock:
            return self._reader.bytes(self._count)


def _captured_by(block: Block) -> CaptureOf:
    assert block.capture is not None  # noqa: S101 only captures are listened to
    return block.capture


@contextmanager
def listening(
    lab: Lab, blocks: list[Block], bound: Mapping[str, str], waits: Waits = silent
) -> Iterator[list[Listener]]:
    """Start all captures of one trigger; the block runs once every one of them listens.

    `waits` hears what is waited for when that takes a while.
    """
    with ExitStack() as stack:
        listeners = []
        for block in blocks:
            # Nothing is read before the trigger has ended: ten captures that look into each packet
            # would take the very time that they measure.
            listener = Listener(block, asked=False)
            command = _listen(block, bound)
            handle = stack.enter_context(ssh.stream(lab, block.node, command, listener.take))
            listeners.append((listener, handle, command))
        for listener, handle, command in listeners:
            _await_ready(listener.block, handle, command)
        yield [listener for listener, _, _ in listeners]
        for listener, _, command in listeners:
            listener.ask()
            _await_end(listener, command, waits)
    for listener, handle, command in listeners:
        _missed_none(listener.block, handle.said(), command)


def _listen(block: Block, bound: Mapping[str, str]) -> str:
    of = _captured_by(block)
    within = ""
    if of.netns:
        within = f"ip netns exec {of.netns} "
    elif of.container:
        pid = f"$(docker inspect -f '{{{{.State.Pid}}}}' {of.container})"
        within = f"nsenter -t {pid} -n "
    # --immediate-mode and -U: a packet is handed over when it is seen, not when a buffer fills.
    # -B: what comes at once waits in a buffer of so many KiB; that of 2 MiB has room for eight
    # packets, each of which could be as long as a capture takes any.
    command = f"{within}tcpdump -nn -U --immediate-mode -B 8192 -i {of.interface} -w - {of.filter}"
    return substitute(command.strip(), bound)


def _missed_none(block: Block, printed: str, command: str) -> None:
    """A capture that missed packets must not pass for one that saw all there were."""
    if missed := tcpdump_words.missed(printed):
        raise at(
            block,
            f"capture {block.id} missed {missed} packets: its node was too busy to take them",
            command=command,
            fix="record the page again when the machine is less busy, or narrow the filter",
        )


def _await_ready(block: Block, handle: ssh.Stream, command: str) -> None:
    limit = time.monotonic() + block.timeout
    while tcpdump_words.READY not in handle.said():
        if not handle.alive() or time.monotonic() > limit:
            printed = handle.said().strip() or "nothing"
            raise at(
                block,
                f"capture {block.id} is not listening; tcpdump printed: {printed}",
                command=command,
                fix="check the interface's name, its namespace and the filter",
            )
        time.sleep(0.01)


def _await_end(listener: Listener, command: str, waits: Waits) -> None:
    block = listener.block
    of = _captured_by(block)
    waited = f"{of.packets} packets" if of.packets is not None else "the end of a TCP conversation"
    waited = f"{of.until!r}" if of.until else waited
    limit = time.monotonic() + block.timeout
    ended = False
    while not ended and (left := limit - time.monotonic()) > 0:
        ended = listener.done.wait(min(SAID_EVERY, left))
        if not ended:
            waits(f"capture {block.id} waits for {waited}: {_seen(listener)} so far")
    if listener.wrong is not None:
        wrong = listener.wrong
        raise at(block, f"capture {block.id}: {wrong.message}", command=command, fix=wrong.fix)
    if ended:
        return
    said, fix = unended.advice(of, listener.finished())
    raise at(
        block,
        f"capture {block.id} waited {block.timeout:g} s for {waited} and saw {_seen(listener)}"
        f"{said}",
        command=command,
        fix=fix,
    )


def _seen(listener: Listener) -> str:
    return f"{listener.seen} packet{'s' * (listener.seen != 1)}"
