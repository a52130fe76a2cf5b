"""Messages, not segments: what TCP carries settles as the messages of each direction, in order.

The captures of three labs are real (tests/data/settle/README.md); changes are made in their bytes.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from macros.ground.model import Block, CaptureOf, Recording
from macros.packets import dissector
from macros.settle import capture
from macros.settle import folder as settle_page
from macros.store import form
from tests.unit.segment_support import Frames, carrying, data_of, frames, pcap_of, split
from tests.unit.settle_support import DATA, page, settle, write

LABS = DATA / "messages"
PACKETS = DATA.parent / "packets"
KEEP = "bgp update 10.44.0.176/29"
RECORDED = LABS / "recorded"


def read(lab: str, name: str) -> Recording:
    return form.read(LABS / lab / f"{name}.txt", "")


def pcap(recording: Recording) -> bytes:
    assert recording.pcap is not None
    return recording.pcap.read_bytes()


def raw(lab: str, name: str) -> bytes:
    return pcap(read(lab, name))


@pytest.mark.parametrize("lab", ["1", "2"])
def test_a_session_that_was_cut_into_other_segments_is_the_same(tmp_path: Path, lab: str) -> None:
    """Whose OPEN came first, an End-of-RIB in a segment of its own, the port that node2 took."""
    old, new = read("recorded", "speech"), read(lab, "speech")
    assert pcap(old) != pcap(new)
    settled = settle(tmp_path, [old], [new])["speech"]
    assert pcap(settled) == pcap(old)
    assert settled.text == old.text


def test_the_labs_differ_in_how_messages_were_cut() -> None:
    """What the test above is for: seven segments on two labs, eight on the third."""
    counts = [len(dissector.packets(raw(lab, "speech"))) for lab in ("recorded", "1", "2")]
    assert counts == [7, 7, 8]


def kept(tmp_path: Path, new: Recording, keep: str) -> Recording:
    """`announced` settled against its recording, with its block saying what it is for."""
    of = CaptureOf("eth1", "scale", "", 1, closed=False, netns="", container="")
    block = Block("page", "announced", 1, "capture", "node0", "tcpdump", capture=of, keep=keep)
    before = write(tmp_path / "a", [read("recorded", "announced")])
    after = write(tmp_path / "b", [new])
    out = tmp_path / "out"
    out.mkdir()
    settle_page.settle(replace(page(), blocks=(block,)), before, after, out, {})
    return form.read(out / "announced.txt", "")


@pytest.mark.parametrize("lab", ["1", "2"])
def test_what_shares_a_segment_with_the_message_that_counts_is_no_change(
    tmp_path: Path, lab: str
) -> None:
    old, new = read("recorded", "announced"), read(lab, "announced")
    (recorded,), (alone,) = dissector.packets(pcap(old)), dissector.packets(pcap(new))
    assert len(recorded.all("BGP")) == 4
    assert len(alone.all("BGP")) == 1
    assert pcap(kept(tmp_path, new, KEEP)) == pcap(old)


def test_without_a_purpose_every_message_of_a_capture_counts(tmp_path: Path) -> None:
    old, new = read("recorded", "announced"), read("1", "announced")
    assert pcap(kept(tmp_path, new, "")) != pcap(old)


def test_a_purpose_that_is_not_there_keeps_nothing(tmp_path: Path) -> None:
    old, new = read("recorded", "announced"), read("1", "announced")
    assert pcap(kept(tmp_path, new, "bgp update 10.44.0.168/29")) != pcap(old)


def prefix(data: bytes) -> bytes:
    return data.replace(bytes((29, 10, 44, 0, 176)), bytes((29, 10, 44, 0, 184)))


def next_hop(data: bytes) -> bytes:
    return data.replace(bytes((192, 168, 56, 12)), bytes((192, 168, 56, 11)))


def preference(data: bytes) -> bytes:
    return data.replace((2147482623).to_bytes(4, "big"), (100).to_bytes(4, "big"))


def path_id(data: bytes) -> bytes:
    return data.replace(bytes((0, 0, 0, 2, 29)), bytes((0, 0, 0, 3, 29)))


@pytest.mark.parametrize(
    "change", [prefix, next_hop, preference, path_id], ids=lambda change: change.__name__
)
def test_another_prefix_or_attribute_is_a_change(
    tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    new, old = read("1", "announced"), read("recorded", "announced")
    (frame,) = frames(pcap(new))
    changed = carrying(frame, change(data_of(frame)))
    assert changed != frame
    path = tmp_path / "announced.node0.eth1.pcap"
    path.write_bytes(pcap_of(pcap(new), [changed]))
    kept_packets = kept(tmp_path, replace(new, pcap=path), KEEP)
    assert pcap(kept_packets) != pcap(old)
    assert change(data_of(frame)) in pcap(kept_packets)


@pytest.mark.parametrize("flags", ["A", "FPA"])
def test_whether_what_carried_the_message_pushed_or_closed_is_a_fact(
    tmp_path: Path, flags: str
) -> None:
    """The headers of the packet that carried it count."""
    new, old = read("1", "announced"), read("recorded", "announced")
    (frame,) = frames(pcap(new))
    path = tmp_path / "announced.node0.eth1.pcap"
    path.write_bytes(pcap_of(pcap(new), [carrying(frame, data_of(frame), flags=flags)]))
    assert pcap(kept(tmp_path, replace(new, pcap=path), KEEP)) != pcap(old)


Change = Callable[[Frames], Iterable[bytes]]
# In `speech` of lab 2: 0 NOTIFICATION, 1 and 2 OPEN, 3 and 4 KEEPALIVE, 5 UPDATE and 7 End-of-RIB
# from node0, 6 both from node2.


def lost(found: Frames) -> Frames:
    return found[:5] + found[6:]


def lost_at_the_end(found: Frames) -> Frames:
    return found[:7]


def once_more(found: Frames) -> Frames:
    return [*found, carrying(found[7], data_of(found[7]), len(data_of(found[7])))]


def of_another_type(found: Frames) -> Frames:
    data = data_of(found[7])
    return [*found[:7], carrying(found[7], data[:18] + b"\x05" + data[19:])]


def in_another_order(found: Frames) -> Frames:
    """The End-of-RIB before the UPDATE."""
    update, end = data_of(found[5]), data_of(found[7])
    return [
        *found[:5],
        carrying(found[5], end),
        found[6],
        carrying(found[5], update, len(end)),
    ]


def other_hold_time(found: Frames) -> Frames:
    data = data_of(found[1])
    return [found[0], carrying(found[1], data[:22] + b"\0\x5a" + data[24:]), *found[2:]]


def other_reason(found: Frames) -> Frames:
    return [carrying(found[0], data_of(found[0])[:-1] + b"\x02"), *found[1:]]


def one_hop_more(found: Frames) -> Frames:
    frame = bytearray(found[5])
    frame[22] -= 1
    return [*found[:5], carrying(bytes(frame), data_of(found[5])), *found[6:]]


def wrong_sum(found: Frames) -> Frames:
    frame = bytearray(found[5])
    frame[50] ^= 1
    return [*found[:5], bytes(frame), *found[6:]]


def came_again_as_another(found: Frames) -> Frames:
    """The same bytes of the stream twice, the second time with another next hop."""
    other = data_of(found[5]).replace(bytes((192, 168, 56, 10)), bytes((192, 168, 56, 11)))
    assert other != data_of(found[5])
    return [*found, carrying(found[5], other)]


def never_read(found: Frames) -> Frames:
    """The UPDATE and the End-of-RIB three times, while node2 confirms nothing of them."""
    frame = carrying(found[7], data_of(found[7]))
    return [*found, frame, frame]


@pytest.mark.parametrize(
    "change",
    [
        lost,
        lost_at_the_end,
        once_more,
        of_another_type,
        in_another_order,
        other_hold_time,
        other_reason,
        one_hop_more,
        wrong_sum,
        came_again_as_another,
        never_read,
    ],
    ids=lambda change: change.__name__,
)
def test_a_message_more_less_or_different_is_a_change(change: Change) -> None:
    whole = raw("2", "speech")
    new = pcap_of(whole, list(change(frames(whole))))
    assert not capture.same(whole, new)
    assert not capture.same(new, whole)


def joined(found: Frames) -> Frames:
    """UPDATE and End-of-RIB in one segment, as on the other labs."""
    both = carrying(found[5], data_of(found[5]) + data_of(found[7]))
    return [*found[:5], both, found[6]]


def cut_within(found: Frames) -> Frames:
    """An OPEN in three parts, the first of which ends within its marker."""
    return [found[0], *split(found[1], 7, 30), *found[2:]]


def came_again(found: Frames) -> Frames:
    """What node2 confirmed later."""
    return [*found[:4], found[1], *found[4:]]


def overlapping(found: Frames) -> Frames:
    """The End-of-RIB again, with the last bytes of what came before it."""
    update, end = data_of(found[5]), data_of(found[7])
    return [*found, carrying(found[5], update[-9:] + end, len(update) - 9)]


def turned_round(found: Frames) -> Frames:
    return [found[0], found[2], found[1], *found[3:]]


@pytest.mark.parametrize(
    "change",
    [joined, cut_within, came_again, overlapping, turned_round],
    ids=lambda change: change.__name__,
)
def test_how_messages_were_cut_and_interleaved_is_no_change(change: Change) -> None:
    whole = raw("2", "speech")
    new = pcap_of(whole, list(change(frames(whole))))
    assert capture.same(whole, new)
    assert capture.same(new, whole)


# --- HTTP ---------------------------------------------------------------------------------------

HTTP = (PACKETS / "http-nooffload.pcap").read_bytes()
# 3 GET, 5, 7, 9 the answer in three segments of 1448, 1448 and 123 bytes, between them what
# acknowledges each.


def at_other_places(found: Frames) -> Frames:
    """The request in two writes, and the last segment of the answer too."""
    return [*found[:3], *split(found[3], 5), *found[4:9], *split(found[9], 100), *found[10:]]


def smaller_segments(found: Frames) -> Frames:
    """As through a tunnel, whose headers take 50 bytes of each."""
    answer = b"".join(data_of(found[number]) for number in (5, 7, 9))
    parts = split(carrying(found[5], answer), 1398, 1398)
    return [*found[:5], parts[0], found[6], parts[1], found[8], parts[2], *found[10:]]


def another_status(found: Frames) -> Frames:
    data = data_of(found[5]).replace(b"200 OK", b"404 No")
    return [*found[:5], carrying(found[5], data), *found[6:]]


def another_body(found: Frames) -> Frames:
    return [*found[:7], carrying(found[7], b"y" + data_of(found[7])[1:]), *found[8:]]


def another_request(found: Frames) -> Frames:
    return [*found[:3], carrying(found[3], data_of(found[3]).replace(b"GET", b"PUT")), *found[4:]]


def without_its_middle(found: Frames) -> Frames:
    return [*found[:7], *found[8:]]


def test_http_is_the_same_in_other_segments() -> None:
    new = pcap_of(HTTP, at_other_places(frames(HTTP)))
    assert len(frames(new)) == 16
    assert capture.same(HTTP, new)
    assert capture.same(new, HTTP)


def pushed_where_it_was_cut(found: Frames) -> Frames:
    """As the kernel does once in half a window, wherever that is."""
    pushed = carrying(found[5], data_of(found[5]), flags="PA")
    assert pushed != found[5]
    return [*found[:5], pushed, *found[6:]]


def test_a_push_where_a_message_was_cut_to_fit_is_no_change() -> None:
    new = pcap_of(HTTP, pushed_where_it_was_cut(frames(HTTP)))
    assert capture.same(HTTP, new)
    assert capture.same(new, HTTP)


def first_write_not_pushed(found: Frames) -> Frames:
    """The request in two writes, and the sender says of the first that more follows."""
    first, second = split(found[3], 5)
    return [*found[:3], carrying(first, data_of(first), flags="A"), second, *found[4:]]


def answer_begun_and_not_pushed(found: Frames) -> Frames:
    """All that is seen of the answer is the begin of its head."""
    begun = carrying(found[5], data_of(found[5])[:17], flags="A")
    return [*found[:5], begun]


def test_a_push_within_a_message_is_a_fact_in_a_small_segment() -> None:
    found = frames(HTTP)
    begun = [*found[:5], carrying(found[5], data_of(found[5])[:17], flags="PA")]
    whole = pcap_of(HTTP, begun)
    new = pcap_of(HTTP, answer_begun_and_not_pushed(found))
    assert not capture.same(whole, new)
    assert not capture.same(new, whole)


@pytest.mark.parametrize(
    "change",
    [
        first_write_not_pushed,
        smaller_segments,
        another_status,
        another_body,
        another_request,
        without_its_middle,
    ],
    ids=lambda change: change.__name__,
)
def test_another_request_or_answer_or_a_smaller_mtu_is_a_change(change: Change) -> None:
    new = pcap_of(HTTP, list(change(frames(HTTP))))
    assert not capture.same(HTTP, new)
    assert not capture.same(new, HTTP)


# --- ports --------------------------------------------------------------------------------------


def to_port(found: Frames, port: int) -> Frames:
    """Every segment with node0's own port as another."""
    changed = []
    for frame in found:
        raw_frame = bytearray(frame)
        for offset in (34, 36):
            if int.from_bytes(frame[offset : offset + 2], "big") == 179:
                raw_frame[offset : offset + 2] = port.to_bytes(2, "big")
        changed.append(carrying(bytes(raw_frame), data_of(frame)))
    return changed


def test_the_port_of_a_server_is_a_fact_also_where_the_kernel_chooses_ports(tmp_path: Path) -> None:
    old, new = read("recorded", "speech"), read("1", "speech")
    before, after = tmp_path / "b.node0.eth1.pcap", tmp_path / "a.node0.eth1.pcap"
    before.write_bytes(pcap_of(pcap(old), to_port(frames(pcap(old)), 40179)))
    after.write_bytes(pcap_of(pcap(old), to_port(frames(pcap(old)), 40180)))
    settled = settle(
        tmp_path, [replace(old, pcap=before, text="")], [replace(new, pcap=after, text="")]
    )["speech"]
    assert pcap(settled) == after.read_bytes()
