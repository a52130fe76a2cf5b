"""BGP messages of a session that came back: as tshark and scapy read them, every bit once."""

import struct
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from macros.figures.packets import packet_figure
from macros.packets import bgp, packet_records, selection, summary
from macros.packets.dissector import packets
from macros.packets.packet import Layer, Packet
from macros.values import record_path

DATA = Path(__file__).parent.parent / "data" / "packets"
SESSION = packets(DATA / "calico-bgp.pcap")
MESSAGES = [(packet, decoded) for packet in SESSION for decoded in packet.all("BGP")]


def pcap(frames: list[bytes]) -> bytes:
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    return head + b"".join(struct.pack("<IIII", 1, 0, len(f), len(f)) + f for f in frames)


def rows() -> Iterator[tuple[Packet, dict[str, list[str]]]]:
    lines = (DATA / "calico-bgp.messages").read_text(encoding="utf-8").splitlines()
    head = lines[0].split("\t")
    for line in lines[1:]:
        cells = dict(zip(head, line.split("\t"), strict=True))
        cells_of = {name: cell.split(",") if cell else [] for name, cell in cells.items()}
        yield SESSION[int(cells["frame.number"]) - 1], cells_of


def of(packet: Packet, name: str) -> list[str]:
    fields = [f for message in packet.all("BGP") for f in message.fields if f.name == name]
    return [str(field.value) for field in fields]


def test_all_is_as_tshark_reads_it() -> None:
    seen = 0
    for packet, row in rows():
        seen += 1
        assert of(packet, "type") == row["bgp.type"]
        assert of(packet, "length") == row["bgp.length"]
        assert of(packet, "as") == row["bgp.open.myas"]
        assert of(packet, "hold_time") == row["bgp.open.holdtime"]
        assert of(packet, "id") == row["bgp.open.identifier"]
        assert of(packet, "error") == row["bgp.notify.major_error"]
        assert of(packet, "suberror") == row["bgp.notify.minor_error_cease"]
        assert of(packet, "next_hop") == row["bgp.update.path_attribute.next_hop"]
        assert of(packet, "local_pref") == row["bgp.update.path_attribute.local_pref"]
        assert of(packet, "path_id") == row["bgp.nlri_path_id"]
        prefixes = [prefix.partition("/")[0] for prefix in of(packet, "announced")]
        assert prefixes == row["bgp.nlri_prefix"]
        codes = [str(f.raw[0]) for f in packet.layers[-1].fields if f.label.startswith("can:")]
        assert codes == row["bgp.cap.type"]
    assert seen == 8


def test_scapy_reads_the_same_open() -> None:
    from scapy.contrib import bgp as other  # noqa: PLC0415 it is slow to load

    for _, layer in MESSAGES:
        if bgp.what(layer) != "OPEN":
            continue
        raw = b"".join(field.raw for field in layer.fields)
        theirs = other.BGPHeader(raw)[other.BGPOpen]
        assert layer["as"].value == theirs.my_as
        assert layer["hold_time"].value == theirs.hold_time
        assert layer["id"].shown == str(IPv4Address(theirs.bgp_id))
        assert layer["as4"].value == "64512"


def test_the_session_is_told_in_words() -> None:
    texts = [bgp.what(layer) for _, layer in MESSAGES]
    assert texts == [
        "NOTIFICATION", "OPEN", "OPEN", "KEEPALIVE", "KEEPALIVE", "UPDATE", "UPDATE", "UPDATE",
        "End-of-RIB", "UPDATE", "UPDATE", "UPDATE", "End-of-RIB",
    ]  # fmt: skip
    assert summary.summary(SESSION[15]) == (
        "TCP PSH ACK 192.168.56.10:179 > 192.168.56.12:36539, 182 bytes:"
        " BGP UPDATE, UPDATE, UPDATE, End-of-RIB"
    )


def test_a_page_finds_messages_by_name_and_their_routes_by_path() -> None:
    assert selection.pick(SESSION, "bgp open from 192.168.56.12").number == 11
    assert [p.number for p in selection.select(SESSION, "bgp end-of-rib")] == [16, 20]
    assert selection.pick(SESSION, "bgp notification").number == 1
    record = packet_records.record(SESSION)
    assert record_path.lookup(record, "[16].bgp[1].announced") == "10.42.166.128/26"
    assert record_path.lookup(record, "[16].bgp[1].next_hop") == "192.168.56.11"
    assert record_path.lookup(record, "[16].bgp[4].message") == "End-of-RIB"
    assert record_path.lookup(record, "[9].bgp.hold_time") == 240
    assert not record_path.exists(record, "[3].bgp")


def test_messages_lie_side_by_side_in_their_segment() -> None:
    figure = packet_figure.packet_figure(SESSION[15], id="u", node="node0", interface="eth1")
    assert figure.count('aria-label="BGP header, 53 bytes"') == 3
    assert figure.count('aria-label="BGP header, 23 bytes"') == 1
    assert "10.42.135.128/26" in figure
    tcp = SESSION[15].first("TCP")
    assert tcp is not None
    assert {message.end <= tcp.end for message in SESSION[15].all("BGP")} == {True}


@pytest.mark.parametrize("number", [1, 9, 16])
def test_a_segment_cut_anywhere_is_tiled_and_a_part_of_a_message_is_data(number: int) -> None:
    packet = SESSION[number - 1]
    for kept in range(54, packet.captured):
        cut = packets(pcap([packet.data[:kept]]))[0]
        offset = 0
        for layer in cut.layers:
            for field in layer.fields:
                assert field.offset == offset
                offset += field.length
        assert offset == kept * 8
    half = packets(pcap([packet.data[:-1]]))[0]
    assert half.layers[-1].name == "Data"
    assert len(half.all("BGP")) == len(packet.all("BGP")) - 1


@pytest.mark.parametrize("number", [9, 11, 16])
def test_a_message_with_any_byte_changed_is_still_tiled(number: int) -> None:
    packet = SESSION[number - 1]
    for index in range(66, packet.captured):
        for value in (0, 0xFF, packet.data[index] ^ 0x80):
            data = packet.data[:index] + bytes([value]) + packet.data[index + 1 :]
            offset = 0
            for layer in packets(pcap([data]))[0].layers:
                for field in layer.fields:
                    assert field.offset == offset
                    offset += field.length
            assert offset == len(data) * 8


def test_another_port_carries_no_bgp() -> None:
    packet = SESSION[8]
    port = packet.data.replace(b"\x00\xb3", b"\x00\x50", 1)
    assert packets(pcap([port]))[0].all("BGP") == ()


def _update(withdrawn: bytes, announced: bytes) -> Layer:
    """The first UPDATE of the session with other routes in it."""
    packet = SESSION[17]
    layer = packet.all("BGP")[0]
    attributes = packet.data[layer.offset + 23 : layer.offset + 44]
    body = struct.pack("!H", len(withdrawn)) + withdrawn
    body += struct.pack("!H", len(attributes)) + attributes + announced
    message = b"\xff" * 16 + struct.pack("!HB", 19 + len(body), 2) + body
    return packets(pcap([packet.data[: layer.offset] + message]))[0].all("BGP")[0]


def test_routes_are_read_with_and_without_path_ids() -> None:
    plain = _update(b"", bytes([26, 10, 42, 166, 128, 24, 10, 42, 3]))
    assert bgp.routes(plain, "announced") == "10.42.166.128/26, 10.42.3.0/24"
    assert plain.get("path_id") is None
    withdrawn = _update(bytes([0, 0, 0, 3, 26, 10, 42, 166, 128]), b"")
    assert bgp.routes(withdrawn, "withdrawn") == "10.42.166.128/26"
    assert withdrawn["path_id"].value == 3
    assert bgp.routes(withdrawn, "announced") == ""


def test_what_is_no_list_of_routes_is_said_to_be_undecoded() -> None:
    strange = _update(b"", bytes([40, 1, 2, 3]))
    assert strange["announced"].meaning == "not decoded here"
