"""When a capture ends; the packets are real, see tests/data/packets/README.md."""

import struct
from pathlib import Path

import pytest

from macros.ground.model import Block, CaptureOf
from macros.record import tcpdump

DATA = Path(__file__).parent.parent / "data" / "packets"
CALICO = DATA / "calico-eth1.pcap"


def listener(packets: int | None = None, closed: bool = False, until: str = "") -> tcpdump.Listener:
    of = CaptureOf("eth1", "get", "", packets, closed, "", "", until=until)
    return tcpdump.Listener(Block("page", "cap", 1, "capture", "node0", "tcpdump", capture=of))


def feed(target: tcpdump.Listener, data: bytes, size: int = 7) -> int | None:
    """Hand `data` over in small pieces, as a connection may; how many bytes completed it."""
    for at in range(0, len(data), size):
        target.take(data[at : at + size])
        if target.done.is_set():
            return at + size
    return None


@pytest.fixture(params=sorted(DATA.glob("*.pcap")), ids=lambda path: path.stem)
def pcap(request: pytest.FixtureRequest) -> bytes:
    path: Path = request.param
    return path.read_bytes()


def test_packets_are_counted_in_any_byte_order_and_cut_anywhere(pcap: bytes) -> None:
    found = tcpdump.records(pcap)
    assert found
    assert found[-1][0] + found[-1][1] == len(pcap)
    cut = tcpdump.records(pcap[: found[-1][0] + found[-1][1] - 1])
    assert cut == found[:-1]


def test_a_capture_ends_with_its_last_packet_and_keeps_no_more() -> None:
    data = CALICO.read_bytes()
    total = len(tcpdump.records(data))
    assert total > 3
    target = listener(packets=3)
    assert feed(target, data) is not None
    target.take(b"")
    kept = target.finished()
    assert len(tcpdump.records(kept)) == 3
    assert data.startswith(kept)


def test_a_capture_that_waits_for_more_does_not_end() -> None:
    data = CALICO.read_bytes()
    assert feed(listener(packets=len(tcpdump.records(data)) + 1), data) is None


def test_a_conversation_ends_when_both_sides_have_closed_it() -> None:
    data = CALICO.read_bytes()
    found = tcpdump.records(data)
    target = listener(closed=True)
    end = feed(target, data, size=1)
    assert end is not None
    # All but the last acknowledgement are not the end yet.
    assert not tcpdump.closed(data[: found[-2][0] + found[-2][1]])


def test_the_length_of_a_packet_is_read_as_the_file_was_written() -> None:
    little = CALICO.read_bytes()
    first = tcpdump.records(little)[0]
    assert struct.unpack_from("<I", little, first[0] - 8)[0] == first[1]


@pytest.mark.parametrize(
    ("until", "number"), [("bgp open", 9), ("bgp end-of-rib #2", 20), ("bgp update #2", 18)]
)
def test_a_capture_ends_with_the_packet_that_its_condition_names(until: str, number: int) -> None:
    data = (DATA / "calico-bgp.pcap").read_bytes()
    for size in (7, len(data)):
        target = listener(until=until)
        feed(target, data, size)
        assert target.done.is_set()
        assert len(tcpdump.records(target.finished())) == number


def test_a_condition_that_never_comes_ends_no_capture() -> None:
    data = (DATA / "calico-bgp.pcap").read_bytes()
    assert feed(listener(until="bgp end-of-rib #3"), data) is None


def test_what_came_before_it_was_asked_for_ends_a_capture_too() -> None:
    data = CALICO.read_bytes()
    target = listener(closed=True)
    target.asked = False
    assert feed(target, data) is None
    target.ask()
    assert target.done.is_set()
    early = listener(closed=True)
    early.asked = False
    early.take(data[:200])
    early.ask()
    assert not early.done.is_set()
    early.take(data[200:])
    assert early.done.is_set()
