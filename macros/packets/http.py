"""HTTP/1 messages in a TCP stream, line by line: RFC 9112.

Where a message ends: section 6.3. Lines of its head are fields by their names; a body that came
in chunks (section 7.1) is shown put together, for where chunks end is the sender's timing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from macros.packets.bits import Bits
from macros.packets.packet import Layer

NAME = "HTTP"
_START = re.compile(
    rb"(?:(?P<method>[A-Z]+) [^ \r\n]+ HTTP/1\.[01]|HTTP/1\.[01] (?P<code>\d{3})[^\r\n]*)\r\n"
)
_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*?)[ \t]*\r\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]*\r\n")
_DATE = re.compile(rb"(?m)^((?:Date|Last-Modified|Expires): )[^\r\n]*")
"""The lines of a head that are dates: RFC 9110, sections 6.6.1 and 8.8.2; RFC 9111, section 5.3."""


def sizes(data: bytes, methods: Iterable[str], *, whole: bool) -> Iterator[int]:
    """The lengths of the whole messages that `data` begins with, one after the other.

    `methods` are those of the requests that answers in it belong to: an answer to HEAD has no
    body. `whole` says that nothing follows: an answer without a length ends where its stream does.
    """
    asked = iter(methods)
    offset = 0
    while start := _START.match(data, offset):
        lines, end = _head(data, start.end())
        if end is None:
            return
        if start["code"] and start["code"][:1] != b"1":
            body = _body(data, end, lines, whole=whole, answer=True)
            if next(asked, "") == "HEAD" or start["code"] in {b"204", b"304"}:
                body = end
        else:
            body = end if start["code"] else _body(data, end, lines, whole=whole, answer=False)
        if body is None or body > len(data):
            return
        yield body - offset
        offset = body


def _head(data: bytes, offset: int) -> tuple[dict[bytes, bytes], int | None]:
    """The lines of a head by their names in small letters, and where it ends."""
    lines: dict[bytes, bytes] = {}
    while line := _LINE.match(data, offset):
        lines.setdefault(line[1].lower(), line[2])
        offset = line.end()
    return lines, offset + 2 if data[offset : offset + 2] == b"\r\n" else None


def _body(
    data: bytes, offset: int, lines: dict[bytes, bytes], *, whole: bool, answer: bool
) -> int | None:
    """Where the body that begins at `offset` ends; None where that is not known."""
    if lines.get(b"transfer-encoding", b"").lower().endswith(b"chunked"):
        chunks = _chunks(data, offset)
        return None if chunks is None else chunks[0]
    length = lines.get(b"content-length")
    if length is not None:
        return offset + int(length) if length.isdigit() and len(length) < 12 else None
    if not answer:
        return offset
    return len(data) if whole else None


def _chunks(data: bytes, offset: int) -> tuple[int, bytes] | None:
    """Where a body in chunks ends, and what they carry; None where it does not end."""
    carried: list[bytes] = []
    while chunk := _CHUNK.match(data, offset):
        size = int(chunk[1], 16)
        offset = chunk.end()
        if size == 0:
            trailer, end = _head(data, offset)
            carried += [name + b": " + value + b"\r\n" for name, value in trailer.items()]
            return None if end is None else (end, b"".join(carried))
        if data[offset + size : offset + size + 2] != b"\r\n":
            return None
        carried.append(data[offset : offset + size])
        offset += size + 2
    return None


def undated(data: bytes) -> bytes:
    """The same without the values of dates."""
    return _DATE.sub(rb"\1", data)


def methods(data: bytes) -> list[str]:
    """The methods of the requests that `data` begins with."""
    starts, offset = [], 0
    for size in sizes(data, (), whole=True):
        start = _START.match(data, offset)
        if start is not None and start["method"]:
            starts.append(start["method"].decode("ascii"))
        offset += size
    return starts


def said(data: bytes) -> bytes:
    """A message without its dates, and with a body that came in chunks put together."""
    start = _START.match(data)
    if start is None:
        return data
    lines, end = _head(data, start.end())
    if end is None:
        return data
    chunked = lines.get(b"transfer-encoding", b"").lower().endswith(b"chunked")
    chunks = _chunks(data, end) if chunked else None
    body = data[end:] if chunks is None else chunks[1] + data[chunks[0] :]
    return undated(data[:end]) + undated(body)


def what(layer: Layer) -> str:
    """A message by its first line: "GET / HTTP/1.1", "HTTP/1.1 200 OK"."""
    return layer.fields[0].shown


def message(bits: Bits) -> None:
    """One message, from its first line to the end of its body."""
    data = bits.around.data[bits.offset : bits.stop]
    start = _START.match(data)
    if start is None:
        return
    _line(bits, "start", "first line", start[0])
    offset = start.end()
    while line := _LINE.match(data, offset):
        name = line[1].decode("ascii")
        _line(bits, name.lower(), name, line[0], line[2])
        offset = line.end()
    if bits.left >= 2:
        bits.bytes("blank", "empty line", 2, lambda _: "", "the head ends here")
    if bits.left:
        lines, end = _head(data, start.end())
        body = data[end:]
        if end is not None and lines.get(b"transfer-encoding", b"").lower().endswith(b"chunked"):
            chunks = _chunks(data, end)
            body = body if chunks is None else chunks[1]
        shown = _text(undated(body))
        bits.bytes("body", "body", bits.left, lambda _: shown)


def _line(bits: Bits, name: str, label: str, line: bytes, value: bytes | None = None) -> None:
    shown = _text(line.rstrip(b"\r\n") if value is None else value)
    bits.bytes(name, label, len(line), lambda _: shown)
    if name in {"date", "last-modified", "expires"}:
        bits.fields[-1] = replace(bits.fields[-1], value="a date", shown="a date")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
