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
    records = read("bird-protocols-node0", f"birdcl {SOCKET} show protocols all")
    assert list(records) == [
        "static1", "kernel1", "device1", "direct1", "Mesh_192_168_56_11", "Mesh_192_168_56_12",
    ]  # fmt: skip
    session = "Mesh_192_168_56_11"
    assert lookup(records, f"{session}.info") == "Established"
    assert lookup(records, f"{session}.proto") == "BGP"
    assert lookup(records, f"{session}.neighbor-as") == "64512"
    assert lookup(records, f"{session}.source-address") == "192.168.56.10"
    assert lookup(records, f"{session}.hold-timer") == "172/240"
    assert lookup(records, f"{session}.routes") == "3 imported, 4 exported, 2 preferred"
    assert lookup(records, "static1.preference") == "200"
    assert not exists(records, "static1.info")


def test_bird_names_its_sessions_without_details_too() -> None:
    records = read("restart-bird", f"birdcl {SOCKET} show protocols")
    assert lookup(records, "Mesh_192_168_56_10.info") == "Established"
    assert lookup(records, "kernel1.since") == "03:21:08"


def test_bird_knows_several_ways_to_one_prefix() -> None:
    records = read("bird-route-node0", f"birdcl {SOCKET} show route")
    assert len(records) == 16
    assert shown(records, "[10.42.166.128/26][best=yes].via") == "192.168.56.11"
    assert shown(records, "[10.42.166.128/26][protocol=kernel1].dev") == "tunl0"
    assert shown(records, "[10.42.135.128/26][protocol=static1].type") == "blackhole"
    assert shown(records, "[10.42.104.0/26][best=yes].source") == "192.168.56.11"
    assert shown(records, "[10.42.135.130/32].dev") == "calia7a3e029a7b"
    assert shown(records, "[0.0.0.0/0].preference") == "10"


@pytest.mark.parametrize("node", ["node0", "node1", "node2"])
def test_every_node_s_bird_is_read_whole(node: str) -> None:
    text = said(f"bird-route-{node}")[1]
    records: Any = registry.read(f"birdcl {SOCKET} show route", text)
    assert len(records) == len(text.strip().splitlines()) - 1
    assert len(read(f"bird-protocols-{node}", f"birdcl {SOCKET} show protocols all")) == 6


def test_what_is_no_answer_of_bird_is_refused() -> None:
    refused = (
        "Unable to connect to server control socket (/var/run/calico/bird.ctl): No such file\n"
    )
    for question in ("protocols", "route"):
        with pytest.raises(GuideError):
            registry.read(f"birdcl {SOCKET} show {question}", refused)


def test_calico_s_blocks_are_rows_by_their_range() -> None:
    records = read("calicoctl-ipam-blocks", "calicoctl ipam show --show-blocks")
    assert lookup(records, "[10.42.135.128/26].ips-in-use") == "3 (5%)"
    assert lookup(records, "[10.42.0.0/16].grouping") == "IP Pool"
    assert lookup(records, "[10.42.104.0/26].ips-total") == "64"


def test_calico_s_endpoints_are_rows_by_their_pod() -> None:
    records = read("calicoctl-workloads", "calicoctl get workloadendpoints -o wide")
    assert lookup(records, "client.interface") == "calia7a3e029a7b"
    assert lookup(records, "client.networks") == "10.42.135.130/32"
    assert lookup(records, "[hello-5b84569dcd-p76f8].node") == "node2"


def test_calico_s_objects_are_as_its_api_has_them() -> None:
    records = read("calicoctl-ippool", "calicoctl get ippool -o yaml")
    assert lookup(records, "default-ipv4-ippool.spec.ipipMode") == "Always"
    assert lookup(records, "default-ipv4-ippool.spec.blockSize") == 26
    assert shown(records, "default-ipv4-ippool.spec.natOutgoing") == "yes"


def test_a_refusal_is_no_table() -> None:
    with pytest.raises(GuideError):
        registry.read(
            "calicoctl get ippool", "Failed to create Calico API client: no configuration\n"
        )


def test_sets_have_their_members() -> None:
    records = read("ipset-node0", "ipset list")
    assert shown(records, "cali40all-hosts-net.members") == (
        "192.168.56.10, 192.168.56.11, 192.168.56.12"
    )
    assert lookup(records, "cali40this-host.type") == "hash:ip"
    assert lookup(records, "cali40masq-ipam-pools.references") == 1
    assert lookup(records, "cali40dscp-src-net.members") == ()


@pytest.mark.parametrize("node", ["node0", "node1", "node2"])
def test_routes_have_their_owner_and_the_own_block_is_a_blackhole(node: str) -> None:
    records = read(f"ip-route-{node}", "ip route")
    tunnelled = [route for route in records if route.dev == "tunl0"]
    assert [route.proto for route in tunnelled] == ["80", "80"]
    assert all(route.onlink for route in tunnelled)
    assert [route.proto for route in records if route.type == "blackhole"] == ["80"]


@pytest.mark.parametrize("owner", ["bird", "80"])
def test_a_route_s_owner_reads_the_same_whoever_it_is(owner: str) -> None:
    # iproute2 prints the name that /etc/iproute2/rt_protos has for the number, 12 for BIRD.
    text = said("ip-route-node0")[1].replace("proto 80", f"proto {owner}")
    records = registry.read("ip route", text)
    assert lookup(records, "[10.42.166.128/26].proto") == owner
    assert lookup(records, "[10.42.135.128/26].type") == "blackhole"


def test_links_of_pods_and_the_tunnel_are_read() -> None:
    records = read("ip-addr-node0", "ip -d addr")
    assert lookup(records, "calia7a3e029a7b.mac") == "ee:ee:ee:ee:ee:ee"
    assert lookup(records, "calia7a3e029a7b.mtu") == 1480
    assert lookup(records, "tunl0.cidr") == "10.42.135.128/32"
    assert not exists(records, "calia7a3e029a7b.ipv4")


def test_felix_s_chains_are_read_as_rules() -> None:
    records = read("iptables-save-node0", "iptables-save")
    assert len(lookup(records, "filter.cali-tw-calia7a3e029a7b.rules")) == 8
    assert lookup(records, "filter.cali-FORWARD[4].target") == "cali-to-wl-dispatch"
    assert lookup(records, "filter.cali-to-wl-dispatch[target=DROP].target") == "DROP"
