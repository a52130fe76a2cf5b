"""What is written down of a lab that is up, so that any later command finds all of it.

One folder a lab, with `lab.json`, keys, SSH configuration, consoles and disks; written before each
process counts as started, so that whatever kills `up` leaves something to clean up by.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from macros.ground import files
from macros.ground.errors import GuideError
from macros.ground.model import Cluster
from macros.ground.suites import SUITE
from macros.lab import paths
from macros.lab.process import Process, end

_T = TypeVar("_T")
_N = TypeVar("_N", bound="Notes")


@dataclass(frozen=True, slots=True)
class Node:
    """One machine of a lab."""

    name: str
    address: str
    """Its address on the network between the nodes, eth1."""
    port: int = 0
    """Where its SSH is reached on 127.0.0.1; 0 until chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What is written down of a lab of any kind, as far as it came."""

    FILE: ClassVar[str]
    """The file in its folder."""

    name: str
    instance: str
    sockets: str
    """The folder of its sockets, short of name."""
    versions: dict[str, str]
    since: float = 0.0
    """Seconds of the epoch when it was up."""
    up: bool = False
    """False while `up` is at work, and for ever if it was killed."""
    kept: str = ""
    """Why `up` failed, where the lab was left as it was for a look (`--keep`)."""

    @property
    def folder(self) -> Path:
        """The lab's folder."""
        return folder(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class State(Notes):
    """A lab of the kind uml."""

    FILE: ClassVar[str] = "lab.json"

    kernel: str
    rootfs: str
    memory: int
    """MiB a node."""
    suite: str = SUITE
    """Debian's, of the root file system."""
    cluster: Cluster | None = None
    """Its Kubernetes, None when it has none."""
    kubernetes: str = ""
    """The version of that: "v1.36.3"."""
    api: int = 0
    """The port of 127.0.0.1 that leads to the cluster's API."""
    nodes: tuple[Node, ...] = ()
    processes: tuple[Process, ...] = ()

    def with_process(self, process: Process) -> "State":
        """The same with one process more, already written down."""
        return write(replace(self, processes=(*self.processes, process)))

    def dead(self) -> list[Process]:
        """Processes that should run and do not."""
        return [process for process in self.processes if not process.alive()]


def folder(name: str) -> Path:
    """Where a lab of that name keeps its files. GuideError for a name that no folder can have."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,19}", name):
        raise GuideError(
            f"{name!r} cannot be a lab's name: a to z, 0 to 9 and '-', at most 20 characters"
        )
    return paths.labs() / name


def write(notes: _N) -> _N:
    """Write the notes down, as a whole or not at all."""
    files.write(notes.folder / notes.FILE, json.dumps(asdict(notes), indent=2) + "\n")
    return notes


def stored(file: Path, name: str, make: Callable[[dict[str, Any]], _T]) -> _T | None:
    """What `make` makes of the JSON in a file of a lab; None where there is no such file.

    GuideError where it cannot be read as that.
    """
    try:
        return make(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise GuideError(
            f"{file} cannot be read: {error}", fix=f"guide lab down --name {name}"
        ) from None


def read(name: str) -> State | None:
    """The lab of that name, whole or not; None when there is none."""
    return stored(folder(name) / State.FILE, name, _state)


def _state(values: dict[str, Any]) -> State:
    nodes = tuple(Node(**node) for node in values.pop("nodes"))
    processes = tuple(Process(**process) for process in values.pop("processes"))
    cluster = values.pop("cluster", None)
    return State(
        **values,
        cluster=Cluster(**cluster) if cluster else None,
        nodes=nodes,
        processes=processes,
    )


def names() -> Iterator[str]:
    """All labs that have a folder."""
    if paths.labs().is_dir():
        yield from sorted(lab.name for lab in paths.labs().iterdir() if lab.is_dir())


def remains() -> Iterator[str]:
    """The labs that have a folder, and those of which a command that ended early left a file.

    Its lock, or what a reset was to make.
    """
    files = (
        file.stem
        for suffix in ("lock", "reset")
        for file in paths.labs().glob(f"[a-z0-9]*.{suffix}")
    )
    yield from sorted({*names(), *files})


def clean(name: str) -> bool:
    """End all of a lab, whole or not, and remove its files. False if there was nothing."""
    lab_folder = folder(name)
    try:
        known = read(name)
    except GuideError:  # not readable: what carries its folder's name is found all the same
        known = None
    sockets = Path(known.sockets) if known else paths.sockets() / name
    if not lab_folder.exists() and not sockets.exists():
        return False
    end(list(known.processes) if known else [], sockets)
    shutil.rmtree(sockets, ignore_errors=True)
    shutil.rmtree(lab_folder, ignore_errors=True)
    return True
