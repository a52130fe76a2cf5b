"""Checksums in words."""

from macros.settle.declaration import Noise, patterns_of

NOISE = Noise(
    name="checksum",
    what="a checksum in words: it follows from ports and numbers; whether it is right is a fact",
    rank=70,
    mask=lambda value: "0" if value == "0x0000" else "n",
    patterns=patterns_of(
        ("cksum 0x", r"cksum (0x[0-9a-f]{4}) \((?:correct|incorrect -> (0x[0-9a-f]{4}))\)"),
        ("cksum 0x", r"cksum (0x[0-9a-f]{4}) -> (0x[0-9a-f]{4})!"),
    ),
)
