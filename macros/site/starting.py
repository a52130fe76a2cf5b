"""The two ends of a page for a reader's hands: "Before you start", and "Undo"."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from macros.figures.markup import render
from macros.ground import suites
from macros.ground.model import Page, Step
from macros.handson import copied, whole_page
from macros.plan.signatures import Prepared, Undo
from macros.site import vagrant_line
from macros.site.page_context import PageContext


@dataclass(frozen=True, slots=True)
class _Task:
    """What is done on one node, why, and the lines to copy, which may be several steps'."""

    node: str
    why: str
    text: str


def prepared(page: PageContext, _: Prepared) -> str:
    """What a reader needs: the lab, what is prepared on it and why, files, terminals."""
    planned = page.page
    recorded = page.guide.recorded(page.key).blocks
    tasks = [
        _Task("node0", f"The file manifests/{name}.", copied.manifest(name, text))
        for name, text in planned.manifests
    ]
    tasks += _tasks(planned.setup)
    versions = suites.lab_options(page.guide.edition.versions, cluster=planned.cluster is not None)
    html = render(
        "site/before_you_start.html",
        prepare=f"guide lab prepare {planned.key}{_edition(page)}",
        up=f"guide lab up{planned.lab_options}{versions}",
        vagrant=vagrant_line.of_page(page),
        needs=_needs(planned),
        tasks=tasks,
        machines=planned.machines,
        scripts=whole_page.scripts(planned, recorded).items(),
        lab=page.address(page.guide.docs / "lab.md"),
    )
    return page.slot(html, "")


def undo(page: PageContext, _: Undo) -> str:
    """The way back."""
    planned = page.page
    tasks = list(_tasks(planned.cleanup))
    if planned.manifests:
        tasks.append(_Task("node0", "", "rm -r manifests"))
    back = f"guide lab prepare {planned.key}{_edition(page)} --undo"
    html = render("site/undo.html", undo=back, tasks=tasks)
    return page.slot(html, "")


def _tasks(steps: Sequence[Step]) -> Iterator[_Task]:
    """The steps as tasks: one that only goes on with the last, on its node, is copied with it."""
    last: _Task | None = None
    for step in steps:
        text = copied.of_step(step)
        if last is not None and not step.why and step.node == last.node:
            last = _Task(last.node, last.why, f"{last.text}\n{text}")
            continue
        if last is not None:
            yield last
        last = _Task(step.node, step.why, text)
    if last is not None:
        yield last


def _needs(page: Page) -> str:
    """The lab in words: "three nodes with Kubernetes (Flannel), and a client outside"."""
    words = f"{page.nodes} node{'' if page.nodes == 1 else 's'}"
    if page.cluster:
        words += f" with Kubernetes (network {page.cluster.cni}"
        words += ", kube-proxy nftables)" if page.cluster.proxy == "nftables" else ")"
    return words + (", and a machine outside the cluster, client" if page.outside else "")


def _edition(page: PageContext) -> str:
    """What `guide lab prepare` needs to take this text of the page: " --edition 2026-11-debian-13".

    It is "" for the edition that the command takes by itself.
    """
    mine = page.guide.edition_name
    taken = page.guide.shown.holder(page.key).edition_name
    return "" if taken == mine else f" --edition {mine}"
