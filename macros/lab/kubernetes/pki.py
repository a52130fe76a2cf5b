"""Certificates and kubeconfigs of a cluster, made by kubeadm on this machine in two seconds."""

import hashlib
import json
import shutil
import time
from pathlib import Path

from macros.ground.locks import locked
from macros.lab import paths
from macros.lab.kubernetes import releases
from macros.lab.tools import call

ADDRESS = "192.168.56.10"
"""node0's, where the API is."""

MOST_NODES = 9
"""As many as a lab has; each has a certificate of its own."""

_DAYS = 90
"""What kubeadm makes is good for a year."""

USERS = ("kube-proxy", "flannel")
"""Programs on every node that have a kubeconfig of their own, beside kubelet."""


def kept(kubeadm: Path, version: str) -> Path:
    """The secrets of this user's clusters: made once, and again when they are old.

    Clusters of one user share them: their APIs are reached through 127.0.0.1 only, and making them
    anew would cost each start what starting ten programs costs.
    """
    made_of = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    folder = paths.cache() / "kubernetes" / f"secrets-{version}-{made_of}"
    with locked(paths.cache() / "kubernetes-secrets.lock", None):
        if folder.is_dir() and time.time() - folder.stat().st_mtime < _DAYS * 86400:
            return folder
        new = folder.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        write(kubeadm, new, version, MOST_NODES)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    return folder


def write(kubeadm: Path, into: Path, version: str, nodes: int = 1) -> None:
    """Write `into`/pki, the control plane's *.conf, and one for each program of each node."""
    into.mkdir(parents=True, mode=0o700)
    settings = into / "kubeadm.json"
    settings.write_text(_settings(version, into / "pki"), encoding="utf-8")
    for phase in (("certs", "all"), ("kubeconfig", "all", "--kubeconfig-dir", str(into))):
        call(
            kubeadm, "init", "phase", *phase, "--config", settings,
            what=f"making the cluster's {phase[0]}",
        )  # fmt: skip
    for user in USERS:
        name = "system:kube-proxy" if user == "kube-proxy" else user
        _user(kubeadm, settings, into / f"{user}.conf", name)
    for index in range(nodes):
        name, out = f"system:node:node{index}", into / f"node{index}.conf"
        _user(kubeadm, settings, out, name, "--org", "system:nodes")


def _user(kubeadm: Path, settings: Path, out: Path, name: str, *more: str) -> None:
    printed = call(
        kubeadm, "kubeconfig", "user", "--config", settings, "--client-name", name, *more,
        what=f"making the kubeconfig of {name}",
    )  # fmt: skip
    out.write_text(printed, encoding="utf-8")


def _settings(version: str, certificates: Path) -> str:
    """The configuration of kubeadm: one YAML document after the other, of which JSON is a kind."""
    kind = {"apiVersion": f"kubeadm.k8s.io/{releases.of(version).kubeadm}"}
    init = {
        **kind,
        "kind": "InitConfiguration",
        "nodeRegistration": {"name": "node0"},
        "localAPIEndpoint": {"advertiseAddress": ADDRESS, "bindPort": 6443},
    }
    cluster = {
        **kind,
        "kind": "ClusterConfiguration",
        "kubernetesVersion": version,
        "clusterName": "guide",
        "certificatesDir": str(certificates),
        "controlPlaneEndpoint": f"{ADDRESS}:6443",
        "apiServer": {"certSANs": ["127.0.0.1", "localhost"]},
        "networking": {"podSubnet": "10.42.0.0/16", "serviceSubnet": "10.43.0.0/16"},
    }
    return f"{json.dumps(init)}\n---\n{json.dumps(cluster)}\n"
