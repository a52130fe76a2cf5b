"""States of known neighbours."""

import re

from macros.settle.declaration import Noise, like, patterns_of

NOISE = Noise(
    name="neighbour state",
    what="the state of a known neighbour: REACHABLE, DELAY, PROBE or STALE, whichever its timer"
    " says",
    rank=50,
    keys=re.compile("state"),
    words=frozenset({"REACHABLE", "DELAY", "PROBE", "STALE"}),
    patterns=patterns_of(
        (
            like(r" (?:REACHABLE|DELAY|PROBE|STALE)"),
            r"(?<= )(REACHABLE|DELAY|PROBE|STALE)(?= *$| proto \w+ *$)",
        )
    ),
)
