"""Processes of a lab: recognised for certain, ended with all their children and no others."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.lab import process
from macros.lab.process import Process

ENVIRONMENT = {"PATH": os.environ["PATH"]}


def _start(folder: Path, *words: str, what: str = "it") -> Process:
    return process.start(what, list(words), folder / "log", env=ENVIRONMENT)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Process]:
    started = _start(tmp_path, "sleep", "600")
    yield started
    process.end([started], tmp_path)


def test_a_process_is_alive_until_it_ends(running: Process, tmp_path: Path) -> None:
    assert running.alive()
    process.end([running], tmp_path)
    assert not running.alive()


def test_a_number_that_came_round_again_is_another_process(
    running: Process, tmp_path: Path
) -> None:
    stale = Process("old", running.pid, running.start - 1)
    assert not stale.alive()
    assert process.family([stale], tmp_path) == []
    process.end([stale], tmp_path)
    assert running.alive(), "it is not ours to kill"


def test_a_process_lives_on_when_its_starter_is_gone(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from macros.lab import process;"
        "p = process.start('it', ['sleep', '600'], pathlib.Path(sys.argv[1]), env={});"
        "print(p.pid, p.start)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "log")],
        capture_output=True,
        text=True,
        check=True,
    )
    pid, start = map(int, done.stdout.split())
    started = Process("it", pid, start)
    try:
        assert started.alive()
    finally:
        process.end([started], tmp_path)


def test_children_end_too_even_when_the_leader_is_gone(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 601 & echo $! >{pids}; (sleep 602 & echo $! >>{pids}); echo >>{pids}; wait"
    leader = _start(tmp_path, "sh", "-c", script)
    while not pids.exists() or not pids.read_text("ascii").endswith("\n\n"):
        time.sleep(0.01)
    children = {int(pid) for pid in pids.read_text("ascii").split()}
    assert len(children) == 2
    os.kill(leader.pid, signal.SIGKILL)
    os.waitpid(leader.pid, 0)
    assert not leader.alive()
    assert set(process.family([leader], tmp_path)) == children
    process.end([leader], tmp_path)
    assert process.family([leader], tmp_path) == []


def test_a_process_that_was_not_written_down_is_found_by_the_labs_folder(tmp_path: Path) -> None:
    unknown = _start(tmp_path, "sh", "-c", f"sleep 600; : {tmp_path}/socket")
    other = _start(tmp_path, "sh", "-c", f"sleep 600; : {tmp_path}-2/socket")
    try:
        assert unknown.pid in process.family([], tmp_path)
        assert other.pid not in process.family([], tmp_path)
        process.end([], tmp_path)
        assert not unknown.alive()
        assert other.alive()
    finally:
        process.end([other], tmp_path)


def test_helpers_are_found_by_their_program(tmp_path: Path) -> None:
    leader = _start(tmp_path, "sh", "-c", "sleep 600 & cat /dev/zero >/dev/null & wait", what="n")
    try:
        until = time.monotonic() + 5
        while not (helpers := process.helpers(leader, "sleep")) and time.monotonic() < until:
            time.sleep(0.01)
        (helper,) = helpers
        assert helper.what == "n's sleep"
        assert helper.alive()
        # Until it has become cat, the second one is a shell for an instant.
        while process.helpers(leader, "sh") and time.monotonic() < until:
            time.sleep(0.01)
        assert process.helpers(leader, "sh") == []
    finally:
        process.end([leader], tmp_path)


def test_a_program_that_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    with pytest.raises((GuideError, FileNotFoundError)):
        _start(tmp_path, "/no/such/program")


def test_who_listens_on_a_port_is_known_for_certain() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert not process.listens(os.getpid(), port), "bound, but not listening"
        taken.listen()
        assert process.listens(os.getpid(), port)
        assert not process.listens(1, port)
    assert not process.listens(os.getpid(), port)


def test_memory_is_that_of_a_process_and_all_it_started(tmp_path: Path) -> None:
    hold = "import os, time; held = b'x' * (40 << 20); os.fork(); time.sleep(600)"
    started = _start(tmp_path, sys.executable, "-c", hold)
    try:
        until = time.monotonic() + 20
        while process.memory(started) < 40 and time.monotonic() < until:
            time.sleep(0.05)
        # Parent and child share the 40 MiB: they count once.
        assert 40 <= process.memory(started) < 75
    finally:
        process.end([started], tmp_path)
    assert process.memory(started) == 0
