"""Bytes made to break what reads packets: never a traceback, every bit once, no fact hidden.

`FUZZ_EXAMPLES=100000 pytest tests/unit/test_packets_fuzz.py` looks for longer than `make test`.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from macros.compare import captures
from macros.figures.packets.packet_figure import packet_figure, packet_list
from macros.ground.errors import GuideError
from macros.packets import dissector, packet_records, pcap, purpose, selection, summary
from macros.packets.essence import told
from macros.packets.packet import Packet
from macros.packets.pcap import Record
from macros.settle import capture
from macros.settle.renaming import Renaming
from tests.unit.fuzz_support import fuzzed
from tests.unit.segment_support import Frames, carrying, data_of, frames, pcap_of, split
from tests.unit.test_packets_read import assert_tiled

TESTS = Path(__file__).parent.parent
CAPTURES = [*sorted((TESTS / "data" / "packets").glob("*.pcap"))]
CAPTURES += sorted((TESTS / "foreign" / "packets").glob("*.pcap"))
SEEDS = [
    (link, record.data)
    for link, records in map(pcap.records, CAPTURES)
    for record in records
    if len(record.data) < 400
]
LINKS = (1, 12, 101, 113, 228, 229, 276)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[int, bytes]:
    """A real packet with bytes changed, cut out, put in and cut off; its link type."""
    link, seed = draw(st.sampled_from(SEEDS))
    data = bytearray(seed)
    for _ in range(draw(st.integers(0, 6))):
        index = draw(st.integers(0, max(len(data) - 1, 0)))
        kind = draw(st.sampled_from(("bit", "byte", "zero", "ones", "cut", "out", "in", "twice")))
        if kind == "in":
            data[index:index] = draw(st.binary(max_size=8))
        elif kind == "cut":
            del data[index:]
        elif kind == "out":
            del data[index : index + draw(st.integers(1, 8))]
        elif kind == "twice":
            data[index:index] = data[index : index + draw(st.integers(1, 60))]
        elif data:
            new = {"bit": data[index] ^ (1 << draw(st.integers(0, 7))), "zero": 0, "ones": 255}
            data[index] = new.get(kind, 0) if kind in new else draw(st.integers(0, 255))
    return (link if draw(st.booleans()) else draw(st.sampled_from(LINKS))), bytes(data)


def look(packets: tuple[Packet, ...], head: bytes, whole: bytes) -> None:
    """Everything that a page, settling and comparing do with packets."""
    for packet in packets:
        assert_tiled(packet)
        assert summary.summary(packet)
        assert packet_figure(packet, id="p")
        drawn = purpose.drawn(packets, packet.number)
        assert drawn.packet == packet
    assert packet_list(packets, id="all")
    assert json.dumps(packet_records.record(packets))
    assert told(packets) == told(dissector.packets(whole))
    assert capture.rename(whole, Renaming()) == whole
    assert capture.same(whole, head + whole[24:])
    for words in ("tcp syn", "bgp update", "http get", "port 80", "#2"):
        purpose.kept(packets, words)
        selection.Match(words).among(packets[0])


@fuzzed
@given(mutated(), st.integers(0, 3000))
def test_a_packet_of_any_bytes_is_read_drawn_and_settled(
    made: tuple[int, bytes], longer: int
) -> None:
    link, data = made
    record = Record(1_700_000_000_000_000_000, len(data) + longer, data)
    whole = _file(link, [record])
    look(dissector.packets(whole), whole[:24], whole)


@fuzzed
@given(st.sampled_from(LINKS), st.binary(max_size=200))
def test_bytes_without_any_form_are_data_or_what_they_look_like(link: int, data: bytes) -> None:
    packet = dissector.packet(1, link, Record(0, len(data), data))
    assert_tiled(packet)
    assert summary.summary(packet)


def _file(link: int, records: list[Record]) -> bytes:
    head = bytes.fromhex("d4c3b2a1 0200 0400 00000000 00000000 00000400") + link.to_bytes(
        4, "little"
    )
    parts = [
        b"".join(
            number.to_bytes(4, "little")
            for number in (
                record.time // 1_000_000_000,
                record.time % 1_000_000_000 // 1000,
                len(record.data),
                record.wire,
            )
        )
        + record.data
        for record in records
    ]
    return head + b"".join(parts)


@fuzzed
@given(st.lists(mutated(), min_size=2, max_size=6))
def test_captures_of_any_packets_are_compared(made: list[tuple[int, bytes]]) -> None:
    """With themselves without a word, and with one packet less with one."""
    link = made[0][0]
    records = [Record(10**18 + n, len(data), data) for n, (_, data) in enumerate(made)]
    whole, less = _file(link, records), _file(link, records[:-1])
    with TemporaryDirectory() as folder:
        old, new = Path(folder, "old.pcap"), Path(folder, "new.pcap")
        old.write_bytes(whole)
        new.write_bytes(less)
        assert list(captures.compare(old, old, str)) == []
        list(captures.compare(old, new, str))
        list(captures.compare(new, old, str))


@fuzzed
@given(st.binary(max_size=120), st.integers(0, 60))
def test_a_broken_file_says_where(junk: bytes, place: int) -> None:
    whole = CAPTURES[0].read_bytes()[:200]
    for data in (junk, whole[:place] + junk, whole[:place] + junk + whole[place:]):
        message = _refused(data)
        assert message is None or "at byte" in message or "link type" in message


def _refused(data: bytes) -> str | None:
    try:
        dissector.packets(data)
    except GuideError as error:
        return error.message
    return None


SPEECH = (TESTS / "data" / "settle" / "messages" / "2" / "speech.node0.eth1.pcap").read_bytes()


@st.composite
def segmented(draw: st.DrawFn) -> Frames:
    """The packets of a BGP session with their data cut anywhere.

    What the other side acknowledges later may come twice.
    """
    made: Frames = []
    for number, frame in enumerate(frames(SPEECH)):
        size = len(data_of(frame))
        cuts = draw(st.lists(st.integers(1, size), max_size=3))
        parts = split(frame, *cuts) if sum(cuts) < size else [frame]
        made += parts
        if number in range(1, 5) and draw(st.booleans()):
            made.append(draw(st.sampled_from(parts)))
    return made


@fuzzed
@given(segmented())
def test_a_session_cut_anywhere_tells_the_same(made: Frames) -> None:
    new = pcap_of(SPEECH, made)
    assert capture.same(SPEECH, new)
    assert capture.same(new, SPEECH)


@fuzzed
@given(st.integers(0, 7), st.data())
def test_any_byte_of_a_message_that_changes_is_told(number: int, data: st.DataObject) -> None:
    """By settling, and by comparing in words."""
    whole = frames(SPEECH)
    payload = data_of(whole[number])
    index = data.draw(st.integers(0, len(payload) - 1))
    other = payload[index] ^ (1 << data.draw(st.integers(0, 7)))
    changed = carrying(whole[number], payload[:index] + bytes([other]) + payload[index + 1 :])
    new = pcap_of(SPEECH, [*whole[:number], changed, *whole[number + 1 :]])
    assert not capture.same(SPEECH, new)
    with TemporaryDirectory() as folder:
        old_path, new_path = Path(folder, "old.pcap"), Path(folder, "new.pcap")
        old_path.write_bytes(SPEECH)
        new_path.write_bytes(new)
        assert list(captures.compare(old_path, new_path, str))
