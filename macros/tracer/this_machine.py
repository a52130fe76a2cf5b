"""The machine that the guide runs on, beside the nodes: it asks as `outside`."""

import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from macros.ground.errors import GuideError
from macros.lab import ssh, ssh_scripts
from macros.tracer.access import PATIENCE, Access, Reply, Stream
from macros.tracer.request_ends import OUTSIDE


class WithThisMachine:
    """Another access, and this machine under the name `outside`.

    Who is no root here sees nothing of it but what the request comes to: it stays dark.
    """

    def __init__(self, nodes: Access) -> None:
        self._nodes = nodes
        self.what = nodes.what

    @property
    def nodes(self) -> Sequence[str]:
        """The other's, and this one."""
        return (*self._nodes.nodes, OUTSIDE)

    def plan(self) -> Sequence[str]:
        """What the other creates."""
        return self._nodes.plan()

    def opened(self, nodes: Sequence[str]) -> AbstractContextManager[None]:
        """The other's nodes."""
        return self._nodes.opened([node for node in nodes if node != OUTSIDE])

    def run(self, node: str, script: str, *, timeout: float = 30.0) -> Reply:
        """Run a script, here or there."""
        if node != OUTSIDE:
            return self._nodes.run(node, script, timeout=timeout)
        try:
            done = subprocess.run(
                ["bash", "-s"],
                input=script.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=timeout,
            )
        except subprocess.TimeoutExpired:
            raise GuideError(f"the command was still running after {timeout:g} s") from None
        return Reply(done.stdout.decode("utf-8", "backslashreplace"), done.returncode)

    @contextmanager
    def stream(self, node: str, command: str, on_data: Callable[[bytes], None]) -> Iterator[Stream]:
        """Run a program, here or there."""
        if node != OUTSIDE:
            with self._nodes.stream(node, command, on_data) as there:
                yield there
            return
        script = ssh_scripts.until_input_ends(command)
        with ssh.streamed(["bash", "-c", script], on_data, patience=PATIENCE) as here:
            yield here


def own_address(to: str) -> str:
    """The address that this machine asks `to` from; "" where it knows no way there."""
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((to, 9))  # nothing is sent: a datagram's socket only gets its route
        except OSError:
            return ""
        return str(probe.getsockname()[0])
