"""Make the captures of this folder with scapy: python tests/foreign/packets/make.py.

Each packet is of a kind that no lab of this guide sends. What is right for each stands beside it
in NAME.txt, written by hand from what is built here.
"""

import struct
import sys
from pathlib import Path
from typing import Any

from scapy.layers import inet, inet6, l2, vxlan
from scapy.packet import Raw, raw

HERE = Path(__file__).parent
MACS = {"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02"}
INSIDE = {"src": "02:00:00:00:00:0a", "dst": "02:00:00:00:00:0b"}


def frame(**options: Any) -> Any:
    return l2.Ether(**{**MACS, **options})


def v4(**options: Any) -> Any:
    return inet.IP(**{"src": "192.0.2.1", "dst": "192.0.2.2", "id": 1, **options})


def v6(**options: Any) -> Any:
    return inet6.IPv6(**{"src": "2001:db8::1", "dst": "2001:db8::2", **options})


def udp(text: str = "hello") -> Any:
    return inet.UDP(sport=1000, dport=2000) / Raw(text.encode())


def tcp(text: str = "GET / HTTP/1.0\r\n\r\n", **options: Any) -> Any:
    segment = inet.TCP(sport=1000, dport=80, seq=1, ack=1, flags="PA", **options)
    return segment / Raw(text.encode()) if text else segment


def tunnel(outer: Any, inside: Any, port: int = 4789) -> Any:
    return (
        frame()
        / outer
        / inet.UDP(sport=40000, dport=port, chksum=0)
        / vxlan.VXLAN(vni=100, flags=8)
        / inside
    )


def cut(packet: Any, length: int) -> bytes:
    whole: bytes = raw(packet)
    return whole[:length]


def with_length(packet: bytes, offset: int, value: int) -> bytes:
    """A packet with another length at a byte, as it is before the network card fills it in."""
    return packet[:offset] + struct.pack("!H", value) + packet[offset + 2 :]


def arp() -> Any:
    return l2.ARP(op=1, hwsrc=INSIDE["src"], psrc="10.9.0.1", pdst="10.9.0.2")


TUNNELS = [
    frame() / v4() / v6() / udp(),
    frame() / v6() / v4() / udp(),
    frame() / v6() / v6(src="fd00::1", dst="fd00::2") / udp(),
    frame() / v4() / v4(src="10.0.0.1", dst="10.0.0.2") / v6() / udp(),
    tunnel(v4(), l2.Ether(**INSIDE) / arp()),
    tunnel(v4(), l2.Ether(**INSIDE) / v6() / udp()),
    tunnel(v6(), l2.Ether(**INSIDE) / v4() / udp(), 8472),
    tunnel(
        v4(), l2.Ether(**INSIDE) / l2.Dot1Q(vlan=7) / v4(src="10.0.0.1", dst="10.0.0.2") / udp()
    ),
    tunnel(v4(), l2.Ether(**INSIDE, type=0x88CC) / Raw(b"\0\0")),
    tunnel(v4(), l2.Ether(**INSIDE) / v4(src="10.0.0.1", dst="10.0.0.2") / v6() / udp()),
    frame() / v4() / inet.UDP(sport=40000, dport=8472) / Raw(b"no VXLAN at all"),
    tunnel(v4(), Raw(b"no frame")),
    frame() / v4(proto=41) / Raw(b"\x65 no IPv6"),
]

OFFLOADS = [
    with_length(raw(frame() / v4() / tcp()), 16, 0),
    with_length(raw(frame() / v4() / tcp(chksum=0x1234)), 16, 0),
    with_length(raw(frame() / v4() / udp()), 16, 0),
    with_length(raw(frame() / v6() / tcp("x" * 300)), 18, 0),
    with_length(raw(frame() / v6() / tcp("")), 18, 0),
    raw(
        frame()
        / v6(plen=0)
        / inet6.IPv6ExtHdrHopByHop(options=[inet6.Jumbo(jumboplen=8 + 20 + 300)])
        / tcp("y" * 300)
    ),
    raw(frame() / v6(nh=59, plen=0)) + bytes(6),
    raw(frame() / v6(nh=6, plen=0)) + bytes(6),
]

PADDING = [
    raw(frame() / arp()) + bytes(18),
    raw(frame() / v4() / tcp("")) + bytes(6),
    raw(frame() / v4() / tcp("")) + b"leaked",
    raw(frame() / v4() / udp("x" * 80)) + bytes(4),
    raw(tunnel(v4(), Raw(raw(l2.Ether(**INSIDE) / arp()) + bytes(18)))),
    raw(frame() / v6() / udp("a")) + b"\x12\x34\x56\x78",
    raw(frame() / v4() / inet.UDP(sport=1, dport=2, len=8) / Raw(b"behind")),
]

TAGS = [
    frame() / l2.Dot1Q(vlan=5) / v4() / udp(),
    frame() / l2.Dot1AD(vlan=200) / l2.Dot1Q(vlan=5) / v4() / udp(),
    frame(type=0x9100) / l2.Dot1Q(vlan=200) / l2.Dot1Q(vlan=5) / v6() / udp(),
    frame() / l2.Dot1AD(vlan=200) / l2.Dot1AD(vlan=300) / l2.Dot1Q(vlan=5) / arp(),
    frame() / l2.Dot1Q(vlan=0, prio=7, type=0x8864) / Raw(b"\x11\0\0\x01\0\x02\0\x21x"),
    frame() / l2.Dot1Q(vlan=5, type=5) / Raw(b"\xaa\xaa\x03ab"),
    frame() / l2.Dot1AD(vlan=9, type=0x88A8) / Raw(b"\x01"),
    frame() / l2.Dot1Q(vlan=5) / v4() / v6() / udp(),
]

OPTIONS = [
    frame() / v6() / inet6.IPv6ExtHdrHopByHop() / inet6.IPv6ExtHdrDestOpt() / udp(),
    frame() / v6() / inet6.IPv6ExtHdrDestOpt() / tcp(),
    frame()
    / v6()
    / inet6.IPv6ExtHdrHopByHop(options=[inet6.RouterAlert()])
    / inet6.ICMPv6MLReport2(),
    frame() / v6() / inet6.IPv6ExtHdrRouting(addresses=["2001:db8::9"]) / udp(),
    frame() / v6() / inet6.IPv6ExtHdrFragment(m=1, id=7) / udp(),
    cut(frame() / v6() / inet6.IPv6ExtHdrHopByHop() / udp(), 14 + 40 + 5),
    frame() / v4() / v6() / inet6.IPv6ExtHdrHopByHop() / inet6.IPv6ExtHdrDestOpt() / udp(),
    frame() / v6() / inet6.IPv6ExtHdrHopByHop(nh=59),
]

ODD = [
    frame() / v4(proto=1) / Raw(b"\x08"),
    frame() / v6(nh=58) / Raw(b"\x80"),
    frame() / v4(proto=6) / Raw(b"\0\x50\0\x51" + bytes(8) + b"\x10" + bytes(7)),
    cut(frame() / v4() / tcp(), 14 + 20 + 12),
    frame(type=0x0806) / Raw(b"\0\x01\x08\0\x06\x04\0"),
    frame(type=0x0806) / Raw(struct.pack("!HHBBH", 1, 0x0800, 8, 4, 1) + bytes(24)),
    b"\x02",
    b"",
    raw(frame(type=0x0800)) + b"".join(raw(v4(proto=4, len=20 * (60 - n))) for n in range(60)),
    frame() / l2.Dot1Q(vlan=1, type=0x8100) / Raw(struct.pack("!HH", 2, 0x8100) * 60),
    frame() / v4() / inet.ICMP(type=3, code=4) / Raw(raw(v4() / udp())[:20]),
    frame() / v4() / inet.ICMP(type=11) / Raw(raw(v4(len=400) / udp())[:28]),
    frame() / v4() / inet.ICMP(type=3) / Raw(b"short"),
    frame() / v4() / inet.ICMP(type=13) / Raw(b""),
    frame() / v4(frag=100) / udp(),
    frame() / v4(flags="MF") / udp(),
]


ICMPV6 = [
    frame() / v6() / inet6.ICMPv6EchoRequest(id=7, seq=3, data=b"x" * 20),
    frame() / v6() / inet6.ICMPv6EchoReply(id=7, seq=3),
    frame() / v6() / inet6.ICMPv6PacketTooBig(mtu=1400) / v6() / udp(),
    frame() / v6() / inet6.ICMPv6DestUnreach(code=4) / v6() / tcp(""),
    frame() / v6() / inet6.ICMPv6TimeExceeded() / Raw(raw(v6(plen=900) / udp())[:48]),
    frame() / v6() / inet6.ICMPv6ParamProblem(ptr=40) / Raw(b"short"),
    cut(frame() / v6() / inet6.ICMPv6EchoRequest(), 14 + 40 + 6),
]


def main() -> None:
    """Write each list as a capture."""
    for name, packets in (
        ("tunnels", TUNNELS),
        ("offloads", OFFLOADS),
        ("padding", PADDING),
        ("tags", TAGS),
        ("options", OPTIONS),
        ("odd", ODD),
        ("icmpv6", ICMPV6),
    ):
        out = bytearray(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for number, packet in enumerate(packets):
            data = packet if isinstance(packet, bytes) else raw(packet)
            out += struct.pack("<IIII", 1_700_000_000, number, len(data), len(data)) + data
        (HERE / f"{name}.pcap").write_bytes(out)
        sys.stdout.write(f"{name}: {len(packets)} packets\n")


if __name__ == "__main__":
    main()
