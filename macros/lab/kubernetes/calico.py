"""Calico on a cluster: its official manifest and images, from artifacts/calico/.

Three questions that `cluster` asks: is everything there, what versions is it, and, when the nodes
are registered and kubelet runs, bring it up.
"""

from macros.errors import GuideError
from macros.lab import Lab
from macros.lab.kubernetes.api import Api
from macros.lab.progress import Progress


def check() -> None:
    """GuideError when something is missing, before anything is started."""
    raise GuideError("Calico's manifest and images are not there", fix="see artifacts/calico")


def versions() -> dict[str, str]:
    """What it adds to a lab's versions: {"Calico": "3.32.1"}."""
    return {}


def begin(lab: Lab, api: Api, progress: Progress) -> None:
    """Import its images on every node and give its manifest to the API."""
    _ = lab, api, progress
