"""Terminals as a reader has them: a shell on a node behind a pseudo terminal, and pasting into it.

The shell is the node's own, interactive, with its prompt. Three things are told to it once, as one
would type them: to mark where a command begins, where it ended and with which exit code, and where
it asks for the next. Without them nobody could tell output from echo.
"""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_COLUMNS, _LINES = 120, 50
_MARK = "\x1e"  # ASCII: record separator; no command of the guide prints it
_BEGIN, _READY = f"{_MARK}B{_MARK}", f"{_MARK}P{_MARK}"
_END = re.compile(rf"{_MARK}E(\d+){_MARK}")
_SETTINGS = (
    r" PS0='\036B\036' PS1='\[\036P\036\]' PS2='' HISTFILE="
    r" PROMPT_COMMAND='printf \\036E%d\\036 $?'"
)
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
# A line that a program goes back to and erases, as progress is drawn: cursor up, erase in line. The
# cursor may be shown again (DECTCEM) before that.
_DRAWN_OVER = re.compile(r"[^\n]*\n(?:\x1b\[\?25h)?\r?\x1b\[1?A\x1b\[2?K")
_PASTE, _PASTED = "\x1b[200~", "\x1b[201~"
_AGAIN = 3.0  # seconds after which a key is pressed a second time
_START = 60.0  # seconds that a login may take: a busy node takes some


class ClosedError(Exception):
    """The shell ended: what it printed last."""


class SilentError(Exception):
    """What was waited for did not come in time: what was printed instead."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the commands of one paste printed, one after the other, and the last one's exit code."""

    text: str
    exit: int


class Terminal:
    """An interactive shell, started by `words`; it is left by `close`."""

    def __init__(self, words: Sequence[str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _LINES, _COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm"}
        self._process = subprocess.Popen(
            words, stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self._seen = ""
        self._bytes = b""
        self._await(lambda text: bool(_ESCAPES.sub("", text).strip()), _START)
        self._write(_SETTINGS + "\n")
        self._await(_ready, _START)

    def paste(self, text: str) -> None:
        """Paste `text` at the prompt and press Enter."""
        self._seen = ""
        self._write(f"{_PASTE}{text}{_PASTED}\r")

    def run(self, text: str, timeout: float) -> Said:
        """Paste `text`, and what its commands printed until the prompt is back."""
        self.paste(text)
        return self.finished(timeout)

    def finished(self, timeout: float) -> Said:
        """What was printed until the prompt is back. SilentError after so many seconds."""
        self._await(_ready, timeout)
        ends = _END.findall(self._seen)
        return Said(printed(self._seen), int(ends[-1]) if ends else 0)

    def wait_for(self, words: str, timeout: float) -> None:
        """Wait until `words` is printed by what runs."""
        self._await(lambda text: words in printed(text) or _ready(text), timeout)
        if words not in printed(self._seen):
            raise SilentError(printed(self._seen).strip())

    def lines_came(self, count: int, timeout: float) -> None:
        """Wait until so many lines have been printed, or the time is over."""
        with contextlib.suppress(SilentError):
            self._await(lambda text: printed(text).count("\n") >= count, timeout)

    def interrupt(self, timeout: float) -> Said:
        """Press Ctrl-C, again where a press was lost, and see what has been printed until then."""
        until = time.monotonic() + timeout
        while True:
            self._write("\x03")
            try:
                return self.finished(_AGAIN)
            except SilentError:
                if time.monotonic() > until:
                    raise

    def close(self) -> None:
        """Close the window: the shell and what runs in it get a hang-up."""
        with contextlib.suppress(OSError):
            os.close(self._ours)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGHUP)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _write(self, text: str) -> None:
        data = text.encode()
        while data:
            # A long paste is taken in pieces: what is echoed has to be read in between.
            self._read(0.0)
            _, ready, _ = select.select([], [self._ours], [], 1.0)
            if ready:
                try:
                    data = data[os.write(self._ours, data[:1024]) :]
                except OSError as error:
                    raise ClosedError(printed(self._seen)) from error

    def _await(self, come: Callable[[str], bool], timeout: float) -> None:
        until = time.monotonic() + timeout
        while not come(self._seen):
            if time.monotonic() > until:
                raise SilentError(printed(self._seen).strip())
            self._read(min(1.0, max(0.0, until - time.monotonic())))

    def _read(self, patience: float) -> None:
        ready, _, _ = select.select([self._ours], [], [], patience)
        if not ready:
            return
        try:
            chunk = os.read(self._ours, 65536)
        except OSError:  # Linux says so where the other end is closed: pty(7)
            chunk = b""
        if not chunk:
            raise ClosedError(printed(self._seen).strip())
        self._bytes += chunk
        whole, self._bytes = _whole(self._bytes)
        self._seen += whole


def _whole(data: bytes) -> tuple[str, bytes]:
    """The text of whole characters, and the bytes of one that is not there yet."""
    for cut in range(4):
        try:
            end = len(data) - cut
            return data[:end].decode(), data[end:]
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "backslashreplace"), b""


def _ready(seen: str) -> bool:
    """Whether the prompt is back: a line that is edited shows it too, before anything has ended."""
    return bool(_END.search(seen)) and _READY in _END.split(seen)[-1]


def printed(seen: str) -> str:
    """What commands printed of what a terminal has seen: without the prompt and the typing."""
    parts = [_END.split(part)[0] for part in seen.split(_BEGIN)[1:]]
    lines = _DRAWN_OVER.sub("", "".join(parts).replace("\r\n", "\n")).split("\n")
    return "\n".join(_ESCAPES.sub("", line.rstrip("\r").rpartition("\r")[2]) for line in lines)
