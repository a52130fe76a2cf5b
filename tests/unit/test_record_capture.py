"""When a capture ends; the packets are real, see tests/data/packets/README.md."""

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Block, CaptureOf
from macros.packets.pcap import Reader, records
from macros.record import tcpdump
from tests.unit.segment_support import frames, pcap_of

DATA = Path(__file__).parent.parent / "data" / "packets"
CALICO = DATA / "calico-eth1.pcap"


def listener(packets: int | None = None, closed: bool = False, until: str = "") -> tcpdump.Listener:
    of = CaptureOf("eth1", "get", "", packets, closed, "", "", until=until)
    return tcpdump.Listener(Block("page", "cap", 1, "capture", "node0", "tcpdump", capture=of))


def feed(target: tcpdump.Listener, data: bytes, size: int = 7) -> int | None:
    """Hand `data` over in small pieces, as a connection may; how many bytes completed it."""
    for index in range(0, len(data), size):
        target.take(data[index : index + size])
        if target.done.is_set():
            return index + size
    return None


@pytest.fixture(params=sorted(DATA.glob("*.pcap")), ids=lambda path: path.stem)
def pcap(request: pytest.FixtureRequest) -> bytes:
    path: Path = request.param
    return path.read_bytes()


def ends(data: bytes) -> list[int]:
    """Where each packet of a whole file ends."""
    reader = Reader()
    reader.take(data)
    reader.end()
    return reader.ends


def test_packets_are_counted_in_any_byte_order_and_cut_anywhere(pcap: bytes) -> None:
    whole = ends(pcap)
    assert whole
    assert whole[-1] == len(pcap)
    for size in (1, 7, len(pcap) - 1):
        reader, kept = Reader(), []
        for start in range(0, len(pcap) - 1, size):
            kept += reader.take(pcap[start : min(start + size, len(pcap) - 1)])
        assert reader.ends == whole[:-1]
        assert tuple(kept) == records(pcap)[1][:-1]
        with pytest.raises(GuideError):
            reader.end()


def test_a_capture_ends_with_its_last_packet_and_keeps_no_more() -> None:
    data = CALICO.read_bytes()
    total = len(ends(data))
    assert total > 3
    target = listener(packets=3)
    assert feed(target, data) is not None
    target.take(b"")
    kept = target.finished()
    assert len(ends(kept)) == 3
    assert data.startswith(kept)


def test_a_capture_that_waits_for_more_does_not_end() -> None:
    data = CALICO.read_bytes()
    assert feed(listener(packets=len(ends(data)) + 1), data) is None


def test_a_conversation_ends_when_both_sides_have_closed_it() -> None:
    data = CALICO.read_bytes()
    target = listener(closed=True)
    end = feed(target, data, size=1)
    assert end is not None
    # All but the last acknowledgement are not the end yet.
    assert feed(listener(closed=True), data[: ends(data)[-2]]) is None


@pytest.mark.parametrize(
    ("until", "number"), [("bgp open", 9), ("bgp end-of-rib #2", 20), ("bgp update #2", 18)]
)
def test_a_capture_ends_with_the_packet_that_its_condition_names(until: str, number: int) -> None:
    data = (DATA / "calico-bgp.pcap").read_bytes()
    for size in (7, len(data)):
        target = listener(until=until)
        feed(target, data, size)
        assert target.done.is_set()
        assert len(ends(target.finished())) == number


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


def test_what_is_no_capture_is_said_by_who_waits_for_it() -> None:
    target = listener(packets=1)
    target.take(b"tcpdump: no such device")
    assert target.done.is_set()
    assert target.wrong is not None
    assert "not a pcap file" in target.wrong.message


def _seconds(data: bytes, chunk: int = 4096, **end: Any) -> float:
    """How long a capture takes that comes in such chunks and does not end."""
    target = listener(**end)
    start = time.process_time()
    assert feed(target, data, chunk) is None
    return time.process_time() - start


@pytest.mark.parametrize(
    ("end", "times"),
    [({"packets": 10**9}, 400), ({"closed": True}, 5), ({"until": "bgp end-of-rib #99999"}, 5)],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_four_times_the_bytes_take_about_four_times_as_long(end: Any, times: int) -> None:
    """Quadratic, it was 16 times: each chunk had all bytes copied and all packets parsed."""
    whole = (DATA / "calico-bgp.pcap").read_bytes()
    session = whole[ends(whole)[7] :]  # begins after the session before was closed
    small, large = (whole[:24] + session * times * factor for factor in (1, 4))
    _seconds(small, **end)
    ratio = min(_seconds(large, **end) for _ in range(2)) / min(
        _seconds(small, **end) for _ in range(3)
    )
    assert ratio < 5.5


def test_what_a_capture_waits_for_is_said_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcpdump, "SAID_EVERY", 0.05)
    data = CALICO.read_bytes()
    messages: list[str] = []
    target = listener(packets=2)
    feed(target, data[: ends(data)[0]])
    threading.Timer(0.3, target.take, [data[ends(data)[0] :]]).start()
    tcpdump._await_end(target, "tcpdump", messages.append)
    assert set(messages) == {"capture cap waits for 2 packets: 1 packet so far"}
    at_once = listener(packets=1)
    feed(at_once, data)
    tcpdump._await_end(at_once, "tcpdump", pytest.fail)


def test_a_capture_still_ends_in_an_error_when_nothing_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tcpdump, "SAID_EVERY", 0.05)
    target = listener(packets=2)
    target.block = replace(target.block, timeout=0.2)
    with pytest.raises(GuideError, match=r"waited 0\.2 s for 2 packets and saw 0 packets"):
        tcpdump._await_end(target, "tcpdump", tcpdump.silent)


def told(monkeypatch: pytest.MonkeyPatch, target: tcpdump.Listener, data: bytes) -> tuple[str, str]:
    monkeypatch.setattr(tcpdump, "SAID_EVERY", 0.05)
    target.block = replace(target.block, timeout=0.1)
    feed(target, data)
    with pytest.raises(GuideError) as caught:
        tcpdump._await_end(target, "tcpdump", tcpdump.silent)
    return caught.value.message, str(caught.value.fix)


def test_a_conversation_of_which_one_direction_passes_is_said_to_be_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = (DATA / "http-red.pcap").read_bytes()
    sent = [frame for frame in frames(data) if frame[30:34] == b"\x0a\x02\x02\x02"]
    assert len(sent) > 2
    one_way = pcap_of(data, sent)
    message, fix = told(monkeypatch, listener(closed=True), one_way)
    assert "; only packets to 10.2.2.2 were seen, and closed= waits for both" in message
    assert fix == "use packets= instead of closed="
    both = data[: ends(data)[3]]
    message, fix = told(monkeypatch, listener(closed=True), both)
    assert "only packets" not in message
    assert "the conversation was not closed" in message


def test_what_is_advised_is_of_what_stands_in_the_capture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pings = (DATA / "forward-red.pcap").read_bytes()
    message, fix = told(monkeypatch, listener(closed=True), pings)
    assert "none is TCP" in message
    assert "instead of closed=" in fix
    message, fix = told(monkeypatch, listener(packets=99), pings)
    assert "saw 9 packets: " in message or "ARP" in message
    assert fix.startswith("correct packets= to what comes")
    assert "filter=" not in fix, "it has none"
    _, fix = told(monkeypatch, listener(until="tcp syn"), pings)
    assert fix.startswith("correct until=")
    _, fix = told(monkeypatch, listener(packets=1), pings[:24])
    assert fix.startswith("correct the interface")
