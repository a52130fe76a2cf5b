"""The lab `uml`: every node is one ordinary process, a Linux kernel built as a program.

Networks need no root either. eth0 is the NAT network, as under Vagrant: a slirp of its own for
each node gives it 10.0.2.15 and forwards one port of 127.0.0.1 to its SSH. eth1 is the network
between the nodes: one vde_switch, 192.168.56.10 and up.
"""

import secrets
import shutil
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from macros.ground import suites
from macros.ground.errors import GuideError
from macros.ground.locks import locked
from macros.ground.model import Cluster
from macros.lab import boot, doctor, paths, process, readiness, ssh_connections, wanted
from macros.lab.build import built
from macros.lab.keys import control, make_keys, write_seed, write_ssh_config
from macros.lab.lab import Lab
from macros.lab.left import looks, reason
from macros.lab.progress import Progress
from macros.lab.state import Node, State, clean, read, write
from macros.lab.tools import disk_named
from macros.lab.turns import alone
from macros.lab.wanted import Wanted

MOST_NODES = 9
"""Their addresses and MACs end in one more digit each."""
MEMORY = 1024
"""MiB a node gets unless told otherwise; Docker and a few containers need half of it."""

_FIRST = 10
_OUTSIDE = Node("client", "192.168.56.50")
"""A machine of the network between the nodes that is not a node of a cluster."""
_API = 6443


@dataclass(frozen=True, slots=True)
class Addition:
    """What makes plain machines a cluster."""

    cluster: Cluster
    version: str
    rootfs: Path
    """The disk that its nodes start from."""
    versions: Mapping[str, str]
    """What runs on it beyond the programs of the root file system."""
    files: Callable[[Node], Mapping[str, bytes]]
    """What a machine is given at its start, by path."""
    begin: Callable[[State, Progress], None]
    """Called when every machine answers; returns when the cluster is whole."""


def find(name: str = "guide", *, kept: bool = False) -> Lab:
    """The lab of that name. GuideError when it is not up, or one of its processes is gone.

    `kept`: one that failed and was left for a look will do, whatever of it still runs.
    """
    state, unfinished = read(name), wanted.remembered(name)
    fix = wanted.reset_command(name) if unfinished else _up(name)
    if state is None:
        why = f": its reset was not finished ({unfinished})" if unfinished else ""
        raise GuideError(f"the lab {name!r} is not up{why}", fix=fix)
    trouble = troubles(state)
    if trouble and not (kept and state.kept):
        raise GuideError(f"the lab {name!r} is broken: {trouble}", fix=fix)
    if not trouble:
        connect(state)
    return as_lab(state)


def as_lab(state: State) -> Lab:
    """The lab as everybody else sees it."""
    return Lab(
        name=state.name,
        kind="uml",
        nodes=tuple(node.name for node in state.nodes),
        ssh_config=state.folder / "ssh_config",
        instance=state.instance,
        versions=state.versions,
        cluster=state.cluster,
        lost=lambda: _lost(state),
    )


def _lost(state: State) -> str:
    """Why this very lab cannot answer any more; "" while nothing is known against it."""
    try:
        now = read(state.name)
    except GuideError as error:
        return error.message
    if now is None or now.instance != state.instance:
        return "the lab was taken down"
    return ended(now)


def troubles(state: State) -> str:
    """Why this lab cannot be used, in words; "" when it can."""
    if gone := ended(state):
        return gone
    if state.kept:
        return f"it did not come up, and is kept for a look; {state.kept}"
    return "" if state.up else "`guide lab up` was not finished"


def ended(state: State) -> str:
    """Which processes of a lab are gone, in words."""
    return ", ".join(f"{gone.what} (process {gone.pid}) ended" for gone in state.dead())


def up(
    name: str,
    nodes: int,
    memory: int,
    progress: Progress,
    suite: str = suites.SUITE,
    *,
    outside: bool = False,
    addition: Addition | None = None,
    anew: bool = False,
    keep: bool = False,
) -> Lab:
    """Start a lab and return when every node answers over SSH, and its cluster is whole.

    A lab that is up already is left as it is, unless all is to be made `anew`; remains of one that
    crashed are removed first. Whatever ends this early, an error or Ctrl-C, leaves nothing behind,
    or with `keep` all that there is.
    """
    if not 1 <= nodes <= MOST_NODES:
        raise GuideError(f"a lab has 1 to {MOST_NODES} nodes, not {nodes}")
    doctor.require("run")
    fresh = _planned(name, _machines(nodes, outside=outside), memory, suite, addition)
    with alone(name), disk_named():
        if anew:
            wanted.remember(name, as_wanted(fresh))
        elif _is_up(fresh, progress):
            return find(name)
        try:
            clean(name)
            _start(fresh, addition, progress)
        except BaseException as error:
            _failed(fresh, error, progress, keep=keep)
            raise
        wanted.forget(name)
        return find(name)


def _planned(
    name: str, nodes: tuple[Node, ...], memory: int, suite: str, addition: Addition | None
) -> State:
    """What is to be started, of which nothing is there yet."""
    parts = built(suite)
    return State(
        name=name,
        instance=f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
        sockets=str(paths.sockets() / name),
        kernel=str(parts.kernel),
        rootfs=str(addition.rootfs if addition else parts.rootfs),
        versions={**parts.versions, **(addition.versions if addition else {})},
        memory=memory,
        suite=suite,
        cluster=addition.cluster if addition else None,
        kubernetes=addition.version if addition else "",
        since=datetime.now(UTC).timestamp(),
        nodes=nodes,
    )


def _is_up(fresh: State, progress: Progress) -> bool:
    """Whether this very lab is up. GuideError when it is another one, said to be so when broken."""
    state = read(fresh.name)
    if state is None:
        return False
    if trouble := troubles(state):
        progress.note(f"removing what is left of the lab {state.name!r}: {trouble}")
        return False
    has, asked = (replace(as_wanted(notes), memory=None) for notes in (state, fresh))
    if has != asked:
        raise GuideError(
            f"the lab {state.name!r} is up with {has}, not {asked}",
            fix=f"guide lab down --name {state.name}, then up again",
        )
    progress.note(f"the lab {state.name!r} is up already")
    return True


def _failed(fresh: State, error: BaseException, progress: Progress, *, keep: bool) -> None:
    """Clean up after a lab that did not come up, or leave it and say what can be done with it."""
    name = fresh.name
    state = read(name) if keep else None
    if state is not None and state.instance == fresh.instance:
        write(replace(state, kept=reason(error)))
        progress.note(looks(name, state.nodes[0].name))
    else:
        _undisturbed(name)
    if unfinished := wanted.remembered(name):
        progress.note(f"{wanted.reset_command(name)} makes the lab again: {unfinished}")


def down(name: str) -> bool:
    """End a lab, whole or crashed, and remove its files. False when there was none.

    A reset that did not come to its end is given up.
    """
    with alone(name):
        there = clean(name)
        return wanted.forget(name) or there


def as_wanted(state: State) -> Wanted:
    """What of a lab the person who starts it has chosen."""
    outside = _OUTSIDE.name in (node.name for node in state.nodes)
    return Wanted(
        nodes=len(state.nodes) - outside,
        memory=state.memory,
        suite=state.suite,
        cluster=state.cluster,
        kubernetes=state.kubernetes,
        outside=outside,
    )


def restart(name: str, node_name: str, progress: Progress) -> None:
    """Start a node of a lab again, killed or not, from its own disk and with its own ports.

    As after a power cut: what it had not written is lost, the rest of the lab goes on.
    """
    with alone(name), disk_named():
        state = read(name)
        nodes = state.nodes if state else ()
        node = next((node for node in nodes if node.name == node_name), None)
        if state is None or node is None:
            raise GuideError(f"the lab {name!r} has no {node_name}", fix=_up(name))
        progress.step(f"lab {name}: starting {node.name} again")
        sockets = Path(state.sockets)
        own = [started for started in state.processes if started.what.split("'")[0] == node.name]
        boot.end(state, node, own)
        Path(control(sockets, node.name)).unlink(missing_ok=True)
        shutil.rmtree(sockets / node.name, ignore_errors=True)  # its uml_dir

        first = state.cluster is not None and node == state.nodes[0]
        leads_to = {node.port: 22, **({state.api: _API} if first else {})}
        state = state.with_process(boot.start_nat(state, node, leads_to))
        seed = state.folder / f"{node.name}.seed.tar"
        machine = boot.start_node(state, node, seed, boot.memory_folder(state, progress))
        state = state.with_process(machine)
        readiness.wait(state, node, machine)
        for plug in process.helpers(machine, "vde_plug"):
            state = state.with_process(plug)
        # Until here they are known, and dead: a restart that fails leaves a lab that is broken.
        write(replace(state, processes=tuple(p for p in state.processes if p not in own)))


def _machines(nodes: int, *, outside: bool) -> tuple[Node, ...]:
    own_nodes = tuple(Node(f"node{i}", f"192.168.56.{_FIRST + i}") for i in range(nodes))
    return (*own_nodes, _OUTSIDE) if outside else own_nodes


def _start(state: State, addition: Addition | None, progress: Progress) -> None:
    name, lab_folder, sockets = state.name, state.folder, Path(state.sockets)
    progress.step(f"lab {name}: starting {', '.join(node.name for node in state.nodes)}")
    lab_folder.mkdir(parents=True, mode=0o700)
    sockets.mkdir(mode=0o700)
    write(state)
    make_keys(lab_folder)

    switch = boot.start_switch(state)
    state = state.with_process(switch)
    state = _with_ports(state, with_api=addition is not None)

    write_ssh_config(lab_folder, sockets, state.nodes)
    memory_folder = boot.memory_folder(state, progress)
    booting = []
    for node in state.nodes:
        more = addition.files(node) if addition else {}
        seed = write_seed(lab_folder, node, state.nodes, more)
        machine = boot.start_node(state, node, seed, memory_folder)
        booting.append(machine)
        state = state.with_process(machine)

    progress.step(f"lab {name}: waiting for SSH")
    with ThreadPoolExecutor(len(booting)) as pool:
        waits = [
            pool.submit(readiness.wait, state, node, machine)
            for node, machine in zip(state.nodes, booting, strict=True)
        ]
        for wait in waits:
            wait.result()
    # UML has each of its interfaces plugged in by a process of its own: without it, the node
    # runs on and hears nothing.
    for machine in booting:
        for plug in process.helpers(machine, "vde_plug"):
            state = state.with_process(plug)
    if addition:
        addition.begin(state, progress)
    write(replace(state, up=True))


def _with_ports(state: State, *, with_api: bool) -> State:
    """The same with a NAT network for each node, and the ports of 127.0.0.1 that lead there."""
    # Choosing a free port and taking it is two steps: one lab at a time, so that none gets a
    # port that another has chosen. A lab may be called ports: its lock has no dot in front.
    with locked(paths.labs() / ".ports.lock", None):
        for index, node in enumerate(state.nodes):
            inside = [22, _API] if with_api and index == 0 else [22]
            nat, ports = boot.nat_on_free_ports(state, node, inside)
            with_port = replace(node, port=ports[0])
            nodes = (*state.nodes[:index], with_port, *state.nodes[index + 1 :])
            api = ports[1] if _API in inside else state.api
            state = replace(state, nodes=nodes, api=api).with_process(nat)
    return state


def connect(state: State) -> list[str]:
    """Open shared SSH connections that are gone, and return the names of their nodes.

    A lab is whole without them, only slow: a command then makes a connection of its own.
    """
    sockets = Path(state.sockets)
    gone = [node.name for node in state.nodes if not ssh_connections.stands(sockets, node.name)]
    for name in gone:
        ssh_connections.open_shared(state.folder / "ssh_config", sockets, name)
    return gone


def _undisturbed(name: str) -> None:
    """Clean up, deaf to a second Ctrl-C."""
    try:
        old = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:
        old = None
    try:
        clean(name)
    finally:
        if old is not None:
            signal.signal(signal.SIGINT, old)


def _up(name: str) -> str:
    return "guide lab up" if name == "guide" else f"guide lab up --name {name}"
