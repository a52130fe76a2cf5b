"""What a lab is to be; and, while a reset is at work, where that is written down.

A reset takes a lab away before it makes the same again. In between, nothing else knows what the lab
was: so it is written down first, beside the lab's folder since that goes, and removed when the new
lab is up. An interrupted reset is gone on with by the next.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from macros.ground import files
from macros.ground.model import Cluster
from macros.ground.suites import SUITE
from macros.lab import paths
from macros.lab.state import folder, stored

_SUFFIX = ".reset"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person who starts a lab chooses."""

    kind: str = "uml"
    nodes: int = 1
    memory: int | None = None
    """MiB a node; None for as much as its kind takes."""
    suite: str = SUITE
    cluster: Cluster | None = None
    kubernetes: str = ""
    """The version of that; "" where it is not for the person to choose."""
    outside: bool = False
    """Whether there is also a machine that is not a node of the cluster."""
    provider: str = ""
    """Vagrant's; "" for the one that Vagrant takes."""

    def __str__(self) -> str:
        """In words, as errors say it."""
        words = f"{self.nodes} nodes of {self.suite if self.kind == 'uml' else self.kind}"
        if self.cluster:
            version = f" {self.kubernetes}" if self.kubernetes else ""
            words += f" (Kubernetes{version}, cni {self.cluster.cni},"
            words += f" kube-proxy {self.cluster.proxy})"
        return words + (" and a client outside" if self.outside else "")


def remember(name: str, wanted: Wanted) -> None:
    """Write down what a reset of that lab is to make, as a whole or not at all."""
    files.write(_file(name), json.dumps(asdict(wanted), indent=2) + "\n")


def remembered(name: str) -> Wanted | None:
    """What a reset that did not come to its end was to make; None where there was none."""
    return stored(_file(name), name, _wanted)


def _wanted(values: dict[str, Any]) -> Wanted:
    cluster = values.pop("cluster")
    return Wanted(**values, cluster=Cluster(**cluster) if cluster else None)


def forget(name: str) -> bool:
    """The lab is up again, or given up. False if there was nothing to forget."""
    there = _file(name).exists()
    _file(name).unlink(missing_ok=True)
    return there


def unfinished() -> Iterator[str]:
    """The labs whose reset did not come to its end."""
    yield from sorted(note.stem for note in paths.labs().glob(f"[a-z0-9]*{_SUFFIX}"))


def reset_command(name: str) -> str:
    """What goes on with it."""
    return "guide lab reset" + ("" if name == "guide" else f" --name {name}")


def _file(name: str) -> Path:
    lab_folder = folder(name)
    return lab_folder.with_name(f"{lab_folder.name}{_SUFFIX}")
