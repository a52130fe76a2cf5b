"""DNS messages, field by field: RFC 1035, sections 4.1 and 4.2; TCP puts a length in front of each.

Types and codes: IANA "dns-parameters". Names can point back into the message (section 4.1.4).
"""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

from macros.packets.bits import Bits
from macros.packets.packet import Layer

NAME = "DNS"
PORT = 53
_LENGTH = 2  # bytes: what TCP needs in front of a message
_HEAD = _LENGTH + 12  # and the header
RECORDS = ("answer", "authority", "extra")
"""The fields that hold records."""
_TYPES = {
    1: "A",
    2: "NS",
    5: "CNAME",
    6: "SOA",
    12: "PTR",
    15: "MX",
    16: "TXT",
    28: "AAAA",
    33: "SRV",
    41: "OPT",
    64: "SVCB",
    65: "HTTPS",
    252: "AXFR",
    255: "ANY",
}
_ANSWERS = {0: "no error", 1: "format error", 2: "server failure", 3: "no such name", 5: "refused"}
_MOST_JUMPS = 64  # pointers in one name: more is a circle


class MalformedError(ValueError):
    """What was read is no DNS message."""


def sizes(data: bytes) -> Iterator[int]:
    """The lengths of the whole messages that `data` begins with, one after the other."""
    offset = 0
    while len(data) - offset >= _HEAD:
        size = 2 + int.from_bytes(data[offset : offset + 2], "big")
        if not _HEAD <= size <= len(data) - offset or not _well_formed(
            data[offset : offset + size]
        ):
            return
        yield size
        offset += size


def is_datagram(data: bytes) -> bool:
    """Whether the data of a datagram is one whole message."""
    return len(data) >= _HEAD - _LENGTH and _well_formed(bytes(_LENGTH) + data)


def _well_formed(data: bytes) -> bool:
    try:
        ends = [end for _, end, _ in _parts(data)]
    except MalformedError:
        return False
    return (ends or [_HEAD])[-1] == len(data)


def what(layer: Layer) -> str:
    """A message in a few words: "query A hello.default.svc.cluster.local"."""
    answer = layer.get("answers")
    questions = ", ".join(field.shown for field in layer.fields if field.name == "question")
    if answer is None or not int(layer["response"].value):
        return f"query {questions}".rstrip()
    return f"answer to {questions}: {layer['code'].shown.partition(' ')[2]}"


def lasting(record: str) -> str:
    """A record as it is shown, without its time to live and a zone's serial.

    Caches count the first down, and CoreDNS takes the second from the clock.
    """
    kind, name, _, value = record.split(" ", 3)
    if kind == "SOA":
        words = value.split(" ")
        value = " ".join(words[:2] + words[3:])
    return f"{kind} {name} {value}"


def message(bits: Bits) -> None:
    """One message in a TCP stream, from its length to its end."""
    bits.number("length", "length", 16, "{}", "of the message; only TCP needs it")
    _fields(bits, bits.around.data[bits.offset : bits.stop])


def datagram(bits: Bits) -> None:
    """The one message of a UDP datagram."""
    _fields(bits, bytes(_LENGTH) + bits.around.data[bits.offset : bits.stop])


def _fields(bits: Bits, data: bytes) -> None:
    """Header, questions and records; `data` is the message behind its two bytes of length."""
    bits.number("id", "id", 16, "0x{:04x}", "chosen by who asks; the answer repeats it")
    bits.number("response", "response", 1, lambda value: "1 yes" if value else "0 no")
    bits.number("opcode", "opcode", 4)
    for name, label in (
        ("authoritative", "authoritative"),
        ("truncated", "truncated"),
        ("recursion", "recursion desired"),
        ("recursive", "recursion available"),
    ):
        bits.number(name, label, 1)
    bits.number("reserved", "reserved", 3)
    bits.number("code", "code", 4, lambda value: f"{value} {_ANSWERS.get(value, '')}".rstrip())
    for name in ("questions", "answers", "authorities", "additional"):
        bits.number(name, name, 16)
    start = _HEAD
    for name, end, shown in _parts(data):
        bits.bytes(name, name, end - start)
        bits.fields[-1] = replace(bits.fields[-1], value=shown, shown=shown)
        start = end


def _parts(data: bytes) -> list[tuple[str, int, str]]:
    """Questions and records: what each is, where it ends, how it is shown."""
    counts = [int.from_bytes(data[start : start + 2], "big") for start in range(6, _HEAD, 2)]
    names = ("question", *RECORDS)
    parts: list[tuple[str, int, str]] = []
    offset = _HEAD
    for name, count in zip(names, counts, strict=True):
        for _ in range(count):
            offset, shown = _question(data, offset) if name == "question" else _record(data, offset)
            parts.append((name, offset, shown))
    return parts


def _question(data: bytes, offset: int) -> tuple[int, str]:
    name, offset = _name(data, offset)
    if offset + 4 > len(data):
        raise MalformedError
    return offset + 4, f"{_type(data, offset)} {name}"


def _type(data: bytes, offset: int) -> str:
    number = int.from_bytes(data[offset : offset + 2], "big")
    return _TYPES.get(number, f"type {number}")


def _record(data: bytes, offset: int) -> tuple[int, str]:
    name, offset = _name(data, offset)
    if offset + 10 > len(data):
        raise MalformedError
    kind, ttl = _type(data, offset), int.from_bytes(data[offset + 4 : offset + 8], "big")
    start = offset + 10
    end = start + int.from_bytes(data[offset + 8 : offset + 10], "big")
    if end > len(data):
        raise MalformedError
    return end, f"{kind} {name} {ttl} {_value(data, kind, start, end)}"


def _value(data: bytes, kind: str, start: int, end: int) -> str:
    raw = data[start:end]
    if kind == "A" and len(raw) == 4:
        return str(IPv4Address(raw))
    if kind == "AAAA" and len(raw) == 16:
        return str(IPv6Address(raw))
    if kind in {"NS", "CNAME", "PTR"}:
        name, after = _name(data, start)
        if after == end:
            return name
    if kind == "SOA":
        primary, after = _name(data, start)
        mailbox, after = _name(data, after)
        if after + 20 == end:
            numbers = (str(int.from_bytes(data[i : i + 4], "big")) for i in range(after, end, 4))
            return f"{primary} {mailbox} {' '.join(numbers)}"
    return raw.hex(" ") or "empty"


def _name(data: bytes, offset: int) -> tuple[str, int]:
    """A name, and where it ends; bytes that are no letters are escaped."""
    labels: list[str] = []
    end, jumps = 0, 0
    while True:
        size = data[offset] if offset < len(data) else 0x40
        if size >= 0xC0 and offset + 1 < len(data):
            end = end or offset + 2
            offset = 2 + ((size & 0x3F) << 8 | data[offset + 1])
            jumps += 1
        elif size > 63 or jumps > _MOST_JUMPS or offset + 1 + size > len(data):
            raise MalformedError
        elif size == 0:
            return ".".join(labels) or ".", end or offset + 1
        else:
            raw = data[offset + 1 : offset + 1 + size]
            labels.append(raw.decode("ascii", "backslashreplace"))
            offset += 1 + size
