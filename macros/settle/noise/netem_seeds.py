"""What netem draws its chances from, unless a seed is given."""

import re

from macros.settle.declaration import Noise, patterns_of

NOISE = Noise(
    name="seed",
    what="the seed of tc's netem",
    rank=105,
    patterns=patterns_of((" seed ", r"^qdisc netem .* seed (\d+)\b")),
    keys=re.compile(r"seed"),
)
