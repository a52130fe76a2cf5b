"""A page's lab by Vagrant, as far as the Vagrantfile has it: of the page's versions, or none."""

from dataclasses import dataclass

from macros.ground import suites
from macros.ground.model import Cluster, Page
from macros.site.page_context import PageContext


@dataclass(frozen=True, slots=True)
class VagrantLab:
    """What the box says: the `command`, or why there is none.

    `providers` are said where not all can. `kubernetes` is what k3s has where the page is about
    another release; `edition` and `href` are then where the page has that one, if anywhere.
    """

    command: str = ""
    providers: str = ""
    kubernetes: str = ""
    edition: str = ""
    href: str = ""


def of_page(page: PageContext) -> VagrantLab:
    """The lab of a page in its edition; kernel, cards and tools differ, as docs/lab.md says."""
    planned, versions = page.page, page.guide.edition.versions
    if planned.outside or (planned.cluster and planned.cluster.cni == "flannel-dual"):
        return VagrantLab()
    debian = versions.get("Debian", suites.SUITES[suites.SUITE])
    suite = suites.suite_named(debian)
    # Containers are made of the packages of the default suite: scripts/vagrant/image.sh.
    told, providers = "", ""
    if suite != suites.SUITE:
        told, providers = f"SUITE={suite} ", ", in virtual machines"
    if planned.cluster is None:
        return VagrantLab(f"{told}KUBERNETES=0 NODES={planned.nodes} vagrant up", providers)
    if versions.get("Kubernetes", suites.K3S) != suites.K3S:
        return _of_another_release(page, planned)
    return VagrantLab(f"{told}{_network(planned.cluster)}vagrant up", providers)


def _of_another_release(page: PageContext, planned: Page) -> VagrantLab:
    for name in page.guide.others:
        other = page.guide.beside(name)
        recorded = (other.recordings / name / planned.key).is_dir()
        if recorded and other.edition.versions.get("Kubernetes") == suites.K3S:
            href = page.address(planned.source, name)
            return VagrantLab(kubernetes=suites.K3S, edition=name, href=href)
    return VagrantLab(kubernetes=suites.K3S)


def _network(cluster: Cluster) -> str:
    words = f"CNI={cluster.cni} " if cluster.cni != "flannel" else ""
    return words + ("PROXY=nftables " if cluster.proxy == "nftables" else "")
