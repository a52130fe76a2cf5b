"""What the rest of the project knows of a lab: named nodes, and how SSH reaches them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from macros.ground.model import Cluster


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
    lost: Callable[[], str] = field(default=lambda: "", compare=False)
    """Says why the lab cannot answer any more; "" while nothing is known against it. Quick."""
