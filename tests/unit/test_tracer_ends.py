"""FROM and TO: names and addresses as people write them, and what cannot be traced."""

import pytest

from macros.ground.errors import GuideError
from macros.tracer import request_ends, service_causes
from macros.tracer.request_ends import Target
from tests.unit.tracer_support import facts, service, slice_of

PORTS = [{"name": "http", "port": 80, "protocol": "TCP"}]


def to(text: str, protocol: str = "tcp", *more: object) -> Target:
    known = facts(*more)  # type: ignore[arg-type]
    return request_ends.target(known, text, request_ends.client(known, "default/tools"), protocol)


def test_a_pod_is_asked_at_its_own_address() -> None:
    target = to("default/hello-1")
    assert (target.kind, target.address, target.port) == ("pod", "10.42.1.2", 80)
    assert [endpoint.node for endpoint in target.endpoints] == ["node1"]


@pytest.mark.parametrize(
    "text", ["hello", "default/hello", "hello:http", "hello:80", "10.43.0.80:80"]
)
def test_a_service_leads_to_its_endpoints(text: str) -> None:
    target = to(text)
    assert (target.kind, target.address, target.port) == ("service", "10.43.0.80", 80)
    assert {endpoint.address for endpoint in target.ready} == {
        "10.42.0.4",
        "10.42.1.2",
        "10.42.2.2",
    }


def test_a_node_and_an_address_outside() -> None:
    assert (to("node2:22").address, to("node2:22").port) == ("192.168.56.12", 22)
    outside = to("1.1.1.1:443")
    assert (outside.kind, outside.endpoints[0].node) == ("address", "")


def test_an_ipv6_address_is_one() -> None:
    target = to("[fd42::5]:8080")
    assert (target.address, target.port) == ("fd42::5", 8080)


def test_the_port_of_a_node_that_is_a_services() -> None:
    port = [{"name": "http", "port": 80, "nodePort": 30080}]
    public = service("public", clusterIPs=["10.43.0.81"], ports=port, type="NodePort")
    target = to("node1:30080", "tcp", public, slice_of("public", ["10.42.2.2"]))
    assert (target.kind, target.address, target.ports) == ("node", "192.168.56.11", (30080, 80))


def test_a_headless_service_is_one_of_its_pods() -> None:
    target = to("hello-pods", "tcp", slice_of("hello-pods", ["10.42.2.2"]))
    assert (target.kind, target.address) == ("pod", "10.42.2.2")


def test_a_headless_service_without_a_ready_pod_leads_nowhere() -> None:
    with pytest.raises(GuideError, match="its name leads nowhere"):
        to("hello-pods")


def test_a_service_without_selector_says_who_has_to_write_its_endpoints() -> None:
    bare = service("bare", clusterIPs=["10.43.0.70"], ports=PORTS)
    known = facts(bare)
    target = request_ends.target(known, "bare", request_ends.client(known, "default/tools"), "tcp")
    (cause,) = service_causes.empty(known, target, None)
    assert cause.kind == "no-endpoint"
    assert "no selector" in cause.words


def test_a_selector_that_matches_no_pod_and_what_it_nearly_matches() -> None:
    known = facts()
    target = request_ends.target(known, "lost", request_ends.client(known, "default/tools"), "tcp")
    (cause,) = service_causes.empty(known, target, None)
    assert "app=helo matches no pod" in cause.words
    assert "app=hello" in cause.words


def test_endpoints_that_are_not_ready_are_named_so() -> None:
    some = service("some", clusterIPs=["10.43.0.71"], ports=PORTS, selector={"app": "hello"})
    known = facts(some, slice_of("some", ["10.42.1.2"], ready=False))
    target = request_ends.target(known, "some", request_ends.client(known, "default/tools"), "tcp")
    (cause,) = service_causes.empty(known, target, None)
    assert "none of them is ready" in cause.words


def test_nothing_is_wrong_with_a_service_that_has_endpoints() -> None:
    assert list(service_causes.empty(facts(), to("hello"), None)) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nobody", "no pod, Service or node default/nobody"),
        ("hello:9", "has no port 9"),
        ("{{ 7 * 7 }}", "is no name of a pod"),
        ("hello:0x", "has no port 0x"),
        ("default/hello-1:99999", "is no port"),
        ("../etc", "is no name of a pod"),
        ("hello; rm -rf /", "is no name of a pod"),
    ],
)
def test_what_is_not_there_is_named(text: str, words: str) -> None:
    with pytest.raises(GuideError, match=words):
        to(text)


def test_an_external_name_is_no_place() -> None:
    other = service("other", type="ExternalName", externalName="example.com", ports=PORTS)
    with pytest.raises(GuideError, match=r"only another name for example\.com"):
        to("other", "tcp", other)


def test_a_service_without_ports_says_so() -> None:
    with pytest.raises(GuideError, match="has no ports"):
        to("bare", "tcp", service("bare", clusterIPs=["10.43.0.70"]))


def test_several_ports_want_one() -> None:
    both = service("both", clusterIPs=["10.43.0.72"], ports=[*PORTS, {"name": "x", "port": 81}])
    with pytest.raises(GuideError, match="several ports: http:80, x:81"):
        to("both", "tcp", both)


def test_a_pod_and_a_service_of_one_name_have_to_be_told_apart() -> None:
    same = service("tools", clusterIPs=["10.43.0.73"], ports=PORTS)
    with pytest.raises(GuideError, match="a pod and a Service"):
        to("tools", "tcp", same)
    assert to("service/tools", "tcp", same).kind == "service"


@pytest.mark.parametrize("text", ["default/none", "nobody", "{{ x }}"])
def test_a_client_that_is_not_there(text: str) -> None:
    with pytest.raises(GuideError, match="there is no pod or node"):
        request_ends.client(facts(), text)


def test_a_node_and_this_machine_can_ask() -> None:
    assert request_ends.client(facts(), "node1").node == "node1"
    assert request_ends.client(facts(), "outside").node == "outside"
    assert request_ends.client(facts(), "client", ["client"]).node == "client"


def test_a_pod_that_does_not_run_says_what_it_does() -> None:
    waiting = {
        "kind": "Pod", "spec": {}, "status": {"phase": "Pending"},
        "metadata": {"namespace": "default", "name": "late", "uid": "1"},
    }  # fmt: skip
    with pytest.raises(GuideError, match="does not run: it is Pending"):
        request_ends.client(facts(waiting), "default/late")
