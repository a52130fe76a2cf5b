"""Ports that another program has, and sockets that nobody listens at any more."""

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from macros.ground.errors import GuideError
from macros.lab import paths, process, providers, ssh, uml
from macros.lab.keys import control
from macros.lab.lab import Lab
from macros.lab.progress import Progress
from tests.lab.conftest import guide, known, nothing_left, within


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of 127.0.0.1 at which another program listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])


def _up(name: str) -> Lab:
    with Progress(Console(stderr=True)) as progress:
        return uml.up(name, 1, uml.MEMORY, progress)


def test_a_port_that_is_taken_meanwhile_is_left_for_another(
    name: str, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program was quicker, between our choice and slirp's listening, twice."""
    free: Callable[[int], list[int]] = process.free_ports
    tries = iter((taken, taken))
    monkeypatch.setattr(process, "free_ports", lambda count: [next(tries, None) or free(count)[0]])
    lab_state = _up(name)
    assert next(tries, None) is None
    assert known(name).nodes[0].port != taken
    assert ssh.run(lab_state, "node0", "true").exit == 0


def test_without_a_free_port_there_is_no_lab_and_nothing_left(
    name: str, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "free_ports", lambda _count: [taken])
    with pytest.raises(GuideError, match="no free port for node0"):
        _up(name)
    assert nothing_left(name) == []


def test_a_node_whose_port_was_taken_while_it_was_down_says_so(own: Lab) -> None:
    nat = next(process for process in known(own.name).processes if process.what == "node0's NAT")
    port = known(own.name).nodes[0].port
    os.kill(nat.pid, signal.SIGKILL)
    assert within(5, lambda: not nat.alive())
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # The kernel may still be closing what the NAT had open there.
        assert within(60, lambda: _bound(other, port))
        other.listen()
        refused = guide("lab", "restart", "--name", own.name, "node0")
        assert refused.returncode == 1
        assert "node0's NAT" in refused.stdout
        assert "Traceback" not in refused.stdout
        # `up` gives a lab with another port.
        again = guide("lab", "up", "--name", own.name)
        assert again.returncode == 0, again.stdout
    assert known(own.name).nodes[0].port != port


def test_sockets_that_a_lab_left_are_no_obstacle(name: str) -> None:
    """Its folder was removed by hand, or with the whole cache; the machine had crashed before."""
    folder = paths.sockets() / name
    (folder / "switch").mkdir(parents=True)
    for path in ("switch/ctl", "node0.nat", "ssh-node0"):
        _stale(folder / path)
    (folder / "stdin").touch()
    done = guide("lab", "up", "--name", name)
    assert done.returncode == 0, done.stdout
    assert ssh.run(providers.find(name), "node0", "true").exit == 0


def test_a_control_socket_without_a_listener_is_replaced(own: Lab) -> None:
    shared = Path(control(Path(known(own.name).sockets), "node0"))
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.connect(str(shared))
    shared.unlink()
    _stale(shared)
    assert ssh.run(own, "node0", "echo here").output == b"here\n"
    assert providers.find(own.name).instance == own.instance
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.connect(str(shared))
    assert guide("lab", "down", "--name", own.name).returncode == 0
    assert nothing_left(own.name) == []


def _bound(other: socket.socket, port: int) -> bool:
    try:
        other.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def _stale(path: Path) -> None:
    """A socket whose listener is gone; its name is left, as after kill -9."""
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))
