"""Run commands on a lab's nodes over SSH, under the contract that every recording rests on.

A command is a fresh non-login bash as root, no terminal, no standard input, a fixed small
environment; standard output and error share one pipe, so they come in the order written.
"""

import contextlib
import functools
import os
import selectors
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from macros.ground.errors import GuideError
from macros.ground.model import Answer
from macros.lab import ssh_scripts
from macros.lab.lab import Lab

LIMIT = 1_000_000
"""Bytes a command may print. No page shows a megabyte; `head`, `-c` and filters exist."""

_GRACE = 10.0  # seconds that a node gets to end a command before it counts as lost
_LOOK = 2.0  # seconds of silence until we look whether the lab is still there: ssh takes 30


def login(lab: Lab, node: str) -> tuple[str, ...]:
    """The words that give a person a shell on `node`, with the locale that commands have.

    A shared connection hands no environment over, so it is a connection of its own.
    """
    locale = f"LC_ALL={ssh_scripts.ENVIRONMENT['LC_ALL']}"
    own = ("-o", "ControlPath=none", "-o", f"SetEnv={locale}")
    return ("ssh", "-F", str(lab.ssh_config), *own, node)


class LostError(GuideError):
    """A node answers nothing any more."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The answer to a command and, from the same round trip, to its JSON twin."""

    answer: Answer
    twin: Answer | None


def run(
    lab: Lab,
    node: str,
    command: str,
    *,
    timeout: float = 30.0,
    limit: int = LIMIT,
    stdin: bytes | None = None,
    lines: bool = False,
) -> Answer:
    """What `node` answers to `command`. `timeout` in seconds, `limit` in bytes.

    With `lines`, the answer says which lines of a command of several failed.

    GuideError when the lab is lost, the command runs too long or prints too much; the command
    is ended on the node then. Its exit code is the caller's to judge.
    """
    pair = run_pair(
        lab, node, command, None, timeout=timeout, limit=limit, stdin=stdin, lines=lines
    )
    return pair.answer


def run_pair(
    lab: Lab,
    node: str,
    command: str,
    twin: str | None,
    *,
    timeout: float = 30.0,
    limit: int = LIMIT,
    stdin: bytes | None = None,
    lines: bool = False,
) -> Pair:
    """As `run`, and the answer to `twin` right after it, in one round trip and one `timeout`."""
    mark = ssh_scripts.new_mark()
    commands = [command] if twin is None else [command, twin]
    given = stdin is not None
    script = ssh_scripts.commands(commands, mark, with_stdin=given, with_lines=lines)
    outcome = _collect(lab, node, script, stdin, timeout, limit * len(commands))
    if outcome.end == "too much":
        raise GuideError(
            f"the command prints more than {limit:,} bytes",
            node=node,
            command=command,
            fix="print less: head, a filter, or a narrower command",
        )
    answers = ssh_scripts.answers(outcome.output, mark)
    if len(answers) == len(commands):
        return Pair(answers[0], answers[1] if twin is not None else None)
    if outcome.end == "too slow":
        raise GuideError(
            f"the command was still running after {timeout:g} s",
            node=node,
            command=commands[len(answers)],
            fix="end it by itself (a count, a condition), or give the block a longer timeout=",
        )
    raise LostError(
        f"{node} of lab {lab.name} no longer answers: {outcome.detail}",
        node=node,
        command=command,
        fix=f"guide lab status --name {lab.name}; guide lab reset --name {lab.name}",
    )


@contextlib.contextmanager
def stream(
    lab: Lab,
    node: str,
    command: str,
    on_data: Callable[[bytes], None],
    *,
    patience: float = 5.0,
    leader: str = "",
) -> Iterator["Stream"]:
    """Run `command` for as long as the block lasts, handing over what it prints as it comes.

    Standard output and error are apart here: a capture's packets come on one, tcpdump's words
    on the other. Leaving the block ends the command on the node; see `streamed` for `patience`.
    `leader` is a command that gives rights (`sudo -n`): what ends the command needs them as well.
    """
    script = ssh_scripts.until_input_ends(command)
    if leader:
        script = f"{leader} bash -c {shlex.quote(script)}"
    words = [_program(), *_options(lab, node), script]
    with streamed(words, on_data, patience=patience) as running:
        yield running


@contextlib.contextmanager
def streamed(
    command: list[str], on_data: Callable[[bytes], None], *, patience: float = 5.0
) -> Iterator["Stream"]:
    """Run a program of this machine; its standard input closes when the block is left.

    It then has `patience` seconds to hand over what it still has. The stream is `cut` where it
    took longer.
    """
    errors: list[bytes] = []
    out, err = _Pipe(on_data), _Pipe(errors.append)
    stdin, stdin_end = os.pipe()
    with os.fdopen(stdin, "rb") as given, os.fdopen(stdin_end, "wb") as held:
        process = subprocess.Popen(command, stdin=given.fileno(), stdout=out.end, stderr=err.end)
        given.close()
        out.close_end()
        err.close_end()
        running = Stream(process, errors)
        try:
            yield running
        finally:
            held.close()
            out.thread.join(patience)  # to its last byte
            if out.thread.is_alive():
                running.cut = True
                _kill(process)
            process.wait()
            err.thread.join(0.5)  # a connection made to be shared may hold it open


@dataclass(slots=True)
class Stream:
    """A command that runs beside others. `cut`: it was ended before all that it had came."""

    process: subprocess.Popen[bytes]
    errors: list[bytes]
    cut: bool = False

    def said(self) -> str:
        """What it wrote to standard error so far."""
        return b"".join(self.errors).decode("utf-8", "backslashreplace")

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None


@dataclass(frozen=True, slots=True)
class _Said:
    """What came of a command, and why no more came."""

    output: bytes
    end: Literal["", "too slow", "too much"]
    detail: str
    """For a lost connection: what is known about it."""


def _collect(
    lab: Lab, node: str, script: str, stdin: bytes | None, timeout: float, limit: int
) -> _Said:
    """Run the script on the node and read what it prints until it ends, in this very thread.

    Time and amount are watched here: timeout(1) on the node costs 20 ms.
    """
    output, errors = bytearray(), bytearray()
    (out, out_end), (err, err_end) = os.pipe(), os.pipe()
    with os.fdopen(out, "rb", 0), os.fdopen(err, "rb", 0):
        try:
            with _given(stdin) as source:
                process = _ssh(lab, node, script, source, out_end, err_end)
        finally:
            os.close(out_end)  # so that the process's ends are the last
            os.close(err_end)
        try:
            whole = _read(lab, (out, output), (err, errors), timeout, limit + 4096)
        except BaseException:
            _end(lab, node, output, process)
            raise
        if not whole and (detail := lab.lost()):
            _kill(process)
            return _Said(bytes(output), "", detail)
        if not whole:
            ended = _end(lab, node, output, process)
            if len(output) > limit:
                return _Said(b"", "too much", "")
            detail = f"nothing came within {timeout:g} s, and it cannot be reached"
            return _Said(bytes(output), "too slow" if ended else "", detail)
        process.wait()
        os.set_blocking(err, False)  # another may hold it open: a connection made to be shared
        with contextlib.suppress(BlockingIOError):
            errors += os.read(err, 65536)
    lines = errors.decode("utf-8", "backslashreplace").strip().splitlines()
    return _Said(bytes(output), "", lines[-1] if lines else "it closed the connection")


def _read(
    lab: Lab, out: tuple[int, bytearray], err: tuple[int, bytearray], timeout: float, limit: int
) -> bool:
    """Read both pipes until `out` ends; False when it is too late, too much or the lab is gone."""
    until = time.monotonic() + timeout
    with selectors.DefaultSelector() as ready:
        ready.register(out[0], selectors.EVENT_READ, out[1])
        ready.register(err[0], selectors.EVENT_READ, err[1])
        while (left := until - time.monotonic()) > 0:
            events = ready.select(min(left, _LOOK))
            for key, _ in events:
                chunk = os.read(key.fd, 65536)
                key.data.extend(chunk)
                if not chunk and key.fd == out[0]:
                    return True
                if not chunk:
                    ready.unregister(key.fd)
            if len(out[1]) > limit or (not events and lab.lost()):
                return False
    return False


def _options(lab: Lab, node: str) -> tuple[str, ...]:
    return ("-F", str(lab.ssh_config), "-o", "BatchMode=yes", "-T", node)


def _ssh(
    lab: Lab, node: str, script: str, stdin: int, out: int, err: int
) -> subprocess.Popen[bytes]:
    """Start the script on the node.

    Not by `sh`, which starts ssh in 7 to 12 ms where subprocess takes 2 to 3 (and waits for it
    with a timeout by looking every 100 ms): each block of each page would pay for that.
    """
    command = [_program(), *_options(lab, node), script]
    return subprocess.Popen(command, stdin=stdin, stdout=out, stderr=err)


@functools.cache
def _program() -> str:
    program = shutil.which("ssh")
    if program is None:
        raise GuideError("there is no ssh on this machine", fix="guide doctor")
    return program


@contextlib.contextmanager
def _given(stdin: bytes | None) -> Iterator[int]:
    """A descriptor that yields these bytes; a file, since a pipe would want somebody to feed it."""
    with tempfile.TemporaryFile() if stdin else open(os.devnull, "rb") as source:  # noqa: PTH123
        if stdin:
            source.write(stdin)
            source.seek(0)
        yield source.fileno()


def _end(lab: Lab, node: str, output: bytearray, process: subprocess.Popen[bytes]) -> bool:
    """End the command on the node, then our side of it; whether the node did it.

    sshd gives each command a session: whatever it started is found by that, the shell's number.
    The shell is stopped first, or it would go on with the next command.
    """
    pid = bytes(output[:20]).partition(b"\n")[0]
    done = False
    if pid.isdigit():
        leader = pid.decode()
        script = (
            f"kill -STOP {leader}; pkill -TERM -P {leader}; pkill -TERM -s {leader};"
            f" kill -KILL {leader};"
            f" for _ in 1 2 3 4 5 6 7 8 9; do"
            f" pgrep -s {leader} >/dev/null || exit 0; sleep 0.2; done;"
            f" pkill -KILL -s {leader}; exit 0"
        )
        with contextlib.suppress(subprocess.TimeoutExpired), _given(None) as source:
            output_end = os.open(os.devnull, os.O_WRONLY)
            with os.fdopen(output_end, "wb"):
                killer = _ssh(lab, node, script, source, output_end, output_end)
            killer.wait(_GRACE)
            done = killer.returncode == 0
    _kill(process)
    return done


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End our side of a command."""
    process.kill()
    process.wait()


class _Pipe:
    """A pipe and a thread that hands over what comes through it."""

    def __init__(self, on_data: Callable[[bytes], object]) -> None:
        self._ours, self.end = os.pipe()
        self._open = True
        self._on_data = on_data
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def close_end(self) -> None:
        if self._open:
            os.close(self.end)
            self._open = False

    def _read(self) -> None:
        with open(self._ours, "rb", buffering=0) as stream:  # noqa: PTH123 a descriptor
            while chunk := stream.read(65536):
                self._on_data(chunk)
