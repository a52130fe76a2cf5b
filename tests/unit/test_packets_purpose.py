"""A packet is drawn for one message: that one is in the boxes, the others are named in a line."""

from pathlib import Path

import pytest

from macros.figures.packets.packet_figure import packet_figure
from macros.ground.errors import GuideError
from macros.packets import dissector, purpose, selection
from macros.packets.messages import Message
from macros.plan.planner import plan_page
from tests.unit.segment_support import carrying, data_of, frames, pcap_of, split

LABS = Path(__file__).parent.parent / "data" / "settle" / "messages"
RECORDED = (LABS / "recorded" / "announced.node0.eth1.pcap").read_bytes()
KEEP = "bgp update 10.44.0.176/29"


def figure(match: str, keep: str = "") -> str:
    packet, message = purpose.drawn(dissector.packets(RECORDED), match, keep)
    return packet_figure(packet, id="p", message=message, layers=("TCP", "BGP"))


def test_only_the_message_that_is_meant_is_drawn() -> None:
    html = figure(KEEP)
    assert html.count("<b>BGP</b>") == 1
    assert "10.44.0.176/29" in html
    assert "10.42.104.0/26" not in html
    assert "The segment carries more, 255 bytes: UPDATE, UPDATE, ROUTE-REFRESH." in html
    assert "32 of 374" not in html
    assert "85 of 374 bytes" in html, "32 of TCP and 53 of the message"


def test_a_message_alone_has_no_such_line() -> None:
    packets = dissector.packets((LABS / "1" / "announced.node0.eth1.pcap").read_bytes())
    packet, message = purpose.drawn(packets, KEEP, KEEP)
    html = packet_figure(packet, id="p", message=message)
    assert "The segment carries more" not in html
    assert packet_figure(packet, id="p") == html


def test_words_of_no_message_draw_the_whole_segment() -> None:
    for match in ("bgp", "tcp", "1"):
        html = figure(match)
        assert html.count("<b>BGP</b>") == 4, match
        assert "The segment carries more" not in html


def test_a_capture_for_one_message_draws_that_one() -> None:
    assert figure("bgp update") == figure(KEEP)
    keep = "bgp update 10.42.104.0/26"
    assert figure("bgp update", keep) == figure(keep)
    assert figure("bgp update", keep) != figure(KEEP)
    # Words of another message of the same segment mean that other one.
    assert "<b>BGP</b>" in figure("bgp route-refresh", keep)
    assert figure("bgp route-refresh", keep) == figure("bgp route-refresh")


@pytest.mark.parametrize(
    ("words", "announced", "withdrawn"),
    [
        ("bgp update announced", "10.44.0.176/29", ""),
        ("bgp update 10.42.104.0/26", "10.44.0.168/29, 10.44.0.176/29, 10.42.104.0/26", ""),
        ("bgp withdrawn 10.42.104.2/32", "", "10.42.104.2/32"),
        ("bgp update #2 from 192.168.56.12", "", "0.0.0.0/0"),
    ],
)
def test_words_of_a_message_mean_it(words: str, announced: str, withdrawn: str) -> None:
    from macros.packets import bgp  # noqa: PLC0415 beside its use

    message = purpose.kept(dissector.packets(RECORDED), words)
    assert isinstance(message, Message)
    assert bgp.routes(message.layer, "announced") == announced
    assert withdrawn in bgp.routes(message.layer, "withdrawn")


def test_words_of_two_messages_mean_none() -> None:
    packets = dissector.packets(RECORDED)
    assert purpose.kept(packets, "bgp withdrawn 10.44.0.176/29") is None
    with pytest.raises(GuideError, match="no packet matches"):
        selection.pick(packets, "bgp withdrawn 10.44.0.176/29")


def test_a_message_in_parts_is_found_and_its_segment_drawn_as_it_is() -> None:
    (frame,) = frames(RECORDED)
    packets = dissector.packets(pcap_of(RECORDED, split(frame, 30)))
    message = purpose.kept(packets, KEEP)
    assert isinstance(message, Message)
    assert len(message.segments) == 2
    assert len(message.data) == 53
    packet, drawn = purpose.drawn(packets, "1", KEEP)
    assert packet.number == 1
    assert drawn is None


def test_a_capture_can_be_for_a_packet() -> None:
    packets = dissector.packets(LABS.parent.parent / "packets" / "forward-red.pcap")
    kept = purpose.kept(packets, "icmp echo request #2")
    assert kept == packets[5]


def test_a_segment_that_ends_with_a_part_of_a_message_says_so() -> None:
    (frame,) = frames(RECORDED)
    cut = carrying(frame, data_of(frame)[:-5])
    packet, message = purpose.drawn(dissector.packets(pcap_of(RECORDED, [cut])), KEEP)
    html = packet_figure(packet, id="p", message=message)
    assert "The segment carries more, 250 bytes: UPDATE, UPDATE, a part of a message." in html


def test_what_a_capture_is_for_does_not_decide_what_is_recorded(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    text = (
        "---\ntitle: T\nlab:\n  nodes: 1\n---\n"
        '{{{{ run("node0", "true", id="go") }}}}\n'
        '{{{{ capture("node0", "eth1", id="cap", during="go", packets=1{keep}) }}}}\n'
    )
    plans, keeps = [], []
    for keep in ("", f', keep="{KEEP}"'):
        page.write_text(text.format(keep=keep))
        blocks = plan_page(tmp_path, page).blocks
        plans.append([block.plan for block in blocks])
        keeps.append(blocks[1].keep)
    assert plans[0] == plans[1]
    assert keeps == ["", KEEP]
