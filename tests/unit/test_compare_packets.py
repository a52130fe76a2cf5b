"""Real captures, packet by packet: order between conversations and repeats mean nothing."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from macros.compare import captures
from tests.unit.compare_support import EDITION, PACKETS, words
from tests.unit.segment_support import pcap_of
from tests.unit.settle_support import recording, settle

HTTP = PACKETS / "http-nooffload.pcap"


def parts(path: Path) -> list[bytes]:
    """The packets of a file, each with its record header."""
    raw, frames, offset = path.read_bytes(), [], 24
    while offset < len(raw):
        size = struct.unpack_from("<I", raw, offset + 8)[0]
        frames.append(raw[offset : offset + 16 + size])
        offset += 16 + size
    return frames


def written(tmp_path: Path, head: Path, found: list[bytes]) -> Path:
    out = tmp_path / "new.pcap"
    out.write_bytes(head.read_bytes()[:24] + b"".join(found))
    return out


def said(old: Path, new: Path) -> list[str]:
    return words(list(captures.compare(old, new, str)))


def test_no_capture_differs_from_itself() -> None:
    for path in [*PACKETS.glob("*.pcap"), *EDITION.rglob("*.pcap")]:
        assert said(path, path) == [], path.name


def test_a_segment_that_came_again_is_no_change(tmp_path: Path) -> None:
    frames = parts(HTTP)
    carrying = next(index for index, frame in enumerate(frames) if b"HTTP/1" in frame)
    again = [*frames[: carrying + 1], frames[carrying], *frames[carrying + 1 :]]
    assert said(HTTP, written(tmp_path, HTTP, again)) == []
    assert said(written(tmp_path, HTTP, again), HTTP) == []


def test_other_data_in_a_segment_is_a_change(tmp_path: Path) -> None:
    altered = [part.replace(b"HTTP/1", b"HTTP/2") for part in parts(HTTP)]
    assert said(HTTP, written(tmp_path, HTTP, altered))


def test_conversations_can_change_places_and_packets_of_one_cannot(tmp_path: Path) -> None:
    wire = EDITION / "by-hand" / "wire-blue.node0.br0.pcap"
    frames = parts(wire)  # ARP request and reply, echo request and reply
    assert len(frames) == 4
    assert said(wire, written(tmp_path, wire, frames[2:] + frames[:2])) == []
    turned = said(wire, written(tmp_path, wire, [*frames[:2], frames[3], frames[2]]))
    assert len(turned) == 2
    assert all("ICMP echo re" in line for line in turned)


def test_packets_captured_elsewhere_differ_in_their_headers() -> None:
    folder = EDITION / "docker"
    sentences = said(folder / "in-eth1.node0.eth1.pcap", folder / "in-docker0.node0.docker0.pcap")
    assert sentences
    same = said(folder / "in-eth1.node0.eth1.pcap", folder / "in-eth1.node0.eth1.pcap")
    assert same == []


# --- ports in the range that the kernel chooses from --------------------------------------------


def _segment(sport: int, dport: int) -> bytes:
    """A SYN from a client's port to a server's."""
    ends = bytes((192, 0, 2, 1, 192, 0, 2, 2))
    packet = b"\x45\0\0\x28\0\1\0\0\x40\6\0\0" + ends
    flags = b"\0\0\3\xe8\0\0\0\0\x50\2\xff\xff\0\0\0\0"
    return bytes(12) + b"\x08\0" + packet + struct.pack("!HH", sport, dport) + flags


def _datagram(sport: int, dport: int) -> bytes:
    ends = bytes((192, 0, 2, 1, 192, 0, 2, 2))
    packet = b"\x45\0\0\x1c\0\1\0\0\x40\x11\0\0" + ends
    return bytes(12) + b"\x08\0" + packet + struct.pack("!HHHH", sport, dport, 8, 0)


def _quoted(sport: int, dport: int) -> bytes:
    """An ICMP error: nobody listens on the port."""
    inside = _datagram(sport, dport)[14:]
    ends = bytes((192, 0, 2, 9, 192, 0, 2, 1))
    packet = b"\x45\0\0\x38\0\1\0\0\x40\1\0\0" + ends
    return bytes(12) + b"\x08\0" + packet + b"\3\3\0\0\0\0\0\0" + inside


@pytest.mark.parametrize("make", [_segment, _datagram, _quoted])
def test_a_servers_port_is_a_fact_wherever_it_is_and_a_clients_is_not(
    make: Callable[[int, int], bytes], tmp_path: Path
) -> None:
    def capture(name: str, *ends: int) -> Path:
        path = tmp_path / f"{name}.node0.eth0.pcap"
        path.write_bytes(pcap_of(HTTP.read_bytes(), [make(*ends)]))
        return path

    old = capture("old", 40000, 50051)
    client, server = capture("client", 40001, 50051), capture("server", 40000, 50052)
    assert said(old, client) == said(client, old) == []
    assert all("5005" in "".join(said(*sides)) for sides in ((old, server), (server, old)))
    for new, kept in ((client, old), (server, server)):
        sides = [[recording("a", "", "tcpdump", None, side)] for side in (old, new)]
        settled = settle(tmp_path, sides[0], sides[1])["a"].pcap
        assert settled is not None
        assert settled.read_bytes() == kept.read_bytes()


# --- what names a packet among others -----------------------------------------------------------


def _part(id: int, offset: int) -> bytes:
    """A fragment of a datagram, the first with more to come."""
    ends = bytes((192, 0, 2, 1, 192, 0, 2, 2))
    where = struct.pack("!HH", id, 0x2000 if offset == 0 else offset)
    return bytes(12) + b"\x08\0\x45\0\0\x1c" + where + b"\x40\x11\0\0" + ends + bytes(8)


def _echo(id: int, seq: int) -> bytes:
    """A ping of IPv6, behind it when it was sent and a pattern."""
    ends = bytes.fromhex("20010db800000000000000000000000120010db8000000000000000000000002")
    header = b"\x60\0\0\0" + struct.pack("!HBB", 8 + 24, 58, 64) + ends
    body = struct.pack("!HH", id, seq) + id.to_bytes(16, "big") + b"\x10\x11\x12\x13" * 2
    return bytes(12) + b"\x86\xdd" + header + b"\x80\0\0\0" + body


@pytest.mark.parametrize(
    ("old", "same", "other"),
    [
        (
            [_part(5, 0), _part(5, 1)],
            [_part(9, 0), _part(9, 1)],
            [_part(5, 0), _part(9, 1)],
        ),
        ([_echo(5, 1), _echo(5, 2)], [_echo(9, 1), _echo(9, 2)], [_echo(5, 1), _echo(5, 3)]),
    ],
    ids=["fragments", "echoes of IPv6"],
)
def test_an_id_counts_by_what_else_has_it(
    old: list[bytes], same: list[bytes], other: list[bytes], tmp_path: Path
) -> None:
    paths = []
    for name, frames in (("old", old), ("same", same), ("other", other)):
        path = tmp_path / f"{name}.node0.eth0.pcap"
        path.write_bytes(pcap_of(HTTP.read_bytes(), frames))
        paths.append(path)
    assert said(paths[0], paths[1]) == []
    assert said(paths[0], paths[2])
    for new, kept in ((paths[1], paths[0]), (paths[2], paths[2])):
        sides = [[recording("a", "", "tcpdump", None, side)] for side in (paths[0], new)]
        settled = settle(tmp_path, sides[0], sides[1])["a"].pcap
        assert settled is not None
        assert settled.read_bytes() == kept.read_bytes()
