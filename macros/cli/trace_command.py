"""`guide trace`: one request on any cluster, followed from interface to interface."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from macros.ground.errors import GuideError
from macros.lab.lab import Lab
from macros.tracer import answer_text, cluster_facts, request_ends, saved, tracing
from macros.tracer.access import Access
from macros.tracer.cluster_facts import Facts, Kubectl
from macros.tracer.judging import Request, Traced
from macros.tracer.kubectl_access import IMAGE, LAB_IMAGE, KubectlAccess
from macros.tracer.sending import Wish, protocol
from macros.tracer.ssh_access import SshAccess
from macros.tracer.this_machine import WithThisMachine

_SIZED = frozenset({"http", "udp", "icmp"})
_LARGEST = 65507
"""Bytes that fit into one packet of UDP or ICMP over IPv4."""
_ANSWER = 5.0
"""Seconds until an answer has come."""
_WAIT = 60.0
"""Seconds that an application has until it sends a request by itself."""


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--tcp", "kind", flag_value="tcp", help="Only connect.")
@click.option("--udp", "kind", flag_value="udp", help="Send one datagram.")
@click.option("--icmp", "kind", flag_value="icmp", help="Ping.")
@click.option("--dns", "name", help="Ask TO for this name.")
@click.option("--command", help="Run this in FROM's network; TO is what it asks.")
@click.option(
    "--wait", is_flag=True, help="Send nothing; follow the next request that FROM sends by itself."
)
@click.option(
    "--bytes", "size", type=click.IntRange(0), default=0, help="Send this many bytes along."
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    help="Seconds to wait for an answer; default: 5. With --wait, for a request; default: 60.",
)
@click.option("--lab", "lab_name", envvar="GUIDE_LAB", show_envvar=True, help="A lab of the guide.")
@click.option("--ssh-config", type=click.Path(path_type=Path), help="Reach the nodes over SSH.")
@click.option("--sudo", is_flag=True, help="Over SSH: log in as a user who is not root, with sudo.")
@click.option("--image", help=f"With kubectl: image of the pods on the nodes; default: {IMAGE}.")
@click.option("--kubectl", "by_kubectl", is_flag=True, help="For a lab: use kubectl, not SSH.")
@click.option("--yes", is_flag=True, help="Do not ask before pods are created.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder for the page; default: guide-trace-…."
)
@click.option(
    "--anonymous", "masked", is_flag=True, help="Replace addresses and names in what is written."
)
@click.option(
    "--guide", envvar="SITE_URL", default="", help="Where the guide's pages are, for links."
)
@click.option(
    "--kubeconfig", type=click.Path(path_type=Path), help="Default: the variable KUBECONFIG."
)
@click.option("--context", help="Which of its contexts to use.")
def trace(
    source: str, target: str, yes: bool, out: Path | None, masked: bool, guide: str, **given: Any
) -> None:
    """Trace one request from FROM to TO, and say how far it got.

    FROM is a pod (namespace/name), a node, or `outside`, this machine. TO is a pod, a Service, a
    node with a port, or an address.
    """
    wish = _wish(**{key: given.pop(key) for key in ("kind", "name", "command", "wait", "size")},
                 timeout=given.pop("timeout"))  # fmt: skip
    kubectl, facts, access = _reach(**given)
    client = request_ends.client(facts, source, access.nodes)
    if client.node == request_ends.OUTSIDE:
        access = WithThisMachine(access)
    port = 53 if wish.kind == "dns" else 80
    to = request_ends.target(facts, target, client, protocol(wish), default=port)
    request = Request(client, to, wish)
    _agree(access, yes=yes)
    folder = out or Path(f"guide-trace-{datetime.now(UTC):%Y%m%d-%H%M%S}")

    status = Console(stderr=True).status("")

    def tell(traced: Traced) -> None:
        shown = _anonymous(traced) if masked else traced
        page = saved.save(shown, folder, guide=guide)
        status.stop()  # else the report begins behind the last word of it
        for line in answer_text.lines(shown):
            click.echo(line)
        click.echo(f"page: {page}")
        status.start()

    with status:
        traced = tracing.trace(access, facts, request, status.update, tell, kubectl)
    raise SystemExit(0 if traced.came else 1)


def _reach(
    lab_name: str | None,
    ssh_config: Path | None,
    sudo: bool,
    image: str | None,
    by_kubectl: bool,
    kubeconfig: Path | None,
    context: str | None,
) -> tuple[Kubectl, Facts, Access]:
    """The cluster that is meant, what its API says, and how its nodes are reached."""
    lab = _lab(lab_name) if lab_name else None
    kubectl = _kubectl_of(lab.name) if lab else Kubectl.found(kubeconfig, context)
    facts = cluster_facts.asked(kubectl)
    if lab and not by_kubectl:
        return kubectl, facts, SshAccess(lab)
    nodes = tuple(facts.nodes)
    if ssh_config is not None:
        return kubectl, facts, SshAccess.by_config(ssh_config, nodes, sudo=sudo)
    own = image or (LAB_IMAGE if lab else IMAGE)
    return kubectl, facts, KubectlAccess(kubectl, nodes, own, facts.away)


def _lab(name: str) -> Lab:
    from macros.lab import providers  # noqa: PLC0415 slow to import, and not for a reader's cluster

    return providers.find(name)


def _anonymous(traced: Traced) -> Traced:
    from macros.tracer.anonymous import anonymous  # noqa: PLC0415 slow to import, seldom wanted

    return anonymous(traced)


def _agree(access: Access, *, yes: bool) -> None:
    """Say what will be created, and ask where somebody is there to be asked."""
    plan = access.plan()
    for line in plan:
        click.echo(f"creates: {line}" if line == plan[0] else f"         {line}", err=True)
    if plan and not yes and sys.stdin.isatty():
        click.confirm("Go on?", default=True, abort=True, err=True)


def _wish(
    kind: str | None,
    name: str | None,
    command: str | None,
    wait: bool,
    size: int,
    timeout: float | None,
) -> Wish:
    given = [
        option
        for option in (
            kind,
            "dns" if name else "",
            "command" if command else "",
            "wait" if wait else "",
        )
        if option
    ]
    if len(given) > 1:
        raise click.UsageError(f"--{given[0]} and --{given[1]} are two requests: give one")
    chosen = given[0] if given else "http"
    if size and chosen not in _SIZED:
        raise click.UsageError(f"--{chosen} sends no bytes of yours: --bytes is for the others")
    if chosen in ("udp", "icmp") and size > _LARGEST:
        raise click.UsageError(f"one packet has {_LARGEST} bytes of data at most: --bytes {size}")
    patience = timeout or (_WAIT if chosen == "wait" else _ANSWER)
    return Wish(chosen, name or "", command or "", size, patience)


def _kubectl_of(name: str) -> Kubectl:
    """A lab's own kubectl."""
    from macros.lab.kubernetes import cluster  # noqa: PLC0415 slow to import

    here = cluster.find(name)
    if here is None:
        raise GuideError(f"the lab {name!r} has no Kubernetes", fix="guide lab up --nodes 3")
    cache = here.kubeconfig.parent / "kubectl"
    return Kubectl(str(here.kubectl), (f"--kubeconfig={here.kubeconfig}", f"--cache-dir={cache}"))
