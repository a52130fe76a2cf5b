"""Waiting for a node that boots: until it answers over SSH, and all of its units run."""

import socket
import subprocess
import time
from pathlib import Path

from macros.ground.errors import GuideError
from macros.lab import ssh_connections
from macros.lab.process import Process
from macros.lab.state import Node, State

PATIENCE = 90.0
"""Seconds until a node that does not answer counts as broken."""

_BOOTED = "systemctl is-system-running --wait || systemctl --failed --plain"
_PAUSE = 0.05  # seconds between two attempts
_NO_CONNECTION = 255  # ssh(1): the exit code of ssh itself, not of the command


def wait(state: State, node: Node, machine: Process) -> None:
    """Return when the node has booted and the shared SSH connection to it stands.

    A connection that is refused or closed early is tried again: sshd on a machine with too much
    to do greets and then does not get to the rest. GuideError after PATIENCE seconds.
    """
    until = time.monotonic() + PATIENCE
    while not _greets(node.port):
        _still(state, node, machine, until, "it did not answer")
        time.sleep(_PAUSE)
    config, sockets = state.folder / "ssh_config", Path(state.sockets)
    while True:
        if not ssh_connections.stands(sockets, node.name):
            ssh_connections.open_shared(config, sockets, node.name)
        code, printed = _asked(config, node, until)
        if code != _NO_CONNECTION:
            break
        _still(
            state,
            node,
            machine,
            until,
            f"no connection to it lasted: {printed or 'ssh does not say why'}",
        )
        time.sleep(_PAUSE)
    if printed != "running":
        raise GuideError(f"{node.name} did not boot well: {printed}\n{_console(state, node)}")


def _asked(config: Path, node: Node, until: float) -> tuple[int, str]:
    """The exit code of ssh, and what systemd says of the boot, or ssh of the connection."""
    try:
        done = subprocess.run(
            ["ssh", "-F", str(config), node.name, _BOOTED],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=max(until - time.monotonic(), 1),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return _NO_CONNECTION, "systemd did not report the end of the boot"
    return done.returncode, (done.stdout + done.stderr).strip()


def _still(state: State, node: Node, machine: Process, until: float, problem: str) -> None:
    """GuideError where it is no use to wait any longer: the node is gone, or the time is over."""
    if not machine.alive():
        raise GuideError(f"{node.name} ended while it booted\n{_console(state, node)}")
    if time.monotonic() > until:
        raise GuideError(
            f"{node.name} was not ready within {PATIENCE:.0f} s: {problem}\n{_console(state, node)}"
        )


def _greets(port: int) -> bool:
    """Whether an SSH server answers there. slirp takes connections before the node does."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5) as link:
            return link.recv(4) == b"SSH-"
    except OSError:
        return False


def _console(state: State, node: Node) -> str:
    """The last lines of the node's console, set in."""
    text = (state.folder / f"{node.name}.console").read_text(encoding="utf-8", errors="replace")
    return "\n".join(f"    {line}" for line in text.splitlines()[-15:])
