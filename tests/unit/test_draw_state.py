"""Reading what observe.sh prints: values, and which two ends are a veth pair."""

import pytest

from macros.figures.topology.observation import End, Pair, default_device, pairs, read
from macros.ground.errors import GuideError
from tests.unit.draw_support import NAMES, changed, raw, state


def test_an_interface_is_read_with_its_kind_addresses_and_bridge() -> None:
    node = state("docker-web")
    docker0 = node.own.interface("docker0")
    assert docker0 is not None
    assert docker0.kind == "bridge"
    assert [address.text for address in docker0.addresses] == ["172.17.0.1/16"]
    assert docker0.addresses[0].network == "172.17.0.0/16"
    veth = next(interface for interface in node.own.interfaces if interface.kind == "veth")
    assert veth.master == "docker0"
    eth1 = node.own.interface("eth1")
    assert eth1 is not None
    assert (eth1.kind, eth1.mac) == ("physical", "02:00:c0:a8:38:10")


def test_a_container_bears_its_name_and_id() -> None:
    observed = raw("docker-web-client")
    ids = {container["Name"]: container["Id"] for container in observed["docker"]["containers"]}
    node = read(observed)
    assert {namespace.name: namespace.container for namespace in node.namespaces[1:]} == {
        "web": ids["/web"],
        "client": ids["/client"],
    }


def test_only_running_containers_with_a_namespace_of_their_own_name_one() -> None:
    observed = raw("docker-networks")
    modes = {
        container["Name"]: container["HostConfig"]["NetworkMode"]
        for container in observed["docker"]["containers"]
    }
    assert modes["/as-host"] == "host"
    assert {"/beside", "/client", "/third", "/web"} < modes.keys()
    names = [namespace.name for namespace in read(observed).namespaces]
    assert names == ["", "client", "third", "web"]


def test_every_container_is_joined_to_its_own_port_of_docker0() -> None:
    # Both containers' ends have the same index and name; only nsids and peer indexes tell them
    # apart. What Docker itself says of each container's MAC is the second witness.
    observed = raw("docker-web-client")
    node = read(observed)
    by_namespace = {pair.near.namespace: pair for pair in pairs(node)}
    assert sorted(by_namespace) == ["client", "web"]
    for container in observed["docker"]["containers"]:
        name = container["Name"].removeprefix("/")
        pair = by_namespace[name]
        namespace = node.namespace(name)
        assert namespace is not None
        inside = namespace.interface(pair.near.interface)
        assert inside is not None
        assert inside.mac == container["NetworkSettings"]["Networks"]["bridge"]["MacAddress"]
        assert pair.far is not None
        outside = node.own.interface(pair.far.interface)
        assert outside is not None
        assert (inside.peer_index, outside.peer_index) == (outside.index, inside.index)
        fdb = {entry["mac"]: entry["ifname"] for entry in observed["namespaces"][0]["fdb"]}
        assert fdb[inside.mac] == outside.name


def test_a_pair_between_two_other_namespaces_is_joined() -> None:
    assert pairs(state("hand-pair")) == (
        Pair(End("node0", "blue", "eth0"), End("node0", "red", "eth0")),
    )


def test_a_pair_within_one_namespace_is_joined() -> None:
    assert pairs(state("hand-created")) == (
        Pair(End("node0", "", "to-blue"), End("node0", "", "to-red")),
    )


def test_an_end_in_a_namespace_that_was_not_seen_stays_open() -> None:
    observed = raw("docker-web")
    observed["namespaces"] = observed["namespaces"][:1]
    (pair,) = pairs(read(observed))
    assert pair.far is None


def test_one_end_that_knows_the_other_is_enough() -> None:
    (pair,) = pairs(changed("docker-web", "", "nsids", to=[]))
    assert pair.far is not None


def test_without_nsids_nothing_is_guessed_although_the_indexes_fit() -> None:
    observed = raw("docker-web")
    for namespace in observed["namespaces"]:
        namespace["nsids"] = []
    pairs_read = pairs(read(observed))
    assert len(pairs_read) == 2
    assert all(pair.far is None for pair in pairs_read)


def test_ends_that_do_not_name_each_other_are_not_joined() -> None:
    observed = raw("docker-web")
    web = next(namespace for namespace in observed["namespaces"] if namespace["name"] == "web")
    eth0 = next(link for link in web["links"] if link["ifname"] == "eth0")
    eth0["link_index"] += 40
    assert all(pair.far is None for pair in pairs(read(observed)))


def test_a_default_route_names_its_device() -> None:
    web = state("docker-web").namespace("web")
    assert web is not None
    assert default_device(web) == "eth0"
    assert web.routes[0].text == "default via 172.17.0.1 dev eth0"


@pytest.mark.parametrize("name", NAMES)
def test_every_recorded_veth_finds_its_peer(name: str) -> None:
    node = state(name)
    veths = [i for n in node.namespaces for i in n.interfaces if i.kind == "veth"]
    assert len(veths) == 2 * len(pairs(node))
    assert all(pair.far is not None for pair in pairs(node))


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"node": "n", "namespaces": []}', '{"node": "n"', b"\xff"]
)
def test_what_is_no_state_is_refused(text: str | bytes) -> None:
    with pytest.raises(GuideError):
        read(text)


def test_two_namespaces_of_one_name_are_refused() -> None:
    observed = raw("hand-pair")
    observed["namespaces"][1]["name"] = observed["namespaces"][2]["name"]
    with pytest.raises(GuideError, match="same name: 'red'"):
        read(observed)
