"""What is written down of a lab of Vagrant's, and what Vagrant itself has noted of machines."""

from dataclasses import dataclass
from typing import ClassVar

from macros.ground.model import Cluster
from macros.lab import paths
from macros.lab.state import Notes, folder, stored
from macros.lab.wanted import Wanted

KIND = "vagrant"


@dataclass(frozen=True, slots=True, kw_only=True)
class State(Notes):
    """A lab of Vagrant's."""

    FILE: ClassVar[str] = "vagrant.json"

    words: dict[str, str]
    """What the Vagrantfile was told: NODES, KUBERNETES, CNI, PROXY, MEMORY."""
    provider: str
    machines: dict[str, str]
    """Vagrant's own id of each machine: another one is another machine."""
    cluster: dict[str, str] | None = None
    """What node0 says of its Kubernetes: CNI and PROXY."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """The machines, in order."""
        return tuple(sorted(self.machines))


def read(name: str) -> State | None:
    """What is written down of a lab; None when it is none of Vagrant's."""
    return stored(folder(name) / State.FILE, name, lambda values: State(**values))


def asked(name: str) -> Wanted:
    """What a lab was asked for as, for one to be made like it; the least where nothing is known."""
    before = read(name)
    words = before.words if before else {}
    return Wanted(
        KIND,
        int(words.get("NODES", "1")),
        int(words["MEMORY"]) if "MEMORY" in words else None,
        cluster=Cluster(words["CNI"], words["PROXY"]) if "CNI" in words else None,
        provider=before.provider if before and before.machines else "",
    )


def machines() -> dict[str, str]:
    """The machines that Vagrant has made in this checkout, and their ids, `provider:id`."""
    found = {}
    for file in (paths.CHECKOUT / ".vagrant" / "machines").glob("*/*/id"):
        found[file.parts[-3]] = f"{file.parts[-2]}:{file.read_text(encoding='utf-8').strip()}"
    return dict(sorted(found.items()))
