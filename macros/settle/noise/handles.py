"""nft's handles and ipset's seeds."""

import re

from macros.settle.declaration import Noise, patterns_of

NOISE = Noise(
    name="handle",
    what="nft's number of a rule, ipset's start of its hash",
    rank=100,
    patterns=patterns_of(
        ("# handle ", r"# handle (\d+)$"),
        (" TRACE: ", r"^ TRACE: .*:rule:(0x[0-9a-f]+):"),
        ("initval ", r"\binitval (0x[0-9a-f]+)"),
    ),
    keys=re.compile(r"handle"),
)
