"""Access over SSH, by an ssh_config: the lab's own, or one of the reader's."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from macros.ground.errors import GuideError
from macros.lab import ssh
from macros.lab.lab import Lab
from macros.tracer.access import PATIENCE, Reply, Stream

_LIMIT = 64_000_000  # bytes: the rules of a large cluster are some megabytes


class SshAccess:
    """The nodes that an ssh_config names; each login is root, or may use `sudo -n`."""

    what = "SSH"

    def __init__(self, lab: Lab, *, sudo: bool = False) -> None:
        self._lab = lab
        self._sudo = "sudo -n" if sudo else ""

    @classmethod
    def by_config(cls, config: Path, nodes: Sequence[str], *, sudo: bool = False) -> "SshAccess":
        """Access to `nodes` by a reader's own ssh_config. GuideError where there is none."""
        if not config.is_file():
            raise GuideError(f"there is no ssh_config at {config}")
        return cls(Lab("ssh", "ssh", tuple(nodes), config, "", {}), sudo=sudo)

    @property
    def nodes(self) -> Sequence[str]:
        """All of them: whether one answers is seen when it is asked."""
        return self._lab.nodes

    def plan(self) -> Sequence[str]:
        """Nothing is created."""
        return ()

    @contextmanager
    def opened(self, nodes: Sequence[str]) -> Iterator[None]:  # noqa: ARG002 the same for all
        """Connections are made as they are needed."""
        yield

    def run(self, node: str, script: str, *, timeout: float = 30.0) -> Reply:
        """Run a script: it goes there as standard input, so its length does not matter."""
        try:
            answer = ssh.run(
                self._lab, node, f"{self._sudo} bash -s".lstrip(),
                timeout=timeout, limit=_LIMIT, stdin=script.encode(),
            )  # fmt: skip
        except ssh.LostError as error:
            why = error.message.partition(" no longer answers: ")[2] or error.message
            raise GuideError(f"SSH does not reach it: {why}", node=node) from error
        return Reply(answer.output.decode("utf-8", "backslashreplace"), answer.exit)

    @contextmanager
    def stream(self, node: str, command: str, on_data: Callable[[bytes], None]) -> Iterator[Stream]:
        """Run a program until it is told to end."""
        with ssh.stream(
            self._lab, node, command, on_data, patience=PATIENCE, leader=self._sudo
        ) as stream:
            yield stream
