"""Labs: named nodes that run commands over SSH.

Everything outside this package needs only `Lab` and `find`; how nodes come to be is the business
of `uml` and `vagrant`. Importing this module is cheap and starts nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from macros.model import Cluster


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab that is up."""

    name: str
    """The instance's name as a person calls it, `guide` unless told otherwise."""
    kind: str
    """What makes the nodes: "uml" or "vagrant"."""
    nodes: tuple[str, ...]
    """Names that `ssh -F ssh_config NAME` reaches: "node0"; "client" is no node of a cluster."""
    ssh_config: Path
    """Holds address, keys and a shared connection for every node."""
    instance: str
    """Names one lifetime, from up to down or reset; never used twice."""
    versions: Mapping[str, str]
    """What runs on the nodes, for a page's small print: {"Linux": "7.2.13", "Docker": "28.5.2"}."""
    cluster: Cluster | None = None
    """Its Kubernetes; None when it has none."""


def find(name: str = "guide", *, kept: bool = False) -> Lab:
    """The lab of that name. GuideError when it is not up, or no longer whole.

    `kept`: one that failed, and was left as it was for a look, will do.
    """
    from macros.lab import uml, vagrant  # noqa: PLC0415  they bring sh: only where a lab is used

    if vagrant.is_vagrant(name):
        return vagrant.find(name, kept=kept)
    return uml.find(name, kept=kept)
