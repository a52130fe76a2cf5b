"""Outputs of bug reports and of other projects' tests: each gives what its `expected.md` says."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.kinds import registry
from macros.packets import dissector, summary
from macros.packets.packet import Packet
from macros.values import record_path
from macros.ways import iptables, nftables, shares
from tests.unit.compare_support import between
from tests.unit.settle_support import recording, settle_text

CASES = Path(__file__).parents[1] / "foreign" / "cases"


def test_every_case_has_a_test() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    folders = [path.name for path in CASES.iterdir()]
    assert len(folders) == 14
    assert [name for name in folders if f'"{name}"' not in here] == []


def case(folder: str, name: str) -> str:
    return (CASES / folder / f"input.{name}").read_text(encoding="utf-8")


def changed(folder: str, command: str, name: str = "{}.txt") -> list[str]:
    """What is told between a case's old and new input."""
    old, new = (case(folder, name.format(side)) for side in ("old", "new"))
    return between(recording("a", old, command), recording("a", new, command))


def test_the_json_of_a_node_is_compared() -> None:
    folder = "01-kubectl-json-never-compared"
    old, new = (
        recording(
            "a",
            case(folder, "txt"),
            "kubectl get nodes",
            json.loads(case(folder, f"{side}.json")),
        )
        for side in ("old", "new")
    )
    assert between(old, new) == ["spec.podCIDR of node0 10.42.0.0/24 -> 10.42.7.0/24"]


@pytest.mark.parametrize(
    ("name", "command", "told"),
    [
        (
            "ipset",
            "ipset list",
            [
                "member 10.42.0.5 of set cali40s:aaaa gone",
                "member 10.42.0.5 of set cali40s:bbbb new",
            ],
        ),
        (
            "bird",
            "birdcl show route",
            [
                "next hop of 10.42.104.0/26 192.0.2.13 -> 192.0.2.14",
                (
                    "protocol of next hop 192.0.2.14 of 10.42.104.0/26"
                    " Mesh_192_0_2_13 -> Mesh_192_0_2_14"
                ),
                "next hop of 10.42.135.128/26 192.0.2.14 -> 192.0.2.13",
                (
                    "protocol of next hop 192.0.2.13 of 10.42.135.128/26"
                    " Mesh_192_0_2_14 -> Mesh_192_0_2_13"
                ),
            ],
        ),
        (
            "yaml",
            "calicoctl get ippool -o yaml",
            [
                "spec.natOutgoing of pool-a true -> false",
                "spec.natOutgoing of pool-b false -> true",
            ],
        ),
        (
            "vlan",
            "busybox ip -d link",
            ["vlan id of eth0.a 11 -> 12", "vlan id of eth0.b 12 -> 11"],
        ),
    ],
)
def test_a_line_belongs_to_its_section(name: str, command: str, told: list[str]) -> None:
    assert changed("02-lines-of-another-section", command, f"{name}.{{}}.txt") == told


def test_the_rules_of_one_service_are_in_order(tmp_path: Path) -> None:
    folder = "04-order-of-one-services-rules"
    told = changed(folder, "iptables-save -t nat")
    assert [what.partition(":")[0] for what in told] == [
        "rule moved in KUBE-NODEPORTS (nat), from place 1 to 2",
        "rule moved in KUBE-SERVICES (nat), from place 1 to 2",
    ]
    old, new = (case(folder, f"{side}.txt") for side in ("old", "new"))
    assert settle_text(tmp_path, old, new, "iptables-save -t nat") == new


def test_words_of_links_are_read_as_json_has_them() -> None:
    folder = "05-words-of-ip-link-that-stand-alone"
    texts = {name: case(folder, f"{name}.txt") for name in ("xdp", "permaddr", "protodown")}
    xdp = registry.read("ip link", texts["xdp"])["ens5"]
    assert (xdp.state, xdp.qdisc, xdp.master, xdp.kind) == ("UP", "mq", "br0", None)
    bond = registry.read("ip link", texts["permaddr"])["eth0"]
    assert (bond.permaddr, bond.link_netnsid) == ("02:00:00:00:00:02", 3)
    assert registry.read("ip link", texts["protodown"])["eth0"].protodown
    old = recording("a", texts["xdp"], "ip link")
    down = replace(old, text=old.text.replace("state UP", "state DOWN"))
    assert between(old, down) == ["state of ens5 UP -> DOWN"]
    without = old.text.replace(" xdp/id:52", "").partition("    prog/")[0]
    assert between(old, replace(old, text=without)) == ["xdp of ens5 gone"]


def test_the_ends_of_a_tunnel_are_not_the_route_s() -> None:
    text = case("06-encapsulating-routes", "txt")
    assert [(way.destination, way.via, way.dev) for way in registry.read("ip route", text)] == [
        ("192.0.2.0/24", None, "eth0"),
        ("10.99.0.0/16", "192.0.2.4", "eth0"),
        ("203.0.113.0/24", "192.0.2.4", "eth0"),
    ]


def test_objects_of_several_kinds_have_names_of_their_own() -> None:
    folder = "08-kubectl-of-several-kinds"
    tables = registry.read("kubectl get all", case(folder, "txt"))
    assert list(tables) == ["pod/web-5b84569dcd-dmwkr", "service/web"]
    assert tables["service/web"].columns["cluster-ip"] == "10.43.0.80"
    twin = json.loads(case(folder, "json"))
    objects = registry.read("kubectl get deployments,services", "", twin)
    assert record_path.lookup(objects, "[deployment.apps/web].spec.replicas") == 2
    assert record_path.lookup(objects, "[service/web].spec.clusterIP") == "10.43.0.80"


@pytest.mark.parametrize(
    ("name", "command", "told"),
    [
        (
            "listen",
            "ss -tln",
            [
                "socket 0.0.0.0:50051, which listens, gone",
                "socket 0.0.0.0:50052, which listens, new",
            ],
        ),
        ("dnat", "iptables -t nat -S", ["rule 1 of PREROUTING (nat) changed"]),
        (
            "endpoints",
            "kubectl get endpoints",
            ["endpoints of grpc 10.42.0.5:50051 -> 10.42.0.5:50052"],
        ),
        (
            "wireguard",
            "conntrack -L",
            [
                "connection udp 192.0.2.1:51820 > 192.0.2.2:51820 gone",
                "connection udp 192.0.2.1:51821 > 192.0.2.2:51821 new",
            ],
        ),
        ("service", "kubectl get svc", ["object db-pgsql gone", "object db-mssql new"]),
        ("mac", "ip addr", ["mac of cbr0 0a:58:0a:f4:03:01 -> 0a:58:0a:f4:03:09"]),
    ],
)
def test_a_fact_with_the_shape_of_a_name_is_a_fact(
    name: str, command: str, told: list[str], tmp_path: Path
) -> None:
    folder = "03-facts-with-an-identitys-shape"
    old, new = (case(folder, f"{name}.{side}.txt") for side in ("old", "new"))
    settled = settle_text(tmp_path, old, new, command)
    assert settled == new
    changes = between(recording("a", old, command), recording("a", settled, command))
    assert [re.sub(r"(changed): .*", r"\1", what) for what in changes] == told


@pytest.mark.parametrize(
    ("name", "service", "right"),
    [
        ("local", "198.51.100.100:80", "1"),
        ("docker", "192.0.2.7:8080", "1"),
        ("ranges", "198.51.100.100:80", "1, only for a source in 203.0.113.0/24"),
        ("nth", "192.0.2.7:80", None),
    ],
)
def test_one_question_has_one_answer(name: str, service: str, right: str | None) -> None:
    rules = iptables.read(case("09-one-question-answered-twice", f"{name}.txt"))
    if right is None:
        with pytest.raises(GuideError, match=r"10\.0\.0\.5:80 1/2, nowhere.*\(--mode nth\)"):
            shares.text(rules, service)
    else:
        assert shares.text(rules, service) == right


def test_services_of_ipv6_are_found_and_their_endpoints_have_brackets() -> None:
    folder = "10-ipv6-services"
    right = {"[fd00:10:42::19]:8080": Fraction(1)}
    rules = iptables.read(case(folder, "iptables.txt"))
    for service in ("[fd00:10:43::50]:80", "[FD00:10:43::50]:80", "default/web:http"):
        assert shares.shares(rules, service) == right
    nft = nftables.read(case(folder, "nft.txt"), json.loads(case(folder, "nft.json")))
    assert shares.shares(nft, "[fd00:10:43::50]:80") == right


def packets(folder: str) -> Iterator[tuple[str, Packet]]:
    for packet in dissector.packets(CASES / folder / "input.pcap"):
        yield summary.summary(packet), packet


def test_the_ends_of_a_tunnel_of_another_family() -> None:
    captured = list(packets("12-tunnel-of-another-family"))
    carriers = [line.rpartition(", in ")[2] for line, _ in captured]
    assert carriers == [
        "VXLAN 100, 192.0.2.1 > 192.0.2.2",
        "VXLAN 100, 192.0.2.1 > 192.0.2.2",
        "IP-in-IP, 192.0.2.1 > 192.0.2.2",
        "IP-in-IP, 2001:db8::1 > 2001:db8::2",
    ]
    roles = [
        [layer.role for layer in packet.layers if "IP" in layer.name] for _, packet in captured
    ]
    assert roles == [["outer"], ["outer", "inner"], ["outer", "inner"], ["outer", "inner"]]


def test_a_length_that_is_left_to_the_card_is_what_was_captured() -> None:
    captured = list(packets("13-length-zero-of-offload"))
    assert [line.partition(":")[0] for line, _ in captured] == [
        "TCP PSH ACK [2001",
        "TCP PSH ACK 192.0.2.1",
    ]
    assert "300 bytes" in captured[0][0]
    for (_, packet), name in zip(captured, ("payload length", "total length"), strict=True):
        fields = [field for layer in packet.layers for field in layer.fields]
        lengths = [field.meaning for field in fields if field.label == name]
        assert lengths == ["0: left to the network card (offload)"]
        assert not any(field.state == "wrong" for field in fields)
        assert "Padding" not in {layer.name for layer in packet.layers}


def test_options_before_and_behind_are_passed_over() -> None:
    lines = [line for line, _ in packets("14-two-ipv6-option-headers")]
    assert lines == ["UDP [2001:db8::1]:1000 > [2001:db8::2]:2000, 1 byte: x"]


def test_a_service_tag_is_a_tag() -> None:
    lines = [line for line, _ in packets("16-tagged-frame")]
    assert lines == [
        "UDP 192.0.2.1:1 > 192.0.2.2:2, 1 byte: x",
        "0x8864 frame 02:00:00:00:00:01 > 02:00:00:00:00:02",
    ]


QUIET = json.loads(case("17-noise-that-is-not-silent", "edits.json"))
NAMES = {"input.docker-id", "input.bridge-id", "input.mac-letters"}
"""Those that only name: settling gives them their old names, and then nothing is told."""


@pytest.mark.parametrize("name", QUIET)
def test_noise_is_silent_in_all_its_forms(name: str, tmp_path: Path) -> None:
    command, was, now = QUIET[name]
    old = case("17-noise-that-is-not-silent", f"{name.removeprefix('input.')}.txt")
    new = old.replace(was, now)
    assert new != old
    settled = settle_text(tmp_path, old, new, command)
    assert settled == old
    fresh = settled if name in NAMES else new
    assert between(recording("a", old, command), recording("a", fresh, command)) == []
