# ruff: noqa: S311 a seed gives the same again
from dataclasses import replace
from itertools import pairwise
from random import Random

from macros.cli.settings import guide_of_checkout
from macros.packets import dissector
from tests.mutate import changes, harmless, packets, repeats
from tests.mutate.files import Run, load, settle


def _run(key: str, edition: str = "") -> Run:
    guide = guide_of_checkout()
    guide = guide.of_edition(edition or guide.edition_name)
    return load(guide.pages[key], guide.recordings / guide.edition_name / key)


def _states(raw: bytes) -> list[object]:
    return [
        layer["checksum"].state
        for packet in dissector.packets(raw)
        for layer in packet.layers
        if layer.get("checksum") is not None
    ]


def test_a_capture_is_written_as_it_was_read() -> None:
    runs = (_run("docker"), _run("calico", "2026-11-kubernetes-1.36"))
    files = {name: raw for run in runs for name, raw in run.files.items() if name.endswith(".pcap")}
    for raw in files.values():
        assert packets.write(raw, packets.read(raw)) == raw
    # No Ethernet header: 60 bytes of IP.
    alone = files["way.node0.tunl0.pcap"]
    frames = packets.read(alone)
    assert (frames[0].wire, len(frames[0].data)) == (60, 74)
    assert all(frame.protocol == packets.TCP for frame in frames)
    assert changes.answers(frames[0], frames[1])
    assert changes.answers(frames[1], frames[2])
    assert not changes.answers(frames[2], frames[1])


def test_checksums_follow_and_partial_ones_stay_partial() -> None:
    for key in ("docker", "encapsulation"):
        run = _run(key)
        new = run
        for kind in ("kernel's ports", "sequence numbers", "timestamp options", "ICMP ids"):
            new = harmless.KINDS[kind](Random(1), new)
        for name, raw in run.files.items():
            if name.endswith(".pcap"):
                assert new.files[name] != raw or b"\x08\x06" in raw
                assert _states(new.files[name]) == _states(raw), name


def test_every_kind_finds_its_places() -> None:
    runs = [_run("docker"), _run("by-hand"), _run("encapsulation"), _run("ips"), _run("services")]
    calico = _run("calico", "2026-11-kubernetes-1.36")
    for name, kind in changes.KINDS.items():
        assert any(True for run in runs for _ in kind(run)), name
    for name, make in harmless.KINDS.items():
        assert any(make(Random(3), run).files != run.files for run in (*runs, calico)), name


def test_a_run_that_is_the_same_settles_to_itself() -> None:
    run = _run("lab")
    assert settle(run, {}) == run.files


def test_a_changed_address_shows() -> None:
    run = _run("lab")
    difference = next(iter(changes.KINDS["address"](run))).make(Random(1))
    assert difference is not None
    settled = settle(run, difference.files)
    assert [name for name in settled if settled[name] != run.files[name]] == list(difference.files)


def test_a_segment_may_come_again_where_it_was_acknowledged_or_no_message_is_decoded() -> None:
    """SYN, SYN+ACK, request, and an answer that this capture shows no acknowledgement of."""
    frames = packets.read(_run("docker").files["out-eth1.node0.eth1.pcap"])
    assert repeats.harmless(frames) == [0, 1, 2]
    told = [replace(frame, data=frame.data.replace(b"HTTP/1.", b"GOPHER ")) for frame in frames]
    assert repeats.harmless(told) == [0, 1, 2, 3]


def test_who_connects_to_its_own_address_is_not_the_other_side() -> None:
    run = _run("services")
    (raw,) = (raw for name, raw in run.files.items() if name.startswith("martian-packets.node0"))
    frames = packets.read(raw)
    assert frames[1].data[26:30] == frames[1].data[30:34]
    assert repeats.harmless(frames) == []


def test_a_question_is_no_reply_to_the_answer_before_it() -> None:
    run = _run("services")
    (raw,) = (raw for name, raw in run.files.items() if name.startswith("short-dns.node0"))
    frames = packets.read(raw)
    assert [changes.answers(*pair) for pair in pairwise(frames)] == [True, False, True]
