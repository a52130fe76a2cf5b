"""FROM and TO: names and addresses as people write them, and what cannot be traced."""

from dataclasses import replace

import pytest

from macros.ground.errors import GuideError
from macros.tracer import cluster_facts, request_ends, service_causes
from macros.tracer.request_ends import Client, Target
from tests.unit.tracer_support import facts, items, service, slice_of

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
    assert (to("fd42::5", "icmp").address, to("[fd42::5]", "icmp").address) == 2 * ("fd42::5",)
    assert (to("fd42::5:80").address, to("fd42::5:80").port) == ("fd42::5:80", 80)


def test_an_ipv6_address_that_could_have_a_port_behind_it_is_refused_where_both_make_sense() -> (
    None
):
    six = service("six", clusterIPs=["fd43::70"], ports=PORTS)
    assert to("[fd43::70]:80", "tcp", six).kind == "service"
    with pytest.raises(GuideError, match="that of the Service default/six with a port") as refused:
        to("fd43::70:80", "tcp", six)
    assert "[fd43::70]:80" in str(refused.value.fix)


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


DNS = [
    {"name": "dns", "port": 53, "protocol": "UDP"},
    {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
    {"name": "metrics", "port": 9153, "protocol": "TCP"},
]


def test_what_is_sent_chooses_among_ports_and_has_to_fit() -> None:
    names = service("names", clusterIPs=["10.43.0.53"], ports=DNS)
    assert (to("names", "udp", names).port, to("names", "udp", names).protocol) == (53, "udp")
    assert to("names:53", "tcp", names).protocol == "tcp"
    with pytest.raises(GuideError, match="is one of UDP, and TCP is to be sent"):
        to("names:dns", "tcp", names)
    with pytest.raises(GuideError, match="several ports"):
        to("names", "tcp", names)
    # A person's own command can ask either.
    assert to("names:53", "", names).protocol == ""
    assert to("names:dns-tcp", "", names).protocol == ""
    assert to("names:metrics", "", names).protocol == "tcp"


def test_an_address_outside_that_a_service_has_leads_to_its_endpoints() -> None:
    lb = {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}, {"ip": "192.168.56.11"}]}}
    spec = {"clusterIPs": ["10.43.0.74"], "ports": PORTS, "externalIPs": ["203.0.113.9"]}
    public = {**service("public", **spec), "status": lb}
    more = (public, slice_of("public", ["10.42.2.2"]))
    for address in ("203.0.113.7:80", "203.0.113.9", "node1"):
        found = to(address, "tcp", *more)
        assert (found.kind, found.endpoints[0].address) == ("node", "10.42.2.2")
        assert found.service is not None
    # Its other ports are not the Service's, and a proxy before the cluster is none of the nodes'.
    assert to("node1:22", "tcp", *more).service is None
    assert to("203.0.113.9", "icmp", *more).service is None
    lb["loadBalancer"]["ingress"][0]["ipMode"] = "Proxy"
    assert to("203.0.113.7:80", "tcp", *more).service is None


def test_a_port_of_a_node_is_one_of_its_protocol() -> None:
    port = [{"name": "http", "port": 53, "nodePort": 30053, "protocol": "UDP"}]
    public = service("public", clusterIPs=["10.43.0.81"], ports=port)
    assert to("node1:30053", "udp", public).service is not None
    assert to("node1:30053", "tcp", public).service is None


def test_a_pod_that_has_ended_has_no_address_any_more() -> None:
    job = {
        "kind": "Pod", "spec": {"nodeName": "node2"},
        "status": {"phase": "Succeeded", "podIPs": [{"ip": "10.42.1.2"}]},
        "metadata": {"namespace": "default", "name": "aa-job", "uid": "1"},
    }  # fmt: skip
    known = cluster_facts.read([job, *items("ips/nodes", "faults/pods")])
    found = known.pod_at("10.42.1.2")
    assert found is not None
    assert found.name == "hello-1"


def test_a_name_of_dns_says_what_to_give_instead() -> None:
    with pytest.raises(GuideError) as raised:
        to("hello.default.svc.cluster.local")
    assert "is not looked up" in str(raised.value.fix)


def test_a_node_asks_also_by_its_whole_name() -> None:
    assert request_ends.client(facts(), "node/node1").node == "node1"
    assert to("node/node1", "udp").port == 80
    known = facts()
    asker = request_ends.client(known, "default/tools")
    assert request_ends.target(known, "10.1.1.1", asker, "udp", default=53).port == 53


def test_a_node_that_is_not_ready_is_known_as_such() -> None:
    nodes = items("ips/nodes")
    assert cluster_facts.read(nodes).away == ()
    gone = {**nodes[0], "status": {**nodes[0]["status"], "conditions": []}}
    windows = {**nodes[1], "metadata": {"name": "w", "labels": {"kubernetes.io/os": "windows"}}}
    assert cluster_facts.read([gone, windows, nodes[2]]).away == ("node0", "w")


def _why(target: Target, **selected: object) -> str:
    known = facts()
    pods = tuple(replace(pod, **selected) for pod in known.pods)  # type: ignore[arg-type]
    (cause,) = service_causes.empty(replace(known, pods=pods), target, None)
    return cause.words


def test_pods_that_are_ready_are_not_said_to_be_not() -> None:
    port = [{"name": "http", "port": 80, "targetPort": "web"}]
    spec = {"selector": {"app": "hello"}, "ports": port}
    named = to("named", "tcp", service("named", clusterIPs=["10.43.0.75"], **spec))
    assert "none has a port with the name web" in _why(named)
    assert "none of them is ready" in _why(named, ready=False)
    six = to("six", "tcp", service("six", clusterIPs=["fd43::75"], **spec))
    assert "which has no IPv6 address" in _why(six)
    plain = {**spec, "ports": PORTS}
    late = to("late", "tcp", service("late", clusterIPs=["10.43.0.76"], **plain))
    assert "no endpoint has been made of it" in _why(late)


def test_a_service_that_is_kept_local_to_where_no_endpoint_is() -> None:
    port = [{"name": "http", "port": 80, "nodePort": 30080}]
    local = {"internalTrafficPolicy": "Local", "externalTrafficPolicy": "Local"}
    public = service("public", clusterIPs=["10.43.0.81"], ports=port, **local)
    ends = slice_of("public", ["10.42.2.2"])
    ends["endpoints"][0]["nodeName"] = "node2"
    tools = request_ends.client(facts(), "default/tools")
    outside = request_ends.client(facts(), "outside")

    def words(text: str, client: Client, *, far: bool) -> list[str]:
        found = service_causes.kept_local(client, to(text, "tcp", public, ends), far)
        return [cause.words for cause in found]

    assert "no ready endpoint on node0" in words("public", tools, far=False)[0]
    assert "no ready endpoint on node1" in words("node1:30080", outside, far=True)[0]
    assert words("node2:30080", outside, far=True) == []
    assert words("node1:30080", tools, far=False) == [], "what is inside is not kept local"
    assert words("hello", tools, far=False) == []
