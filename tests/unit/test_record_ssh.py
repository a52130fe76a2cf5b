import shutil
import subprocess
import sys
import time

import pytest

from macros.ground.errors import GuideError
from macros.lab import ssh, ssh_scripts
from macros.lab.lab import Lab


def test_output_and_exit_code_come_back(local_lab: Lab) -> None:
    answer = ssh.run(local_lab, "node0", "echo one; echo two >&2; echo three; exit 3")
    assert answer.output == b"one\ntwo\nthree\n"
    assert answer.exit == 3


def test_a_command_gets_the_small_environment_of_the_contract(local_lab: Lab) -> None:
    answer = ssh.run(local_lab, "node0", "env | sort; tty; read -r x || echo no input")
    lines = answer.output.decode().splitlines()
    assert "LC_ALL=C.UTF-8" in lines
    assert "TZ=UTC" in lines
    assert "COLUMNS=120" in lines
    assert "not a tty" in lines
    assert "no input" in lines
    names = {line.partition("=")[0] for line in lines if "=" in line}
    assert names <= {*ssh_scripts.ENVIRONMENT, "PWD", "SHLVL", "_", "OLDPWD"}


def test_bytes_that_are_no_utf8_and_marks_inside_survive(local_lab: Lab) -> None:
    answer = ssh.run(local_lab, "node0", r"printf '\377\036abc 1\nlast without newline'")
    assert answer.output == b"\xff\x1eabc 1\nlast without newline"


def test_the_twin_comes_from_the_same_round_trip_without_its_warnings(local_lab: Lab) -> None:
    pair = ssh.run_pair(local_lab, "node0", "echo text", "echo warning >&2; echo '[1]'; exit 4")
    assert pair.answer.output == b"text\n"
    assert pair.twin is not None
    assert pair.twin.output == b"[1]\n"
    assert pair.twin.exit == 4


def test_standard_input_reaches_the_command(local_lab: Lab) -> None:
    data = bytes(range(256)) * 100
    answer = ssh.run(local_lab, "node0", "cat", stdin=data)
    assert answer.output == data


def test_a_command_that_hangs_is_ended_and_named(local_lab: Lab) -> None:
    started = time.monotonic()
    with pytest.raises(GuideError, match=r"still running after 0\.5 s") as caught:
        ssh.run(local_lab, "node0", "sleep 987", timeout=0.5)
    assert time.monotonic() - started < 8
    assert caught.value.command == "sleep 987"
    left = ssh.run(local_lab, "node0", "pgrep -fx 'sleep 987' || echo none")
    assert left.output == b"none\n"


def test_50_mb_of_output_end_the_command(local_lab: Lab) -> None:
    started = time.monotonic()
    with pytest.raises(GuideError, match="prints more than"):
        ssh.run(local_lab, "node0", "yes 0123456789abcdef | head -c 50000000; sleep 986")
    assert time.monotonic() - started < 15
    left = ssh.run(local_lab, "node0", "pgrep -fx 'sleep 986' || echo none")
    assert left.output == b"none\n"


def test_an_exit_code_of_255_is_the_commands_own(local_lab: Lab) -> None:
    assert ssh.run(local_lab, "node0", "exit 255").exit == 255


def test_a_node_that_is_gone_is_told_from_a_command_that_fails(local_lab: Lab) -> None:
    with pytest.raises(GuideError, match="node9 of lab test no longer answers") as caught:
        ssh.run(local_lab, "node9", "true", timeout=5)
    assert "guide lab" in str(caught.value)


def test_a_stream_hands_over_what_comes_and_dies_with_its_block(local_lab: Lab) -> None:
    got = bytearray()
    command = "bash -c 'echo ready >&2; while :; do printf x; sleep 0.05; done'"
    with ssh.stream(local_lab, "node0", command, got.extend) as handle:
        deadline = time.monotonic() + 10
        while ("ready" not in handle.said() or len(got) < 5) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert "ready" in handle.said()
        assert len(got) >= 5
    time.sleep(0.3)
    seen = len(got)
    time.sleep(0.3)
    assert len(got) == seen


# As tcpdump: a shell could not trap what it is started to ignore, as background jobs are.
_AT_INT = "import os, signal; signal.signal(2, lambda *_: os._exit(7)); print('ready', flush=True)"
_ENDS_AT_INT = f'{sys.executable} -c "{_AT_INT}; signal.pause()"'
_IGNORES_INT = "bash -c 'trap \"\" INT; echo ready; exec sleep 983'"


@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize(
    ("command", "code", "least", "most"),
    [
        (_ENDS_AT_INT, 7, 0, 0.9),
        (_IGNORES_INT, 143, 0.9, 5),
        ("bash -c 'echo ready; exit 5'", 5, 0, 0.9),
    ],
)
def test_nothing_that_ends_a_stream_outlives_it(
    shell: str, command: str, code: int, least: float, most: float
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    running = subprocess.Popen(
        [shell, "-c", ssh_scripts.until_input_ends(command)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert running.stdin
    assert running.stdout
    assert running.stdout.readline() == b"ready\n"
    began = time.monotonic()
    running.stdin.close()
    assert running.wait(10) == code
    # As the recorder looks at a node right after: what is left of the session is its script's.
    left = subprocess.run(["pgrep", "-l", "-s", str(running.pid)], capture_output=True, check=False)
    assert left.stdout == b""
    took = time.monotonic() - began
    # dash can hear a signal only once what it waits for has ended: a second at most.
    assert least <= took < (most if shell == "bash" else most + 1)
    running.stdout.close()
