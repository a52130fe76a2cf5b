"""A cluster seen from outside: what a reader of the chapters relies on, on real pods and wires."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Cluster, Page
from macros.lab import paths, providers, uml
from macros.lab.kubernetes import cluster as clusters
from macros.lab.lab import Lab
from macros.lab.ssh import run
from macros.record import known_state
from tests.lab.conftest import PREFIX, guide, known, within

MANIFESTS = paths.SCRIPTS / "manifests"
PATIENCE = 300.0  # seconds for pods; a machine that does other things too takes its time


def page(nodes: int = 3) -> Page:
    """A page of a cluster, as far as its state goes."""
    source = Path("docs/page.md")
    return Page("page", source, (), title="", nodes=nodes, cluster=Cluster("flannel", "iptables"))


def on(lab: Lab, node: str, command: str, timeout: float = 120) -> str:
    """What the node answers; the command has to succeed."""
    answer = run(lab, node, command, timeout=timeout)
    printed = answer.output.decode()
    assert answer.exit == 0, f"{node}$ {command}\n{printed}"
    return printed


def kubectl(lab: Lab, *words: str) -> str:
    """kubectl on this machine, as `guide lab up` prints it."""
    here = clusters.find(lab.name)
    assert here is not None
    done = subprocess.run(
        [here.kubectl, "--kubeconfig", here.kubeconfig, *words],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_pod(lab: Lab, command: str) -> str:
    """Run a command in the pod `tools`, which is on node0."""
    return kubectl(lab, "exec", "tools", "--", "sh", "-c", command)


def sandboxes(lab: Lab, node: str) -> int:
    """How often containerd speaks of a pod's sandbox since the node's boot; none lacked a network."""
    journal = on(lab, node, "journalctl -b -u containerd")
    assert "failed to setup network" not in journal, node
    return journal.count("RunPodSandbox")


@pytest.fixture(scope="module")
def bare() -> Iterator[Lab]:
    """A cluster of three nodes and a client outside; its tests leave it as they found it."""
    name = f"{PREFIX}-pods"
    words = ["lab", "up", "--name", name, "--nodes", "3", "--cni", "flannel", "--outside"]
    done = guide(*words, timeout=900)
    assert done.returncode == 0, done.stdout
    yield providers.find(name)
    uml.down(name)


@pytest.fixture(scope="module")
def lab(bare: Lab) -> Iterator[Lab]:
    """The same with three `hello` pods, one a node, and `tools`."""
    files = [f"--filename={MANIFESTS / name}" for name in ("hello.yaml", "tools.yaml")]
    kubectl(bare, "apply", *files)
    kubectl(bare, "rollout", "status", "sts/hello", "--timeout=280s")
    kubectl(bare, "wait", "--for=condition=Ready", "pod/tools", "--timeout=280s")
    yield bare
    kubectl(bare, "delete", *files, "--wait=true")


def test_nodes_are_ready_and_have_their_networks_by_number(bare: Lab) -> None:
    nodes = json.loads(kubectl(bare, "get", "nodes", "-o", "json"))["items"]
    assert [member["spec"]["podCIDR"] for member in nodes] == [f"10.42.{i}.0/24" for i in range(3)]
    conditions = [condition for node in nodes for condition in node["status"]["conditions"]]
    assert (
        sum(
            condition["type"] == "Ready" and condition["status"] == "True"
            for condition in conditions
        )
        == 3
    )
    assert bare.cluster == Cluster("flannel", "iptables")
    assert {"Kubernetes", "flannel", "CoreDNS", "etcd", "containerd", "runc"} <= set(bare.versions)


def test_no_pod_is_tried_before_its_node_has_a_network(bare: Lab) -> None:
    """What cost a start in five ten seconds: kubelet's pause after a sandbox that failed."""
    made = {node: sandboxes(bare, node) for node in ("node0", "node1", "node2")}
    assert made["node0"], "CoreDNS is there"


def test_kubectl_works_on_node0_as_a_page_types_it(bare: Lab) -> None:
    assert len(on(bare, "node0", "kubectl get nodes -o wide").splitlines()) == 4


def test_status_shows_nodes_versions_addresses_memory_and_leaves_no_file(
    bare: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(paths.cache().parent))
    monkeypatch.setenv("HOME", str(tmp_path))
    printed = guide("lab", "status", "--name", bare.name).stdout
    for number in range(3):
        row = rf"node{number} +192\.168\.56\.1{number} +\d+ +\d+ +\d+ MiB .* runs"
        assert re.search(row, printed), printed
        assert re.search(rf"node{number} +Ready .* v1\.\d+\.\d+ +192\.168\.56\.1{number} ", printed)
    assert re.search(r"Kubernetes 1\.\d+\.\d+, flannel 0\.\d+\.\d+", printed)
    assert not list(tmp_path.iterdir())


def test_rights_are_checked(bare: Lab) -> None:
    asked = ["auth", "can-i", "list", "secrets", "--as=system:node:node1"]
    here = clusters.find(bare.name)
    assert here is not None
    done = subprocess.run(
        [here.kubectl, "--kubeconfig", here.kubeconfig, *asked], capture_output=True, check=False
    )
    assert done.stdout.startswith(b"no")
    assert "rbac.authorization.k8s.io/v1" in kubectl(bare, "api-versions")


def test_up_again_changes_nothing_and_another_network_is_refused(bare: Lab) -> None:
    words = ["lab", "up", "--name", bare.name, "--nodes", "3", "--outside", "--cni"]
    assert "is up already" in guide(*words, "flannel").stdout
    refused = guide(*words, "flannel-host-gw")
    assert refused.returncode == 1
    assert "cni flannel, kube-proxy iptables" in refused.stdout
    assert providers.find(bare.name).instance == bare.instance


def test_a_page_that_tidies_up_leaves_the_cluster_as_it_found_it(bare: Lab) -> None:
    """After pods were on every node: no bridge is left, and addresses begin from the start."""
    before = known_state.enter(bare, page())
    addresses = []
    for _ in range(2):
        kubectl(
            bare, "run", "one", "--image=hello:1",
            '--overrides={"spec":{"nodeName":"node1","terminationGracePeriodSeconds":0}}',
        )  # fmt: skip
        kubectl(bare, "wait", "--for=condition=Ready", "pod/one", "--timeout=280s")
        addresses.append(kubectl(bare, "get", "pod/one", "-o", "jsonpath={.status.podIP}"))
        assert "cni0" in on(bare, "node1", "ls /sys/class/net")
        kubectl(bare, "delete", "pod/one", "--wait=true")
        known_state.leave(bare, page(), before)
    assert addresses == ["10.42.1.2", "10.42.1.2"]
    assert "cni0" not in on(bare, "node1", "ls /sys/class/net")


def test_pods_on_different_nodes_reach_each_other_by_vxlan(lab: Lab) -> None:
    address = kubectl(lab, "get", "pod", "hello-1", "-o", "jsonpath={.status.podIP}")
    assert address.startswith("10.42.1.")
    listen = "timeout 100 tcpdump -nn -l -T vxlan -c 4 -i eth1 udp port 8472 >/tmp/t 2>&1 &"
    script = (
        f"{listen} until grep -q 'listening on' /tmp/t; do sleep 0.1; done;"
        f" kubectl exec tools -- ping -c 2 -i 0.5 {address}; wait; cat /tmp/t"
    )
    printed = on(lab, "node0", script, timeout=200)
    assert "2 received" in printed
    assert re.search(r"192\.168\.56\.10\.\d+ > 192\.168\.56\.11\.8472: VXLAN.*vni 1", printed)
    assert re.search(rf"IP 10\.42\.0\.\d+ > {re.escape(address)}: ICMP echo request", printed)


def test_pods_of_one_node_do_not_leave_it(lab: Lab) -> None:
    address = kubectl(lab, "get", "pod", "hello-0", "-o", "jsonpath={.status.podIP}")
    before = on(lab, "node0", "cat /sys/class/net/flannel.1/statistics/tx_packets")
    assert "1 received" in in_pod(lab, f"ping -c 1 {address}")
    assert on(lab, "node0", "cat /sys/class/net/flannel.1/statistics/tx_packets") == before


def test_a_service_answers_from_every_replica(lab: Lab) -> None:
    replies = in_pod(lab, "for i in $(seq 40); do curl -s -m 20 http://10.43.0.80; done")
    assert {f"hello-{i}" for i in range(3)} == set(re.findall(r"hello from (\S+) at", replies))
    assert len(replies.splitlines()) == 40


def test_names_of_services_and_pods_are_answered(lab: Lab) -> None:
    assert in_pod(lab, "dig +short hello.default.svc.cluster.local").strip() == "10.43.0.80"
    assert "hello from hello-" in in_pod(lab, "curl -s -m 20 http://hello")


def test_a_node_port_answers_a_machine_outside(lab: Lab) -> None:
    kubectl(lab, "patch", "svc/hello", "--patch", '{"spec": {"type": "NodePort"}}')
    try:
        port = kubectl(lab, "get", "svc/hello", "-o", "jsonpath={.spec.ports[0].nodePort}")
        ask = f"until curl -s -m 5 http://node1:{port}; do sleep 0.5; done"
        assert "hello from hello-" in on(lab, "client", ask, timeout=PATIENCE)
    finally:
        kubectl(lab, "patch", "svc/hello", "--patch", '{"spec": {"type": "ClusterIP"}}')


def test_what_a_page_leaves_in_the_api_is_named(lab: Lab) -> None:
    with pytest.raises(GuideError, match="object Pod default/hello-0"):
        known_state.enter(lab, page())


def test_the_api_answers_when_the_ssh_connection_of_node0_is_gone(bare: Lab) -> None:
    subprocess.run(["ssh", "-F", str(bare.ssh_config), "-O", "exit", "node0"], check=True)
    assert "node2" in kubectl(bare, "get", "nodes")
    providers.find(bare.name)  # opens it again


def test_a_killed_node_comes_back_with_its_pods(lab: Lab) -> None:
    on(lab, "node1", "echo kept >/root/kept; sync")
    killed = next(process for process in known(lab.name).processes if process.what == "node1")
    subprocess.run(["kill", "-9", str(killed.pid)], check=True)
    assert within(20, lambda: not killed.alive())
    with pytest.raises(GuideError, match=r"node1 .* ended"):
        providers.find(lab.name)
    assert guide("lab", "restart", "--name", lab.name, "node1", timeout=400).returncode == 0
    assert on(lab, "node1", "cat /root/kept") == "kept\n"
    # The node's address in the other nodes' tables stays; its pod starts anew, with another one.
    until = time.monotonic() + PATIENCE
    ask = "for i in $(seq 20); do curl -s -m 2 http://10.43.0.80; done; true"
    while "hello-1 " not in in_pod(lab, ask):
        assert time.monotonic() < until, kubectl(lab, "get", "pods", "-o", "wide")
    assert sandboxes(lab, "node1")


PROGRAMS = (
    "etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy flanneld"
    " containerd"
)


def test_every_program_of_the_cluster_comes_back_when_it_is_killed(lab: Lab) -> None:
    """kill -9 of each on node0, one after another: what one cannot do without, it waits for."""
    for program in PROGRAMS.split():
        old = on(lab, "node0", f"pgrep -xo {program[:15]}").strip()
        on(lab, "node0", f"kill -9 {old}")
        again = f"until now=$(pgrep -xo {program[:15]}) && [ $now != {old} ]; do sleep 0.3; done"
        on(lab, "node0", again, timeout=PATIENCE)
    until = time.monotonic() + PATIENCE
    while "ok" not in run(lab, "node0", "kubectl get --raw /readyz", timeout=60).output.decode():
        assert time.monotonic() < until
    ready = ["nodes", "--all", "--for=condition=Ready", "--timeout=280s"]
    kubectl(lab, "wait", *ready)
    assert "hello from hello-" in in_pod(lab, "curl -s -m 20 http://hello")
    # And what is new is done too: a pod gets an address, a Service rules on every node.
    kubectl(lab, "run", "late", "--image=hello:1", '--overrides={"spec":{"nodeName":"node0"}}')
    try:
        kubectl(lab, "expose", "pod", "late", "--port=80")
        kubectl(lab, "wait", "--for=condition=Ready", "pod/late", "--timeout=280s")
        until = time.monotonic() + PATIENCE
        while "hello from late" not in in_pod(lab, "curl -s -m 5 http://late || true"):
            assert time.monotonic() < until
    finally:
        kubectl(lab, "delete", "--now", "svc/late", "pod/late")


def test_a_full_disk_of_a_node_ends_when_there_is_room_again(lab: Lab) -> None:
    # Also what is kept for root. The disk is sparse on this machine, and takes no room there.
    fill = "for size in 1G 100M 10M 1M 64K 4K; do while fallocate -l $size /var/full.$((++n)); do"
    on(lab, "node2", f"n=0; {{ {fill} :; done; done; }} 2>/dev/null; sync")
    try:
        assert "No space left" in run(lab, "node2", "cp /bin/bash /root/more").output.decode()
        assert "hello from hello-" in in_pod(lab, "curl -s -m 20 http://10.43.0.80")
    finally:
        on(lab, "node2", "rm -f /var/full.* /root/more")
    kubectl(lab, "wait", "--for=condition=Ready", "node/node2", "--timeout=280s")
