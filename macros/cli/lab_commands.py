"""`guide lab`: build, up, status, ssh, down, reset."""

import os
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table

from macros.cli import lab_choice, vagrant_lab
from macros.cli.lab_prepare import prepare
from macros.ground import suites
from macros.ground.errors import GuideError
from macros.ground.model import CLUSTER_NODES, CNIS, PROXIES, Cluster
from macros.lab import build as building
from macros.lab import process, providers, state, uml, vagrant, wanted
from macros.lab import ssh as remote
from macros.lab.kubernetes import cluster, parts, releases
from macros.lab.kubernetes import compilation as building_kubernetes
from macros.lab.lab import Lab
from macros.lab.left import looks
from macros.lab.progress import Progress
from macros.lab.wanted import Wanted
from macros.rebuild import fresh_lab

_name = lab_choice.named(lab_choice.DEFAULT, f"Name of the lab; default: {lab_choice.DEFAULT}.")
_nodes = click.option("--nodes", default=1, show_default=True, help="Number of nodes.")
_suite = click.option(
    "--suite",
    type=click.Choice(tuple(suites.SUITES)),
    default=suites.SUITE,
    show_default=True,
    help="The programs' Debian suite: sid, or trixie (Debian 13).",
)
_keep = click.option(
    "--keep", is_flag=True, help="If the lab does not come up, keep it for inspection."
)
_PATIENCE = 8.0  # seconds that a node has to run nothing; a busy one takes one or two
_version = click.option("--version", help="Kubernetes version, such as v1.34.4; default: pinned.")


def _progress() -> Progress:
    return Progress(Console(stderr=True))


@click.group()
def lab() -> None:
    """Real machines to record on."""


lab.add_command(prepare)


@lab.command()
@click.option("--update-lock", is_flag=True, help="First update the locked package versions.")
@click.option("--mirror", help="Debian mirror to use instead of this machine's own.")
@click.option("--kubernetes", is_flag=True, help="Build Kubernetes too, for labs with a cluster.")
@_version
@click.option("--pin", is_flag=True, help="Keep that version's go.mod and go.sum in the checkout.")
@_suite
def build(
    update_lock: bool,
    mirror: str | None,
    kubernetes: bool,
    version: str | None,
    pin: bool,
    suite: str,
) -> None:
    """Build kernel and root file system; what is in the cache is not built again.

    With --kubernetes --version, any release of Kubernetes that the module registry has, from 1.33
    on; with --pin, what it was made of stays in scripts/kubernetes, to be committed.
    """
    if version and not kubernetes:
        raise click.UsageError("--version is Kubernetes' version: add --kubernetes")
    if pin and not version:
        raise click.UsageError("--pin keeps what --version is made of: add both")
    if version:
        _ = releases.minor(version)
    with _progress() as progress:
        if update_lock:
            building.update_lock(progress, mirror, suite)
        if update_lock and kubernetes:
            parts.update_lock(progress, mirror)
        made = building.build(progress, mirror, suite)
        compiled = building_kubernetes.build(progress, version, pin=pin) if kubernetes else {}
        if kubernetes:
            parts.make(progress, version or suites.KUBERNETES, mirror)
    click.echo(f"kernel            {made.kernel}")
    click.echo(f"root file system  {made.rootfs}")
    click.echo(_with(made.versions))
    if kubernetes:
        click.echo(_with(parts.versions(version or suites.KUBERNETES)))
    for program, path in compiled.items():
        click.echo(f"{program:<24}{path}")


def _with(versions: Mapping[str, str]) -> str:
    return "with " + ", ".join(f"{name} {number}" for name, number in versions.items())


@lab.command()
@_name
@_nodes
@click.option("--memory", type=int, help="MiB per node; default: 1024, or 2048 with Kubernetes.")
@click.option(
    "--cni", type=click.Choice(CNIS),
    help="Also start Kubernetes, with this network; default with 3 nodes or more: flannel.",
)  # fmt: skip
@click.option("--plain", is_flag=True, help="No Kubernetes, whatever the number of nodes.")
@click.option(
    "--proxy", type=click.Choice(PROXIES), default=PROXIES[0], show_default=True,
    help="kube-proxy's mode.",
)  # fmt: skip
@click.option("--outside", is_flag=True, help="Also a machine outside the cluster, called client.")
@_version
@_suite
@click.option("--lab", "kind", envvar="LAB", help="uml or vagrant; default: $LAB, else uml.")
@click.option("--provider", help="Vagrant's provider: virtualbox, libvirt or docker.")
@_keep
def up(  # a lab is what these options say
    name: str,
    nodes: int,
    memory: int | None,
    cni: str | None,
    plain: bool,
    proxy: str,
    outside: bool,
    version: str | None,
    suite: str,
    kind: str | None,
    provider: str | None,
    keep: bool,
) -> None:
    """Start a lab; returns when every node answers and the cluster, if any, is ready."""
    if plain and cni:
        raise click.UsageError("--plain means no Kubernetes, --cni means Kubernetes")
    if cni is None and nodes >= CLUSTER_NODES and suite == suites.SUITE and not plain:
        cni = "flannel"
    if vagrant_lab.wanted(name, kind):
        vagrant_lab.refuse(outside=outside, version=version, suite=suite)
        asked = Cluster(cni, proxy) if cni else None
        vagrant_lab.up(name, nodes, memory, asked, provider, keep=keep)
        return
    if cni and suite != suites.SUITE:
        raise click.UsageError(f"--cni: Kubernetes is built for {suites.SUITE} only")
    if version and not cni:
        raise click.UsageError("--version is Kubernetes' version: add --cni")
    asked = Cluster(cni, proxy) if cni else None
    started = _start(name, Wanted("uml", nodes, memory, suite, asked, version or "", outside), keep)
    click.echo(f"{name} is up: {', '.join(started.nodes)}; ssh -F {started.ssh_config} node0")
    if here := cluster.find(name):
        click.echo(f"KUBECONFIG={here.kubeconfig} {here.kubectl} get nodes")


def _start(name: str, lab: Wanted, keep: bool, *, anew: bool = False) -> Lab:
    """Start this lab of the kind uml, in the place of the one that there is where it is `anew`."""
    with _progress() as progress:
        return fresh_lab.start(name, lab, progress, keep=keep, anew=anew)


@lab.command()
@lab_choice.named(None, "Only this lab.")
def status(name: str | None) -> None:
    """Show labs, their nodes, and whether all of them run and answer. Exit code 1 if not."""
    names = [name] if name else list(state.names())
    unfinished = [lab_name for lab_name in wanted.unfinished() if name in {None, lab_name}]
    machines = [vagrant_lab.show(lab_name) for lab_name in names if vagrant.is_vagrant(lab_name)]
    broken = not all(machines) or bool(unfinished)
    known = [running for lab_name in names if (running := state.read(lab_name))]
    if known:
        _show(known)
    elif not machines and not unfinished:
        click.echo("no lab is up")
        broken = name is not None
    for running in known:
        broken = _say(running) or broken
    for lab_name in unfinished:
        click.echo(
            f"{lab_name}: a reset was not finished; {wanted.reset_command(lab_name)}"
            f" makes {wanted.remembered(lab_name)}"
        )
    sys.exit(1 if broken else 0)


def _show(known: list[state.State]) -> None:
    """Print a table of these labs' nodes."""
    table = Table(box=None, pad_edge=False)
    for heading in ("lab", "node", "address", "ssh port", "process", "memory", "up", "state"):
        table.add_column(heading)
    for running in known:
        age = datetime.now(UTC) - datetime.fromtimestamp(running.since, UTC)
        pids = {helper.what: helper for helper in running.processes}
        for node in running.nodes:
            machine = pids.get(node.name)
            runs = machine is not None and machine.alive()
            table.add_row(
                running.name, node.name, node.address, str(node.port or "-"),
                str(machine.pid) if machine else "-",
                f"{process.memory(machine)} MiB" if machine and runs else "-",
                str(age).partition(".")[0], "runs" if runs else "gone",
            )  # fmt: skip
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _say(running: state.State) -> bool:
    """Print what runs on a lab and what is wrong with it; whether anything is."""
    versions = ", ".join(f"{what} {number}" for what, number in running.versions.items())
    click.echo(f"{running.name}: {versions}")
    if here := cluster.find(running.name):
        click.echo(cluster.described(here))
    trouble = uml.troubles(running)
    if trouble and running.kept:
        click.echo(f"{running.name} is broken: {trouble}")
        click.echo(looks(running.name, running.nodes[0].name))
    elif trouble:
        click.echo(f"{running.name} is broken: {trouble}; guide lab up cleans up")
    elif again := uml.connect(running):
        click.echo(f"{running.name}: opened the SSH connection to {', '.join(again)} again")
    silent = [] if trouble else _silent(providers.find(running.name))
    for node in silent:
        cure = f"guide lab restart --name {running.name} {node}"
        click.echo(f"{running.name}: {node} runs but does not answer: {cure}")
    return bool(trouble or silent)


def _silent(lab: Lab) -> list[str]:
    """The nodes that do not run a command within some seconds."""

    def answers(node: str) -> bool:
        try:
            return remote.run(lab, node, ":", timeout=_PATIENCE).exit == 0
        except GuideError:
            return False

    with ThreadPoolExecutor(len(lab.nodes)) as pool:
        return [
            node
            for node, good in zip(lab.nodes, pool.map(answers, lab.nodes), strict=True)
            if not good
        ]


@lab.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@lab_choice.option
@click.argument("node")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def ssh(name: str | None, node: str, command: tuple[str, ...]) -> None:
    """Log in to a node, or run a command there; also in a lab that failed and was kept."""
    if command and command[0] == "--name":  # behind the node: no program is called that
        if len(command) < 2:
            raise click.UsageError("Option '--name' requires an argument.")
        name, command = command[1], command[2:]
    chosen = lab_choice.find(name, kept=True)
    if node not in chosen.nodes:
        raise GuideError(f"the lab {chosen.name!r} has no {node}; it has {', '.join(chosen.nodes)}")
    shared = ("ssh", "-F", str(chosen.ssh_config), node, *command)
    os.execvp("ssh", shared if command else remote.login(chosen, node))


@lab.command()
@lab_choice.option
@click.argument("node")
def restart(name: str | None, node: str) -> None:
    """Start a node again from its own disk, as after a power cut; also a killed one."""
    name = lab_choice.meant(name)
    with _progress() as progress:
        uml.restart(name, node, progress)
    click.echo(f"{node} of {name} is up again")


@lab.command()
@_name
@click.option("--all", "every", is_flag=True, help="All labs.")
def down(name: str, every: bool) -> None:
    """End a lab and remove its disks; also a crashed one."""
    for lab_name in list(state.remains()) if every else [name]:
        ended = vagrant.down(lab_name) if vagrant.is_vagrant(lab_name) else uml.down(lab_name)
        gone = f"{lab_name} was not up{lab_choice.others(lab_name)}"
        click.echo(f"{lab_name} is down" if ended else gone)


@lab.command()
@lab_choice.named(None, "Name of the lab; default: the one that is up.")
@click.option("--nodes", default=None, type=int, help="Number of nodes; default: as before.")
@click.option("--memory", default=None, type=int, help="MiB per node; default: as before.")
@_keep
def reset(name: str | None, nodes: int | None, memory: int | None, keep: bool) -> None:
    """Replace a lab with a fresh one: down, then up with new disks.

    Everything it needs is checked before the lab is taken down. The next reset continues an
    interrupted one.
    """
    name = lab_choice.meant(name)
    if vagrant.is_vagrant(name):
        vagrant_lab.reset(name, nodes, memory, keep=keep)
        return
    there = state.read(name)
    if name not in state.remains() and (known := lab_choice.others(name)):
        raise GuideError(f"there is no lab {name!r}{known}", fix="guide lab up makes a new one")
    before = wanted.remembered(name) or (uml.as_wanted(there) if there else Wanted())
    asked = replace(before, nodes=nodes or before.nodes, memory=memory or before.memory)
    started = _start(name, asked, keep, anew=True)
    click.echo(f"{name} is up: {', '.join(started.nodes)}")
