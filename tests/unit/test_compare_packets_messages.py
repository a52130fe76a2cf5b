"""Where messages are decoded, they are compared and said by name, not the segments."""

from dataclasses import replace
from pathlib import Path

from macros.compare import captures, editions, mac_forms
from macros.compare.change import joined
from macros.compare.editions import Purpose
from macros.ground.model import Recording
from macros.store import form
from tests.unit.compare_support import words
from tests.unit.segment_support import carrying, data_of, frames, parsed, split, written
from tests.unit.settle_support import DATA

LABS = DATA / "messages"
KEEP = "bgp update 10.44.0.176/29"
SPEECH = LABS / "2" / "speech.node0.eth1.pcap"
ALONE = LABS / "1" / "announced.node0.eth1.pcap"
UPDATE = "192.168.56.12:* > 192.168.56.10:179: BGP UPDATE, announced"


def read(lab: str, name: str) -> Recording:
    return form.read(LABS / lab / f"{name}.txt", "")


def said(old: Path, new: Path, keep: str = "") -> list[str]:
    return words(list(captures.compare(old, new, str, keep)))


def blocks(old: Recording, new: Recording, keep: str = "") -> list[str]:
    new = replace(new, command=old.command, ran=old.ran)
    return words(list(joined(editions.blocks(old, new, mac_forms.Forms({}, {}), Purpose(keep)))))


def test_sessions_of_three_labs_say_the_same() -> None:
    """Neither the packets nor what tcpdump printed of them: eight lines on one lab, or seven."""
    for lab in ("1", "2"):
        assert blocks(read("recorded", "speech"), read(lab, "speech")) == []
        assert blocks(read(lab, "speech"), read("recorded", "speech")) == []


def test_only_what_a_capture_is_for_is_compared() -> None:
    for lab in ("1", "2"):
        assert blocks(read("recorded", "announced"), read(lab, "announced"), KEEP) == []
    whole = blocks(read("recorded", "announced"), read("1", "announced"))
    assert [line.rpartition(": ")[2][:20] for line in whole] == [
        "BGP UPDATE, withdraw",
        "BGP UPDATE, announce",
        "BGP ROUTE-REFRESH",
    ]


def test_what_a_capture_is_for_can_be_gone_or_new() -> None:
    recorded = LABS / "recorded" / "announced.node0.eth1.pcap"
    gone = "bgp update 10.42.104.0/26"
    assert said(recorded, ALONE, gone) == [f"{gone} gone"]
    assert said(ALONE, recorded, gone) == [f"{gone} new"]
    # In neither of them: then all that there is counts.
    assert len(said(recorded, ALONE, "bgp open")) == 3


def test_a_changed_prefix_or_attribute_is_said_by_its_field(tmp_path: Path) -> None:
    (frame,) = frames(ALONE.read_bytes())
    data = data_of(frame)
    for old, new, what in (
        (
            bytes((29, 10, 44, 0, 176)),
            bytes((29, 10, 44, 0, 184)),
            f"announced (BGP) of {UPDATE} 10.44.0.184/29: 10.44.0.176/29 -> 10.44.0.184/29",
        ),
        (
            bytes((192, 168, 56, 12)),
            bytes((192, 168, 56, 11)),
            f"NEXT_HOP (BGP) of {UPDATE} 10.44.0.176/29: 192.168.56.12 -> 192.168.56.11",
        ),
        (
            (2147482623).to_bytes(4, "big"),
            (100).to_bytes(4, "big"),
            f"LOCAL_PREF (BGP) of {UPDATE} 10.44.0.176/29: 2147482623 -> 100",
        ),
    ):
        changed = written(
            tmp_path / "new.pcap", ALONE.read_bytes(), [carrying(frame, data.replace(old, new))]
        )
        assert said(ALONE, changed) == [what]
        if b"\x1d\n,\0\xb0" in data.replace(old, new):
            assert said(ALONE, changed, KEEP) == [what]


def test_a_message_less_is_said(tmp_path: Path) -> None:
    whole = frames(SPEECH.read_bytes())
    name = "TCP 192.168.56.10:179 and 192.168.56.12:* (2)"
    less = written(tmp_path / "less.pcap", SPEECH.read_bytes(), whole[:7])
    what = "192.168.56.10:179 > 192.168.56.12:*: BGP End-of-RIB"
    assert said(SPEECH, less) == [f"message gone from {name}: {what}"]
    assert said(less, SPEECH) == [f"message new in {name}: {what}"]


def test_how_messages_travelled_is_said_for_each_direction(tmp_path: Path) -> None:
    whole = frames(SPEECH.read_bytes())
    frame = bytearray(whole[5])
    frame[22] -= 1
    hop = [*whole[:5], carrying(bytes(frame), data_of(whole[5])), *whole[6:]]
    assert said(SPEECH, written(tmp_path / "hop.pcap", SPEECH.read_bytes(), hop)) == [
        "ttl (IPv4) of segments 192.168.56.10:179 > 192.168.56.12:*: 64 -> 63, 64"
    ]


def test_http_in_smaller_segments_says_so_and_in_more_of_them_does_not(tmp_path: Path) -> None:
    http = DATA.parent / "packets" / "http-nooffload.pcap"
    whole = frames(http.read_bytes())
    answer = b"".join(data_of(whole[number]) for number in (5, 7, 9))
    parts = split(carrying(whole[5], answer), 1398, 1398)
    last = carrying(parts[2], data_of(parts[2]), flags="PA")
    small = [*whole[:5], parts[0], whole[6], parts[1], whole[8], last, *whole[10:]]
    what = "bytes of the largest segment that ends within a message"
    assert said(http, written(tmp_path / "small.pcap", http.read_bytes(), small)) == [
        f"{what}, 10.2.2.2:8080 > 10.1.1.2:*: 1448 -> 1398"
    ]
    more = [*whole[:3], *split(whole[3], 5), *whole[4:]]
    assert said(http, written(tmp_path / "more.pcap", http.read_bytes(), more)) == []


def test_a_write_that_is_not_pushed_is_said(tmp_path: Path) -> None:
    http = DATA.parent / "packets" / "http-nooffload.pcap"
    whole = frames(http.read_bytes())
    first, second = split(whole[3], 5)
    kept_back = [*whole[:3], carrying(first, data_of(first), flags="A"), second, *whole[4:]]
    new = written(tmp_path / "new.pcap", http.read_bytes(), kept_back)
    what = "segments that push what was written, 10.1.1.2:* > 10.2.2.2:8080"
    assert said(http, new) == [f"{what}: yes -> no and yes"]


def test_a_push_or_an_end_with_what_a_capture_is_for_is_said(tmp_path: Path) -> None:
    (frame,) = frames(ALONE.read_bytes())
    for flags, now in (("A", "ACK"), ("FPA", "ACK FIN PSH")):
        other = carrying(frame, data_of(frame), flags=flags)
        new = written(tmp_path / "new.pcap", ALONE.read_bytes(), [other])
        what = "flags (TCP) of segments 192.168.56.12:* > 192.168.56.10:179"
        assert said(ALONE, new, KEEP) == [f"{what}: ACK PSH -> {now}"]


def test_a_changed_answer_of_http_is_said_by_its_line(tmp_path: Path) -> None:
    http = DATA.parent / "packets" / "http-nooffload.pcap"
    whole = frames(http.read_bytes())
    data = data_of(whole[5]).replace(b"200 OK", b"404 No")
    other = written(
        tmp_path / "new.pcap",
        http.read_bytes(),
        [*whole[:5], carrying(whole[5], data), *whole[6:]],
    )
    way, now = "10.2.2.2:8080 > 10.1.1.2:*", "HTTP/1.0 404 No"
    assert said(http, other) == [f"first line (HTTP) of {way}: {now}: HTTP/1.0 200 OK -> {now}"]


def test_a_connection_that_is_reset_or_not_closed_is_said(tmp_path: Path) -> None:
    http = DATA.parent / "packets" / "http-nooffload.pcap"
    whole = frames(http.read_bytes())
    open_ = written(tmp_path / "open.pcap", http.read_bytes(), whole[:11])
    assert "closed, 10.1.1.2:* > 10.2.2.2:8080: True -> False" in said(http, open_)
    reset = parsed(whole[12])
    reset["TCP"].flags = "RA"
    del reset["TCP"].chksum
    broken = written(tmp_path / "rst.pcap", http.read_bytes(), [*whole[:12], bytes(reset)])
    assert any("RST" in line for line in said(http, broken))
