"""A person's own command in a pod: what it says, and that it ends; `kubectl exec` is a shell here."""

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.tracer import sending
from macros.tracer.cluster_facts import Kubectl, Pod
from macros.tracer.request_ends import Target
from macros.tracer.sending import Wish, in_pod

POD = Pod("default", "tools", "node0", ("10.42.0.3",), host=False, phase="Running", uid="u")
TARGET = Target("pod default/hello-1", "pod", "10.42.1.2", 53, "udp")
_EXEC = """#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift
"$@"
s=$?
[ $s = 0 ] || echo "command terminated with exit code $s" >&2
exit $s
"""


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


def _that_prints(folder: Path, text: str, code: int) -> Kubectl:
    program = folder / "kubectl-own"
    program.write_text(f"#!/bin/sh\ncat <<'END' >&2\n{text}\nEND\nexit {code}\n")
    program.chmod(0o755)
    return Kubectl(str(program))


def test_what_kubectl_adds_is_not_what_the_command_printed(kubectl: Kubectl) -> None:
    said = in_pod(kubectl, POD, Wish("command", command="echo 'curl: (28) no answer'; exit 28"))
    assert said is not None
    assert (said.text, said.exit) == ("curl: (28) no answer\n", 28)


def test_a_right_that_is_missing_is_no_answer(tmp_path: Path) -> None:
    forbidden = (
        'Error from server (Forbidden): pods "tools" is forbidden: User "me" cannot create '
        'resource "pods/exec" in API group "" in the namespace "default"'
    )
    with pytest.raises(GuideError, match="you may not create pods/exec"):
        in_pod(_that_prints(tmp_path, forbidden, 1), POD, Wish("command", command="true"))


@pytest.mark.parametrize(
    "text",
    [
        'OCI runtime exec failed: exec failed: exec: "sh": executable file not found in $PATH',
        "executable file `sh` not found in $PATH: No such file or directory",  # crun
    ],
)
def test_an_image_without_a_shell_is_seen(tmp_path: Path, text: str) -> None:
    wish = Wish("command", command="true")
    assert in_pod(_that_prints(tmp_path, f"error: {text}", 1), POD, wish) is None


def test_a_name_that_is_none_is_said_so() -> None:
    for name in ("a" * 64, "a..b", "."):
        with pytest.raises(GuideError, match="is no name that can be asked for"):
            sending.command(Wish("dns", name=name), TARGET)
