"""What tools, kernels and the API say, read; and what each error tells a person to do."""

import socket
import subprocess
from datetime import UTC, datetime

import pytest

from macros.figures.topology.observation import End
from macros.ground.errors import GuideError
from macros.tracer import kubectl_access, listening, node_look, route_answers
from macros.tracer.capture_filters import Wanted, expression
from macros.tracer.cluster_facts import refused
from macros.tracer.request_ends import Target
from macros.tracer.route_answers import Question
from macros.tracer.sending import Wish, command
from macros.tracer.way import Stop
from tests.unit.test_tracer_ends import to

# As `ip -batch -` printed them on node0 of a lab whose route to node1's pods was deleted.
ANSWERS = """\
10.42.2.2 from 10.42.0.3 via 10.42.2.0 dev flannel.1 
    cache iif cni0 
local 10.42.0.0 dev lo src 10.42.0.0 uid 0 
    cache <local> 
"""  # noqa: W291 as iproute2 prints it
REFUSED = """\
RTNETLINK answers: Network is unreachable
Command failed -:2
"""


def test_answers_of_a_batch_find_their_questions() -> None:
    asked = [Question("node0", "", to) for to in ("10.42.2.2", "10.42.1.2", "10.42.0.0")]
    read = route_answers.read(asked, ANSWERS, REFUSED)
    assert [good for _, _, good in read] == [True, False, True]
    assert read[1][1] == "RTNETLINK answers: Network is unreachable"
    assert "dev flannel.1" in read[0][1]
    assert read[2][1].startswith("local 10.42.0.0")


def test_a_batch_that_does_not_answer_all_is_no_batch() -> None:
    asked = [Question("node0", "", to) for to in ("10.42.2.2", "10.42.1.2")]
    with pytest.raises(GuideError, match="answered 1 of 2"):
        route_answers.read(asked, "10.42.2.2 dev x\n", "")


def test_a_rule_that_ends_packets_is_found_in_both_tools() -> None:
    ending = list(node_look._of_iptables(
        "*filter\n:FORWARD DROP [7:420]\n[3:180] -A FORWARD -j DROP\n[9:1] -A FORWARD -j ACCEPT\nCOMMIT\n",
        "iptables",
    ))  # fmt: skip
    assert [(rule.text, rule.packets) for rule in ending] == [
        ("-A FORWARD -j DROP", 3), ("-P FORWARD DROP", 7),
    ]  # fmt: skip
    nft = (
        "table ip filter {\n\tchain FORWARD {\n\t\tcounter packets 1 bytes 60 drop\n\t}\n}\n"
        "table inet guide {\n\tchain f {\n\t\ttype filter hook forward priority filter; policy accept;\n"
        '\t\tip saddr 10.42.0.3 comment "no drop" counter packets 2 bytes 120 drop\n'
        "\t\ttcp dport 81 reject\n\t\taccept\n\t}\n}\n"
    )
    counted = list(node_look._of_nft(nft, frozenset({"ip filter"})))
    assert [(rule.table, rule.verdict, rule.packets) for rule in counted] == [
        ("inet guide", "DROP", 2), ("inet guide", "REJECT", None),
    ]  # fmt: skip


def test_the_kernels_word_has_the_time_of_day() -> None:
    text = (
        "  bash-812  [000] .....   100.500000: tracing_mark_write: guide 1764437000500000000\n"
        "  <idle>-0  [001] ..s1.   100.750000: kfree_skb: skbaddr=00000000 rx_sk=0000 protocol=2048 "
        "location=nf_hook_slow+0x8c reason: NETFILTER_DROP\n"
        "  <idle>-0  [001] ..s1.   100.760000: kfree_skb: skbaddr=00000000 protocol=2048 "
        "location=unix_x+0x8c reason: NOT_SPECIFIED\n"
    )
    (drop,) = listening.read_drops("node1", text)
    assert (drop.time, drop.reason) == (1764437000750000000, "NETFILTER_DROP")
    assert drop.place == "nf_hook_slow+0x8c"


def test_a_right_that_is_missing_comes_with_the_rule_that_gives_it() -> None:
    printed = (
        'Error from server (Forbidden): error when creating "STDIN": pods is forbidden: User "jane" '
        'cannot create resource "pods" in API group "" in the namespace "guide-trace-1"'
    )
    error = refused(printed, ("create", "-f", "-"))
    assert "you may not create pods" in error.message
    assert 'resources: ["pods"]' in (error.fix or "")
    assert "Role in the namespace guide-trace-1" in (error.fix or "")


def test_all_rights_that_are_missing_are_named_at_once() -> None:
    said = "\n".join(
        f'Error from server (Forbidden): {what} is forbidden: User "jane" cannot list resource '
        f'"{what}" in API group "{group}" at the cluster scope'
        for what, group in (("nodes", ""), ("endpointslices", "discovery.k8s.io"))
    )
    error = refused(said, ("get", "nodes"))
    assert error.message == "you may not list nodes, endpointslices in this cluster"
    assert "a ClusterRole with these rules" in (error.fix or "")
    assert (error.fix or "").count("- apiGroups") == 2


def test_no_kubeconfig_says_where_one_goes() -> None:
    printed = (
        "The connection to the server localhost:8080 was refused - did you specify the right host?"
    )
    error = refused(printed, ("get", "nodes"))
    assert "no kubeconfig" in error.message
    assert "KUBECONFIG" in (error.fix or "")


def _pod(state: object) -> dict[str, object]:
    return {
        "status": {"phase": "Pending", "containerStatuses": [{"image": "no:1", "state": state}]}
    }


def test_an_image_that_cannot_be_pulled_is_named() -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}
    why, runs = kubectl_access.state_of("node1", _pod(waiting))
    assert not runs
    assert why == "node1 cannot run no:1: ImagePullBackOff: Back-off pulling image"


def test_a_pod_that_only_waits_is_waited_for() -> None:
    assert kubectl_access.state_of("node1", _pod({"waiting": {"reason": "ContainerCreating"}})) == (
        "",
        False,
    )
    assert kubectl_access.state_of("node1", _pod({"running": {}})) == ("", True)
    assert kubectl_access.state_of("node1", {}) == ("", False)


def test_only_what_must_have_ended_is_swept() -> None:
    made = {"old": "2026-11-29T10:00:00Z", "new": "2026-11-29T11:58:00Z"}
    spaces = [
        {"metadata": {"name": name, "creationTimestamp": since}} for name, since in made.items()
    ]
    assert kubectl_access.left(spaces, datetime(2026, 11, 29, 12, tzinfo=UTC)) == ["old"]


WANTED = Wanted(("10.42.0.3",), ("10.43.0.80", "10.42.1.2"), (80,), "tcp")


def _stop(wrapped: str = "", port: int = 0) -> Stop:
    return Stop(End("node0", "", "eth1"), "physical", "sent", (), wrapped, 1500, "", port)


def test_the_filter_looks_into_the_tunnel() -> None:
    inside = expression(_stop("vxlan", 8472), WANTED)
    # 10.42.0.3 to 10.42.1.2, behind 8 bytes of UDP, 8 of VXLAN, 14 of Ethernet and 12 of IP.
    assert "udp port 8472" in inside
    assert "udp[42:4] = 0x0a2a0003 and udp[46:4] = 0x0a2a0102" in inside
    assert "udp[42:4] = 0x0a2a0102 and udp[46:4] = 0x0a2a0003" in inside
    assert "ip[32:4] = 0x0a2a0003" in expression(_stop("ipip"), WANTED)
    assert expression(_stop(), WANTED).startswith("(tcp and (host 10.43.0.80 or host 10.42.1.2)")


def test_an_inner_ipv6_packet_is_told_by_all_of_its_addresses() -> None:
    six = Wanted(("fd42::3",), ("fd42::5",), (80,), "tcp")
    inside = expression(_stop("vxlan", 8472), six)
    assert "udp[38:4] = 0xfd420000" in inside
    assert "udp[66:4] = 0x00000005" in inside


def test_requests_are_made_with_what_nodes_have() -> None:
    pod = to("pod/hello-1")
    assert command(Wish("http"), pod) == "curl -sS -g -m 5 http://10.42.1.2:80/"
    assert "/dev/tcp/10.42.1.2/80" in command(Wish("tcp"), pod)
    assert command(Wish("icmp"), pod) == "ping -c 1 -W 5 10.42.1.2"
    assert r"\x05\x68\x65\x6c\x6c\x6f\x07" in command(Wish("dns", name="hello.default"), pod)
    with pytest.raises(GuideError, match="no name that can be asked for"):
        command(Wish("dns", name="a..b"), pod)


def test_a_datagram_has_as_many_bytes_as_are_asked_for() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        target = Target("here", "address", "127.0.0.1", server.getsockname()[1], "udp")
        for size in (0, 1, 1000, 9000):
            words = ["bash", "-c", command(Wish("udp", size=size, timeout=3), target)]
            with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as sends:
                data, client = server.recvfrom(65536)
                server.sendto(b"yes", client)
                said, _ = sends.communicate(timeout=10)
            assert (len(data), said, sends.returncode) == (max(size, 1), "answered\n", 0)
