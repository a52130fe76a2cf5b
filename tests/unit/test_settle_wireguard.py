"""WireGuard on two labs with other keys: what is the same, and what is still told."""

from dataclasses import replace
from pathlib import Path

from macros.ground.model import Recording
from macros.store import form
from tests.unit.settle_support import DATA, recording, settle

ONE, TWO = DATA / "wireguard" / "one", DATA / "wireguard" / "two"
CAPTURES = ("wire", "moved-wire", "full-wire")


def run(folder: Path) -> list[Recording]:
    """What one lab answered and captured."""
    texts = [form.read(folder / f"{name}.txt", "") for name in ("peer0", "learned", "roamed")]
    return [*texts, *(recording(name, pcap=folder / f"{name}.pcap") for name in CAPTURES)]


def test_another_lab_has_the_same_keys_and_packets(tmp_path: Path) -> None:
    settled = settle(tmp_path, run(ONE), run(TWO))
    for name in ("learned", "roamed"):
        assert settled[name].text == form.read(ONE / f"{name}.txt", "").text
    for name in CAPTURES:
        kept = settled[name].pcap
        assert kept is not None
        assert kept.read_bytes() == (ONE / f"{name}.pcap").read_bytes(), name


def test_a_peer_with_other_addresses_is_told(tmp_path: Path) -> None:
    new = [
        replace(
            one, text=one.text.replace("allowed ips: 10.99.0.1/32", "allowed ips: 10.99.0.9/32")
        )
        for one in run(TWO)
    ]
    settled = settle(tmp_path, run(ONE), new)
    assert "allowed ips: 10.99.0.9/32" in settled["learned"].text


def test_exchanged_keys_are_told(tmp_path: Path) -> None:
    peer, own = "6N9y06GehgNFX5ASPoFZo", "9besceQKSrwOIY4Q48hL8"
    new = [
        replace(one, text=one.text.replace(peer, "x").replace(own, peer).replace("x", own))
        if one.id == "roamed"
        else one
        for one in run(TWO)
    ]
    ends = [one.text.split("=")[0] for one in new]
    assert ends
    settled = settle(tmp_path, run(ONE), new)
    old = form.read(ONE / "roamed.txt", "").text
    assert settled["learned"].text == form.read(ONE / "learned.txt", "").text
    assert settled["roamed"].text != old
