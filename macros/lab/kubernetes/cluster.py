"""A cluster on a lab's nodes, from booting machines to Ready nodes whose pods can talk.

The order is what makes it quick on two cores: the store and the API start while node0 boots, the
rest at once when the API answers. Nodes are registered beforehand, so node0 has 10.42.0.0/24 in
every cluster, node1 10.42.1.0/24.
"""

import json
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from macros.ground.errors import GuideError
from macros.ground.model import Cluster
from macros.lab import paths, state, uml
from macros.lab.kubernetes import calico, parts, pki
from macros.lab.kubernetes.api import Api
from macros.lab.lab import Lab
from macros.lab.progress import Progress
from macros.lab.ssh import run
from macros.lab.state import Node, State

MEMORY = 2048
"""MiB a node gets unless told otherwise; what it does not touch, it does not take."""

_PATIENCE = 240.0  # seconds until a cluster that does not get ready counts as broken
_WHOLE = paths.SCRIPTS / "node" / "whole.sh"
_LOOK = 0.3  # seconds between two looks
_CONTROL = ("ca", "apiserver", "apiserver-kubelet-client", "front-proxy-ca", "front-proxy-client")
_BACKENDS: Mapping[str, Mapping[str, object]] = {
    "flannel": {"Type": "vxlan", "VNI": 1, "Port": 8472},
    "flannel-host-gw": {"Type": "host-gw"},
    "flannel-dual": {"Type": "vxlan", "VNI": 1, "Port": 8472},
}
_PODS = ("10.42.0.0/16", "fd42::/48")
_SERVICES = ("10.43.0.0/16", "fd43::/112")
"""The ranges, IPv4 first; the second of each only where a cluster has both families."""
_AGENTS = "kube-controller-manager kube-scheduler flanneld kubelet kube-proxy"
"""Units whose conditions know on which machines, and with which network, they mean anything."""


@dataclass(frozen=True, slots=True)
class Running:
    """A cluster that is up."""

    version: str
    kubeconfig: Path
    kubectl: Path


def find(name: str) -> Running | None:
    """The cluster of a lab, None when it has none, or is not whole yet."""
    lab = state.read(name)
    if lab is None or not lab.cluster or not _kubeconfig(lab).is_file():
        return None
    return Running(lab.kubernetes, _kubeconfig(lab), _parts(lab) / "bin/kubectl")


def up(
    name: str,
    nodes: int,
    memory: int,
    progress: Progress,
    *,
    cluster: Cluster,
    version: str,
    outside: bool = False,
    anew: bool = False,
    keep: bool = False,
) -> Lab:
    """Start a lab and a cluster on it, as `uml.up` starts a lab.

    What it needs is looked for first, and made where it can be, before a lab is touched.
    """
    parts_folder = parts.found(version)
    disk = (
        calico.disk(parts_folder, version, progress)
        if cluster.cni == "calico"
        else parts_folder / parts.DISK
    )
    secrets = pki.kept(parts_folder / "bin/kubeadm", version)
    addition = uml.Addition(
        cluster=cluster,
        version=version,
        rootfs=disk,
        versions=_versions(parts_folder, cluster),
        files=partial(_files, parts_folder, secrets, cluster),
        begin=_begin,
    )
    return uml.up(
        name, nodes, memory, progress,
        outside=outside, addition=addition, anew=anew, keep=keep,
    )  # fmt: skip


def described(cluster: Running) -> str:
    """The cluster's nodes, and how to reach it."""
    done = subprocess.run(
        [cluster.kubectl, "--kubeconfig", cluster.kubeconfig, "--request-timeout=10s",
         # Else it keeps what it learnt of this cluster in the person's home, for ever.
         "--cache-dir", cluster.kubeconfig.parent / "kubectl", "get", "nodes", "-o", "wide"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    nodes = done.stdout if done.returncode == 0 else "its API does not answer"
    return f"Kubernetes {cluster.version}, {cluster.kubeconfig}\n{nodes}".rstrip()


def _begin(notes: State, progress: Progress) -> None:
    """Bring the cluster up on machines that have booted."""
    lab = uml.as_lab(notes)
    cluster = notes.cluster
    assert cluster is not None  # noqa: S101  an addition has one
    nodes = [node.name for node in notes.nodes if node.name.startswith("node")]
    _write_kubeconfig(notes)
    api = Api(_kubeconfig(notes))

    progress.step(f"lab {lab.name}: waiting for the API of the cluster")
    _until(api.ready, "the cluster's API did not get ready", lab)
    for thing in _nodes(len(nodes), notes.memory, dual=_dual(cluster)):
        api.create("/api/v1/nodes", thing)

    progress.step(f"lab {lab.name}: waiting for Ready nodes")
    start = f"touch /etc/kubernetes/started; systemctl start --no-block {_AGENTS}"
    _on_all(lab, nodes, lambda _: start)
    if cluster.cni == "calico":
        calico.begin(lab, api, progress)
    if cluster.cni == "none":  # without a network between pods no node gets Ready
        _until(lambda: _known(api) == len(nodes), "not every node's kubelet reported", lab)
        return
    _until(lambda: _ready(api) == len(nodes), "not every node became Ready", lab)

    progress.step(f"lab {lab.name}: waiting for CoreDNS")
    dns = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
    _until(lambda: bool(_at(api.get(dns), "status", "readyReplicas")), "CoreDNS did not run", lab)
    script = _WHOLE.read_text(encoding="utf-8")
    networks = [f"10.42.{index}.0/24" for index in range(len(nodes))]
    _on_all(
        lab, nodes, lambda node: _whole(script, cluster, networks, node), timeout=_PATIENCE
    )  # fmt: skip


def _whole(script: str, cluster: Cluster, networks: list[str], node: str) -> str:
    own = int(node.removeprefix("node"))
    others = [network for index, network in enumerate(networks) if index != own]
    words = shlex.join([cluster.cni, cluster.proxy, *others])
    return f"bash -c {shlex.quote(script)} whole.sh {words}"


def _on_all(lab: Lab, nodes: list[str], command: Callable[[str], str], timeout: float = 60) -> None:
    """Run a command on every node at once."""
    with ThreadPoolExecutor(len(nodes)) as pool:
        list(pool.map(lambda node: _on(lab, node, command(node), timeout), nodes))


def _on(lab: Lab, node: str, command: str, timeout: float) -> None:
    answer = run(lab, node, command, timeout=timeout)
    if answer.exit:
        message = answer.output.decode(errors="replace").strip()
        raise GuideError(f"the cluster does not start: {message}", node=node)


def _files(parts_folder: Path, secrets: Path, cluster: Cluster, node: Node) -> dict[str, bytes]:
    """What a machine finds in /etc at its start: its own secrets and no other's."""
    if not node.name.startswith("node"):
        return {}
    families = 2 if _dual(cluster) else 1
    addresses = (node.address, _second_address(node.address))[:families]
    words = {
        "PARTS": parts_folder, "NODE": node.name, "ADDRESS": node.address,
        "PROXY_MODE": cluster.proxy,
        "ADDRESSES": ",".join(addresses), "PODS": ",".join(_PODS[:families]),
        "SERVICES": ",".join(_SERVICES[:families]),
    }  # fmt: skip
    files = {
        "kubelet.conf": (secrets / f"{node.name}.conf").read_bytes(),
        "node.env": "".join(f"{name}={value}\n" for name, value in words.items()).encode(),
    }
    names = ["pki/ca.crt", *(f"{user}.conf" for user in pki.USERS)]
    if node.name == "node0":
        names += ["admin.conf", "controller-manager.conf", "scheduler.conf"]
        names += [f"pki/{pair}.{kind}" for pair in _CONTROL for kind in ("crt", "key")]
        names += ["pki/sa.key", "pki/sa.pub"]
    files |= {name: (secrets / name).read_bytes() for name in names}
    seed = {f"etc/kubernetes/{name}": content for name, content in files.items()}
    if backend := _BACKENDS.get(cluster.cni):
        dual = _dual(cluster)
        network = {"Network": _PODS[0], "EnableIPv6": dual, "Backend": backend}
        network |= {"IPv6Network": _PODS[1]} if dual else {}
        seed["etc/kubernetes/flannel.json"] = json.dumps(network).encode()
        seed["etc/kubernetes/10-flannel.conflist"] = json.dumps(_CONFLIST, indent=2).encode()
    return seed


_CONFLIST = {
    "name": "cbr0",
    "cniVersion": "0.3.1",
    "plugins": [
        {
            "type": "flannel",
            "delegate": {"hairpinMode": True, "forceAddress": True, "isDefaultGateway": True},
        },
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ],
}
"""As k3s writes it. flanneld's unit puts it where the container runtime looks."""


def _dual(cluster: Cluster) -> bool:
    return cluster.cni == "flannel-dual"


def _second_address(address: str) -> str:
    """A node's IPv6 address on the nodes' network: fd56::10 beside 192.168.56.10."""
    return f"fd56::{address.rpartition('.')[2]}"


def _versions(parts_folder: Path, cluster: Cluster) -> dict[str, str]:
    """What this cluster consists of; a network that it does not have is left out."""
    versions: dict[str, str] = json.loads(
        (parts_folder / "versions.json").read_text(encoding="utf-8")
    )
    if not cluster.cni.startswith("flannel"):
        del versions["flannel"]
    if cluster.cni == "calico":
        versions |= calico.versions()
    return versions


def _parts(notes: State) -> Path:
    return Path(notes.rootfs).parent


def _kubeconfig(notes: State) -> Path:
    return notes.folder / "kubeconfig"


def _write_kubeconfig(notes: State) -> None:
    """A kubeconfig for this machine, by the port that leads to the API."""
    secrets = pki.kept(_parts(notes) / "bin/kubeadm", notes.kubernetes)
    text = (secrets / "admin.conf").read_text(encoding="utf-8")
    out = _kubeconfig(notes)
    out.touch(mode=0o600)
    out.write_text(
        text.replace(f"{pki.ADDRESS}:6443", f"127.0.0.1:{notes.api}"), encoding="utf-8"
    )  # fmt: skip


def _nodes(count: int, memory: int, *, dual: bool = False) -> list[dict[str, Any]]:
    """The nodes as the API is told of them: with a network each, so that nobody chooses one.

    And with room for pods, `memory` in MiB: kubelet refuses the pod that waits for it on a node
    that has none, and looks at itself only later. And with the annotation that the controllers
    would give them: flanneld 0.28.10 dies of a node that has none (AcquireLease in
    pkg/subnet/kube/kube.go writes into the map as it comes).
    """
    room = {"cpu": "2", "memory": f"{memory}Mi", "pods": "110"}
    roles = {"node-role.kubernetes.io/control-plane": "true"}  # as k3s calls its server
    return [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": f"node{i}",
                "labels": {"kubernetes.io/hostname": f"node{i}", **(roles if i == 0 else {})},
                "annotations": {"node.alpha.kubernetes.io/ttl": "0"},
            },
            "spec": {"podCIDR": f"10.42.{i}.0/24", "podCIDRs": _parts_of(i)[: 2 if dual else 1]},
            "status": {"capacity": room, "allocatable": room},
        }
        for i in range(count)
    ]


def _parts_of(node: int) -> list[str]:
    """A node's parts of the pods' ranges."""
    return [f"10.42.{node}.0/24", f"fd42:0:0:{node}::/64" if node else "fd42::/64"]


def _known(api: Api) -> int:
    """How many nodes' kubelets have reported."""
    return sum(bool(_at(node, "status", "nodeInfo", "kubeletVersion")) for node in _items(api))


def _ready(api: Api) -> int:
    """How many nodes are Ready."""
    return sum(
        condition["type"] == "Ready" and condition["status"] == "True"
        for node in _items(api)
        for condition in _at(node, "status", "conditions") or ()
    )


def _items(api: Api) -> list[Any]:
    return list(_at(api.get("/api/v1/nodes"), "items") or [])


def _at(value: Any, *keys: str) -> Any:
    """What is below these keys, None where one is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _until(holds: Callable[[], bool], trouble: str, lab: Lab) -> None:
    until = time.monotonic() + _PATIENCE
    while not holds():
        if time.monotonic() > until:
            raise GuideError(f"{trouble} within {_PATIENCE:.0f} s\n{_failed(lab)}")
        time.sleep(_LOOK)


def _failed(lab: Lab) -> str:
    """The last words of units that are not well, for whoever has to find out."""
    look = (
        "systemctl list-units --state=failed,activating --plain --no-legend; journalctl -p 3 -n 9"
    )
    answers = [
        f"{node}: {run(lab, node, look).output.decode(errors='replace')}" for node in lab.nodes
    ]
    return "\n".join(answers)
