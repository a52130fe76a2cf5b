"""Processes of a lab: started to outlive us, recognised for certain, ended with all their children.

A number alone does not name a process, since numbers come round again; number and start time do
(proc_pid_stat(5)). Every process of a lab leads a session of its own, so that whatever it starts
is found by the session, even when the leader is gone: the kernel gives no new process a number
that still names a session.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from macros.ground.errors import GuideError

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """A process that a lab stands on."""

    what: str
    """For people: "node0", "switch"."""
    pid: int
    start: int
    """Clock ticks from boot to its start."""

    def alive(self) -> bool:
        """Whether this very process still runs."""
        seen = _stat(self.pid)
        return seen is not None and seen.start == self.start and seen.state not in "ZX"


@dataclass(frozen=True, slots=True)
class _Stat:
    state: str
    session: int
    start: int


def start(
    what: str, words: list[str], log: Path, *, stdin: int | None = None, env: dict[str, str]
) -> Process:
    """Start a program in a session of its own, its output going to `log`.

    subprocess, not sh: it must live on when we end, and nobody reads it meanwhile.
    """
    with log.open("ab") as output:
        child = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=output,
            stderr=output,
            cwd="/",
            env=env,
            start_new_session=True,
        )
    seen = _stat(child.pid)  # a zombie too has one, as long as nobody waited for it
    if seen is None:
        raise GuideError(f"{what} ended as soon as it was started\n{log.read_text('utf-8')}")
    child.returncode = 0  # not ours to wait for: no complaint that it still runs when we end
    return Process(what, child.pid, seen.start)


def family(processes: list[Process], folder: Path) -> list[int]:
    """The numbers of all that belongs to a lab: its processes and whatever they started.

    `folder` finds those that a killed `up` had no time to write down: the lab's own folder of
    sockets stands on the command line of each leader.
    """
    sessions = set()
    for process in processes:
        seen = _stat(process.pid)
        if seen is None or seen.start == process.start:
            sessions.add(process.pid)
    mark = f"{folder}/".encode()
    members = []
    for pid, seen in _all():
        leads = seen.session == pid and pid not in sessions
        if leads and mark in _command_line(pid) and _own(pid):
            sessions.add(pid)
    for pid, seen in _all():
        if seen.session in sessions and seen.state not in "ZX":
            members.append(pid)
    return members


def helpers(of: Process, program: str) -> list[Process]:
    """The processes of that program that `of` has started, in the order of their numbers."""
    mark = f"{program}\0".encode()
    return sorted(
        (
            Process(f"{of.what}'s {program}", pid, seen.start)
            for pid, seen in _all()
            if seen.session == of.pid and pid != of.pid and _command_line(pid).startswith(mark)
        ),
        key=lambda member: member.pid,
    )


def memory(of: Process) -> int:
    """MiB that a process and all it has started hold; what several share counts once.

    Proportional set size (proc_pid_smaps(5)): a node's memory is one file that its processes share.
    """
    total = 0
    for pid, seen in _all():
        if seen.session == of.pid:
            with contextlib.suppress(OSError):
                lines = (_PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii").splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total // 1024


def end(processes: list[Process], folder: Path, patience: float = 10.0) -> None:
    """Kill all that belongs to a lab and wait until it is gone.

    SIGKILL at once: UML ignores SIGTERM while its guest's init hangs, and a lab's disks are
    thrown away anyway. Repeated, since a killed process may just have started another.
    """
    until = time.monotonic() + patience
    while members := family(processes, folder):
        for pid in members:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
        for pid in members:  # where `up` itself cleans up, they are our children
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > until:
            numbers = ",".join(map(str, members))
            raise GuideError(f"processes of the lab do not end: {numbers}", fix=f"ps -f {numbers}")


def listens(pid: int, port: int) -> bool:
    """Whether this process itself listens on that TCP port of 127.0.0.1 (proc_pid_net(5))."""
    inodes = set()
    for line in (_PROC / "net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        words = line.split()
        if words[1] == f"0100007F:{port:04X}" and words[3] == "0A":
            inodes.add(f"socket:[{words[9]}]")
    held = set()
    with contextlib.suppress(OSError):
        for descriptor in (_PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                held.add(str(descriptor.readlink()))
    return bool(inodes & held)


def free_ports(count: int) -> list[int]:
    """So many TCP ports of 127.0.0.1 that nobody has at this moment."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _all() -> Iterator[tuple[int, _Stat]]:
    """Every process there is."""
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (seen := _stat(int(entry.name))) is not None:
            yield int(entry.name), seen


def _own(pid: int) -> bool:
    try:
        return (_PROC / str(pid)).stat().st_uid == os.getuid()
    except OSError:
        return False


def _stat(pid: int) -> _Stat | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name, in brackets, may hold anything: count from its end. Fields 3, 6 and 22.
    words = text.rpartition(")")[2].split()
    return _Stat(state=words[0], session=int(words[3]), start=int(words[19]))


def _command_line(pid: int) -> bytes:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""
