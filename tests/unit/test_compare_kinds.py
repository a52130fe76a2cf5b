"""Real outputs: a change is said in the field's words, a permitted difference is not."""

import json
import random
from dataclasses import replace

import pytest

from macros.ground.model import Recording
from tests.data.records import load
from tests.unit.compare_support import (
    between,
    edited,
    of,
    printed,
    reordered,
    twin_with,
    with_text,
)
from tests.unit.settle_support import recording

SAVED = "docker/iptables-save"

CHANGES = [
    ("docker/link-detail", "docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500",
     "docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1400", ["mtu of docker0 1500 -> 1400"]),
    ("docker/link-detail", "docker0: <BROADCAST,MULTICAST,UP,LOWER_UP>",
     "docker0: <NO-CARRIER,BROADCAST,MULTICAST,UP>",
     ["flag LOWER_UP of docker0 gone", "flag NO-CARRIER of docker0 new"]),
    ("docker/addr", "172.17.0.1/16", "172.18.0.1/16", ["address of docker0 172.17.0.1/16 -> 172.18.0.1/16"]),
    ("docker/addr", "    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0\n       valid_lft forever preferred_lft forever\n",
     "", ["address 172.17.0.1/16 of docker0 gone"]),
    ("route", "10.77.0.0/16 via 10.1.0.2 dev br0 metric 200", "10.77.0.0/16 dev br0 metric 200",
     ["next hop of 10.77.0.0/16 dev br0 metric 200 gone"]),
    ("route", "default via 192.168.56.11", "default via 192.168.56.12",
     ["next hop of default 192.168.56.11 -> 192.168.56.12"]),
    ("route", "\tnexthop via 10.1.0.3 dev br0 weight 1 \n", "",
     ["next hop 10.1.0.3 dev br0 weight 1 of 10.88.0.0/16 gone"]),
    ("route", "blackhole 10.42.135.128/26 \n", "", ["route to 10.42.135.128/26 gone"]),
    ("route", "mtu 1400", "mtu 1450", ["mtu of 10.77.0.0/16 via 192.168.56.11 dev eth1 1400 -> 1450"]),
    ("neigh", "02:00:c0:a8:38:11", "02:00:c0:a8:38:12",
     ["mac of 192.168.56.11 02:00:c0:a8:38:11 -> 02:00:c0:a8:38:12"]),
    ("neigh", "INCOMPLETE", "FAILED",
     ["state INCOMPLETE of 10.1.0.99 gone", "state FAILED of 10.1.0.99 new"]),
    ("fdb-bridge", "02:00:00:00:00:02 dev veth-red", "02:00:00:00:00:02 dev veth-blue",
     ["fdb entry of 02:00:00:00:00:02 moved from veth-red to veth-blue"]),
    ("fdb-bridge", "33:33:ff:00:01:03 dev veth-blue self permanent\n", "",
     ["fdb entry of 33:33:ff:00:01:03 behind veth-blue gone"]),
    ("vlans/vlan", "va                1 Egress Untagged\n                  10 PVID", "va                1 Egress Untagged\n                  30 PVID",
     ["port va moved from VLAN 10 to VLAN 30"]),
    ("vlans/vlan", "10 PVID Egress Untagged", "10 Egress Untagged", ["flag PVID of VLAN 10 at va gone"]),
    ("vlans/vlan-detail", "20-25", "20-26", ["port vb moved from VLAN 20-25 to VLAN 20-26"]),
    ("queues/netem", "delay 20ms", "delay 80ms", ["delay of netem at root 20ms -> 80ms"]),
    ("queues/netem", "delay 20ms", "delay 20ms loss 1%", ["loss of netem at root new: 1%"]),
    ("queues/qdisc", "qdisc pfifo_fast 0: dev eth1 root refcnt 2 bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1",
     "qdisc netem 8001: dev eth1 root refcnt 2 limit 1000 delay 20ms seed 9",
     ["queue pfifo_fast at root of eth1 gone", "queue netem at root of eth1 new"]),
    ("queues/htb", "htb 1:", "htb 2:", ["handle of htb at root 1: -> 2:"]),
    ("queues/htb", "ecn drop_batch", "drop_batch", ["ecn of fq_codel at 1:10 gone"]),
    ("queues/netem-statistics", "dropped 0 corrupted", "dropped 4 corrupted",
     [("line 3 of the statistics of netem at root delayed 3 dropped 0 corrupted 0 duplicated 0 reordered 0 ecn_marked 0"
      " -> delayed 3 dropped 4 corrupted 0 duplicated 0 reordered 0 ecn_marked 0")]),
    ("queues/rule", "from all fwmark 0x9 lookup 100", "from all fwmark 0x9 lookup 101",
     ["lookup of rule 300 100 -> 101"]),
    ("queues/rule", "120:\tfrom all to 10.5.0.0/16 unreachable\n", "",
     ["rule 120: from all to 10.5.0.0/16 unreachable gone"]),
    ("queues/rule", "130:\tfrom all goto 300", "131:\tfrom all goto 300",
     ["rule 130: from all goto 300 moved from priority 130 to priority 131"]),
    ("queues/rule", "110:\tnot from", "110:\tfrom", ["not of rule 110 not -> none"]),
    ("queues/vrf", "red                 10", "red                 11", ["table of red 10 -> 11"]),
    ("queues/vrf", "blue              1001\n", "", ["VRF blue gone"]),
    ("docker/bridge-link", "state forwarding", "state disabled",
     ["state of vethdd93b3d forwarding -> disabled"]),
    ("conntrack", "TIME_WAIT", "ESTABLISHED",
     ["state of connection tcp 192.168.56.11:44650 > 192.168.56.10:8080 TIME_WAIT -> ESTABLISHED"]),
    ("conntrack", "src=10.1.0.2 dst=192.168.56.11 sport=8080", "src=10.1.0.3 dst=192.168.56.11 sport=8080",
     ["new destination of connection tcp 192.168.56.11:44650 > 192.168.56.10:8080 10.1.0.2:8080 -> 10.1.0.3:8080"]),
    ("ss-listening", "127.0.0.1:8000", "0.0.0.0:8000",
     ["socket 127.0.0.1:8000, which listens, gone", "socket 0.0.0.0:8000, which listens, new"]),
    ("ping", "ttl=64", "ttl=63", ["ttl of answer 1 of ping of 10.1.0.3 64 -> 63"]),
    ("ping", "2 received, 0% packet loss", "1 received, 50% packet loss",
     ["received of ping of 10.1.0.3 2 -> 1", "loss of ping of 10.1.0.3 0 -> 50"]),
    ("docker/network", '"Gateway": "172.17.0.1"', '"Gateway": "172.17.0.254"',
     ["IPAM.Config[1].Gateway of network bridge 172.17.0.1 -> 172.17.0.254"]),
    (SAVED, "-A DOCKER-FORWARD -i docker0 -j ACCEPT\n", "",
     ["rule removed from DOCKER-FORWARD: -i docker0 -j ACCEPT"]),
    (SAVED, "-A DOCKER-FORWARD -i docker0 -j ACCEPT\n",
     "-A DOCKER-FORWARD -i docker0 -j ACCEPT\n-A DOCKER-FORWARD -o eth1 -p udp -j DROP\n",
     ["rule added to DOCKER-FORWARD at place 5: -o eth1 -p udp -j DROP"]),
    (SAVED, ":FORWARD ACCEPT", ":FORWARD DROP", ["policy of FORWARD ACCEPT -> DROP"]),
    (SAVED, "--to-destination 172.17.0.3:8080", "--to-destination 172.17.0.4:8080",
     [("rule 2 of DOCKER (nat) changed: ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.3:8080"
      " -> ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.4:8080")]),
    (SAVED, ":INPUT ACCEPT [0:0]", ":INPUT ACCEPT [3:180]",
     ["packets counted by the policy of INPUT 0 -> 3"]),
    (SAVED, "v1.8.13 (nf_tables)", "v1.8.11 (nf_tables)",
     [("line changed: # Generated by iptables-save v1.8.13 (nf_tables) on Mon Nov 23 04:05:53 2026"
      " -> # Generated by iptables-save v1.8.11 (nf_tables) on Mon Nov 23 04:05:53 2026")]),
    (SAVED, "-A FORWARD -j DOCKER-USER\n-A FORWARD -j DOCKER-FORWARD\n",
     "-A FORWARD -j DOCKER-FORWARD\n-A FORWARD -j DOCKER-USER\n",
     ["rule moved in FORWARD, from place 1 to 2: -j DOCKER-USER"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "said"), CHANGES)
def test_a_change_is_said_in_words(name: str, old: str, new: str, said: list[str]) -> None:
    assert edited(name, old, new) == said


@pytest.mark.parametrize("name", sorted({name for name, *_ in CHANGES}))
def test_nothing_is_said_of_the_same(name: str) -> None:
    assert between(of(name), of(name)) == []
    assert between(printed(name), printed(name)) == []


@pytest.mark.parametrize(
    "name",
    ["neigh", "fdb-bridge", "docker/fdb", "docker/neigh", "ss-all", "conntrack"],
)
def test_an_order_that_means_nothing_is_no_change(name: str) -> None:
    def shuffled(lines: list[str]) -> list[str]:
        first = lines[:1] if name.startswith("ss") else []
        rest = lines[len(first) :]
        random.Random(4).shuffle(rest)  # noqa: S311 a test's own order
        return first + rest

    recording = printed(name)
    assert between(recording, reordered(recording, shuffled)) == []
    other = of(name)
    if other.twin is not None:
        assert between(other, twin_with(other, lambda twin: twin.reverse())) == []


def test_the_order_of_chains_means_nothing() -> None:
    recording = printed(SAVED)
    old = ":DOCKER - [0:0]\n:DOCKER-BRIDGE - [0:0]\n"
    new = ":DOCKER-BRIDGE - [0:0]\n:DOCKER - [0:0]\n"
    assert between(recording, with_text(recording, old, new)) == []


def test_rules_of_different_chains_can_change_places() -> None:
    recording = printed(SAVED)
    rules = "-A DOCKER-BRIDGE -o docker0 -j DOCKER\n"
    last = "-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP\n"
    assert rules in recording.text
    assert last in recording.text
    moved = recording.text.replace(rules, "", 1).replace(last, last + rules, 1)
    assert between(recording, replace(recording, text=moved)) == []


def test_a_chain_that_came_is_named_with_its_rules() -> None:
    recording = printed(SAVED)
    rows = [row for row in recording.text.splitlines(keepends=True) if "DOCKER-BRIDGE" not in row]
    without = replace(recording, text="".join(rows))
    assert sorted(between(without, recording)) == [
        "chain DOCKER-BRIDGE new, with 1 rule",
        "rule added to DOCKER-FORWARD at place 3: -j DOCKER-BRIDGE",
    ]


def test_a_table_that_came_is_named() -> None:
    recording = printed(SAVED)
    start, end = recording.text.index("*raw"), recording.text.index("COMMIT")
    without = replace(recording, text=recording.text[:start] + recording.text[end:])
    assert "table raw new" in between(without, recording)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("ping", "time=0.045", "time=9.1"),
        ("queues/netem", "seed 17960057497728554580", "seed 18039531963367832973"),
        ("queues/netem", "8001:", "8004:"),
        ("queues/netem-statistics", "Sent 238 bytes 3 pkt", "Sent 980 bytes 10 pkt"),
        ("queues/netem-statistics", "delayed 3", "delayed 10"),
        ("neigh", "REACHABLE", "STALE"),
        ("conntrack", "6 119 TIME_WAIT", "6 7 TIME_WAIT"),
        (SAVED, "[33:1496]", "[34:1540]"),
        (SAVED, "Mon Nov 23 04:05:53 2026", "Tue Nov 24 01:02:03 2026"),
    ],
)
def test_noise_is_no_change(name: str, old: str, new: str) -> None:
    assert edited(name, old, new) == []


def test_json_says_what_text_does_not() -> None:
    def change(twin: list[dict[str, object]]) -> None:
        twin[-1]["promiscuity"] = 7

    recording = of("link-detail")
    name = recording.twin[-1]["ifname"]
    changes = between(recording, twin_with(recording, change))
    assert len(changes) == 1
    assert changes[0].startswith(f"promiscuity of {name} ")


def test_the_same_change_of_several_is_said_once() -> None:
    recording = printed("docker/link-detail")
    new = replace(recording, text=recording.text.replace(" mtu 1500", " mtu 1400"))
    assert between(recording, new) == [
        "mtu of eth0, eth1, docker0, vethdd93b3d, vethdcaf3e2 1500 -> 1400"
    ]


def test_an_output_that_is_no_record_is_compared_as_text() -> None:
    recording = printed("addr-missing")
    assert between(recording, with_text(recording, "nosuch0", "nosuch1"))


def test_an_exit_code_is_a_change() -> None:
    recording = printed("ping")
    assert between(recording, replace(recording, exit=1)) == ["exit code 0 -> 1"]


def test_free_text_is_compared_line_by_line() -> None:
    old = recording("a", "net.ipv4.ip_forward = 0\nnet.ipv4.tcp_ecn = 2\n", "sysctl -a")
    new = replace(old, text="net.ipv4.ip_forward = 1\nnet.ipv4.tcp_ecn = 2\n")
    assert between(old, new) == ["line changed: net.ipv4.ip_forward = 0 -> net.ipv4.ip_forward = 1"]
    assert between(old, replace(old, text="net.ipv4.tcp_ecn = 2\n")) == [
        "line gone: net.ipv4.ip_forward = 0"
    ]
    moved = between(old, reordered(old, lambda lines: lines[::-1]))
    assert len(moved) == 1
    assert moved[0].startswith("line moved: ")


def test_widths_of_columns_are_no_change() -> None:
    old = recording("a", "NAME   AGE\nweb    up\n", "list")
    assert between(old, replace(old, text="NAME        AGE\nweb         up\n")) == []
    assert between(old, replace(old, text="NAME        AGE\nweb         down\n"))


def observation(name: str) -> Recording:
    twin = json.loads((load.DATA.parent / "draw" / f"{name}.json").read_text(encoding="utf-8"))
    return recording("a", "", "observe", twin)


def test_an_observation_is_compared_namespace_by_namespace() -> None:
    state_before = observation("docker-web-client")

    def change(twin: dict[str, list[dict[str, list[dict[str, object]]]]]) -> None:
        space = next(namespace for namespace in twin["namespaces"] if namespace["name"] == "web")  # type: ignore[comparison-overlap]
        for part in ("links", "addresses"):
            next(link for link in space[part] if link["ifname"] == "eth0")["mtu"] = 1400

    assert between(state_before, twin_with(state_before, change)) == [
        "mtu of eth0 in web 1500 -> 1400"
    ]
    assert between(state_before, observation("docker-web-client")) == []


def test_a_container_that_came_is_named() -> None:
    changes = between(observation("docker-web"), observation("docker-web-client"))
    assert "namespace client new" in changes
    assert "container client new" in changes


def test_two_rules_of_one_priority_need_not_have_the_same_words() -> None:
    old = "70:\tfrom all iif eth2 goto 200\n70:\tfrom all lookup 900"
    new = "70:\tfrom all iif eth2 goto 200\n70:\tfrom all lookup 901"
    changes = between(recording("a", old, "ip rule"), recording("a", new, "ip rule"))
    assert len(changes) in {1, 2}
    assert all("70" in words for words in changes)
    assert any("901" in words for words in changes)
