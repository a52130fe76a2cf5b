"""A displayed command has a JSON twin where one is certain, and a kind where its form is known."""

import json
import re
import shutil
import subprocess

import pytest

from macros.ground.errors import GuideError
from macros.kinds import registry
from macros.kinds.registry import twin
from tests.data.records.load import commands


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("ip addr", "ip -j addr"),
        ("ip a", "ip -j a"),
        ("ip -br addr", "ip -j addr"),
        ("ip -br -c a show eth1", "ip -j a show eth1"),
        ("ip --brief -4 addr", "ip -j -4 addr"),
        ("ip -o -f inet addr", "ip -j -f inet addr"),
        ("ip link", "ip -j -d link"),
        ("ip -d link show vethdd93b3d", "ip -j -d link show vethdd93b3d"),
        ("ip -s link", "ip -j -d -s link"),
        ("ip link show master docker0", "ip -j -d link show master docker0"),
        ("ip route", "ip -j route"),
        ("ip r", "ip -j r"),
        ("ip -6 route show table all", "ip -j -6 route show table all"),
        ("ip route get 10.42.1.7 from 10.42.0.2 iif cni0", None),
        ("ip n", "ip -j n"),
        ("ip rule", "ip -j rule"),
        ("ip -6 ru ls table 7", "ip -j -6 ru ls table 7"),
        ("ip vrf", "ip -j vrf"),
        ("ip vrf exec red ip addr", "ip vrf exec red ip -j addr"),
        ("tc qdisc", "tc -j qdisc"),
        ("tc -s -p q ls dev eth1", "tc -j -s q ls dev eth1"),
        ("tc -n red qdisc show", "tc -j -n red qdisc show"),
        ("ip netns exec red tc qdisc", "ip netns exec red tc -j qdisc"),
        ("ip neigh show dev eth0", "ip -j neigh show dev eth0"),
        ("bridge fdb", "bridge -j fdb"),
        ("bridge fdb show br docker0", "bridge -j fdb show br docker0"),
        ("bridge -d link", "bridge -j -d link"),
        ("bridge vlan", "bridge -j vlan"),
        ("bridge vlan show dev va", "bridge -j vlan show dev va"),
        ("bridge link show dev veth-red", "bridge -j link show dev veth-red"),
        ("ip netns exec red ip addr", "ip netns exec red ip -j addr"),
        ("ip netns exec red ip -br link", "ip netns exec red ip -j -d link"),
        ("ip -n red addr", "ip -j -n red addr"),
        ("bridge -n red fdb", "bridge -j -n red fdb"),
        ("nsenter -t $PID -n ip addr", "nsenter -t $PID -n ip -j addr"),
        ("nsenter --target 438 --net -- ip route", "nsenter --target 438 --net -- ip -j route"),
        ("nsenter --net=/run/netns/red ip neigh", "nsenter --net=/run/netns/red ip -j neigh"),
        (
            "nsenter -t $(docker inspect -f '{{.State.Pid}}' web) -n ip addr",
            "nsenter -t $(docker inspect -f '{{.State.Pid}}' web) -n ip -j addr",
        ),
        ("ip link show 'docker0'", "ip -j -d link show 'docker0'"),
        ("LANG=C ip addr", "LANG=C ip -j addr"),
        ("sudo -n ip -br link", "sudo -n ip -j -d link"),
        ("env -i PATH=/sbin ip route", "env -i PATH=/sbin ip -j route"),
        ("/usr/sbin/ip neigh", "/usr/sbin/ip -j neigh"),
        ('ip link show "$VETH"', 'ip -j -d link show "$VETH"'),
        ("  ip   addr  ", "ip -j   addr"),
    ],
)
def test_the_twin_asks_the_same(command: str, expected: str | None) -> None:
    if expected is None:
        expected = command.replace("ip route", "ip -j route", 1)
    assert twin(command) == expected


@pytest.mark.parametrize(
    "command",
    [
        "ip addr | head -3",
        "ip addr; ip route",
        "ip addr && ip route",
        "ip addr > /tmp/out",
        "ip addr 2>/dev/null",
        "ip addr &",
        "ip addr\nip route",
        "ip link \\\n show",
        "ip addr # all of them",
        "(ip addr)",
        "$(echo ip) addr",
        "nsenter -t $(docker run -d web) -n ip addr",
        "nsenter -t `pidof web` -n ip addr",
        'ip link show "`cat x`"',
        'ip link show "$(ip -br link | head -1)"',
        "ip link show 'open",
        "ip -j addr",
        "ip -j -p addr",
        "bridge -json fdb",
        "ip link set eth0 up",
        "ip link s eth0 up",
        "ip addr add 10.0.0.1/24 dev eth0",
        "ip addr flush dev eth0",
        "ip route add default via 10.0.0.1",
        "ip neigh flush all",
        "ip route save",
        "ip rule add from 10.1.0.0/24 table 7",
        "ip rule del priority 100",
        "ip vrf show red",
        "ip vrf identify",
        "tc qdisc add dev eth1 root netem delay 20ms",
        "tc class show dev eth1",
        "tc -j qdisc",
        "docker exec web tc qdisc",
        "ip netns",
        "ip netns exec red",
        "ip -all netns exec ip addr",
        "ip -b commands",
        "ip monitor",
        "ip",
        "bridge fdb add 02:00:00:00:00:01 dev eth0",
        "bridge vlan add dev va vid 10",
        "docker exec web ip addr",
        "sudo docker exec -u root web ip addr",
        "sudo --some-option ip addr",
        "kubectl exec client -- ip addr",
        "kubectl exec -it client -c tools -- ip addr",
        "busybox ip addr",
        "nsenter -t 1 -n -m ip addr",
        "nsenter -a -t 438 ip addr",
        "docker inspect web",
        "ss -tlnp",
        "iptables-save",
        "ping -c1 10.0.0.1",
        "cat /proc/net/arp",
        "echo ip addr",
        "",
    ],
)
def test_there_is_no_twin_without_certainty(command: str) -> None:
    assert twin(command) is None


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("ip addr", "addresses"),
        ("ip -j addr", "addresses"),
        ("ip -d link", "links"),
        ("ip route get 1.1.1.1", "routes"),
        ("ip neighbour", "neighbours"),
        ("bridge fdb", "fdb"),
        ("bridge link", "ports"),
        ("ip netns exec red bridge -c vlan", "vlans"),
        ("docker exec web ip addr", "addresses"),
        ("docker exec -it web ip route", "routes"),
        ("docker exec -e A=b --user root web ping -c1 172.17.0.3", "ping"),
        ("kubectl exec client -n default -- ip addr", "addresses"),
        ("docker inspect web", "docker"),
        ("docker network inspect bridge", "docker"),
        ("docker container inspect web client", "docker"),
        ("iptables-save", "rules"),
        ("iptables-save -c -t nat", "rules"),
        ("iptables -t nat -S", "rules"),
        ("iptables -vS POSTROUTING -t nat", "rules"),
        ("ip netns exec red iptables-legacy-save", "rules"),
        ("ip6tables -S", "rules"),
        ("ss -tlnp", "sockets"),
        ("ss --tcp --listening", "sockets"),
        ("conntrack -L -p tcp", "conntrack"),
        ("ping -c2 10.0.0.1", "ping"),
        ("ip addr | head", None),
        ("ip addr add 10.0.0.1/24 dev eth0", None),
        ("docker inspect -f '{{.State.Pid}}' web", None),
        ("docker inspect --format={{.Id}} web", None),
        ("docker ps", None),
        ("docker network ls", None),
        ("iptables -t nat -L -n -v", None),
        ("iptables -A INPUT -j DROP", None),
        ("ss -x", None),
        ("ss -s", None),
        ("ss -Htln", None),
        ("conntrack -E", None),
        ("conntrack -L expect", None),
        ("conntrack -L -o xml", None),
        ("tcpdump -nn -i eth0", None),
    ],
)
def test_the_kind_follows_from_the_command(command: str, kind: str | None) -> None:
    told = registry.kind_of(command)
    assert (told.name if told else None) == kind


def test_free_text_has_no_records_and_the_error_says_what_to_do() -> None:
    with pytest.raises(GuideError, match="re:") as error:
        registry.read("docker ps", "CONTAINER ID …")
    assert error.value.command == "docker ps"


@pytest.mark.parametrize(
    ("command", "table"),
    [("iptables -t raw -S", "raw"), ("iptables --table=nat -S", "nat"), ("iptables -S", "filter")],
)
def test_the_table_of_listed_rules_is_that_of_the_command(command: str, table: str) -> None:
    records = registry.read(command, "-P OUTPUT ACCEPT")
    assert isinstance(records, dict)
    assert list(records) == [table]


# Commands of the samples that read the network namespace they run in, without making one.
HERE = sorted({c for c in commands().values() if re.match(r"(ip|bridge) (-\w+ )*[a-z]+$", c)})


@pytest.mark.skipif(shutil.which("bridge") is None, reason="iproute2 is not installed")
@pytest.mark.parametrize("command", HERE)
def test_the_twin_of_a_real_command_prints_json(command: str) -> None:
    asked = twin(command)
    assert asked is not None
    # iproute2 prints nothing where there is nothing; this machine has at least a loopback.
    done = subprocess.run(asked.split(), capture_output=True, text=True, check=True)
    assert isinstance(json.loads(done.stdout or "[]"), list)
