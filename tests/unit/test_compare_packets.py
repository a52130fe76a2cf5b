"""Real captures, packet by packet: order between conversations and repeats mean nothing."""

import struct
from pathlib import Path

from macros.compare import captures
from tests.unit.compare_support import EDITION, PACKETS, words

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
