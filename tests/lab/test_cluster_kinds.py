"""Every kind of cluster that `guide lab up` offers, seen up; Calico's is in test_calico.py."""

import json
import re
import subprocess

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Cluster
from macros.lab import providers, uml
from macros.lab.kubernetes import cluster as clusters
from macros.lab.kubernetes import parts
from macros.lab.lab import Lab
from macros.lab.ssh import run
from tests.lab.conftest import guide
from tests.lab.test_cluster_pods import MANIFESTS, PATIENCE, kubectl, on

OTHER = "v1.34.4"


def _up(name: str, *words: str) -> Lab:
    done = guide("lab", "up", "--name", name, *words, timeout=900)
    assert done.returncode == 0, done.stdout
    return providers.find(name)


def _pods(lab: Lab) -> None:
    """`tools` on node0 and a `hello` on each of two nodes."""
    files = [f"--filename={MANIFESTS / name}" for name in ("hello.yaml", "tools.yaml")]
    kubectl(lab, "apply", *files)
    kubectl(lab, "scale", "sts/hello", "--replicas=2")
    kubectl(lab, "rollout", "status", "sts/hello", "--timeout=280s")
    kubectl(lab, "wait", "--for=condition=Ready", "pod/tools", "--timeout=280s")


def _answers(lab: Lab) -> set[str]:
    """Whose answers a pod gets that asks the Service by its name."""
    ask = "for i in $(seq 20); do curl -s -m 20 http://hello; done"
    printed = kubectl(lab, "exec", "tools", "--", "sh", "-c", ask)
    return set(re.findall(r"hello from (\S+) at", printed))


def test_without_a_network_nodes_are_known_and_not_ready(name: str) -> None:
    lab = _up(name, "--nodes", "2", "--cni", "none")
    assert lab.cluster == Cluster("none", "iptables")
    assert "flannel" not in lab.versions
    nodes = json.loads(kubectl(lab, "get", "nodes", "-o", "json"))["items"]
    conditions = [condition for node in nodes for condition in node["status"]["conditions"]]
    assert [condition["status"] for condition in conditions if condition["type"] == "Ready"] == [
        "False",
        "False",
    ]
    assert on(lab, "node1", "ls /etc/cni/net.d; ip -br link").count("\n") == 3, "lo, eth0, eth1"
    reset = guide("lab", "reset", "--name", name, timeout=900)
    assert reset.returncode == 0, reset.stdout
    fresh = providers.find(name)
    assert (fresh.cluster, fresh.nodes) == (lab.cluster, lab.nodes)
    assert fresh.instance != lab.instance


def test_routes_instead_of_tunnels_nftables_and_a_machine_outside(name: str) -> None:
    lab = _up(
        name, "--nodes", "2", "--cni", "flannel-host-gw", "--proxy", "nftables", "--outside"
    )  # fmt: skip
    assert lab.cluster == Cluster("flannel-host-gw", "nftables")
    assert lab.nodes == ("node0", "node1", "client")
    assert "10.42.1.0/24 via 192.168.56.11 dev eth1" in on(lab, "node0", "ip route")
    assert "flannel.1" not in on(lab, "node0", "ls /sys/class/net")
    _pods(lab)
    assert _answers(lab) == {"hello-0", "hello-1"}
    assert "10.43.0.80" in on(lab, "node0", "nft list table ip kube-proxy")
    assert "KUBE-SVC" not in on(lab, "node0", "iptables-save")
    # What is seen on the wire between nodes is the pods' own packet.
    address = kubectl(lab, "get", "pod", "hello-1", "-o", "jsonpath={.status.podIP}")
    script = (
        "timeout 100 tcpdump -nn -l -c 1 -i eth1 icmp >/tmp/t 2>&1 &"
        " until grep -q 'listening on' /tmp/t; do sleep 0.1; done;"
        f" kubectl exec tools -- ping -c 1 {address}; wait; cat /tmp/t"
    )
    printed = on(lab, "node0", script, timeout=200)
    assert re.search(rf"IP 10\.42\.0\.\d+ > {re.escape(address)}: ICMP echo request", printed)
    _outside(lab)


def _outside(lab: Lab) -> None:
    """The client is no node, reaches a NodePort, and can be put on a second subnet."""
    assert "client" not in kubectl(lab, "get", "nodes")
    kubectl(lab, "patch", "svc/hello", "--patch", '{"spec": {"type": "NodePort"}}')
    port = kubectl(lab, "get", "svc/hello", "-o", "jsonpath={.spec.ports[0].nodePort}")
    ask = f"until curl -s -m 5 http://node1:{port}; do sleep 0.5; done"
    assert "hello from hello-" in on(lab, "client", ask, timeout=PATIENCE)
    on(lab, "client", "ip addr add 192.168.57.50/24 dev eth1")
    on(lab, "node0", "ip addr add 192.168.57.10/24 dev eth1")
    assert " 0% packet loss" in on(lab, "client", "ping -c 1 -I 192.168.57.50 192.168.57.10")
    # With nftables a NodePort is there at the node's own address only (--nodeport-addresses).
    refused = run(lab, "client", f"curl -s -m 5 http://192.168.57.10:{port}")
    assert refused.exit == 7


def test_another_version_comes_up_with_pods_that_talk_across_nodes(name: str) -> None:
    try:
        parts.found(OTHER)
    except GuideError as error:
        pytest.skip(str(error))
    lab = _up(name, "--nodes", "2", "--cni", "flannel", "--version", OTHER)
    assert lab.versions["Kubernetes"] == OTHER.removeprefix("v")
    here = clusters.find(name)
    assert here is not None
    done = subprocess.run(
        [here.kubectl, "--kubeconfig", here.kubeconfig, "version"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.count(OTHER) == 2, "kubectl on this machine, and the API"
    assert kubectl(lab, "get", "nodes").count(f" {OTHER}") == 2
    _pods(lab)
    assert _answers(lab) == {"hello-0", "hello-1"}
    uml.down(name)
    refused = guide("lab", "up", "--name", name, "--cni", "flannel", "--version", "v1.34.3")
    assert refused.returncode == 1
    assert "guide lab build --kubernetes --version v1.34.3" in refused.stdout
