"""JSON twins: identities by key and place, noise by key, orders that mean nothing."""

import json
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from macros.ground.model import Recording
from tests.unit.settle_support import recording, settle, settle_json

# `ip -j link` on a node with two containers, shortened; Docker 28.5, iproute2 6.15.
LINKS: list[dict[str, Any]] = [
    {"ifindex": 1, "ifname": "lo", "mtu": 65536, "address": "00:00:00:00:00:00"},
    {"ifindex": 4, "ifname": "docker0", "mtu": 1500, "address": "86:e6:61:aa:b2:10"},
    {
        "ifindex": 5,
        "ifname": "vethdd93b3d",
        "link_index": 2,
        "link_netnsid": 0,
        "mtu": 1500,
        "address": "7a:c9:65:fd:ee:bb",
    },
    {
        "ifindex": 6,
        "ifname": "vethdcaf3e2",
        "link_index": 2,
        "link_netnsid": 1,
        "mtu": 1500,
        "address": "92:2a:fe:0f:fc:5a",
    },
]
_NEW = {
    "86:e6:61:aa:b2:10": "16:fd:11:2c:d0:2c",
    "7a:c9:65:fd:ee:bb": "6e:89:03:ee:9b:da",
    "92:2a:fe:0f:fc:5a": "8a:09:5e:0d:8e:e5",
    "vethdd93b3d": "vethbf008bc",
    "vethdcaf3e2": "veth4290bf2",
}


def another(links: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same machine, created again."""
    return [
        {
            key: _NEW.get(value, value)
            if isinstance(value, str)
            else value + 3
            if key == "ifindex" and value > 3
            else value
            for key, value in link.items()
        }
        for link in links
    ]


def test_links_of_another_machine_take_the_old_names(tmp_path: Path) -> None:
    assert another(LINKS) != LINKS
    assert settle_json(tmp_path, LINKS, another(LINKS)) == LINKS


def test_one_change_among_renamed_links_is_all_that_differs(tmp_path: Path) -> None:
    for key, value in (("mtu", 1400), ("address", "02:42:ac:11:00:02"), ("ifname", "eth7")):
        new = another(LINKS)
        new[2][key] = value
        settled = settle_json(tmp_path, LINKS, new)
        expected = deepcopy(LINKS)
        expected[2][key] = value
        assert settled == expected


def test_an_index_that_two_links_share_is_shown(tmp_path: Path) -> None:
    new = another(LINKS)
    new[3]["ifindex"] = new[2]["ifindex"]
    assert settle_json(tmp_path, LINKS, new) != LINKS


FDB = [
    {"mac": "86:e6:61:aa:b2:10", "ifname": "docker0", "state": "permanent"},
    {"mac": "7a:c9:65:fd:ee:bb", "ifname": "vethdd93b3d", "state": "permanent"},
    {"mac": "92:2a:fe:0f:fc:5a", "ifname": "vethdcaf3e2", "state": "permanent"},
    {"mac": "0a:ff:b1:80:53:03", "ifname": "vethdcaf3e2", "state": ""},
]


def test_forwarding_entries_keep_the_old_order(tmp_path: Path) -> None:
    new = another(FDB)[::-1]
    settled = settle(
        tmp_path,
        [recording("links", "", "l", LINKS), recording("fdb", "", "f", FDB)],
        [recording("links", "", "l", another(LINKS)), recording("fdb", "", "f", new)],
    )
    assert settled["fdb"].twin == FDB
    assert settled["links"].twin == LINKS


def test_a_forwarding_entry_at_another_port_is_shown(tmp_path: Path) -> None:
    new = another(FDB)[::-1]
    new[0]["ifname"] = "vethbf008bc"
    settled = settle(
        tmp_path,
        [recording("links", "", "l", LINKS), recording("fdb", "", "f", FDB)],
        [recording("links", "", "l", another(LINKS)), recording("fdb", "", "f", new)],
    )
    changed = [entry for entry in settled["fdb"].twin if entry not in FDB]
    assert changed == [{"mac": "0a:ff:b1:80:53:03", "ifname": "vethdd93b3d", "state": ""}]


def test_the_order_of_routes_is_a_fact(tmp_path: Path) -> None:
    routes = [{"dst": "default", "gateway": "10.0.2.2"}, {"dst": "10.0.2.0/24", "dev": "eth0"}]
    assert settle_json(tmp_path, routes, routes[::-1]) == routes[::-1]


def test_neighbours_that_are_known_are_in_one_state(tmp_path: Path) -> None:
    old = [{"dst": "10.0.2.2", "dev": "eth0", "lladdr": "52:55:0a:00:02:02", "state": ["DELAY"]}]
    assert settle_json(tmp_path, old, [old[0] | {"state": ["REACHABLE"]}]) == old
    failed = [old[0] | {"state": ["FAILED"]}]
    assert settle_json(tmp_path, old, failed) == failed


def test_a_neighbour_that_is_new_is_shown_and_none_is_dropped(tmp_path: Path) -> None:
    old = [{"dst": "10.0.2.2", "dev": "eth0", "state": ["DELAY"]}]
    new = [{"dst": "10.0.0.9", "dev": "eth1", "state": ["STALE"]}, old[0]]
    assert sorted(settle_json(tmp_path, old, new), key=lambda one: str(one["dst"])) == new
    assert settle_json(tmp_path, new, old) == old


def test_timers_and_counters_keep_their_value_but_not_from_zero(tmp_path: Path) -> None:
    old = {"gc_timer": 299.05, "stats64": {"rx": {"packets": 7, "errors": 0}}}
    new = {"gc_timer": 0.0, "stats64": {"rx": {"packets": 9, "errors": 0}}}
    assert settle_json(tmp_path, old, new) == old
    bad = {"gc_timer": 0.0, "stats64": {"rx": {"packets": 9, "errors": 1}}}
    assert settle_json(tmp_path, old, bad)["stats64"]["rx"] == {"packets": 7, "errors": 1}


def _network(first: str, second: str) -> dict[str, Any]:
    return {
        "Containers": {
            first: {"Name": "client", "IPv4Address": "172.17.0.3/16"},
            second: {"Name": "web", "IPv4Address": "172.17.0.2/16"},
        }
    }


OLD_IDS = ("385d43cc7ae5" + "0" * 52, "e4f1dd932fe7" + "1" * 52)
NEW_IDS = ("7ab1fc0697e4" + "2" * 52, "44f779ff7d37" + "3" * 52)


def test_a_map_keyed_by_ids_is_joined_by_what_it_holds(tmp_path: Path) -> None:
    old, new = _network(*OLD_IDS), _network(*NEW_IDS)
    assert settle_json(tmp_path, old, new) == old


def test_swapped_addresses_are_shown(tmp_path: Path) -> None:
    old, new = _network(*OLD_IDS), _network(*NEW_IDS)
    first, second = new["Containers"].values()
    first["IPv4Address"], second["IPv4Address"] = second["IPv4Address"], first["IPv4Address"]
    settled = settle_json(tmp_path, old, new)
    assert {
        container["Name"]: container["IPv4Address"] for container in settled["Containers"].values()
    } == {
        "client": "172.17.0.2/16",
        "web": "172.17.0.3/16",
    }


def test_a_word_under_the_key_of_a_counter_is_a_fact(tmp_path: Path) -> None:
    for old, new in (({"multicast": "on"}, {"multicast": "off"}), ({"pid": False}, {"pid": True})):
        assert settle_json(tmp_path, old, new) == new


def test_a_number_that_was_given_away_is_not_taken_for_its_new_owner(tmp_path: Path) -> None:
    """The links say 7 where they said 5; the addresses still say 5: they contradict each other."""
    links = [{"ifname": "eth0", "ifindex": 5, "mtu": 1500}, {"ifname": "eth1", "ifindex": 6}]
    addresses = [{"ifname": "eth0", "ifindex": 5, "addr_info": []}]
    new = [links[0] | {"ifindex": 7}, links[1] | {"ifindex": 8}]
    settled = settle(
        tmp_path,
        [recording("a", "", "l", links), recording("b", "", "a", addresses)],
        [recording("a", "", "l", new), recording("b", "", "a", addresses)],
    )
    assert (settled["a"].twin, settled["b"].twin) != (links, addresses)


def test_an_index_alone_in_a_file_is_that_of_the_link(tmp_path: Path) -> None:
    """`iflink` of a pod's interface, and the link that has this number on the node."""
    command = "kubectl exec tools -- cat /sys/class/net/eth0/iflink"
    link = "{}: veth@if2: <BROADCAST,UP> mtu 1450\n"

    def side(index: int, printed: int) -> list[Recording]:
        return [
            recording("a", f"{printed}\n", command),
            recording("b", link.format(index), "ip link"),
        ]

    settled = settle(tmp_path, side(11, 11), side(13, 13))
    assert settled["a"].text == "11\n"
    settled = settle(tmp_path, side(11, 11), side(13, 14))
    assert (settled["a"].text, settled["b"].text) != ("11\n", link.format(11)), "one of them shows"


def test_a_namespace_whose_number_is_missing_is_shown(tmp_path: Path) -> None:
    """A program that leaves a field out is news, and nothing to fail over."""
    path = Path(__file__).parents[2] / "recordings/2026-11/by-hand/addressed.json"
    old = json.loads(path.read_text(encoding="utf-8"))
    new = deepcopy(old)
    dropped = [nsid.pop("nsid") for space in new["namespaces"] for nsid in space["nsids"]]
    assert dropped
    assert settle_json(tmp_path, old, new) == new
    assert settle_json(tmp_path, old, deepcopy(old)) == old


# `kubectl get nodes -o json`, shortened; Kubernetes 1.36.
_NODE: dict[str, Any] = {
    "kind": "Node",
    "metadata": {"name": "node0", "uid": "cbb7e7ac-ba28-443f-9340-4e7602669180"},
    "status": {
        "conditions": [
            {"type": "NetworkUnavailable", "status": "False", "reason": "FlannelIsUp"},
            {"type": "Ready", "status": "True", "reason": "KubeletReady"},
        ],
        "nodeInfo": {
            "machineID": "df311ee6f9f54efe8c2438d201e4d8f3",
            "systemUUID": "df311ee6f9f54efe8c2438d201e4d8f3",
        },
    },
}


def _other_node(change: str = "", by: str = "") -> dict[str, Any]:
    """The same node of another lab, its conditions in another order."""
    other = deepcopy(_NODE)
    other["status"]["conditions"].reverse()
    text = json.dumps(other).replace("df311ee6f9f54efe8c24", "b9af701a125f424bb350")
    made: dict[str, Any] = json.loads(text.replace("cbb7e7ac-ba28-443f", "2306762b-1dd1-4437"))
    assert change in json.dumps(made)
    changed: dict[str, Any] = json.loads(json.dumps(made).replace(change, by, 1))
    return changed


def test_conditions_come_in_any_order_and_machine_ids_are_names(tmp_path: Path) -> None:
    assert settle_json(tmp_path, [_NODE], [_other_node()]) == [_NODE]


def test_a_condition_that_changed_is_all_that_differs(tmp_path: Path) -> None:
    settled = settle_json(tmp_path, [_NODE], [_other_node('"True"', '"Unknown"')])
    wanted = deepcopy(_NODE)
    wanted["status"]["conditions"][1]["status"] = "Unknown"
    assert settled == [wanted]


def test_a_machine_id_that_is_no_longer_the_systems_is_shown(tmp_path: Path) -> None:
    other = _other_node('"systemUUID": "b9af701a', '"systemUUID": "0123456a')
    assert settle_json(tmp_path, [_NODE], [other]) != [_NODE]


def _service(name: str, port: int) -> list[Any]:
    metadata = {"name": name, "namespace": "default"}
    return [{"kind": "Service", "metadata": metadata, "spec": {"ports": [{"targetPort": port}]}}]


def test_only_the_port_of_the_cluster_s_own_api_server_is_a_name(tmp_path: Path) -> None:
    old = _service("kubernetes", 42065)
    assert settle_json(tmp_path, old, _service("kubernetes", 38469)) == old
    assert settle_json(tmp_path, old, _service("kubernetes", 6443)) != old
    old = _service("grpc", 50051)
    assert settle_json(tmp_path, old, _service("grpc", 50052)) != old


def test_an_object_that_was_written_between_two_reads_is_the_same(tmp_path: Path) -> None:
    old = [{"metadata": {"name": "node0", "resourceVersion": number}} for number in ("7", "7")]
    new = [{"metadata": {"name": "node0", "resourceVersion": number}} for number in ("9", "12")]
    assert settle_json(tmp_path, old, new) == old
    del new[0]["metadata"]["resourceVersion"]
    assert settle_json(tmp_path, old, new) != old


def _measured(nodes: list[Any], measure: Callable[[str, int], int]) -> list[Any]:
    """The same nodes, of which each measured something else of itself."""

    def number(found: re.Match[str]) -> str:
        return f"{found[1]}{measure(found[2], int(found[3]))}"

    pattern = r'("(memory|ephemeral-storage|sizeBytes)": "?)(\d+)'
    other, count = re.subn(pattern, number, json.dumps(nodes))
    assert count > 3 * len(nodes)
    made: list[Any] = json.loads(other)
    return made


def test_what_a_node_measures_of_itself_is_the_lab_of_that_day(tmp_path: Path) -> None:
    """A kernel and programs that another compiler has made: less memory, a journal, other sizes."""
    path = Path(__file__).parents[1] / "data/records/kubernetes/nodes.json"
    old = json.loads(path.read_text(encoding="utf-8"))["items"]
    assert settle_json(tmp_path, old, _measured(old, lambda _what, size: size - size // 200)) == old


@pytest.mark.parametrize("thing", ["memory", "ephemeral-storage", "sizeBytes"])
def test_another_machine_or_image_is_shown(tmp_path: Path, thing: str) -> None:
    path = Path(__file__).parents[1] / "data/records/kubernetes/nodes.json"
    old = json.loads(path.read_text(encoding="utf-8"))["items"]
    new = _measured(old, lambda what, size: size * 10 if what == thing else size)
    assert settle_json(tmp_path, old, new) == new


def test_the_handle_of_a_rule_means_nothing_and_its_map_does(tmp_path: Path) -> None:
    old = [{"rule": {"chain": "services", "handle": 63, "mod": 3}}]
    assert settle_json(tmp_path, old, [{"rule": {**old[0]["rule"], "handle": 70}}]) == old
    changed = [{"rule": {**old[0]["rule"], "handle": 70, "mod": 2}}]
    assert settle_json(tmp_path, old, changed)[0]["rule"]["mod"] == 2


def test_each_counter_of_a_link_is_one_also_in_json(tmp_path: Path) -> None:
    """As `ip -s -s -j link` has them; a key that is no counter of a link is a fact."""

    def link(**counted: int) -> list[dict[str, object]]:
        return [{"ifname": "flannel.1", "stats64": {"rx": {"nohandler": 0, **counted}}}]

    before = link(otherhost=23, missed_errors=2, multicast=7)
    assert settle_json(tmp_path, before, link(otherhost=8, missed_errors=5, multicast=9)) == before


def test_what_is_no_counter_of_a_link_is_a_fact_in_json(tmp_path: Path) -> None:
    new = [{"ifname": "flannel.1", "mtu": 1450, "stats64": {"rx": {"otherhost": 8}}}]
    old = [{"ifname": "flannel.1", "mtu": 1400, "stats64": {"rx": {"otherhost": 23}}}]
    kept = [{"ifname": "flannel.1", "mtu": 1450, "stats64": {"rx": {"otherhost": 23}}}]
    assert settle_json(tmp_path, old, new) == kept
