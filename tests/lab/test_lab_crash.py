"""Any process of a lab killed: it is noticed, said by name, and cleaned by the next command."""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.lab import process, providers, ssh, state
from macros.lab.keys import control
from macros.lab.lab import Lab
from tests.lab.conftest import family, guide, known, nothing_left, up, within

KINDS = {
    "node": "node0",
    "switch": "switch",
    "NAT": "node0's NAT",
    "cable": "node0's vde_plug",
}


def _kill(lab: Lab, what: str) -> None:
    victim = next(process for process in known(lab.name).processes if process.what == what)
    os.kill(victim.pid, signal.SIGKILL)
    assert within(5, lambda: not victim.alive())


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_process_is_noticed_and_cleaned_by_up(own: Lab, kind: str) -> None:
    _kill(own, KINDS[kind])
    expected = f"{KINDS[kind]} .process .* ended"
    with pytest.raises(GuideError, match=expected) as caught:
        providers.find(own.name)
    assert caught.value.fix == f"guide lab up --name {own.name}"
    status = guide("lab", "status", "--name", own.name)
    assert status.returncode == 1
    assert f"is broken: {KINDS[kind]}" in status.stdout
    old = family(known(own.name))
    fresh = up(own.name)
    assert fresh.instance != own.instance
    assert ssh.run(fresh, "node0", "true").exit == 0
    assert not set(old) & set(family(known(own.name)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_process_is_cleaned_by_down(own: Lab, kind: str) -> None:
    _kill(own, KINDS[kind])
    assert guide("lab", "down", "--name", own.name).returncode == 0
    assert nothing_left(own.name) == []


def test_everything_killed_at_once_is_cleaned(own: Lab) -> None:
    for pid in family(known(own.name)):
        with contextlib.suppress(ProcessLookupError):  # ended with its parent
            os.kill(pid, signal.SIGKILL)
    assert guide("lab", "down", "--name", own.name).returncode == 0
    assert nothing_left(own.name) == []


def test_a_lost_shared_connection_is_opened_again(own: Lab) -> None:
    old = _master(own)
    os.kill(old, signal.SIGKILL)
    assert within(5, lambda: _master(own, 0) == 0)
    status = guide("lab", "status", "--name", own.name)
    assert status.returncode == 0
    assert f"{own.name}: opened the SSH connection to node0 again" in status.stdout
    assert _master(own) != old
    assert guide("lab", "down", "--name", own.name).returncode == 0
    assert nothing_left(own.name) == []


def test_a_command_does_not_wait_for_a_connection_that_another_renews(own: Lab) -> None:
    """ssh's own way, ControlMaster=auto, starts a process that keeps standard error open."""
    os.kill(_master(own), signal.SIGKILL)
    started = time.monotonic()
    answer = ssh.run(own, "node0", "echo here; echo there >&2")
    assert answer.output == b"here\nthere\n"
    plain = subprocess.run(
        ["ssh", "-F", str(own.ssh_config), "node0", "true"],
        capture_output=True, timeout=20, check=False,
    )  # fmt: skip
    assert plain.returncode == 0
    assert time.monotonic() - started < 10
    assert providers.find(own.name).instance == own.instance
    assert _master(own)


def test_a_command_under_way_when_its_connection_is_killed_ends_with_an_error(own: Lab) -> None:
    old = _master(own)
    started = time.monotonic()
    with pytest.raises(GuideError, match="no longer answers"):
        ssh.run(own, "node0", f"sleep 1; echo {_kill_later(old)}; sleep 60", timeout=90)
    assert time.monotonic() - started < 30


def _kill_later(pid: int) -> int:
    subprocess.Popen(["sh", "-c", f"sleep 1; kill -9 {pid}"])
    return pid


def test_a_recycled_number_is_not_killed(own: Lab) -> None:
    """lab.json names a number that is another process by now: it lives."""
    innocent = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        lab_state = known(own.name)
        state.write(
            replace(
                lab_state, processes=(*lab_state.processes, process.Process("old", innocent.pid, 1))
            )
        )
        with pytest.raises(GuideError, match="old"):
            providers.find(own.name)
        assert guide("lab", "down", "--name", own.name).returncode == 0
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_a_lab_whose_notes_are_unreadable_is_cleaned(own: Lab) -> None:
    (known(own.name).folder / "lab.json").write_text('{"name": ', encoding="utf-8")
    with pytest.raises(GuideError, match="cannot be read"):
        providers.find(own.name)
    assert guide("lab", "down", "--name", own.name).returncode == 0
    assert nothing_left(own.name) == []


def _master(lab: Lab, at_least: int = 1) -> int:
    """The number of the shared connection's process, 0 when there is none."""
    mark = control(Path(known(lab.name).sockets), "node0").encode()
    strays = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and mark in _command_line(entry)
    ]
    assert at_least <= len(strays) <= 1
    return strays[0] if strays else 0


def _command_line(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""
