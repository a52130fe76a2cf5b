"""Start a lab of any sort, plain machines or a cluster, in the state that pages start from."""

from contextlib import suppress

from macros.ground import suites
from macros.ground.errors import GuideError
from macros.lab import uml
from macros.lab.kubernetes import cluster
from macros.lab.lab import Lab
from macros.lab.progress import Progress
from macros.lab.wanted import Wanted
from macros.record import known_state


def start(
    name: str, lab: Wanted, progress: Progress, *, keep: bool = False, anew: bool = False
) -> Lab:
    """Start this lab of the kind uml, in the place of the one that there is where it is `anew`."""
    if lab.cluster:
        return cluster.up(
            name, lab.nodes, lab.memory or cluster.MEMORY, progress,
            cluster=lab.cluster, version=lab.kubernetes or suites.KUBERNETES,
            outside=lab.outside, anew=anew, keep=keep,
        )  # fmt: skip
    made = uml.up(
        name, lab.nodes, lab.memory or uml.MEMORY, progress, lab.suite,
        outside=lab.outside, anew=anew, keep=keep,
    )  # fmt: skip
    with suppress(GuideError):  # then the first page finds out how the lab was made
        known_state.remember(made)
    return made
