"""Headers of WireGuard and ESP: what both leave readable; the rest only who has the key reads.

WireGuard: https://www.wireguard.com/protocol/ and drivers/net/wireguard/messages.h of Linux. ESP:
RFC 4303, section 2; in UDP: RFC 3948, section 2.
"""

from collections.abc import Iterable
from itertools import pairwise

from macros.packets.bits import Bits, counted
from macros.packets.packet import Layer, Packet

WIREGUARD, ESP = "WireGuard", "ESP"
NAMES = frozenset({WIREGUARD, ESP})
"""Headers whose load is encrypted."""
ESP_HEADER, ESP_PORT = 8, 4500
ENCRYPTED = "encrypted: "
"""What is said in the place of bytes that nobody can read."""

_DATA, _HEADER = 4, 16
_SIZES = {1: 148, 2: 92, 3: 64}
_LEAST = 32  # the header, and the 16 bytes that authenticate a load of nothing
_UNIT, _UNPADDED = 16, 1280
_TYPES = {1: "handshake initiation", 2: "handshake response", 3: "cookie reply", 4: "data"}


def is_wireguard(size: int, head: bytes) -> bool:
    """Whether a datagram's load of `size` bytes that begins with `head` is a message of WireGuard.

    What a packet carries is filled up to 16 bytes, but not beyond the tunnel's MTU
    (calculate_skb_padding of drivers/net/wireguard/send.c): only a large one has another size.
    """
    if len(head) < 4 or head[1:4] != bytes(3):
        return False
    if head[0] == _DATA:
        return size >= _LEAST and (size % _UNIT == 0 or size >= _UNPADDED)
    return _SIZES.get(head[0]) == size


def is_esp(size: int, head: bytes) -> bool:
    """Whether the load of a datagram of port 4500 is ESP; 0 in place of the SPI says IKE."""
    return size > ESP_HEADER and len(head) >= 4 and head[:4] != bytes(4)


def listening(packets: Iterable[Packet]) -> frozenset[int]:
    """The ports of WireGuard's messages: it sends from where it listens, so none is a choice."""
    return frozenset(
        int(under[name].value)
        for packet in packets
        for under, layer in pairwise(packet.layers)
        if layer.name == WIREGUARD
        for name in ("sport", "dport")
    )


def header_length(message: bytes) -> int:
    """The bytes of a message of WireGuard that are no packet's."""
    return min(_HEADER, len(message)) if message[0] == _DATA else len(message)


def load(size: int) -> str:
    """All that can be told of what is encrypted: "encrypted: 112 bytes"."""
    return f"{ENCRYPTED}{counted(size, 'byte')}"


def why(size: int) -> str:
    """What is said of a load."""
    return f"{load(size)}. Only who has the key can read it"


def what(layer: Layer) -> str:
    """A header in a few words: "WireGuard handshake initiation"."""
    kind = layer.get("type")
    return f"{layer.name} {kind.shown.partition(' ')[2]}" if kind is not None else layer.name


def wireguard(bits: Bits) -> None:
    """One of the four messages; their numbers are little-endian."""
    kind = bits.number("type", "type", 8, lambda v: f"{v} {_TYPES.get(v, '')}".rstrip())
    bits.number("reserved", "reserved", 24)
    if kind in {1, 2}:
        bits.little("sender", "sender's index", 4, "drawn by the sender: answers name it")
    if kind != 1:
        bits.little("receiver", "receiver's index", 4, "drawn by the receiver, for this session")
    if kind == _DATA:
        bits.little("counter", "counter", 8, "counts what was sent with this key")
    for name, label, size, meaning in _FIELDS.get(kind, ()):
        if name in _ENCRYPTED:
            bits.bytes(name, label, size, lambda raw: load(len(raw)), meaning)
        else:
            bits.bytes(name, label, size, meaning=meaning)
    if kind in {1, 2}:
        zero = "0: no cookie was asked for"
        bits.bytes("mac2", "MAC 2", 16, meaning=lambda text: "" if text.strip("0 ") else zero)


_KNOWS = "shows that the sender knows the receiver's public key"
_EPHEMERAL = ("ephemeral", "ephemeral key", 32, "a public key, drawn for this handshake")
_FIELDS = {
    1: (
        _EPHEMERAL,
        ("static", "static key", 48, "the sender's public key: only the receiver can read it"),
        ("timestamp", "timestamp", 28, "later than any before, so no handshake works twice"),
        ("mac1", "MAC 1", 16, _KNOWS),
    ),
    2: (
        _EPHEMERAL,
        ("nothing", "nothing", 16, "no content, only what authenticates it"),
        ("mac1", "MAC 1", 16, _KNOWS),
    ),
    3: (
        ("nonce", "nonce", 24, "drawn for this message"),
        ("cookie", "cookie", 32, "for MAC 2 of the next handshake: the sender is busy"),
    ),
}
_ENCRYPTED = frozenset({"static", "timestamp", "nothing", "cookie"})
DRAWN = frozenset({"ephemeral", "mac1", "mac2", "nonce"})
"""Fields of WireGuard that say nothing twice, except whether they are 0."""
KEYED = DRAWN | _ENCRYPTED
"""Fields of WireGuard that keys are in, or were computed with."""
INDEXES = frozenset({"sender", "receiver"})
"""Fields of WireGuard that name a session of one of its ends."""


def esp(bits: Bits) -> None:
    """The two numbers in front of what is encrypted."""
    bits.number("spi", "SPI", 32, "0x{:08x}", "says by which key the receiver decrypts it")
    bits.number("seq", "sequence number", 32, "{}", "counts what was sent with this key")


COUNTERS = frozenset({(WIREGUARD, "counter"), (ESP, "seq")})
"""Headers' fields that count what was sent with one key."""


def header(packet: Packet) -> Layer | None:
    """The header behind which a packet is encrypted; None where all of it can be read."""
    load = packet.layers[-2:-1] if packet.layers and packet.layers[-1].name == "Data" else ()
    return next((layer for layer in load if layer.name in NAMES and not layer.role), None)
