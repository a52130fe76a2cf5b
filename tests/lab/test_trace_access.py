"""How `guide trace` gets in: over SSH, by kubectl with few rights, and where a node is dark."""

import base64
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.conftest import known
from tests.lab.trace_faults import GUIDE, Cluster, kinds, unseen

_RIGHTS = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: blind}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: sees}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: sees}
rules:
- apiGroups: ["", discovery.k8s.io]
  resources: [nodes, pods, services, endpointslices]
  verbs: [list]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: sees}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sees}
subjects: [{kind: ServiceAccount, name: sees, namespace: default}, {kind: ServiceAccount, name: half, namespace: default}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: half}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: half}
rules:
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, create, get, delete]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: half}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: half}
subjects: [{kind: ServiceAccount, name: half, namespace: default}]
"""
_REQUEST = ("default/tools", "pod/hello-1")


def _as_elsewhere(
    cluster: Cluster, *words: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `guide trace` as on a cluster that is no lab: by a kubectl and a kubeconfig."""
    own = {
        name: value for name, value in os.environ.items() if name not in ("GUIDE_LAB", "KUBECONFIG")
    }
    path = f"{cluster.here.kubectl.parent}:{own['PATH']}"
    return subprocess.run(
        [*GUIDE, "trace", *words], env={**own, "PATH": path, **environment},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False, timeout=240,
    )  # fmt: skip


def _config(cluster: Cluster, folder: Path, old: str, new: str) -> Path:
    """The lab's ssh_config with something else in it."""
    text = cluster.lab.ssh_config.read_text(encoding="utf-8")
    changed = re.sub(old, new, text, count=1)
    assert changed != text
    # Connections of the lab's own are not shared: they would lead where this one does not.
    path = folder / "ssh_config"
    path.write_text(re.sub(r"ControlPath .*", "ControlPath none", changed), encoding="utf-8")
    return path


def test_there_is_no_kubeconfig(cluster: Cluster, tmp_path: Path) -> None:
    said = _as_elsewhere(cluster, *_REQUEST, HOME=str(tmp_path))
    assert said.returncode == 1
    assert "there is no kubeconfig" in said.stdout
    assert "--kubeconfig FILE" in said.stdout


def test_a_kubeconfig_that_is_not_there(cluster: Cluster, tmp_path: Path) -> None:
    said = _as_elsewhere(cluster, *_REQUEST, "--kubeconfig", str(tmp_path / "none"))
    assert said.returncode == 1
    assert str(tmp_path / "none") in said.stdout


@pytest.fixture(scope="module")
def _accounts(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two accounts: one that may do nothing, one that may only look."""
    path = tmp_path_factory.mktemp("rights") / "rights.yaml"
    path.write_text(_RIGHTS)
    cluster.kubectl("apply", "-f", str(path))
    yield
    cluster.kubectl("delete", "-f", str(path))


def _kubeconfig(cluster: Cluster, account: str, folder: Path) -> str:
    """A kubeconfig with the rights of an account."""
    view = json.loads(cluster.kubectl("config", "view", "--raw", "-o", "json"))
    token = cluster.kubectl("create", "token", account).strip()
    view["users"] = [{"name": account, "user": {"token": token}}]
    view["contexts"][0]["context"]["user"] = account
    path = folder / "kubeconfig"
    path.write_text(json.dumps(view))
    return str(path)


@pytest.mark.usefixtures("_accounts")
def test_who_may_do_nothing_learns_all_rights_to_ask_for(cluster: Cluster, tmp_path: Path) -> None:
    own = _kubeconfig(cluster, "blind", tmp_path)
    said = _as_elsewhere(cluster, *_REQUEST, "--yes", "--kubeconfig", own)
    assert said.returncode == 1
    assert "you may not list nodes, pods, services, endpointslices" in said.stdout
    assert said.stdout.count("- apiGroups") == 4


@pytest.mark.usefixtures("_accounts")
def test_who_may_not_create_pods_learns_the_right_to_ask_for(
    cluster: Cluster, tmp_path: Path
) -> None:
    before = cluster.state()
    own = _kubeconfig(cluster, "sees", tmp_path)
    said = _as_elsewhere(cluster, *_REQUEST, "--yes", "--kubeconfig", own)
    assert said.returncode == 1
    assert "you may not create" in said.stdout or "you may not list namespaces" in said.stdout
    assert 'resources: ["namespaces"]' in said.stdout
    assert cluster.state() <= before
    # Over SSH the API is only asked.
    where = ("--ssh-config", str(cluster.lab.ssh_config), "--out", str(tmp_path / "trace"))
    said = _as_elsewhere(cluster, *_REQUEST, *where, "--kubeconfig", own)
    assert said.returncode == 0, said.stdout


@pytest.mark.usefixtures("_accounts")
def test_who_may_make_a_namespace_and_no_pod_leaves_none(cluster: Cluster, tmp_path: Path) -> None:
    before = cluster.state()
    own = _kubeconfig(cluster, "half", tmp_path)
    said = _as_elsewhere(cluster, *_REQUEST, "--yes", "--kubeconfig", own)
    assert said.returncode == 1
    assert "you may not create pods" in said.stdout
    assert "a Role in the namespace guide-trace-" in said.stdout
    assert cluster.state() <= before


_SUDO = """#!/usr/local/lib/guide-root -p
[ "$1" = -n ] && shift
exec setpriv --reuid 0 --regid 0 --clear-groups "$@"
"""
"""What sudo does where it asks for no password; the lab has none. Its bash is set-user-ID root."""


_NO_JANE = (
    "sed -i /^jane:/d /etc/passwd /etc/shadow; rm -rf /home/jane;"
    "rm -f /usr/local/bin/sudo /usr/local/lib/guide-root"
)


@pytest.fixture
def _jane(cluster: Cluster) -> Iterator[None]:
    """A user on every node who is not root, and may use `sudo`."""
    program = base64.b64encode(_SUDO.encode()).decode()
    make = (
        "echo jane:x:1234:1234::/home/jane:/bin/bash >>/etc/passwd; echo 'jane:*:::::::' >>/etc/shadow;"
        "mkdir -p /home/jane && cp -r /root/.ssh /home/jane/ && chown -R 1234:1234 /home/jane;"
        "install -m 4755 /bin/bash /usr/local/lib/guide-root;"
        f"echo {program} | base64 -d >/usr/local/bin/sudo; chmod 755 /usr/local/bin/sudo"
    )
    for node in cluster.lab.nodes:
        cluster.on(node, make)
    yield
    for node in cluster.lab.nodes:
        cluster.on(node, _NO_JANE)


@pytest.mark.usefixtures("_jane")
def test_a_user_with_sudo_traces_as_root_does(cluster: Cluster, tmp_path: Path) -> None:
    before = cluster.state()
    config = _config(cluster, tmp_path, "User root", "User jane")
    where = ("--kubeconfig", str(cluster.here.kubeconfig), "--ssh-config", str(config))
    out = tmp_path / "trace"
    said = _as_elsewhere(cluster, "default/tools", "hello", *where, "--sudo", "--out", str(out))
    assert said.returncode == 0, said.stdout
    traced = json.loads((out / "trace.json").read_text())
    assert (kinds(traced), unseen(traced), traced["notes"]) == ([], [], []), said.stdout
    assert cluster.state() <= before
    said = _as_elsewhere(cluster, "default/tools", "hello", *where)
    assert said.returncode == 1
    assert "run this as root" in said.stdout


def test_a_node_without_access_is_dark_and_the_rest_is_told(
    cluster: Cluster, tmp_path: Path
) -> None:
    config = _config(cluster, tmp_path, r"(HostKeyAlias node1\n  Port) \d+", r"\1 1")
    where = ("--kubeconfig", str(cluster.here.kubeconfig), "--ssh-config", str(config))
    out = tmp_path / "trace"
    said = _as_elsewhere(cluster, *_REQUEST, *where, "--out", str(out))
    assert said.returncode == 0, said.stdout
    assert "ARRIVED" in said.stdout
    assert "node1 is dark: SSH does not reach it" in said.stdout
    assert "not looked at" in (out / "index.html").read_text()
    traced = json.loads((out / "trace.json").read_text())
    assert kinds(traced) == []
    assert any(end.startswith("node0/:") for end in traced["stops"])


def test_a_node_that_stands_still_is_dark_and_where_it_was_lost_is_told(
    cluster: Cluster, tmp_path: Path
) -> None:
    (machine,) = (one for one in known(cluster.lab.name).processes if one.what == "node1")
    os.kill(machine.pid, signal.SIGSTOP)
    try:
        traced, said = cluster.trace(_REQUEST, tmp_path)
    finally:
        os.kill(machine.pid, signal.SIGCONT)
    assert not traced["came"]
    assert "node1 is dark" in said
    assert "NO ANSWER CAME BACK" in said
    assert traced["loss"]["last"]["end"].startswith("node0/"), said
    cluster.kubectl("wait", "--for=condition=Ready", "node/node1", "--timeout=180s")


def test_anonymous_nobody_is_named(cluster: Cluster, tmp_path: Path) -> None:
    words = ("default/tools", "hello", "--command", "curl -sS http://hello/")
    real, _ = cluster.trace(words, tmp_path / "real")
    _, said = cluster.trace(words, tmp_path / "other", "--anonymous")
    text = json.dumps(real)
    names = {*real["cluster"]["nodes"]}
    names |= {pod["name"] for pod in real["cluster"]["pods"]}
    names |= {one["metadata"]["name"] for one in real["cluster"]["services"]} - {"kubernetes"}
    addresses = {*re.findall(r"(?<![\d.])(?:10|192)(?:\.\d{1,3}){3}(?![\d.])", text)}
    macs = {*re.findall(r"(?<![0-9a-f:])[0-9a-f][02468ace](?::[0-9a-f]{2}){5}(?![0-9a-f:])", text)}
    raw = {bytes(map(int, one.split("."))) for one in addresses if not one.endswith(".0")}
    raw |= {bytes.fromhex(one.replace(":", "")) for one in macs - {"00:00:00:00:00:00"}}
    numbers = {one.hex() for one in raw if len(one) == 4}
    for path in (tmp_path / "other").rglob("*"):
        if path.suffix in (".pcap", ".pcapng"):
            assert not [one for one in raw if one in path.read_bytes()], path
    html = (tmp_path / "other" / "index.html").read_text()
    body = html[html.index("<body") :]
    for where in (said, body, (tmp_path / "other" / "trace.json").read_text()):
        for name in (*addresses, *macs - {"00:00:00:00:00:00"}, *names - {"one", "lost"}):
            found = re.search(rf"(?<![\w.]){re.escape(name)}(?![\w\"<])", where)
            assert found is None, where[found.start() - 60 : found.end() + 60]
        assert not [one for one in numbers if f"0x{one}" in where]
