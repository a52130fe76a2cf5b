"""`guide trace` asked in every way that its command line has, on a real cluster."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from macros.lab.paths import SCRIPTS
from tests.lab.conftest import guide
from tests.lab.trace_faults import GUIDE, Cluster, kinds, unseen

_OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: alien}
spec: {clusterIP: 10.43.0.95, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: alias}
spec: {type: ExternalName, externalName: example.org}
"""
_CLIENT = "192.168.56.50"


@pytest.fixture(scope="module", autouse=True)
def _objects(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is asked for beside the pods of chapters 4 to 7."""
    more = tmp_path_factory.mktemp("objects") / "more.yaml"
    more.write_text(_OBJECTS)
    made = [str(SCRIPTS / "manifests" / name) for name in ("hello-public.yaml", "host.yaml")]
    words = [word for path in (*made, str(more)) for word in ("-f", path)]
    cluster.kubectl("apply", *words)
    cluster.kubectl("wait", "--for=condition=Ready", "pod/host", "--timeout=120s")
    yield
    cluster.kubectl("delete", "--now", "--ignore-not-found", *words)


def _namespace(cluster: Cluster, node: str, address: str) -> str:
    """The name of a pod's network namespace on its node."""
    search = (
        f"for one in /run/netns/*; do ip -n ${{one##*/}} -br addr | grep -q ' {address}/' && "
        "echo ${one##*/}; done; true"
    )
    (name,) = cluster.on(node, search).split()
    return name


ARRIVE: Mapping[str, tuple[str, ...]] = {
    "tcp": ("default/tools", "hello", "--tcp"),
    "tcp-of-a-pod": ("default/tools", "pod/hello-2", "--tcp"),
    "ping-of-a-size": ("default/tools", "pod/hello-1", "--icmp", "--bytes", "1000"),
    "ping-of-a-node": ("default/tools", "node1", "--icmp"),
    "dns-by-a-node": ("node1", "kube-system/kube-dns:53", "--dns", "hello.default.svc.cluster.local"),
    "address-of-a-service": ("default/tools", "10.43.0.80:80"),
    "address-of-a-pod": ("default/tools", "{hello1}:80"),
    "command": ("default/tools", "hello", "--command", "curl -sS -m 4 http://hello/"),
    "command-without-programs": ("default/hello-0", "pod/hello-1", "--command", "curl -sS -m 4 http://{hello1}/"),
    "node-asks-a-pod": ("node0", "pod/hello-2"),
    "node-asks-its-own-pod": ("node0", "pod/hello-0"),
    "node-port-by-a-node": ("node0", "node1:30080"),
    "node-port-by-a-pod": ("default/tools", "node2:30080"),
    "node-port-from-outside": ("client", "node0:30080"),
    "outwards": ("default/tools", f"{_CLIENT}:22", "--tcp"),
    "host-pod-asks": ("default/host", "hello"),
    "host-pod-is-asked": ("default/tools", "pod/host:22", "--tcp"),
    "headless": ("default/tools", "hello-pods"),
}  # fmt: skip


@pytest.mark.parametrize("name", ARRIVE)
def test_it_arrives_and_nothing_is_named(cluster: Cluster, tmp_path: Path, name: str) -> None:
    words = [word.format_map(cluster.values()) for word in ARRIVE[name]]
    traced, said = cluster.trace(words, tmp_path)
    assert traced["came"], said
    assert kinds(traced) == [], said
    assert unseen(traced) == [], said
    assert traced["forward"]["ends"] == "there", said


def test_braces_are_only_braces(cluster: Cluster, tmp_path: Path) -> None:
    words = "curl -sS -m 4 -A '{{ 7*7 }}{% raw %}' http://hello/"
    traced, said = cluster.trace(("default/tools", "hello", "--command", words), tmp_path)
    assert traced["came"], said
    assert "{{ 7*7 }}{% raw %}" in said
    assert "{{ 7*7 }}{% raw %}" in (tmp_path / "index.html").read_text()
    refused = guide("trace", "{{ 7*7 }}", "hello", "--lab", cluster.lab.name)
    assert refused.returncode == 1
    assert "there is no pod or node '{{ 7*7 }}'" in refused.stdout


def test_a_datagram_is_answered_or_not(cluster: Cluster, tmp_path: Path) -> None:
    # CoreDNS refuses a thousand zeros as a malformed question, and says nothing to one.
    words = ("default/tools", "kube-system/kube-dns:53", "--udp")
    traced, said = cluster.trace((*words, "--bytes", "1000"), tmp_path / "answered")
    assert traced["came"], said
    assert (kinds(traced), unseen(traced)) == ([], []), said
    traced, said = cluster.trace((*words, "--timeout", "2"), tmp_path / "silent")
    assert not traced["came"]
    assert traced["loss"]["what"] == "silent", said
    assert [cause["kind"] for cause in traced["causes"] if cause["sure"]] == [], said


@pytest.mark.parametrize("kind", ["--tcp", "--udp"])
def test_a_port_where_nobody_listens_is_named(cluster: Cluster, tmp_path: Path, kind: str) -> None:
    traced, said = cluster.trace(("default/tools", "pod/hello-1:81", kind), tmp_path)
    assert not traced["came"]
    assert traced["loss"]["what"] == "refused", said
    assert kinds(traced)[0] == ("refused", "node1"), said


def test_a_ping_too_large_for_its_own_interface_never_leaves(
    cluster: Cluster, tmp_path: Path
) -> None:
    words = ("default/tools", "pod/hello-1", "--icmp", "--bytes", "3000")
    traced, said = cluster.trace(words, tmp_path)
    assert not traced["came"]
    assert kinds(traced)[0] == ("mtu", "node0"), said


@contextmanager
def _asking(cluster: Cluster, pod: str, command: str) -> Iterator[None]:
    """An application that asks by itself, again and again."""
    loop = f"while sleep 0.5; do {command} >/dev/null 2>&1; done"
    here = cluster.here
    words = [
        str(here.kubectl),
        f"--kubeconfig={here.kubeconfig}",
        "exec",
        "-i",
        pod,
        "--",
        "sh",
        "-c",
    ]
    until = f"{{ {loop}; }} & k=$!; cat >/dev/null; kill $k"
    with subprocess.Popen([*words, until], stdin=subprocess.PIPE) as running:
        time.sleep(1)
        try:
            yield
        finally:
            assert running.stdin is not None
            running.stdin.close()
            running.wait(20)


def test_the_applications_own_request_is_followed(cluster: Cluster, tmp_path: Path) -> None:
    words = ("default/tools", "hello", "--wait", "--timeout", "20")
    with _asking(cluster, "tools", "curl -s -m 2 http://hello/"):
        traced, said = cluster.trace(words, tmp_path / "well")
        assert traced["came"], said
        assert kinds(traced) == [], said
        assert unseen(traced) == []
        assert traced["seconds"]["sending the request"] < 15, "it ends with the request"
        cluster.on("node0", "iptables -I FORWARD -p tcp --dport 80 -j DROP")
        try:
            broken, said = cluster.trace((*words[:-1], "6"), tmp_path / "broken")
        finally:
            cluster.on("node0", "iptables -D FORWARD -p tcp --dport 80 -j DROP")
    assert not broken["came"], said
    assert kinds(broken)[0] == ("rule-dropped", "node0"), said


def test_an_application_that_asks_nothing_is_said_to(cluster: Cluster, tmp_path: Path) -> None:
    words = ("default/tools", "pod/hello-2", "--wait", "--timeout", "2")
    traced, said = cluster.trace(words, tmp_path)
    assert not traced["came"]
    assert "sent nothing" in said
    assert kinds(traced) == []


def test_this_machine_has_no_way_to_a_lab_and_says_so(cluster: Cluster, tmp_path: Path) -> None:
    words = ("outside", "node0:30080", "--timeout", "2")
    traced, said = cluster.trace(words, tmp_path)
    assert not traced["came"]
    assert "outside is dark" in said or "never left its sender" in said, said


def test_a_service_that_nobody_wrote_endpoints_for(cluster: Cluster, tmp_path: Path) -> None:
    traced, said = cluster.trace(("default/tools", "alien"), tmp_path)
    assert kinds(traced)[0] == ("no-endpoint", "")
    assert "it has no selector" in said


def test_another_name_is_no_place(cluster: Cluster) -> None:
    said = guide("trace", "default/tools", "alias", "--lab", cluster.lab.name)
    assert said.returncode == 1
    assert "only another name for example.org" in said.stdout


def test_an_interface_may_have_any_name(cluster: Cluster, tmp_path: Path) -> None:
    space = _namespace(cluster, "node1", cluster.values()["hello1"])
    cluster.on("node1", f"ip -n {space} link set eth0 name way-in")
    try:
        traced, said = cluster.trace(("default/tools", "pod/hello-1"), tmp_path)
    finally:
        cluster.on("node1", f"ip -n {space} link set way-in name eth0")
    assert traced["came"], said
    assert unseen(traced) == []
    assert any(end.endswith(":way-in") for end in traced["stops"])


def test_a_pod_that_is_replaced_meanwhile_is_named(cluster: Cluster, tmp_path: Path) -> None:
    command = f"sleep 8; curl -sS -m 2 http://{cluster.values()['hello1']}/"
    words = ["default/tools", "pod/hello-1", "--command", command, "--out", str(tmp_path)]
    with subprocess.Popen(
        [*GUIDE, "trace", *words, "--lab", cluster.lab.name],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as running:  # fmt: skip
        time.sleep(6)
        cluster.kubectl("delete", "pod", "hello-1", "--now")
        said, _ = running.communicate(timeout=120)
    cluster.kubectl("rollout", "status", "statefulset", "hello", "--timeout=120s")
    assert running.returncode == 1, said
    assert "the pod default/hello-1 was replaced during the trace" in said
