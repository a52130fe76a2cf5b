"""Ctrl-C at any moment ends what a lab runs, and never leaves a library half-way."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from macros.ground.errors import GuideError
from macros.lab import interrupts, tools

_INTERRUPTED = """\
import os, signal
from macros.lab import tools

os.register_at_fork(after_in_parent=lambda: signal.raise_signal(signal.SIGINT))
tools.call("true", what="a program")
print("went on")
"""
"""Ctrl-C while Python runs what is to be done around a fork: an exception is ignored there.

logging takes its lock before a fork and gives it back after it. Where that is what is interrupted, the
lock stays taken, and sh's threads wait for it for ever.
"""


def test_a_signal_waits_for_the_end_of_the_block() -> None:
    reached = []

    def interrupted() -> None:
        with interrupts.held():
            signal.raise_signal(signal.SIGINT)
            reached.append("end")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert reached == ["end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_while_a_program_is_started_is_not_lost() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert "went on" not in done.stdout
    assert done.stderr.endswith("KeyboardInterrupt\n")


def test_a_program_is_ended_with_us() -> None:
    threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        tools.call("sleep", "4242.17", what="a long program")
    assert time.monotonic() - begun < 10
    left = subprocess.run(["pgrep", "-f", "^sleep 4242.17"], capture_output=True, check=False)
    assert left.stdout == b""


def test_what_a_program_printed_is_returned_and_said_when_it_fails() -> None:
    assert tools.call("echo", "a b", what="a program") == "a b\n"
    with pytest.raises(GuideError, match="a program failed\n    oh no"):
        tools.call("sh", "-c", "echo oh no >&2; exit 3", what="a program")
