"""A shell on a node that stays open and runs one script after the other."""

import contextlib
import os
import secrets
import selectors
import subprocess
import tempfile
import threading
import time

from macros.ground.errors import GuideError
from macros.tracer.access import Reply
from macros.tracer.cluster_facts import refused

LOOP = (
    'LC_ALL=C; while read -r mark size && read -r -N "$size" script; do '
    'LC_ALL=C.UTF-8 bash -c "$script" </dev/null 2>&1; '
    "printf '\\036%s %d\\n' \"$mark\" $?; done"
)
"""What runs there: it reads a mark, a number of bytes and a script, and answers with the mark."""
_SIGN = b"\x1e"


class KeptShell:
    """One such shell. Scripts wait for each other; where one hangs the shell is given up."""

    def __init__(self, node: str, command: list[str]) -> None:
        self._node = node
        self._lock = threading.Lock()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 as long as the shell
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
        )

    def run(self, script: str, timeout: float) -> Reply:
        """What a script printed. GuideError where it does not end in time, or the shell has."""
        mark = secrets.token_hex(8).encode()
        packed = script.encode()
        with self._lock:
            return self._answer(b"%s %d\n%s" % (mark, len(packed), packed), mark, timeout)

    def _answer(self, request: bytes, mark: bytes, timeout: float) -> Reply:
        into, out = self._process.stdin, self._process.stdout
        assert into is not None  # noqa: S101 both are pipes
        assert out is not None  # noqa: S101
        try:
            into.write(request)
            into.flush()
        except (OSError, ValueError):
            raise self._ended() from None
        end = _SIGN + mark + b" "
        read = bytearray()
        until = time.monotonic() + timeout
        with selectors.DefaultSelector() as ready:
            ready.register(out, selectors.EVENT_READ)
            while (left := until - time.monotonic()) > 0:
                if not ready.select(left):
                    break
                chunk = os.read(out.fileno(), 65536)
                read += chunk
                text, ended, code = bytes(read).partition(end)
                if ended and code.endswith(b"\n"):
                    return Reply(text.decode("utf-8", "backslashreplace"), int(code))
                if not chunk:
                    raise self._ended()
        self.end()
        raise GuideError(f"{self._node} did not answer within {timeout:g} s", node=self._node)

    def _ended(self) -> GuideError:
        """The connection has ended: with what was said of it, such as a right that is missing."""
        self._errors.seek(0)
        said = self._errors.read(4000).decode("utf-8", "backslashreplace").strip()
        told = refused(said, ("exec",))
        if said and told.fix:
            return told
        why = said.splitlines()[-1][:300] if said else "the connection ended"
        return GuideError(f"{self._node} does not answer any more: {why}", node=self._node)

    def end(self) -> None:
        """Close it; what runs there ends with its standard input, or with its pod."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._errors.seek(0)
