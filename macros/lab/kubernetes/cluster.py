"""A cluster on a lab's nodes, from booted nodes to Ready ones, with flannel.

The order is what makes it quick on two cores: the API server alone first, then the rest at once.
Nodes are registered beforehand, so node0 has 10.42.0.0/24 in every cluster, node1 10.42.1.0/24.
"""

import io
import json
import shlex
import socket
import subprocess
import tarfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from macros.errors import GuideError
from macros.lab import Lab, state, uml
from macros.lab.kubernetes import parts, pki
from macros.lab.progress import Progress
from macros.lab.ssh import run

MEMORY = 2048
"""MiB a node gets unless told otherwise; what it does not touch, it does not take."""

_PATIENCE = 180.0  # seconds until a cluster that does not get ready counts as broken
_CONTROL = ("ca", "apiserver", "apiserver-kubelet-client", "front-proxy-ca", "front-proxy-client")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that is up."""

    version: str
    kubeconfig: Path
    kubectl: Path


def find(name: str) -> Cluster | None:
    """The cluster of a lab, None when it has none."""
    file = state.folder(name) / "kubernetes" / "cluster.json"
    if not file.is_file():
        return None
    stored = json.loads(file.read_text(encoding="utf-8"))
    return Cluster(stored["version"], Path(stored["kubeconfig"]), Path(stored["kubectl"]))


def up_lab(name: str, nodes: int, memory: int, version: str, progress: Progress) -> Cluster:
    """Start a lab and a cluster on it; one that is up is left as it is.

    Whatever ends this early leaves nothing behind.
    """
    parts.found(version)
    lab = uml.up(name, nodes, memory, progress)
    if there := find(name):
        return there
    try:
        return up(lab, version, progress)
    except BaseException:
        uml.down(name)
        raise


def described(cluster: Cluster) -> str:
    """The cluster's nodes, and how to reach it."""
    nodes = _kubectl(cluster, "get", "nodes", "-o", "wide") or "its API does not answer\n"
    return f"Kubernetes {cluster.version}, {cluster.kubeconfig}\n{nodes}".rstrip()


def up(lab: Lab, version: str, progress: Progress, proxy_mode: str = "iptables") -> Cluster:
    """Start a cluster on a fresh lab; returns when every node is Ready."""
    place = parts.found(version)
    work = state.folder(lab.name) / "kubernetes"
    progress.step(f"lab {lab.name}: making the cluster's certificates")
    pki.write(place / "bin/kubeadm", work, version, len(lab.nodes))

    progress.step(f"lab {lab.name}: starting the API server")
    script = (place / "node/prepare.sh").read_text(encoding="utf-8")
    prepare = f"bash -c {shlex.quote(script)} prepare.sh {shlex.quote(str(place))}"
    with ThreadPoolExecutor(len(lab.nodes)) as pool:
        prepared = [
            pool.submit(_on, lab, node, prepare, _secrets(work, index, proxy_mode))
            for index, node in enumerate(lab.nodes)
        ]
        kubeconfig = _forward(lab, work)
        for each in prepared:
            each.result()
    cluster = Cluster(version, kubeconfig, place / "bin/kubectl")
    _until(lambda: _kubectl(cluster, "get", "--raw", "/readyz") == "ok", "the API server")

    progress.step(f"lab {lab.name}: waiting for Ready nodes")
    _kubectl(cluster, "create", "-f", "-", stdin=_nodes(len(lab.nodes)))
    with ThreadPoolExecutor(len(lab.nodes)) as pool:
        list(pool.map(lambda node: _on(lab, node, _start(node)), lab.nodes))
    _until(lambda: _ready(cluster) == len(lab.nodes), "not every node")
    stored = {"version": version, "kubeconfig": str(kubeconfig), "kubectl": str(cluster.kubectl)}
    (work / "cluster.json").write_text(json.dumps(stored), encoding="utf-8")

    progress.step(f"lab {lab.name}: importing images")
    with ThreadPoolExecutor(len(lab.nodes)) as pool:
        list(pool.map(lambda node: _on(lab, node, _import(node)), lab.nodes))
    return cluster


def _start(node: str) -> str:
    control = "kube-controller-manager kube-scheduler " if node == "node0" else ""
    return f"systemctl start --no-block {control}flanneld kubelet kube-proxy"


def _import(node: str) -> str:
    files = ["/opt/kubernetes/images/client.tar", "/var/lib/guide/images/hello.tar"]
    if node == "node0":
        files.insert(0, "/opt/kubernetes/images/coredns.tar")
    return " && ".join(f"ctr -n k8s.io images import --local {each}" for each in files)


def _on(lab: Lab, node: str, command: str, stdin: bytes | None = None) -> None:
    answer = run(lab, node, command, timeout=120, stdin=stdin)
    if answer.exit:
        said = answer.output.decode(errors="replace").strip()
        raise GuideError(f"the cluster does not start: {said}", node=node)


def _secrets(work: Path, index: int, proxy_mode: str) -> bytes:
    """What a node gets in /etc/kubernetes, as a tar file: its own secrets and no other's."""
    node = f"node{index}"
    address = f"192.168.56.{10 + index}"
    files = {
        "kubelet.conf": (work / f"{node}.conf").read_bytes(),
        "pki/ca.crt": (work / "pki/ca.crt").read_bytes(),
        "node.env": f"NODE={node}\nADDRESS={address}\nPROXY_MODE={proxy_mode}\n".encode(),
    }
    names = [f"{user}.conf" for user in pki.USERS]
    if index == 0:
        names += ["admin.conf", "controller-manager.conf", "scheduler.conf"]
        names += [f"pki/{each}.{kind}" for each in _CONTROL for kind in ("crt", "key")]
        names += ["pki/sa.key", "pki/sa.pub"]
    files |= {name: (work / name).read_bytes() for name in names}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _forward(lab: Lab, work: Path) -> Path:
    """Lead a free port of 127.0.0.1 to the API, through node0's shared SSH connection."""
    for _ in range(5):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        words = ["ssh", "-F", str(lab.ssh_config), "-O", "forward"]
        words += ["-L", f"127.0.0.1:{port}:127.0.0.1:6443", "node0"]
        if subprocess.run(words, capture_output=True, check=False).returncode == 0:
            break
    else:
        raise GuideError("no free port for the API of the cluster")
    out = work / "kubeconfig"
    text = (work / "admin.conf").read_text(encoding="utf-8")
    out.write_text(text.replace(f"{pki.ADDRESS}:6443", f"127.0.0.1:{port}"), encoding="utf-8")
    out.chmod(0o600)
    return out


def _nodes(count: int) -> str:
    items = [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": f"node{i}", "labels": {"kubernetes.io/hostname": f"node{i}"}},
            "spec": {"podCIDR": f"10.42.{i}.0/24", "podCIDRs": [f"10.42.{i}.0/24"]},
        }
        for i in range(count)
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def _ready(cluster: Cluster) -> int:
    rows = _kubectl(cluster, "get", "nodes", "--no-headers").splitlines()
    return sum(row.split()[1] == "Ready" for row in rows)


def _kubectl(cluster: Cluster, *words: str, stdin: str | None = None) -> str:
    """What kubectl on this machine answers, "" when the API does not."""
    done = subprocess.run(
        [cluster.kubectl, "--kubeconfig", cluster.kubeconfig, "--request-timeout=10s", *words],
        input=stdin or "", capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if stdin is not None and done.returncode:
        raise GuideError(f"kubectl {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout if done.returncode == 0 else ""


def _until(ready: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + _PATIENCE
    while not ready():
        if time.monotonic() > until:
            raise GuideError(f"{what} did not get ready within {_PATIENCE:.0f} s")
        time.sleep(0.2)
