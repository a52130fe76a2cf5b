"""What is written down of a lab of Vagrant's, and what Vagrant itself has noted of machines."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from macros.ground import files
from macros.ground.errors import GuideError
from macros.ground.model import Cluster
from macros.lab import paths
from macros.lab.state import folder
from macros.lab.wanted import Wanted

KIND = "vagrant"

FILE = "vagrant.json"


@dataclass(frozen=True, slots=True)
class State:
    """What is written down of a lab: `vagrant.json` in its folder."""

    name: str
    instance: str
    sockets: str
    words: dict[str, str]
    """What the Vagrantfile was told: NODES, KUBERNETES, CNI, PROXY, MEMORY."""
    provider: str
    machines: dict[str, str]
    """Vagrant's own id of each machine: another one is another machine."""
    versions: dict[str, str]
    since: float
    cluster: dict[str, str] | None = None
    """What node0 says of its Kubernetes: CNI and PROXY."""
    up: bool = False
    kept: str = ""
    """Why `up` failed, where somebody wants to look into what there is (`--keep`)."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """The machines, in order."""
        return tuple(sorted(self.machines))

    @property
    def folder(self) -> Path:
        """The lab's folder."""
        return folder(self.name)


def read(name: str) -> State | None:
    """What is written down of a lab; None when it is none of Vagrant's."""
    file = folder(name) / FILE
    try:
        return State(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise GuideError(
            f"{file} cannot be read: {error}", fix=f"guide lab down --name {name}"
        ) from None


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


def write(state: State) -> State:
    """Write the state down, as a whole or not at all."""
    files.write(state.folder / FILE, json.dumps(asdict(state), indent=2) + "\n")
    return state
