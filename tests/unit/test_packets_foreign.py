"""Packets of kinds that the guide's labs do not send: read right, or shown as data and said to be."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from macros.figures.packets.packet_figure import packet_figure, packet_list
from macros.packets import dissector, packet_records, selection, summary
from macros.packets.essence import told
from macros.packets.packet import Packet
from macros.settle import capture
from macros.settle.renaming import Renaming
from tests.unit.test_packets_read import assert_tiled

FOREIGN = Path(__file__).parent.parent / "foreign" / "packets"
NAMES = sorted(path.stem for path in FOREIGN.glob("*.pcap"))


def said(packet: Packet) -> Iterator[str]:
    """A packet's line, its headers, and what is said of what is no plain header."""
    yield f"{packet.number} {summary.summary(packet)}"
    yield f"    {' / '.join(layer.title for layer in packet.layers)}"
    for layer in packet.layers:
        for field in layer.fields:
            plain = layer.name not in {"Data", "Padding"} and field.name != "cut"
            if plain and field.state not in {"wrong", "unknown"} and "offload" not in field.meaning:
                continue
            if field.meaning:
                yield f"    {layer.title}, {field.label} {field.shown[:20].strip()}: {field.meaning}"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_right_is_said(name: str) -> None:
    lines = [
        line for packet in dissector.packets(FOREIGN / f"{name}.pcap") for line in said(packet)
    ]
    right = (FOREIGN / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert [line.rstrip() for line in lines] == right


@pytest.mark.parametrize("name", NAMES)
def test_each_is_drawn_quoted_settled_and_found(name: str) -> None:
    path = FOREIGN / f"{name}.pcap"
    packets = dissector.packets(path)
    for packet in packets:
        assert_tiled(packet)
        assert selection.pick(packets, packet.number) == packet
        assert packet_figure(packet, id="p").startswith("<figure")
    assert packet_list(packets, id="all").startswith("<figure")
    assert json.dumps(packet_records.record(packets))
    assert told(packets) == told(packets)
    assert capture.rename(path.read_bytes(), Renaming()) == path.read_bytes()


def test_the_ends_of_a_tunnel_are_found_by_words_and_paths() -> None:
    tunnels = dissector.packets(FOREIGN / "tunnels.pcap")
    numbers = [packet.number for packet in selection.select(tunnels, "ipip")]
    assert numbers == [1, 2, 3, 4]
    record = packet_records.record(tunnels)
    assert record[0]["ip"]["src"] == "192.0.2.1"
    assert record[0]["ip6"]["src"] == "2001:db8::1"
    assert record[1]["ip6"]["src"] == "2001:db8::1"
    assert record[1]["ip"]["src"] == "192.0.2.1"
    assert record[2]["ip6"]["inner"]["src"] == "fd00::1"


def test_a_segment_of_thousands_of_messages_is_drawn() -> None:
    keepalive = b"\xff" * 16 + b"\0\x13\x04"
    from scapy.layers import inet, l2  # noqa: PLC0415 - slow to import
    from scapy.packet import Raw, raw  # noqa: PLC0415

    from macros.packets.pcap import Record  # noqa: PLC0415 beside its use

    frame = raw(l2.Ether() / inet.IP() / inet.TCP(dport=179) / Raw(keepalive * 3000))
    packet = dissector.packet(1, 1, Record(0, len(frame), frame))
    assert len(packet.all("BGP")) == 3000
    assert packet_figure(packet, id="p").count("<b>BGP</b>") == 3000
