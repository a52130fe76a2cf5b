"""`guide trace`: one request on any cluster, followed from interface to interface."""

from pathlib import Path

import click
from rich.console import Console

from macros.ground.errors import GuideError
from macros.lab import providers
from macros.lab.kubernetes import cluster
from macros.tracer import answer_text, cluster_facts, request_ends, tracing
from macros.tracer.access import Access
from macros.tracer.cluster_facts import Kubectl
from macros.tracer.sending import Wish, protocol
from macros.tracer.ssh_access import SshAccess


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--tcp", "kind", flag_value="tcp", help="Only connect.")
@click.option("--udp", "kind", flag_value="udp", help="Send one datagram.")
@click.option("--icmp", "kind", flag_value="icmp", help="Ping.")
@click.option("--dns", "name", help="Ask TO for this name.")
@click.option("--command", help="Run this in FROM's network; TO says what to look for.")
@click.option("--wait", is_flag=True, help="Send nothing; take the next request that comes by itself.")
@click.option("--bytes", "size", default=0, help="Send as many bytes along.")
@click.option("--timeout", default=5.0, show_default=True, help="Seconds to wait for an answer.")
@click.option("--lab", "lab_name", help="A lab of the guide, by its name.")
@click.option("--ssh-config", type=click.Path(path_type=Path), help="Reach the nodes over SSH.")
@click.option("--sudo", is_flag=True, help="Over SSH: log in as another than root, and use sudo.")
@click.option("--kubeconfig", type=click.Path(path_type=Path), help="Else KUBECONFIG.")
@click.option("--context", help="Which of its contexts.")
def trace(
    source: str,
    target: str,
    kind: str | None,
    name: str | None,
    command: str | None,
    wait: bool,
    size: int,
    timeout: float,
    lab_name: str | None,
    ssh_config: Path | None,
    sudo: bool,
    kubeconfig: Path | None,
    context: str | None,
) -> None:
    """Trace one request from FROM to TO, and say where it came to.

    FROM is a pod (namespace/name), a node, or `outside`, this machine. TO is a pod, a Service, a
    node with a port, or an address.
    """
    wish = _wish(kind, name, command, wait, size, timeout)
    console = Console(stderr=True)
    if lab_name:
        kubectl, access = _of_lab(lab_name)
    else:
        kubectl = Kubectl.found(kubeconfig, context)
        if ssh_config is None:
            raise GuideError("say how to reach the nodes: --ssh-config FILE or --lab NAME")
        access = None
    facts = cluster_facts.asked(kubectl)
    if access is None and ssh_config is not None:
        access = SshAccess.by_config(ssh_config, tuple(facts.nodes), sudo=sudo)
    assert access is not None  # noqa: S101
    client = request_ends.client(facts, source, access.nodes)
    to = request_ends.target(facts, target, client, protocol(wish))
    with console.status("") as status:
        traced = tracing.trace(
            access, facts, client, to, wish, lambda part: status.update(part), kubectl
        )
    for line in answer_text.lines(traced):
        click.echo(line)
    click.echo(" ".join(f"{part}: {took:.1f} s;" for part, took in traced.seconds.items()), err=True)
    raise SystemExit(0 if traced.came else 1)


def _wish(
    kind: str | None, name: str | None, command: str | None, wait: bool, size: int, timeout: float
) -> Wish:
    given = [one for one in (kind, "dns" if name else "", "command" if command else "", "wait" if wait else "") if one]
    if len(given) > 1:
        raise click.UsageError(f"--{given[0]} and --{given[1]} are two requests: give one")
    return Wish(given[0] if given else "http", name or "", command or "", size, timeout)


def _of_lab(name: str) -> tuple[Kubectl, Access]:
    """kubectl and SSH of a lab."""
    lab = providers.find(name)
    here = cluster.find(name)
    if here is None:
        raise GuideError(f"the lab {name!r} has no Kubernetes", fix="guide lab up --nodes 3")
    options = (f"--kubeconfig={here.kubeconfig}", f"--cache-dir={here.kubeconfig.parent / 'kubectl'}")
    return Kubectl(str(here.kubectl), options), SshAccess(lab)
