"""Clusters come, crash and go without a trace."""

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.lab import providers, state
from macros.lab.kubernetes import cluster as clusters
from tests.lab.conftest import GUIDE, PREFIX, family, guide, known, nothing_left, within
from tests.lab.test_lab_life import _shared_memory, _there

CYCLES = int(os.environ.get("GUIDE_CLUSTER_CYCLES", "1"))
UP = ("lab", "up", "--cni", "flannel")
PATIENCE = 900.0


def test_cycles_of_three_nodes_leave_no_process_socket_file_or_memory() -> None:
    """GUIDE_CLUSTER_CYCLES of them, 1 unless told otherwise."""
    name = f"{PREFIX}-three"
    for _ in range(CYCLES):
        done = guide(*UP, "--name", name, "--nodes", "3", timeout=PATIENCE)
        assert done.returncode == 0, done.stdout
        pids = family(known(name))
        memory = {inode for pid in pids for inode in _shared_memory(pid)}
        assert memory, "a node's memory is in /dev/shm: so what follows can fail"
        assert guide("lab", "down", "--name", name).returncode == 0
        assert nothing_left(name) == []
        assert within(5, lambda: not _there(pids)), "once init has buried them"  # noqa: B023
        assert not memory & {inode for pid in _there() for inode in _shared_memory(pid)}


@pytest.mark.parametrize("moment", ["waiting for SSH", "waiting for the API", "waiting for Ready"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_up_that_ends_early_leaves_nothing_after_down(
    name: str, number: signal.Signals, moment: str
) -> None:
    """Interrupted it cleans up by itself; killed it cannot, and the next command does."""
    words = [*GUIDE, *UP, "--name", name]
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        # A shell that starts the tests in the background has them ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    ) as running:  # fmt: skip
        assert running.stdout is not None
        assert any(moment in line for line in running.stdout)
        running.send_signal(number)
        running.wait(60)
    if number == signal.SIGKILL:
        with pytest.raises(GuideError, match="did not come to its end"):
            providers.find(name)
        assert guide("lab", "down", "--name", name).returncode == 0
    assert nothing_left(name) == []


@pytest.fixture
def no_compiler(tmp_path: Path) -> str:
    """A PATH with all programs of this machine but those that compile."""
    left_out = ("go", "gofmt", "gcc", "cc", "g++", "c++", "cpp", "ld", "as", "make", "rustc")
    for folder in ("/usr/local/bin", "/usr/bin", "/bin"):
        for program in Path(folder).iterdir():
            known_as = program.name.rpartition("-gnu-")[2].partition("-")[0]
            if known_as not in left_out and not (tmp_path / program.name).exists():
                (tmp_path / program.name).symlink_to(program)
    for compiler in left_out:
        assert shutil.which(compiler, path=f"{tmp_path}:/usr/sbin:/sbin") is None
    return str(tmp_path)


def test_a_cluster_is_no_cluster_before_it_is_whole(name: str, no_compiler: str) -> None:
    """And it needs no compiler on the way there: its parts are built."""
    with subprocess.Popen(
        [*GUIDE, *UP, "--name", name],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PATH": no_compiler},
    ) as running:
        assert within(
            PATIENCE, lambda: (lab_state := state.read(name)) is not None and lab_state.api > 0
        )
        assert clusters.find(name) is None
        with pytest.raises(GuideError, match="did not come to its end"):
            providers.find(name)
        assert running.wait(PATIENCE) == 0
    assert clusters.find(name) is not None
    _each_lost_process_is_named(name)


def _each_lost_process_is_named(name: str) -> None:
    """The same cluster, since each takes its time: its NAT leads to the API."""
    victim = next(process for process in known(name).processes if process.what == "node0's NAT")
    os.kill(victim.pid, signal.SIGKILL)
    assert within(5, lambda: not victim.alive())
    with pytest.raises(GuideError, match=r"node0's NAT .* ended"):
        providers.find(name)
    assert guide("lab", "restart", "--name", name, "node0", timeout=PATIENCE).returncode == 0
    here = clusters.find(name)
    assert here is not None
    ask: list[str | Path] = [here.kubectl, "--kubeconfig", here.kubeconfig, "get", "nodes"]
    answered = lambda: subprocess.run(ask, capture_output=True, check=False).returncode == 0  # noqa: E731
    assert within(PATIENCE, answered), "by the same port, from the disk that it had"
    for process in known(name).processes:
        with contextlib.suppress(ProcessLookupError):  # it went with another
            os.kill(process.pid, signal.SIGKILL)
        assert within(5, lambda: not process.alive())  # noqa: B023
        with pytest.raises(GuideError, match=rf"{process.what} .process {process.pid}. ended"):
            providers.find(name)
    assert guide("lab", "down", "--name", name).returncode == 0
    assert nothing_left(name) == []
