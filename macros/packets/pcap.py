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


def records(source: bytes | Path) -> tuple[int, tuple[Record, ...]]:
    """The link type and the records of a pcap file, given as bytes or by its path.

    Raises GuideError naming what is wrong and the offset of the byte where it shows.
    """
    name = source.name if isinstance(source, Path) else "capture"
    try:
        raw = source.read_bytes() if isinstance(source, Path) else source
    except OSError as error:
        raise GuideError(f"{name}: cannot be read: {error.strerror}", fix=_FIX) from error

    def broken(what: str, offset: int) -> GuideError:
        return GuideError(f"{name}: {what} (at byte {offset})", fix=_FIX)

    if not raw:
        raise broken("the file is empty, it has not even the header of a pcap file", 0)
    if raw[:4] == _PCAPNG:
        raise broken("this is pcapng; captures are kept as pcap (tcpdump -w)", 0)
    if raw[:4] not in _MAGIC:
        raise broken(f"not a pcap file: it begins with {raw[:4].hex(' ')}", 0)
    if len(raw) < 24:
        raise broken(f"the file header has 24 bytes, the file only {len(raw)}", len(raw))
    order, unit = _MAGIC[raw[:4]]
    # The upper bits of the last word may hold the length of a frame check sequence.
    link = struct.unpack_from(f"{order}I", raw, 20)[0] & 0xFFFF

    found: list[Record] = []
    at = 24
    while at < len(raw):
        if len(raw) - at < 16:
            left = len(raw) - at
            raise broken(f"packet {len(found) + 1}: {left} of 16 bytes of its record header", at)
        seconds, fraction, kept, wire = struct.unpack_from(f"{order}IIII", raw, at)
        if kept > _LONGEST or fraction * unit >= 1_000_000_000:
            raise broken(f"packet {len(found) + 1}: its record header makes no sense", at)
        data = raw[at + 16 : at + 16 + kept]
        if len(data) < kept:
            raise broken(f"packet {len(found) + 1}: {len(data)} of its {kept} bytes", at + 16)
        found.append(Record(seconds * 1_000_000_000 + fraction * unit, wire, data))
        at += 16 + kept
    return link, tuple(found)
