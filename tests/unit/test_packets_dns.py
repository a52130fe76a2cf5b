"""DNS in datagrams: a real search for hello.default, read, shown, and compared both ways."""

import struct

import pytest

from macros.packets.dissector import packets
from macros.packets.packet import Packet
from macros.packets.packet_records import record as records
from macros.settle import capture
from tests.unit.settle_support import DATA

SEARCH = (DATA.parent / "dns" / "search.pcap").read_bytes()


def dns(number: int) -> dict[str, object]:
    layer: dict[str, object] = records(packets(SEARCH))[number - 1]["dns"]
    return layer


def replaced(old: bytes, new: bytes) -> bytes:
    """The capture with some bytes replaced; its UDP checksums are partial, so they hold anyway."""
    assert SEARCH.count(old), "what is to be changed is in the capture"
    assert len(old) == len(new)
    return SEARCH.replace(old, new)


def same(new: bytes) -> bool:
    return capture.same(SEARCH, new)


def test_a_short_name_is_tried_with_one_ending_after_another() -> None:
    assert dns(1)["question"] == "A hello.default.default.svc.cluster.local"
    assert dns(2)["code"] == "3 no such name"
    assert str(dns(2)["authority"]).startswith("SOA cluster.local 5 ns.dns.cluster.local")
    assert dns(3)["question"] == "A hello.default.svc.cluster.local"
    assert str(dns(4)["answer"]).endswith(" 10.43.0.80")


def test_a_datagram_is_summed_up_by_its_message() -> None:
    first, second, *_ = records(packets(SEARCH))
    assert "DNS query A hello.default.default.svc.cluster.local" in first["summary"]
    assert second["summary"].endswith("no such name")


def test_what_is_no_message_stays_data() -> None:
    cut = bytearray(SEARCH)
    # 1 question becomes 9: more than the datagram holds.
    offset = cut.index(b"\x00\x01\x00\x00\x00\x00\x00\x00\x05hello")
    cut[offset : offset + 2] = b"\x00\x09"
    first = packets(bytes(cut))[0]
    assert _names(first)[-1] == "Data"


def test_ids_times_to_live_and_the_serial_are_noise() -> None:
    ident = bytes.fromhex("1d71")
    assert same(replaced(ident, b"\xab\xcd"))
    ttl = struct.pack(">IH", 1, 4) + bytes([10, 43, 0, 80])
    assert same(replaced(ttl, struct.pack(">IH", 4, 4) + bytes([10, 43, 0, 80])))
    serial = bytes.fromhex("6b0c354d")
    assert same(replaced(serial, b"\x6b\x0c\x35\x99"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (bytes([10, 43, 0, 80]), bytes([10, 43, 0, 81])),
        (b"\x05hello\x07default\x03svc", b"\x05hullo\x07default\x03svc"),
        (b"\x03dns\x07cluster", b"\x03dnz\x07cluster"),
    ],
    ids=["address", "name", "authority"],
)
def test_another_name_or_address_is_a_change(old: bytes, new: bytes) -> None:
    assert not same(replaced(old, new))


def test_an_answer_to_another_question_is_a_change() -> None:
    """Questions are numbered by their ids: an answer with the id of the other one is no answer."""
    second = SEARCH.rindex(bytes.fromhex("26c5"))
    crossed = SEARCH[:second] + bytes.fromhex("1d71") + SEARCH[second + 2 :]
    assert not same(crossed)


def _names(packet: Packet) -> list[str]:
    return [layer.name for layer in packet.layers]
