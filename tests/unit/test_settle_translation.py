"""The port that a translation of the source chose is a name; klog's head is noise. Real outputs."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from macros.ground.model import Recording
from macros.settle import translation
from macros.store import form
from tests.unit.settle_support import DATA, recording, settle, settle_text

CAPTURES = DATA / "masqueraded"


def run(name: str) -> list[Recording]:
    return [form.read(path, "") for path in sorted((CAPTURES / name).glob("*.txt"))]


def pcap(recording: Recording) -> bytes:
    assert recording.pcap is not None
    return recording.pcap.read_bytes()


def without(recordings: Iterable[Recording], name: str) -> list[Recording]:
    return [recording for recording in recordings if recording.id != name]


@pytest.mark.parametrize(("old", "new"), [("a", "b"), ("b", "a")])
def test_a_port_that_snat_chose_takes_its_old_name(tmp_path: Path, old: str, new: str) -> None:
    before, after = run(old), run(new)
    settled = settle(tmp_path, before, after)
    for one in before:
        assert settled[one.id].text == one.text
        assert pcap(settled[one.id]) == pcap(one)


def test_it_is_told_by_the_same_packet_before_and_after_the_translation() -> None:
    assert translation.chosen(map(pcap, run("a"))) == {"59570", "5820"}
    assert translation.chosen(map(pcap, run("b"))) == {"59570", "29116"}
    assert translation.chosen(map(pcap, without(run("a"), "outside-cali"))) == frozenset()


def test_alone_it_is_a_fact(tmp_path: Path) -> None:
    """Where the connection is not seen before, nothing says that 5820 is no client's own choice."""
    before, after = (without(run(name), "outside-cali") for name in "ab")
    settled = settle(tmp_path, before, after)["outside-eth1"]
    assert ".29116 > " in settled.text
    assert pcap(settled) == pcap(after[0])


KLOG = [(DATA / "klog" / f"{name}.txt").read_text(encoding="utf-8") for name in "ab"]


def test_the_day_the_time_and_the_thread_of_a_message_are_noise(tmp_path: Path) -> None:
    line, translated = KLOG
    assert line != translated
    assert settle_text(tmp_path, line, translated, "kubectl get nodes -v=6") == line
    assert settle_text(tmp_path, translated, line, "kubectl get nodes -v=6") == translated


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("E1129 00:45:23.658714   16776", "W1129 00:45:23.658714   16776"),
        ("memcache.go:265]", "memcache.go:266]"),
        ("loader.go:402]", "reader.go:402]"),
        ("connection refused", "no route to host"),
        ("localhost:8080/api", "localhost:8081/api"),
    ],
)
def test_how_bad_where_and_what_are_facts(tmp_path: Path, old: str, new: str) -> None:
    assert old in KLOG[1], old
    changed = KLOG[1].replace(old, new, 1)
    assert settle_text(tmp_path, KLOG[0], changed, "kubectl get nodes -v=6") != KLOG[0]


WIREGUARD = """interface: wg0
  listening port: 41194

peer: xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
  endpoint: 192.0.2.3:51830
"""
SENT = "04:05:06.123456 IP 192.0.2.{}.{} > 192.0.2.{}.{}: UDP, length 148\n"


def test_both_ports_of_wireguard_are_facts_whoever_sends_first(tmp_path: Path) -> None:
    for first in ((10, 41194, 3, 51830), (3, 51830, 10, 41194)):
        old = [
            recording("wg", WIREGUARD, "wg"),
            recording("sent", SENT.format(*first), "tcpdump -r a"),
        ]
        for port, other in (("51830", "51831"), ("41194", "41195")):
            new = [replace(one, text=one.text.replace(port, other)) for one in old]
            settled = settle(tmp_path, old, new)
            assert [settled[one.id].text for one in new] == [one.text for one in new]
