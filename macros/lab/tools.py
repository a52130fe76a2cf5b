"""Runs the programs that building needs, and says in one place what to do when one fails."""

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import sh

from macros.ground import locks
from macros.ground.errors import GuideError
from macros.lab import interrupts, paths
from macros.lab.doctor import search_path

_TAIL = 20
"""Lines of a failed program that a person is shown, and characters of each: the log has it all."""
_WIDTH = 240
_FULL = re.compile("no space left on device|disk quota exceeded|enough free space", re.IGNORECASE)
"""What programs say of a full disk: strerror(3) and, the last, apt."""


def environment(**extra: str) -> dict[str, str]:
    """The environment for programs: ours, English, with /usr/sbin in the PATH."""
    return {**os.environ, "LC_ALL": "C.UTF-8", "PATH": search_path(), **extra}


def which(program: str) -> str | None:
    """The program's path, or None."""
    return shutil.which(program, path=search_path())


def call(
    *words: str | Path,
    what: str,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    log: Path | None = None,
    each_line: Callable[[str], None] | None = None,
    fix: str | None = None,
) -> str:
    """Run a program to its end and return its standard output.

    With `log` or `each_line`, both streams are read line by line as they come and nothing is
    returned. GuideError with the last lines when it fails or is missing; `what` says what failed.
    """
    program = which(str(words[0]))
    if program is None:
        raise GuideError(f"{what}: the program {words[0]} is missing", fix="guide doctor")
    options: dict[str, Any] = {
        "_env": env or environment(),
        "_cwd": str(cwd) if cwd else None,
        "_tty_out": False,  # no colours, no progress bars of theirs
        "_decode_errors": "replace",
        "_new_group": True,  # so that Ctrl-C reaches us, and we end the whole group
        "_pass_fds": set(locks.inherited),
    }
    if log is None and each_line is None:
        try:
            return str(_ended(_start(program, *map(str, words[1:]), **options)))
        except sh.ErrorReturnCode as error:
            lines = (error.stderr or error.stdout).decode(errors="replace").splitlines()
            raise _failed(what, lines, None, fix) from None

    tail: list[str] = []
    log_file = log or Path(os.devnull)
    with log_file.open("a", encoding="utf-8", buffering=1) as kept:
        try:
            _follow(program, list(map(str, words[1:])), options, kept, tail, each_line)
        except sh.ErrorReturnCode:
            raise _failed(what, tail, log, fix) from None
    return ""


def _follow(
    program: str,
    words: Sequence[str],
    options: Mapping[str, Any],
    log: IO[str],
    tail: list[str],
    each_line: Callable[[str], None] | None,
) -> None:
    """Run a program to its end, its lines going to `log`, the last to `tail`, as they come."""

    def line(text: str) -> None:
        log.write(text)
        tail.append(text.rstrip("\n"))
        # What says that the disk is full stays: a program can say much after it.
        while len(tail) > _TAIL:
            del tail[1 if _FULL.search(tail[0]) else 0]
        if each_line:
            each_line(text)

    # Killed, even with SIGKILL, we take the program with us (prctl(2), PR_SET_PDEATHSIG).
    # unshare blocks SIGTERM; with --kill-child its namespace ends with it. make passes
    # SIGTERM on, and could not pass on SIGKILL.
    last = "KILL" if Path(program).name == "unshare" else "TERM"
    setpriv = which("setpriv") or "setpriv"
    words = ["--pdeathsig", last, program, *words]
    _ended(_start(setpriv, *words, **options, _out=line, _err_to_out=True))


def _start(program: str, *words: str, **options: Any) -> sh.RunningCommand:
    command = sh.Command(program)
    with interrupts.held():
        running: sh.RunningCommand = command(*words, **options, _bg=True, _bg_exc=False)
    return running


def _ended(running: sh.RunningCommand) -> sh.RunningCommand:
    """The same, when it has ended well."""
    try:
        running.wait()
    except sh.ErrorReturnCode:
        raise
    except BaseException:  # Ctrl-C: the program must not go on writing behind our back
        running.kill_group()
        raise
    return running


@contextlib.contextmanager
def disk_named() -> Iterator[None]:
    """Let a full disk be an error for a person, who is told where to make room."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        target = error.filename or paths.cache()
        raise GuideError(f"cannot write {target}: {error.strerror}", fix=_make_room()) from error


def _make_room() -> str:
    return (
        f"free some room below {paths.cache()}, or set XDG_CACHE_HOME to a larger disk;"
        " then try again: what is finished is kept"
    )


def _failed(what: str, lines: list[str], log: Path | None, fix: str | None) -> GuideError:
    if any(_FULL.search(line) for line in lines):
        fix = _make_room()
    shown = [line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…" for line in lines[-_TAIL:]]
    message = [f"{what} failed", *(f"    {line}" for line in shown)]
    if log is not None:
        message.append(f"  whole log: {log}")
    return GuideError("\n".join(message), fix=fix)
