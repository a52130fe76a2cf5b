"""Captures are read field by field: every bit once, as tshark reads them, and never a crash."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.packets.dissector import packets
from macros.packets.packet import Layer, Packet

DATA = Path(__file__).parent.parent / "data" / "packets"
CAPTURES = sorted(path.stem for path in DATA.glob("*.pcap"))


def read(name: str) -> tuple[Packet, ...]:
    return packets(DATA / f"{name}.pcap")


def layer(packet: Packet, name: str) -> Layer:
    layer = packet.last(name)
    assert layer is not None, f"packet {packet.number} has no {name}"
    return layer


def titles(packet: Packet) -> list[str]:
    return [layer.title for layer in packet.layers]


# --- every bit belongs to exactly one field -----------------------------------------------------


def assert_tiled(packet: Packet) -> None:
    offset = 0
    for layer in packet.layers:
        assert layer.offset * 8 == offset
        for field in layer.fields:
            assert field.offset == offset
            assert field.raw == packet.data[field.first : field.last + 1]
            offset += field.length
        assert offset == (layer.offset + layer.length) * 8
        assert layer.offset + layer.length <= layer.end <= len(packet.data)
    assert offset == len(packet.data) * 8


@pytest.mark.parametrize("name", CAPTURES)
def test_fields_tile_every_packet(name: str) -> None:
    for packet in read(name):
        assert_tiled(packet)


@pytest.mark.parametrize("name", ["forward-red", "vxlan", "trouble-red", "ipv6", "calico-eth1"])
def test_a_packet_cut_anywhere_is_still_tiled(name: str) -> None:
    for packet in read(name)[:6]:
        for kept in range(min(packet.captured, 140)):
            cut = pcap([packet.data[:kept]], wire=packet.wire)
            assert_tiled(packets(cut)[0])


def test_a_tunnel_s_source_port_is_no_client_s() -> None:
    for packet in read("vxlan")[2:]:
        outer = packet.layers[2]
        assert outer.name == "UDP"
        assert outer["dport"].value == 8472
        assert outer["sport"].meaning == "stands for the connection inside: nobody listens there"
    inner = read("vxlan")[7].layers[-2]  # of the client's request
    assert inner["sport"].meaning == "in the range that Linux gives to clients"


def test_a_packet_with_any_one_byte_changed_is_still_tiled() -> None:
    packet = read("vxlan")[7]
    for index in range(packet.captured):
        for value in (0, 0xFF, packet.data[index] ^ 0x80):
            data = packet.data[:index] + bytes([value]) + packet.data[index + 1 :]
            assert_tiled(packets(pcap([data]))[0])


# --- as tshark reads them -----------------------------------------------------------------------

# tshark's field: layer, our field, how to write ours as tshark does.
FIELDS = {
    "eth.dst": ("Ethernet", "dst", "{shown}"),
    "eth.src": ("Ethernet", "src", "{shown}"),
    "ip.len": ("IPv4", "length", "{value}"),
    "ip.id": ("IPv4", "id", "{shown}"),
    "ip.ttl": ("IPv4", "ttl", "{value}"),
    "ip.proto": ("IPv4", "protocol", "{value}"),
    "ip.checksum": ("IPv4", "checksum", "{shown}"),
    "ip.src": ("IPv4", "src", "{shown}"),
    "ip.dst": ("IPv4", "dst", "{shown}"),
    "udp.srcport": ("UDP", "sport", "{value}"),
    "udp.dstport": ("UDP", "dport", "{value}"),
    "udp.length": ("UDP", "length", "{value}"),
    "udp.checksum": ("UDP", "checksum", "{shown}"),
    "tcp.srcport": ("TCP", "sport", "{value}"),
    "tcp.dstport": ("TCP", "dport", "{value}"),
    "tcp.seq_raw": ("TCP", "seq", "{value}"),
    "tcp.ack_raw": ("TCP", "ack", "{value}"),
    "tcp.flags": ("TCP", "flags", "0x{value:04x}"),
    "tcp.window_size_value": ("TCP", "window", "{value}"),
    "tcp.checksum": ("TCP", "checksum", "{shown}"),
    "tcp.urgent_pointer": ("TCP", "urgent", "{value}"),
    "tcp.options.mss_val": ("TCP", "mss", "{value}"),
    "tcp.options.wscale.shift": ("TCP", "wscale", "{value}"),
    "icmp.type": ("ICMP", "type", "{value}"),
    "icmp.code": ("ICMP", "code", "{value}"),
    "icmp.checksum": ("ICMP", "checksum", "{shown}"),
    "icmp.ident": ("ICMP", "id", "{value}"),
    "icmp.seq": ("ICMP", "seq", "{value}"),
    "arp.opcode": ("ARP", "operation", "{value}"),
    "arp.src.hw_mac": ("ARP", "sender_mac", "{shown}"),
    "arp.src.proto_ipv4": ("ARP", "sender_ip", "{shown}"),
    "arp.dst.hw_mac": ("ARP", "target_mac", "{shown}"),
    "arp.dst.proto_ipv4": ("ARP", "target_ip", "{shown}"),
    "vxlan.vni": ("VXLAN", "vni", "{value}"),
}
# Frames whose headers lie; tshark reads on where we stop, and says so.
MALFORMED = {"frames": {7, 8, 10, 11, 12, 15, 17}}


def rows(name: str) -> Iterator[tuple[Packet, dict[str, list[str]]]]:
    lines = (DATA / f"{name}.fields").read_text(encoding="utf-8").splitlines()
    head = lines[0].split("\t")
    read_here = read(name)
    assert len(read_here) == len(lines) - 1
    for packet, line in zip(read_here, lines[1:], strict=True):
        if packet.number in MALFORMED.get(name, ()):
            continue
        cells = dict(zip(head, line.split("\t"), strict=True))
        yield packet, {key: text.split(",") if text else [] for key, text in cells.items()}


@pytest.mark.parametrize("name", CAPTURES)
def test_fields_are_those_that_tshark_reads(name: str) -> None:
    for packet, told in rows(name):
        assert packet.time == int(told["frame.time_epoch"][0].replace(".", ""))
        assert [packet.wire, packet.captured] == [
            int(told["frame.len"][0]),
            int(told["frame.cap_len"][0]),
        ]
        for key, (kind, field, form) in FIELDS.items():
            ours = [
                form.format(value=hit.value, shown=hit.shown)
                for layer in packet.layers
                if layer.name == kind and (hit := layer.get(field))
            ]
            # tshark also reads headers that are cut; those are data here.
            if packet.captured < packet.wire and len(ours) < len(told[key]):
                continue
            assert ours == told[key], f"packet {packet.number}, {key}"


@pytest.mark.parametrize("name", CAPTURES)
def test_checksums_are_right_where_tshark_finds_them_right(name: str) -> None:
    kinds = {"IPv4": "ip", "UDP": "udp", "TCP": "tcp", "ICMP": "icmp"}
    good, bad = "1", "0"
    for packet, told in rows(name):
        for kind, short in kinds.items():
            states = told[f"{short}.checksum.status"]
            ours = [layer["checksum"].state for layer in packet.layers if layer.name == kind]
            if len(states) != len(ours):
                continue
            for state, own in zip(states, ours, strict=True):
                if own == "right":
                    assert state in {good, "2"}, packet.number
                if own in {"wrong", "partial"}:
                    assert state == bad, packet.number
                if state == good:
                    assert own == "right", packet.number


# --- what the bits mean -------------------------------------------------------------------------


def test_layers_are_named_and_told_apart() -> None:
    get = read("vxlan")[7]
    assert titles(get) == [
        "Ethernet, outer",
        "IPv4, outer",
        "UDP",
        "VXLAN",
        "Ethernet, inner",
        "IPv4, inner",
        "TCP",
        "Data",
    ]
    assert titles(read("calico-eth1")[0]) == ["Ethernet", "IPv4, outer", "IPv4, inner", "TCP"]


def test_raw_ip_and_linux_cooked_captures_are_read() -> None:
    assert titles(read("calico-tunl0")[3]) == ["IPv4", "TCP", "Data"]
    cooked = read("http-any")[0]
    assert titles(cooked) == ["Linux cooked v2", "IPv4", "TCP"]
    assert cooked.layers[0]["direction"].shown == "4 from us"
    assert cooked.layers[0]["src"].shown == "02:00:00:00:01:02"


def test_the_ttl_says_how_far_a_packet_may_go() -> None:
    udp = read("forward-red")[2]
    assert layer(udp, "IPv4")["ttl"].meaning.startswith("63 more routers")
    late = read("trouble-red")[5]
    assert "next router drops it" in layer(late, "IPv4")["ttl"].meaning


def test_a_senders_own_capture_has_partial_checksums() -> None:
    checksum = layer(read("http-red")[0], "TCP")["checksum"]
    assert checksum.state == "partial"
    # tcpdump -vv: cksum 0x1735 (incorrect -> 0xba87)
    assert checksum.meaning.endswith("would make it 0xba87")


def test_without_offload_every_checksum_is_right() -> None:
    states = {layer(packet, "TCP")["checksum"].state for packet in read("http-nooffload")}
    assert states == {"right"}


def test_a_damaged_checksum_is_called_wrong() -> None:
    data = bytearray(read("http-nooffload")[3].data)
    data[-1] ^= 1
    checksum = layer(packets(pcap([bytes(data)]))[0], "TCP")["checksum"]
    assert checksum.state == "wrong"
    assert checksum.meaning == "wrong: 0x%04x would be right" % (int(checksum.value) - 1)


def test_a_segment_larger_than_the_mtu_is_explained() -> None:
    big = read("http-red")[3]
    assert big.wire == 7306
    assert "larger than an MTU of 1500" in layer(big, "IPv4")["length"].meaning
    assert "MTU" not in layer(read("http-nooffload")[5], "IPv4")["length"].meaning


def test_the_largest_segment_is_the_mtu_less_both_headers() -> None:
    recorded = Path(__file__).parents[2] / "recordings/2026-11/dual-stack/wire6.node0.eth1.pcap"
    for syn, less in ((read("http-red")[0], 40), (packets(recorded)[0], 60)):
        assert layer(syn, "TCP")["mss"].meaning.endswith(f"the MTU less {less}")


def test_an_outer_checksum_that_counts_on_the_inner_one_is_no_error() -> None:
    get = read("vxlan")[7]
    outer = get.first("UDP")
    assert outer is not None
    assert outer["checksum"].state == "partial"
    assert "inner checksum" in outer["checksum"].meaning
    # With another payload it would be an error.
    data = bytearray(get.data)
    data[-1] ^= 1
    data[14 + 20 + 6] ^= 1
    broken = packets(pcap([bytes(data)]))[0].first("UDP")
    assert broken is not None
    assert broken["checksum"].state == "wrong"


def test_a_udp_checksum_of_zero_means_none() -> None:
    assert layer(read("frames")[2], "UDP")["checksum"].state == "none"


def test_padding_is_no_data() -> None:
    assert titles(read("frames")[0]) == ["Ethernet", "ARP", "Padding"]
    udp = read("frames")[2]
    assert titles(udp) == ["Ethernet", "IPv4", "UDP", "Data", "Padding"]
    assert [layer.length for layer in udp.layers] == [14, 20, 8, 2, 16]


def test_headers_that_lie_become_data() -> None:
    by_number = {packet.number: titles(packet) for packet in read("frames")}
    assert by_number[5] == ["Ethernet", "Data"]  # unknown type
    assert by_number[6] == ["Ethernet", "VLAN", "IPv4", "UDP", "Data"]
    assert by_number[8] == ["Ethernet", "Data"]  # IP header of 12 bytes
    assert by_number[11] == ["Ethernet", "IPv4", "Data"]  # TCP header of 8 bytes
    assert by_number[13] == ["Ethernet", "IPv4", "Data"]  # unknown protocol
    assert by_number[15] == ["Ethernet", "Data"]  # IP version 7
    assert "IPv4" in read("frames")[7].layers[1].fields[0].meaning


def test_what_an_icmp_error_quotes_is_told_apart() -> None:
    late = read("trouble-red")[6]
    assert titles(late) == [
        "Ethernet",
        "IPv4",
        "ICMP",
        "IPv4, quoted",
        "ICMP, quoted",
        "Data, quoted",
    ]
    assert layer(late, "IPv4")["src"].shown == "10.1.1.1"
    needed = layer(read("trouble-red")[4], "ICMP")
    assert needed["mtu"].value == 1400


def test_fragments_are_not_taken_for_headers() -> None:
    first, second, _ = read("trouble-red")[:3]
    assert layer(first, "ICMP")["checksum"].state == "unknown"
    assert titles(second) == ["Ethernet", "IPv4", "Data"]
    assert "byte 1480" in layer(second, "IPv4")["fragment"].meaning


def test_options_are_fields() -> None:
    route = layer(read("trouble-red")[12], "IPv4")["record_route"]
    assert route.shown.startswith("10.1.1.2 10.2.2.1 10.2.2.2")
    syn = layer(read("http-red")[0], "TCP")
    assert [field.name for field in syn.fields[-5:]] == [
        "mss",
        "sack_permitted",
        "timestamps",
        "nop",
        "wscale",
    ]
    assert syn["timestamps"].shown == "1855793589 echo 0"


def test_a_cut_packet_says_so() -> None:
    ping = read("snap-60")[0]
    assert (ping.wire, ping.captured) == (98, 58)
    assert ping.layers[-1].fields[0].meaning.endswith("the capture kept 58 of 98 bytes")
    assert layer(ping, "ICMP")["checksum"].state == "unknown"


def test_times_are_exact_in_microseconds_and_nanoseconds() -> None:
    assert read("forward-red")[0].time == 1795408735650971000
    assert read("http-red")[0].time % 1000 == 992


# --- damaged files ------------------------------------------------------------------------------


def pcap(
    data: list[bytes], *, wire: int | None = None, order: str = "<", magic: int = 0xA1B2C3D4
) -> bytes:
    head = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262144, 1)
    for record in data:
        head += struct.pack(f"{order}IIII", 1, 7, len(record), wire or len(record)) + record
    return head


def test_byte_order_and_resolution_are_those_of_the_file() -> None:
    data = [bytes(60)]
    for order in "<>":
        micro = packets(pcap(data, order=order))
        nano = packets(pcap(data, order=order, magic=0xA1B23C4D))
        assert micro[0].time == 1_000_007_000
        assert nano[0].time == 1_000_000_007


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda _: b"", "the file is empty.*byte 0"),
        (lambda raw: raw[:10], "header has 24 bytes.*byte 10"),
        (lambda raw: b"GIF8" + raw[4:], "not a pcap file: it begins with 47 49 46 38"),
        (lambda raw: b"\x0a\x0d\x0d\x0a" + raw[4:], "pcapng"),
        (lambda raw: raw[:-1], r"packet 7: 97 of its 98 bytes \(at byte 570\)"),
        (lambda raw: raw + b"12345", r"packet 8: 5 of 16 bytes of its record header \(at byte 668"),
        (lambda raw: raw[:32] + b"\xff\xff\xff\xff" + raw[36:], "packet 1.*no sense.*byte 24"),
    ],
)
def test_a_damaged_file_says_what_is_wrong_and_where(damage: object, said: str) -> None:
    raw = (DATA / "forward-red.pcap").read_bytes()
    assert callable(damage)
    with pytest.raises(GuideError, match=said):
        packets(damage(raw))


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "arp.node0.eth1.pcap"
    path.write_bytes(b"")
    with pytest.raises(GuideError, match=r"arp\.node0\.eth1\.pcap: the file is empty"):
        packets(path)
    with pytest.raises(GuideError, match="cannot be read"):
        packets(tmp_path / "none.pcap")


def test_an_unknown_link_type_is_an_error() -> None:
    raw = bytearray(pcap([bytes(60)]))
    raw[20] = 105  # IEEE 802.11
    with pytest.raises(GuideError, match="link type 105"):
        packets(bytes(raw))


def test_a_capture_without_packets_is_none() -> None:
    assert packets(pcap([])) == ()


def test_an_empty_packet_is_read() -> None:
    assert packets(pcap([b""]))[0].data == b""
