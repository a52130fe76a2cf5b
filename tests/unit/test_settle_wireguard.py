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
    settled = settle(tmp_path, run(ONE), new)
    old = form.read(ONE / "roamed.txt", "").text
    assert settled["learned"].text == form.read(ONE / "learned.txt", "").text
    assert settled["roamed"].text != old


def test_a_key_that_stands_alone_is_the_one_that_others_name(tmp_path: Path) -> None:
    def alone(folder: Path) -> list[Recording]:
        key = form.read(folder / "learned.txt", "").text.split("peer: ")[1].split("\n")[0]
        return [*run(folder), recording("own", f"{key}\n", "wg pubkey </run/wg0.key")]

    settled = settle(tmp_path, alone(ONE), alone(TWO))
    assert settled["own"].text == alone(ONE)[-1].text
    digest = [recording("sum", alone(side)[-1].text, "openssl dgst") for side in (ONE, TWO)]
    settled = settle(tmp_path, digest[:1], digest[1:])
    assert settled["sum"].text == digest[1].text, "nothing says that it is a key"
