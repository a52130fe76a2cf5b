"""WireGuard's and ESP's packets: their headers bit by bit, what is encrypted, and what counts."""

import struct
from pathlib import Path

import pytest

from macros.compare import captures
from macros.figures.packets import boxes
from macros.packets import dissector, encrypted, essence, selection, summary
from macros.packets.packet import Layer, Packet
from tests.unit.compare_support import words
from tests.unit.settle_support import DATA
from tests.unit.test_compare_packets import parts, written

ONE, TWO = DATA / "wireguard" / "one", DATA / "wireguard" / "two"
ETHERNET = bytes.fromhex("020000000001 020000000002 0800".replace(" ", ""))
_PCAP = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def seen(name: str) -> tuple[Packet, ...]:
    return dissector.packets(ONE / f"{name}.pcap")


def header(packet: Packet) -> Layer:
    layer = packet.first("WireGuard")
    assert layer is not None
    return layer


def pcap(*frames: bytes) -> bytes:
    return _PCAP + b"".join(
        struct.pack("<IIII", 1, number, len(frame), len(frame)) + frame
        for number, frame in enumerate(frames)
    )


def ipv4(protocol: int, load: bytes, ends: tuple[int, int] = (1, 2)) -> bytes:
    """A packet of our own, without a checksum: RFC 791."""
    addresses = b"".join(bytes((10, 0, 0, end)) for end in ends)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(load), 0, 0x4000, 64, protocol, 0)
    return ETHERNET + head + addresses + load


def udp(load: bytes, ports: tuple[int, int] = (51820, 51820)) -> bytes:
    return ipv4(17, struct.pack("!HHHH", *ports, 8 + len(load), 0) + load)


def layers(frame: bytes) -> list[str]:
    return [layer.name for layer in dissector.packets(pcap(frame))[0].layers][2:]


def test_the_four_messages_are_told_by_their_headers() -> None:
    assert [summary.what(packet) for packet in seen("wire")] == [
        "UDP, 148 bytes: WireGuard handshake initiation",
        "UDP, 92 bytes: WireGuard handshake response",
        "UDP, 128 bytes: WireGuard data",
        "UDP, 128 bytes: WireGuard data",
    ]
    begun, answered, *data = (header(packet) for packet in seen("wire"))
    assert answered["receiver"].value == begun["sender"].value == data[1]["receiver"].value
    assert answered["sender"].value == data[0]["receiver"].value
    assert data[0]["counter"].value == 0
    assert begun["static"].shown == "encrypted: 48 bytes"
    last = seen("wire")[2].layers[-1]
    assert last.fields[0].meaning.startswith("encrypted: 112 bytes")


def test_scapy_reads_the_same_messages() -> None:
    from scapy.contrib import wireguard as other  # noqa: PLC0415 it is slow to load

    theirs = {
        "sender": "sender_index",
        "receiver": "receiver_index",
        "counter": "counter",
        "ephemeral": "unencrypted_ephemeral",
        "mac1": "mac1",
    }
    count = 0
    for packet in (*seen("wire"), *seen("full-wire")):
        layer = header(packet)
        read = other.Wireguard(packet.data[layer.offset : layer.end])
        assert read.message_type == layer["type"].value
        for name, field in ((name, layer.get(name)) for name in theirs):
            if field is not None:
                value = getattr(read.payload, theirs[name])
                assert value in (field.value, field.raw), name
                count += 1
    assert count == 15


def test_every_bit_of_a_message_is_one_field() -> None:
    for packet in (*seen("wire"), *seen("full-wire")):
        at = 0
        for layer in packet.layers:
            for field in layer.fields:
                assert field.offset == at, field
                at += field.length
        assert at == 8 * len(packet.data)


@pytest.mark.parametrize(
    ("load", "names"),
    [
        (b"\x03" + bytes(63), ["UDP", "WireGuard"]),
        (b"\x04" + bytes(31), ["UDP", "WireGuard", "Data"]),
        (b"\x04" + bytes(1451), ["UDP", "WireGuard", "Data"]),
        (b"\x04" + bytes(15), ["UDP", "Data"]),
        (b"\x04" + bytes(32), ["UDP", "Data"]),
        (b"\x01" + bytes(91), ["UDP", "Data"]),
        (b"\x05" + bytes(31), ["UDP", "Data"]),
        (b"\x04\0\0\x01" + bytes(28), ["UDP", "Data"]),
    ],
)
def test_only_what_has_a_messages_form_is_one(load: bytes, names: list[str]) -> None:
    assert layers(udp(load)) == names


def test_a_listener_is_no_client() -> None:
    told = {field.meaning for packet in seen("moved-wire") for field in packet.layers[2].fields[:2]}
    assert told == {"WireGuard sends from the port at which it listens", ""}

    def meanings(*ports: int) -> list[str]:
        (packet,) = dissector.packets(pcap(udp(b"hello", (ports[0], ports[1]))))
        return [field.meaning for field in packet.layers[2].fields[:2]]

    client = "in the range that Linux gives to clients"
    assert meanings(40000, 5000) == [client, ""]
    assert meanings(5000, 40000) == ["", client]
    assert meanings(40000, 40000) == meanings(40000, 50000) == ["", ""]


def test_a_box_says_what_can_be_read() -> None:
    layer = header(seen("wire")[2])
    shown = [field.name for field in boxes.shown_fields(layer)]
    assert shown == ["type", "receiver", "counter"]
    chosen = selection.pick(seen("wire"), "wireguard handshake response")
    assert chosen.number == 2


def test_esp_is_read_up_to_where_it_is_encrypted() -> None:
    load = struct.pack("!II", 0x1000, 7) + bytes(range(64))
    (packet,) = dissector.packets(pcap(ipv4(50, load)))
    assert [layer.name for layer in packet.layers] == ["Ethernet", "IPv4", "ESP", "Data"]
    assert packet.layers[2]["spi"].shown == "0x00001000"
    assert packet.layers[2]["seq"].value == 7
    assert packet.layers[3].fields[0].meaning.startswith("encrypted: 64 bytes")
    assert summary.summary(packet) == "ESP 10.0.0.1 > 10.0.0.2"
    assert layers(udp(load, (4500, 4500))) == ["UDP", "ESP", "Data"]
    assert layers(udp(bytes(4) + load, (4500, 4500))) == ["UDP", "Data"], "IKE, RFC 3948"
    assert layers(udp(b"\xff", (4500, 4500))) == ["UDP", "Data"], "a keepalive"


@pytest.mark.parametrize("name", ["wire", "moved-wire", "full-wire"])
def test_other_keys_are_no_change(name: str) -> None:
    old, new = ONE / f"{name}.pcap", TWO / f"{name}.pcap"
    assert old.read_bytes() != new.read_bytes()
    assert essence.told(dissector.packets(old)) == essence.told(dissector.packets(new))
    assert list(captures.compare(old, new, str)) == []


def changed(tmp_path: Path, name: str, number: int, at: int, to: bytes) -> tuple[bool, list[str]]:
    """Whether a capture with other bytes in one message tells the same, and what is said of it."""
    path, frames = TWO / f"{name}.pcap", parts(TWO / f"{name}.pcap")
    start = 16 + 14 + 20 + 8 + at
    frames[number] = frames[number][:start] + to + frames[number][start + len(to) :]
    other = written(tmp_path, path, frames)
    told = [essence.told(dissector.packets(one)) for one in (ONE / f"{name}.pcap", other)]
    return told[0] == told[1], words(list(captures.compare(ONE / f"{name}.pcap", other, str)))


def test_a_message_for_another_session_is_a_change(tmp_path: Path) -> None:
    same, said = changed(tmp_path, "wire", 2, 4, b"\1\2\3\4")
    assert not same
    assert any("receiver's index (WireGuard)" in line for line in said)


def test_a_counter_that_leaves_numbers_out_is_a_change(tmp_path: Path) -> None:
    frames = parts(TWO / "wire.pcap")
    again = frames[2][: 16 + 14 + 20 + 8 + 8] + b"\5" + frames[2][16 + 14 + 20 + 8 + 9 :]
    next_one = frames[2][: 16 + 14 + 20 + 8 + 8] + b"\1" + frames[2][16 + 14 + 20 + 8 + 9 :]
    head = TWO / "wire.pcap"
    one, other = (
        written(tmp_path, head, [*frames, frame]).read_bytes() for frame in (next_one, again)
    )
    told = [essence.told(dissector.packets(side)) for side in (one, other)]
    assert told[0] != told[1]


def test_another_port_to_listen_at_is_a_change(tmp_path: Path) -> None:
    path = ONE / "moved-wire.pcap"
    other = [frame.replace(b"\xcb\x1f", b"\xcb\x20") for frame in parts(path)]
    said = words(list(captures.compare(path, written(tmp_path, path, other), str)))
    between = "conversation UDP 192.168.56.10:{} and 192.168.56.11:51820"
    assert said == [f"{between.format(51999)} gone", f"{between.format(52000)} new"]


def test_a_second_mac_is_a_change(tmp_path: Path) -> None:
    same, said = changed(tmp_path, "wire", 0, 132, b"\1")
    assert not same
    assert any(line.startswith("MAC 2 (WireGuard)") for line in said)
    _, said = changed(tmp_path, "wire", 0, 116, b"\1")
    assert [line.split(" of ")[0] for line in said] == ["checksum (UDP)"], (
        "MAC 1 says nothing twice"
    )


def test_another_length_is_a_change() -> None:
    small, large = (ONE / f"{name}.pcap" for name in ("moved-wire", "full-wire"))
    said = words(list(captures.compare(small, large, str)))
    assert any("encrypted: 112 bytes -> encrypted: 1436 bytes" in line for line in said), said
    assert not any("\\x" in line for line in said)


def test_raw_bytes_stand_in_no_sentence(tmp_path: Path) -> None:
    old, new, longer = (tmp_path / name for name in ("old", "new", "longer"))
    old.write_bytes(pcap(udp(b"\0\1\2\3\4\xff", (5000, 6000))))
    new.write_bytes(pcap(udp(b"\0\1\2\xfe\xfd\xff", (5000, 6000))))
    longer.write_bytes(pcap(udp(b"\0\1\2\3\4\xff\xff", (5000, 6000))))
    (said,) = words(list(captures.compare(old, new, str)))
    assert said.endswith(": 6 bytes -> 6 bytes, 2 differ")
    assert any(
        "6 bytes -> 7 bytes, 1 differ" in s for s in words(list(captures.compare(old, longer, str)))
    )


def test_esp_tells_by_numbers_and_lengths() -> None:
    def run(spi: int, first: int, fill: int, size: int = 64) -> list[object]:
        frames = [
            ipv4(50, struct.pack("!II", spi, first + number) + bytes([fill]) * size)
            for number in range(2)
        ]
        return essence.told(dissector.packets(pcap(*frames)))

    assert run(0x1000, 1, 7) == run(0x1000, 9, 8)
    assert run(0x1000, 1, 7) != run(0x1001, 1, 7), "who wrote the SPI meant it"
    assert run(0x1000, 1, 7) != run(0x1000, 1, 7, 80)
    assert encrypted.load(1) == "encrypted: 1 byte"
