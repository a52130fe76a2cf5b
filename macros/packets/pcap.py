"""The records of a pcap file, and what is wrong with a broken one.

scapy's own reader ends silently at a record that is cut; a recording that lost its end must not
pass as a short one. Format: draft-ietf-opsawg-pcap, https://www.tcpdump.org/linktypes.html.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from macros.ground.errors import GuideError

# The first four bytes, and the byte order and the nanoseconds a unit of the fraction is worth.
_MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
_PCAPNG = b"\x0a\x0d\x0d\x0a"
_FIX = "record the capture again: guide record"
# No snap length is larger (MAXIMUM_SNAPLEN of libpcap): a longer record is a damaged one.
_LONGEST = 262144


@dataclass(frozen=True, slots=True)
class Record:
    """One packet of a file: nanoseconds since 1970, its length on the wire, the bytes kept."""

    time: int
    wire: int
    data: bytes


_HEAD, _RECORD = 24, 16  # bytes: the headers of a file and of each of its packets


class Reader:
    """Reads a pcap file that comes in pieces: each byte of it is looked at once.

    `name` is what errors call it. `ends` has the offset behind each whole packet so far. Raises
    GuideError naming what is wrong and the offset of the byte where it shows.
    """

    def __init__(self, name: str = "capture") -> None:
        self._name = name
        self._raw = bytearray()
        self._next = 0  # offset of the next record, once the file's own header is read
        self._order, self._unit = "<", 1000
        self.link = 0
        self.ends: list[int] = []

    def take(self, piece: bytes) -> list[Record]:
        """The packets that are whole with the next bytes of the file."""
        self._raw += piece
        if not self._next and not self._head():
            return []
        whole: list[Record] = []
        while len(self._raw) - self._next >= _RECORD:
            seconds, fraction, kept, wire = struct.unpack_from(
                f"{self._order}IIII", self._raw, self._next
            )
            if kept > _LONGEST or fraction * self._unit >= 1_000_000_000:
                raise self._broken("its record header makes no sense", self._next)
            start = self._next + _RECORD
            if len(self._raw) < start + kept:
                break
            data = bytes(memoryview(self._raw)[start : start + kept])
            whole.append(Record(seconds * 1_000_000_000 + fraction * self._unit, wire, data))
            self._next = start + kept
            self.ends.append(self._next)
        return whole

    def end(self) -> None:
        """See that the file is whole."""
        size = len(self._raw)
        if not size:
            raise self._damaged("the file is empty, it has not even the header of a pcap file", 0)
        if not self._next:
            raise self._damaged(f"the file header has {_HEAD} bytes, the file only {size}", size)
        left = size - self._next
        if 0 < left < _RECORD:
            what = f"{left} of {_RECORD} bytes of its record header"
            raise self._broken(what, self._next)
        if left:
            kept = struct.unpack_from(f"{self._order}I", self._raw, self._next + 8)[0]
            raise self._broken(f"{left - _RECORD} of its {kept} bytes", self._next + _RECORD)

    def bytes(self, count: int | None = None) -> bytes:
        """The file up to the end of packet number `count`, or of the last that is whole."""
        ends = [_HEAD, *self.ends]
        stop = ends[-1] if count is None else ends[min(count, len(ends) - 1)]
        return bytes(memoryview(self._raw)[:stop])

    def _head(self) -> bool:
        """Read the file's own header, once it is there."""
        raw = bytes(self._raw[:_HEAD])
        if raw[:4] == _PCAPNG:
            raise self._damaged("this is pcapng; captures are kept as pcap (tcpdump -w)", 0)
        if len(raw) >= 4 and raw[:4] not in _MAGIC:
            raise self._damaged(f"not a pcap file: it begins with {raw[:4].hex(' ')}", 0)
        if len(raw) < _HEAD:
            return False
        self._order, self._unit = _MAGIC[raw[:4]]
        # The upper bits of the last word may hold the length of a frame check sequence.
        self.link = struct.unpack_from(f"{self._order}I", raw, 20)[0] & 0xFFFF
        self._next = _HEAD
        return True

    def _broken(self, what: str, offset: int) -> GuideError:
        return self._damaged(f"packet {len(self.ends) + 1}: {what}", offset)

    def _damaged(self, what: str, offset: int) -> GuideError:
        return GuideError(f"{self._name}: {what} (at byte {offset})", fix=_FIX)


def records(source: bytes | Path) -> tuple[int, tuple[Record, ...]]:
    """The link type and the records of a pcap file, given as bytes or by its path.

    Raises GuideError naming what is wrong and the offset of the byte where it shows.
    """
    name = source.name if isinstance(source, Path) else "capture"
    try:
        raw = source.read_bytes() if isinstance(source, Path) else source
    except OSError as error:
        raise GuideError(f"{name}: cannot be read: {error.strerror}", fix=_FIX) from error
    reader = Reader(name)
    whole = reader.take(raw)
    reader.end()
    return reader.link, tuple(whole)
