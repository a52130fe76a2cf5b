"""Captures: the same conversations keep their packets, changed ones are kept and renamed."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from macros.ground.model import Block, CaptureOf, Recording
from macros.packets import checksum, dissector
from macros.settle import capture
from macros.settle import folder as settle_page
from macros.settle.renaming import Renaming
from macros.store import form
from tests.unit.settle_support import DATA, page, recording, settle, write

NAMES = ("in-docker0", "out-docker0", "talk")
PACKETS = DATA.parent / "packets"
Frames = list[bytearray]
"""Packets of a file, each with its record header of 16 bytes; then Ethernet, and IPv4 at 30."""


def captures(side: str) -> dict[str, Recording]:
    return {name: form.read(DATA / "captures" / side / f"{name}.txt", "") for name in NAMES}


def pcap(recording: Recording) -> bytes:
    assert recording.pcap is not None
    return recording.pcap.read_bytes()


def changed(data: bytes, change: Callable[[Frames], None]) -> bytes:
    frames, offset = [], 24
    while offset < len(data):
        size = struct.unpack_from("<I", data, offset + 8)[0]
        frames.append(bytearray(data[offset : offset + 16 + size]))
        offset += 16 + size
    change(frames)
    return data[:24] + b"".join(map(bytes, frames))


def settled(
    tmp_path: Path, name: str = "", change: Callable[[Frames], None] = lambda _: None
) -> Mapping[str, Recording]:
    """The new captures, one of them changed, settled against the old ones."""
    new = captures("new")
    if name:
        recording = new[name]
        assert recording.pcap is not None
        path = tmp_path / recording.pcap.name
        path.write_bytes(changed(pcap(recording), change))
        new[name] = replace(recording, pcap=path)
    return settle(tmp_path, captures("old").values(), new.values())


def test_the_same_conversations_keep_their_packets_and_their_text(tmp_path: Path) -> None:
    old, new, answers = captures("old"), captures("new"), settled(tmp_path)
    for name in NAMES:
        assert pcap(old[name]) != pcap(new[name])
        assert pcap(answers[name]) == pcap(old[name])
        assert answers[name].text == old[name].text


def resum(frame: bytearray) -> None:
    """A right header checksum for a changed IPv4 header."""
    frame[40:42] = b"\0\0"
    frame[40:42] = checksum.of(bytes(frame[30:50])).to_bytes(2, "big")


def ttl(frames: Frames) -> None:
    frames[1][38] -= 1
    resum(frames[1])


def window(frames: Frames) -> None:
    frames[1][64] ^= 1


def flags(frames: Frames) -> None:
    frames[2][63] ^= 8


def payload(frames: Frames) -> None:
    frames[2][-3] ^= 1


def checksum_off(frames: Frames) -> None:
    frames[2][40] ^= 1


def seq(frames: Frames) -> None:
    frames[2][57] ^= 1


def port(frames: Frames) -> None:
    frames[0][52:54] = (8081).to_bytes(2, "big")


def address(frames: Frames) -> None:
    frames[1][45] ^= 7
    resum(frames[1])


def sender(frames: Frames) -> None:
    frames[2][26] ^= 1


def form_of_mac(frames: Frames) -> None:
    for frame in frames:
        for start in (16, 22):
            frame[start : start + 2] = b"\x02\x42"


def dropped(frames: Frames) -> None:
    del frames[2]


def swapped(frames: Frames) -> None:
    frames[2], frames[3] = frames[3], frames[2]


def answered_first(frames: Frames) -> None:
    frames[0], frames[1] = frames[1], frames[0]


def asked_before_the_handshake(frames: Frames) -> None:
    frames[1], frames[2] = frames[2], frames[1]


def cut(frames: Frames) -> None:
    frames[2][8:12] = (60).to_bytes(4, "little")
    del frames[2][76:]


CHANGES = (
    ttl,
    window,
    flags,
    payload,
    checksum_off,
    seq,
    port,
    address,
    sender,
    form_of_mac,
    dropped,
    swapped,
    answered_first,
    asked_before_the_handshake,
    cut,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("name", ["in-docker0", "out-docker0"])
def test_a_change_in_packets_is_shown(
    tmp_path: Path, name: str, change: Callable[[Frames], None]
) -> None:
    old, answers = captures("old"), settled(tmp_path, name, change)
    assert pcap(answers[name]) != pcap(old[name])
    assert pcap(answers["talk"]) == pcap(old["talk"]), "the others are as they were"


def ip_id(frames: Frames) -> None:
    frames[2][34:36] = b"\x12\x34"
    resum(frames[2])


def time(frames: Frames) -> None:
    for frame in frames:
        frame[0:4] = (1_700_000_000).to_bytes(4, "little")


def again(frames: Frames) -> None:
    """A segment that was sent again, a little later."""
    frames.insert(3, bytearray(frames[2]))


@pytest.mark.parametrize("change", [ip_id, time, again], ids=lambda change: change.__name__)
@pytest.mark.parametrize("name", ["in-docker0", "out-docker0"])
def test_noise_in_packets_is_not_shown(
    tmp_path: Path, name: str, change: Callable[[Frames], None]
) -> None:
    old, answers = captures("old"), settled(tmp_path, name, change)
    assert pcap(answers[name]) == pcap(old[name])


def only_first(frames: Frames) -> None:
    frames[:] = [frames[0], bytearray(frames[0])]


def test_a_segment_that_nobody_answers_counts_each_time(tmp_path: Path) -> None:
    asked_twice = changed(pcap(captures("new")["out-docker0"]), only_first)
    assert len(dissector.packets(asked_twice)) == 2
    once = asked_twice[: (24 + len(asked_twice)) // 2]
    assert not capture.same(asked_twice, once)
    assert settled(tmp_path, "out-docker0", only_first)["out-docker0"].text


def _scapy(frame: bytearray) -> Any:
    from scapy.layers import inet, l2  # noqa: PLC0415 - slow to import

    packet = l2.Ether(bytes(frame[16:]))
    assert inet.TCP in packet
    return packet


def _framed(old: bytearray, packet: Any) -> bytearray:
    """A record of a packet whose lengths and sums follow what was changed."""
    for layer, field in (("IP", "len"), ("IP", "chksum"), ("TCP", "chksum")):
        delattr(packet[layer], field)
    data = bytes(packet)
    size = len(data).to_bytes(4, "little")
    return old[:8] + bytearray(size + size + data)


def split(frames: Frames) -> None:
    """The same bytes in two writes."""
    index = next(index for index, frame in enumerate(frames) if len(_scapy(frame)["TCP"].payload))
    whole, half = frames[index], 9
    first, second = _scapy(whole), _scapy(whole)
    data = bytes(first["TCP"].payload)
    first["TCP"].remove_payload()
    second["TCP"].remove_payload()
    second["TCP"].seq += half
    frames[index : index + 1] = [
        _framed(whole, first / data[:half]),
        _framed(whole, second / data[half:]),
    ]


def acknowledged_once_more(frames: Frames) -> None:
    """An acknowledgement of the first half of some data, before that of all."""
    index = next(index for index, frame in enumerate(frames) if len(_scapy(frame)["TCP"].payload))
    data = _scapy(frames[index])["TCP"]
    answer = next(sent for sent in frames[index + 1 :] if _scapy(sent)["TCP"].sport == data.dport)
    early = _scapy(answer)
    early["TCP"].remove_payload()
    early["TCP"].ack = data.seq + 9
    early["TCP"].flags = "A"
    frame = _framed(answer, early)
    # Left to the device, as in the answer: the sum of the pseudo header alone.
    length = len(frame) - 16 - 34
    pseudo = bytes(frame[42:50]) + b"\0\6" + length.to_bytes(2, "big")
    frame[66:68] = checksum.total(pseudo).to_bytes(2, "big")
    frames.insert(index + 1, frame)


def read_less(frames: Frames) -> None:
    """The last segment is missing, and what it acknowledges."""
    frames.pop()


@pytest.mark.parametrize("change", [split, acknowledged_once_more], ids=lambda one: one.__name__)
def test_what_is_only_timing_in_tcp_is_not_shown(change: Callable[[Frames], None]) -> None:
    old = pcap(captures("old")["in-docker0"])
    new = changed(old, change)
    assert len(dissector.packets(new)) == len(dissector.packets(old)) + 1
    assert {packet.layers[2]["checksum"].state for packet in dissector.packets(new)} == {
        packet.layers[2]["checksum"].state for packet in dissector.packets(old)
    }
    assert capture.same(old, new)
    assert capture.same(new, old)
    assert not capture.same(old, changed(new, read_less))


def both(order: str) -> bytes:
    """A TCP conversation (t) and ARP with a ping (p), as they came in at one bridge, in order."""
    frames: dict[str, list[bytes]] = {}
    for letter, name in (("t", "in-docker0"), ("p", "talk")):
        kept: Frames = []
        data = changed(pcap(captures("old")[name]), lambda found, kept=kept: kept.extend(found))  # type: ignore[misc]
        frames[letter] = [bytes(frame) for frame in kept]
    return data[:24] + b"".join(frames[letter].pop(0) for letter in order)


def test_how_conversations_are_interleaved_is_chance() -> None:
    assert capture.same(both("tttppp"), both("tptptp"))
    assert capture.same(both("tptptp"), both("tttppp"))


def test_which_conversation_began_first_is_a_fact() -> None:
    assert not capture.same(both("tttppp"), both("pttptp"))


def test_one_changed_capture_of_a_command_makes_all_of_them_new(tmp_path: Path) -> None:
    """What is drawn hop by hop is of one run."""

    def of(name: str, during: str) -> Block:
        where = CaptureOf("docker0", during, "", 1, closed=False, netns="", container="")
        return Block("page", name, 1, "capture", "node0", "tcpdump", capture=where)

    new = captures("new")
    path = tmp_path / "in-docker0.node0.docker0.pcap"
    path.write_bytes(changed(pcap(new["in-docker0"]), ttl))
    new["in-docker0"] = replace(new["in-docker0"], pcap=path)
    before, after = (
        write(tmp_path / "a", captures("old").values()),
        write(tmp_path / "b", new.values()),
    )
    kept = {}
    for during in ("same", "other"):
        out = tmp_path / during
        out.mkdir()
        blocks = (of("in-docker0", "ask"), of("out-docker0", "ask" if during == "same" else "x"))
        settle_page.settle(replace(page(), blocks=blocks), before, after, out, {})
        file = "out-docker0.node0.docker0.pcap"
        kept[during] = (out / file).read_bytes() == (before / file).read_bytes()
    assert kept == {"same": False, "other": True}


def test_a_changed_capture_is_kept_under_the_old_names(tmp_path: Path) -> None:
    old, new = captures("old"), captures("new")
    answers = settled(tmp_path, "out-docker0", ttl)
    packets = dissector.packets(pcap(answers["out-docker0"]))
    was, now = (
        dissector.packets(pcap(old["out-docker0"])),
        dissector.packets(pcap(new["out-docker0"])),
    )
    for name in ("src", "dst"):
        assert packets[0].layers[0][name].value == was[0].layers[0][name].value
        assert packets[0].layers[0][name].value != now[0].layers[0][name].value
    assert packets[0].layers[2]["sport"].value == was[0].layers[2]["sport"].value
    assert packets[0].layers[2]["seq"].value == now[0].layers[2]["seq"].value, "noise of a change"
    assert [packet.layers[2]["checksum"].state for packet in packets] == [
        packet.layers[2]["checksum"].state for packet in now
    ]
    assert str(was[0].layers[0]["src"].value) in answers["out-docker0"].text
    assert str(now[0].layers[0]["src"].value) not in answers["out-docker0"].text


def says(name: str) -> Callable[[Frames], None]:
    """A payload that ends with a container's id."""

    def change(frames: Frames) -> None:
        frames[2][-13:] = b" " + name.encode()

    return change


def test_an_id_in_a_payload_takes_its_old_name(tmp_path: Path) -> None:
    ids = {"old": "385d43cc7ae5" + "0" * 52, "new": "7ab1fc0697e4" + "1" * 52}
    sides = {}
    for side, whole in ids.items():
        capture = captures(side)["in-docker0"]
        path = tmp_path / side / "in-docker0.node0.docker0.pcap"
        path.parent.mkdir()
        path.write_bytes(changed(pcap(capture), says(whole[:12])))
        sides[side] = [replace(capture, pcap=path), recording("run", whole + "\n")]
    settled = settle(tmp_path, sides["old"], sides["new"])
    assert pcap(settled["in-docker0"]) == pcap(sides["old"][0])
    path.write_bytes(changed(pcap(captures("new")["in-docker0"]), says("7ab1fc0697e5")))
    settled = settle(tmp_path, sides["old"], sides["new"])
    assert b"7ab1fc0697e5" in pcap(settled["in-docker0"])


def test_the_name_of_a_file_follows_the_name_of_its_interface(tmp_path: Path) -> None:
    sides = {}
    for side, veth in (("old", "vethdd93b3d"), ("new", "veth4290bf2")):
        capture = captures(side)["talk"]
        path = tmp_path / side / f"talk.node0.{veth}.pcap"
        path.parent.mkdir()
        path.write_bytes(pcap(capture))
        sides[side] = [replace(capture, pcap=path), recording("name", f"{veth}\n")]
    settled = settle(tmp_path, sides["old"], sides["new"])
    assert settled["talk"].pcap is not None
    assert settled["talk"].pcap.name == "talk.node0.vethdd93b3d.pcap"


SAMPLES = sorted(path.stem for path in PACKETS.glob("*.pcap"))


@pytest.mark.parametrize("sample", SAMPLES)
def test_renaming_leaves_every_checksum_as_it_was(sample: str) -> None:
    """Right, wrong, partial and none: MACs, ports and what is computed from a MAC are renamed."""
    data = (PACKETS / f"{sample}.pcap").read_bytes()
    before = dissector.packets(data)
    renaming = Renaming()
    macs = {
        str(layer[name].value)
        for packet in before
        for layer in packet.layers
        if layer.name == "Ethernet"
        for name in ("src", "dst")
        if layer.get(name) and not int(str(layer[name].value)[:2], 16) & 1
    }
    for number, mac in enumerate(sorted(macs)):
        renaming.add(("mac", "", mac), f"b2:00:5e:10:00:{number:02x}")
    for port_number in range(32768, 61000):
        renaming.add(("port", "", str(port_number)), str(93767 - port_number))
    after = dissector.packets(capture.rename(data, renaming))
    for was, now in zip(before, after, strict=True):
        for layer, same in zip(was.layers, now.layers, strict=True):
            field, new = layer.get("checksum"), same.get("checksum")
            if field is not None and new is not None:
                assert (layer.name, field.state) == (same.name, new.state), was.number
    if macs:
        assert capture.rename(data, renaming) != data
