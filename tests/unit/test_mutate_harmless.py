# ruff: noqa: S311 a seed gives the same again
"""What `make mutate` takes as harmless: as much as identities.md says, and no more."""

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from macros.cli.settings import guide_of_checkout
from macros.packets import dissector
from tests.mutate import changes, harmless, packets, repeats, shapes
from tests.mutate.files import Run, load, parsed, settle
from tests.unit.settle_support import page, recording, write

MAC = "86:e6:61:aa:b2:10"
RULE = f"table bridge t {{\n\tchain c {{\n\t\tether saddr {MAC} drop\n\t}}\n}}\n"
LINK = f"eth0             UP             {MAC} <BROADCAST,MULTICAST,UP,LOWER_UP> \n"


def _run(folder: Path, *texts: tuple[str, str], twin: Any = None) -> Run:
    blocks = [
        recording(f"b{number}", text, command, twin) for number, (command, text) in enumerate(texts)
    ]
    return load(page(), write(folder / "run", blocks))


def recorded(key: str) -> Run:
    """The first edition that has the page."""
    shown = guide_of_checkout()
    for guide in map(shown.of_edition, sorted((shown.edition_name, *shown.others))):
        folder = guide.recordings / guide.edition_name / key
        if folder.is_dir():
            return load(guide.pages[key], folder)
    raise FileNotFoundError(key)


def test_a_mac_in_rules_alone_is_not_drawn_anew_and_shows_where_it_is_another(
    tmp_path: Path,
) -> None:
    run = _run(tmp_path, ("nft list ruleset", RULE))
    assert harmless.ruled_macs(run) == {MAC}
    assert harmless.macs(Random(1), run).files == run.files
    (candidate,) = shapes.ruled_macs(run)
    difference = candidate.make(Random(1))
    assert difference is not None
    assert settle(run, difference.files) != run.files


@pytest.mark.parametrize(
    "other",
    [
        ("ip -br link", LINK),
        ("nft list ruleset; ip -br link", RULE + LINK),
        ("nft list set bridge t seen", f"\t\telements = {{ {MAC} expires 4m2s }}\n"),
    ],
)
def test_a_mac_in_a_rule_that_something_else_has_is_drawn_anew(
    tmp_path: Path, other: tuple[str, str]
) -> None:
    run = _run(tmp_path, ("nft list ruleset", RULE), other)
    assert harmless.ruled_macs(run) == set()
    assert not list(shapes.ruled_macs(run))
    new = harmless.macs(Random(1), run)
    assert new.files != run.files
    assert settle(run, new.files) == run.files


def test_a_mac_in_a_rule_that_a_packet_has_is_drawn_anew(tmp_path: Path) -> None:
    name = "out-docker0.node0.docker0.pcap"
    pcap = tmp_path / name
    pcap.write_bytes(recorded("docker").files[name])
    mac = pcap.read_bytes()[46:52].hex(":")
    folder = write(
        tmp_path / "run",
        [recording("a", RULE.replace(MAC, mac), "nft list ruleset"), recording("b", pcap=pcap)],
    )
    assert harmless.ruled_macs(load(page(), folder)) == set()


def test_what_an_author_wished_for_is_not_measured_and_no_process(tmp_path: Path) -> None:
    limits = {"memory": "100000Ki", "pid": 12345}
    twin = {"kind": "Q", "spec": {"limits": limits}, "status": {"memory": "900000Ki", "pid": 777}}
    run = _run(tmp_path, ("kubectl get q", "NAME\nweb\n"), twin=twin)
    for kind in (harmless.measures, harmless.pids):
        new = parsed(kind(Random(1), run).texts["b0.json"])
        assert new["spec"] == {"limits": limits}
        assert new["status"] != twin["status"]


def test_a_port_is_another_in_a_packet_and_in_every_line_that_tells_of_it() -> None:
    run = recorded("flannel")
    new = harmless.ephemeral_ports(Random(1), run)
    before, after = (side.texts["undecoded.txt"].split() for side in (run, new))
    assert before[-4:-1] != after[-4:-1]
    assert before[-4].isdigit()
    assert before[-3:] == ["→", "8472", "Len=106"]
    assert after[-3:] == before[-3:]


def test_a_port_is_another_within_a_tunnel_too() -> None:
    """IPv4 in IPv4: the innermost header that dissecting finds, in every capture of one request."""
    run = recorded("calico")
    new = harmless.ephemeral_ports(Random(1), run)
    ends = [
        {
            layer[end].value
            for name, raw in side.files.items()
            if name.startswith("way.") and name.endswith(".pcap")
            for packet in dissector.packets(raw)
            for layer in packet.all("TCP")
            for end in ("sport", "dport")
        }
        for side in (run, new)
    ]
    assert 80 in ends[0] & ends[1]
    assert len(ends[0]) == len(ends[1]) == 2
    assert ends[0] != ends[1]
    assert any(
        packet.all("IPv4")[1:] for packet in dissector.packets(new.files["way.node0.eth1.pcap"])
    )
    assert settle(run, new.files) == run.files


def test_beside_what_a_capture_is_for_there_may_be_more() -> None:
    run = recorded("calico")
    ((name, words),) = run.kept.items()
    (frame,) = packets.read(run.files[name])
    counts = repeats.kept(frame, words)
    assert frame.data[counts.start : counts.start + 16] == b"\xff" * 16
    assert frame.payload <= counts.start < counts.stop < frame.end
    assert repeats.kept(frame, "") == range(len(frame.data))
    new = harmless.beside(Random(1), run)
    assert len(new.files[name]) > len(run.files[name])
    assert settle(run, new.files) == run.files
    nothing = replace(run, page=replace(run.page, blocks=()))
    assert nothing.kept == {}
    assert settle(nothing, new.files) != run.files
    again = [change.make(Random(1)) for change in changes.packet_again(nothing)]
    assert name in {file for one in again if one is not None for file in one.files}
    again = [change.make(Random(1)) for change in changes.packet_again(run)]
    assert name not in {file for one in again if one is not None for file in one.files}


def test_a_message_in_vain_is_a_change() -> None:
    """An answer that no packet of its capture acknowledges; a SYN that nobody answers."""
    run = recorded("docker")
    places = set()
    for change in changes.packet_in_vain(run):
        difference = change.make(Random(1))
        assert difference is not None
        assert settle(run, difference.files) != run.files
        places.add(difference.where)
    assert "out-eth1.node0.eth1.pcap packet 4 in vain" in places
    assert "direct-eth1.node0.eth1.pcap packet 1 in vain" in places
    assert not [place for place in places if place.startswith("talk.")]
