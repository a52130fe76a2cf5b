"""What a page may count on inside a node."""

import http.server
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.lab import paths, ssh, ssh_scripts
from macros.lab.lab import Lab

STATE = (paths.SCRIPTS / "node/state.sh").read_text(encoding="utf-8")
DOCKER = (paths.SCRIPTS / "node/profiles/docker.sh").read_text(encoding="utf-8")


def _text(lab: Lab, node: str, command: str, timeout: float = 60) -> str:
    answer = ssh.run(lab, node, command, timeout=timeout)
    assert answer.exit == 0, answer.output.decode()
    return answer.output.decode()


def test_nodes_have_the_addresses_and_macs_of_the_guide(two: Lab) -> None:
    for number, node in enumerate(two.nodes):
        text = _text(two, node, "ip -br address; ip -br link; hostname; ip route")
        assert f"eth1             UNKNOWN        192.168.56.{10 + number}/24 \n" in text
        assert "eth0             UNKNOWN        10.0.2.15/24 \n" in text
        assert f"02:00:c0:a8:38:{10 + number}" in text
        assert f"\nnode{number}\n" in text
        assert "default via 10.0.2.2 dev eth0" in text


def test_a_node_reaches_the_other_by_address_and_by_name(two: Lab) -> None:
    _text(two, "node0", "ping -c 1 -W 2 192.168.56.11")
    _text(two, "node1", "ping -c 1 -W 2 node0")
    seen = _text(two, "node0", "ip neigh show dev eth1")
    assert "192.168.56.11 lladdr 02:00:c0:a8:38:11" in seen


_TAGGED = """\
ip link add link eth1 name eth1.{vlan} type vlan id {vlan}
ip addr add 10.9.{place}.{host}/24 dev eth1.{vlan}
ip link set eth1.{vlan} up
"""


def test_frames_with_a_vlan_tag_cross_the_network_and_stay_in_their_vlan(own_two: Lab) -> None:
    for index, (here, there) in enumerate([(1, 1), (4093, 4093), (20, 30)]):
        for host, (node, vlan) in enumerate(zip(own_two.nodes, (here, there), strict=True), 1):
            _text(own_two, node, _TAGGED.format(vlan=vlan, place=index, host=host))
        ping = ssh.run(own_two, "node0", f"ping -c 1 -W 2 -s 1472 -M do 10.9.{index}.2", timeout=60)
        assert (ping.exit == 0) is (here == there), ping.output.decode()


_LINK_TYPES = {
    "dummy": "", "bond": "", "ifb": "", "wireguard": "", "vrf": "table 10",
    "geneve": "id 1 remote 192.168.56.11", "macvtap": "link eth1", "ipvtap": "link eth1",
    **dict.fromkeys(("gre", "gretap", "sit", "ipip"), "local 192.168.56.10 remote 192.168.56.11"),
}  # fmt: skip


def test_the_kernel_has_the_link_types_that_pages_want_and_makes_none_by_itself(own: Lab) -> None:
    before = _text(own, "node0", "ip -br link")
    assert len(before.splitlines()) == 3
    for kind, words in _LINK_TYPES.items():
        link, rest = (words, "") if words.startswith("link ") else ("", words)
        _text(own, "node0", f"ip link add {link} name t0 type {kind} {rest}; ip link del t0")
    assert _text(own, "node0", "ip -br link") == before


def test_clocks_run_alike_and_are_close(two: Lab) -> None:
    """Each node counts by this machine's clock: the difference stays, and is small."""
    offsets = {node: [_offset(two, node) for _ in range(5)] for node in two.nodes}
    for node, offset in offsets.items():
        assert abs(statistics.median(offset)) < 0.5, (node, offset)
    time.sleep(2)
    for node in two.nodes:
        drift = statistics.median(_offset(two, node) for _ in range(5))
        assert abs(drift - statistics.median(offsets[node])) < 0.1


def _offset(lab: Lab, node: str) -> float:
    before = time.time()
    there = float(_text(lab, node, "date +%s.%N"))
    return there - (before + time.time()) / 2


def test_a_command_has_the_environment_of_the_contract(two: Lab) -> None:
    lines = _text(two, "node0", "env; id -un; pwd; tty || true").splitlines()
    assert {"LC_ALL=C.UTF-8", "TZ=UTC", "COLUMNS=120", "HOME=/root"} <= set(lines)
    assert lines[-3:] == ["root", "/root", "not a tty"]
    names = {line.partition("=")[0] for line in lines if "=" in line}
    assert names <= {*ssh_scripts.ENVIRONMENT, "PWD", "SHLVL", "_", "OLDPWD"}


def test_programs_find_their_locale_in_one_file(two: Lab) -> None:
    assert _text(two, "node0", "localedef --list-archive").split() == ["C.utf8"]


def test_a_fresh_node_is_in_the_known_state(own: Lab) -> None:
    lines = _text(own, "node0", STATE).splitlines()
    assert [line for line in lines if line.startswith("link ")] == [
        "link eth0",
        "link eth1",
        "link lo",
    ]
    assert "address eth1 192.168.56.10/24" in lines
    assert "sysctl net.ipv4.ip_forward 0" in lines
    left = ("rule ", "netns ", "unit ", "container ", "network ")
    assert [line for line in lines if line.startswith(left)] == []


def test_the_known_state_notices_what_is_left_behind(two: Lab) -> None:
    before = _text(two, "node0", STATE).splitlines()
    make = (
        "ip link add br7 type bridge; ip netns add red; sysctl -qw net.ipv4.ip_forward=1;"
        " ip addr add 10.9.9.9/32 dev eth1; iptables -A FORWARD -j ACCEPT"
    )
    undo = (
        "ip link del br7; ip netns del red; sysctl -qw net.ipv4.ip_forward=0;"
        " ip addr del 10.9.9.9/32 dev eth1; iptables -D FORWARD -j ACCEPT"
    )
    _text(two, "node0", make)
    after = _text(two, "node0", STATE).splitlines()
    assert set(after) - set(before) == {
        "link br7",
        "netns red",
        "sysctl net.ipv4.ip_forward 1",
        "address eth1 10.9.9.9/32",
        "rule -A FORWARD -j ACCEPT",
    }
    _text(two, "node0", undo)
    assert _text(two, "node0", STATE).splitlines() == before


def test_the_docker_profile_starts_a_first_day_and_stops_to_the_fresh_state(own: Lab) -> None:
    fresh = _text(own, "node0", STATE)
    for _ in range(2):  # a second start is as the first
        _text(own, "node0", f"set -- start\n{DOCKER}", timeout=90)
        assert _text(own, "node0", "docker ps -aq") == ""
        assert "hello" in _text(own, "node0", "docker image ls")
        seen = _text(
            own,
            "node0",
            "docker run -d --name web hello:1 >/dev/null;"
            " docker run --rm hello:1 sh -c 'until wget -qO- http://172.17.0.2; do sleep 0.2; done'",
        )
        assert "at 172.17.0.2, asked by 172.17.0.3" in seen
        _text(own, "node0", "docker rm -f web")
        _text(own, "node0", f"set -- stop\n{DOCKER}", timeout=90)
        assert _text(own, "node0", STATE) == fresh


def test_bridged_packets_pass_by_iptables_at_first(two: Lab) -> None:
    """As where br_netfilter is a module that nothing has loaded."""
    assert _text(two, "node0", "cat /proc/sys/net/bridge/bridge-nf-call-iptables") == "0\n"


@pytest.fixture
def service() -> Iterator[int]:
    """Something that listens on this machine's loopback."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield int(server.server_address[1])
    server.shutdown()


def test_nodes_do_not_reach_this_machines_loopback(two: Lab, service: int) -> None:
    subprocess.run(["curl", "-sf", "-o", "/dev/null", f"http://127.0.0.1:{service}/"], check=True)
    for gateway in ("10.0.2.2", "10.0.2.3"):
        tried = ssh.run(two, "node0", f"curl -s -m 3 http://{gateway}:{service}/")
        assert tried.exit != 0


@pytest.mark.parametrize("address", ["192.0.2.7", "198.51.100.7", "192.168.77.1"])
def test_the_access_network_answers_for_nobody(two: Lab, address: str) -> None:
    ping = ssh.run(two, "node0", f"ping -c 1 -W 1 {address}", timeout=60)
    assert b"1 packets transmitted, 0 received" in ping.output
    asked = ssh.run(two, "node0", f"exec 3<>/dev/tcp/{address}/80", timeout=60)
    assert asked.exit != 0
    assert b"Connection refused" in asked.output
    assert ssh.run(two, "node0", "true").exit == 0, "SSH comes by it all the same"


def test_a_full_disk_is_said_and_does_not_end_the_node(own: Lab) -> None:
    # All but the last hundredth at once, without writing it.
    most = "fallocate -l $(( $(stat -f -c '%f * %S' /) / 100 * 99 )) /root/most"
    _text(own, "node0", most)
    answer = ssh.run(own, "node0", "dd if=/dev/zero of=/root/rest bs=1M status=none", timeout=60)
    assert answer.exit == 1
    assert b"No space left on device" in answer.output
    assert ssh.run(own, "node0", "echo still here").output == b"still here\n"
    assert ssh.run(own, "node0", "rm /root/most /root/rest && echo x >/root/small").exit == 0


def test_the_disk_of_a_node_is_not_the_image_that_all_start_from(two: Lab) -> None:
    from macros.lab.build import built  # noqa: PLC0415

    image = built().rootfs
    before = image.stat().st_mtime_ns
    _text(two, "node0", "echo x >/root/changed && sync && rm /root/changed")
    assert image.stat().st_mtime_ns == before


def test_programs_that_pages_use_are_there(two: Lab) -> None:
    text = _text(
        two,
        "node0",
        "for each in ip bridge tcpdump tshark iptables nft conntrack ipset ipvsadm ebtables"
        " ethtool arping ping traceroute tracepath curl dig nc socat jq python3 docker ctr runc;"
        " do command -v $each >/dev/null || echo $each is missing; done",
    )
    assert text == ""
    assert two.versions["Linux"] in _text(two, "node0", "uname -r")
    assert two.versions["iproute2"] in _text(two, "node0", "ip -V")
    assert two.versions["Docker"] in _text(two, "node0", "docker --version")
    assert Path(two.ssh_config).is_file()


@pytest.mark.parametrize(
    "command",
    ["sleep 987", "trap '' TERM; sleep 987; sleep 987", "(trap '' TERM; sleep 987) & sleep 987"],
)
def test_a_command_that_hangs_is_ended_with_all_that_it_started(two: Lab, command: str) -> None:
    with pytest.raises(GuideError, match="still running after 1 s"):
        ssh.run(two, "node0", command, timeout=1)
    assert ssh.run(two, "node0", "pgrep -fx 'sleep 987'").exit == 1
