"""Real labs for the tests, under names of their own: a lab that is in use is never touched."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from macros.lab import paths, process, providers, state, uml
from macros.lab.lab import Lab
from tests.lab.trace_faults import Cluster

PREFIX = f"t{os.getpid()}"
GUIDE = [sys.executable, "-c", "from macros.cli import main; main()"]

Guide = Callable[..., subprocess.CompletedProcess[str]]


def guide(*words: str, timeout: float = 180) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does; both streams in `stdout`."""
    return subprocess.run(
        [*GUIDE, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )


def up(name: str, nodes: int = 1) -> Lab:
    done = guide("lab", "up", "--name", name, "--nodes", str(nodes))
    assert done.returncode == 0, done.stdout
    return providers.find(name)


def known(name: str) -> state.State:
    """What is written down of a lab that is up."""
    lab_state = state.read(name)
    assert lab_state is not None
    return lab_state


def family(found: state.State) -> list[int]:
    """The numbers of every process of a lab."""
    return process.family(list(found.processes), Path(found.sockets))


def nothing_left(name: str) -> list[str]:
    """What a lab left behind, in words; [] when it is gone without a trace."""
    lock = paths.labs() / f"{name}.lock"
    places = (state.folder(name), lock, paths.sockets() / name)
    left = [str(remnant) for remnant in places if remnant.exists()]
    # Of every program, and also where its file is gone: proc_net(5).
    bound = Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace").splitlines()
    left += [f"socket: {line}" for line in bound if f"/{name}/" in line]
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if f"/{name}/".encode() in line and int(entry.name) != os.getpid():
            left.append(f"process {entry.name}: {line[:200]!r}")
    return left


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Whether it comes true in that time."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    """A name for a lab; whatever has it at the end is removed."""
    short = f"{PREFIX}-{abs(hash(request.node.nodeid)) % 10_000}"
    yield short
    uml.down(short)


@pytest.fixture
def own(name: str) -> Lab:
    """A lab of one node for a single test, which may break it."""
    return up(name)


@pytest.fixture
def own_two(name: str) -> Lab:
    """A lab of two nodes for a single test, which may break it."""
    return up(name, nodes=2)


@pytest.fixture(scope="module")
def two() -> Iterator[Lab]:
    """A lab of two nodes for the tests of a file, which leave it as they found it."""
    short = f"{PREFIX}-two"
    yield up(short, nodes=2)
    uml.down(short)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster with the pods of chapters 4 to 7, and a machine outside it.

    GUIDE_TRACE_LAB names a lab that is up, and stays so; else there is one for the tests of a file.
    """
    given = os.environ.get("GUIDE_TRACE_LAB")
    short = given or f"{PREFIX}-trace"
    if not given:
        done = guide("lab", "up", "--name", short, "--nodes", "3", "--outside", timeout=400)
        assert done.returncode == 0, done.stdout
    made = Cluster(short)
    made.prepare()
    yield made
    if not given:
        uml.down(short)
