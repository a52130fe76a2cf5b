"""Noise stays as it was only where all that was done before is the same."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from macros.ground.model import Block, CaptureOf, Page, Recording
from macros.packets import dissector
from macros.plan import hashes
from macros.settle import folder as settle_page
from macros.store import form
from tests.unit import settle_support
from tests.unit.settle_support import recording, write
from tests.unit.test_settle_capture import captures, pcap

PING = (
    "PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.\n"
    "64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time={0} ms\n\n"
    "--- 10.0.0.2 ping statistics ---\n"
    "1 packets transmitted, 1 received, 0% packet loss, time 0ms\n"
    "rtt min/avg/max/mdev = {0}/{0}/{0}/0.000 ms\n"
)
SLOW, FAST = PING.format("84.1"), PING.format("21.3")
DELAY = ("tc qdisc add dev eth1 root netem delay 80ms", "")
LESS = ("tc qdisc add dev eth1 root netem delay 20ms", "")
Answers = Sequence[tuple[str, str, str]]


def _page(answers: Answers, setup: str = "none") -> Page:
    blocks = tuple(Block("page", name, 1, "run", "node0", command) for name, command, _ in answers)
    return replace(
        settle_support.page(), blocks=hashes.chained(setup, blocks), start=setup, key="page"
    )


def _recordings(page: Page, answers: Answers) -> list[Recording]:
    return [
        replace(recording(block.id, text, block.command), plan=block.plan)
        for block, (_, _, text) in zip(page.blocks, answers, strict=True)
    ]


def _settled(
    tmp_path: Path, old: Answers, new: Answers, setups: tuple[str, str] = ("none", "none")
) -> Mapping[str, str]:
    number = len(list(tmp_path.iterdir()))
    pages = _page(old, setups[0]), _page(new, setups[1])
    before = write(tmp_path / f"old{number}", _recordings(pages[0], old))
    after = write(tmp_path / f"new{number}", _recordings(pages[1], new))
    out = tmp_path / f"out{number}"
    out.mkdir()
    settle_page.settle(pages[1], before, after, out, {})
    return {path.stem: form.read(path, "").text for path in out.glob("*.txt")}


def test_a_time_is_new_where_an_earlier_command_is_another(tmp_path: Path) -> None:
    old = [("slow", *DELAY), ("ping", "ping -c 1 10.0.0.2", SLOW)]
    new = [("slow", *LESS), ("ping", "ping -c 1 10.0.0.2", FAST)]
    assert _settled(tmp_path, old, new)["ping"] == FAST


def test_a_time_stays_where_all_before_it_is_the_same(tmp_path: Path) -> None:
    old = [("slow", *DELAY), ("ping", "ping -c 1 10.0.0.2", SLOW)]
    new = [("slow", *DELAY), ("ping", "ping -c 1 10.0.0.2", PING.format("85.0"))]
    assert _settled(tmp_path, old, new)["ping"] == SLOW


def test_a_time_stays_where_only_a_look_came_before_it(tmp_path: Path) -> None:
    old = [("slow", *DELAY), ("ping", "ping -c 1 10.0.0.2", SLOW)]
    again = PING.format("85.0")
    new = [
        ("links", "ip -d link", ""),
        ("slow", *DELAY),
        ("routes", "ip route", ""),
        ("ping", "ping -c 1 10.0.0.2", again),
    ]
    assert _settled(tmp_path, old, new)["ping"] == SLOW
    looked = [("look", "ip addr", ""), *old]
    assert (
        _settled(tmp_path, looked, [("look", "ip -4 addr", ""), *old[:1], new[3]])["ping"] == SLOW
    )
    done = [("more", "ip link set eth1 mtu 1400", ""), *old[:1], new[3]]
    assert _settled(tmp_path, old, done)["ping"] == again


def test_a_time_is_new_where_something_done_before_is_gone(tmp_path: Path) -> None:
    old = [("slow", *DELAY), ("ping", "ping -c 1 10.0.0.2", SLOW)]
    assert _settled(tmp_path, old, [("ping", "ping -c 1 10.0.0.2", FAST)])["ping"] == FAST


def test_a_time_is_new_where_the_setup_is_another(tmp_path: Path) -> None:
    old = [("ping", "ping -c 1 10.0.0.2", SLOW)]
    new = [("ping", "ping -c 1 10.0.0.2", FAST)]
    assert _settled(tmp_path, old, new, ("delay 80ms", "delay 20ms"))["ping"] == FAST
    assert _settled(tmp_path, old, new, ("delay 80ms", "delay 80ms"))["ping"] == SLOW


def test_a_time_is_new_where_the_order_is_another(tmp_path: Path) -> None:
    delay, other = ("slow", *DELAY), ("mtu", "ip link set eth1 mtu 1400", "")
    pings = [("ping", "ping -c 1 10.0.0.2", text) for text in (SLOW, FAST)]
    assert _settled(tmp_path, [delay, other, pings[0]], [other, delay, pings[1]])["ping"] == FAST


def test_what_comes_before_the_change_keeps_its_times(tmp_path: Path) -> None:
    old = [("first", "ping -c 1 10.0.0.2", SLOW), ("slow", *DELAY)]
    new = [("first", "ping -c 1 10.0.0.2", PING.format("84.9")), ("slow", *LESS)]
    assert _settled(tmp_path, old, new)["first"] == SLOW


def test_a_counter_is_new_where_an_earlier_ping_sends_more(tmp_path: Path) -> None:
    rows = ["    RX:  bytes packets errors dropped  missed   mcast\n    1{0}       {0}      0"]
    few, many = (f"{rows[0].format(count)}       0       0       0\n" for count in (200, 900))
    old = [("ping", "ping -c 1 10.0.0.2", SLOW), ("links", "ip -s link", few)]
    new = [("ping", "ping -c 9 10.0.0.2", SLOW), ("links", "ip -s link", many)]
    assert _settled(tmp_path, old, new)["links"] == many
    same = [old[0], ("links", "ip -s link", many)]
    assert _settled(tmp_path, old, same)["links"] == few


def test_an_order_that_means_nothing_stays_though_its_noise_is_new(tmp_path: Path) -> None:
    lines = "10.0.0.2 dev eth1 lladdr 02:00:00:00:00:02 {}\n", "10.0.0.3 dev eth1 FAILED\n"
    old = [("slow", *DELAY), ("neigh", "ip neigh", lines[0].format("STALE") + lines[1])]
    new = [("slow", *LESS), ("neigh", "ip neigh", lines[1] + lines[0].format("REACHABLE"))]
    assert _settled(tmp_path, old, new)["neigh"] == lines[0].format("REACHABLE") + lines[1]
    same = [old[0], new[1]]
    assert _settled(tmp_path, old, same)["neigh"] == old[1][2]


def _captured(folder: Path, side: str, setup: str) -> tuple[Page, Path]:
    """A page with a ping and a capture, and what one of two real runs captured."""
    answers = [("ping", "ping -c 1 10.0.0.2", SLOW)]
    of = CaptureOf("docker0", "ping", "icmp", 2, closed=False, netns="", container="")
    listened = captures(side)["in-docker0"]
    wire = Block("page", "wire", 2, "capture", "node0", listened.command, capture=of)
    page = _page(answers, setup)
    page = replace(page, blocks=hashes.chained(setup, (*page.blocks, wire)))
    recordings = [
        *_recordings(_page(answers, setup), answers),
        replace(listened, id="wire", plan=page.blocks[-1].plan),
    ]
    return page, write(folder, recordings)


def test_packets_stay_only_where_all_before_them_is_the_same(tmp_path: Path) -> None:
    old, new = (captures(side)["in-docker0"] for side in ("old", "new"))
    for setup, kept in (("80ms", old), ("20ms", new)):
        out = tmp_path / setup / "out"
        out.mkdir(parents=True)
        _, before = _captured(tmp_path / setup / "old", "old", "80ms")
        page, after = _captured(tmp_path / setup / "new", "new", setup)
        settle_page.settle(page, before, after, out, {})
        record = form.read(out / "wire.txt", "")
        assert _times(pcap(record)) == _times(pcap(kept))


def _times(data: bytes) -> list[float]:
    return [packet.time for packet in dissector.packets(data)]
