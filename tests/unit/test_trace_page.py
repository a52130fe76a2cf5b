"""A trace on a page: planned as captures, drawn from their recordings, merged for download."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Block, Recording
from macros.packets.pcap import records
from macros.plan import planner
from macros.site import merged_captures
from macros.site.page_macros import PageRenderer
from macros.store import form, sums
from macros.store.guide import Guide
from macros.traces import pcapng
from tests import trace_support

HEAD = "---\ntitle: T\nlab:\n  nodes: 3\n---\n"
REQUEST = """{{ run("node0", "echo cni-1 vethb6d54b6e", id="names",
       bind={"CLIENT": "re:(cni-\\\\d)", "VETH": "re:(veth\\\\w+)"}) }}
{{ run("node0", "curl -s http://10.42.1.2/", id="request") }}
"""
TAPS = """["node0/$CLIENT/eth0", "node0/$VETH", "node0/cni0", "node0/flannel.1",
  ("node0/eth1", "udp port 8472"), ("node1/eth1", "udp port 8472"),
  "node1/flannel.1", "node1/cni0", "node1/vetha58e5de0", "node1/server/eth0"]"""
TRACE = f"""{{{{ trace({TAPS}, id="way", during="request", filter="tcp port 80", closed=true,
   names={{"$CLIENT": "client"}}, title="One request") }}}}
"""


def planned(folder: Path, body: str) -> tuple[Block, ...]:
    source = folder / "page.md"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(HEAD + body, encoding="utf-8")
    return planner.plan_page(folder, source).blocks


def test_each_tap_is_a_capture_with_an_id_of_its_own(tmp_path: Path) -> None:
    blocks = planned(tmp_path, REQUEST + TRACE)
    assert [block.id for block in blocks[2:]] == [
        "way-node0-client-eth0",
        "way-node0-veth",
        "way-node0-cni0",
        "way-node0-flannel-1",
        "way-node0-eth1",
        "way-node1-eth1",
        "way-node1-flannel-1",
        "way-node1-cni0",
        "way-node1-vetha58e5de0",
        "way-node1-server-eth0",
    ]
    assert blocks[2].command == "ip netns exec $CLIENT tcpdump -nn -e -i eth0 tcp port 80"
    assert blocks[6].command == "tcpdump -nn -e -i eth1 udp port 8472"
    assert all(block.capture and block.capture.during == "request" for block in blocks[2:])


def test_how_it_is_shown_makes_no_recording_stale(tmp_path: Path) -> None:
    page = planned(tmp_path, REQUEST + TRACE)
    two = planned(
        tmp_path, REQUEST + TRACE.replace('"client"', '"a pod"').replace("One request", "Two")
    )
    three = planned(tmp_path, REQUEST + TRACE.replace("tcp port 80", "tcp port 81"))
    assert [block.plan for block in page] == [block.plan for block in two]
    assert page[2].plan != three[2].plan


@pytest.mark.parametrize(
    ("taps", "message"),
    [
        ('["eth0", "node0/eth1"]', "'eth0' is not a tap"),
        ('["node0/eth1"]', "two taps at least"),
        ('["node0/eth1", "node0/eth1"]', "twice"),
        ('["node0//eth1", "node0/eth1"]', "is not a tap"),
        ('[("node0/eth1", "icmp", "udp"), "node1/eth1"]', "nor a tap with a filter, a number"),
        ('[("node0/eth1",), "node1/eth1"]', "nor a tap with a filter, a number"),
        ('[("node0/eth1", 1, "icmp"), "node1/eth1"]', "nor a tap with a filter, a number"),
        ('[("node0/eth1", 0), "node1/eth1"]', "ends after one packet at least"),
        ('[("node0", "eth1", 1), "node1/eth1"]', "'node0' is not a tap"),
        (
            '[("node0/eth1", 1.5), "node1/eth1"]',
            "a tap with a filter, a number of packets, or both",
        ),
    ],
)
def test_taps_that_are_wrong_name_their_line(tmp_path: Path, taps: str, message: str) -> None:
    with pytest.raises(GuideError, match=message) as error:
        planned(tmp_path, REQUEST + TRACE.replace(TAPS, taps))
    assert error.value.line == 9  # 5 of front matter, 3 before it


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        ("", "trace way: nothing ends its tap at node0/[$]CLIENT/eth0"),
        ("packets=2, closed=true,", "trace way: it takes either packets=N or closed=true"),
        ("until='tcp syn',", "trace has no option until="),
    ],
)
def test_what_ends_a_trace_is_said_where_nothing_does(
    tmp_path: Path, ends: str, message: str
) -> None:
    assert "closed=true," in TRACE
    with pytest.raises(GuideError, match=message) as error:
        planned(tmp_path, REQUEST + TRACE.replace("closed=true,", ends))
    assert "until=" not in str(error.value.fix)


def test_a_tap_that_fewer_packets_pass_has_a_number_of_its_own(tmp_path: Path) -> None:
    def ends(text: str) -> list[tuple[str, int | None, bool]]:
        blocks = planned(tmp_path, REQUEST + text)
        of = [block.capture for block in blocks if block.capture is not None]
        return [(capture.filter, capture.packets, capture.closed) for capture in of]

    taps = '["node0/eth0", ("node0/eth1", 1), ("node1/eth1", "udp", 3)]'
    own = TRACE.replace(TAPS, taps)
    usual = "tcp port 80"
    closed = [(usual, None, True), (usual, 1, False), ("udp", 3, False)]
    assert ends(own) == closed
    counted = [(usual, 2, False), (usual, 1, False), ("udp", 3, False)]
    assert ends(own.replace("closed=true", "packets=2")) == counted
    alone = own.replace('"node0/eth0"', '("node0/eth0", 4)').replace("closed=true,", "")
    assert ends(alone) == [(usual, 4, False), *counted[1:]], "each has one: no other is needed"


def recorded(folder: Path, body: str = REQUEST + TRACE, name: str = "flannel") -> Guide:
    """A guide of one page, recorded: its taps' captures are those of a folder of tests/data/trace."""
    blocks = planned(folder / "docs", body)
    page = folder / "recordings" / "now" / "page"
    page.mkdir(parents=True)
    files = iter(trace_support.files(name))
    for block in blocks:
        pcap = None
        if block.capture is not None:
            pcap = page / f"way.{next(files).name}"
            shutil.copy(trace_support.DATA / name / pcap.name.removeprefix("way."), pcap)
        bound = {"CLIENT": "cni-1", "VETH": "vethb6d54b6e"} if block.bind else {}
        form.write(
            page,
            Recording(
                block.id,
                block.node,
                block.command,
                block.command,
                0,
                block.plan,
                bound,
                "",
                None,
                pcap,
            ),
        )
    meta = {"recorded": "2026-11-23T08:00:00Z", "lab": "uml", "nodes": ["node0", "node1", "node2"]}
    (page / "page.yml").write_text(form.dump_yaml(meta), encoding="utf-8")
    sums.write(page)
    edition = {"lab": "uml", "base": "", "versions": {}}
    (page.parent / "edition.yml").write_text(form.dump_yaml(edition), encoding="utf-8")
    sums.write(page.parent)
    return Guide(folder / "docs", folder / "recordings", "now")


PING = """{{ run("node0", "ping -c 1 -I 10.1.0.70 10.9.0.1", id="request") }}
{{ trace(TAPS, id="way", during="request", filter="icmp", packets=2, title="A ping") }}
"""
ROUND_TRIP = """["node0/eth1.10", "node1/eth1.10", "node1/eth1.30", "node2/eth1.30",
  "node2/eth1.20", "node1/eth1.20"]"""


def renderer(guide: Guide) -> PageRenderer:
    href: Callable[[Path], str] = lambda path: f"recorded/{path.name}"  # noqa: E731 as the site gives it
    return PageRenderer(guide, guide.docs / "page.md", 5, href, lambda path: path.name)


def show(made: PageRenderer, title: str) -> None:
    """The call of `trace` on the page, with this title."""
    made.call("trace", (1, 1), ["node0/a", "node0/b"], id="way", during="request", title=title)


def html(made: PageRenderer) -> str:
    return made.slots.finish(
        '<div class="guide-slot" data-slot="0"></div><!--slot-->', lambda page: page
    )


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_trace_is_drawn_with_each_capture_to_download(tmp_path: Path, cache: Path) -> None:
    made = renderer(recorded(tmp_path))
    show(made, "One request")
    page = html(made)
    assert 'id="tr-way"' in page
    assert "guide-trace" not in page  # every mark became an address
    for path in trace_support.files("flannel"):
        assert f'href="recorded/way.{path.name}"' in page
    assert 'href="recorded/way.pcapng"' in page
    assert ">client</text>" in page
    assert 'data-v="if:node0/:vethb6d54b6e"' in page
    assert any(cache.iterdir())


def test_every_link_of_a_drawing_leads_somewhere(tmp_path: Path, cache: Path) -> None:
    import re  # noqa: PLC0415

    assert not cache.exists()
    made = renderer(recorded(tmp_path))
    show(made, "One request")
    page = html(made)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r'href="#([^"]+)"', page))
    assert len(wanted) > 50
    assert wanted <= set(ids)


def test_the_same_recordings_give_the_same_bytes(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = recorded(tmp_path)
    pages = []
    for name in ("one", "two"):
        monkeypatch.setenv("GUIDE_CACHE", str(cache / name))
        made = renderer(guide)
        show(made, "One request")
        pages.append(html(made))
    assert pages[0] == pages[1]


def test_one_packet_is_drawn_small_from_another_page(tmp_path: Path, cache: Path) -> None:
    assert not cache.exists()
    made = renderer(recorded(tmp_path))
    made.call("traced", (1, 1), "page:way", "http GET", title="The request")
    page = html(made)
    assert "VNI 1" in page
    assert "TTL 64" in page
    assert "TTL 62" in page
    with pytest.raises(GuideError, match="no packet matches"):
        made.call("traced", (1, 1), "way", "udp", title="None")
    with pytest.raises(GuideError, match="page page has no trace 'ways'; did you mean way"):
        made.call("traced", (1, 1), "ways", "udp", title="None")


def test_all_captures_in_one_have_names_and_one_clock(tmp_path: Path, cache: Path) -> None:
    assert not cache.exists()
    ((path, make),) = merged_captures.merged(recorded(tmp_path)).items()
    assert path.name == "way.pcapng"
    made = make()
    assert made == make()
    total = sum(len(records(file)[1]) for file in trace_support.files("flannel"))
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not there")
    (tmp_path / "way.pcapng").write_bytes(made)
    fields = ["-e", "frame.interface_name", "-e", "frame.time_epoch"]
    lines = subprocess.run(
        ["tshark", "-n", "-r", str(tmp_path / "way.pcapng"), "-T", "fields", *fields],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert len(lines) == total
    names = [line.partition("\t")[0] for line in lines]
    # The SYN, at one interface after the other, though node1's clock is 182 ms behind.
    assert names[:10] == [
        "node0/client/eth0",
        "node0/vethb6d54b6e",
        "node0/cni0",
        "node0/flannel.1",
        "node0/eth1",
        "node1/eth1",
        "node1/flannel.1",
        "node1/cni0",
        "node1/vetha58e5de0",
        "node1/server/eth0",
    ]
    times = [line.partition("\t")[2] for line in lines]
    assert times == sorted(times)


def test_unaligned_the_merged_file_keeps_times_and_says_so() -> None:
    trace = trace_support.trace("flannel-ping")
    pcaps = [path.read_bytes() for path in trace_support.files("flannel-ping")]
    merged = pcapng.merge(trace.lanes, pcaps, trace.clocks[:1])
    assert b"node1: times as recorded, its clock could not be compared" in merged
    assert b"node1: times moved by " in pcapng.merge(trace.lanes, pcaps, trace.clocks)


def test_what_was_drawn_once_reads_no_packet_again(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = recorded(tmp_path)
    ((_, make),) = merged_captures.merged(guide).items()
    first = make()
    made = renderer(guide)
    show(made, "One request")
    assert any(cache.iterdir())

    def never(_: object) -> tuple[()]:
        raise AssertionError("packets were read again")

    monkeypatch.setattr("macros.packets.dissector.packets", never)
    again = renderer(guide)
    show(again, "One request")
    assert html(again) == html(made)
    assert make() == first
    with pytest.raises(AssertionError, match="read again"):
        show(again, "Another title")


def test_a_reply_that_takes_another_way_is_drawn_along_its_own(tmp_path: Path, cache: Path) -> None:
    assert not cache.exists()
    made = renderer(recorded(tmp_path, PING.replace("TAPS", ROUND_TRIP), "detour"))
    show(made, "A ping")
    page = html(made)
    assert page.count(">node1</text>") == 2  # one box in each of the two drawings
    assert "not seen" not in page
    assert "cross" not in page
    assert "TTL 63 → 64" not in page
    assert "routed: TTL 64 → 63" in page
    # Each capture is still its own, though the lanes are in another order than the taps.
    for tap in ("node1.eth1.20", "node2.eth1.30"):
        node, _, interface = tap.partition(".")
        assert f'href="recorded/way.{tap}.pcap" download>{node}: {interface} (pcap)</a>' in page


def test_taps_in_an_order_that_cannot_be_name_page_line_and_taps(
    tmp_path: Path, cache: Path
) -> None:
    assert not cache.exists()
    guide = recorded(tmp_path, PING.replace("TAPS", ROUND_TRIP), "detour")
    # The captures of node0 and node1, each as if it were the other's.
    page = guide.recordings / "now" / "page"
    first, second = page / "way.node0.eth1.10.pcap", page / "way.node1.eth1.10.pcap"
    there, back = first.read_bytes(), second.read_bytes()
    first.write_bytes(back)
    second.write_bytes(there)
    for tap in ("node1.eth1.20", "node1.eth1.30", "node2.eth1.20", "node2.eth1.30"):
        empty = page / f"way.{tap}.pcap"
        empty.write_bytes(empty.read_bytes()[:24])
    sums.write(page)
    with pytest.raises(GuideError, match="its taps are not in the order of the path") as error:
        show(renderer(Guide(guide.docs, guide.recordings, "now")), "A ping")
    assert "node0: eth1.10, node1: eth1.10" in error.value.message
    assert str(error.value.page).endswith("page.md")
    assert error.value.line == 6
