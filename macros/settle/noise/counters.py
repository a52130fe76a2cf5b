"""Counters."""

import re

from macros.settle.declaration import Noise, counted, patterns_of

NOISE = Noise(
    name="counter",
    what="a counter; whether it is zero is a fact",
    rank=40,
    mask=counted,
    patterns=patterns_of(
        ("[", r"\[(\d+):(\d+)\]"),
        (" -c ", r" -c (\d+) (\d+)(?= |$)"),
        ("packets", r"\b(\d+) packets, (\d+) bytes"),
        ("packets", r"\bpackets (\d+) bytes (\d+)"),
        (" probes ", r" probes (\d+)\b"),
        (" ref ", r" ref (\d+)\b"),
        ("use=", r"\buse=(\d+)\b"),
        ("_learned ", r"\bfdb_n_learned (\d+)\b"),
        # BIRD: how many updates a protocol has seen.
        ("port ", r"^ +(?:Im|Ex)port (?:updates|withdraws):" + r" +(?:(\d+)|---)" * 5 + "$"),
        ("eneration: ", r"^ +(?:observedG|g)eneration: (\d+)$"),
        # /proc/net/dev
        (":", r"^ *[\w.@-]+:" + r" +(\d+)" * 16 + "$"),
        (
            " ",
            r"^ *(\d+[KMG]?) +(\d+[KMG]?) +(?=[A-Z][\w-]+ +(?:\d+|all|[a-z]+) +(?:--|-f|!f) )",
        ),
    ),
    keys=re.compile(
        r"packets|bytes|errors|dropped|over_errors|multicast|collisions|refcnt|probes|fdb_n_learned"
        r"|generation|observedGeneration"
    ),
)
