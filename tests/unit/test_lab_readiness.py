"""Waiting for a node that boots, over real SSH connections to this machine.

Before the server stands a door that closes the first connections, as sshd does on a machine that
has too much to do: it has greeted by then.
"""

import contextlib
import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.lab import paths, readiness, ssh_connections
from macros.lab.keys import control
from macros.lab.lab import Lab
from macros.lab.process import Process
from macros.lab.state import Node, State


class _Door:
    """Takes connections for a server; the first `closed` end after the greeting."""

    def __init__(self, port: int, closed: int) -> None:
        self.taken = 0
        self._port, self._closed = port, closed
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        # An accept that waits is not ended by close().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                self.taken += 1
                if self.taken <= self._closed:
                    link.sendall(b"SSH-2.0-early\r\n")
                    link.close()
                    continue
                inner = socket.create_connection(("127.0.0.1", self._port))
                for pair in ((link, inner), (inner, link)):
                    threading.Thread(target=_carry, args=pair, daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local_lab: Lab) -> Iterator[State]:
    """A lab of one node that is this machine; its systemd says what `systemctl` here prints."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "systemctl").write_text("#!/bin/sh\necho ${SYSTEMD_SAYS:-running}\n")
    (programs / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    sockets = local_lab.ssh_config.parent / f"s{os.getpid()}"
    sockets.mkdir(exist_ok=True)
    made = State(
        name="one", instance="one-1", sockets=str(sockets), kernel="", rootfs="", versions={},
        memory=1, nodes=(Node("node0", "127.0.0.1"),),
    )  # fmt: skip
    made.folder.mkdir(parents=True)
    (made.folder / "node0.console").write_text("Welcome to Debian\n")
    yield made
    subprocess.run(
        ["ssh", "-S", control(sockets, "node0"), "-O", "exit", "node0"],
        check=False,
        capture_output=True,
    )


@contextlib.contextmanager
def behind(state: State, lab: Lab, closed: int) -> Iterator[tuple[_Door, Node]]:
    """The lab's node behind a door that closes the first connections."""
    text = lab.ssh_config.read_text()
    port = re.search(r"Port (\d+)", text)
    assert port is not None
    door = _Door(int(port[1]), closed)
    text = text.replace(port[0], f"Port {door.port}").replace("ControlMaster auto", "")
    text = re.sub("ControlPath .*", f"ControlPath {control(Path(state.sockets), '%n')}", text)
    (state.folder / "ssh_config").write_text(text)
    try:
        yield door, Node("node0", "127.0.0.1", door.port)
    finally:
        door.close()


def _this() -> Process:
    text = Path("/proc/self/stat").read_text(encoding="utf-8")
    return Process("node0", os.getpid(), int(text.rpartition(")")[2].split()[19]))


def test_a_connection_that_is_closed_early_is_tried_again(state: State, local_lab: Lab) -> None:
    with behind(state, local_lab, closed=5) as (door, node):
        readiness.wait(state, node, _this())
        assert door.taken > 5
        assert ssh_connections.stands(Path(state.sockets), "node0")


def test_it_ends_at_its_deadline_and_says_what_was_wrong(
    state: State, local_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "PATIENCE", 0.5)
    with (
        behind(state, local_lab, closed=1_000_000) as (_, node),
        pytest.raises(
            GuideError, match=r"not ready within 0 s: no connection to it lasted: ."
        ) as told,
    ):
        readiness.wait(state, node, _this())
    assert "Welcome to Debian" in told.value.message


def test_a_node_that_ends_while_it_boots_is_not_waited_for(state: State, local_lab: Lab) -> None:
    gone = Process("node0", 2**22 + 1, 1)
    with (
        behind(state, local_lab, closed=1_000_000) as (_, node),
        pytest.raises(GuideError, match="node0 ended while it booted"),
    ):
        readiness.wait(state, node, gone)


def test_a_node_whose_units_failed_did_not_boot_well(
    state: State, local_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYSTEMD_SAYS", "degraded")
    with (
        behind(state, local_lab, closed=0) as (_, node),
        pytest.raises(GuideError, match="node0 did not boot well: degraded"),
    ):
        readiness.wait(state, node, _this())
    assert paths.labs().is_dir()
