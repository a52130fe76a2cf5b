"""What the Vagrantfile does for k3s, on the Docker provider, with a program that stands in for it.

k3s cannot be had on the machines that this is made on. So this shows that files, settings and order
are as said, and nothing of what the real one makes of them (docs/tested.md).
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from macros.ground.model import Cluster
from macros.lab import providers, ssh, vagrant
from macros.lab.lab import Lab
from tests.lab.conftest import PREFIX, guide
from tests.lab.test_vagrant import PATIENCE, _reason_to_skip

NAME = f"{PREFIX}-k3s"
STAND_IN = Path(__file__).parent.parent / "data" / "vagrant" / "k3s-stand-in"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    if reason := _reason_to_skip():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("k3s")
    artifacts, lock = folder / "artifacts", folder / "k3s.lock"
    (artifacts / "k3s").mkdir(parents=True)
    content = STAND_IN.read_bytes()
    (artifacts / "k3s" / "k3s").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    lock.write_text(f"version v1.36.3+k3s1\n{digest}  k3s\n", encoding="ascii")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GUIDE_ARTIFACTS", str(artifacts))
        environment.setenv("K3S_LOCK", str(lock))
        done = guide(
            "lab", "up", "--lab", "vagrant", "--provider", "docker", "--nodes", "2",
            "--cni", "flannel", "--proxy", "nftables", "--name", NAME, timeout=PATIENCE,
        )  # fmt: skip
        try:
            assert done.returncode == 0, done.stdout
            yield providers.find(NAME)
        finally:
            vagrant.down(NAME)


def _says(lab: Lab, node: str, command: str) -> str:
    answer = ssh.run(lab, node, command)
    assert answer.exit == 0, answer.output
    return answer.output.decode().strip()


def test_each_node_runs_its_part(lab: Lab) -> None:
    assert _says(lab, "node0", "cat /run/k3s-role; systemctl is-active k3s") == "server\nactive"
    assert _says(lab, "node1", "cat /run/k3s-role; systemctl is-active k3s") == "agent\nactive"
    assert _says(lab, "node0", "systemctl --failed --plain --no-legend") == ""


def test_the_lab_says_what_cluster_it_has(lab: Lab) -> None:
    assert lab.cluster == Cluster("flannel", "nftables")
    assert lab.versions["Kubernetes"] == "1.36.3"
    assert lab.versions["k3s"] == "1.36.3+k3s1"


def test_k3s_is_told_which_card_and_what_to_leave_out(lab: Lab) -> None:
    server = _settings(_says(lab, "node0", "cat /etc/rancher/k3s/config.yaml"))
    agent = _settings(_says(lab, "node1", "cat /etc/rancher/k3s/config.yaml"))
    assert server["node-ip"] == "192.168.56.10"
    assert server["advertise-address"] == "192.168.56.10"
    assert server["flannel-iface"] == agent["flannel-iface"] == "eth1"
    assert server["flannel-backend"] == "vxlan"
    assert server["disable"] == ["traefik", "servicelb", "metrics-server", "local-storage"]
    assert server["disable-network-policy"] is True
    assert server["kube-proxy-arg"] == agent["kube-proxy-arg"] == ["proxy-mode=nftables"]
    assert agent["server"] == "https://192.168.56.10:6443"
    assert agent["node-ip"] == "192.168.56.11"
    assert agent["token"] == server["token"]
    assert len(str(server["token"])) == 48


def test_images_of_the_pages_are_where_k3s_looks(lab: Lab) -> None:
    images = _says(lab, "node1", "ls /var/lib/rancher/k3s/agent/images")
    assert "hello.tar" in images


def _settings(text: str) -> dict[str, object]:
    read = yaml.safe_load(text)
    assert isinstance(read, dict), text
    return read
