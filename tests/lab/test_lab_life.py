"""From up to down: nothing is left, nobody else is disturbed, nothing listens to the world."""

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.lab import paths, providers, ssh, uml
from macros.lab.doctor import SHARED_MEMORY
from macros.lab.lab import Lab
from tests.lab.conftest import GUIDE, PREFIX, family, guide, known, nothing_left, up, within

CYCLES = int(os.environ.get("GUIDE_CYCLES", "5"))


def test_two_labs_are_up_at_once_and_do_not_hear_each_other(two: Lab, own: Lab) -> None:
    assert ssh.run(two, "node0", "hostname").output == b"node0\n"
    ssh.run(own, "node0", "touch /root/mine")
    assert ssh.run(two, "node0", "test -e /root/mine").exit == 1
    # The same address, two networks: node1 is the other lab's only.
    assert ssh.run(two, "node0", "ping -c 1 -W 2 192.168.56.11").exit == 0
    assert ssh.run(own, "node0", "ping -c 1 -W 2 192.168.56.11").exit == 1
    assert two.instance != own.instance


def test_a_second_up_finds_the_lab_and_leaves_it(own: Lab) -> None:
    before = known(own.name).processes
    again = guide("lab", "up", "--name", own.name)
    assert again.returncode == 0
    assert "up already" in again.stdout
    assert known(own.name).processes == before
    more = guide("lab", "up", "--name", own.name, "--nodes", "2")
    assert more.returncode == 1
    assert "is up with 1 nodes of sid, not 2" in more.stdout


def test_two_ups_of_one_name_at_once_are_one_lab_and_one_error(name: str) -> None:
    words = [*GUIDE, "lab", "up", "--name", name]
    both = [
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120)[0] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1], outputs
    assert any(f"another command is working on the lab '{name}'" in output for output in outputs)
    assert providers.find(name).nodes == ("node0",)


def test_reset_gives_fresh_disks_and_another_instance(own: Lab) -> None:
    ssh.run(own, "node0", "touch /root/old")
    done = guide("lab", "reset", "--name", own.name)
    assert done.returncode == 0, done.stdout
    fresh = providers.find(own.name)
    assert fresh.instance != own.instance
    assert ssh.run(fresh, "node0", "test -e /root/old").exit == 1


def test_down_says_when_there_was_nothing(name: str) -> None:
    assert "was not up" in guide("lab", "down", "--name", name).stdout
    status = guide("lab", "status", "--name", name)
    assert (status.returncode, status.stdout) == (1, "no lab is up\n")
    with pytest.raises(GuideError, match="is not up") as caught:
        providers.find(name)
    assert caught.value.fix == f"guide lab up --name {name}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["starting", "waiting"])
def test_an_interrupted_up_leaves_nothing(name: str, number: int, moment: str) -> None:
    coming = subprocess.Popen(
        [*GUIDE, "lab", "up", "--name", name, "--nodes", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # A shell that starts the tests in the background has them ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    assert coming.stdout is not None
    for line in coming.stdout:
        if moment in line:
            break
    os.killpg(coming.pid, number)  # as a terminal does: to the whole group
    coming.stdout.read()
    assert coming.wait(20) == (130 if number == signal.SIGINT else 128 + number)
    assert nothing_left(name) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("moment", ["starting", "waiting"])
def test_a_reset_that_was_interrupted_is_gone_on_with(name: str, number: int, moment: str) -> None:
    before = up(name, nodes=2)
    coming = subprocess.Popen(
        [*GUIDE, "lab", "reset", "--name", name],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell that starts the tests in the background has them ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    assert coming.stdout is not None
    assert any(moment in line for line in coming.stdout)
    coming.send_signal(number)
    coming.communicate(timeout=30)
    shown = guide("lab", "status", "--name", name)
    assert shown.returncode == 1
    assert "a reset was not finished" in shown.stdout
    with pytest.raises(GuideError) as caught:
        providers.find(name)
    assert caught.value.fix == f"guide lab reset --name {name}"
    done = guide("lab", "reset", "--name", name)
    assert done.returncode == 0, done.stdout
    fresh = providers.find(name)
    assert fresh.nodes == ("node0", "node1")
    assert fresh.instance != before.instance
    assert guide("lab", "down", "--name", name).returncode == 0
    assert nothing_left(name) == []
    assert not list(paths.labs().glob(f"{name}*"))


def test_a_lab_that_fails_can_be_kept_and_looked_into(name: str) -> None:
    """One node dies while it boots, the other one is there."""
    coming = subprocess.Popen(
        [*GUIDE, "lab", "up", "--name", name, "--nodes", "2", "--keep"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert coming.stdout is not None
    assert any("waiting" in line for line in coming.stdout)
    (victim,) = [process for process in known(name).processes if process.what == "node0"]
    os.kill(victim.pid, signal.SIGKILL)
    printed = coming.communicate(timeout=120)[0]
    assert coming.returncode == 1
    assert "node0 ended while it booted" in printed
    assert f"guide lab down --name {name} takes it down" in printed
    shown = guide("lab", "status", "--name", name)
    assert shown.returncode == 1
    assert f"guide lab ssh --name {name} node0 looks into it" in shown.stdout
    assert guide("lab", "ssh", "--name", name, "node1", "hostname").stdout == "node1\n"
    with pytest.raises(GuideError, match="is broken"):
        providers.find(name)
    assert guide("lab", "down", "--name", name).returncode == 0
    assert nothing_left(name) == []


@pytest.mark.parametrize("after", ["up", "down"])
def test_an_up_that_was_killed_is_noticed_and_cleaned(name: str, after: str) -> None:
    coming = subprocess.Popen(
        [*GUIDE, "lab", "up", "--name", name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert coming.stdout is not None
    for line in coming.stdout:
        if b"waiting" in line:
            break
    coming.kill()
    coming.communicate()
    with pytest.raises(GuideError, match="did not come to its end"):
        providers.find(name)
    assert guide("lab", "status", "--name", name).returncode == 1
    old = family(known(name))
    assert old
    done = guide("lab", after, "--name", name)
    assert done.returncode == 0, done.stdout
    assert within(5, lambda: not _there(old))
    if after == "down":
        assert nothing_left(name) == []


def test_what_listens_is_bound_to_127_0_0_1(two: Lab) -> None:
    """By ss(8), over every process of the lab."""
    pids = set(family(known(two.name)))
    rows = subprocess.run(
        ["ss", "-H", "-ltnup"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    ours = [row for row in rows if pids & {int(pid) for pid in re.findall(r"pid=(\d+)", row)}]
    listening = [row.split()[4] for row in ours if row.split()[1] == "LISTEN"]
    assert len(listening) == len(two.nodes), ours
    assert all(address.startswith("127.0.0.1:") for address in listening)
    assert all(row.split()[0] == "tcp" for row in ours), ours


def test_sockets_and_keys_are_the_persons_alone(own: Lab) -> None:
    lab_state = known(own.name)
    for folder in (lab_state.folder, Path(lab_state.sockets), Path(lab_state.sockets).parent):
        assert folder.stat().st_mode & 0o077 == 0
    assert (lab_state.folder / "user_key").stat().st_mode & 0o077 == 0


def test_another_lab_has_other_keys(two: Lab, own: Lab) -> None:
    """A configuration that is mixed up is refused, not answered by the wrong machine."""
    text = own.ssh_config.read_text(encoding="utf-8")
    port = next(node.port for node in known(two.name).nodes)
    mixed = re.sub(r"Port \d+", f"Port {port}", text).replace("ControlPath", "#")
    file = own.ssh_config.with_name("mixed")
    file.write_text(mixed, encoding="utf-8")
    tried = subprocess.run(
        ["ssh", "-F", str(file), "node0", "true"], capture_output=True, text=True, check=False
    )
    assert tried.returncode == 255
    assert "Host key verification failed" in tried.stderr


def test_cycles_of_up_and_down_leave_no_process_socket_or_memory() -> None:
    """GUIDE_CYCLES of them, 5 unless told otherwise."""
    name = f"{PREFIX}-cycle"
    for _ in range(CYCLES):
        up(name)
        pids = family(known(name))
        memory = {inode for pid in pids for inode in _shared_memory(pid)}
        assert memory, "a node's memory is in /dev/shm: so what follows can fail"
        assert guide("lab", "down", "--name", name).returncode == 0
        assert nothing_left(name) == []
        assert within(5, lambda: not _there(pids)), "once init has buried them"  # noqa: B023
        assert not memory & {inode for pid in _there() for inode in _shared_memory(pid)}
        assert not list(SHARED_MEMORY.glob("vm_file-*")), "UML's names for its memory"


def _there(among: Iterable[int] = ()) -> set[int]:
    """The numbers of all processes, or which of these there are."""
    every = {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    return every & set(among) if among else every


def _shared_memory(pid: int) -> set[int]:
    """The files of /dev/shm that a process holds, by inode: UML unlinks its own at once."""
    pids = set()
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if link.readlink().is_relative_to(SHARED_MEMORY):
                    pids.add(link.stat().st_ino)
    return pids


def test_a_command_that_looks_while_another_goes_down_does_not_fail(own: Lab) -> None:
    """`status` while `down` works sees a lab, a broken one or none, never a traceback."""
    ended = threading.Thread(target=uml.down, args=(own.name,))
    ended.start()
    while ended.is_alive():
        printed = guide("lab", "status").stdout
        assert "Traceback" not in printed, printed
    ended.join()
