"""Run commands on a lab's nodes over SSH, under the contract that every recording rests on.

A command is a fresh non-login bash as root, no terminal, no standard input, a fixed small
environment; standard output and error share one pipe, so they come in the order written.
"""

import contextlib
import os
import secrets
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sh

from macros.errors import GuideError
from macros.lab import Lab
from macros.model import Answer

ENVIRONMENT = {
    "HOME": "/root",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "COLUMNS": "120",
}
"""All that a command finds in its environment, beside what bash sets itself."""

LIMIT = 1_000_000
"""Bytes a command may print. No page shows a megabyte; `head`, `-c` and filters exist."""

# sh's own types know neither objects with write() nor a range of exit codes; its manual does.
_SSH: Any = sh.Command("ssh")

_GRACE = 10.0  # seconds that a node gets to end a command before it counts as lost
_RECORD_SEPARATOR = b"\x1e"  # ASCII: what its name says; the nonce makes it ours


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
) -> Answer:
    """What `node` answers to `command`. `timeout` in seconds, `limit` in bytes.

    GuideError when the lab is lost, the command runs too long or prints too much; the command
    is ended on the node then. Its exit code is the caller's to judge.
    """
    return run_pair(lab, node, command, None, timeout=timeout, limit=limit, stdin=stdin).answer


def run_pair(
    lab: Lab,
    node: str,
    command: str,
    twin: str | None,
    *,
    timeout: float = 30.0,
    limit: int = LIMIT,
    stdin: bytes | None = None,
) -> Pair:
    """As `run`, and the answer to `twin` right after it, in one round trip and one `timeout`."""
    mark = _RECORD_SEPARATOR + secrets.token_hex(8).encode()
    commands = [command] if twin is None else [command, twin]
    sink = _Sink(limit * len(commands))
    process = _ssh(lab, node, _remote(commands, mark, stdin is not None), sink, stdin)
    # A timer of our own: sh looks every 100 ms whether its _timeout has come or its
    # wait(timeout=) is over, and each command would last that long. Not timeout(1) either: one
    # more program on the node costs 20 ms.
    late = _Late(timeout, lambda: _end(lab, node, sink, process))
    try:
        sink.process = process
        with contextlib.suppress(sh.SignalException):
            process.wait()
        sink.finish()
    except BaseException:
        _end(lab, node, sink, process)
        raise
    finally:
        late.cancel()
    if sink.overflow:
        _end(lab, node, sink, process)
        raise GuideError(
            f"the command prints more than {limit:,} bytes",
            node=node,
            command=command,
            fix="print less: head, a filter, or a narrower command",
        )
    answers = _answers(sink.data(), mark)
    if len(answers) < len(commands) and late.ended:
        raise GuideError(
            f"the command was still running after {timeout:g} s",
            node=node,
            command=commands[len(answers)],
            fix="end it by itself (a count, a condition), or give the block a longer timeout=",
        )
    if len(answers) < len(commands):
        said = sink.errors().strip().splitlines()
        detail = said[-1] if said else "it closed the connection"
        if late.happened:
            detail = f"nothing came within {timeout:g} s, and it cannot be reached"
        raise GuideError(
            f"{node} of lab {lab.name} does not answer any more: {detail}",
            node=node,
            command=command,
            fix=f"guide lab status --name {lab.name}; guide lab reset --name {lab.name}",
        )
    return Pair(answers[0], answers[1] if twin is not None else None)


@contextlib.contextmanager
def stream(
    lab: Lab, node: str, command: str, on_data: Callable[[bytes], None]
) -> Iterator["Stream"]:
    """Run `command` for as long as the block lasts, handing over what it prints as it comes.

    Standard output and error are apart here: a capture's packets come on one, tcpdump's words
    on the other. Leaving the block ends the command on the node.
    """
    sink = _Sink(None, on_data)
    environment = " ".join(f"{name}={shlex.quote(value)}" for name, value in ENVIRONMENT.items())
    # The command ends when our end of standard input closes, so it cannot outlive us. A shell
    # gives its background jobs /dev/null as standard input: descriptor 3 keeps the real one.
    script = (
        f"exec 3<&0; env -i {environment} bash -c {shlex.quote('exec ' + command)} </dev/null 3<&-"
        " & p=$!; { read -r _ <&3; kill -INT $p; } 2>/dev/null & k=$!;"
        " wait $p; s=$?; kill $k 2>/dev/null; exit $s"
    )
    closing = threading.Event()

    def until_closed() -> Iterator[bytes]:
        closing.wait()
        yield b"\n"

    process = _SSH(
        *_options(lab, node),
        script,
        _in=until_closed(),
        _out=sink.out.end,
        _err=sink.err.end,
        _bg=True,
        _bg_exc=False,
        _tty_out=False,
        _ok_code=range(256),
    )
    sink.started()
    handle = Stream(process, sink)
    try:
        yield handle
    finally:
        closing.set()
        with contextlib.suppress(Exception):
            process.wait(timeout=5)
        if process.is_alive():
            process.kill()


@dataclass(frozen=True, slots=True)
class Stream:
    """A command that runs beside others."""

    process: Any
    sink: "_Sink"

    def said(self) -> str:
        """What it wrote to standard error so far."""
        return self.sink.errors()

    def alive(self) -> bool:
        """Whether it still runs."""
        return bool(self.process.is_alive())


class _Late:
    """Ends what is not done in time."""

    def __init__(self, seconds: float, end: Callable[[], bool]) -> None:
        self.happened = False
        self.ended = False
        """Whether the node did as told: it lives, the command was too slow."""
        self._end = end
        self._timer = threading.Timer(seconds, self._run)
        self._timer.daemon = True
        self._timer.start()

    def _run(self) -> None:
        self.happened = True
        self.ended = self._end()

    def cancel(self) -> None:
        self._timer.cancel()
        if self.happened:
            self._timer.join(2 * _GRACE)


def _options(lab: Lab, node: str) -> tuple[str, ...]:
    return ("-F", str(lab.ssh_config), "-o", "BatchMode=yes", "-T", node)


def _ssh(lab: Lab, node: str, script: str, sink: "_Sink", stdin: bytes | None) -> Any:
    process = _SSH(
        *_options(lab, node),
        script,
        _in=stdin if stdin is not None else b"",
        _out=sink.out.end,
        _err=sink.err.end,
        _bg=True,
        _bg_exc=False,
        _tty_out=False,
        _ok_code=range(256),
    )
    sink.started()
    return process


def _remote(commands: list[str], mark: bytes, with_stdin: bool) -> str:
    environment = " ".join(f"{name}={shlex.quote(value)}" for name, value in ENVIRONMENT.items())
    sign = mark.decode().replace("\x1e", "\\036")
    parts = ["echo $$"]
    for number, command in enumerate(commands):
        stdin = "" if with_stdin and number == 0 else " </dev/null"
        # A twin is JSON: a warning on its standard error is none of it.
        errors = "2>&1" if number == 0 else "2>/dev/null"
        parts.append(f"env -i {environment} bash -c {shlex.quote(command)}{stdin} {errors}")
        parts.append(f"printf '{sign} %d\\n' $?")
    return "; ".join(parts)


def _answers(data: bytes, mark: bytes) -> list[Answer]:
    _, _, rest = data.partition(b"\n")  # the first line is the shell's process id
    answers = []
    while mark in rest:
        output, _, rest = rest.partition(mark + b" ")
        code, _, rest = rest.partition(b"\n")
        answers.append(Answer(output, int(code)))
    return answers


def _end(lab: Lab, node: str, sink: "_Sink", process: Any) -> bool:
    """End the command on the node, then our side of it; whether the node did it.

    sshd gives each command a session: whatever it started is found by that, the shell's number.
    The shell is stopped first, or it would go on with the next command.
    """
    pid = sink.data()[:20].partition(b"\n")[0]
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
        with contextlib.suppress(Exception):
            _SSH(*_options(lab, node), script, _timeout=_GRACE, _in=b"", _err=os.devnull)
            done = True
    if process.is_alive():
        with contextlib.suppress(OSError):
            process.kill()
    return done


class _Sink:
    """Takes what a process prints, up to a limit, as it comes."""

    def __init__(self, limit: int | None, on_data: Callable[[bytes], None] | None = None) -> None:
        self._start = time.monotonic()
        self._limit = limit
        self._chunks: list[bytes] = []
        self._errors: list[bytes] = []
        self._size = 0
        self.overflow = False
        self.process: Any = None
        self.out = _Pipe(on_data or self._take)
        self.err = _Pipe(self._errors.append)

    def started(self) -> None:
        """The process has its ends of the pipes; ours are closed, so that theirs are the last."""
        self.out.close_end()
        self.err.close_end()

    def finish(self) -> None:
        """Wait until all output is read.

        Not all errors: the shared connection, should ssh have to renew it, is a process that
        keeps the caller's standard error open for as long as it lives.
        """
        self.out.thread.join(_GRACE)

    def data(self) -> bytes:
        return b"".join(self._chunks)

    def errors(self) -> str:
        return b"".join(self._errors).decode("utf-8", "backslashreplace")

    def elapsed(self) -> float:
        """Seconds since the command was sent."""
        return time.monotonic() - self._start

    def _take(self, chunk: bytes) -> None:
        if self.overflow:
            return
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._limit is not None and self._size > self._limit + 4096:
            self.overflow = True
            if self.process is not None:
                self.process.kill()


class _Pipe:
    """A pipe and a thread that hands over what comes through it.

    sh can call back too, but only line by line or byte by byte; a capture is neither.
    """

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
