"""Whether the lab that is up is the one that a page's front matter asks for."""

from macros.ground.errors import GuideError
from macros.ground.model import Cluster, Page
from macros.lab.lab import Lab


def fits(lab: Lab, page: Page) -> bool:
    """Whether the page can be recorded there."""
    return set(page.machines) <= set(lab.nodes) and lab.cluster == page.cluster


def check(lab: Lab, page: Page) -> None:
    """GuideError says what the page needs, what the lab is, and the commands that change it.

    More machines than needed do no harm; another Kubernetes, or one too many, does: outputs differ.
    """
    if fits(lab, page):
        return
    raise GuideError(
        f"the page needs {_described(page.machines, page.cluster)};"
        f" lab {lab.name} has {_described(lab.nodes, lab.cluster)}",
        page=page.source,
        line=1,
        fix=f"guide lab down --name {lab.name}; guide lab up --name {lab.name}{page.lab_options}",
    )


def _described(machines: tuple[str, ...], cluster: Cluster | None) -> str:
    nodes = sum(machine != "client" for machine in machines)
    words = f"{nodes} node{'' if nodes == 1 else 's'}"
    if "client" in machines:
        words += " and a client outside"
    if cluster is None:
        return f"{words} without Kubernetes"
    return f"{words} with Kubernetes (cni {cluster.cni}, kube-proxy {cluster.proxy})"
