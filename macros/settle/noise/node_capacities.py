"""Memory and disk of nodes."""

import re

from macros.settle.declaration import Noise, patterns_of

_LEAST = 256 << 10
"""KiB. What is smaller is no node's: somebody asked for it, for a container."""


def _gibibytes(value: str) -> str:
    kibibytes = value.removesuffix("Ki")
    if kibibytes == value or int(kibibytes) < _LEAST:
        return value
    return f"{int(kibibytes) >> 20} GiB"


NOISE = Noise(
    name="capacity",
    what="memory and disk that a node measures of itself: its kernel takes more or less of them"
    " with the compiler that made it. Whole GiB are a fact",
    rank=150,
    mask=_gibibytes,
    patterns=patterns_of(("Ki", r'\b(?:memory|ephemeral-storage)"?: +"?(\d+Ki)\b')),
    in_text=re.compile(r"\d+Ki"),
    keys=re.compile(r"memory|ephemeral-storage"),
)
