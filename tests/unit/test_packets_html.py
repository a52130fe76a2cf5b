"""Figures say all that the packets say, escaped, and nothing that was not captured."""

import re
import struct
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from macros.figures.packets.packet_figure import compare_figure, packet_figure, packet_list
from macros.ground.errors import GuideError
from macros.packets import selection
from macros.packets.differences import changes, pairs
from macros.packets.dissector import packets
from macros.packets.packet import Packet

DATA = Path(__file__).parent.parent / "data" / "packets"
CAPTURES = sorted(path.stem for path in DATA.glob("*.pcap"))
VOID = {"br", "img", "input", "hr", "meta", "link"}


def read(name: str) -> tuple[Packet, ...]:
    return packets(DATA / f"{name}.pcap")


class Balanced(HTMLParser):
    """Fails on a tag that is not closed where it should be; collects ids and attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"<{tag}> has an attribute twice"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def text(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", html))


def hex_of(html: str) -> str:
    """The bytes that a figure's dump shows, in order."""
    parts = re.findall(r'<span class="h[12]">(.*?)</span><span class="[ao][12]">', html)
    return " ".join(re.sub(r"<[^>]+>", "", part) for part in parts)


@pytest.mark.parametrize("name", CAPTURES)
def test_every_packet_can_be_drawn(name: str) -> None:
    capture = read(name)
    for packet in capture:
        Balanced(packet_figure(packet, id=f"p{packet.number}", node="node0", interface="eth1"))
    Balanced(packet_list(capture, id="all"))
    for first, second in pairwise(capture):
        Balanced(compare_figure(first, second, id="c"))


def test_a_figure_has_every_field_and_every_byte() -> None:
    get = selection.pick(read("vxlan"), "http get")
    html = packet_figure(get, id="get", title="A GET", node="node0", interface="eth1", total=14)
    for layer in get.layers[:-1]:
        for field in layer.fields:
            assert field.label in text(html)
            assert field.meaning in text(html)
    assert hex_of(html) == get.data.hex(" ")
    assert 'id="p-get"' in html
    assert "packet 8 of 14" in text(html)


def test_fields_boxes_and_bytes_share_a_number() -> None:
    udp = selection.pick(read("forward-red"), "udp")
    html = packet_figure(udp, id="u")
    ttl = re.search(r'<tr role="row" data-f="(\d+)"><td[^>]*>22</td><th[^>]*>TTL<', html)
    assert ttl is not None
    assert f'<span class="by by-ip" data-f="{ttl[1]}">40</span>' in html
    assert f'<li class="fd" data-f="{ttl[1]}"><span class="fd-l">TTL' in html
    # Version and header length share a byte.
    assert re.search(r'data-f="3 4">45</span>', html)


def test_only_the_chosen_layers_are_drawn_with_their_bytes() -> None:
    udp = selection.pick(read("forward-red"), "udp")
    html = packet_figure(udp, id="u", layers=["UDP", "Data"], all_fields=True)
    assert hex_of(html) == udp.data[34:].hex(" ")
    assert "Ethernet" not in text(html)
    assert "10.1.1.2" not in text(html).replace("10.1.1.2:40000 > 10.2.2.2:9000", "")
    assert "22 of 56 bytes" in text(html)
    assert '<details class="hd-all" open>' in html
    assert re.search(r'c-at">0.1</td><th[^>]*>from port', html)  # offsets count from what is drawn
    assert "open" not in packet_figure(udp, id="u", layers=["udp"])


def test_tables_are_opened_for_the_named_headers_alone() -> None:
    udp = selection.pick(read("forward-red"), "udp")
    html = packet_figure(udp, id="u", all_fields=["IPv4"])
    opened = re.findall(r'<details class="hd-all" open>.*?aria-label="([^"]*)"', html)
    closed = re.findall(r'<details class="hd-all">.*?aria-label="([^"]*)"', html)
    assert opened == ["IPv4: all fields"]
    assert closed == ["Ethernet: all fields", "UDP: all fields"]


def test_a_layer_that_is_not_there_is_an_error() -> None:
    udp = selection.pick(read("forward-red"), "udp")
    with pytest.raises(GuideError, match="no layer TCP; it has Ethernet, IPv4, UDP, Data"):
        packet_figure(udp, id="u", all_fields=["TCP"])
    with pytest.raises(GuideError, match="no layer TCP; it has Ethernet, IPv4, UDP, Data"):
        packet_figure(udp, id="u", layers=["TCP"])


def test_boxes_are_nested_as_the_packet_is() -> None:
    html = packet_figure(selection.pick(read("frames"), 3), id="p")
    groups = re.findall(r'<div class="hd [^>]*aria-label="([^"]*)"|(</div>)', html)
    depth, rows = 0, {}
    for label, end in groups:
        if label:
            rows[label] = depth
            depth += 1
        elif end:
            depth -= 1
    assert rows == {
        "Ethernet header, 14 bytes": 0,
        "IPv4 header, 20 bytes": 1,
        "UDP header, 8 bytes": 2,
        "Data, 2 bytes": 3,
        "Padding, 16 bytes": 1,  # in the frame, beside the IP packet
    }


def frame(payload: bytes) -> Packet:
    """A UDP datagram with any payload, in a capture of one."""
    udp = struct.pack("!HHHH", 1, 2, 8 + len(payload), 0) + payload
    head = struct.pack(
        "!BBHHHBBH4s4s", 69, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\n\0\0\1", b"\n\0\0\2"
    )
    data = bytes(12) + b"\x08\0" + head + udp
    raw = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return packets(raw + struct.pack("<IIII", 0, 0, len(data), len(data)) + data)[0]


def test_what_a_machine_sent_is_never_markup() -> None:
    evil = frame(b'</pre><script>alert("&")</script>{{ 1 }}')
    for html in (
        packet_figure(evil, id="e", tcpdump=["<b>line</b>"], title="<i>"),
        packet_list([evil], id="e"),
        compare_figure(evil, evil, id="e", before="<u>", after="<u>"),
    ):
        assert "<script" not in html
        assert "<b>line" not in html
        assert "<i>" not in html
        assert "<u>" not in html
        Balanced(html)


def test_addresses_are_marked_by_their_meaning() -> None:
    udp = selection.pick(read("forward-red"), "udp")
    html = packet_figure(udp, id="u", node="node0", interface="eth1")
    assert 'data-v="ip::10.2.2.2"' in html
    assert 'data-v="mac::02:00:00:00:01:02"' in html
    assert 'data-v="if:node0/:eth1"' in html
    inside = packet_figure(udp, id="u", node="node0", netns="red", interface="eth0")
    assert 'data-v="if:node0/red:eth0"' in inside
    assert "node0 · red eth0 · packet 3" in re.sub(r"<[^>]+>", "", inside)
    arp = packet_figure(selection.pick(read("forward-red"), "arp request"), id="a")
    assert "ff:ff:ff:ff:ff:ff" in arp
    assert 'data-v="mac::ff' not in arp  # nothing to match
    own = packet_figure(udp, id="u", marks=lambda text, key: f"[{key}|{text}]")
    assert "[ip::10.2.2.2|10.2.2.2]" in own


def test_long_data_is_cut_and_said_to_be() -> None:
    big = selection.pick(read("http-red"), 4)
    html = packet_figure(big, id="big")
    shown = len(hex_of(html).split())
    assert shown % 16 == 0
    assert f"and {big.captured - shown} bytes more in the file" in text(html)
    assert len(html) < 40_000


def test_files_and_tcpdumps_lines_are_beside() -> None:
    udp = selection.pick(read("forward-red"), "udp")
    html = packet_figure(udp, id="u", pcap_href="a&b.pcap", tcpdump=["10.1.1.2.40000 > x"])
    assert 'href="a&amp;b.pcap" download' in html
    assert "> x" in unescape(html)
    assert "pk-below" not in packet_figure(udp, id="u")


def test_a_list_has_a_row_for_each_packet() -> None:
    capture = read("vxlan")
    html = packet_list(capture, id="all", highlight={8}, node="node0", interface="eth1")
    assert html.count("<details>") == len(capture) == 14
    assert html.count("pl-lit") == 1
    assert "+0.045 ms" in html
    assert "TCP PSH ACK, 18 bytes: GET / HTTP/1.0" in html
    assert "in VXLAN 1, 192.168.56.10" in unescape(html)


# --- comparing ----------------------------------------------------------------------------------


def told(one: Packet, two: Packet) -> dict[str, str]:
    return {f"{layer.title} {change.label}": change.why for layer, change in changes(one, two)}


def test_a_router_rewrites_macs_ttl_and_header_checksum_and_nothing_else() -> None:
    red, blue = (selection.pick(read(f"forward-{name}"), "udp") for name in ("red", "blue"))
    assert told(red, blue) == {
        "Ethernet to": "the next hop on this link",
        "Ethernet from": "the router sends it, from its interface on this link",
        "IPv4 TTL": "one router passed it on",
        "IPv4 header checksum": "recomputed: the TTL fell by 1, so the checksum rose by 0x0100",
    }
    html = compare_figure(red, blue, id="c", before="red, eth0", after="blue, eth0")
    assert "6 of 56 bytes differ" in text(html)
    assert text(html).count("unchanged") == 1
    marked = re.findall(r'class="by by-\w+ by-new" data-f="[^"]*">([^<]*)<', html)
    assert marked == ["01 01", "01 02", "40", "03", "02 02", "02 01", "3f", "04"]


def test_what_is_the_same_is_said_to_stay() -> None:
    udp = selection.pick(read("forward-red"), "udp")
    assert told(udp, udp) == {}
    html = compare_figure(udp, udp, id="c")
    assert "0 of 56 bytes differ" in text(html)
    assert "by-new" not in html
    assert text(html).count("unchanged") == 3


def test_an_added_header_is_told_from_one_that_changed() -> None:
    pod, wire = (selection.pick(read(name), "http get") for name in ("calico-cali", "calico-eth1"))
    joined = [
        (first.title if first else None, second.title if second else None)
        for first, second in pairs(pod.layers, wire.layers)
    ]
    assert joined == [
        ("Ethernet", "Ethernet"),
        (None, "IPv4, outer"),
        ("IPv4", "IPv4, inner"),
        ("TCP", "TCP"),
        ("Data", "Data"),
    ]
    assert told(pod, wire)["TCP checksum"] == ("completed: it was left to the network card before")
    assert "added: 20 bytes" in text(compare_figure(pod, wire, id="c"))
    assert "taken off: 20 bytes" in text(compare_figure(wire, pod, id="c"))


def test_network_address_translation_is_named() -> None:
    udp = selection.pick(read("http-nooffload"), "http get")
    data = bytearray(udp.data)
    data[26:30] = bytes([192, 168, 56, 10])
    raw = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    raw += struct.pack("<IIII", 0, 0, len(data), len(data)) + bytes(data)
    natted = packets(raw)[0]
    assert told(udp, natted) == {"IPv4 from": "address translation (NAT)"}


# --- cheapness ----------------------------------------------------------------------------------


def test_nothing_slow_is_imported_until_a_capture_is_read() -> None:
    code = (
        "import sys, macros.figures.packets.packet_figure, macros.packets.dissector, macros.packets.conversations\n"
        "assert not {'scapy', 'sh', 'diagrams'} & set(sys.modules), 'slow imports'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_reading_and_drawing_say_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    code = (
        "from pathlib import Path\n"
        "from macros.packets.dissector import packets\n"
        f"packets(Path({str(DATA / 'ipv6.pcap')!r}))"
    )
    subprocess.run([sys.executable, "-W", "error::SyntaxWarning", "-c", code], check=True)
    assert capfd.readouterr() == ("", "")


def test_captions_are_plain_english() -> None:
    fields = [
        field
        for name in CAPTURES
        for packet in read(name)
        for layer in packet.layers
        for field in layer.fields
    ]
    said = {field.meaning for field in fields}
    assert "a ping: asks the receiver to send it back" in said
    assert not [meaning for meaning in said if re.search(r"\bshall\b", meaning)]
    types = {field.meaning for field in fields if field.label == "type"}
    assert {"what follows is IPv4", "what follows is a VLAN tag"} <= types
