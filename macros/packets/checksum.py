"""The Internet checksum (RFC 1071) and what a captured one says."""

import struct


def total(data: bytes) -> int:
    """The one's complement sum of all 16-bit words (an odd byte counts as the upper one)."""
    if len(data) % 2:
        data += b"\0"
    word: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while word > 0xFFFF:
        word = (word & 0xFFFF) + (word >> 16)
    return word


def of(data: bytes) -> int:
    """The checksum that belongs into a header over `data`, whose own field counts as zero."""
    return ~total(data) & 0xFFFF


def pseudo(source: bytes, target: bytes, protocol: int, length: int) -> bytes:
    """What UDP and TCP add to what they sum up: RFC 768 for IPv4, RFC 8200 section 8.1 for IPv6."""
    if len(source) == 4:
        return source + target + struct.pack("!BBH", 0, protocol, length & 0xFFFF)
    return source + target + struct.pack("!IxxxB", length, protocol)


def state(stored: int, data: bytes, offset: int, front: bytes = b"") -> tuple[str, str]:
    """How the checksum `found` at byte `at` of `data` is, and a sentence for the reader.

    `front` is the pseudo-header, if there is one. Linux leaves the sum of the pseudo-header alone
    in the field when the network card is to add the rest (CHECKSUM_PARTIAL, linux/skbuff.h).
    """
    right = of(front + data[:offset] + b"\0\0" + data[offset + 2 :])
    if front and right == 0:
        right = 0xFFFF  # zero would mean that there is none (RFC 768)
    over = "the pseudo-header and all that follows" if front else "the header"
    if total(front + data) == 0xFFFF:
        return "right", f"right: computed over {over}"
    if front and stored == total(front):
        return "partial", (
            "partial: the sum of the pseudo-header alone; the sender left the rest to the network "
            f"card (checksum offload), which would make it 0x{right:04x}"
        )
    return "wrong", f"wrong: 0x{right:04x} would be right"
