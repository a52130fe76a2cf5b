"""What `guide lab` does where the lab is Vagrant's."""

import os
from datetime import UTC, datetime

import click
from rich.console import Console

from macros.ground import suites
from macros.ground.errors import GuideError
from macros.ground.model import Cluster
from macros.lab import vagrant, vagrant_state
from macros.lab import wanted as wanted_lab
from macros.lab.left import looks
from macros.lab.progress import Progress


def wanted(name: str, kind: str | None) -> bool:
    """Whether `up` is to be Vagrant's: what --lab or LAB says, else what that lab is."""
    if kind not in {None, "uml", vagrant_state.KIND}:
        raise GuideError(f"there is no kind of lab {kind!r}", fix="LAB=uml or LAB=vagrant")
    if kind == "uml" and vagrant_state.read(name) is not None:
        raise GuideError(
            f"the lab {name!r} is Vagrant's", fix=f"another --name, or guide lab down --name {name}"
        )
    return kind == vagrant_state.KIND or (kind is None and vagrant.is_vagrant(name))


def refuse(*, outside: bool, version: str | None, suite: str) -> None:
    """Say of options of the lab uml that this one does not have them."""
    if outside or version or suite != suites.SUITE:
        raise click.UsageError("--outside, --version and --suite exist only in the lab uml")


def up(
    name: str,
    nodes: int,
    memory: int | None,
    cluster: Cluster | None,
    provider: str | None,
    *,
    anew: bool = False,
    keep: bool = False,
) -> None:
    """`guide lab up --lab vagrant`; `anew`, `guide lab reset` of such a lab."""
    with Progress(Console(stderr=True)) as progress:
        lab = vagrant.up(
            name, nodes, progress,
            memory=memory, cluster=cluster, provider=provider, anew=anew, keep=keep,
        )  # fmt: skip
    click.echo(f"{name} is up: {', '.join(lab.nodes)}; ssh -F {lab.ssh_config} node0")
    if cluster:
        click.echo(f"guide lab ssh --name {name} node0 kubectl get nodes -o wide")


def reset(name: str, nodes: int | None, memory: int | None, *, keep: bool) -> None:
    """Machines made anew, as they were asked for before."""
    before = wanted_lab.remembered(name) or vagrant_state.asked(name)
    up(
        name, nodes or before.nodes, memory or before.memory, before.cluster,
        before.provider or None, anew=True, keep=keep,
    )  # fmt: skip


def show(name: str) -> bool:
    """Print one lab; whether it can be used."""
    lab = vagrant_state.read(name)
    if lab is None:
        there = vagrant_state.machines()
        if not there or os.environ.get("LAB") != vagrant_state.KIND:
            return True
        click.echo(
            f"Vagrant has {', '.join(there)}; the first `LAB=vagrant guide …` takes them over"
        )
        return True
    age = datetime.now(UTC) - datetime.fromtimestamp(lab.since, UTC)
    versions = ", ".join(f"{what} {number}" for what, number in lab.versions.items())
    click.echo(f"{name}: vagrant, {lab.provider or 'no machine yet'}, up {age}".partition(".")[0])
    for node, machine in lab.machines.items():
        click.echo(f"  {node}  192.168.56.1{node.removeprefix('node')}  {machine}")
    if versions:
        click.echo(f"  {versions}")
    if lab.kept:
        click.echo(f"{name} did not come up: {lab.kept}")
        click.echo(looks(name, lab.nodes[0]))
        return False
    if trouble := vagrant.troubles(lab):
        click.echo(f"{name} is broken: {trouble}; guide lab reset --name {name}")
        return False
    return True
