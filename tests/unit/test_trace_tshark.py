"""Each drawn trace says what tshark reads in the same captures.

What is compared is the page: the tables under each packet of the drawing. What is expected comes
from `tshark -T fields` alone; it finds the same packet at several interfaces by its own fields.
"""

import html
import re
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from macros.figures.traces import lanes as draw
from macros.figures.traces import trace_figure
from macros.figures.traces.trace_layout import lay_out
from macros.ground.places import CHECKOUT as ROOT
from macros.packets.dissector import packets
from macros.traces import assembly, hops
from macros.traces.trace import Lane, Trace
from tests import trace_support

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not there")

_FIELDS = (
    "frame.time_epoch frame.len ip.src ip.dst ip.id ip.ttl ip.len tcp.seq_raw tcp.ack_raw tcp.flags"
    " tcp.window_size_value tcp.options.timestamp.tsval tcp.payload udp.srcport udp.dstport"
    " tcp.srcport tcp.dstport icmp.seq icmp.type data.data eth.src eth.dst ip.proto"
)

_HEADERS = (
    "eth.src eth.dst ip.src ip.dst ip.ttl udp.srcport udp.dstport vxlan.vni tcp.srcport tcp.dstport"
)


@dataclass(frozen=True)
class Seen:
    """A packet at one interface, as tshark reads it; of several headers the innermost."""

    where: int
    time: int
    size: int
    source: str
    target: str
    ttl: int
    headers: int
    macs: tuple[str, str]
    behind_link: int


def _tshark(pcap: Path, lane: int) -> list[tuple[tuple[str, ...], Seen]]:
    options = ["-d", "udp.port==8472,vxlan", "-o", "tcp.desegment_tcp_streams:FALSE"]
    fields = [word for name in _FIELDS.split() for word in ("-e", name)]
    out = subprocess.run(
        ["tshark", "-n", "-r", pcap, *options, "-T", "fields", "-E", "occurrence=a", *fields],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = []
    for line in out.splitlines():
        value = dict(zip(_FIELDS.split(), line.split("\t"), strict=True))
        if not value["ip.src"]:
            continue
        last = {name: text.rpartition(",")[2] for name, text in value.items()}
        constant = (
            *(last[name] for name in ("ip.id", "ip.len", "ip.proto")),
            *(last[f"tcp.{name}"] for name in ("seq_raw", "ack_raw", "flags", "payload")),
            *(last[name] for name in ("tcp.options.timestamp.tsval", "icmp.seq", "icmp.type")),
        )
        kind = "tcp" if last["tcp.flags"] else "udp" if not last["icmp.type"] else ""
        ports = [f":{last[f'{kind}.{end}port']}" if kind else "" for end in ("src", "dst")]
        size = int(value["frame.len"])
        rows.append(
            (
                constant,
                Seen(
                    where=lane,
                    time=int(value["frame.time_epoch"].replace(".", "")),
                    size=size,
                    source=last["ip.src"] + ports[0],
                    target=last["ip.dst"] + ports[1],
                    ttl=int(last["ip.ttl"]),
                    headers=value["ip.src"].count(",") + 1,
                    macs=(last["eth.src"], last["eth.dst"]),
                    behind_link=size - (14 if value["eth.src"] else 0),
                ),
            )
        )
    return rows


def _expected(pcaps: list[Path]) -> dict[tuple[str, ...], list[Seen]]:
    by_journey: dict[tuple[str, ...], list[Seen]] = defaultdict(list)
    for lane, pcap in enumerate(pcaps):
        for constant, seen in _tshark(pcap, lane):
            by_journey[constant].append(seen)
    return {constant: seen for constant, seen in by_journey.items() if len(seen) > 1}


@dataclass(frozen=True)
class Row:
    """A row of the table under a packet."""

    where: str
    after: str
    size: str
    words: str


def _drawn(page: str) -> list[tuple[str, list[Row]]]:
    """Each packet's ends, and its rows, as the page has them."""
    matching = []
    for item in re.findall(r'<li><details id="tr-way-\d+">(.*?)</details></li>', page, re.DOTALL):
        ends = _text(re.search(r'class="tr-ends">(.*?)</span><span class="tr-what"', item)[1])  # type: ignore[index]
        table = re.search(r"<tbody.*?>(.*?)</tbody>", item, re.DOTALL)
        assert table is not None
        rows = [
            Row(*(_text(cell) for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row)))
            for row in re.findall(r"<tr.*?>(.*?)</tr>", table[1])
        ]
        matching.append((ends, rows))
    return matching


def _text(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).strip()


def _took(time: int) -> str:
    if time < 1000:
        return "< 1 µs"
    if time < 1_000_000:
        return f"{time // 1000} µs"
    return f"{time / 1e6:.3g} ms" if time < 1_000_000_000 else f"{time / 1e9:.3g} s"


def _recorded() -> list[str]:
    """The traces of the guide's own recordings: page folder and trace."""
    hidden = set()
    for path in sorted((ROOT / "recordings").glob("*/*/*.txt")):
        head = path.read_text(encoding="utf-8").partition("\n---\n")[0]
        pcap = re.search(r"^pcap: (\S+)", head, re.MULTILINE)
        if pcap is not None and path.stem != pcap[1].partition(".")[0]:
            hidden.add(f"{path.parent.relative_to(ROOT)}:{pcap[1].partition('.')[0]}")
    return sorted(hidden)


def _compare(lanes: list[Lane], pcaps: list[Path]) -> None:
    trace = assembly.read(lanes, [packets(pcap) for pcap in pcaps])
    page = trace_figure.whole(trace, ["tcpdump"] * len(lanes), id="way", title="A trace")
    expected = _expected(pcaps)
    drawn = _drawn(page)
    assert len(drawn) == len(expected)
    for ends, rows in drawn:
        names = [f"{lane.node} {lane.label} {lane.interface}".replace("  ", " ") for lane in lanes]
        seen = [
            journey
            for journey in expected.values()
            if [names[seen_there.where] for seen_there in _along(journey, rows, names)]
            == [r.where for r in rows]
            and _matches(_along(journey, rows, names), rows, ends, lanes)
        ]
        assert len(seen) >= 1, (ends, rows)
        key = next(key for key, value in expected.items() if value is seen[0])
        del expected[key]
    assert not expected


def _along(seen: list[Seen], rows: list[Row], names: list[str]) -> list[Seen]:
    """tshark's packets in the order of the page's rows."""
    left = list(seen)
    matched = []
    for row in rows:
        sight = next(
            (seen_there for seen_there in left if names[seen_there.where] == row.where), None
        )
        if sight is None:
            return []
        left.remove(sight)
        matched.append(sight)
    return matched if not left else []


def _matches(seen: list[Seen], rows: list[Row], ends: str, lanes: list[Lane]) -> bool:
    if not seen or ends != f"{seen[0].source} → {seen[0].target}":
        return False
    for index, (sight, row) in enumerate(zip(seen, rows, strict=True)):
        if row.size != f"{sight.size} B":
            return False
        if index == 0:
            continue
        before = seen[index - 1]
        same = lanes[sight.where].node == lanes[before.where].node
        if row.after != (_took(sight.time - before.time) if same else ""):
            return False
        if (f"TTL {before.ttl} → {sight.ttl}" in row.words) != (before.ttl != sight.ttl):
            return False
        more = sight.behind_link - before.behind_link
        if ("unwrapped" in row.words) != (sight.headers < before.headers):
            return False
        if (row.words.startswith("wrapped") or "; wrapped" in row.words) != (
            sight.headers > before.headers
        ):
            return False
        if sight.headers != before.headers and f", {abs(more)} bytes" not in row.words:
            return False
        copies = [_is_copy(seen[middle - 1 : middle + 2]) for middle in (index - 1, index)]
        if ("a copy, as it was" in row.words) != copies[1]:
            return False
        if ("destination NAT" in row.words or "source NAT" in row.words) != (
            not any(copies) and _hosts(sight) != _hosts(before)
        ):
            return False
        macs = all(sight.macs) and all(before.macs) and sight.macs != before.macs
        if sight.headers == before.headers and ("MACs" in row.words) != macs:
            return False
    return True


def _hosts(seen: Seen) -> tuple[str, str]:
    return seen.source.partition(":")[0], seen.target.partition(":")[0]


def _is_copy(three: list[Seen]) -> bool:
    """Whether the one in the middle is not translated, and those beside it are."""
    return len(three) == 3 and _hosts(three[0]) == _hosts(three[2]) != _hosts(three[1])


@pytest.mark.parametrize("name", ["again", "calico", "cut", "flannel", "flannel-ping"])
def test_the_page_says_what_tshark_reads(name: str) -> None:
    pcaps = trace_support.files(name)
    _compare([trace_support.lane(path.name.removesuffix(".pcap")) for path in pcaps], pcaps)


@pytest.mark.parametrize("name", _recorded() or [pytest.param("", marks=pytest.mark.skip)])
def test_recorded_traces_say_what_tshark_reads(name: str) -> None:
    folder, _, trace = name.partition(":")
    match = [
        path
        for path in sorted((ROOT / folder).glob("*.txt"))
        if re.search(rf"^pcap: {trace}\.", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    lanes, pcaps = trace_support.recorded(folder, trace)
    assert len(lanes) == len(match)
    _compare(lanes, pcaps)


def _headers(pcap: Path) -> str:
    """All headers of the first packet that opens a connection, in a small drawing's words."""
    names = _HEADERS.split()
    options = ["-d", "udp.port==8472,vxlan", "-Y", "tcp.flags == 2", "-E", "occurrence=a"]
    fields = [word for name in names for word in ("-e", name)]
    out = subprocess.run(
        ["tshark", "-n", "-r", pcap, *options, "-T", "fields", *fields],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    line = dict(zip(names, out.splitlines()[0].split("\t"), strict=True))
    value = {name: text.split(",") for name, text in line.items()}
    levels = [
        f"Ethernet {first} → {second}; IPv4 {source} → {target} TTL {ttl}"
        for first, second, source, target, ttl in zip(
            *(value[name] for name in names[:5]), strict=True
        )
    ]
    tunnel = "; UDP {} → {}; VXLAN VNI {}; ".format(*(line[name] for name in names[5:8]))
    return tunnel.join(levels) + "; TCP {} → {} SYN".format(*(line[n] for n in names[8:]))


@pytest.mark.parametrize("name", ["flannel", "recordings/2026-11/flannel:way"])
def test_a_small_drawing_says_what_tshark_reads(name: str) -> None:
    if ":" in name:
        lanes, pcaps = trace_support.recorded(*name.split(":"))
    else:
        pcaps = trace_support.files(name)
        lanes = [trace_support.lane(path.name.removesuffix(".pcap")) for path in pcaps]
    trace = assembly.read(lanes, [packets(pcap) for pcap in pcaps])
    page = trace_figure.small(trace, "tcp syn", id="way", title="One packet")
    rows = re.findall(r"<tr.*?>(.*?)</tr>", page[page.index("<tbody") :], re.DOTALL)
    drawn = [_text(re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row)[-1]) for row in rows]
    assert drawn == [_headers(pcap) for pcap in pcaps]
    # The picture has each of these words, too: addresses may be cut to their ends there.
    assert all(f"TTL {ttl}" in page for ttl in re.findall(r"TTL (\d+)", " ".join(drawn)))


def _changed(name: str) -> tuple[Trace, Trace]:
    """A trace, and the same with one packet left out of one capture."""
    pcaps = trace_support.files(name)
    lanes = [trace_support.lane(path.name.removesuffix(".pcap")) for path in pcaps]
    captures = [packets(path) for path in pcaps]
    whole = assembly.read(lanes, captures)
    captures[2] = captures[2][1:]
    return whole, assembly.read(lanes, captures)


def test_a_packet_that_an_interface_lacks_is_not_drawn_there() -> None:
    whole, less = _changed("flannel")
    whole_figure, less_figure = (
        draw.drawing(trace, _layout(trace), "t", lambda *_: "#") for trace in (whole, less)
    )
    assert whole_figure.count("tr-dot") - 1 == less_figure.count("tr-dot")
    assert [visit.lane for visit in less.journeys[0].visits] == [0, 1, *range(3, 10)]


def _layout(trace: Trace):  # type: ignore[no-untyped-def] # noqa: ANN202
    return lay_out(
        trace.lanes, [(journey, hops.steps(journey, trace.lanes)) for journey in trace.journeys]
    )
