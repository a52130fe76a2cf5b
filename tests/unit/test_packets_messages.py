"""Two streams of bytes become messages: of HTTP and DNS, whole and in parts.

The segments of DNS are made with scapy, as its ids and names; those of HTTP from real ones.
"""

from pathlib import Path
from typing import Any

import pytest

from macros.packets import dissector, http, messages, purpose, streams
from macros.packets.messages import Message, Talk
from macros.packets.packet import Packet
from macros.settle import capture
from tests.unit.segment_support import built, pcap_of

DATA = Path(__file__).parent.parent / "data"
HEAD = (DATA / "packets" / "http-nooffload.pcap").read_bytes()[:24]
CLIENT, SERVER = ("10.42.0.5", 40000), ("10.43.0.10", 53)


def segment(source: Any, target: Any, seq: int, ack: int, data: bytes, flags: str = "PA") -> bytes:
    from scapy.layers import inet, l2  # noqa: PLC0415 - slow to import

    ip = inet.IP(src=source[0], dst=target[0], id=7)
    tcp = inet.TCP(sport=source[1], dport=target[1], seq=seq, ack=ack, flags=flags)
    macs = {"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02"}
    return built(l2.Ether(**macs) / ip / tcp / data)


def query(number: int, name: str = "hello.default.svc.cluster.local") -> bytes:
    from scapy.layers import dns  # noqa: PLC0415 - slow to import

    raw = bytes(dns.DNS(id=number, rd=1, qd=dns.DNSQR(qname=name)))
    return len(raw).to_bytes(2, "big") + raw


def answer(number: int, address: str, name: str = "hello.default.svc.cluster.local") -> bytes:
    from scapy.layers import dns  # noqa: PLC0415 - slow to import

    record = dns.DNSRR(rrname=name, ttl=5, rdata=address)
    raw = bytes(dns.DNS(id=number, qr=1, rd=1, ra=1, qd=dns.DNSQR(qname=name), an=record))
    return len(raw).to_bytes(2, "big") + raw


def asked(*ids: int, address: str = "10.43.0.80", turned: bool = False) -> bytes:
    """Two questions and their answers, each in a segment of its own, as a capture."""
    first, second = query(ids[0]), query(ids[1], "tools.default")
    replies = [answer(ids[0], address), answer(ids[1], "10.42.0.7", "tools.default")]
    request, reply = replies[::-1] if turned else replies
    start = 1000 + ids[0] % 7
    return pcap_of(
        HEAD,
        [
            segment(CLIENT, SERVER, start, 500, first),
            segment(CLIENT, SERVER, start + len(first), 500, second),
            segment(SERVER, CLIENT, 500, start + len(first) + len(second), request),
            segment(SERVER, CLIENT, 500 + len(request), start + len(first) + len(second), reply),
        ],
    )


def talk(packets: tuple[Packet, ...]) -> Talk:
    spoken = messages.talk(list(streams.segments(packets, streams.Starts(packets))))
    assert spoken is not None
    return spoken


def named(found: Talk) -> list[list[str]]:
    return [[message.what for message in mine] for mine in found.ways.values()]


def test_dns_is_read_to_its_last_record() -> None:
    spoken = talk(dissector.packets(asked(7, 8)))
    assert named(spoken) == [
        ["DNS query A hello.default.svc.cluster.local", "DNS query A tools.default"],
        [
            "DNS answer to A hello.default.svc.cluster.local: no error",
            "DNS answer to A tools.default: no error",
        ],
    ]
    reply = list(spoken.ways.values())[1][0].layer
    assert reply["answer"].shown == "A hello.default.svc.cluster.local 5 10.43.0.80"
    for mine in spoken.ways.values():
        for message in mine:
            ends = [field.offset + field.length for field in message.layer.fields]
            assert [0, *ends[:-1]] == [field.offset for field in message.layer.fields]
            assert ends[-1] == 8 * len(message.data)


def test_the_ids_of_dns_are_noise_and_whose_they_are_is_not() -> None:
    assert capture.same(asked(7, 8), asked(4711, 12))
    assert not capture.same(asked(7, 8), asked(7, 8, address="10.43.0.81"))
    assert not capture.same(asked(7, 8), asked(7, 8, turned=True))
    wrong = asked(7, 8).replace((8).to_bytes(2, "big") + b"\x81\x80", b"\x00\x09\x81\x80")
    assert not capture.same(asked(7, 8), wrong)


def test_a_message_of_dns_is_what_a_capture_can_be_for() -> None:
    packets = dissector.packets(asked(7, 8))
    layer = purpose.kept(packets, "dns answer tools.default")
    assert isinstance(layer, Message)
    assert layer.what == "DNS answer to A tools.default: no error"
    assert purpose.kept(packets, "dns answer gone.default") is None
    second = purpose.kept(packets, "dns query #2")
    assert isinstance(second, Message)
    assert second.what == "DNS query A tools.default"


HELLO = b"HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 04:05:06 GMT\r\n"


@pytest.mark.parametrize(
    ("data", "methods", "whole", "sizes"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\n\r\n", [], False, [27, 19]),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", [], False, [41]),
        (b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nabc", [], False, []),
        (HELLO + b"content-length: 5\r\n\r\nhello", ["GET"], False, [80]),
        (HELLO + b"Content-Length: 5\r\n\r\n", ["HEAD"], False, [75]),
        (HELLO + b"Content-Length: 5\r\n\r\nhell", ["GET"], False, []),
        (HELLO + b"Content-Length: -5\r\n\r\nhello", ["GET"], False, []),
        (HELLO + b"\r\nuntil the end", ["GET"], True, [69]),
        (HELLO + b"\r\nuntil the end", ["GET"], False, []),
        (HELLO + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", ["GET"], False, [97]),
        (HELLO + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", ["GET"], False, []),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + HELLO + b"Content-Length: 0\r\n\r\n", ["PUT"], False, [25, 75]),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", ["GET"], False, [48]),
        (b"SSH-2.0-OpenSSH_9.2\r\n", [], True, []),
        (b"GET / HTTP/1.1\r\nHost", [], True, []),
    ],
)  # fmt: skip
def test_a_message_of_http_ends_where_it_says(
    data: bytes, methods: list[str], whole: bool, sizes: list[int]
) -> None:
    assert list(http.sizes(data, iter(methods), whole=whole)) == sizes


def test_where_chunks_end_is_timing_and_what_they_carry_is_not() -> None:
    chunked = HELLO + b"Transfer-Encoding: chunked\r\n\r\n"
    first, second, third = (
        http.said(chunked + body + b"0\r\n\r\n")
        for body in (b"6\r\nabcdef\r\n", b"2\r\nab\r\n4\r\ncdef\r\n", b"6\r\nabcdeg\r\n")
    )
    assert first == second
    assert first != third
    assert b"2026" not in first


def test_a_stream_without_messages_is_none() -> None:
    packets = dissector.packets(
        pcap_of(HEAD, [segment(CLIENT, ("10.43.0.1", 22), 1, 1, b"SSH-2.0-OpenSSH_9.2\r\n")])
    )
    assert messages.talk(list(streams.segments(packets, streams.Starts(packets)))) is None


@pytest.mark.parametrize("base", [0, 1000, 2**31 - 5, 2**32 - 20, 2**32 - 1])
def test_sequence_numbers_go_round(base: int) -> None:
    first, second = query(1), query(2)
    packets = dissector.packets(
        pcap_of(
            HEAD,
            [
                segment(CLIENT, SERVER, base, 1, first),
                segment(CLIENT, SERVER, (base + len(first)) % 2**32, 1, second),
            ],
        )
    )
    (mine,) = talk(packets).ways.values()
    assert [(message.first, message.end) for message in mine] == [
        (1, 1 + len(first)),
        (1 + len(first), 1 + len(first) + len(second)),
    ]


def test_what_is_missing_in_a_stream_is_a_gap_and_the_rest_is_still_read() -> None:
    packets = dissector.packets(
        pcap_of(
            HEAD,
            [
                segment(CLIENT, SERVER, 100, 1, query(1)),
                segment(CLIENT, SERVER, 300, 1, query(2)),
            ],
        )
    )
    (mine,) = talk(packets).ways.values()
    assert [message.whole for message in mine] == [True, True]
    assert mine[1].first - mine[0].end == 200 - len(query(1))
