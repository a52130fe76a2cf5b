"""The processes that a lab of the kind uml is made of, each started: switch, NATs, nodes."""

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from macros.ground.errors import GuideError
from macros.lab import doctor, process
from macros.lab.progress import Progress
from macros.lab.state import Node, State
from macros.lab.tools import environment


def start_switch(state: State) -> process.Process:
    """The network between the nodes: one switch that lets every VLAN tag through.

    vde_switch ends when its stdin does: it gets a pipe that it holds open itself.
    """
    sockets = Path(state.sockets)
    trunks = sockets / "switch.rc"
    trunks.write_text(_trunk_ports(len(state.nodes)), encoding="ascii")
    pipe = sockets / "stdin"
    os.mkfifo(pipe, 0o600)
    stdin = os.open(pipe, os.O_RDWR)
    try:
        started = process.start(
            "switch", ["vde_switch", "-s", f"{sockets}/switch", "-f", str(trunks)],
            state.folder / "switch.log", stdin=stdin, env=environment(),
        )  # fmt: skip
    finally:
        os.close(stdin)
    _until(started, (sockets / "switch/ctl").exists, state.folder / "switch.log")
    return started


def _trunk_ports(count: int) -> str:
    """Commands for vde_switch: ports 1 to `count` carry each VLAN from 1 to 4093, tagged.

    A port drops a frame whose VLAN it does not know, and so each VLAN is named for each port. A
    port that is made by a command is nobody's until it is allocatable, and keeps its VLANs when
    its node boots again. VLAN 4094 is not to be had (src/vde_switch/port.c of vde-2).
    """
    ports = range(1, count + 1)
    lines = [
        line for port in ports for line in (f"port/create {port}", f"port/allocatable {port} 1")
    ]
    for vlan in range(1, 4094):
        lines.append(f"vlan/create {vlan}")
        lines += [f"vlan/addport {vlan} {port}" for port in ports]
    return "\n".join(lines) + "\n"


def nat_on_free_ports(
    state: State, node: Node, inside: list[int]
) -> tuple[process.Process, tuple[int, ...]]:
    """The NAT network of one node, and the ports of 127.0.0.1 that lead to those of the node."""
    for _ in range(5):
        ports = tuple(process.free_ports(len(inside)))
        with contextlib.suppress(_EndedError):
            return start_nat(state, node, dict(zip(ports, inside, strict=True))), ports
    log = state.folder / f"{node.name}.nat.log"
    raise GuideError(f"no free port for {node.name}", fix=f"read {log}")


def start_nat(state: State, node: Node, leads_to: Mapping[int, int]) -> process.Process:
    """The NAT network of one node; `leads_to` has ports of 127.0.0.1 and the node's for each.

    `restricted`: slirp lets nothing else through. Without, it answers pings of any address itself,
    accepts TCP connections before it knows whether there is anybody, and leads to the internet.
    """
    log = state.folder / f"{node.name}.nat.log"
    forwards = ",".join(f"127.0.0.1:{port}:10.0.2.15:{inside}" for port, inside in leads_to.items())
    started = process.start(
        f"{node.name}'s NAT",
        [
            "vde_plug", f"slirp:///v4/restricted/disable_host_loopback/tcpfwd={forwards}",
            f"ptp://{state.sockets}/{node.name}.nat",
        ],
        log, env=environment(),
    )  # fmt: skip
    try:
        for port in leads_to:
            _until(started, partial(process.listens, started.pid, port), log)
    except _EndedError:  # slirp goes on without a port that it does not get
        end(state, node, [started])
        raise
    return started


def end(state: State, node: Node, started: list[process.Process]) -> None:
    """End these processes of one node, and remove the sockets of its NAT."""
    sockets = Path(state.sockets)
    process.end(started, sockets / node.name)
    for socket_file in sockets.glob(f"{node.name}.nat*"):
        socket_file.unlink()


def start_node(state: State, node: Node, seed: Path, memory: Path) -> process.Process:
    """Boot one node from the shared root file system, its changes going to a disk of its own."""
    folder, sockets = state.folder, state.sockets
    last = node.address.rpartition(".")[2]
    words = [
        state.kernel,
        f"mem={state.memory}M",
        "ncpus=2",
        "seccomp=on",  # SMP is refused without
        f"ubd0={folder}/{node.name}.cow,{state.rootfs}",
        f"ubd1r={seed}",
        "root=/dev/ubda",
        "rw",
        "rootfstype=ext4",
        f"vec0:transport=vde,vnl=ptp://{sockets}/{node.name}.nat,mac=02:00:0a:00:02:0f",
        f"vec1:transport=vde,vnl=vde://{sockets}/switch,mac=02:00:c0:a8:38:{last}",
        f"uml_dir={sockets}/",
        f"umid={node.name}",
        "con=null",
        "con0=null,fd:1",
        "ssl=null",
        "systemd.show_status=0",
        "systemd.log_color=0",
        f"systemd.hostname={node.name}",
        f"guide.address={node.address}/24",
        "ipv6.disable_ipv6=1",  # outputs stay readable; namespaces and containers have their own
        *_no_devices(state),
    ]
    log = folder / f"{node.name}.console"
    return process.start(node.name, words, log, env=environment(TMPDIR=str(memory)))


def _no_devices(state: State) -> list[str]:
    """What keeps link types from making devices by themselves: they would stand in every `ip link`.

    bond0, dummy0, ifb0 and ifb1: the parameters of drivers/net/{bonding/bond_main,dummy,ifb}.c.
    tunl0, gre0, gretap0, erspan0 and sit0: net.core.fb_tunnels_only_for_init_net in the kernel's
    admin-guide/sysctl/net. Calico needs tunl0 on the node, and in no pod: a tunnel to any address
    receives only as the kernel's own (net/ipv4/ip_tunnel.c, ip_tunnel_lookup). So there, GRE and
    SIT do not start at all.
    """
    words = ["bonding.max_bonds=0", "dummy.numdummies=0", "ifb.numifbs=0"]
    if state.cluster and state.cluster.cni == "calico":
        return [*words, "fb_tunnels=initns", "initcall_blacklist=ipgre_init,sit_init"]
    return [*words, "fb_tunnels=none"]


def memory_folder(state: State, progress: Progress) -> Path:
    """Where the nodes' memory is: /dev/shm, or a file on disk where that is too small."""
    need = len(state.nodes) * state.memory << 20
    if doctor.shared_memory() >= need:
        return doctor.SHARED_MEMORY  # UML unlinks its file as soon as it has it
    shared = doctor.SHARED_MEMORY
    progress.note(f"{shared} has less than {need >> 20} MiB free: the nodes' memory is on disk")
    return state.folder


class _EndedError(GuideError):
    """A process ended that was to stay."""


def _until(started: process.Process, ready: Callable[[], bool], log: Path) -> None:
    """Wait until `ready()`, a few milliseconds as a rule."""
    until = time.monotonic() + 10
    while not ready():
        if not started.alive() or time.monotonic() > until:
            printed = log.read_text(encoding="utf-8", errors="replace").strip()
            state = "did not get ready" if started.alive() else "ended at once"
            raise _EndedError(f"{started.what} {state}: {printed or 'it printed nothing'}")
        time.sleep(0.005)
