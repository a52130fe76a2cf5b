"""The SSH connection to a node that the lab holds open, and every command shares."""

import contextlib
import socket
import subprocess
from pathlib import Path
from typing import IO

from macros.lab.keys import control
from macros.lab.tools import environment

_PATIENCE = 60.0  # seconds that ssh gets to connect


def stands(sockets: Path, node: str) -> bool:
    """Whether somebody listens at the socket of the shared connection to a node."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(control(sockets, node))
        except OSError:
            return False
    return True


def open_shared(config: Path, sockets: Path, node: str, errors: IO[str] | None = None) -> None:
    """Open the connection to a node anew; `stands` tells whether that worked.

    It is a process in a session of its own, holding nothing of ours open but the file `errors`;
    the socket on its command line marks it as the lab's (process.family).
    """
    shared = control(sockets, node)
    Path(shared).unlink(missing_ok=True)
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            ["ssh", "-F", str(config), "-fNM", "-S", shared, node],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=errors or subprocess.DEVNULL,
            timeout=_PATIENCE, check=False, env=environment(),
        )  # fmt: skip
