"""A cluster's store, served on this machine for as long as it takes to write first objects into it.

On a node of the lab that would be part of every start, and slow.
"""

import contextlib
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

from macros.ground.errors import GuideError
from macros.lab import paths, process
from macros.lab.kubernetes import pki, releases
from macros.lab.tools import environment

_PATIENCE = 240.0  # seconds; it takes five
_TAIL = 5
_WIDTH = 240
"""Lines of a server that did not get ready that a person is shown, and characters of each."""


@contextlib.contextmanager
def served(parts: Path, version: str, work: Path) -> Iterator[list[str]]:
    """Run store and API server on what is in `work`/etcd, or nothing yet; kubectl's first words.

    `parts` is the folder that has the programs. Both have ended when the block has.
    """
    # The clusters' own secrets: what the store says of their authority stays true.
    secrets = pki.kept(parts / "bin/kubeadm", version)
    peer, client, api = (f"127.0.0.1:{port}" for port in process.free_ports(3))
    certificates = secrets / "pki"
    store: list[str | Path] = [
        parts / "bin/etcd", "--name=node0", f"--data-dir={work}/etcd", "--unsafe-no-fsync",
        f"--listen-client-urls=http://{client}", "--advertise-client-urls=http://127.0.0.1:2379",
        f"--listen-peer-urls=http://{peer}", "--log-level=warn",
    ]  # fmt: skip
    server: list[str | Path] = [
        parts / "bin/kube-apiserver", "--advertise-address=192.168.56.10",
        "--bind-address=127.0.0.1", f"--secure-port={api.rpartition(':')[2]}",
        "--endpoint-reconciler-type=none", f"--etcd-servers=http://{client}",
        "--authorization-mode=Node,RBAC", "--service-cluster-ip-range=10.43.0.0/16",
        "--allow-privileged",
        f"--client-ca-file={certificates}/ca.crt",
        f"--tls-cert-file={certificates}/apiserver.crt",
        f"--tls-private-key-file={certificates}/apiserver.key",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={certificates}/sa.pub",
        f"--service-account-signing-key-file={certificates}/sa.key",
    ]  # fmt: skip
    kubectl = [
        str(parts / "bin/kubectl"), "--kubeconfig", str(secrets / "super-admin.conf"),
        "--server", f"https://{api}",
        # Else it keeps what it learnt of this cluster in the person's home, for ever.
        "--cache-dir", str(work / "kubectl"),
    ]  # fmt: skip
    server = releases.words("kube-apiserver", server, version)
    with _running(store, work / "etcd.log"), _running(server, work / "api.log") as serves:
        _until_ready(kubectl, serves, work / "api.log", version)
        yield kubectl


def _until_ready(
    kubectl: list[str], server: subprocess.Popen[bytes], log: Path, version: str
) -> None:
    """Return when the API server is ready. GuideError with its last words when it is not.

    All its words are kept in the cache then: `log` goes with what is half-made.
    """
    until = time.monotonic() + _PATIENCE
    ask = [*kubectl, "get", "--raw", "/readyz"]
    while subprocess.run(ask, capture_output=True, check=False).returncode:
        ended = server.poll()
        if ended is None and time.monotonic() < until:
            time.sleep(0.1)
            continue
        kept = paths.cache() / "kubernetes" / f"api-{version}.log"
        shutil.copyfile(log, kept)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        how = f"within {_PATIENCE:.0f} s" if ended is None else f"and ended with exit code {ended}"
        unknown = any("unknown flag" in line for line in lines)
        raise GuideError(
            f"the API server of Kubernetes {version} did not get ready {how}\n"
            + "\n".join(f"    {line[:_WIDTH]}" for line in lines[-_TAIL:])
            + f"\n  whole log: {kept}",
            fix="say in macros/lab/kubernetes/releases.py what this release does not know"
            if unknown
            else "read the log; if it is this release, build another: --version",
        )


@contextlib.contextmanager
def controlled(
    parts: Path, version: str, work: Path, kubectl: list[str], controllers: str
) -> Iterator[None]:
    """Run these controllers on a store that is served, as `served` says by `kubectl`."""
    secrets = pki.kept(parts / "bin/kubeadm", version)
    manager: list[str | Path] = [
        parts / "bin/kube-controller-manager", "--leader-elect=false", "--secure-port=0",
        f"--master={kubectl[kubectl.index('--server') + 1]}",
        "--kubeconfig", secrets / "super-admin.conf",
        f"--root-ca-file={secrets}/pki/ca.crt", f"--controllers={controllers}",
    ]  # fmt: skip
    manager = releases.words("kube-controller-manager", manager, version)
    with _running(manager, work / "manager.log"):
        yield


def pack(work: Path, out: Path) -> None:
    """Keep the store of `work`, which nobody serves any more."""
    with tarfile.open(out, "w:gz", compresslevel=1) as archive:
        archive.add(work / "etcd/member", "member")


def unpack(kept: Path, work: Path) -> None:
    """Put a store that was kept into `work`, to be served again."""
    (work / "etcd").mkdir(mode=0o700)
    with tarfile.open(kept) as archive:
        archive.extractall(work / "etcd", filter="data")


@contextlib.contextmanager
def _running(words: list[str | Path], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The program, for as long as the block lasts; ended with us if we are killed."""
    with log.open("wb") as output:
        running = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *words],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment(),
        )  # fmt: skip
        try:
            yield running
        finally:
            running.send_signal(signal.SIGTERM)
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
