"""What nodes of a cluster are given, and what is asked for on the way."""

import json
import stat
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Cluster
from macros.lab.kubernetes import cluster, parts, pki
from macros.lab.state import Node

KUBEADM = """\
#!/bin/sh
# Stands for kubeadm: notes its words, prints a kubeconfig.
echo "$*" >>"${0%/*}/log"
echo "kubeconfig of $*"
"""


def _names(secrets: Path, node: Node, cni: str = "flannel") -> set[str]:
    files = cluster._files(Path("parts"), secrets, Cluster(cni, "iptables"), node)
    return {name.removeprefix("etc/kubernetes/") for name in files}


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    (tmp_path / "pki").mkdir()
    names = ["admin.conf", "controller-manager.conf", "scheduler.conf", "pki/sa.key", "pki/sa.pub"]
    names += [f"{user}.conf" for user in (*pki.USERS, "node0", "node1")]
    names += [
        f"pki/{component}.{kind}" for component in cluster._CONTROL for kind in ("crt", "key")
    ]
    for name in names:
        (tmp_path / name).write_text(name, encoding="ascii")
    return tmp_path


def test_a_worker_gets_no_secret_of_the_control_plane(secrets: Path) -> None:
    worker = _names(secrets, Node("node1", "192.168.56.11"), "none")
    expected = {"kubelet.conf", "kube-proxy.conf", "flannel.conf", "node.env", "pki/ca.crt"}
    assert worker == expected
    control = _names(secrets, Node("node0", "192.168.56.10"))
    assert {"pki/ca.key", "pki/sa.key", "admin.conf"} <= control


def test_a_machine_outside_gets_nothing_of_the_cluster(secrets: Path) -> None:
    assert not _names(secrets, Node("client", "192.168.56.50"))


@pytest.mark.parametrize(("cni", "backend"), [("flannel", "vxlan"), ("flannel-host-gw", "host-gw")])
def test_the_network_between_pods_is_the_one_asked_for(
    secrets: Path, cni: str, backend: str
) -> None:
    node = Node("node0", "192.168.56.10")
    files = cluster._files(Path("parts"), secrets, Cluster(cni, "iptables"), node)
    assert json.loads(files["etc/kubernetes/flannel.json"])["Backend"]["Type"] == backend
    assert "etc/kubernetes/10-flannel.conflist" in files
    assert not any("flannel" in name for name in _names(secrets, node, "none") - {"flannel.conf"})


def test_nodes_always_have_the_same_pod_networks() -> None:
    parts = [(node["metadata"], node["spec"]) for node in cluster._nodes(3, 2048)]
    assert [(about["name"], spec["podCIDR"]) for about, spec in parts] == [
        ("node0", "10.42.0.0/24"),
        ("node1", "10.42.1.0/24"),
        ("node2", "10.42.2.0/24"),
    ]


def test_a_cluster_with_both_families_has_two_ranges_of_each_kind_and_others_have_one(
    secrets: Path,
) -> None:
    node = Node("node1", "192.168.56.11")
    both = cluster._files(Path("parts"), secrets, Cluster("flannel-dual", "iptables"), node)
    env = dict(line.split("=", 1) for line in both["etc/kubernetes/node.env"].decode().split())
    assert env["ADDRESSES"] == "192.168.56.11,fd56::11"
    assert env["PODS"] == "10.42.0.0/16,fd42::/48"
    assert env["SERVICES"] == "10.43.0.0/16,fd43::/112"
    network = json.loads(both["etc/kubernetes/flannel.json"])
    assert network["EnableIPv6"] is True
    assert network["IPv6Network"] == "fd42::/48"
    parts = [node["spec"]["podCIDRs"] for node in cluster._nodes(2, 2048, dual=True)]
    assert parts == [["10.42.0.0/24", "fd42::/64"], ["10.42.1.0/24", "fd42:0:0:1::/64"]]

    files = cluster._files(Path("parts"), secrets, Cluster("flannel", "iptables"), node)
    assert b"fd4" not in files["etc/kubernetes/node.env"] + files["etc/kubernetes/flannel.json"]
    assert all(len(node["spec"]["podCIDRs"]) == 1 for node in cluster._nodes(2, 2048))


def test_every_node_and_program_has_a_name_of_its_own(tmp_path: Path) -> None:
    kubeadm = tmp_path / "kubeadm"
    kubeadm.write_text(KUBEADM, encoding="utf-8")
    kubeadm.chmod(kubeadm.stat().st_mode | stat.S_IXUSR)
    pki.write(kubeadm, tmp_path / "out", "v1.36.3", 2)
    asked = (tmp_path / "log").read_text(encoding="utf-8")
    assert "--client-name system:node:node1 --org system:nodes" in asked
    assert "--client-name system:kube-proxy" in asked
    assert (tmp_path / "out/node1.conf").read_text("utf-8").startswith("kubeconfig of")
    _, settings = (tmp_path / "out/kubeadm.json").read_text("utf-8").split("\n---\n")
    assert json.loads(settings)["networking"]["podSubnet"] == "10.42.0.0/16"


def test_a_cluster_without_built_parts_says_what_to_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(GuideError, match="are not built") as caught:
        parts.found("v1.34.4")
    assert caught.value.fix == "guide lab build --kubernetes --version v1.34.4"


def test_a_lab_without_a_cluster_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cluster.find("none") is None
