"""Kubernetes' objects are read from `kubectl get -o json`, and from its table without it."""

import pytest

from macros.ground.errors import GuideError
from macros.kinds import kubernetes_objects, registry
from macros.kinds.registry import twin
from macros.values import record_path
from tests.data.records.load import read, text

_AT = "kubernetes"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("kubectl get nodes", "kubectl get nodes -o json"),
        ("kubectl get pods -o wide", "kubectl get pods -o json"),
        ("kubectl get pods -owide -l app=hello", "kubectl get pods -l app=hello -o json"),
        ("kubectl -n kube-system get pods", "kubectl -n kube-system get pods -o json"),
        ("kubectl get svc -A --no-headers", "kubectl get svc -A -o json"),
        (
            "kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDR:.spec.podCIDR",
            "kubectl get nodes -o json",
        ),
        ("kubectl get pods --output wide --show-labels", "kubectl get pods -o json"),
    ],
)
def test_the_twin_of_a_table_is_the_objects(command: str, expected: str) -> None:
    assert twin(command) == expected
    assert registry.kind_of(command) is kubernetes_objects.KIND


@pytest.mark.parametrize(
    "command",
    [
        "kubectl get pod x -o jsonpath={.status.podIP}",
        "kubectl get pods -w",
        "kubectl get --raw /readyz",
        "kubectl describe service hello",
        "kubectl apply -f get",
        "kubectl get pods | wc -l",
    ],
)
def test_what_is_no_table_of_objects_has_no_twin(command: str) -> None:
    assert twin(command) is None
    assert registry.kind_of(command) is None


@pytest.mark.parametrize(
    ("name", "where", "value"),
    [
        ("nodes", "node1.ip", "192.168.56.11"),
        ("nodes", "node2.spec.podCIDR", "10.42.2.0/24"),
        ("columns", "node0.spec.podCIDR", "10.42.0.0/24"),
        ("pods", "hello-1.ip", "10.42.1.2"),
        ("pods", "hello-1.node", "node1"),
        ("pod", "pair.status.podIP", "10.42.0.3"),
        ("pod", "[pair].spec.containers[2].name", "tools"),
        ("services", "hello.spec.clusterIP", "10.43.0.80"),
        ("services-all", "[kube-system/kube-dns].spec.clusterIP", "10.43.0.10"),
        ("endpointslices", "[service=hello].addresses", "10.42.0.5, 10.42.1.2, 10.42.2.2"),
        ("endpointslices", "[service=hello].ready[2]", "10.42.1.2"),
        ("servicecidrs", "kubernetes.spec.cidrs", "10.43.0.0/16"),
        ("ipaddresses", "[10.43.0.80].spec.parentRef.name", "hello"),
        ("statefulsets", "hello.status.readyReplicas", "3"),
    ],
)
def test_values_are_found_in_the_objects(name: str, where: str, value: str) -> None:
    assert record_path.shown(read(f"{_AT}/{name}"), where) == value


@pytest.mark.parametrize(
    ("name", "where", "value"),
    [
        ("nodes", "node1.internal-ip", "192.168.56.11"),
        ("nodes", "node1.os-image", "Debian GNU/Linux forky/sid"),
        ("columns", "node2.podcidr", "10.42.2.0/24"),
        ("pods", "hello-1.nominated-node", "<none>"),
        ("services-all", "[kube-system/kube-dns].cluster-ip", "10.43.0.10"),
        ("services", "kubernetes.port(s)", "443/TCP"),
    ],
)
def test_the_table_alone_gives_its_columns(name: str, where: str, value: str) -> None:
    assert record_path.shown(read(f"{_AT}/{name}", use_twin=False), where) == value


@pytest.mark.parametrize("name", ["nodes", "pods", "services", "services-all", "endpointslices"])
def test_table_and_objects_name_the_same(name: str) -> None:
    assert list(read(f"{_AT}/{name}", use_twin=False)) == list(read(f"{_AT}/{name}"))


def test_no_objects_are_none_and_an_error_is_none_too() -> None:
    assert registry.read("kubectl get pods", "No resources found in default namespace.\n") == {}
    assert read(f"{_AT}/missing") == {}


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(GuideError, match="does not read as kubernetes"):
        registry.read("kubectl get pods", "The connection to the server was refused\n")
    assert "refused" not in text(f"{_AT}/pods")


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_whole_objects_are_read_as_printed_and_need_no_twin(form: str) -> None:
    command = f"kubectl get pod x -o {form}"
    assert twin(command) is None
    assert registry.kind_of(command) is kubernetes_objects.KIND
