"""Packets are found by words, joined into conversations, and quoted by paths."""

import json
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.packets import conversations, packet_records, selection, summary
from macros.packets.dissector import packets
from macros.packets.packet import Packet

DATA = Path(__file__).parent.parent / "data" / "packets"


def read(name: str) -> tuple[Packet, ...]:
    return packets(DATA / f"{name}.pcap")


@pytest.mark.parametrize(
    ("name", "match", "numbers"),
    [
        ("vxlan", "arp", [1, 2]),
        ("vxlan", "arp request", [1]),
        ("vxlan", "icmp echo reply", [4]),
        ("vxlan", "tcp syn", [5]),
        ("vxlan", "tcp syn ack", [6]),
        ("vxlan", "tcp ack", [7, 10, 11]),
        ("vxlan", "tcp fin", [9, 13]),
        ("vxlan", "http GET", [8]),
        ("vxlan", "vxlan icmp", [3, 4]),
        ("vxlan", "icmp #2", [4]),
        ("vxlan", "from 10.42.1.0 icmp", [4]),
        ("vxlan", "to 10.42.1.0 icmp", [3]),
        ("vxlan", "192.168.56.11 arp reply", [2]),
        ("vxlan", '"GET /"', [8]),
        ("vxlan", "3", [3]),
        ("vxlan", 3, [3]),
        ("forward-red", "udp", [3]),
        ("forward-red", "udp port 9000", [3]),
        ("forward-red", "icmp 'hello'", []),
        ("calico-eth1", "ipip tcp syn", [1]),
        ("calico-eth1", "http 200", [6]),
        ("calico-cali", "http/1.1 200 ok", [6]),
        ("trouble-red", "time exceeded", [7]),
        ("trouble-red", "icmp echo request", [1, 4, 6, 12]),
        ("trouble-red", "rst", [11]),
    ],
)
def test_words_find_packets(name: str, match: str | int, numbers: list[int]) -> None:
    capture = read(name)
    if not numbers:
        with pytest.raises(GuideError, match="no packet matches"):
            selection.select(capture, match)
        return
    assert [packet.number for packet in selection.select(capture, match)] == numbers


def test_what_matches_nothing_lists_what_there_is() -> None:
    with pytest.raises(GuideError) as error:
        selection.select(read("forward-red"), "tcp")
    assert "    3: UDP 10.1.1.2:40000 > 10.2.2.2:9000, 14 bytes: hello, packet" in str(error.value)
    assert "arp request" in str(error.value)


def test_a_single_packet_must_be_said_exactly() -> None:
    capture = read("forward-red")
    with pytest.raises(GuideError, match="4 packets match 'icmp'"):
        selection.pick(capture, "icmp")
    assert selection.pick(capture, "icmp #1").number == 4
    with pytest.raises(GuideError, match="no packet matches"):
        selection.pick(capture, "icmp #5")


@pytest.mark.parametrize(
    ("name", "number", "line"),
    [
        ("forward-red", 1, "ARP request: who has 10.1.1.1? Tell 10.1.1.2"),
        ("forward-red", 2, "ARP reply: 10.1.1.1 is at 02:00:00:00:01:01"),
        ("forward-red", 4, "ICMP echo request 10.1.1.2 > 10.2.2.2, seq 1"),
        ("trouble-red", 7, "ICMP time exceeded 10.1.1.1 > 10.1.1.2: TTL used up on the way"),
        ("trouble-red", 2, "ICMP 10.1.1.2 > 10.2.2.2, a later fragment (from byte 1480)"),
        ("snap-60", 6, "TCP PSH ACK 10.1.1.2:40005 > 10.2.2.2:8080, 18 bytes"),
        ("vxlan", 2, "ARP reply: 192.168.56.11 is at 02:00:c0:a8:38:11"),
        (
            "http-any",
            9,
            "TCP PSH ACK 10.1.1.2:40001 > 10.2.2.2:8080, 35 bytes: GET /hello HTTP/1.0",
        ),
    ],
)
def test_a_packet_in_one_line(name: str, number: int, line: str) -> None:
    assert summary.summary(read(name)[number - 1]) == line


def test_an_encapsulated_packet_says_what_carries_it() -> None:
    outer, inner = (read(name)[3] for name in ("calico-eth1", "calico-tunl0"))
    way = ", in IP-in-IP, 192.168.56.10 > 192.168.56.11"
    assert summary.summary(outer) == summary.summary(inner) + way


def test_both_directions_are_one_conversation() -> None:
    flows = conversations.conversations(read("forward-red"))
    assert [(key.protocol, len(value)) for key, value in flows.items()] == [
        ("ARP", 2),
        ("UDP", 1),
        ("ICMP", 4),
    ]


def test_conversations_are_those_of_the_inner_packets() -> None:
    keys = set(conversations.conversations(read("calico-eth1")))
    assert keys == set(conversations.conversations(read("calico-tunl0")))
    assert len(keys) == 1


def test_two_pings_are_two_conversations() -> None:
    flows = conversations.conversations(selection.select(read("trouble-red"), "icmp echo request"))
    assert len(flows) == 4


def test_a_connection_is_closed_by_both_fins_or_a_reset() -> None:
    whole = read("http-nooffload")
    assert conversations.closed(whole)
    assert not conversations.closed(whole[:-1])  # the last FIN is not acknowledged yet
    assert not conversations.closed(whole[:-2])
    assert conversations.closed(read("trouble-red"))  # refused: RST
    assert not conversations.closed(read("forward-red"))
    assert conversations.closed(read("calico-eth1"))


def test_a_record_is_plain_and_has_short_names() -> None:
    record = packet_records.record(read("forward-red"))
    udp = record[2]
    assert json.loads(json.dumps(udp)) == udp
    assert udp["ip"]["ttl"] == 64
    assert udp["ip"]["src"] == "10.1.1.2"
    assert udp["ip"]["checksum"] == "0x03a7"
    assert udp["ip"]["checksum_state"] == "right"
    assert udp["udp"]["dport"] == 9000
    assert udp["udp"]["checksum_state"] == "partial"
    assert udp["data"] == {"length": 14, "text": "hello, packet\n"}
    assert record[0]["arp"]["operation"] == "1 request"


def test_inner_and_quoted_headers_are_below_the_outer_ones() -> None:
    inside = packet_records.record(read("vxlan"))[2]
    assert inside["ip"]["dst"] == "192.168.56.11"
    assert inside["ip"]["inner"]["dst"] == "10.42.1.0"
    assert inside["eth"]["inner"]["src"] == "02:00:00:00:0f:00"
    assert inside["vxlan"]["vni"] == 1
    error = packet_records.record(read("trouble-red"))[8]
    assert error["ip"]["src"] == "10.2.2.2"
    assert error["ip"]["quoted"]["src"] == "10.1.1.2"
    assert error["udp"]["quoted"]["dport"] == 9
