"""What Calico's parts answered, read into records: see tests/data/calico/README.md."""

from pathlib import Path
from typing import Any

import pytest

from macros.ground.errors import GuideError
from macros.kinds import registry
from macros.values.record_path import exists, lookup, shown

DATA = Path(__file__).parent.parent / "data" / "calico"
EXEC = "kubectl -n kube-system exec calico-node-abcde -c calico-node -- "
SOCKET = "-s /var/run/calico/bird.ctl"


def said(name: str) -> tuple[str, str]:
    """The command of a sample, and what it printed."""
    first, _, text = (DATA / f"{name}.txt").read_text(encoding="utf-8").partition("\n")
    return first.partition("$ ")[2], text


def read(name: str, command: str) -> Any:
    return registry.read(command, said(name)[1])


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (f"birdcl {SOCKET} show protocols", "bird-protocols"),
        (f"{EXEC}birdcl {SOCKET} show protocols all Mesh_192_168_56_11", "bird-protocols"),
        (f"{EXEC}birdcl {SOCKET} show route", "bird-routes"),
        (f"{EXEC}birdcl {SOCKET} show route all", None),
        (f"{EXEC}birdcl {SOCKET} restart Mesh_192_168_56_11", None),
        ("calicoctl get ippool -o yaml", "calicoctl"),
        ("calicoctl ipam show --show-blocks", "calicoctl"),
        ("calicoctl version", None),
        ("ipset list cali40all-hosts-net", "ipsets"),
    ],
)
def test_commands_have_kinds(command: str, kind: str | None) -> None:
    told = registry.kind_of(command)
    assert (told.name if told else None) == kind


def test_bird_names_its_sessions_and_how_they_are() -> None:
    found = read("bird-protocols-node0", f"birdcl {SOCKET} show protocols all")
    assert list(found) == [
        "static1", "kernel1", "device1", "direct1", "Mesh_192_168_56_11", "Mesh_192_168_56_12",
    ]  # fmt: skip
    session = "Mesh_192_168_56_11"
    assert lookup(found, f"{session}.info") == "Established"
    assert lookup(found, f"{session}.proto") == "BGP"
    assert lookup(found, f"{session}.neighbor-as") == "64512"
    assert lookup(found, f"{session}.source-address") == "192.168.56.10"
    assert lookup(found, f"{session}.hold-timer") == "172/240"
    assert lookup(found, f"{session}.routes") == "3 imported, 4 exported, 2 preferred"
    assert lookup(found, "static1.preference") == "200"
    assert not exists(found, "static1.info")


def test_bird_names_its_sessions_without_details_too() -> None:
    found = read("restart-bird", f"birdcl {SOCKET} show protocols")
    assert lookup(found, "Mesh_192_168_56_10.info") == "Established"
    assert lookup(found, "kernel1.since") == "03:21:08"


def test_bird_knows_several_ways_to_one_prefix() -> None:
    found = read("bird-route-node0", f"birdcl {SOCKET} show route")
    assert len(found) == 16
    assert shown(found, "[10.42.166.128/26][best=yes].via") == "192.168.56.11"
    assert shown(found, "[10.42.166.128/26][protocol=kernel1].dev") == "tunl0"
    assert shown(found, "[10.42.135.128/26][protocol=static1].type") == "blackhole"
    assert shown(found, "[10.42.104.0/26][best=yes].source") == "192.168.56.11"
    assert shown(found, "[10.42.135.130/32].dev") == "calia7a3e029a7b"
    assert shown(found, "[0.0.0.0/0].preference") == "10"


@pytest.mark.parametrize("node", ["node0", "node1", "node2"])
def test_every_node_s_bird_is_read_whole(node: str) -> None:
    text = said(f"bird-route-{node}")[1]
    found: Any = registry.read(f"birdcl {SOCKET} show route", text)
    assert len(found) == len(text.strip().splitlines()) - 1
    assert len(read(f"bird-protocols-{node}", f"birdcl {SOCKET} show protocols all")) == 6


def test_what_is_no_answer_of_bird_is_refused() -> None:
    refused = (
        "Unable to connect to server control socket (/var/run/calico/bird.ctl): No such file\n"
    )
    for question in ("protocols", "route"):
        with pytest.raises(GuideError):
            registry.read(f"birdcl {SOCKET} show {question}", refused)


def test_calico_s_blocks_are_rows_by_their_range() -> None:
    found = read("calicoctl-ipam-blocks", "calicoctl ipam show --show-blocks")
    assert lookup(found, "[10.42.135.128/26].ips-in-use") == "3 (5%)"
    assert lookup(found, "[10.42.0.0/16].grouping") == "IP Pool"
    assert lookup(found, "[10.42.104.0/26].ips-total") == "64"


def test_calico_s_endpoints_are_rows_by_their_pod() -> None:
    found = read("calicoctl-workloads", "calicoctl get workloadendpoints -o wide")
    assert lookup(found, "client.interface") == "calia7a3e029a7b"
    assert lookup(found, "client.networks") == "10.42.135.130/32"
    assert lookup(found, "[hello-5b84569dcd-p76f8].node") == "node2"


def test_calico_s_objects_are_as_its_api_has_them() -> None:
    found = read("calicoctl-ippool", "calicoctl get ippool -o yaml")
    assert lookup(found, "default-ipv4-ippool.spec.ipipMode") == "Always"
    assert lookup(found, "default-ipv4-ippool.spec.blockSize") == 26
    assert shown(found, "default-ipv4-ippool.spec.natOutgoing") == "yes"


def test_a_refusal_is_no_table() -> None:
    with pytest.raises(GuideError):
        registry.read(
            "calicoctl get ippool", "Failed to create Calico API client: no configuration\n"
        )


def test_sets_have_their_members() -> None:
    found = read("ipset-node0", "ipset list")
    assert shown(found, "cali40all-hosts-net.members") == (
        "192.168.56.10, 192.168.56.11, 192.168.56.12"
    )
    assert lookup(found, "cali40this-host.type") == "hash:ip"
    assert lookup(found, "cali40masq-ipam-pools.references") == 1
    assert lookup(found, "cali40dscp-src-net.members") == ()


@pytest.mark.parametrize("node", ["node0", "node1", "node2"])
def test_routes_have_their_owner_and_the_own_block_is_a_blackhole(node: str) -> None:
    found = read(f"ip-route-{node}", "ip route")
    tunnelled = [route for route in found if route.dev == "tunl0"]
    assert [route.proto for route in tunnelled] == ["80", "80"]
    assert all(route.onlink for route in tunnelled)
    assert [route.proto for route in found if route.type == "blackhole"] == ["80"]


@pytest.mark.parametrize("owner", ["bird", "80"])
def test_a_route_s_owner_reads_the_same_whoever_it_is(owner: str) -> None:
    # iproute2 prints the name that /etc/iproute2/rt_protos has for the number, 12 for BIRD.
    text = said("ip-route-node0")[1].replace("proto 80", f"proto {owner}")
    found = registry.read("ip route", text)
    assert lookup(found, "[10.42.166.128/26].proto") == owner
    assert lookup(found, "[10.42.135.128/26].type") == "blackhole"


def test_links_of_pods_and_the_tunnel_are_read() -> None:
    found = read("ip-addr-node0", "ip -d addr")
    assert lookup(found, "calia7a3e029a7b.mac") == "ee:ee:ee:ee:ee:ee"
    assert lookup(found, "calia7a3e029a7b.mtu") == 1480
    assert lookup(found, "tunl0.cidr") == "10.42.135.128/32"
    assert not exists(found, "calia7a3e029a7b.ipv4")


def test_felix_s_chains_are_read_as_rules() -> None:
    found = read("iptables-save-node0", "iptables-save")
    assert len(lookup(found, "filter.cali-tw-calia7a3e029a7b.rules")) == 8
    assert lookup(found, "filter.cali-FORWARD[4].target") == "cali-to-wl-dispatch"
    assert lookup(found, "filter.cali-to-wl-dispatch[target=DROP].target") == "DROP"
