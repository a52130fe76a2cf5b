"""GRE: its optional fields are where its flags say, and other versions are data (RFC 2784, 2890)."""

import struct

import pytest
from scapy.layers import inet, l2
from scapy.packet import Packet as Frame
from scapy.packet import Raw

from macros.packets.dissector import packets
from macros.packets.packet import Packet

_OUTER = inet.IP(src="192.0.2.1", dst="192.0.2.2")
_INNER = inet.IP(src="10.0.0.1", dst="10.0.0.2") / inet.ICMP()


def read(frame: Frame) -> Packet:
    """A frame as a capture has it: the header of pcap-savefile(5), link type Ethernet."""
    data = bytes(l2.Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / frame)
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    (packet,) = packets(head + struct.pack("<IIII", 0, 0, len(data), len(data)) + data)
    return packet


def names(packet: Packet) -> list[tuple[str, str]]:
    return [(layer.name, layer.role) for layer in packet.layers]


def test_a_frame_behind_a_key_and_a_sequence_number() -> None:
    tunnel = l2.GRE(proto=0x6558, key_present=1, key=77, seqnum_present=1, sequence_number=5)
    packet = read(_OUTER / tunnel / l2.Ether() / _INNER)
    assert names(packet) == [
        ("Ethernet", "outer"), ("IPv4", "outer"), ("GRE", ""), ("Ethernet", "inner"),
        ("IPv4", "inner"), ("ICMP", ""),
    ]  # fmt: skip
    gre = packet.layers[2]
    assert (gre.length, gre["key"].value, gre["seq"].value) == (12, 77, 5)
    assert gre["protocol"].shown == "0x6558 an Ethernet frame"


@pytest.mark.parametrize(
    "header",
    [
        "3001880b00000000",  # version 1, PPTP's
        "40000800000000000000",  # with routing, RFC 1701
        "2000080000",  # its key is cut off
    ],
)
def test_what_is_not_understood_is_data(header: str) -> None:
    packet = read(inet.IP(src="192.0.2.1", dst="192.0.2.2", proto=47) / Raw(bytes.fromhex(header)))
    assert [layer.name for layer in packet.layers][:3] == ["Ethernet", "IPv4", "Data"]
