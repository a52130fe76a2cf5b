"""Captures: packets at an interface while another block runs.

tcpdump writes pcap to its standard output, so no file is left on a node and the end of a capture
is judged here, packet by packet, as they come.
"""

import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from macros.ground.bindings import substitute
from macros.ground.errors import GuideError
from macros.ground.model import Block
from macros.lab import ssh
from macros.lab.lab import Lab
from macros.record.troubles import at

_FILE_HEADER = 24  # bytes: the pcap file format's global header
_RECORD_HEADER = 16
_READY = "listening on"


@dataclass(slots=True)
class Listener:
    """A capture under way: `pcap` grows as packets come."""

    block: Block
    pcap: bytearray = field(default_factory=bytearray)
    count: int | None = None  # of the packets that count, once that is known
    done: threading.Event = field(default_factory=threading.Event)
    asked: bool = True  # whether packets are looked at as they come

    def take(self, chunk: bytes) -> None:
        """Keep a chunk of pcap and see whether the capture is complete with it."""
        before = len(records(bytes(self.pcap)))
        self.pcap += chunk
        if self.asked and not self.done.is_set() and len(records(bytes(self.pcap))) > before:
            self._judge(before)

    def ask(self) -> None:
        """Begin to see whether the capture is complete: by what has come, and by what comes."""
        self.asked = True
        self._judge(0)

    def _judge(self, seen: int) -> None:
        """See whether the capture is complete; the first `seen` packets are known not to be."""
        of = self.block.capture
        assert of is not None  # noqa: S101 only captures are listened to
        pcap = bytes(self.pcap)
        if of.until:
            self.count = reached(pcap, of.until, seen)
            ended = self.count is not None
        else:
            ended = len(records(pcap)) >= of.packets if of.packets is not None else closed(pcap)
        if ended:
            self.done.set()

    def finished(self) -> bytes:
        """The packets that count: no more than the block asked for."""
        of = self.block.capture
        assert of is not None  # noqa: S101
        found = records(bytes(self.pcap))
        end = _FILE_HEADER
        for offset, length in found[: of.packets or self.count]:
            end = offset + length
        return bytes(self.pcap[:end])


def records(pcap: bytes) -> list[tuple[int, int]]:
    """Offset and length in bytes of each whole packet, behind its record header."""
    found, at = [], _FILE_HEADER
    order = "<" if pcap[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    while at + _RECORD_HEADER <= len(pcap):
        length = struct.unpack_from(f"{order}I", pcap, at + 8)[0]
        if at + _RECORD_HEADER + length > len(pcap):
            break
        found.append((at + _RECORD_HEADER, length))
        at += _RECORD_HEADER + length
    return found


def reached(pcap: bytes, match: str, seen: int) -> int | None:
    """How many packets it takes until `match` finds one; the first `seen` are known to be too few.

    None where all of them are too few. The last packet may be there in part only.
    """
    from macros.packets import conversations, dissector  # noqa: PLC0415 scapy only where packets are read

    found = records(pcap)
    whole = pcap[: found[-1][0] + found[-1][1]] if found else pcap
    packets = dissector.packets(whole)
    for count in range(seen + 1, len(packets) + 1):
        try:
            conversations.select(packets[:count], match)
        except GuideError:
            continue
        return count
    return None


def closed(pcap: bytes) -> bool:
    """Whether a TCP conversation in `pcap` has ended: both sides' FIN acknowledged, or a RST.

    The last packet may be there in part only: packets come in pieces.
    """
    found = records(pcap)
    if not found:
        return False
    from macros.packets import conversations, dissector  # noqa: PLC0415 scapy only where TCP is followed

    return conversations.closed(dissector.packets(pcap[: found[-1][0] + found[-1][1]]))


@contextmanager
def listening(lab: Lab, blocks: list[Block], bound: dict[str, str]) -> Iterator[list[Listener]]:
    """Start all captures of one trigger; the block runs once every one of them listens."""
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
            _await_end(listener, command)


def _listen(block: Block, bound: dict[str, str]) -> str:
    of = block.capture
    assert of is not None  # noqa: S101
    within = ""
    if of.netns:
        within = f"ip netns exec {of.netns} "
    elif of.container:
        pid = f"$(docker inspect -f '{{{{.State.Pid}}}}' {of.container})"
        within = f"nsenter -t {pid} -n "
    # --immediate-mode and -U: a packet is handed over when it is seen, not when a buffer fills.
    command = f"{within}tcpdump -nn -U --immediate-mode -i {of.interface} -w - {of.filter}"
    return substitute(command.strip(), bound)


def _await_ready(block: Block, handle: ssh.Stream, command: str) -> None:
    limit = time.monotonic() + block.timeout
    while _READY not in handle.said():
        if not handle.alive() or time.monotonic() > limit:
            said = handle.said().strip() or "nothing"
            raise at(
                block,
                f"capture {block.id} does not listen; tcpdump said: {said}",
                command=command,
                fix="check the interface's name, its namespace and the filter",
            )
        time.sleep(0.01)


def _await_end(listener: Listener, command: str) -> None:
    block = listener.block
    if listener.done.wait(block.timeout):
        return
    of = block.capture
    assert of is not None  # noqa: S101
    seen = len(records(bytes(listener.pcap)))
    waited = f"{of.packets} packets" if of.packets is not None else "the end of a TCP conversation"
    waited = f"{of.until!r}" if of.until else waited
    raise at(
        block,
        f"capture {block.id} waited {block.timeout:g} s for {waited} and saw {seen} packets",
        command=command,
        fix="correct packets= or filter=, or let the trigger send what is waited for",
    )
