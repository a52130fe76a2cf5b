"""Each tool's real outputs are read into typed records, from JSON and from text alike."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from macros.ground.errors import GuideError
from macros.kinds import addresses, conntrack, docker, fdb, links, ping, registry, routes, sockets
from tests.data.records.load import command, commands, read, twin

# Text has less than JSON here, by its own form.
SHORTER = {"link-brief", "addr-brief", "addr-busybox", "link-busybox", "route-busybox"}
SHORTER |= {"neigh-busybox"}
TWINS = [name for name in commands() if twin(name) is not None and name not in SHORTER]


def without_namespace(record: Any) -> Any:
    """JSON gives a namespace's id, text its name: neither has both."""
    if isinstance(record, addresses.Addresses):
        return replace(record, interface=without_namespace(record.interface))
    if isinstance(record, links.Link):
        return replace(record, link_netnsid=None, link_netns=None)
    return record


def values(records: Any) -> list[Any]:
    held: Iterable[Any] = records.values() if isinstance(records, dict) else records
    return [without_namespace(record) for record in held]


@pytest.mark.parametrize("name", TWINS)
def test_text_and_json_say_the_same(name: str) -> None:
    from_json, from_text = values(read(name)), values(read(name, use_twin=False))
    assert from_json
    assert from_text == from_json


@pytest.mark.parametrize("name", TWINS)
def test_nothing_of_the_json_is_lost(name: str) -> None:
    held = read(name)
    records: Iterable[Any] = held.values() if isinstance(held, dict) else held
    raw = [getattr(record, "interface", record).raw for record in records]
    listed = [entry for entry in twin(name) if entry]
    if name.startswith("vlans/"):  # a list of VLANs a port
        listed = [vlan for port in listed for vlan in port["vlans"]]
    assert raw == listed


@pytest.mark.parametrize("name", ["link", "addr", "route", "neigh", "fdb", "bridge-link"])
def test_a_command_that_prints_json_itself_is_read_from_it(name: str) -> None:
    printed = json.dumps(twin(name))
    tool, rest = command(name).split(" ", 1)
    assert registry.read(f"{tool} -j {rest}", printed) == registry.read(
        command(name), "", twin(name)
    )


@pytest.mark.parametrize(
    "name",
    [
        *(name for name in commands() if name not in {"addr-missing", "iptables-table"}),
        *(f"docker/{name}" for name in commands("docker")),
        *(f"calico/{name}" for name in commands("calico")),
    ],
)
def test_every_recorded_output_is_read(name: str) -> None:
    if name == "ip6tables-save":
        assert read(name) == {}
    else:
        assert read(name)


def test_links_know_their_kind_other_end_and_namespace() -> None:
    records = read("link-detail")
    red = records["veth-red"]
    assert (red.kind, red.port_kind, red.master) == ("veth", "bridge", "br0")
    assert (red.link, red.link_index, red.link_netnsid, red.link_netns) == (None, 2, 0, "red")
    assert (records["there"].link, records["there"].link_index) == ("here", None)
    assert records["flannel.1"].info["id"] == 1
    assert records["eth1"].altnames == ("enp0s8",)


def test_up_is_the_flag_and_not_the_state() -> None:
    records = read("link")
    assert (records["lo"].up, records["lo"].state) == (True, "UNKNOWN")
    assert (records["here"].up, records["here"].state) == (True, "LOWERLAYERDOWN")
    assert (records["there"].up, records["there"].state) == (False, "DOWN")


def test_the_kind_of_links_is_read_from_text_of_a_newer_iproute2() -> None:
    records = read("docker/link-detail")
    assert {link.name: link.kind for link in records.values()} == {
        "lo": None,
        "tunl0": "ipip",
        "eth0": None,
        "eth1": None,
        "docker0": "bridge",
        "vethdd93b3d": "veth",
        "vethdcaf3e2": "veth",
    }
    assert records["vethdd93b3d"].link_index == 3
    assert records["vethdd93b3d"].link_netnsid == 0
    assert records["tunl0"].link is None


def test_brief_output_has_state_mac_and_addresses() -> None:
    records = read("link-brief", use_twin=False)
    assert records["eth1"].mac == "02:00:c0:a8:38:10"
    assert records["eth1"].flags == read("link")["eth1"].flags
    brief, full = read("addr-brief", use_twin=False), read("addr")
    for name, interface in full.items():
        assert brief[name].interface.state == interface.interface.state
        assert [(a.cidr, a.peer) for a in brief[name].all] == [
            (a.cidr, a.peer) for a in interface.all
        ]


def test_one_line_output_has_the_same_addresses() -> None:
    records = read("addr-oneline")
    full = {name: addresses.all for name, addresses in read("addr").items() if addresses.all}
    assert {name: addresses.all for name, addresses in records.items()} == full


def test_addresses_have_their_handy_forms() -> None:
    records = read("addr")
    br0 = records["br0"]
    assert (br0.ipv4, br0.prefix, br0.cidr) == ("10.1.0.1", 24, "10.1.0.1/24")
    assert (br0.network, br0.broadcast, br0.ipv6) == ("10.1.0.0/24", "10.1.0.255", "fd00:1::1")
    assert br0.mac == "02:00:00:00:00:01"
    assert records["veth-red"].ipv4 is None
    there = records["here"].all[0]
    assert (there.address, there.peer, there.network) == ("10.9.0.1", "10.9.0.2", "10.9.0.2/32")
    assert records["here"].all[1].flags == ("dynamic",)
    assert (records["here"].all[1].label, records["here"].all[1].valid) == ("here:extra", 3597)


def test_a_containers_busybox_is_read() -> None:
    records = read("docker/addr-container")
    assert records["eth0"].cidr == "172.17.0.2/16"
    assert records["eth0"].mac == "52:c6:69:b5:49:a9"
    assert records["eth0"].interface.link_index == 6
    assert records["eth0"].interface.state is None
    assert read("docker/neigh-container")[0].state == "REACHABLE"
    assert read("calico/route-pod")[0].via == "169.254.1.1"


def test_routes_have_type_metric_mtu_and_next_hops() -> None:
    routes = {route.destination: route for route in read("route")}
    assert (routes["default"].via, routes["default"].dev) == ("192.168.56.11", "eth1")
    assert routes["10.1.0.0/24"].src == "10.1.0.1"
    assert routes["10.42.1.0/24"].onlink
    assert not routes["default"].onlink
    assert (routes["10.42.135.128/26"].type, routes["10.42.135.128/26"].dev) == ("blackhole", None)
    assert (routes["10.66.0.0/16"].type, routes["10.66.0.0/16"].metric) == ("unreachable", 50)
    assert [(hop.via, hop.weight) for hop in routes["10.88.0.0/16"].nexthops] == [
        ("192.168.56.11", 2),
        ("10.1.0.3", 1),
    ]
    assert [route.mtu for route in read("route") if route.destination == "10.77.0.0/16"] == [
        1400,
        None,
    ]


def test_a_next_hop_of_the_other_family_is_read() -> None:
    assert read("route-via-inet6")[2].via == "fe80::1"
    assert read("route-via-inet6", use_twin=False)[2].via == "fe80::1"


def test_a_protocol_without_a_name_stays_a_word() -> None:
    felix = read("calico/route")[2]
    assert (felix.destination, felix.proto, felix.mtu, felix.onlink) == (
        "10.42.104.0/26",
        "80",
        1480,
        True,
    )
    assert read("calico/route")[3].type == "blackhole"


def test_a_route_lookup_is_a_route() -> None:
    (route,) = read("route-get")
    assert (route.via, route.dev, route.src) == ("10.42.1.0", "flannel.1", "10.42.0.0")


def test_neighbours_without_an_answer_have_no_mac() -> None:
    neighbours = {neighbour.address: neighbour for neighbour in read("neigh")}
    assert (neighbours["10.1.0.99"].mac, neighbours["10.1.0.99"].state) == (None, "INCOMPLETE")
    assert neighbours["10.42.1.0"].mac == "02:00:00:00:02:02"
    assert neighbours["10.42.1.0"].state == "PERMANENT"
    assert read("neigh-proxy")[0].flags == ("proxy",)


def test_learned_entries_are_told_from_others() -> None:
    records = read("fdb")
    assert {entry.mac for entry in records if entry.learned} == {
        "02:00:00:00:00:02",
        "02:00:00:00:00:03",
    }
    (vxlan,) = (entry for entry in records if entry.dev == "flannel.1")
    assert (vxlan.dst, vxlan.state, vxlan.flags) == ("192.168.56.11", "permanent", ("self",))


def test_an_entry_a_vlan_is_kept_apart() -> None:
    own = [entry for entry in read("docker/fdb") if entry.mac == "86:e6:61:aa:b2:10"]
    assert [(entry.vlan, entry.master) for entry in own] == [(1, "docker0"), (None, "docker0")]


def test_ports_have_the_state_of_the_spanning_tree() -> None:
    port = read("docker/bridge-link")["vethdd93b3d"]
    assert (port.master, port.state, port.link) == ("docker0", "forwarding", "eth0")
    assert read("bridge-link-detail", use_twin=False)["veth-red"].raw["learning"] is True


@pytest.mark.parametrize(
    ("name", "sent", "received", "ttl", "size"),
    [
        ("ping", 2, 2, 64, 64),
        ("ping-busybox", 2, 2, 64, 64),
        ("ping-6", 1, 1, 64, 64),
        ("ping-name", 1, 1, 64, 64),
        ("ping-timestamp", 1, 1, 64, 64),
        ("docker/ping", 2, 2, 64, 64),
        ("calico/ping", 1, 1, 62, 1460),
    ],
)
def test_replies_of_ping_are_read(name: str, sent: int, received: int, ttl: int, size: int) -> None:
    answer = read(name)
    assert (answer.transmitted, answer.received, answer.loss) == (sent, received, 0.0)
    assert {(reply.ttl, reply.size) for reply in answer.replies} == {(ttl, size)}
    assert len(answer.replies) == received
    assert {reply.address for reply in answer.replies} == {answer.address}
    assert answer.min <= answer.avg <= answer.max
    assert all(answer.min - 0.001 <= reply.time <= answer.max + 0.001 for reply in answer.replies)


@pytest.mark.parametrize(
    ("name", "sent", "failures", "mtu"),
    [
        ("ping-loss", 2, [], None),
        ("ping-busybox-loss", 1, [], None),
        ("ping-unreachable", 1, [("10.1.0.1", 1, "Destination Host Unreachable")], None),
        ("ping-ttl", 1, [("10.1.0.1", 1, "Time to live exceeded")], None),
        ("ping-no-route", 0, [(None, None, "connect: Network is unreachable")], None),
        ("ping-local-mtu", 1, [(None, None, "local error: message too long, mtu=1400")], 1400),
        ("calico/ping-too-big", 1, [(None, None, "sendmsg: Message too long")], None),
        (
            "ping-fragmentation-needed",
            2,
            [
                ("10.1.0.1", 1, "Frag needed and DF set (mtu = 1400)"),
                (None, None, "local error: message too long, mtu=1400"),
            ],
            1400,
        ),
    ],
)
def test_what_kept_ping_from_an_answer_is_read(
    name: str, sent: int, failures: list[tuple[str | None, int | None, str]], mtu: int | None
) -> None:
    answer = read(name)
    assert (answer.transmitted, answer.received, answer.replies) == (sent, 0, ())
    assert [(failure.address, failure.seq, failure.text) for failure in answer.failures] == failures
    assert answer.mtu == mtu
    assert answer.avg is None


def test_quiet_ping_has_counts_without_replies() -> None:
    records = read("ping-quiet")
    assert (records.received, records.replies, records.size) == (3, (), 56)
    assert read("ping-local-mtu").source == "192.168.56.10"
    assert read("ping-local-mtu").size == 1453


def test_both_directions_of_a_connection_are_read() -> None:
    tcp, icmp, igmp = read("docker/conntrack")
    assert (tcp.state, tcp.timeout, tcp.assured) == ("ESTABLISHED", 431999, True)
    assert (tcp.original.sport, tcp.reply.dport) == (22, 22)
    assert (icmp.original.type, icmp.reply.type, icmp.original.id) == (8, 0, 10)
    assert (icmp.state, icmp.dnat, icmp.snat) == (None, None, None)
    assert (igmp.protocol, igmp.number, igmp.replied) == ("unknown", 2, False)
    assert tcp.replied


def test_rewritten_addresses_of_a_connection_are_told() -> None:
    flows = {flow.protocol: flow for flow in read("conntrack")}
    assert flows["tcp"].dnat == "10.1.0.2:8080"
    assert flows["tcp"].snat is None
    assert flows["icmp"].snat == "192.168.56.10"
    assert flows["icmp"].dnat is None
    (extended,) = read("conntrack-extended")
    assert extended.original == flows["tcp"].original
    assert extended.more["family"] == "ipv4"


def test_an_offloaded_connection_has_no_timeout() -> None:
    # The form of snprintf_default.c, not recorded here: no offloading NIC.
    line = (
        "tcp      6 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 packets=3 bytes=4"
        " src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 packets=5 bytes=6 [OFFLOAD] mark=7 use=2 id=9"
    )
    (flow,) = conntrack.read(line)
    assert (flow.timeout, flow.flags, flow.mark) == (None, ("OFFLOAD",), "7")
    assert (flow.original.packets, flow.reply.bytes) == (3, 6)
    assert flow.more == {"use": "2", "id": "9"}


def test_sockets_have_process_and_ports() -> None:
    proxy = next(socket for socket in read("docker/ss-listening") if socket.port == "8080")
    assert (proxy.address, proxy.process, proxy.processes[0].pid) == (
        "0.0.0.0",  # noqa: S104 as printed
        "docker-proxy",
        511,
    )
    assert [socket.local for socket in read("docker/ss-listening")][-1] == "[::]:22"


def test_columns_that_ss_leaves_out_are_none() -> None:
    everything = read("ss-all")
    assert {socket.netid for socket in everything} == {"udp", "tcp"}
    established = read("ss-established")
    assert {(socket.netid, socket.state) for socket in established} == {(None, None)}
    assert {process.name for socket in established for process in socket.processes} == {
        "busybox",
        "ss",
        "bash",
    }
    assert "mss:" in read("ss-information")[0].details[0]


def test_a_container_and_its_network_are_read() -> None:
    web = read("docker/container")["web"]
    assert isinstance(web, docker.Container)
    assert (web.short_id, web.pid, web.running) == ("e4f1dd932fe7", 438, True)
    assert (web.ip, web.mac, web.gateway) == ("172.17.0.2", "52:c6:69:b5:49:a9", "172.17.0.1")
    bridge = read("docker/network")["bridge"]
    assert isinstance(bridge, docker.Network)
    assert (bridge.subnet, bridge.gateway, bridge.bridge) == (
        "172.17.0.0/16",
        "172.17.0.1",
        "docker0",
    )
    assert bridge.members["web"].ip == web.ip


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ("ip addr show nosuch0", 'Device "nosuch0" does not exist.'),
        ("ip link", "RTNETLINK answers: Operation not permitted"),
        ("ip route", "Error: ipv4: FIB table does not exist."),
        ("ip neigh", 'Cannot find device "nosuch0"'),
        ("bridge fdb", "Cannot find bridge device"),
        ("bridge link", "nonsense"),
        ("bridge vlan show", "Cannot find device"),
        ("ss -tln", ""),
        ("conntrack -L", "conntrack v1.4.7: Operation failed: sorry, you must be root"),
        ("iptables -S NOSUCH", "iptables: No chain/target/match by that name."),
        ("docker inspect nosuch", "[]\nError: No such object: nosuch"),
        ("ping nosuch", "bash: line 1: ping: command not found"),
    ],
)
def test_an_answer_in_another_form_is_an_error_that_names_the_command(
    said: str, printed: str
) -> None:
    with pytest.raises(GuideError) as error:
        registry.read(said, printed)
    assert error.value.command == said
    assert printed.partition("\n")[0] in str(error.value)


def test_vlans_of_ports() -> None:
    by_place = {(member.port, member.vlan): member for member in read("vlans/vlan")}
    assert by_place["va", 10].pvid
    assert by_place["va", 10].untagged
    assert not by_place["va", 1].pvid
    assert not by_place["vb", 30].untagged
    (within,) = [member for member in read("vlans/vlan-detail") if member.vlan == 20]
    assert (within.port, within.last) == ("vb", 25)
    assert [(member.port, member.vlan) for member in read("vlans/vlan-vid")] == [("va", 10)]
    assert len(read("vlans/vlan-dev")) == 8


@pytest.mark.parametrize("line", ["va  1 Sideways", "    1 PVID", "va  1\n    tpid 2", "va  one"])
def test_a_port_s_line_that_is_not_understood_is_named(line: str) -> None:
    with pytest.raises(GuideError) as error:
        registry.read("bridge vlan", f"port              vlan-id\n{line}")
    assert line.splitlines()[-1].strip() in str(error.value)


def test_an_empty_answer_has_no_records() -> None:
    assert routes.read("") == ()
    assert fdb.read("") == ()
    assert links.read("") == {}
    assert registry.read("bridge link", "") == {}
    assert (
        conntrack.read("conntrack v1.4.7 (conntrack-tools): 0 flow entries have been shown.") == ()
    )


def test_a_duplicate_reply_is_told() -> None:
    # The form of iputils' pr_echo_reply(); a network that duplicates was not at hand.
    answer = ping.read(
        "PING 10.1.0.3 (10.1.0.3) 56(84) bytes of data.\n"
        "64 bytes from 10.1.0.3: icmp_seq=1 ttl=64 time=0.043 ms\n"
        "64 bytes from 10.1.0.3: icmp_seq=1 ttl=64 time=0.050 ms (DUP!)\n"
        "1 packets transmitted, 1 received, +1 duplicates, 0% packet loss, time 0ms\n"
    )
    assert [reply.duplicate for reply in answer.replies] == [False, True]
    assert answer.duplicates == 1


def test_a_socket_line_cut_short_is_an_error() -> None:
    with pytest.raises(GuideError, match="line 2"):
        sockets.read("State Recv-Q Send-Q Local Address:Port Peer Address:Port\nLISTEN 0 128\n")


def test_a_rule_from_a_word_that_is_no_address_is_not_read() -> None:
    with pytest.raises(GuideError, match="does not read as rules of routing"):
        registry.read("ip rule", "0:\tfrom lookup local")
