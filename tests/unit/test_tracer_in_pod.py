"""A person's own command in a pod: what it says, and that it ends; `kubectl exec` is a shell here."""

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from macros.tracer import sending
from macros.tracer.cluster_facts import Kubectl, Pod
from macros.tracer.sending import Wish, in_pod

POD = Pod("default", "tools", "node0", ("10.42.0.3",), host=False, phase="Running", uid="u")
_EXEC = '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n'


@pytest.fixture
def kubectl(tmp_path: Path) -> Kubectl:
    program = tmp_path / "kubectl"
    program.write_text(_EXEC)
    program.chmod(0o755)
    return Kubectl(str(program))


def _running(mark: str) -> bool:
    """Whether a process has the mark in its command line."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes() and path.parent.name != str(os.getpid()):
                return True
        except OSError:
            continue
    return False


def _gone(mark: str) -> bool:
    until = time.monotonic() + 5
    while _running(mark):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_it_says_what_it_printed_and_its_exit_code(kubectl: Kubectl) -> None:
    said = in_pod(kubectl, POD, Wish("command", command="echo '{{ 1 }}'; echo two >&2; exit 3"))
    assert said is not None
    assert (sorted(said.text.split("\n")), said.exit) == (["", "two", "{{ 1 }}"], 3)
    assert in_pod(kubectl, POD, Wish("command", command="no-such-program")) is None


def test_what_takes_too_long_is_ended_in_the_pod(
    kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_MERCY", 3.0)
    mark = f"7{secrets.randbelow(10**6):06}"
    said = in_pod(kubectl, POD, Wish("command", command=f"sleep {mark}; true", timeout=-9.5))
    assert said is not None
    assert said.exit == 124
    assert _gone(mark)


def test_it_ends_where_who_asked_is_killed(kubectl: Kubectl) -> None:
    mark = f"8{secrets.randbelow(10**6):06}"
    code = (
        "from tests.unit.test_tracer_in_pod import *\n"
        f"in_pod(Kubectl({kubectl.program!r}), POD, Wish('command', command='sleep {mark}; true'))"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as asks:
        until = time.monotonic() + 20
        while not _running(f"sleep\0{mark}") and time.monotonic() < until:
            time.sleep(0.05)
        assert _running(f"sleep\0{mark}")
        asks.send_signal(signal.SIGKILL)
    assert _gone(f"sleep\0{mark}")
