"""Sizes of images."""

import re

from macros.settle.declaration import Noise, patterns_of

NOISE = Noise(
    name="size of an image",
    what="bytes of an image on a node: another compiler makes other programs. How many digits the"
    " number has is a fact",
    rank=160,
    mask=lambda value: f"{len(value)} digits",
    patterns=patterns_of(("sizeBytes", r'\bsizeBytes"?: (\d+)\b')),
    keys=re.compile(r"sizeBytes"),
)
