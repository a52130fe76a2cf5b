"""A path finds one value, or says which step is wrong and what is near."""

import pytest

from macros.ground.errors import GuideError
from macros.values import record_path
from tests.data.records.load import read


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("docker/link-detail", "docker0.mtu", 1500),
        ("docker/link-detail", "docker0.kind", "bridge"),
        ("link-detail", "[flannel.1].info.id", 1),
        ("link-detail", "[flannel.1].linkinfo.info_data.port", 8472),
        ("link-detail", "veth-red.link_netns", "red"),
        ("link-detail", "veth-red.operstate", "UP"),
        ("addr", "eth1.ipv4", "192.168.56.10"),
        ("addr", "eth1.cidr", "192.168.56.10/24"),
        ("addr", "eth1.mtu", 1500),
        ("addr", "br0.all[2].address", "fd00:1::1"),
        ("addr", "br0.all[family=inet6,scope=link].address", "fe80::ff:fe00:1"),
        ("route", "default.via", "192.168.56.11"),
        ("route", "[10.42.1.0/24].dev", "flannel.1"),
        ("route", "[10.77.0.0/16][1].mtu", 1400),
        ("route", "[10.77.0.0/16][metric=200].dev", "br0"),
        ("route", "[dev=flannel.1].via", "10.42.1.0"),
        ("route", "[2].destination", "10.1.0.0/24"),
        ("route", "[10.88.0.0/16].nexthops[2].via", "10.1.0.3"),
        ("route-get", "via", "10.42.1.0"),
        ("neigh", "[192.168.56.11].mac", "02:00:c0:a8:38:11"),
        ("neigh", "[192.168.56.11].lladdr", "02:00:c0:a8:38:11"),
        ("docker/fdb", "52:c6:69:b5:49:a9.dev", "vethdd93b3d"),
        ("docker/fdb", "7a:c9:65:fd:ee:bb[vlan=1].dev", "vethdd93b3d"),
        ("docker/iptables-save", "nat.POSTROUTING[target=MASQUERADE].source", "172.17.0.0/16"),
        ("docker/iptables-save", "nat.DOCKER[target=DNAT].to-destination", "172.17.0.3:8080"),
        ("docker/iptables-save", "nat.DOCKER[target=DNAT].to_destination", "172.17.0.3:8080"),
        ("docker/iptables-save", "nat.DOCKER[2].in-interface", "! docker0"),
        ("docker/iptables-save", "filter.FORWARD.policy", "ACCEPT"),
        ("docker/iptables-save", "filter.DOCKER-CT.ctstate", "RELATED,ESTABLISHED"),
        (
            "docker/iptables-save",
            "filter.DOCKER-CT[ctstate=RELATED,ESTABLISHED,target=ACCEPT].number",
            1,
        ),
        ("calico/iptables-save", "filter.[cali-pri-kns.default].name", "cali-pri-kns.default"),
        ("docker/container", "web.ip", "172.17.0.2"),
        ("docker/container", "web.State.Pid", 438),
        ("docker/container", "web.networks.bridge.gateway", "172.17.0.1"),
        ("docker/network", "bridge[com.docker.network.driver.mtu]", "1500"),
        ("docker/conntrack", "[protocol=icmp].reply.src", "172.17.0.2"),
        ("docker/conntrack", "[original.sport=22].state", "ESTABLISHED"),
        ("docker/ss-listening", "[0.0.0.0:8080].process", "docker-proxy"),
        ("ping", "received", 2),
        ("ping", "replies[1].ttl", 64),
        ("ping-fragmentation-needed", "failures[1].mtu", 1400),
    ],
)
def test_a_path_finds_its_value(name: str, said: str, value: object) -> None:
    assert record_path.lookup(read(name), said) == value
    assert record_path.exists(read(name), said)


@pytest.mark.parametrize(
    ("name", "said", "message"),
    [
        ("addr", "docker0.ipv4", "there is no docker0; there is: lo, br0"),
        ("addr", "eth2.ipv4", "there is no eth2; nearest: eth1"),
        ("addr", "eth1.ip4", "eth1 has no ip4; nearest: ipv4"),
        ("addr", "veth-red.ipv4", "veth-red.ipv4 was not given there"),
        ("route", "[10.42.2.0/24].dev", "nearest: [10.42.1.0/24]"),
        ("route", "[10.77.0.0/16].dev", "of 2 entries one is chosen by [number] or [field=value]"),
        ("route", "[99].dev", "there is no [99] (of 11 entries)"),
        ("route", "[0].dev", "there is no [0] (of 11 entries)"),
        ("route", "[dev=eth1].via", "it matches 3 entries: [1], [8], [11]"),
        ("route", "[dev=eth2].via", "nearest: dev=eth1"),
        ("docker/iptables-save", "nat.POSTROUTIN[1].text", "nat has no POSTROUTIN; nearest: POSTR"),
        ("docker/iptables-save", "nat.POSTROUTING[target=SNAT].source", "target=MASQUERADE"),
        ("ping-loss", "avg", "avg was not given there"),
        ("ping", "replies[3].ttl", "replies has no [3] (of 2 entries)"),
        ("ping", "received.", "it cannot go on at '.'"),
        ("ping", "replies[1", "it cannot go on at '[1'"),
        ("ping", "replies[1]ttl", "it cannot go on at 'ttl'"),
        ("ping", ".received", "it cannot go on at '.received'"),
        ("ping", "", "an empty path"),
    ],
)
def test_a_wrong_path_says_which_step_and_what_is_near(name: str, said: str, message: str) -> None:
    with pytest.raises(GuideError) as error:
        record_path.lookup(read(name), said)
    assert message in str(error.value)


def test_the_first_wrong_step_is_named_though_later_ones_are_wrong_too() -> None:
    with pytest.raises(GuideError, match="there is no eth9"):
        record_path.lookup(read("addr"), "eth9.nothing.at.all")


def test_absence_can_be_asked_for() -> None:
    assert not record_path.exists(read("link"), "docker0")
    assert not record_path.exists(read("link"), "eth1.master")
    assert record_path.exists(read("link"), "veth-red.master")
    with pytest.raises(GuideError, match="cannot go on"):
        record_path.exists(read("link"), "eth1..mtu")


def test_plain_json_has_paths_too() -> None:
    packets = [{"ip": {"ttl": 64}, "tcp": {"flags": "SYN"}}, {"ip": {"ttl": 63}}]
    assert record_path.lookup(packets, "[2].ip.ttl") == 63
    assert record_path.lookup(packets, "[ip.ttl=63].ip.ttl") == 63
    assert record_path.lookup(packets, "[tcp.flags=SYN].ip.ttl") == 64


@pytest.mark.parametrize(
    ("name", "said", "sentence"),
    [
        ("docker/link-detail", "docker0.mtu", "1500"),
        ("docker/link-detail", "docker0.up", "yes"),
        ("docker/link-detail", "lo.flags", "LOOPBACK, UP, LOWER_UP"),
        ("ping-loss", "loss", "100"),
    ],
)
def test_a_value_is_shown_as_in_a_sentence(name: str, said: str, sentence: str) -> None:
    assert record_path.shown(read(name), said) == sentence


def test_a_whole_record_is_not_shown() -> None:
    with pytest.raises(GuideError, match=r"is not a single value; one of these can follow: .*ipv4"):
        record_path.shown(read("addr"), "eth1")
